"""A slow fit that starts at the truth: EM in its textbook form, with Newton steps for the gate."""

import numpy as np

from ..moe import Experts
from .problem import MoEProblem

__all__ = ["climb", "gradient", "mean_log_density"]

_MOST = 4000  # EM steps


def mean_log_density(problem: MoEProblem, at: Experts) -> float:
    """Return the mean of log p(y | x)."""
    return float(at.log_density(problem.X, problem.y).mean())


def _memberships(problem: MoEProblem, at: Experts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return posterior and gate weights, and the residuals, (n, k) each."""
    residuals = problem.y[:, None] - at.means(problem.X)
    log_gate = at.log_gate(problem.X)
    joint = log_gate - (residuals**2 / at.v + np.log(at.v)) / 2
    return np.exp(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True)), np.exp(log_gate), residuals


def gradient(problem: MoEProblem, at: Experts) -> np.ndarray:
    """Return the gradient of the mean log density, in units where covariates and response have variance one.

    By the gate rows, the expert rows and the log variances; slopes are those of centred covariates.
    """
    R, P, residuals = _memberships(problem, at)
    spread = problem.X.std(axis=0)
    scaled = (problem.X - problem.X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    design, n = np.column_stack([scaled, np.ones(len(scaled))]), len(scaled)
    experts = (R * residuals / at.v).T @ design * problem.y.std()
    variances = (R * (residuals**2 / at.v - 1)).sum(axis=0) / 2
    return np.concatenate([((R - P).T @ design).ravel(), experts.ravel(), variances]) / n


def climb(problem: MoEProblem, *, tol: float = 1e-7) -> tuple[Experts, float]:
    """Return where EM leads from the truth, and the largest entry of the gradient there."""
    assert problem.truth is not None
    at, design = problem.truth, np.column_stack([problem.X, np.ones(len(problem.y))])
    error = np.inf
    for step in range(_MOST):
        if step % 20 == 0:
            error = float(np.abs(gradient(problem, at)).max())
            if not error > tol:
                break
        at = _em_step(problem, at, design)
    return at, error


def _em_step(problem: MoEProblem, at: Experts, design: np.ndarray) -> Experts:
    """Least squares for every expert, and one halved Newton step for the gate."""
    R, P, _ = _memberships(problem, at)
    k, q = len(at), design.shape[1]
    experts, v = np.empty((k, q)), np.empty(k)
    for j in range(k):
        experts[j] = np.linalg.lstsq((design.T * R[:, j]) @ design, (design.T * R[:, j]) @ problem.y, rcond=None)[0]
        v[j] = R[:, j] @ (problem.y - design @ experts[j]) ** 2 / R[:, j].sum()
    rows = np.column_stack([at.beta1, at.beta0])
    bend = np.einsum("ni,nij,np,nq->ipjq", P, np.eye(k) - P[:, None, :], design, design).reshape(k * q, k * q)
    move = (np.linalg.pinv(bend, rcond=1e-10, hermitian=True) @ ((R - P).T @ design).ravel()).reshape(k, q)

    def expected(rows: np.ndarray) -> float:
        scores = design @ rows.T
        return float((R * (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))).sum())

    size = 1.0
    while size > 1e-6 and expected(rows + size * move) < expected(rows):
        size /= 2
    rows = rows + size * move
    return Experts(beta1=rows[:, :-1], beta0=rows[:, -1], a=experts[:, :-1], b=experts[:, -1], v=v)
