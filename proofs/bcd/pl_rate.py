r"""A gradient that is long wherever the value is high is all that the rate needs; weights of blocks certify it.

Least squares have it whatever the rank: gradient and error at $x^* + v$ are $Q v$ and $\frac12 v^T Q v$, and
$Q W Q \succeq \mu Q$ says that a weighted average of $\|g_b\|^2$ is at least $2 \mu$ times the error.
"""

from fractions import Fraction

import numpy as np
import sympy as sp

from sparsetheory.bcd.pl_constants import pl_constant, proves
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.pl_rate")
HYPOTHESES = (
    r"$L \geq L_b$: the descent of a step",
    r"the inequality $\frac12 \max_b \|g_b\|^2 \geq \mu (f - f^*)$: from the gradient to the error; no convexity",
    r"$f$ attains its minimum: least squares do; separable logistic regression does not, and has no such $\mu$",
)
MU, L = sp.Symbol("mu", real=True), sp.Symbol("L", real=True)
ROWS = ((2, -1, 0, 1, 3), (0, 1, 1, -2, 1), (1, 1, -1, 0, 2))  # three rows, five columns
BLOCKS = ((0, 1), (2, 3), (4,))


def _share(bound):
    """Write (|g|^2 / (2L)) / e - bound with |g|^2 = 2 mu e + v, v >= 0: v / (2 L e) is left."""
    e, scale, v, mu = sp.symbols("e L v mu", positive=True)
    gap = sp.factor(((2 * mu * e + v) / (2 * scale)) / e - bound.subs({MU: mu, L: scale}))
    return gap.is_nonnegative is True, f"left over: {gap}"


def _average(power):
    """Write g'W g - 2 mu e = v'(Q W Q - mu Q) v for g = Q v, e = v'Qv / 2; a symbolic Q of order three."""
    q, v, w = sp.symbols("q_1:7", real=True), sp.Matrix(sp.symbols("v_1:4", real=True)), sp.symbols("w_1:4", real=True)
    Q = sp.Matrix([[q[0], q[1], q[2]], [q[1], q[3], q[4]], [q[2], q[4], q[5]]])
    W = sp.diag(*w)
    left = ((Q * v).T * W * (Q * v))[0] - 2 * MU * (v.T * Q * v)[0] / 2
    right = (v.T * (Q * W * Q - MU * Q**power) * v)[0]
    return sp.expand(left - right) == 0, f"difference {sp.expand(left - right)}"


def _example():
    return np.array(ROWS, dtype=float)


def _certified(factor):
    """Prove the constant of a matrix with two null directions by the pivots of an exact, singular matrix."""
    Q = _example().T @ _example()
    found = pl_constant(Q, blocks=BLOCKS)
    value = Fraction(found.lower) * factor
    ok = proves(Q, blocks=BLOCKS, weights=found.weights, value=value)
    return ok, f"mu >= {float(value):.6f}, rank 3 of 5"


def _equal_weights(share):
    """A'A with W = I/m: Q Q / m - mu Q is semidefinite exactly up to mu = sigma^2 / m, here bisected from A A'."""
    A = sp.Matrix(ROWS)
    smallest = min(sp.Poly((A * A.T).charpoly().as_expr()).nroots(n=30), key=sp.re)
    below = Fraction(str(smallest.round(12))) * share / 3
    weights = [Fraction(1, 3)] * 3
    return proves(_example().T @ _example(), blocks=BLOCKS, weights=weights, value=below), f"{float(below):.9f}"


def _attained(bound):
    """A = (I I), each row seen by two columns of one block: from u = (1, 1) a step removes mu/L = 1/2, for m rows 1/m.

    g_b = u_b (1, 1) and e = |u|^2 / 2 = m / 2; L_b = 2; the step lowers f by |g_b|^2 / 4 = 1/2.
    """
    m = sp.Symbol("m", positive=True)
    mu = 2 / m  # max_b 2 u_b^2 over |u| = 1, least where all entries are equal
    removed = sp.Rational(1, 2)
    gap = sp.simplify(removed / (m / 2) - bound.subs({MU: mu, L: 2}))
    return gap == 0, f"difference {gap}"


def _logistic(power):
    """f'(x)^2 / f(x) for log(1 + e^-x) tends to zero: no constant serves all x."""
    t = sp.Symbol("t", positive=True)  # e^-x
    quotient = sp.limit((t / (1 + t)) ** power / sp.log(1 + t), t, 0)
    return quotient == 0, f"limit {quotient}"


