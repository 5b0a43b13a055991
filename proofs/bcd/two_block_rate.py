r"""Two blocks in turn contract by the largest squared canonical correlation of the blocks.

In the coordinates $u_b = L_b^T (x - x^*)_b$, $A_{bb} = L_b L_b^T$, and along the singular pairs of
$K = L_0^{-1} A_{01} L_1^{-T}$, the quadratic falls apart into forms of two variables
$\frac12 (s^2 + 2 \sigma s t + t^2)$. Minimising such a form over one variable, then the other, multiplies it by
$\sigma^2$ a step.
"""

from itertools import combinations

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.two_block_rate")
HYPOTHESES = (
    r"$A$ symmetric positive definite: $A_{bb} = L_b L_b^T$ with invertible $L_b$, and every $\sigma_j < 1$",
    r"a component of the start along the leading singular pair: the rate is attained, not only bounded",
)


def _blocks():
    """Return symbolic triangular L_0, L_1 and any K, blocks of two: A_00 = L_0 L_0', A_01 = L_0 K L_1'."""

    def triangular(name):
        a, c = sp.symbols(f"{name}_1 {name}_3", positive=True)
        return sp.Matrix([[a, 0], [sp.Symbol(f"{name}_2", real=True), c]])

    return triangular("p"), triangular("q"), sp.Matrix(2, 2, sp.symbols("k_1:5", real=True))


def _form(transposed):
    """Write x'Ax as |u|^2 + 2 u'K v + |v|^2, u = L_0' x_0 and v = L_1' x_1."""
    L0, L1, K = _blocks()
    x0, x1 = sp.Matrix(sp.symbols("x_1:3", real=True)), sp.Matrix(sp.symbols("x_3:5", real=True))
    A01 = L0 * K * L1.T
    form = (x0.T * L0 * L0.T * x0 + 2 * x0.T * A01 * x1 + x1.T * L1 * L1.T * x1)[0]
    u, v = (L0.T * x0 if transposed else L0 * x0), L1.T * x1
    gap = sp.expand(form - (u.T * u + 2 * u.T * K * v + v.T * v)[0])
    return gap == 0, f"difference {gap}"


def _similarity(transposed):
    """A_00^-1 A_01 A_11^-1 A_10 = L_0^-T (K K') L_0^T, multiplied by A_00 = L_0 L_0^T from the left."""
    L0, L1, K = _blocks()
    A01, inverse = L0 * K * L1.T, L1.inv()
    M = A01 * inverse.T * inverse * A01.T
    gap = (M - L0 * K * (K.T if transposed else K) * L0.T).applyfunc(sp.expand)
    return gap == sp.zeros(2), f"difference {list(gap)}"


def _pair(power):
    """Minimise (s^2 + 2 sigma s t + t^2) / 2 over s, then over t; compare the two values."""
    s, t = sp.symbols("s t", real=True)
    sigma = sp.Symbol("sigma", positive=True)
    f = (s**2 + 2 * sigma * s * t + t**2) / 2
    best_s = sp.solve(sp.diff(f, s), s)[0]  # -sigma t
    best_t = sp.solve(sp.diff(f, t), t)[0]  # -sigma s
    first = sp.expand(f.subs(s, best_s))
    second = sp.expand(f.subs(t, best_t).subs(s, best_s))
    ok = sp.expand(first - (1 - sigma**2) * t**2 / 2) == 0
    gap = sp.expand(second - sigma**power * first)
    return ok and gap == 0, f"values {first}, then {second}"


def _log_convex(scale):
    """Write f_k f_{k+2} - f_{k+1}^2 as a sum of squares, f_k = sum_j a_j, f_{k+1} = sum_j a_j q_j."""
    a, q = sp.symbols("a_1:5", nonnegative=True), sp.symbols("q_1:5", nonnegative=True)
    f0, f1, f2 = (sum(w * z**k for w, z in zip(a, q)) for k in range(3))
    squares = sum(a[i] * a[j] * (q[i] - q[j]) ** 2 for i, j in combinations(range(4), 2))
    gap = sp.expand(f0 * f2 - f1**2 - scale * squares)
    return gap == 0, f"difference {gap}"


def _formula(expression):
    """-log of the factor rho, as the claim writes it."""
    rho = sp.Symbol("rho", real=True)
    positive = sp.Symbol("r", positive=True)
    factor = sp.simplify(sp.exp(-expression.subs(rho, positive)))
    return sp.simplify(factor - positive) == 0, f"factor {factor}"


def prove() -> Proof:
    """Return the proof of `bcd.two_block_rate`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="coordinates",
            evidence="identity",
            statement=(
                r"$f(x) - f^* = \frac{1}{2} (x - x^*)^T A (x - x^*)$, which in $u = L_0^T (x - x^*)_0$, "
                r"$v = L_1^T (x - x^*)_1$ is $\frac{1}{2} (|u|^2 + 2 u^T K v + |v|^2)$."
            ),
            check=lambda: _form(True),
            anti_test=lambda: _form(False),
        ),
        Step(
            name="eigenvalues",
            evidence="identity",
            statement=(
                r"$A_{00}^{-1} A_{01} A_{11}^{-1} A_{10} = L_0^{-T} (K K^T) L_0^T$: its eigenvalues are the squared "
                r"singular values of $K$, so $\rho = \sigma_1^2$."
            ),
            check=lambda: _similarity(True),
            anti_test=lambda: _similarity(False),
        ),
        Step(
            name="pairs",
            evidence="reduction",
            statement=(
                r"Singular vectors of $K$ are orthogonal coordinates within each block: $f - f^*$ is the sum of "
                r"$\frac{1}{2} (s_j^2 + 2 \sigma_j s_j t_j + t_j^2)$, and minimising over a block minimises each "
                r"summand over its own variable. A coordinate without a partner is zero after its first step."
            ),
        ),
        Step(
            name="one pair",
            evidence="identity",
            statement=(
                r"After a step over $s$ the value is $\frac{1}{2} (1 - \sigma^2) t^2$, positive for $t \neq 0$ since "
                r"$A$ is definite, so $\sigma < 1$; the next step multiplies it by $\sigma^2$, and so on in turn."
            ),
            check=lambda: _pair(2),
            anti_test=lambda: _pair(1),
        ),
        Step(
            name="factors never decrease",
            evidence="identity",
            statement=(
                r"With $f_k - f^* = \sum_j a_j$, $a_j \geq 0$, and $q_j = \sigma_j^2$: "
                r"$f_k f_{k+2} - f_{k+1}^2 = \sum_{i < j} a_i a_j (q_i - q_j)^2 \geq 0$ (values above $f^*$; four "
                r"pairs show every kind of term)."
            ),
            check=lambda: _log_convex(1),
            anti_test=lambda: _log_convex(sp.Rational(101, 100)),
        ),
        Step(
            name="the limit",
            evidence="reduction",
            statement=(
                r"$(f_{k+1} - f^*) / (f_k - f^*)$ is a mean of the $q_j$ with weights $a_j$, at most $q_1 = \rho$; "
                r"weights are multiplied by $q_j$ a step, so it tends to the largest $q_j$ with $a_j > 0$: to $\rho$, "
                r"unless the start is in the null set $a_1 = 0$."
            ),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"The decay rate per step is $-\log \rho$.",
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(2 * bound),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
