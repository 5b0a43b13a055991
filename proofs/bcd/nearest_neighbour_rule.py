r"""On the unit sphere inner products are distances, so the best coordinate is the nearest column.

$g_i = a_i^T r$ and $L_i = \|a_i\|^2$: the score $g_i^2/L_i$ is $\|r\|^2 c_i^2$ with the cosine $c_i$ of the angle
between $r$ and $a_i$, and the nearer of $\pm a_i/\|a_i\|$ lies at the squared distance $2 - 2 |c_i|$ from $r/\|r\|$.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.nearest_neighbour_rule")
HYPOTHESES = (
    r"$a_i \neq 0$, $r \neq 0$: there are directions to compare",
    r"no penalty and no ridge term: the gradient is $A^T r$",
)
R, D = sp.Symbol("r", real=True), sp.Symbol("d", real=True)


def _distance(sign):
    """(u - s v)^2 = u^2 + v^2 - 2 s u v, a coordinate at a time; over unit vectors the sum is 2 - 2 s c."""
    u, v, s = sp.symbols("u v s", real=True)
    gap = sp.expand((u - s * v) ** 2 - (u**2 + s**2 * v**2 - 2 * sign * s * u * v))
    return gap == 0, f"difference {gap}"


def _nearer(side):
    """The smaller of 2 - 2c and 2 + 2c is 2 - 2|c|, in the cases c >= 0 and c <= 0."""
    t = sp.Symbol("t", nonnegative=True)
    gaps = []
    for c in (t, -t):
        both = {+1: 2 - 2 * c, -1: 2 + 2 * c}
        chosen = both[side * (1 if c == t else -1)]
        gaps += [sp.expand(chosen - (2 - 2 * t)), sp.expand(both[-side * (1 if c == t else -1)] - chosen)]
    return gaps[0] == gaps[2] == 0 and gaps[1].is_nonnegative and gaps[3].is_nonnegative, f"gaps {gaps}"


def _exact_step(ridge):
    """Minimise |r + t a|^2 / 2 over t: it falls by (a.r)^2 / (2 a.a), whatever the dimension."""
    p, rr, t = sp.symbols("p rr t", real=True)  # a.r and r.r
    q = sp.Symbol("q", positive=True)  # a.a
    value = (rr + 2 * t * p + t**2 * q) / 2
    best = sp.solve(sp.diff(value + ridge * t**2 / 2, t), t)[0]
    gap = sp.simplify(value.subs(t, 0) - value.subs(t, best) - p**2 / (2 * q))
    return gap == 0, f"difference {gap}"


def _formula(bound):
    """Put c = 1 - d^2/2 into |r|^2 c^2 / 2, the gain of the exact step, with c = p / (|r| |a|)."""
    p, size, q = sp.symbols("p s q", positive=True)
    c = p / (size * sp.sqrt(q))
    gap = sp.simplify(bound.subs({R: size, D: sp.sqrt(2 - 2 * c)}) - p**2 / (2 * q))
    return gap == 0, f"difference {gap}"


def _decreasing(bound):
    """The gain falls as d grows on (0, sqrt 2): its derivative is -r^2 d (1 - d^2/2), d = sqrt 2 / (1 + t) below."""
    t = sp.Symbol("t", positive=True)
    size = sp.Symbol("s", positive=True)
    slope = sp.factor(sp.diff(bound, D).subs({R: size, D: sp.sqrt(2) / (1 + t)}))
    return sp.simplify(slope).is_negative is True, f"slope {sp.simplify(slope)}"


def _columns(normalise):
    """Sort (20, 20), (1, 0) and (1, -1) by score and by distance to (1, 1) / sqrt 2."""
    r = sp.Matrix([1, 1]) / sp.sqrt(2)
    columns = [sp.Matrix([20, 20]), sp.Matrix([1, 0]), sp.Matrix([1, -1])]
    scores = [(a.T * r)[0] ** 2 / (a.T * a)[0] for a in columns]

    def distance(a):
        point = a / a.norm() if normalise else a
        return min((r - point).norm(), (r + point).norm())

    by_score = sorted(range(3), key=lambda i: -scores[i])
    by_distance = sorted(range(3), key=lambda i: distance(columns[i]))
    return by_score == by_distance, f"by score {by_score}, by distance {by_distance}"


def _slopes(power):
    """d/dx_i of a loss of z = A x is a_i . loss'(z), one sample at a time."""
    a, x, rest = sp.symbols("a x rest", real=True)
    loss = sp.Function("loss")
    z = a * x + rest
    w = sp.Symbol("w", real=True)
    gap = sp.diff(loss(z), x) - a**power * sp.diff(loss(w), w).subs(w, z)
    return sp.simplify(gap.doit()) == 0, f"difference {sp.simplify(gap.doit())}"


def prove() -> Proof:
    """Return the proof of `bcd.nearest_neighbour_rule`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="distances on the sphere",
            evidence="identity",
            statement=(
                r"$(u - s v)^2 = u^2 + s^2 v^2 - 2 s u v$ in every coordinate; summed over unit vectors with "
                r"$s = \pm 1$: $\|u - s v\|^2 = 2 - 2 s \, u^T v$."
            ),
            check=lambda: _distance(1),
            anti_test=lambda: _distance(-1),
        ),
        Step(
            name="the nearer of two opposite points",
            evidence="identity",
            statement=r"For a cosine $c$ the smaller of $2 - 2c$ and $2 + 2c$ is $2 - 2|c|$, on the side of its sign.",
            check=lambda: _nearer(1),
            anti_test=lambda: _nearer(-1),
        ),
        Step(
            name="same order",
            evidence="reduction",
            statement=(
                r"$g_i^2/L_i = (a_i^T r)^2/\|a_i\|^2 = \|r\|^2 c_i^2$, and $2 - 2|c|$ falls exactly where $c^2$ grows: "
                r"sorting by distance is sorting by score, ties included, and a positive multiple of $r$ has the same "
                r"neighbours."
            ),
        ),
        Step(
            name="gain of the exact step",
            evidence="identity",
            statement=r"$\min_t \frac{1}{2} \|r + t a\|^2 = \frac{1}{2} \|r\|^2 - (a^T r)^2/(2 \|a\|^2)$.",
            check=lambda: _exact_step(0),
            anti_test=lambda: _exact_step(sp.Rational(1, 100)),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"At $d^2 = 2 - 2 c$ the formula is that gain.",
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound.subs(D, D * sp.Rational(101, 100))),
        ),
        Step(
            name="nearest is best",
            evidence="identity",
            statement=r"On $0 < d < \sqrt{2}$, where the nearer of opposite points lies, the gain falls with $d$.",
            check=lambda: _decreasing(bound),
            anti_test=lambda: _decreasing(R**2 - bound),
        ),
        Step(
            name="norms matter",
            evidence="identity",
            statement=(
                r"Columns $(20, 20)$, $(1, 0)$, $(1, -1)$ and $r = (1, 1)$: normalised columns come in the order of "
                r"the scores, columns as they are do not."
            ),
            check=lambda: _columns(True),
            anti_test=lambda: _columns(False),
        ),
        Step(
            name="other losses",
            evidence="identity",
            statement=(
                r"For $f(x) = \sum_j \ell_j(z_j)$, $z = A x$: $\partial_i f = a_i^T \ell'(z)$, and "
                r"$L_i = \|a_i\|^2 \sup \ell''$ differs from $\|a_i\|^2$ by a common factor."
            ),
            check=lambda: _slopes(1),
            anti_test=lambda: _slopes(2),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
