"""Hypergradients by implicit differentiation: one linear system in the lower Hessian on the face of the solution."""

from dataclasses import dataclass

import numpy as np

from .conjugate_gradients import Operator, conjugate_gradients
from .oracles import Oracles
from .recycled import Recycled
from .sets import ConvexSet, Face

__all__ = ["Adjoint", "adjoint_gradient", "face_of"]

_REFINEMENTS = 4
_ROUNDING = float(np.finfo(float).eps) ** (2 / 3)  # of central differences, relative
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
    left : float
        That residual: how steep f still is along S(x), or what was asked for.
    solved : bool
        Whether it is what was asked for, or small enough for the right-hand side to lie in the range.
    curvature : float
        Smallest curvature seen along the face, relative to the largest.
    largest : float
        Largest curvature seen along the face; infinite where no product was needed.
    mixing : float
        How much the mixed derivative stretches the vector, beside what H does to its steepest direction.
    face : Face
        Where y lies.
    """

    gradient: np.ndarray
    vector: np.ndarray
    unsolved: float
    left: float
    solved: bool
    curvature: float
    largest: float
    mixing: float
    face: Face

    @property
    def margin(self) -> float:
        """How far y is from a change of face (see `Face`)."""
        return self.face.margin


def adjoint_gradient(
    oracles: Oracles,
    x: np.ndarray,
    y: np.ndarray,
    Y: ConvexSet,
    *,
    tol: float,
    slope: np.ndarray | None = None,
    vector: np.ndarray | None = None,
    memory: Recycled | None = None,
    max_iter: int = 1000,
) -> Adjoint:
    r"""Return :math:`\nabla_x f - \nabla^2_{xy} g \, T (T^\top H T)^+ T^\top \nabla_y f` with T a basis of the face.

    H is the Hessian of g in y plus what the multiplier of a curved constraint adds. The system is solved to a residual
    of `tol` by conjugate gradients, refined with residuals from central differences; they start at `vector`, or at
    zero, which gives the solution of least norm where there are many. `slope` is the gradient of g in y at y where it
    is known, `memory` what earlier products taught.
    """
    in_x, in_y = oracles.grad_f(x, y)
    slope = oracles.grad_g_y(x, y) if slope is None else slope
    face = face_of(Y, y, slope)
    system = _System(oracles, x, y, slope, face, face.tangent(in_y), Recycled(len(y)) if memory is None else memory)
    v = np.zeros(len(y)) if vector is None else face.tangent(vector)
    solution = system.improve(v, tol, min(max_iter, 10 * len(y) + 20))
    size, off = float(np.linalg.norm(system.target)), float(np.linalg.norm(solution.residual))
    gradient = in_x if solution.mixed is None else in_x - solution.mixed
    unsolved, solved = off / size if size > 0 else 0.0, off <= max(2 * tol, _RANGE * size)
    return Adjoint(
        gradient, solution.v, unsolved, off, solved, system.spread, system.steepest or np.inf,
        system.mixing(solution), face,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Solution:
    """A vector, its residual, and the mixed second derivative times it; None stands for the product with zero."""

    v: np.ndarray
    residual: np.ndarray
    mixed: np.ndarray | None


@dataclass(eq=False)
class _System:
    """The linear system of the adjoint vector at a point."""

    oracles: Oracles
    x: np.ndarray
    y: np.ndarray
    slope: np.ndarray
    face: Face
    target: np.ndarray
    memory: Recycled
    least: float = np.inf
    largest: float = 0.0

    @property
    def spread(self) -> float:
        """The smallest curvature met over the largest, at earlier points too."""
        largest = self.steepest
        return max(min(self.least, self.memory.least), 0.0) / largest if largest > 0 else 1.0

    @property
    def steepest(self) -> float:
        """The largest curvature met, at earlier points too."""
        return max(self.largest, self.memory.largest)

    def mixing(self, solution: _Solution) -> float:
        """Return the length of the mixed derivative times the vector over the largest that H can make of it."""
        largest = self.steepest * float(solution.v.dot(solution.v)) ** 0.5
        if solution.mixed is None or not largest > 0:
            return 0.0
        return float(solution.mixed.dot(solution.mixed)) ** 0.5 / largest

    def improve(self, v: np.ndarray, tol: float, max_iter: int) -> _Solution:
        """Return a solution to a residual of `tol`, or the best one that a few refinements find."""
        forward = self.oracles.products(self.x, self.y, self.slope)
        if self.memory.whole and self.memory.contraction * float(self.target.dot(self.target)) ** 0.5 <= 0.5 * tol:
            v = np.zeros(len(v))  # one step will do, and the residual there needs no product
        residual = self.target - self.face.add_curvature(forward(v), v) if v.any() else self.target
        best = _Solution(v, residual, None)
        for _ in range(_REFINEMENTS):
            last = float(best.residual.dot(best.residual)) ** 0.5
            recycled = last > tol and self.memory.contraction * last <= 0.5 * tol
            if recycled:
                v = best.v + self.face.tangent(self.memory.times(best.residual))
            elif last > tol:
                v = best.v + self._correction(forward, best.residual, tol, max_iter)
            elif best.mixed is not None or not v.any():
                break
            found = self._at(v, tol)
            now = float(found.residual.dot(found.residual)) ** 0.5
            rough = best.mixed is None  # a residual by forward differences, which an accurate one cannot be held to
            if rough or now < last:
                best = found
            if recycled:
                self.memory.contraction = now / last
            elif now > 0.5 * last and not rough:
                break
        return best

    def _at(self, v: np.ndarray, tol: float) -> _Solution:
        """Return v with products by differences that are accurate enough for the tolerance, as far as that can be."""
        rounding = _ROUNDING * self.steepest * float(v.dot(v)) ** 0.5
        mixed, product = self.oracles.second(self.x, self.y, v, fine=rounding > tol)
        return _Solution(v, self.target - self.face.add_curvature(product, v), mixed)

    def _correction(self, forward: Operator, residual: np.ndarray, tol: float, max_iter: int) -> np.ndarray:
        found = conjugate_gradients(
            forward, residual, tol=0.5 * tol, memory=self.memory, face=self.face, max_iter=max_iter,
            flat=1e-12 if self.oracles.problem.hvp_yy is not None else 1e-7,  # what differences cannot tell from none
        )  # fmt: skip
        self.least, self.largest = min(self.least, found.least), max(self.largest, found.largest)
        return found.solution


def face_of(Y: ConvexSet, y: np.ndarray, slope: np.ndarray) -> Face:
    """Return the face of the minimiser that y approximates: a projected gradient step lands on it, y only near it."""
    return Y.face(Y.project(y - slope), slope)
