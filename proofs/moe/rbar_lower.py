r"""Moments of the Gauss-Hermite rule count paths, and paths that never climb to height m are all there are below 2m.

$J$ with ones above the diagonal and $1, 2, \dots, m - 1$ below it has the Hermite polynomial of degree $m$ as its
characteristic polynomial; $(J^\ell)_{00} = \sum_j w_j x_j^\ell$, without a radical.
"""

from fractions import Fraction
from math import factorial, prod

import sympy as sp

from sparsetheory import moe
from sparsetheory.verify import Proof, Step, certify, find

CLAIM = find("moe.rbar_lower")
HYPOTHESES = (
    r"$m \geq 2$: the nodes are not all zero",
    r"$W > 0$, $s \neq 0$: scaled solutions are solutions that are not trivial",
)
LARGEST = 8  # m up to which exact checks run; the argument of paths has no such limit


def _moments(m, size):
    """The moments 0 to 2m of the rule with `size` nodes: powers of J applied to the first unit vector, in integers."""
    row, moments = [1] + [0] * (size - 1), []
    for _ in range(2 * m + 1):
        moments.append(row[0])
        # e_0' J^(l+1): a step up has weight 1, a step down from height h has weight h
        row = [(row[h - 1] if h else 0) + ((h + 1) * row[h + 1] if h + 1 < size else 0) for h in range(size)]
    return moments


def _odd(m):
    return prod(range(1, 2 * m, 2))


