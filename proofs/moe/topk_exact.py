"""Where active experts are known the model is smooth and regular, and they are known up to a few samples."""

from fractions import Fraction

import sympy as sp

from sparsetheory.moe.known_mixtures import TOP_2
from sparsetheory.moe.regularity import (
    identifiability_step,
    information_step,
    log_density,
    named,
    normality_step,
    scores_step,
)
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify import prove_positive

CLAIM = find("moe.topk_exact")
X, Y, RIGHT, T = sp.symbols("x y r t")
REACH = Fraction(1, 2)
#: Active experts right and left of zero.
SIDES = {1: (0, 1), 0: (1, 2)}
HYPOTHESES = (
    r"$(a_j, b_j, v_j)$ pairwise distinct: identifiability",
    r"$x$ has a positive density on an interval around zero: both active sets occur",
    r"the truth lies inside the parameter set, bounded with $v_j$ bounded away from zero: consistency and normality",
)


def _model(pinned=True):
    """Return the log-density, r = 1 right of zero and r = 0 left of it, the truth, and as many points as parameters."""
    names = named(TOP_2.truth, sp.Symbol, pinned=pinned)
    gates, experts = names.gates, names.experts

    def density(active):
        scores = [gates[j][0] * X + gates[j][1] for j in active]
        return log_density(scores, [experts[j] for j in active], X, Y, exp=sp.exp, log=sp.log)

    right = names.points(("1/4", "3/4"), REACH, SIDES[1])[:8]
    left = names.points(("-1/4", "-3/4"), REACH, (2,))[:4] + names.points(("-1/2", "-4/5", "-1/3"), REACH, (1,))
    points = [{X: x, Y: y, RIGHT: 1} for x, y in right] + [{X: x, Y: y, RIGHT: 0} for x, y in left]
    return RIGHT * density(SIDES[1]) + (1 - RIGHT) * density(SIDES[0]), names.values, points[: len(names.values)]


SCORES = scores_step(
    "scores",
    *_model(),
    statement=(
        r"With the true active sets, last gate row zero, the determinant of the thirteen scores at the true parameters "
        r"at thirteen points is not zero: they are linearly independent, and so are those of any submodel. With the "
        r"last gate row free they are not."
    ),
    spoiled=_model(pinned=False),
)


def _ranks(flip):
    """Whether the order of three slopes, each moved by at most 1, decides the largest two on either side of zero."""
    slopes = sp.symbols("s_0:3")
    box = {s: (Fraction(value) - 1, Fraction(value) + 1) for s, value in zip(slopes, (3, 0, -3 * flip))}
    gaps = [slopes[0] - slopes[2], slopes[1] - slopes[2], slopes[0] - slopes[1]]
    found = [prove_positive(gap, box) for gap in gaps]
    return all(gap.proved for gap in found), f"least gaps {[gap.least for gap in found]}"


REGIONS = Step(
    name="ranked by slopes",
    evidence="enclosure",
    statement=(
        r"The gate keeps the two largest $\beta_{1j} x$. For all slopes within $1$ of $(3, 0, -3)$ the order is the "
        r"true one: the first two experts for $x > 0$, the last two for $x < 0$. So near the truth active sets do not "
        r"depend on the parameters, and the model is smooth."
    ),
    check=lambda: _ranks(1),
    anti_test=lambda: _ranks(0),
)

SWITCH = Step(
    name="ranked by scores",
    evidence="cited",
    statement=(
        r"Near the truth the gate drops the third expert where the first scores higher and the first elsewhere: active "
        r"sets switch where $x = (\beta_{03} - \beta_{01})/(\beta_{11} - \beta_{13})$. As a function of $x$ the "
        r"density jumps there, so the place of the switch is estimated with an error of order $n^{-1}$ (Ibragimov, "
        r"Has'minskii, Statistical Estimation, Springer 1981, Chapter V), and $O_P(1)$ samples are on the wrong side. "
        r"They change the sum of the scores by $O_P(1)$ and the other parameters by $O_P(n^{-1})$, as if the switch "
        r"were known, which is a linear condition on the gate, $\beta_{01} = \beta_{03}$."
    ),
)

LOSS = Step(
    name="the loss is a norm",
    evidence="reduction",
    statement=(
        r"The sum of the $K$ largest of $k$ terms is at least $K/k$ times the sum of all, and at most that sum. With "
        r"one atom a cell and the last row pinned in both measures, the sum of all, at its best translation, lies "
        r"between multiples of $\|\theta - \theta^*\|$: the last atom bounds the translation, which then bounds the "
        r"error of the others (as for the dense gate). So $c \|\theta - \theta^*\| \leq L \leq C \|\theta - "
        r"\theta^*\|$ near the truth, and $n^{1/2} L$ has a limit law without mass at zero."
    ),
)


def prove() -> Proof:
    """Return the proof of `moe.topk_exact`."""
    gate = (
        r"Here that holds right of zero for the experts active there and left of it for those active there; the "
        r"log-odds of the second expert against each of the others are affine and known on an interval."
    )
    steps = (REGIONS, SWITCH, identifiability_step(gate), SCORES, information_step(), normality_step(), LOSS)
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
