r"""Rounding moves a matrix by at most three halves of its marginal error, and the constant is attained.

Write $R_\pm, C_\pm$ for the row and column excesses and deficits against targets of mass $M$, $s$ for the mass of $P$
and $D$ for the mass that the two scalings remove. Then $D \le R_+ + C_+$, the added mass is $M - s + D$, so the
distance is at most $2D + M - s$, and that is at most $\frac32 (R_+ + R_- + C_+ + C_-)$ by exact multipliers.
"""

from fractions import Fraction
from itertools import product

import sympy as sp

from sparsetheory.ot.exact import round_exact
from sparsetheory.verify import Proof, Step, find

CLAIM = find("ot.rounding")
HYPOTHESES = (
    r"$P \geq 0$: the scalings only remove mass, the missing masses are nonnegative",
    r"$\sum_i a_i = \sum_j b_j$: what rows miss equals what columns miss, so the rank-one term fits both",
)


def _constant(expression):
    """The factor in front of the error: the claim's formula is linear and homogeneous in it, or nothing is proved."""
    err = sp.Symbol("err", real=True)
    factor = sp.simplify(expression / err)
    if factor.free_symbols:
        raise ValueError(f"{expression} is not a multiple of err")
    return factor


KAPPA = _constant(CLAIM.bound.expression)
WRONG = sp.Rational(149, 100)


def _multipliers(kappa):
    """Write kappa*err - (2D + M - s) as a nonnegative combination of nonnegative quantities, exactly."""
    Rp, Rm, Cp, Cm, D, s, M = sp.symbols("R_+ R_- C_+ C_- D s M", real=True)
    half, slack = sp.Rational(1, 2), Rp + Cp - D
    excess = kappa * (Rp + Rm + Cp + Cm) - (2 * D + M - s)
    balance = half * ((s - M) - (Rp - Rm)) + half * ((s - M) - (Cp - Cm))  # zero: excess minus deficit is s - M
    on_excess, on_deficit = kappa - 2 + half, kappa - half
    combination = 2 * slack + on_excess * (Rp + Cp) + on_deficit * (Rm + Cm) + balance
    identity = sp.expand(excess - combination) == 0
    return identity and on_excess >= 0 and on_deficit >= 0, f"multipliers 2, {on_excess}, {on_deficit}"


def _light(kappa):
    """The same for s <= M, where constant 1 suffices: s = M - h."""
    Rp, Cp, D, h = sp.symbols("R_+ C_+ D h", nonnegative=True)
    excess = kappa * (2 * Rp + h + 2 * Cp + h) - (2 * D + h)  # deficits are excesses plus h
    combination = 2 * (Rp + Cp - D) + (2 * kappa - 2) * (Rp + Cp) + (2 * kappa - 1) * h
    return sp.expand(excess - combination) == 0 and kappa >= 1, f"multipliers 2, {2 * kappa - 2}, {2 * kappa - 1}"


def _monotone_excess(sign):
    r"""$(x - b)_+ \le (x + h - b)_+$ for $h \ge 0$, in the three cases that cover the plane; `sign` flips h."""
    u, v, w = sp.symbols("u v w", nonnegative=True)
    b = sp.Symbol("b", nonnegative=True)
    # x - b = u; x - b = -v with h = v + u; x - b = -v with h = v - w <= v
    cases = [(b + u, v), (b - v, v + u), (b - v - w, v)]

    def positive_part(t):
        t = sp.expand(t)
        if t.is_nonnegative:
            return t
        if (-t).is_nonnegative:
            return sp.Integer(0)
        raise ValueError(f"sign of {t} is open")

    gains = [positive_part(x + sign * h - b if sign > 0 else x - b) - positive_part(x - b if sign > 0 else x + h - b)
             for x, h in cases]  # fmt: skip
    return all(sp.expand(g).is_nonnegative for g in gains), f"gains {gains}"


def _scaling_removes_excess(power):
    r"""$r - r \min(1, a/r)^p = (r - a)_+$ for $p = 1$, in the two cases $a = r + u$ and $r = a + u$."""
    u, t = sp.symbols("u t", positive=True)
    below = t - t * sp.Integer(1) ** power  # a >= r: the factor is 1, nothing is removed
    above = sp.simplify((t + u) - (t + u) * (t / (t + u)) ** power - u)  # r = a + u with a = t
    return below == 0 and above == 0, f"remainders {below}, {above}"


def _rank_one(weight):
    """Row i of d e^T / sum(d) sums to d_i exactly when sum(d) = sum(e); column j then to e_j."""
    d_i, e_j, S = sp.symbols("d_i e_j S", positive=True)
    # sum_j d_i e_j / S = d_i (sum_j e_j) / S and the same for columns; both totals are S
    row, column = d_i * (weight * S) / S, e_j * S / S
    return sp.simplify(row - d_i) == 0 and sp.simplify(column - e_j) == 0, f"row sum {row}, column sum {column}"


def _minimum(x, y):
    difference = sp.factor(sp.together(sp.sympify(x) - y))
    if difference.is_nonnegative:
        return y
    if difference.is_nonpositive:
        return x
    raise ValueError(f"order of {x} and {y} is open")


