r"""The entropic plan is exponentially close to the optimal face; a short proof with a better constant than published.

Decompose $P_\eta = (1 - \lambda) F + \lambda Q$ with $F$ on the optimal face and $Q$ in the hull of the other vertices.
Stationarity along $F - Q$, the bound $P_\eta \ge \lambda Q$ and Gibbs' inequality give
$\eta \Delta \le \log(1/\lambda) + H(Q) - H(F)$, entropies of couplings differ by at most $\log n$, and therefore
$\|P_\eta - F\|_1 \le 2 \lambda \le 2 n e^{-\eta \Delta} \le 6 n^2 e^{-\eta \Delta}$.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("ot.exponential_convergence")
HYPOTHESES = (
    r"unit mass: $\|Q - F\|_1 \leq 2$ and the entropy bounds",
    r"$a, b > 0$, finite costs: $P_\eta > 0$, so the objective is differentiable at $P_\eta$",
    r"not all vertices optimal: $\Delta$ exists",
    r"$\eta > (1 + 2 \log n)/\Delta$: used by the published proof only, not here",
)


def _symbols():
    return (sp.Symbol(name, real=True) for name in ("n", "eta", "gap"))


def sharp():
    """Return the bound that the argument gives: 2 n exp(-eta gap)."""
    n, eta, gap = _symbols()
    return 2 * n * sp.exp(-eta * gap)


def _derivative(sign):
    """d/dt of c (p + t d) + (p + t d) log(p + t d) / eta at 0, one entry: d (c + log p / eta) + d / eta."""
    p, eta = sp.symbols("p eta", positive=True)
    c, d, t = sp.symbols("c d t", real=True)
    objective = c * (p + t * d) + sign * (p + t * d) * sp.log(p + t * d) / eta
    gap = sp.simplify(sp.diff(objective, t).subs(t, 0) - d * (c + sp.log(p) / eta) - d / eta)
    return gap == 0, f"difference {gap}"


def _increasing(function):
    """Whether function(x + u) has a positive derivative in u for all x > 0, u >= 0."""
    x = sp.Symbol("x", positive=True)
    u = sp.Symbol("u", nonnegative=True)
    slope = sp.simplify(sp.diff(function(x + u), u))
    return slope.is_positive is True, f"slope {slope}"


def _gibbs(slope):
    """Gibbs in one variable, t - 1 - slope log t >= 0 for t > 0: zero at 1 with a derivative of the sign of t - 1."""
    t = sp.Symbol("t", positive=True)
    h = t - 1 - slope * sp.log(t)
    at_one, remainder = h.subs(t, 1), sp.simplify(sp.diff(h, t) - (t - 1) / t)
    return at_one == 0 and remainder == 0, f"value at 1: {at_one}, derivative minus (t - 1)/t: {remainder}"


def _subadditivity(weight):
    r"""Split sum q log(q / (a_i b_j)) into sum q log q - sum a log a - sum b log b, logarithm by logarithm.

    The left side is a sum over entries; a logarithm of a row sum collects the entries of its row. A 2 by 3 table shows
    every kind of term (an entry, a row sum, a column sum).
    """
    q = sp.Matrix(2, 3, sp.symbols("q_1:7", positive=True))
    rows = [sum(q[i, :]) for i in range(2)]
    columns = [sum(q[:, j]) for j in range(3)]
    # logarithms as symbols, so that the identity is one between polynomials
    lq = sp.Matrix(2, 3, sp.symbols("l_1:7", real=True))
    la, lb = sp.symbols("la_1:3", real=True), sp.symbols("lb_1:4", real=True)
    left = sum(q[i, j] * (lq[i, j] - la[i] - lb[j]) for i in range(2) for j in range(3))
    entropy_q = sum(q[i, j] * lq[i, j] for i in range(2) for j in range(3))
    entropy_ab = sum(r * t for r, t in zip(rows, la)) + weight * sum(c * t for c, t in zip(columns, lb))
    gap = sp.expand(left - (entropy_q - entropy_ab))
    return gap == 0, f"difference {gap}"


def _assemble(n_power):
    r"""From eta gap <= log(1/lambda) + log n: lambda <= n exp(-eta gap), distance <= 2 lambda = the sharp bound."""
    n, eta, gap = sp.symbols("n eta gap", positive=True)
    lam = sp.Symbol("lambda", positive=True)
    largest = sp.solve(sp.Eq(eta * gap, -sp.log(lam) + sp.log(n)), lam)
    real = dict(zip(_symbols(), (n, eta, gap)))
    difference = sp.simplify(2 * largest[0] - sharp().subs(real) * n ** (n_power - 1))
    return len(largest) == 1 and difference == 0, f"lambda <= {largest[0]}"


def _dominates(expression):
    """Whether the formula is at least the sharp bound for every n = 1 + k and every eta, gap."""
    n, eta, gap = _symbols()
    ratio = sp.simplify(expression / sharp())
    k = sp.Symbol("k", nonnegative=True)
    margin = sp.expand(ratio.subs(n, 1 + k) - 1)
    ok = not (ratio.free_symbols & {eta, gap}) and margin.is_nonnegative is True
    return ok, f"ratio to 2 n exp(-eta gap): {ratio}"


def _prefactor(constant):
    """Enclose 2e in a ball and compare; n^2 comes from exp(R_H) with R_H = 2 log n."""
    from flint import arb

    value = 2 * arb(1).exp()
    n = sp.Symbol("n", positive=True)
    power = sp.simplify(sp.exp(2 * sp.log(n)) - n**2)
    return bool(value <= constant) and power == 0, f"2e in {value}"


def _two_atoms(rate):
    r"""Two atoms, uniform: P = [[t, 1/2 - t], [1/2 - t, t]] with 2 t = 1/(1 + exp(-eta gap)) is stationary.

    Its error is 4 (1/2 - t) = 2/(1 + exp(eta gap)), and the product with exp(eta gap) tends to 2.
    """
    y, t = sp.symbols("y t", positive=True)  # y = eta * gap; off-diagonal entries cost gap more, 2 (1/2 - t) gap in all
    off = sp.Rational(1, 2) - t
    objective = 2 * off * y + 2 * (t * sp.log(t) + off * sp.log(off))
    optimum = 1 / (2 * (1 + sp.exp(-y)))
    stationary = sp.simplify(sp.logcombine(sp.diff(objective, t).subs(t, optimum), force=True))
    stationary = sp.simplify(sp.expand_log(sp.simplify(stationary), force=True))
    error = sp.simplify(4 * (sp.Rational(1, 2) - optimum) - 2 / (1 + sp.exp(y)))
    constant = sp.limit(2 / (1 + sp.exp(y)) * sp.exp(rate * y), y, sp.oo)
    return stationary == 0 and error == 0 and constant == 2, f"derivative {stationary}, limit {constant}"


def prove() -> Proof:
    """Return the proof of `ot.exponential_convergence`."""
    bound = CLAIM.bound.expression
    eta, gap = sp.Symbol("eta", real=True), sp.Symbol("gap", real=True)
    steps = (
        Step(
            name="decomposition",
            evidence="reduction",
            statement=(
                r"$P_\eta$ is a convex combination of vertices; collect the optimal ones: $P_\eta = (1 - \lambda) F + "
                r"\lambda Q$, $F$ on the optimal face, $Q$ in the hull of the other vertices, so $\langle C, Q - F "
                r"\rangle \geq \Delta$ and $\|P_\eta - F\|_1 = \lambda \|Q - F\|_1 \leq 2 \lambda$. "
                r"$P_\eta > 0$ because the slope of $t \log t$ at $0$ is $-\infty$ and $a b^T > 0$ is feasible; if "
                r"$\lambda = 0$ nothing is "
                r"to prove."
            ),
        ),
        Step(
            name="derivative of the objective",
            evidence="identity",
            statement=(
                r"Along $d = F - Q$, whose entries sum to zero, the objective $\langle C, P \rangle + \frac{1}{\eta} "
                r"\sum P \log P$ has the derivative $\sum d (C + \frac{1}{\eta} \log P_\eta)$, entry by entry. "
                r"$P_\eta + t d$ is feasible for $0 \leq t \leq \lambda$, so it is $\geq 0$: $\eta \Delta \leq \eta "
                r"\langle C, Q - F \rangle \leq \sum F \log P_\eta - \sum Q \log P_\eta$."
            ),
            check=lambda: _derivative(1),
            anti_test=lambda: _derivative(-1),
        ),
        Step(
            name="the part on Q",
            evidence="identity",
            statement=(
                r"$P_\eta \geq \lambda Q$ and the logarithm increases: "
                r"$-\sum Q \log P_\eta \leq \log(1/\lambda) + H(Q)$."
            ),
            check=lambda: _increasing(sp.log),
            anti_test=lambda: _increasing(lambda x: sp.log(1 / x)),
        ),
        Step(
            name="the part on F",
            evidence="identity",
            statement=(
                r"Gibbs: $t - 1 - \log t \geq 0$ at $t = P_\eta/F$, weighted with $F$ and summed, gives "
                r"$\sum F \log P_\eta \leq \sum F \log F = -H(F)$."
            ),
            check=lambda: _gibbs(1),
            anti_test=lambda: _gibbs(sp.Rational(101, 100)),
        ),
        Step(
            name="entropy of couplings",
            evidence="identity",
            statement=(
                r"$H(a) + H(b) - H(Q) = \sum Q \log(Q/(a b^T)) \geq 0$ by Gibbs; $H(F) \geq H(a)$ because $F_{ij} \leq "
                r"a_i$ and the logarithm increases; $H(b) \leq \log n$ by Gibbs. So $H(Q) - H(F) \leq \log n$."
            ),
            check=lambda: _subadditivity(1),
            anti_test=lambda: _subadditivity(2),
        ),
        Step(
            name="assembly",
            evidence="identity",
            statement=(
                r"$\eta \Delta \leq \log(1/\lambda) + \log n$, so $\lambda \leq n \exp(-\eta \Delta)$ and the "
                r"distance is at most $2 n \exp(-\eta \Delta)$."
            ),
            check=lambda: _assemble(1),
            anti_test=lambda: _assemble(2),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"$6 n^2 \exp(-\eta \Delta)$ is $3 n \geq 1$ times as much, whatever $\eta$ and $\Delta$.",
            check=lambda: _dominates(bound),
            anti_test=lambda: _dominates(bound * sp.exp(-eta * gap / 100)),
        ),
        Step(
            name="the published constant",
            evidence="enclosure",
            statement=(
                r"Weed's prefactor $2 R_1 \exp((R_1 + R_H)/R_1)$ at $R_1 = 1$, $R_H = 2 \log n$ is "
                r"$2 e n^2 \leq 6 n^2$."
            ),
            check=lambda: _prefactor(6),
            anti_test=lambda: _prefactor(5),
        ),
        Step(
            name="two atoms in closed form",
            evidence="identity",
            statement=(
                r"For $n = 2$ with uniform weights the error is $2/(1 + \exp(\eta \Delta))$: the exponent $\Delta$ "
                r"cannot be improved."
            ),
            check=lambda: _two_atoms(1),
            anti_test=lambda: _two_atoms(sp.Rational(101, 100)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES, exports={"sharp": sharp()})
