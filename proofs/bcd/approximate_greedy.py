r"""Errors in the selection cost their square, or add up with the weights of the rate.

One step makes the progress $g_i^2/(2L)$; strong convexity in the 1-norm bounds the error by
$\|g\|_\infty^2/(2 \mu_1)$; what lies between $g_i^2$ and $\|g\|_\infty^2$ is the error of the selection.
"""

from fractions import Fraction
from itertools import product

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.approximate_greedy")
HYPOTHESES = (
    r"strong convexity in the 1-norm: the step from the gradient to the error",
    r"$L \geq L_i$: the descent of one step",
    r"$0 \leq \epsilon < 1$, $\delta_k \geq 0$: the best coordinate itself is allowed",
)
EPS, MU, L, DELTA, ERROR = (sp.Symbol(name, real=True) for name in ("eps", "mu_1", "L", "delta", "error"))


def _descent(step):
    """Minimise g d + L d^2 / 2: the step -g/L lowers it by g^2 / (2L)."""
    g, scale = sp.Symbol("g", real=True), sp.Symbol("L", positive=True)
    d = -step * g / scale
    gap = sp.simplify(g * d + scale * d**2 / 2 + g**2 / (2 * scale))
    return gap == 0, f"difference {gap}"


def _dual(constant):
    """-s t + mu t^2 / 2 is at least -constant s^2 / mu, as a square."""
    s, t = sp.symbols("s t", real=True)
    mu = sp.Symbol("mu", positive=True)
    rest = sp.expand(-s * t + mu * t**2 / 2 + constant * s**2 / mu - mu * (t - s / mu) ** 2 / 2)
    return rest == 0, f"rest {rest}"


def _share(bound):
    """Write (progress)/e - bound with |g|^2 = 2 mu_1 e + v, v >= 0: what is left has to be nonnegative."""
    e, scale, v, mu = sp.symbols("e L v mu", positive=True)
    s2 = 2 * mu * e + v
    progress = ((1 - EPS) ** 2 * s2 - DELTA) / (2 * scale)
    gap = sp.factor(progress / e - bound.subs({MU: mu, L: scale, ERROR: e}))
    return gap.is_nonnegative is True, f"left over: {gap}"


def _unrolled(shift):
    """Write rho B_k + delta_k / (2L) = B_{k+1} for B_k = rho^k (e_0 + sum_{i<k} rho^-(i+shift) delta_i / (2L))."""
    rho, scale, e0, k = sp.symbols("rho L e_0 k", positive=True)
    total, delta = sp.symbols("A delta_k", nonnegative=True)  # the sum up to k, and its next error
    now = rho**k * (e0 + total)
    then = rho ** (k + 1) * (e0 + total + rho ** (-(k + shift)) * delta / (2 * scale))
    gap = sp.simplify(then - rho * now - delta / (2 * scale))
    return gap == 0, f"difference {gap}"


def _floor(multiple):
    """Constant errors: the geometric series delta / (2L) * sum rho^j with rho = 1 - mu/L tends to delta / (2 mu)."""
    mu, gap, delta = sp.symbols("mu g delta", positive=True)
    scale = mu + gap  # L > mu
    fixed = delta / (2 * mu) * multiple
    step = sp.simplify((1 - mu / scale) * fixed + delta / (2 * scale) - fixed)
    return step == 0, f"moves by {step}"


def _attained(bound):
    """Share / bound tends to 1 as beta -> 0: Q = diag(beta, 1), gradient (1, 1 - eps), second coordinate chosen."""
    beta = sp.Symbol("beta", positive=True)
    g = sp.Matrix([1, 1 - EPS])
    e = (g[0] ** 2 / beta + g[1] ** 2) / 2
    share = g[1] ** 2 / 2 / e
    mu = 1 / (1 / beta + 1)
    quotient = sp.limit(sp.simplify(share / bound.subs({MU: mu, L: 1, DELTA: 0})), beta, 0)
    return sp.simplify(quotient - 1) == 0, f"limit {sp.simplify(quotient)}"


