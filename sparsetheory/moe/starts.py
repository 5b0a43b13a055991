"""Starting points: memberships of the samples in several styles, and the parameters that they imply."""

import warnings
from collections.abc import Callable, Iterator

import numpy as np

from . import _gates as tags
from .experts import solve_normal
from .gate import Gate
from .parameters import Parameters

__all__ = ["STYLES", "from_memberships", "memberships", "regression"]

_EXACT = 1e-24  # residual variance that is rounding, relative to the mean square of the response
_LEAST = 1e-3  # least variance of a start, relative to that of a single regression


def _clusters(X: np.ndarray, y: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """k-means on covariates and response."""
    from scipy.cluster.vq import kmeans2

    points = np.column_stack([X, y])
    points = (points - points.mean(axis=0)) / np.maximum(points.std(axis=0), 1e-300)
    centres = points[rng.choice(len(points), size=k, replace=len(points) < k)]
    with warnings.catch_warnings():  # an empty cluster starts as a copy of the whole
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(kmeans2(points, centres, minit="matrix", iter=10)[1])


def _lines(X: np.ndarray, y: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """The nearest of k regressions, each through a few samples drawn at random."""
    n, d = X.shape
    design = np.column_stack([X, np.ones(n)])
    distances = np.empty((n, k))
    for j in range(k):
        chosen = rng.choice(n, size=min(n, d + 2), replace=False)
        row = np.linalg.lstsq(design[chosen], y[chosen], rcond=None)[0]
        distances[:, j] = _lengths(y - design @ row)
    return np.asarray(distances.argmin(axis=1))


def _lengths(residuals: np.ndarray) -> np.ndarray:
    return np.abs(residuals) if residuals.ndim == 1 else np.linalg.norm(residuals, axis=1)


def _residuals(X: np.ndarray, y: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Quantiles of the residuals of one regression on a random half of the samples; of several, in a direction."""
    if y.ndim == 2:
        y = y @ rng.normal(size=y.shape[1])
    design = np.column_stack([X, np.ones(len(X))])
    half = rng.random(len(y)) < 0.5
    row, _ = regression(design, y, half.astype(float)) if half.any() else (np.zeros(design.shape[1]), 1.0)
    rank = np.argsort(np.argsort(y - design @ row, kind="stable"), kind="stable")
    return np.asarray(rank * k // len(y))


def _random(X: np.ndarray, y: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Labels at random."""
    return rng.integers(k, size=len(y))


#: Name of a style -> function (X, y, k, rng) -> labels.
STYLES: dict[str, Callable[[np.ndarray, np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "kmeans": _clusters, "lines": _lines, "random": _random, "residuals": _residuals,
}  # fmt: skip


def memberships(
    X: np.ndarray, y: np.ndarray, k: int, rng: np.random.Generator, *, styles: tuple[str, ...] = tuple(STYLES)
) -> Iterator[np.ndarray]:
    """Yield labels 0, ..., k - 1 of the samples without end, the styles in turn."""
    while True:
        for style in styles:
            yield STYLES[style](X, y, k, rng)


def from_memberships(
    X: np.ndarray, y: np.ndarray, weight: np.ndarray, gate: Gate, labels: np.ndarray, tau: float
) -> Parameters:
    """Return experts that fit their members, and a gate that separates the centres of their covariates."""
    n, d = X.shape
    k = gate.n_experts
    design = np.column_stack([X, np.ones(n)])
    whole, scale = regression(design, y, weight)
    expert, variance = np.tile(whole, (k, 1)), np.full(k, scale)
    centres, shares = np.zeros((k, d)), np.full(k, 1.0)
    for j in range(k):
        members = (labels == j) & (weight > 0)
        if members.sum() > d + 1:
            expert[j], own = regression(design[members], y[members], weight[members])
            variance[j] = max(own, _LEAST * scale)
        if members.any():
            centres[j] = np.average(X[members], axis=0, weights=weight[members])
            shares[j] += weight[members].sum()
    return Parameters(_gate_rows(gate, centres, shares), expert, variance, tau)


def regression(design: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the coefficients and the residual variance of a weighted regression; 1 for one that is but rounding."""
    weighted = design.T * weight
    row = solve_normal(weighted @ design, weighted @ y)
    variance = float(weight @ (y - design @ row) ** 2 / weight.sum())
    return row, variance if variance > _EXACT * float(weight @ y**2 / weight.sum()) else 1.0


def _gate_rows(gate: Gate, centres: np.ndarray, shares: np.ndarray) -> np.ndarray:
    if gate.code == tags.LAPLACE:
        rows = np.column_stack([centres, np.log(shares)])
        rows[:, -1] -= rows[-1, -1]
        return rows
    rows = np.column_stack([centres - centres[-1], np.log(shares) - np.log(shares[-1])])
    rows[:, -1] -= 0.5 * ((centres**2).sum(axis=1) - (centres[-1] ** 2).sum()) if gate.linear else 0.0
    return rows
