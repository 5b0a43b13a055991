"""The scores are independent once a gate row is pinned; the loss is then a norm of the error, up to constants."""

from fractions import Fraction

import sympy as sp

from sparsetheory.moe.known_mixtures import CENTRED, PAPER
from sparsetheory.moe.regularity import (
    identifiability_step,
    information_step,
    log_density,
    named,
    normality_step,
    scores_step,
)
from sparsetheory.verify import Proof, Step, find

CLAIM = find("moe.dense_exact")
X, Y = sp.symbols("x y")
HYPOTHESES = (
    r"$(a_j, b_j, v_j)$ pairwise distinct: identifiability, and cells of one atom each",
    r"$x$ has a positive density on an interval: affine functions that agree almost surely are equal",
    r"the truth lies inside the parameter set, bounded with $v_j$ bounded away from zero: consistency and normality",
)


def _model(setting, where, reach, pinned=True):
    """Return the log-density, the truth by symbols and as many points as there are parameters."""
    names = named(setting.truth, sp.Symbol, pinned=pinned)
    scores = [slope * X + intercept for slope, intercept in names.gates]
    points = names.points(where, reach)[: len(names.values)]
    density = log_density(scores, names.experts, X, Y, exp=sp.exp, log=sp.log)
    return density, names.values, [{X: x, Y: y} for x, y in points]


CASES = {
    "switch": (PAPER, ("3/10", "33/100"), Fraction(1, 4)),
    "overlap": (CENTRED, ("-2/3", "1/3"), Fraction(1, 2)),
}


def _scores(name):
    setting, where, reach = CASES[name]
    return scores_step(
        f"scores, {name}",
        *_model(setting, where, reach),
        statement=(
            rf"At the true parameters of the setting with a gate that is a {name}, last gate row zero, the determinant "
            r"of the eight scores $\partial_i \log p(y \mid x)$ at eight points is not zero: they are linearly "
            r"independent. With the last gate row free as well they are not, by the common translation."
        ),
        spoiled=_model(setting, where, reach, pinned=False),
    )


IDENTIFIABILITY = identifiability_step(
    r"$\log \pi_j - \log \pi_k = (\beta_{1j} - \beta_{1k})^T x + \beta_{0j} - \beta_{0k}$ determines the gate up to "
    r"one affine function."
)

NORM = Step(
    name="the loss is a norm",
    evidence="reduction",
    statement=(
        r"Pin $\beta_k = 0$ in both measures, and let $\theta$ near $\theta^*$. With $t = 0$ the loss is at most $C "
        r"\|\theta - \theta^*\|$. Conversely let $t$ attain $D < \frac{1}{2} \min(1, \min_j w_j^*)$, $u = e^{-t_0}$. "
        r"No cell is empty, which would cost $w_j^* > D$, and none holds another expert's atom, whose triple is at a "
        r"distance bounded away from zero. The last atom gives $|u - 1| \leq D$ and $u \|t_1\| \leq D$, so $u \geq "
        r"1/2$, $\|t_1\| \leq 2 D$; then $|w_j - w_j^*| \leq 2 (1 + w_j^*) D$, and $w_j$ is bounded away from zero, so "
        r"$\|\beta_{1j} - \beta_{1j}^*\| \leq \|t_1\| + C D$ and the same for $a, b, v$: $\|\theta - \theta^*\| \leq "
        r"C' D$. So $c \|\theta - \theta^*\| \leq L \leq C \|\theta - \theta^*\|$, and $L$ is, to first order, a "
        r"positively homogeneous function of degree one of $\theta - \theta^*$ that vanishes only at zero."
    ),
)


def prove() -> Proof:
    """Return the proof of `moe.dense_exact`."""
    steps = (IDENTIFIABILITY, *map(_scores, CASES), information_step(), normality_step(), NORM)
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