def _exact(bound):
    """Every selection that the errors allow, at every gradient of a grid, for a matrix of order three, in fractions."""
    Q = sp.Matrix([[4, 1, -2], [1, 3, 1], [-2, 1, 5]])
    inverse, scale = Q.inv(), 5
    signs = [sp.Matrix(s) for s in product((1, -1), repeat=3)]
    mu = 1 / max((s.T * inverse * s)[0] for s in signs)
    formula = sp.lambdify((EPS, MU, L, DELTA, ERROR), bound, modules=[])
    inverse = [[Fraction(int(x.p), int(x.q)) for x in inverse.row(i)] for i in range(3)]
    mu, runs, worst = Fraction(int(mu.p), int(mu.q)), 0, None
    levels = [Fraction(k, 4) for k in (-4, -3, -1, 2, 4)]
    for g, eps, delta in product(
        product(levels, repeat=3), (Fraction(0), Fraction(1, 2)), (Fraction(0), Fraction(1, 3))
    ):
        e = sum(a * inverse[i][j] * b for i, a in enumerate(g) for j, b in enumerate(g)) / 2
        for i, entry in enumerate(g):
            if entry**2 >= (1 - eps) ** 2 * max(map(abs, g)) ** 2 - delta:
                lowered = entry**2 / scale - Q[i, i] * entry**2 / Fraction(2 * scale**2)
                left = lowered / e - formula(eps, mu, Fraction(scale), delta, e)
                worst, runs = (left if worst is None else min(worst, left)), runs + 1
    return bool(worst >= 0), f"{runs} selections, least slack {float(worst):.3g}"


def prove() -> Proof:
    """Return the proof of `bcd.approximate_greedy`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="descent of a step",
            evidence="identity",
            statement=(
                r"$f(x + d e_i) \leq f(x) + g_i d + \frac{L}{2} d^2$, and $d = -g_i/L$ makes the right side "
                r"$f(x) - g_i^2/(2L)$."
            ),
            check=lambda: _descent(1),
            anti_test=lambda: _descent(sp.Rational(1, 2)),
        ),
        Step(
            name="Hoelder",
            evidence="reduction",
            statement=(
                r"At a minimiser $x^* = x + d$: $f^* \geq f + g^T d + \frac{\mu_1}{2} \|d\|_1^2$ and "
                r"$g^T d \geq -\|g\|_\infty \|d\|_1$, a function of $t = \|d\|_1$ and $s = \|g\|_\infty$."
            ),
        ),
        Step(
            name="gradient bounds the error",
            evidence="identity",
            statement=(
                r"$-s t + \frac{\mu_1}{2} t^2 = \frac{\mu_1}{2} (t - s/\mu_1)^2 - s^2/(2 \mu_1)$, so "
                r"$\|g\|_\infty^2 \geq 2 \mu_1 e$."
            ),
            check=lambda: _dual(sp.Rational(1, 2)),
            anti_test=lambda: _dual(sp.Rational(49, 100)),
        ),
        Step(
            name="share of a step",
            evidence="identity",
            statement=(
                r"With $g_i^2 \geq (1 - \epsilon)^2 \|g\|_\infty^2 - \delta$ and $\|g\|_\infty^2 = 2 \mu_1 e + v$, "
                r"$v \geq 0$, what the step removes exceeds the claim's share by a nonnegative multiple of $v$."
            ),
            check=lambda: _share(bound),
            anti_test=lambda: _share(bound.subs(EPS, EPS / 2)),
        ),
        Step(
            name="errors add up",
            evidence="identity",
            statement=(
                r"$e_{k+1} \leq \rho e_k + \delta_k/(2L)$ is solved with equality by "
                r"$\rho^k (e_0 + \sum_{i<k} \rho^{-(i+1)} \delta_i/(2L))$; by induction it bounds every $e_k$."
            ),
            check=lambda: _unrolled(1),
            anti_test=lambda: _unrolled(0),
        ),
        Step(
            name="constant errors",
            evidence="identity",
            statement=r"With $\delta_k = \delta$ the recursion has the fixed point $\delta/(2 \mu_1)$.",
            check=lambda: _floor(1),
            anti_test=lambda: _floor(sp.Rational(101, 100)),
        ),
        Step(
            name="the square cannot be improved",
            evidence="identity",
            statement=(
                r"$Q = diag(\beta, 1)$, $g = (1, 1 - \epsilon)$, second coordinate chosen: the share over "
                r"$(1 - \epsilon)^2 \mu_1/L$ tends to $1$ as $\beta \to 0$."
            ),
            check=lambda: _attained(bound),
            anti_test=lambda: _attained(bound / (1 - EPS)),
        ),
        Step(
            name="exact execution",
            evidence="exact certificate",
            statement=(
                r"A matrix of order three with $\mu_1$ over all sign vectors: at every gradient of a grid every "
                r"selection that the errors allow keeps to the bound, in fractions."
            ),
            check=lambda: _exact(bound),
            anti_test=lambda: _exact(bound.subs(EPS, EPS / 2)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
