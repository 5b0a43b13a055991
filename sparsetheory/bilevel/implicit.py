"""Hypergradients by implicit differentiation: one linear system in the lower Hessian on the face of the solution."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .oracles import Oracles
from .sets import ConvexSet, Face

__all__ = ["Adjoint", "adjoint_gradient", "face_of"]

_REFINEMENTS = 4
_RANGE = 1e-3  # relative residual above which a system has no solution


@dataclass(frozen=True, eq=False)
class Adjoint:
    """A hypergradient and what its formula assumed.

    Attributes
    ----------
    gradient : ndarray, shape (p,)
    vector : ndarray, shape (q,)
        The solution v of the system: warm start of the next one.
    unsolved : float
        Residual of the system relative to its right-hand side. A singular system that has a solution is solved; one
        that has none leaves a residual: then y is not the member of S(x) that is best for f.
    solved : bool
        Whether the residual is what was asked for, or small enough for the right-hand side to lie in the range.
    curvature : float
        Smallest curvature seen along the face, relative to the largest.
    margin : float
        How far y is from a change of face (see `Face`).
    """

    gradient: np.ndarray
    vector: np.ndarray
    unsolved: float
    solved: bool
    curvature: float
    margin: float


def adjoint_gradient(
    oracles: Oracles,
    x: np.ndarray,
    y: np.ndarray,
    Y: ConvexSet,
    *,
    tol: float,
    vector: np.ndarray | None = None,
    max_iter: int = 1000,
) -> Adjoint:
    r"""Return :math:`\nabla_x f - \nabla^2_{xy} g \, T (T^\top H T)^+ T^\top \nabla_y f` with T a basis of the face.

    H is the Hessian of g in y plus what the multiplier of a curved constraint adds. The system is solved to a residual
    of `tol` by conjugate gradients, refined with residuals from central differences; they start at `vector`, or at
    zero, which gives the solution of least norm where there are many.
    """
    in_x, in_y = oracles.grad_f(x, y)
    slope = oracles.grad_g_y(x, y)
    face = face_of(Y, y, slope)
    target = face.tangent(in_y)

    def hessian(v: np.ndarray) -> np.ndarray:
        return face.tangent(oracles.hvp_yy(x, y, v, slope)) + face.curvature * v

    def accurate(v: np.ndarray) -> np.ndarray:
        return face.tangent(oracles.central_yy(x, y, v)) + face.curvature * v

    flat = 1e-12 if oracles.problem.hvp_yy is not None else 1e-7  # what differences cannot tell from none
    flat = 1e-12 if oracles.problem.hvp_yy is not None else 1e-7  # what differences cannot tell from none
    v = np.zeros(len(y)) if vector is None else face.tangent(vector)
    residual, curvature = target - accurate(v) if v.any() else target, 1.0
    for _ in range(_REFINEMENTS):
        if float(np.linalg.norm(residual)) <= tol:
            break
        step, spread = _solve(hessian, residual, tol, max_iter, flat)
        curvature = min(curvature, spread)
        better = target - accurate(v + step)
        if not np.linalg.norm(better) < 0.5 * np.linalg.norm(residual):
            break
        v, residual = v + step, better
    gradient = in_x - oracles.hvp_xy(x, y, v) if v.any() else in_x
    size = float(np.linalg.norm(target))
    unsolved = float(np.linalg.norm(residual)) / size if size > 0 else 0.0
    solved = float(np.linalg.norm(residual)) <= max(2 * tol, _RANGE * size)
    return Adjoint(gradient, v, unsolved, solved, curvature, face.margin)


def face_of(Y: ConvexSet, y: np.ndarray, slope: np.ndarray) -> Face:
    """Return the face of the minimiser that y approximates: a projected gradient step lands on it, y only near it."""
    return Y.face(Y.project(y - slope), slope)


def _solve(
    hessian: Callable[[np.ndarray], np.ndarray], target: np.ndarray, tol: float, max_iter: int, flat: float
) -> tuple[np.ndarray, float]:
    """Return the best iterate of conjugate gradients from zero, and the least curvature seen over the largest."""
    v, residual = np.zeros(len(target)), target.copy()
    best, least = v, float(np.linalg.norm(residual))
    direction, square = residual.copy(), least**2
    lengths: list[float] = []
    shares: list[float] = []
    high = 0.0
    for _ in range(min(max_iter, 10 * len(target) + 20)):
        curve = hessian(direction)
        bend, size = float(direction @ curve), float(direction @ direction)
        high = max(high, abs(bend) / size)
        if bend <= flat * high * size:
            break  # a direction without curvature: the rest of the right-hand side lies outside the range
        length = square / bend
        v = v + length * direction
        residual = residual - length * curve
        square, last = float(residual @ residual), square
        lengths.append(length)
        shares.append(square / last)
        if np.sqrt(square) < least:
            best, least = v, float(np.sqrt(square))
        if least <= tol:
            break
        direction = residual + shares[-1] * direction
    return best, _spread(lengths, shares)


def _spread(lengths: list[float], shares: list[float]) -> float:
    """Return the least over the largest Ritz value of the Lanczos matrix that the coefficients stand for."""
    from scipy.linalg import eigvalsh_tridiagonal

    if not lengths:
        return 1.0
    inverse, share = 1.0 / np.array(lengths), np.array(shares)
    diagonal = inverse + np.append(0.0, share[:-1] * inverse[:-1])
    ritz = eigvalsh_tridiagonal(diagonal, np.sqrt(share[:-1]) * inverse[:-1])
    return float(max(ritz[0], 0.0) / ritz[-1])
