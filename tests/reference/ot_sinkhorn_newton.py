"""Sinkhorn-Newton-Sparse as one reads it in the paper: dense matrices, NumPy, no stabilisation."""

import numpy as np


def sinkhorn_newton_sparse(C, a, b, reg, n_sinkhorn, n_newton, n_kept):
    """Return (f, g) after the steps, and the L1 error at the start of every Newton step and at the end."""
    f, g = np.zeros(len(a)), np.zeros(len(b))

    def plan(f, g):
        return np.exp((f[:, None] + g - C) / reg)

    def gradient(f, g):
        P = plan(f, g)
        return np.concatenate([a - P.sum(axis=1), b - P.sum(axis=0)])

    def objective(f, g):
        return a @ f + b @ g - reg * plan(f, g).sum()

    for _ in range(n_sinkhorn):
        f = f + reg * (np.log(a) - np.log(plan(f, g).sum(axis=1)))
        g = g + reg * (np.log(b) - np.log(plan(f, g).sum(axis=0)))

    errors = [np.abs(gradient(f, g)).sum()]
    for _ in range(n_newton):
        P = plan(f, g)
        smallest_kept = np.sort(P, axis=None)[-n_kept]
        S = np.where(smallest_kept <= P, P, 0.0)
        hessian = np.block([[np.diag(P.sum(axis=1)), S], [S.T, np.diag(P.sum(axis=0))]]) / reg
        direction = np.linalg.lstsq(hessian, gradient(f, g))[0]  # singular when nothing is dropped
        slope = gradient(f, g) @ direction
        step = 1.0
        while objective(f + step * direction[: len(a)], g + step * direction[len(a) :]) < (
            objective(f, g) + 1e-4 * step * slope
        ):
            step /= 2
        f, g = f + step * direction[: len(a)], g + step * direction[len(a) :]
        errors.append(np.abs(gradient(f, g)).sum())
    return f, g, np.array(errors)
