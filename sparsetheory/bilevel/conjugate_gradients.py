"""Conjugate gradients for a Hessian known through products, preconditioned by what earlier systems taught."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from .recycled import Recycled
from .sets import Face

__all__ = ["Krylov", "conjugate_gradients"]

Operator = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Krylov:
    """The best iterate and what was seen on the way.

    Attributes
    ----------
    solution, residual : ndarray
        The residual of the recursion; rounding and differences may have moved the true one.
    flat : ndarray or None
        A direction along which curvature is not positive, where the iteration met one.
    least, largest : float
        Extremes of the curvatures seen: of the Ritz values where nothing was remembered, else of Rayleigh quotients.
    """

    solution: np.ndarray
    residual: np.ndarray
    flat: np.ndarray | None
    least: float
    largest: float


def conjugate_gradients(
    times: Operator,
    target: np.ndarray,
    *,
    tol: float,
    memory: Recycled,
    face: Face | None = None,
    flat: float = 1e-14,
    max_iter: int = 1000,
) -> Krylov:
    """Solve H v = target along a face, with what bends it added to H, to a residual of `tol`, from zero.

    The products H p are remembered for the next system. A direction whose curvature is below `flat`, relative to the
    largest seen, ends the iteration: what is left of the target lies outside the range, or H bends down.
    """
    v, residual = np.zeros(len(target)), target.copy()
    best, least = (v, residual), float(residual.dot(residual))
    low, high, steep, dead = np.inf, 0.0, 0.0, None
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    lengths: list[float] = []
    shares: list[float] = []
    plain = not len(memory)
    direction, inner, square = np.zeros(0), 1.0, least
    while least > tol * tol and len(pairs) < max_iter:
        ahead = memory.times(residual)
        if face is not None:
            ahead = face.tangent(ahead)
        inner, last = float(residual.dot(ahead)), inner
        direction = ahead + (inner / last) * direction if pairs else ahead
        product = times(direction)
        curve = product if face is None else face.add_curvature(product, direction)
        bend, size = float(direction.dot(curve)), float(direction.dot(direction))
        steep = max(steep, float(curve.dot(curve)) / size) if size > 0 else np.inf
        if not bend > flat * steep**0.5 * size:  # NaN too
            dead = direction
            break
        low, high = min(low, bend / size), max(high, bend / size)
        length = inner / bend
        v = v + length * direction
        residual = residual - length * curve
        square, before = float(residual.dot(residual)), square
        if not pairs:
            memory.contraction = (square / least) ** 0.5
        pairs.append((direction, product))
        lengths.append(length * memory.scale)
        shares.append(square / before)
        if square < least:
            best, least = (v, residual), square
        elif not isfinite(square):
            break
    if len(pairs) > 1 or (pairs and not memory.contraction < 0.01):  # else nothing was new
        memory.learn(pairs)
    if plain and lengths:
        low, high = _ritz(lengths, shares)
    return Krylov(*best, dead, low, high)


def _ritz(lengths: list[float], shares: list[float]) -> tuple[float, float]:
    """Return the extreme eigenvalues of the Lanczos matrix that the coefficients stand for."""
    from scipy.linalg import eigvalsh_tridiagonal

    inverse, share = 1.0 / np.array(lengths), np.array(shares)
    diagonal = inverse + np.append(0.0, share[:-1] * inverse[:-1])
    ritz = eigvalsh_tridiagonal(diagonal, np.sqrt(share[:-1]) * inverse[:-1])
    return float(max(ritz[0], 0.0)), float(ritz[-1])
