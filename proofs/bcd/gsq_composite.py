r"""The best block is at least as good as the average one, and the average is a proximal gradient step on all blocks.

The model of all blocks is the sum of their models, so its minimum is the sum of theirs and the lowest is at most one
$m$-th of it. At the point a share $\mu/L$ of the way to the minimiser, strong convexity and the quadratic term cancel.
"""

from fractions import Fraction

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.rational import pivots

CLAIM = find("bcd.gsq_composite")
HYPOTHESES = (
    r"$f$ $\mu$-strongly convex: the value of $f$ at the minimiser",
    r"$g_b$ convex: the value of $g$ on the way to the minimiser; lower semicontinuous: the models have minimisers",
    r"$L \geq L_b$: the descent of a step, and $\mu \leq L$",
)
MU, M, L = (sp.Symbol(name, real=True) for name in ("mu", "m", "L"))


def _way(share):
    """On the way to the minimiser, at the distance D and with the error E: -s E - s mu D^2 / 2 + L s^2 D^2 / 2."""
    mu, scale, E, D = sp.symbols("mu L E D", positive=True)
    s = share(mu, scale)
    gap = sp.expand(s * (-E - mu * D**2 / 2) + scale * s**2 * D**2 / 2 + mu / scale * E)
    return sp.simplify(gap) == 0, f"beyond -(mu/L) E: {sp.simplify(gap)}"


def _assemble(bound, blocks):
    """Write the share of a block as a 1/m of (mu/L)."""
    mu, m, scale = sp.symbols("mu m L", positive=True)
    gap = sp.simplify(mu / scale / blocks(m) - bound.subs({MU: mu, M: m, L: scale}))
    return gap == 0, f"difference {gap}"


def _attained(bound):
    """Take a step from x* + t 1 > 0 with x* > 0, ones on the diagonal of Q and -b elsewhere, g = lambda |x|_1.

    The gradient of F there is (Q t 1)_i = (1 - (m - 1) b) t = mu t; all scores are equal and the step is -mu t.
    """
    t, b, m = sp.symbols("t b m", positive=True)
    mu = 1 - (m - 1) * b
    error = mu * m * t**2 / 2  # (t 1)' Q (t 1) / 2; the penalty is linear between x* and x
    step = -mu * t
    removed = -(mu * t * step + step**2 / 2)
    gap = sp.simplify(removed / error - bound.subs({MU: mu, M: m, L: 1}))
    return gap == 0, f"difference {gap}"


def _exact(factor):
    """Follow GS-q with single coordinates and a 1-norm in fractions, from a solution that was written down first."""
    F = Fraction
    Q = [[F(4), F(1), F(-2)], [F(1), F(3), F(1)], [F(-2), F(1), F(5)]]
    solution, s, weight, scale, mu, m = [F(2), F(0), F(-1)], [F(1), F(1, 2), F(-1)], F(1), F(5), F(1), 3
    convex = pivots([[q - mu * (i == j) for j, q in enumerate(row)] for i, row in enumerate(Q)]) is not None
    c = [sum(q * x for q, x in zip(row, solution)) + t for row, t in zip(Q, s)]

    def value(x):
        return sum(a * q * b for a, row in zip(x, Q) for q, b in zip(row, x)) / 2 - sum(
            a * b for a, b in zip(c, x)
        ) + weight * sum(map(abs, x))  # fmt: skip

    best, runs, least = value(solution), 0, None
    for start in ((F(3), F(1), F(0)), (F(-1), F(2), F(2)), (F(0), F(0), F(0)), (F(5, 2), F(-1, 3), F(-3, 2))):
        x = list(start)
        for _ in range(6):
            g = [sum(q * y for q, y in zip(row, x)) - t for row, t in zip(Q, c)]
            moves = [_prox(y - d / scale, weight / scale) - y for y, d in zip(x, g)]
            models = [d * v + scale * v * v / 2 + weight * (abs(y + v) - abs(y)) for d, v, y in zip(g, moves, x)]
            i = min(range(3), key=models.__getitem__)
            before = value(x) - best
            if before == 0:
                break
            x[i] += moves[i]
            share = 1 - (value(x) - best) / before
            least, runs = (share if least is None else min(least, share)), runs + 1
    return convex and least >= factor * mu / (m * scale), f"{runs} steps, least share {float(least):.3f}"


