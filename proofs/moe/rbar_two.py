r"""Orders 1 to 3 leave nothing to choose, and order 4 is then a polynomial without a positive root.

Over the complex numbers order 4 does have solutions, at weights whose ratio is a cube root of unity, and with signed
weights it has real ones: a Groebner basis alone decides nothing, Sturm's count on the positive axis does.
"""

import functools

import sympy as sp

from sparsetheory import moe
from sparsetheory.verify import Proof, Step, certify, find

CLAIM = find("moe.rbar_two")
HYPOTHESES = (
    r"$w_j > 0$: the eliminant has the roots $-1$ and $0$, and no positive one",
    r"some $x_j \neq 0$: with order 1 both are, and $D \neq 0$",
)
W1, W2, D = (sp.Symbol(name, real=True) for name in ("w1", "w2", "D"))
W, C1, C2 = sp.symbols("w c1 c2", real=True)


@functools.cache
def _system(d):
    return moe.polynomial_system(2, 4, d=d)


def _orders(weights, locations, scales):
    """E_1, ..., E_4 as the library states them; a weight is the square of its variable p5."""
    point = [p for atom in zip(locations, scales, map(sp.sqrt, weights), strict=True) for p in atom]
    return [sp.expand(moe.polynomial_value(equation, point)) for equation in _system(0)]


def _normalised():
    """E_2, E_3, E_4 for w1 = 1, w2 = w, x2 = 1 and x1 = -w, which is order 1."""
    return _orders((1, W), (-W, 1), (C1, C2))[1:]


def _slopes_vanish(d, expert):
    """With all slopes zero the equations with l1 = 0 are the small system, and the others say nothing."""
    x, c, p = sp.symbols("x:2"), sp.symbols("c:2"), sp.symbols("p:2")
    point = [v for j in range(2) for v in (*[0] * d, *[expert] * d, x[j], c[j], p[j])]
    small = [v for j in range(2) for v in (x[j], c[j], p[j])]
    gaps = [
        sp.expand(moe.polynomial_value(large, point) - (moe.polynomial_value(_system(0)[i], small) if i < 4 else 0))
        for i, large in enumerate(_system(d))
    ]
    return not any(gaps), f"{len(gaps)} equations, {sum(gap != 0 for gap in gaps)} differ"


def _free_of_slopes(d, first):
    """The equations from `first` to the fourth, which have l1 = 0, do not contain p1 and p2."""
    width = 2 * d + 3
    slopes = [j * width + u for j in range(2) for u in range(2 * d)]
    found = [e for equation in _system(d)[first : first + 4] for e in equation if any(e[i] for i in slopes)]
    return not found, f"{len(found)} terms with slopes"


def _homogeneous(power):
    """E_l of (s x, s^power c) is s^l E_l."""
    s = sp.Symbol("s", positive=True)
    w, x, c = (sp.symbols(f"{name}:2", positive=True) for name in "wxc")
    scaled = _orders(w, [s * v for v in x], [s**power * v for v in c])
    gaps = [sp.expand(new - s ** (i + 1) * old) for i, (new, old) in enumerate(zip(scaled, _orders(w, x, c)))]
    return not any(gaps), f"differences {gaps}"[:80]


def _unique(shift):
    """Orders 2 and 3 are linear in c1, c2 with the determinant w (1 + w), and this is their solution."""
    second, third, _ = _normalised()
    determinant = sp.Matrix([second, third]).jacobian([C1, C2]).det()
    at = {C1: -W * (W + 2) / 6, C2: -(2 * W + 1 + shift) / 6}
    left = [sp.expand(e.subs(at)) for e in (second, third)]
    ok = left == [0, 0] and sp.expand(determinant - W * (1 + W)) == 0
    return ok, f"left {left}, determinant {sp.factor(determinant)}"


def _formula(bound):
    """Order 4 there, for any weights and any distance."""
    total = W1 + W2
    x = (-W2 * D / total, W1 * D / total)
    ratio, scale = W2 / W1, x[1]
    c = [e.subs(W, ratio) * scale**2 for e in (-W * (W + 2) / 6, -(2 * W + 1) / 6)]
    point = [x[0], c[0], 1, x[1], c[1], sp.sqrt(ratio)]  # w1 = 1 and w2 = ratio, times w1
    values = [sp.simplify(W1 * moe.polynomial_value(equation, point)) for equation in _system(0)]
    gap = sp.simplify(values[3] - bound)
    return values[:3] == [0, 0, 0] and gap == 0, f"orders 1 to 3 {values[:3]}, difference in order 4 {gap}"


