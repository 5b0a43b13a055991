"""An exact minimum of the best block beats any step on any block; with inexact steps on blocks it need not."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bcd.one_step_proof import example
from sparsetheory.bcd.rational_step import fall, score
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.one_step_dominance")
HYPOTHESES = (
    r"$f$ quadratic: the fall of $f$ under a step on one block is its model, exactly",
    r"the same $x$: both rules see the same gradient",
)


def _excess(half):
    """Compare the minimum of a block's model with its value at any other step: what is missing is a square."""
    H = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"H_{min(i, j)}{max(i, j)}", real=True))
    best, d = (sp.Matrix(sp.symbols(f"{name}_1:4", real=True)) for name in ("m", "d"))
    g = -H * best

    def falls(step):
        return -(g.T * step)[0] - (step.T * H * step)[0] / 2

    off = d - best
    gap = sp.expand(falls(best) - falls(d) - half * (off.T * H * off)[0])
    return gap == 0, f"remainder {gap}"


def _bound(expression, factor):
    """Write best - p as the two gaps that make it up: p is what f falls by on another block j."""
    p, best, at_j = sp.symbols("p S S_j", real=True)
    square = at_j - expression  # by the square above
    gap = sp.expand(best - factor * p - ((best - at_j) + square))
    return gap == 0, f"remainder {gap}"


def _metrics(Q, blocks):
    """Return the steps of GSD, of GSL and of GS, with row sums in place of L_b: longer metrics, shorter steps."""
    sums = {i: max(sum(abs(Q[r][c]) for c in b) for r in b) for b in blocks for i in b}
    scales = {"GSD": {i: len(b) * Q[i][i] for b in blocks for i in b}, "GSL": sums,
              "GS": dict.fromkeys(sums, max(sums.values()))}  # fmt: skip
    n = len(Q)
    return {name: [[scale[i] * (i == j) for j in range(n)] for i in range(n)] for name, scale in scales.items()}


def _runs(factor):
    """Compare both rules at rational points of rational matrices."""
    compared = 0
    for k in range(8):
        Q, v = example(k)
        for blocks in ([range(2), range(2, 4)], [[0], [1], [2], [3]]):
            best = fall(Q, v, max(blocks, key=lambda b: score(Q, v, b, Q)), Q)
            for M in _metrics(Q, blocks).values():
                chosen = max(blocks, key=lambda b: score(Q, v, b, M))
                if best < factor * fall(Q, v, chosen, M):
                    return False, f"matrix {k} fails"
                compared += 1
    return True, f"{compared} comparisons"


def _loses(blocks):
    """Whether GSL falls short of GS: the gradient of the second block is along a flat direction."""
    Q = [[Fraction(t) * (i == j) for j in range(4)] for i, t in enumerate((1, 1, "11/10", "1/10"))]
    v = [Fraction(1), Fraction(0), Fraction(0), Fraction(41, 4)]  # gradient (1, 0, 0, 41/40)
    L = {i: max(Q[j][j] for j in b) for b in blocks for i in b}
    lengths = {"GSL": L, "GS": dict.fromkeys(L, max(L.values()))}
    falls = {}
    for name, scale in lengths.items():
        M = [[scale[i] * (i == j) for j in range(4)] for i in range(4)]
        falls[name] = fall(Q, v, max(blocks, key=lambda b: score(Q, v, b, M)), M)
    return falls["GSL"] < falls["GS"], f"GSL {float(falls['GSL']):.4g}, GS {float(falls['GS']):.4g}"


def prove() -> Proof:
    """Return the proof of `bcd.one_step_dominance`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the exact step is the best on its block",
            evidence="identity",
            statement=(
                r"With $H d^* = -g$, what $f$ falls by at $d^*$ exceeds what it falls by at any $d$ by "
                r"$\frac{1}{2} (d - d^*)^T H (d - d^*) \geq 0$ (three variables checked; the terms of more are alike)."
            ),
            check=lambda: _excess(sp.Rational(1, 2)),
            anti_test=lambda: _excess(sp.Rational(501, 1000)),
        ),
        Step(
            name="the score of the better rule is its fall",
            evidence="identity",
            statement=(
                r"With $S_b$ the fall of $f$ at the exact minimum of block $b$, $S$ the largest of them and $p$ "
                r"the fall "
                r"under any step on any block $j$: $S - p = (S - S_j) + (S_j - p)$, both at least zero."
            ),
            check=lambda: _bound(bound, sp.Integer(1)),
            anti_test=lambda: _bound(bound, sp.Rational(1001, 1000)),
        ),
        Step(
            name="which rules minimise exactly",
            evidence="reduction",
            statement=(
                r"GSQ with $H_b = Q_{bb}$ scores blocks by $2 S_b$ and steps to the minimum. On single coordinates "
                r"$g_i^2/L_i$ is $2 S_i$ with $L_i = Q_{ii}$ and the step $1/L_i$ is the minimum: GSL is GSQ there."
            ),
        ),
        Step(
            name="exact runs",
            evidence="exact certificate",
            statement=r"Both rules in rational arithmetic on examples, blocks of two and single coordinates.",
            check=lambda: _runs(Fraction(1)),
            anti_test=lambda: _runs(Fraction(2)),
        ),
        Step(
            name="on blocks GSL may lose",
            evidence="exact certificate",
            statement=(
                r"$Q = diag(1, 1, 11/10, 1/10)$, gradient $(1, 0, 0, 41/40)$, two blocks of two: GSL prefers the first "
                r"block and gains $1/2$; GS takes the second, whose gradient is along its flat direction, and "
                r"gains more."
            ),
            check=lambda: _loses([range(2), range(2, 4)]),
            anti_test=lambda: _loses([[0], [1], [2], [3]]),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
