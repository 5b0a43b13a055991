r"""The count of bilevel.two_time_scale_calls with $L = l (1 + \kappa)^2$, and a quadratic that takes as many steps.

Along a direction of curvature $q$ gradient steps of $1/L$ contract by $1 - t$, $t = q/L$.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.condition_number_calls")
HYPOTHESES = (
    r"$g$ quadratic: lower solutions are $z = Z x + z_0$ with $|Z| = |H^{-1} \nabla^2_{yx} g| \leq \kappa$",
    r"blocks of $\nabla^2 f$ at most $l$ in norm, at every point",
    r"those of bilevel.two_time_scale_calls, with the upper step $1/L$",
)
K, EL, E, D, TH, R = (sp.Symbol(name, real=True) for name in ("k", "l", "e", "D", "theta", "r"))
L = EL * (1 + K) ** 2


def _lipschitz(weight):
    """Norms of F_xx + Z'F_yx + F_xy Z + Z'F_yy Z, and a problem with exactly this curvature."""
    total = EL + weight * EL * K + EL * K**2
    x, y = sp.symbols("x y", real=True)
    f, g = EL * (x + y) ** 2 / 2, y**2 / (2 * K) - x * y  # h = 1
    psi = f.subs(y, sp.solve(sp.diff(g, y), y)[0])
    ok = sp.expand(total - L) == 0 and sp.simplify(sp.diff(psi, x, 2) - total) == 0
    return ok, f"sum of norms {sp.factor(total)}, reached {sp.factor(sp.diff(psi, x, 2))}"


def _count(more):
    """Put the upper step, L and T <= k log(1 + 1/r) + 1 into the bound of bilevel.two_time_scale_calls."""
    other = find("bilevel.two_time_scale_calls").bound.expression
    T, a, steep = (sp.Symbol(name, real=True) for name in ("T", "a", "L"))
    found = other.subs({T: K * sp.log(1 + 1 / R) + more, a: 1 / L, steep: L})
    gap = sp.simplify(found - CLAIM.bound.expression)
    return gap == 0, f"difference {gap}"[:80]


def _accuracy(power):
    """For quadratics |f_y| <= v, C = (1 + k) k l v/h and R = k (1 + s l/h) d/L; 1/r grows like a power of k."""
    v, d, h, k = sp.symbols("v d h k", positive=True)
    C = (1 + k) * k * EL * v / h
    sigma = TH * E / (2 * C)
    moves = k * (1 + sigma * EL / h) * d / (EL * (1 + k) ** 2)  # d is the longest direction
    r = sigma * TH * E / (4 * h * moves)
    limit = sp.limit(sp.simplify(1 / (r * k**power)), k, sp.oo)
    return limit.is_finite is not False and not limit.is_zero, f"1/r over k^{power} tends to {limit}"


def _order(power):
    """With 1/r = k^3 the bound over k^power log k has a positive limit."""
    k = sp.Symbol("k", positive=True)
    bound = CLAIM.bound.expression.subs({R: k**-3, D: 1, EL: 1, E: 1, TH: 0}).subs(K, k)
    limit = sp.limit(bound / (k**power * sp.log(k)), k, sp.oo)
    return bool(limit.is_finite) and bool(limit > 0), f"limit {limit}"


def _logarithm(power):
    """t/(1 - t) + log(1 - t) is 0 at 0 and its derivative t/(1 - t)^2 is not negative on (0, 1)."""
    t = sp.Symbol("t", positive=True)
    gap = t / (1 - t) + sp.log(1 - t)
    ok = gap.subs(t, 0) == 0 and sp.simplify(sp.diff(gap, t) - t / (1 - t) ** power) == 0
    return ok, f"derivative {sp.factor(sp.diff(gap, t))}"


def _steps(share):
    """From q x = e^(1/2) eps, at the height D = q x^2/2: (L/q - 1)/2 is D L/(e eps^2) - 1/2."""
    q, eps, steep = sp.symbols("q eps L", positive=True)
    x = sp.exp(sp.Rational(1, 2)) * eps / q
    height = q * x**2 / 2
    gap = sp.simplify((steep / q - 1) * sp.log(q * x / eps) - (share * height * steep / (sp.E * eps**2) - share / 2))
    return gap == 0, f"difference {gap}"


def _worst(place):
    """After n steps from a height D the gradient has length^2 2 D L t (1 - t)^(2n): largest at t = 1/(2n + 1)."""
    t, n = sp.symbols("t n", positive=True)
    size = 2 * t * (1 - t) ** (2 * n)
    slope = sp.simplify(sp.diff(sp.log(size), t).subs(t, 1 / (place * n + 1)))
    limit = sp.limit(n * size.subs(t, 1 / (2 * n + 1)), n, sp.oo)
    return slope == 0 and sp.simplify(limit - 1 / sp.E) == 0, f"slope {slope}, n times the largest tends to {limit}"


def _third(degree):
    """The Lipschitz constant of bilevel.uniform_smoothness, sigma -> 0: its power of 1/mu with third derivatives."""
    bound = find("bilevel.uniform_smoothness").bound.expression
    named = {str(each): each for each in bound.free_symbols}
    general = sp.expand(bound.subs({named["s"]: 0, named["mu"]: 1 / K}))
    quadratic = general.subs({named[name]: 0 for name in ("c_xx", "c_x", "c_y")})
    found = sp.degree(general, K), sp.degree(sp.expand(quadratic), K)
    return found == (degree, 2), f"powers {found}"


def prove() -> Proof:
    """Return the proof of `bilevel.condition_number_calls`."""
    steps = (
        Step(
            name="how steep",
            evidence="identity",
            statement=(
                r"$\nabla^2 \psi = F_{xx} + Z^T F_{yx} + F_{xy} Z + Z^T F_{yy} Z$ has a norm of at most $l + 2 l "
                r"\kappa + l \kappa^2 = L$, reached by $f = \frac12 l (x + y)^2$, $g = y^2/(2 \kappa) - x y$."
            ),
            check=lambda: _lipschitz(2),
            anti_test=lambda: _lipschitz(3),
        ),
        Step(
            name="count",
            evidence="identity",
            statement=(
                r"The bound of bilevel.two_time_scale_calls with $a = 1/L$ and $T \leq \kappa \log(1 + 1/r) + 1$ is "
                r"the formula."
            ),
            check=lambda: _count(1),
            anti_test=lambda: _count(0),
        ),
        Step(
            name="accuracy of lower points",
            evidence="identity",
            statement=(
                r"For quadratic $f$, $|\nabla_y f| \leq v$ and directions up to $d$: $C = (1 + \kappa) \kappa l v/h$ "
                r"(bilevel.stall_level) and $R = \kappa (1 + \sigma l/h) d/L$ make $1/r$ of the order of $\kappa$."
            ),
            check=lambda: _accuracy(1),
            anti_test=lambda: _accuracy(2),
        ),
        Step(
            name="order",
            evidence="identity",
            statement=r"With $1/r$ a power of $\kappa$ the formula over $\kappa^3 \log \kappa$ has a positive limit.",
            check=lambda: _order(3),
            anti_test=lambda: _order(2),
        ),
        Step(
            name="a step of a flat direction",
            evidence="identity",
            statement=r"$-\log(1 - t) \leq t/(1 - t)$: both vanish at 0, and the derivatives differ by $t/(1 - t)^2$.",
            check=lambda: _logarithm(2),
            anti_test=lambda: _logarithm(1),
        ),
        Step(
            name="no fewer steps",
            evidence="identity",
            statement=(
                r"So from $q |x| = e^{1/2} \epsilon$ it takes $\log(q |x|/\epsilon)/(-\log(1 - q/L)) \geq \frac12 (L/q "
                r"- 1) = \Delta L/(e \epsilon^2) - \frac12$ exact steps of $1/L$ to $|\nabla \psi| \leq \epsilon$."
            ),
            check=lambda: _steps(1),
            anti_test=lambda: _steps(2),
        ),
        Step(
            name="no quadratic is slower",
            evidence="identity",
            statement=(
                r"After $n$ steps from a height $\Delta$, $|\nabla \psi|^2 = 2 \Delta L \, t (1 - t)^{2n}$ along a "
                r"direction: largest at $t = 1/(2n + 1)$, where it is $\Delta L/(e n)$ to leading order."
            ),
            check=lambda: _worst(2),
            anti_test=lambda: _worst(1),
        ),
        Step(
            name="third derivatives",
            evidence="identity",
            statement=(
                r"In bilevel.uniform_smoothness the power of $1/\mu$ is 3 with third derivatives of $g$ and 2 without: "
                r"$L = O(\kappa^3)$, and the same count is $O(\kappa^4)$."
            ),
            check=lambda: _third(3),
            anti_test=lambda: _third(2),
        ),
        Step(
            name="both levels",
            evidence="reduction",
            statement=(
                r"Steps of $1/h$ contract both lower levels by $1 - 1/\kappa$: eigenvalues of $H + \sigma F_{yy}$ lie "
                r"between $h/\kappa$ and $h + \sigma l$. The rest is the proof of bilevel.two_time_scale_calls."
            ),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
