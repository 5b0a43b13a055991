"""The density knows the quotients alone; in them the model is regular, and with the temperature added it is not."""

from fractions import Fraction

import sympy as sp

from sparsetheory.moe.known_mixtures import TEMPERED
from sparsetheory.moe.regularity import (
    identifiability_step,
    information_step,
    log_density,
    named,
    normality_step,
    scores_step,
)
from sparsetheory.verify import Proof, Step, find

CLAIM = find("moe.temperature_identifiable")
X, Y, TAU, C = sp.symbols("x y tau c", positive=True)
WHERE, REACH = ("-2/3", "1/3"), Fraction(1, 2)
HYPOTHESES = (
    r"$(a_j, b_j, v_j)$ pairwise distinct: identifiability",
    r"$x$ has a positive density on an interval: affine functions that agree almost surely are equal",
    r"the truth lies inside the parameter set, bounded with $v_j$ bounded away from zero: consistency and normality",
)


def _scores(gates, tau):
    return [(slope * X + intercept) / tau for slope, intercept in gates]


def _density(names, tau):
    return log_density(_scores(names.gates, tau), names.experts, X, Y, exp=sp.exp, log=sp.log)


def _points(names, count):
    where = (*WHERE, "4/5")
    return [{X: x, Y: y} for x, y in names.points(where[: 2 if count == 8 else 3], REACH)[:count]]


def _quotients():
    """Return the model in the quotients: a gate without a temperature."""
    G, tau = TEMPERED.truth, TEMPERED.truth.tau
    names = named(type(G)(G.beta0 / tau, G.beta1 / tau, a=G.a, b=G.b, v=G.v), sp.Symbol)
    return _density(names, 1), names.values, _points(names, len(names.values))


def _with_temperature():
    """Return the model with the temperature as a parameter of its own."""
    names = named(TEMPERED.truth, sp.Symbol)
    values = {**names.values, TAU: Fraction(str(TEMPERED.truth.tau))}
    return _density(names, TAU), values, _points(names, len(values))


def _is_invariant(exponent):
    """Whether the scores, all that the gate is, stay when its rows are multiplied by c and tau by a power of c."""
    gates = named(TEMPERED.truth, sp.Symbol, pinned=False).gates
    scaled = _scores([(C * slope, C * intercept) for slope, intercept in gates], C**exponent * TAU)
    return all(sp.simplify(after - before) == 0 for before, after in zip(_scores(gates, TAU), scaled))


INVARIANCE = Step(
    name="only quotients count",
    evidence="identity",
    statement=(
        r"$\log p$ is the same at $(\beta, \tau)$ and $(c \beta, c \tau)$ for every $c > 0$: it is a function of "
        r"$\gamma = \beta/\tau$ and of the experts, and $\tau$ is a function of neither."
    ),
    check=lambda: _is_invariant(1),
    anti_test=lambda: _is_invariant(2),
)

SCORES = scores_step(
    "scores in the quotients",
    *_quotients(),
    statement=(
        r"In the parameters $(\gamma, a, b, v)$ the determinant of the eight scores at eight points is not zero at the "
        r"truth. With $\tau$ as a ninth parameter the scores are dependent."
    ),
    spoiled=_with_temperature(),
)

RATE = Step(
    name="exact order",
    evidence="reduction",
    statement=(
        r"A linear image of $n^{1/2} (\hat \theta - \theta^*)$ with a nonzero matrix has a Gaussian limit that is zero "
        r"with probability zero. So the errors in $\gamma$ and in the experts are of order $n^{-1/2}$ and of no "
        r"smaller one. A fit that moves $(\gamma, a, b, v)$ at a fixed $\tau$ reaches every density of the model, so "
        r"that nothing moves $\tau$ and the likelihood is constant along $c \, (\beta, \tau)$."
    ),
)


def prove() -> Proof:
    """Return the proof of `moe.temperature_identifiable`."""
    gate = r"$\log \pi_j - \log \pi_k = \gamma_{1j} x + \gamma_{0j}$ determines $\gamma$."
    steps = (INVARIANCE, identifiability_step(gate), SCORES, information_step(), normality_step(), RATE)
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
