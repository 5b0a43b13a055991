"""The scores are independent once a gate row is pinned; the loss is then a norm of the error, up to constants."""

from fractions import Fraction

import sympy as sp

from sparsetheory.moe.known_mixtures import CENTRED, PAPER
from sparsetheory.moe.regularity import information_step, log_density, normality_step, points_around, scores_step
from sparsetheory.verify import Proof, Step, find

CLAIM = find("moe.dense_exact")
X, Y = sp.symbols("x y")
HYPOTHESES = (
    r"$(a_j, b_j, v_j)$ pairwise distinct: identifiability, and cells of one atom each",
    r"$x$ has a positive density on an interval: affine functions that agree almost surely are equal",
    r"the truth lies inside the parameter set, bounded with $v_j$ bounded away from zero: consistency and normality",
)


def _exact(value):
    return Fraction(str(float(value)))


def _model(setting, where, reach, pinned=True):
    """Return the log-density, the truth by symbols and as many points as there are parameters."""
    G = setting.truth
    k = G.n_atoms
    names = {"beta0": G.beta0, "beta1": G.beta1[:, 0], "a": G.a[:, 0], "b": G.b, "v": G.v}
    symbols = {name: sp.symbols(f"{name}_:{k}") for name in names}
    values = {s: _exact(v) for name, row in symbols.items() for s, v in zip(row, names[name])}
    scores = [b0 + b1 * X for b0, b1 in zip(symbols["beta0"], symbols["beta1"])]
    density = log_density(scores, list(zip(symbols["a"], symbols["b"], symbols["v"])), X, Y, exp=sp.exp, log=sp.log)
    if pinned:
        last = {symbols["beta0"][-1]: values.pop(symbols["beta0"][-1]), symbols["beta1"][-1]: values.pop(
            symbols["beta1"][-1])}  # fmt: skip
        density = density.subs(last)
    experts = [tuple(values[s] for s in row) for row in zip(symbols["a"], symbols["b"], symbols["v"])]
    points = points_around(experts, where, len(values), reach=reach)
    return density, values, [{X: x, Y: y} for x, y in points]


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


IDENTIFIABILITY = Step(
    name="identifiability",
    evidence="reduction",
    statement=(
        r"Finite mixtures of Gaussians determine their components (Teicher 1963). Lines $a_j x + b_j$ of experts with "
        r"equal variances meet in one $x$ at most, so for almost every $x$ the components $(a_j x + b_j, v_j)$ are "
        r"distinct and $p(\cdot \mid x)$ determines them with their weights; over an interval they determine the $k$ "
        r"triples, and $\log \pi_j - \log \pi_k = (\beta_{1j} - \beta_{1k})^T x + \beta_{0j} - \beta_{0k}$ determines "
        r"the gate up to one affine function. With $k$ experts nothing else is left."
    ),
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
