"""The independent judge: what a returned plan is worth, from the plan and the problem alone, in double precision."""

import numpy as np

from benchmarks.ot.instance import Instance


def marginal_error(plan: np.ndarray, instance: Instance) -> float:
    """L1 error of both marginals, formed identically for everyone; NaN stays NaN."""
    plan = np.asarray(plan, dtype=np.float64)
    return float(np.abs(plan.sum(axis=1) - instance.a).sum() + np.abs(plan.sum(axis=0) - instance.b).sum())


def hardness(plan: np.ndarray, instance: Instance) -> float:
    """``1 - sigma_2^2`` of the coupling: Sinkhorn needs about ``log(1/tol)`` over this many iterations."""
    from scipy.sparse.linalg import svds

    r, c = plan.sum(axis=1), plan.sum(axis=0)
    normalised = plan / np.sqrt(r)[:, None] / np.sqrt(c)
    deflated = normalised - np.outer(np.sqrt(r), np.sqrt(c)) / r.sum()  # takes sigma_1 = 1 away
    sigma = svds(deflated, k=1, return_singular_vectors=False, v0=np.cos(np.arange(min(plan.shape))), tol=1e-12)
    return float(1 - sigma[0] ** 2)
