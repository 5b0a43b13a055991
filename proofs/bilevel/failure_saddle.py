r"""All gradients carry a factor $Q$ or $s$; the nearest solution shares its length between both layers."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.failure_saddle")
HYPOTHESES = (
    r"$V^T t \neq 0$: $u^* \neq 0$",
    r"$Q$ square (two by two in the identities, the sums are those of any size)",
)
N = 2
Q, W = sp.Matrix(N, N, sp.symbols("q_1:5", real=True)), sp.Matrix(sp.symbols("s_1:3", real=True))


def _still(second):
    """The gradient of F(Q' s) at Q = 0, s = `second`, for a general linear plus quadratic F."""
    u = Q.T * W
    a, b, c, d, e = sp.symbols("a b c d e", real=True)
    loss = a * u[0] ** 2 + b * u[0] * u[1] + c * u[1] ** 2 + d * u[0] + e * u[1]
    unknown = [*Q, *W]
    at = {**dict.fromkeys(Q, 0), **dict.fromkeys(W, second)}
    gradient = [sp.expand(sp.diff(loss, v).subs(at)) for v in unknown]
    return not any(gradient), f"gradient {gradient}"


def _short(factor):
    """(|Q|^2 + |s|^2)^2 - (2 |u|)^2 is a sum of squares, by Lagrange's identity."""
    u = Q.T * W
    q2, s2 = sum(v**2 for v in Q), sum(v**2 for v in W)
    crossed = sum((Q[0, j] * W[1] - Q[1, j] * W[0]) ** 2 for j in range(N))
    gap = sp.expand((q2 + s2) ** 2 - factor * u.dot(u) - (q2 - s2) ** 2 - 4 * crossed)
    return gap == 0, "difference 0" if gap == 0 else "difference not 0"


def _attained(bound):
    """Take s = sqrt(|u|) e, Q = e u' / sqrt(|u|), e a unit vector: a solution of squared length 2 |u|."""
    angle, size, turn = sp.symbols("alpha u beta", positive=True)
    e = sp.Matrix([sp.cos(angle), sp.sin(angle)])
    u = size * sp.Matrix([sp.cos(turn), sp.sin(turn)])
    s, first = sp.sqrt(size) * e, e * u.T / sp.sqrt(size)
    product = (first.T * s - u).applyfunc(sp.simplify)
    squared = sp.simplify(sum(v**2 for v in first) + sum(v**2 for v in s))
    gap = sp.simplify(squared - bound.subs(sp.Symbol("u", real=True), size) ** 2)
    return product == sp.zeros(N, 1) and gap == 0, f"squared length {squared}"


def prove() -> Proof:
    """Return the proof of `bilevel.failure_saddle`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="solutions",
            evidence="reduction",
            statement=(
                r"$Q^T s$ takes every value in $R^n$, and $g$ is strictly convex in it: $S(x) = \{Q^T s = u^*\}$, $u^* "
                r"= (V^T V + e^x I)^{-1} V^T t \neq 0$."
            ),
        ),
        Step(
            name="no slope",
            evidence="identity",
            statement=(
                r"The gradient of any $F(Q^T s)$ in $Q$ and in $s$ is $s \nabla F^T$ and $Q \nabla F$: zero at $Q = "
                r"0$, $s = 0$ (the part of $F$ to second order, two by two)."
            ),
            check=lambda: _still(0),
            anti_test=lambda: _still(1),
        ),
        Step(
            name="no solution is nearer",
            evidence="identity",
            statement=(
                r"$(|Q|^2 + |s|^2)^2 - 4 |Q^T s|^2 = (|Q|^2 - |s|^2)^2 + 4 \sum_j (q_{1j} s_2 - q_{2j} s_1)^2 \geq 0$"
            ),
            check=lambda: _short(4),
            anti_test=lambda: _short(5),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=(
                r"$s = \sqrt{|u^*|} \, e$, $Q = e u^{*T}/\sqrt{|u^*|}$ with $|e| = 1$ has squared length $2 |u^*|$."
            ),
            check=lambda: _attained(bound),
            anti_test=lambda: _attained(bound * sp.Rational(1001, 1000)),
        ),
        Step(
            name="no error bound",
            evidence="reduction",
            statement=(
                r"At $y = 0$ the residual of $\sigma f + g$ is zero, below every $\delta$, and the distance is not: $r "
                r"\geq \mu \, dist$ fails for every $\mu > 0$. Without a slope no method by gradients moves."
            ),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
