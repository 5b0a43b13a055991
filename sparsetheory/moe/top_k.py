"""Sparse gates: EM on the true likelihood, Newton's method inside a cell, and line searches across its sides."""

from typing import Any

import numpy as np
import scipy.linalg

from .._loop import Chunk
from ..result import Status
from .cells import Face, active_experts, multipliers, normals, ranking, room
from .em import EM
from .likelihood import Likelihood
from .newton import Model, better
from .parameters import Parameters
from .sweep import swept

__all__ = ["CellNewton", "TopK"]

_EM_STEPS = 20  # most EM steps in a row
_EM_GAIN = 1e-6  # per sample: less is left to Newton's method
_MOST = 1e12


class TopK:
    """The default for sparse gates. The likelihood jumps where samples switch experts and is smooth in between.

    1. EM steps, each accepted on the true likelihood.
    2. Newton steps inside the cell of the present active sets, to the maximum over the closed cell.
    3. A line search along every coordinate of the gate, across cells. Where it finds something, from the start.

    The error is the gradient that the sides of the cell do not hold, and not below what the last line search gained:
    it ends small only where both found nothing.
    """

    def __init__(self, likelihood: Likelihood, at: Parameters, *, tol: float) -> None:
        self.likelihood, self.at, self.tol = likelihood, at, tol
        self.n_switches = 0
        self._stage: Any = self._climb
        self._gain = 1.0

    def advance(self, budget: int) -> Chunk:
        """Make one stage, or one Newton step."""
        return self._stage()

    def _climb(self) -> Chunk:
        em = EM(self.likelihood, self.at)
        for _ in range(_EM_STEPS):
            before = em.found.value
            if not em.step() or em.found.value - before < _EM_GAIN:
                break
        self.at = em.at
        self._newton = CellNewton(self.likelihood, self.at, tol=0.1 * self.tol)
        self._stage = self._refine
        return self._chunk(em.error, em.found.value)

    def _refine(self) -> Chunk:
        moved = self._newton.step()
        self.at = self._newton.at
        if not moved:
            self._stage = self._cross
        return self._chunk(self._newton.error, self._newton.found.value)

    def _cross(self) -> Chunk:
        self.at, self._gain = swept(self.likelihood, self.at)
        self._stage = self._climb
        if self._gain:
            self.n_switches += 1
            return self._chunk(self._newton.error, self._newton.found.value + self._gain)
        stop = None if self._newton.error <= self.tol else Status.STALLED
        return self._chunk(self._newton.error, self._newton.found.value, stop)

    def _chunk(self, error: float, value: float, stop: Status | None = None) -> Chunk:
        return Chunk(n_iter=1, error=float(np.maximum(error, self._gain)), objective=value, stop=stop)


class CellNewton:
    """Newton's method over the closed cell of the active sets, a polyhedron: a primal active-set method.

    Steps end where the first sample would switch; its side then is a constraint, dropped when its multiplier turns
    negative. Samples on a side are held a hair inside of it, so that rounding leaves the active sets alone.
    """

    def __init__(self, likelihood: Likelihood, at: Parameters, *, tol: float) -> None:
        self.likelihood, self.at, self.tol = likelihood, at, tol
        self.found = likelihood.derivatives(at)
        self.faces: list[Face] = []
        self.damping = 1e-3

    @property
    def error(self) -> float:
        """Largest entry of the gradient that the sides of the cell leave."""
        return float(np.max(np.abs(multipliers(self.likelihood, self.at, self.found.gradient)[1]), initial=0.0))

    def step(self) -> bool:
        """Make one step that raises the objective, and return whether there was one."""
        rank = ranking(self.likelihood, self.at.gate)
        active = active_experts(rank, self.likelihood.gate.top_k)
        for _ in range(4 * self.likelihood.layout.n_gate + 8):
            basis = self._basis()
            reduced = basis.T @ self.found.gradient
            if np.max(np.abs(basis @ reduced), initial=0.0) <= self.tol:
                if not self._dropped():
                    return False
                continue
            direction = self._direction(basis, reduced)
            if direction is None:
                return False
            length, face = self._room(rank, active, direction)
            if face is not None and length <= 1e-14:
                self.faces.append(face)
            elif self._taken(direction, min(1.0, length), basis):
                if face is not None and length <= 1.0:
                    self.faces.append(face)
                return True
            if self.damping > _MOST:
                return False
        return False

    def _basis(self) -> np.ndarray:
        """Return an orthonormal basis of the directions that keep to the sides."""
        if not self.faces:
            return np.eye(self.likelihood.layout.n_free)
        inward = normals(self.likelihood, self.faces)
        return np.asarray(scipy.linalg.null_space(inward / np.linalg.norm(inward, axis=1, keepdims=True), rcond=1e-12))

    def _dropped(self) -> bool:
        """Drop the side with the most negative multiplier, and return whether there was one."""
        if not self.faces:
            return False
        inward = normals(self.likelihood, self.faces)
        push = np.linalg.lstsq(inward.T, -self.found.gradient, rcond=None)[0] * np.linalg.norm(inward, axis=1)
        worst = int(np.argmin(push))
        if push[worst] >= -self.tol:
            return False
        del self.faces[worst]
        return True

    def _direction(self, basis: np.ndarray, reduced: np.ndarray) -> np.ndarray | None:
        step = basis @ Model(basis.T @ self.found.hessian @ basis).step(reduced, self.damping)
        gain = float(self.found.gradient @ step)
        return step if np.isfinite(gain) and gain > 0 else None

    def _room(self, rank: np.ndarray, active: np.ndarray, step: np.ndarray) -> tuple[float, Face | None]:
        layout, k = self.likelihood.layout, self.likelihood.gate.n_experts
        rows = np.zeros((k, layout.q))
        rows[: self.likelihood.gate.n_rows] = (layout.spread @ step)[: layout.n_gate].reshape(-1, layout.q)
        return room(self.likelihood, rank, active, rows)

    def _taken(self, direction: np.ndarray, length: float, basis: np.ndarray) -> bool:
        """Go along the direction if the objective rises as it should; a step refused raises the damping."""
        trial = self.likelihood.layout.moved(self.at, length * direction)
        found = self.likelihood.derivatives(trial)
        before, after = (each._replace(gradient=basis.T @ each.gradient) for each in (self.found, found))
        if better(before, after, length * float(self.found.gradient @ direction)):
            self.at, self.found = trial, found
            self.damping = max(0.1 * self.damping, 1e-12)
            return True
        self.damping = max(self.damping, 1e-6) * 8.0
        return False
