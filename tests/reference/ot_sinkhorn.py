"""Sinkhorn and the semi-dual as one reads them in a textbook: NumPy, dense, in the log domain."""

import numpy as np
from scipy.special import logsumexp


def exact_rows(C, a, g, reg):
    """Return the f whose plan has row sums a, the plan and its column sums."""
    f = reg * (np.log(a) - logsumexp((g - C) / reg, axis=1))
    P = np.exp((f[:, None] + g - C) / reg)
    return f, P, P.sum(axis=0)


def sinkhorn(C, a, b, reg, n_iter):
    """Return (f, g) after n_iter updates of f and one fewer of g, and the L1 error after every update of f."""
    g, errors = np.zeros(len(b)), []
    for k in range(n_iter):
        f, _, columns = exact_rows(C, a, g, reg)
        errors.append(np.abs(columns - b).sum())
        if k + 1 < n_iter:
            g = reg * (np.log(b) - logsumexp((f[:, None] - C) / reg, axis=0))
    return f, g, np.array(errors)


def semi_dual(C, a, b, g, reg):
    """Return h(g) = a.f(g) + b.g, its gradient and its Hessian."""
    f, P, columns = exact_rows(C, a, g, reg)
    hessian = -(np.diag(columns) - P.T @ np.diag(1 / a) @ P) / reg
    return a @ f + b @ g, b - columns, hessian