def _gaussian_moments(smaller):
    """Below order 2m they are those of the standard normal, at 2m they miss m! of it."""
    wrong = []
    for m in range(2, LARGEST + 1):
        gaussian = [_odd(order // 2) if order % 2 == 0 else 0 for order in range(2 * m + 1)]
        gaussian[-1] -= factorial(m)
        wrong += [m] * (_moments(m, m - smaller) != gaussian)
    return not wrong, f"m = 2 to {LARGEST}, wrong for {wrong}"


def _orders(m, c):
    """E_1, ..., E_2m from moments: the library's equations for one atom are linear in powers of x."""
    moments = _moments(m, m)
    return [
        sum(coefficient * moments[n1] * c**n2 for (n1, n2, _), coefficient in equation.items())
        for equation in moe.polynomial_system(1, 2 * m)
    ]


def _all_orders(c):
    """All orders below 2m vanish, and the last one is the claim's formula."""
    bound, wrong = CLAIM.bound.expression, []
    for m in range(2, LARGEST + 1):
        values = {"W": 1, "s": 1, "m": m, "odd": _odd(m)}
        last = bound.subs({symbol: values[symbol.name] for symbol in bound.free_symbols})
        wrong += [m] * (_orders(m, c) != [0] * (2 * m - 1) + [Fraction(int(last.p), int(last.q))])
    return not wrong, f"m = 2 to {LARGEST}, wrong for {wrong}"


def _factorials(shift):
    """2^m (1 * 3 * ... * (2m - 1)) m! = (2m)!, by induction on m."""
    m = sp.Symbol("m", integer=True, positive=True)
    step = sp.simplify(2 * (2 * m + 1 + shift) * (m + 1) - (2 * m + 2) * (2 * m + 1))
    return step == 0 and 2**2 * _odd(2) * factorial(2) == factorial(4), f"quotients differ by {step}"


def _real_nodes(constant):
    """The characteristic polynomial of J has m distinct real roots."""
    x, counts = sp.Symbol("x"), []
    for m in range(2, LARGEST + 1):
        before, last = sp.Integer(1), x
        for n in range(1, m):
            before, last = last, sp.expand(x * last - n * before)
        counts.append(certify.count_roots(last + constant).count)
    return counts == list(range(2, LARGEST + 1)), f"real roots {counts}"


def _heat(rate):
    """exp(x t + c t^2) at c = rate times exp(t^2 / 2) is exp(x t): order by order in t."""
    t, x = sp.symbols("t x")
    product = sp.series(sp.exp(rate * t**2 + t**2 / 2), t, 0, 9).removeO() * sp.exp(x * t)
    return sp.simplify(product - sp.exp(x * t)) == 0, "t up to order 8"


def _scaled(power):
    """E_l of one atom at (s x, s^power c) is s^l E_l, for every order up to 2m, m = 4."""
    s, x, c = sp.symbols("s x c", positive=True)
    gaps = [
        sp.expand(moe.polynomial_value(e, (s * x, s**power * c, 1)) - s ** (i + 1) * moe.polynomial_value(e, (x, c, 1)))
        for i, e in enumerate(moe.polynomial_system(1, 8))
    ]
    return not any(gaps), f"{sum(gap != 0 for gap in gaps)} of {len(gaps)} differ"


def _radicals(third):
    """The rule with three nodes is a solution of order 5, checked in radicals."""
    x, w = (-sp.sqrt(3), 0, sp.sqrt(3)), (sp.Rational(1, 6), sp.Rational(2, 3), third)
    point = [v for node, weight in zip(x, w, strict=True) for v in (node, sp.Rational(-1, 2), sp.sqrt(weight))]
    values = [sp.expand(moe.polynomial_value(e, point)) for e in moe.polynomial_system(3, 5)]
    return not any(values), f"orders 1 to 5: {values}"


def prove() -> Proof:
    """Return the proof of `moe.rbar_lower`."""
    steps = (
        Step(
            name="the rule is real, with positive weights",
            evidence="exact certificate",
            statement=(
                r"The characteristic polynomials $H_{n+1} = x H_n - n H_{n-1}$ of $J$ have as many distinct real roots "
                r"as their degree, by Sturm's theorem (checked to $m = 8$)."
            ),
            check=lambda: _real_nodes(0),
            anti_test=lambda: _real_nodes(10**6),
        ),
        Step(
            name="for every m",
            evidence="reduction",
            statement=(
                r"$J$ is similar to the symmetric tridiagonal matrix with $\sqrt{n}$ beside the diagonal. Its "
                r"eigenvalues $x_j$ are real and distinct, the squares $w_j$ of the first entries of its unit "
                r"eigenvectors are positive with sum 1, and $(J^\ell)_{00} = \sum_j w_j x_j^\ell$. With "
                r"$p_{5j} = \sqrt{w_j}$ the point is not trivial, as distinct $x_j$ are not all zero."
            ),
        ),
        Step(
            name="moments",
            evidence="identity",
            statement=(
                r"$(J^\ell)_{00}$ is the moment of the standard normal for $\ell < 2 m$, and less by $m!$ for "
                r"$\ell = 2 m$: in integers, $m = 2, \dots, 8$."
            ),
            check=lambda: _gaussian_moments(0),
            anti_test=lambda: _gaussian_moments(1),
        ),
        Step(
            name="moments for every m",
            evidence="reduction",
            statement=(
                r"$(J^\ell)_{00}$ sums over paths of $\ell$ steps from height $0$ back to it that stay below height "
                r"$m$; a step down from $h$ has the weight $h$. Over all paths that is the normal moment (the "
                r"recurrence of the Hermite polynomials). Paths with fewer than $2 m$ steps never reach height $m$; of "
                r"those with $2 m$ one does, straight up and down, with the weight $m!$."
            ),
        ),
        Step(
            name="heat",
            evidence="identity",
            statement=(
                r"$\sum_\ell E_\ell t^\ell = \sum_j w_j e^{x_j t + c_j t^2}$, at $c_j = -\frac12$ "
                r"$e^{-t^2/2} \sum_j w_j e^{x_j t}$: the product with $e^{t^2/2}$, the normal's own series, is "
                r"$\sum_j w_j e^{x_j t}$."
            ),
            check=lambda: _heat(sp.Rational(-1, 2)),
            anti_test=lambda: _heat(sp.Rational(-1, 3)),
        ),
        Step(
            name="all orders, and the claim's formula",
            evidence="identity",
            statement=(
                r"$1 + \sum_{\ell \geq 1} E_\ell t^\ell = e^{-t^2/2} (e^{t^2/2} - \frac{m!}{(2m)!} t^{2m} + \dots)$. "
                r"In fractions, from the library's equations and the moments: $m = 2, \dots, 8$."
            ),
            check=lambda: _all_orders(Fraction(-1, 2)),
            anti_test=lambda: _all_orders(Fraction(-1, 3)),
        ),
        Step(
            name="factorials",
            evidence="identity",
            statement=r"$(2m)!/m! = 2^m \cdot 1 \cdot 3 \cdots (2m - 1)$: quotients of neighbours agree.",
            check=lambda: _factorials(0),
            anti_test=lambda: _factorials(1),
        ),
        Step(
            name="scale",
            evidence="identity",
            statement=r"$E_\ell(s x, s^2 c, W w) = W s^\ell E_\ell(x, c, w)$, atom by atom.",
            check=lambda: _scaled(2),
            anti_test=lambda: _scaled(1),
        ),
        Step(
            name="three atoms in radicals",
            evidence="identity",
            statement=r"$x = (-\sqrt3, 0, \sqrt3)$, $w = (\frac16, \frac23, \frac16)$, put into the library's system.",
            check=lambda: _radicals(sp.Rational(1, 6)),
            anti_test=lambda: _radicals(sp.Rational(1, 5)),
        ),
        Step(
            name="systems with slopes",
            evidence="reduction",
            statement=(
                r"With $p_1 = p_2 = 0$ every equation with $\ell_1 \neq 0$ vanishes term by term, so the point solves "
                r"order $2 m - 1$ of the whole system as well: $\bar r(m) > 2 m - 1$."
            ),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
