"""Strong convexity in sums of block norms the slow way: Gray codes, a semidefinite program, random directions."""

import numpy as np


def largest_form_by_gray_code(C):
    """Visit all sign vectors, one flip at a time: s'Cs changes by -4 s_i (Cs)_i + 4 C_ii."""
    n = len(C)
    s = np.ones(n)
    value = best = float(s @ C @ s)
    for k in range(1, 2 ** (n - 1)):
        i = (k & -k).bit_length() - 1  # the bit in which successive Gray codes differ
        value += -4.0 * s[i] * float(C[i] @ s) + 4.0 * C[i, i]
        s[i] = -s[i]
        best = max(best, value)
    return best


def relaxed_by_semidefinite_program(Q, blocks, metric):
    """Maximise tr(Q^{-1} G) over G >= 0 with tr(H_b^{-1} G_bb) <= 1; one over it is a lower bound."""
    import cvxpy as cp

    G = cp.Variable(Q.shape, PSD=True)
    limits = [cp.trace(np.linalg.inv(metric[np.ix_(b, b)]) @ G[np.ix_(b, b)]) <= 1 for b in map(list, blocks)]
    inverse = np.linalg.inv(Q)
    return 1.0 / cp.Problem(cp.Maximize(cp.trace((inverse + inverse.T) / 2 @ G)), limits).solve(solver="CLARABEL")


def quotients(Q, blocks, metric, rng, count):
    """Return x'Qx / N(x)^2 in random directions: none is below the constant."""
    found = []
    for _ in range(count):
        x = rng.standard_normal(len(Q)) * 10.0 ** rng.uniform(-2, 2, len(Q))
        norm = sum(np.sqrt(x[b] @ metric[np.ix_(b, b)] @ x[b]) for b in map(list, blocks))
        found.append(x @ Q @ x / norm**2)
    return np.array(found)