def _no_root(low):
    """The polynomial in w alone that vanishes at every solution of orders 2, 3, 4."""
    found = certify.eliminant(_normalised(), keep=W)
    ok, seen = certify.count_roots(found, low=low).report()
    return ok, f"{sp.factor(found.as_expr())}: {seen}"


def _negative(sign):
    """The claim's formula at positive weights, or with one of another sign."""
    a, b, gap = sp.symbols("a b d", positive=True)
    value = CLAIM.bound.expression.subs({W1: a + (b if sign < 0 else 0), W2: sign * b, D: gap})
    return sp.factor(value).is_negative is True, f"{sp.factor(value)}"


def _order_three(orders):
    """Locations -1 and 1, c = -1/2, w = 1/2."""
    half = sp.Rational(1, 2)
    values = _orders((half, half), (-1, 1), (-half, -half))[:orders]
    return not any(values), f"orders 1 to {orders}: {values}"


def prove() -> Proof:
    """Return the proof of `moe.rbar_two`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="slopes add no solutions",
            evidence="identity",
            statement=(
                r"The equations with $\ell_1 = 0$ of the system with slopes contain none: they are $E_1, \dots, E_4$, "
                r"for which a solution of the whole system is one."
            ),
            check=lambda: _free_of_slopes(1, 0),
            anti_test=lambda: _free_of_slopes(1, 1),
        ),
        Step(
            name="slopes take none away",
            evidence="identity",
            statement=(
                r"At $p_1 = p_2 = 0$ the equations with $\ell_1 \neq 0$ vanish term by term: a solution of the small "
                r"system solves the whole one. Checked for one and two covariates."
            ),
            check=lambda: (_slopes_vanish(1, 0)[0] and _slopes_vanish(2, 0)[0], _slopes_vanish(2, 0)[1]),
            anti_test=lambda: _slopes_vanish(1, 1),
        ),
        Step(
            name="any number of covariates",
            evidence="reduction",
            statement=(
                r"Terms of the equation $(\ell_1, \ell_2)$ carry $p_1^{\alpha_1} p_2^{\alpha_2}$ with $\alpha_1 + "
                r"\alpha_2 = \ell_1$: a slope wherever $\ell_1 \neq 0$, and none where $\ell_1 = 0$."
            ),
        ),
        Step(
            name="scale",
            evidence="identity",
            statement=r"$E_\ell(s x, s^2 c, w) = s^\ell E_\ell(x, c, w)$.",
            check=lambda: _homogeneous(2),
            anti_test=lambda: _homogeneous(1),
        ),
        Step(
            name="one atom at 1",
            evidence="reduction",
            statement=(
                r"$E_1 = w_1 x_1 + w_2 x_2 = 0$ with positive weights: both locations are zero or none is. So divide "
                r"by $w_1$, scale to $x_2 = 1$, and $x_1 = -w$ with $w = w_2/w_1 > 0$."
            ),
        ),
        Step(
            name="orders 2 and 3",
            evidence="identity",
            statement=(
                r"They are linear in $c_1, c_2$ with determinant $w (1 + w) \neq 0$: exactly "
                r"$c_1 = -w (w + 2)/6$, $c_2 = -(2 w + 1)/6$."
            ),
            check=lambda: _unique(0),
            anti_test=lambda: _unique(1),
        ),
        Step(
            name="order 4, the claim's formula",
            evidence="identity",
            statement=r"There $E_4$ is the claim's formula; $D = x_2 - x_1$, before any scaling.",
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound * sp.Rational(101, 100)),
        ),
        Step(
            name="it is negative",
            evidence="identity",
            statement=r"For $w_1, w_2 > 0$, $D \neq 0$. With one negative weight it is not.",
            check=lambda: _negative(1),
            anti_test=lambda: _negative(-1),
        ),
        Step(
            name="the same by elimination",
            evidence="exact certificate",
            statement=(
                r"Orders 2, 3, 4 imply $w (w + 1) (w^2 + w + 1) = 0$, without a root on $(0, \infty)$ by Sturm's "
                r"theorem. On the whole line there are two."
            ),
            check=lambda: _no_root(0),
            anti_test=lambda: _no_root(None),
        ),
        Step(
            name="order 3 has a solution",
            evidence="identity",
            statement=r"$x = (-1, 1)$, $c = (-\frac12, -\frac12)$, $w = (\frac12, \frac12)$; order 4 is missed.",
            check=lambda: _order_three(3),
            anti_test=lambda: _order_three(4),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
