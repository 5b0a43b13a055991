"""With tanh inside, the score of the temperature is independent of the others; without it, it is not."""

from fractions import Fraction

import sympy as sp

from sparsetheory.moe.known_mixtures import TANH
from sparsetheory.moe.regularity import (
    identifiability_step,
    information_step,
    log_density,
    named,
    normality_step,
    scores_step,
)
from sparsetheory.verify import Proof, Step, find

CLAIM = find("moe.activation_exact")
X, Y, TAU = sp.symbols("x y tau")
WHERE, REACH = ("-3/2", "1/4", "2"), Fraction(1, 3)
HYPOTHESES = (
    r"$(a_j, b_j, v_j)$ pairwise distinct: identifiability",
    r"$x$ has a positive density on an interval: analytic functions that agree almost surely are equal",
    r"the truth lies inside the parameter set, bounded with $v_j$ and $\tau$ bounded away from zero: normality",
)


def _model(phi):
    names = named(TANH.truth, sp.Symbol)
    scores = [(phi(slope * X) + intercept) / TAU for slope, intercept in names.gates]
    density = log_density(scores, names.experts, X, Y, exp=sp.exp, log=sp.log)
    values = {**names.values, TAU: Fraction(str(TANH.truth.tau))}
    points = names.points(WHERE, REACH)[: len(values)]
    return density, values, [{X: x, Y: y} for x, y in points]


SCORES = scores_step(
    "scores with tanh",
    *_model(sp.tanh),
    statement=(
        r"At the true parameters the determinant of the nine scores, by $\beta_1, \beta_0, a, b, v, \tau$, at nine "
        r"points is not zero: they are linearly independent. With the identity in place of tanh they are not."
    ),
    spoiled=_model(lambda z: z),
)

SQUARES = scores_step(
    "no power will do",
    *_model(lambda z: z + z**2),
    statement=(
        r"The same with $\varphi(z) = z + z^2$ in place of tanh: independent, for $z \varphi' = z + 2 z^2$ is no "
        r"combination of $\varphi$ and $1$. With $\varphi(z) = z^2$ it is $2 \varphi$, and the scores are dependent."
    ),
    spoiled=_model(lambda z: z**2),
)

GATE = (
    r"The log-odds $g(x) = (\tanh(\beta_1 x) + \beta_0)/\tau$ determine $\beta_0/\tau = g(0)$, $\beta_1/\tau = g'(0) "
    r"\neq 0$ and $g'''(0) = -2 \beta_1^3/\tau$: hence $\beta_1^2$, from $\tau > 0$ the sign of $\beta_1$, and with it "
    r"$\tau$. They are analytic, and known on an interval."
)


def _gate(power):
    """Whether the third derivative of the log-odds at zero is -2 beta_1^power / tau."""
    slope, intercept = sp.symbols("beta_1 beta_0")
    odds = (sp.tanh(slope * X) + intercept) / TAU
    at = [sp.diff(odds, X, order).subs(X, 0) for order in (0, 1, 3)]
    wanted = [intercept / TAU, slope / TAU, -2 * slope**power / TAU]
    return all(sp.simplify(found - want) == 0 for found, want in zip(at, wanted))


DERIVATIVES = Step(
    name="the gate is determined",
    evidence="identity",
    statement=GATE,
    check=lambda: _gate(3),
    anti_test=lambda: _gate(2),
)

RATE = Step(
    name="exact order",
    evidence="reduction",
    statement=(
        r"$n \, (\hat \theta - \theta^*)^T I (\hat \theta - \theta^*)$ converges in law to $\chi^2_9$, which is "
        r"positive: its root is of the exact order $n^{-1/2}$. It is at least $\lambda_{\min}(I)^{1/2} |\hat \theta_i "
        r"- \theta_i^*|$ for every parameter."
    ),
)


def prove() -> Proof:
    """Return the proof of `moe.activation_exact`."""
    steps = (
        identifiability_step(r"The log-odds of the weights are known on an interval."), DERIVATIVES, SCORES, SQUARES,
        information_step(), normality_step(), RATE,
    )  # fmt: skip
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