def _prox(v, step):
    """Soft threshold."""
    return (v > 0) * max(v - step, 0) - (v < 0) * max(-v - step, 0)


def _model(rest):
    """F(x + U_b d) <= F(x) + model: the quadratic model with L majorises the one with L - u, u >= 0."""
    u, d2 = sp.symbols("u d2", nonnegative=True)
    scale, linear = sp.Symbol("L", positive=True), sp.Symbol("a", real=True)
    gap = sp.expand((linear + scale * d2 / 2) - (linear + (scale - u) * d2 / 2) - rest * u * d2)
    return gap.is_nonnegative is True, f"left over {gap}"


def prove() -> Proof:
    """Return the proof of `bcd.gsq_composite`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="a larger constant majorises",
            evidence="identity",
            statement=(
                r"$F(x + U_b d) - F(x) \leq \nabla_b f^T d + \frac{L_b}{2} \|d\|^2 + g_b(x_b + d) - g_b(x_b)$, which "
                r"for $L \geq L_b$ is at most the model with $L$: the step with $L_b$ goes at least as low as that "
                r"model."
            ),
            check=lambda: _model(0),
            anti_test=lambda: _model(1),
        ),
        Step(
            name="best and average",
            evidence="reduction",
            statement=(
                r"$\nabla f^T d + \frac{L}{2} \|d\|^2 + g(x + d) - g(x)$ is a sum over blocks, each with its own "
                r"$d_b$: its minimum is the sum of the block minima, and the lowest of $m$ numbers is at most their "
                r"average."
            ),
        ),
        Step(
            name="values on the way to the minimiser",
            evidence="reduction",
            statement=(
                r"With $d = s (x^* - x)$, $0 \leq s \leq 1$, $D = \|x^* - x\|$: strong convexity gives $\nabla f^T "
                r"(x^* - x) \leq f^* - f - \frac{\mu}{2} D^2$, convexity $g(x + d) - g(x) \leq s (g^* - g)$. Together "
                r"the model is at most $-s (F - F^*) - \frac{\mu}{2} s D^2 + \frac{L}{2} s^2 D^2$. $\mu \leq L$, "
                r"because $f$ is $\mu$-strongly convex along every block."
            ),
        ),
        Step(
            name="share of the whole step",
            evidence="identity",
            statement=r"At $s = \mu/L$ the terms with $D^2$ cancel: the minimum is at most $-\frac{\mu}{L} (F - F^*)$.",
            check=lambda: _way(lambda mu, scale: mu / scale),
            anti_test=lambda: _way(lambda mu, scale: mu / (2 * scale)),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"One of $m$ blocks lowers $F$ by at least $\frac{\mu}{m L} (F - F^*)$.",
            check=lambda: _assemble(bound, lambda m: m),
            anti_test=lambda: _assemble(bound, lambda m: m - 1),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=(
                r"Ones on the diagonal of $Q$, $-b$ elsewhere, a 1-norm, $x = x^* + t 1$ with all entries of $x^*$ and "
                r"$x$ positive: for every $m$ the step removes exactly the share $\mu/(m L)$."
            ),
            check=lambda: _attained(bound),
            anti_test=lambda: _attained(bound * sp.Rational(101, 100)),
        ),
        Step(
            name="exact execution",
            evidence="exact certificate",
            statement=(
                r"GS-q in fractions with three coordinates and a 1-norm, the minimiser known beforehand: every step "
                r"keeps to the bound."
            ),
            check=lambda: _exact(1),
            anti_test=lambda: _exact(4),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