def _nonconvex(shift):
    """x^2 + 3 sin(x)^2 is not convex and has |f'|^2 / 2 >= mu f with mu = 1/32 on [1/10, 10], by enclosures.

    The Hessian 2 + 6 cos(2x) is negative at pi/2.
    """
    from sparsetheory.verify import certify

    x = sp.Symbol("x")
    f = x**2 + 3 * sp.sin(x) ** 2
    found = certify.prove_positive(sp.diff(f, x) ** 2 / 2 - sp.Rational(1, 32) * shift * f, {x: ("1/10", 10)})
    bend = sp.diff(f, x, 2).subs(x, sp.pi / 2)
    return found.proved and bend < 0, found.report()


def prove() -> Proof:
    """Return the proof of `bcd.pl_rate`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="descent of a step",
            evidence="reduction",
            statement=(
                r"$f(x - U_b g_b/L) \leq f(x) - \|g_b\|^2/(2 L)$ for $L \geq L_b$, by the Lipschitz inequality along "
                r"block $b$."
            ),
        ),
        Step(
            name="share of a step",
            evidence="identity",
            statement=(
                r"With $\max_b \|g_b\|^2 = 2 \mu e + v$, $v \geq 0$, the step removes the claim's share of $e$ and a "
                r"nonnegative multiple of $v$ more. No convexity, no unique minimiser."
            ),
            check=lambda: _share(bound),
            anti_test=lambda: _share(bound * sp.Rational(101, 100)),
        ),
        Step(
            name="weights",
            evidence="identity",
            statement=(
                r"$\sum_b w_b \|g_b\|^2 - 2 \mu e = v^T (Q W Q - \mu Q) v$ for $g = Q v$, $e = \frac{1}{2} v^T Q v$: "
                r"where that matrix is semidefinite the average, and so the largest, is at least $2 \mu e$."
            ),
            check=lambda: _average(1),
            anti_test=lambda: _average(2),
        ),
        Step(
            name="normal equations",
            evidence="reduction",
            statement=(
                r"$f = \frac{1}{2} \|A x - y\|^2$ has a minimiser $x^*$, $A^T (A x^* - y) = 0$, and at $x^* + v$ the "
                r"gradient $A^T A v$ and the error $\frac{1}{2} \|A v\|^2$, whatever the rank of $A$ and whether or "
                r"not $y$ is in its range. On the range of $Q$ equal weights give $Q^2/m \succeq (\sigma_{min,+}^2/m) "
                r"\, Q$, eigenvalue by eigenvalue."
            ),
        ),
        Step(
            name="a certified example",
            evidence="exact certificate",
            statement=(
                r"Three rows, five columns, three blocks: the best weights are proved by the pivots of the exact "
                r"matrix $Q W Q - \mu Q$, two of which are zero."
            ),
            check=lambda: _certified(1),
            anti_test=lambda: _certified(Fraction(1001, 1000)),
        ),
        Step(
            name="equal weights on the example",
            evidence="exact certificate",
            statement=r"$\mu = \sigma_{min,+}^2/m$ is what equal weights prove, to one part in a million.",
            check=lambda: _equal_weights(Fraction(999_999, 1_000_000)),
            anti_test=lambda: _equal_weights(Fraction(1_000_001, 1_000_000)),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=(
                r"$A = (I \; I)$ with $m$ rows, block $b$ the two columns of row $b$: $\mu = 2/m$, $L = 2$, and where "
                r"all residuals are equal a step removes exactly $\mu/L = 1/m$."
            ),
            check=lambda: _attained(bound),
            anti_test=lambda: _attained(bound * sp.Rational(101, 100)),
        ),
        Step(
            name="without a minimiser",
            evidence="identity",
            statement=r"$f = \log(1 + e^{-x})$: $(f')^2/f \to 0$, so that no $\mu > 0$ exists.",
            check=lambda: _logistic(2),
            anti_test=lambda: _logistic(1),
        ),
        Step(
            name="without convexity",
            evidence="enclosure",
            statement=(
                r"$f = x^2 + 3 \sin^2 x$ is not convex, and $\frac{1}{2} (f')^2 \geq \frac{1}{32} f$ on $[1/10, 10]$."
            ),
            check=lambda: _nonconvex(1),
            anti_test=lambda: _nonconvex(32),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