def _attained(kappa):
    """P = diag(p, q), a = (p - d, q), b = (p, q - d) with 0 < d < p, q: the distance is 3 d, the error 2 d."""
    d, u, v = sp.symbols("d u v", positive=True)
    p, q = d + u, d + v
    P, a, b = [[p, sp.Integer(0)], [sp.Integer(0), q]], [u, q], [p, v]
    R = round_exact(P, a, b, minimum=_minimum)
    moved = sum(abs(sp.simplify(R[i][j] - P[i][j])) for i, j in product(range(2), repeat=2))
    error = abs(sp.expand(p - a[0])) + abs(sp.expand(q - b[1]))
    return sp.simplify(moved - kappa * error) == 0, f"distance {sp.simplify(moved)}, error {error}"


def _exact_runs(kappa):
    """Execute the algorithm on rationals: marginals exact, bound respected, extremal member included."""
    F = Fraction
    runs = 0
    for k in range(1, 41):
        # entries from a fixed congruence: zeros, ties, heavy and light rows, no chance involved
        P = [[F((7 * k * (i + 2) * (j + 3) + i * i + 5 * j) % 11, 13) for j in range(4)] for i in range(3)]
        a = [F(1 + (k + 3 * i) % 5) for i in range(3)]
        b = [F(1 + (2 * k + j) % 7) for j in range(4)]
        a, b = [x / sum(a) for x in a], [x / sum(b) for x in b]
        if not _run_holds(P, a, b, kappa):
            return False, f"run {k} fails"
        runs += 1
    extremal = [[F(2, 3), F(0)], [F(0), F(2, 3)]], [F(1, 3), F(2, 3)], [F(2, 3), F(1, 3)]
    return _run_holds(*extremal, kappa), f"{runs} matrices and the extremal one, exact"


def _run_holds(P, a, b, kappa):
    R = round_exact(P, a, b)
    exact = [sum(row) for row in R] == a and [sum(column) for column in zip(*R)] == b
    nonnegative = all(x >= 0 for row in R for x in row)
    moved = sum(abs(x - y) for left, right in zip(R, P) for x, y in zip(left, right))
    rows = sum(abs(sum(row) - t) for row, t in zip(P, a))
    error = rows + sum(abs(sum(column) - t) for column, t in zip(zip(*P), b))
    return exact and nonnegative and moved <= Fraction(int(kappa.p), int(kappa.q)) * error


def prove() -> Proof:
    """Return the proof of `ot.rounding`."""
    steps = (
        Step(
            name="scaling removes the excess",
            evidence="identity",
            statement=r"Scaling a row of sum $r$ by $\min(1, a/r)$ removes exactly $(r - a)_+$; rows add up to $R_+$.",
            check=lambda: _scaling_removes_excess(1),
            anti_test=lambda: _scaling_removes_excess(2),
        ),
        Step(
            name="row scaling cannot enlarge a column's excess",
            evidence="identity",
            statement=(
                r"After the rows, $c'_j \leq c_j$ and $t \mapsto (t - b_j)_+$ is monotone: columns lose at most $C_+$, "
                r"so $D \leq R_+ + C_+$."
            ),
            check=lambda: _monotone_excess(+1),
            anti_test=lambda: _monotone_excess(-1),
        ),
        Step(
            name="the rank-one term completes both marginals",
            evidence="identity",
            statement=(
                r"With $d = a - r'' \geq 0$, $e = b - c'' \geq 0$ and $\sum d = \sum e = M - s + D$, the matrix "
                r"$d e^T / \sum d$ has row sums $d$ and column sums $e$ and mass $M - s + D$."
            ),
            check=lambda: _rank_one(sp.Integer(1)),
            anti_test=lambda: _rank_one(sp.Rational(101, 100)),
        ),
        Step(
            name="sum over rows, columns and entries",
            evidence="reduction",
            statement=(
                r"The steps above concern one row, one column or one entry of matrices of any shape, and everything "
                r"else is their sum. The scaled matrix lies below $P$ entrywise, so its distance to $P$ is the removed "
                r"mass $D$; by the triangle inequality the whole distance is at most $D + (M - s + D)$."
            ),
        ),
        Step(
            name="exact multipliers",
            evidence="exact certificate",
            statement=(
                r"$\frac{3}{2} (R_+ + R_- + C_+ + C_-) - (2 D + M - s) = 2 (R_+ + C_+ - D) + R_- + C_-$, since "
                r"$R_+ - R_- = C_+ - C_- = s - M$."
            ),
            check=lambda: _multipliers(KAPPA),
            anti_test=lambda: _multipliers(WRONG),
        ),
        Step(
            name="constant 1 without excess mass",
            evidence="exact certificate",
            statement=r"For $s \leq M$ the same chain gives $R_+ + R_- + C_+ + C_-$.",
            check=lambda: _light(sp.Integer(1)),
            anti_test=lambda: _light(sp.Rational(99, 100)),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=(
                r"$P = diag(p, q)$, $a = (p - \delta, q)$, $b = (p, q - \delta)$ with $0 < \delta < \min(p, q)$: "
                r"distance $3 \delta$, error $2 \delta$."
            ),
            check=lambda: _attained(KAPPA),
            anti_test=lambda: _attained(WRONG),
        ),
        Step(
            name="exact execution",
            evidence="exact certificate",
            statement=r"The algorithm in rational arithmetic: marginals exactly $a$ and $b$, the bound respected.",
            check=lambda: _exact_runs(KAPPA),
            anti_test=lambda: _exact_runs(WRONG),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES, exports={"constant": KAPPA})
