"""Units in which covariates have variance one and responses are uncorrelated, and the way back."""

from dataclasses import dataclass, replace

import numpy as np

from ..gate import Gate
from ..parameters import Parameters
from ..scaling import Scaling
from .parameters import SequentialParameters

__all__ = ["MultivariateScaling", "correlations"]


def correlations(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the matrix of correlations of the columns, in any units."""
    deviations = y - np.average(y, axis=0, weights=weight)
    deviations = deviations / np.abs(deviations).max(axis=0)
    spread = (deviations.T * weight) @ deviations
    heights = np.sqrt(np.diag(spread))
    return np.asarray(spread / np.outer(heights, heights))


@dataclass(frozen=True)
class MultivariateScaling:
    """``y' = root^-1 (y - shift)`` with a lower triangular root, diagonal where covariances are; covariates apart.

    A lower triangular map keeps the order of the regressions: it is linear in their coefficients.
    """

    covariates: Scaling
    shift: np.ndarray
    root: np.ndarray

    @classmethod
    def of(cls, gate: Gate, X: np.ndarray, y: np.ndarray, weight: np.ndarray, *, full: bool) -> "MultivariateScaling":
        """Return the map for these data, whose covariance has to be positive definite."""
        columns = [Scaling.of(gate, X, column, weight) for column in y.T]
        shift, heights = (np.array([getattr(own, name) for own in columns]) for name in ("y_shift", "y_scale"))
        root = np.diag(heights)
        if full:
            root = root @ np.linalg.cholesky(correlations(y, weight))
        return cls(replace(columns[0], y_shift=0.0, y_scale=1.0), shift, root)

    def scaled(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the data in these units."""
        inverse = np.linalg.inv(self.root)
        return (X - self.covariates.x_shift) / self.covariates.x_scale, (y - self.shift) @ inverse.T

    def parameters_in(self, at: SequentialParameters, *, linear_gate: bool) -> SequentialParameters:
        """Return the parameters in these units, given those of the raw data."""
        gate, rows = self._covariates(at, inwards=True, linear_gate=linear_gate)
        turn, heights = at.turn, np.diag(self.root)
        rows[:, :, -1] -= turn @ self.shift
        return _assembled(at, gate, rows / heights[:, None], turn @ self.root / heights[:, None], heights**-2.0)

    def parameters_out(self, at: SequentialParameters, *, linear_gate: bool) -> SequentialParameters:
        """Return the parameters of the raw data, given those in these units."""
        gate, rows = self._covariates(at, inwards=False, linear_gate=linear_gate)
        heights = np.diag(self.root)
        turn = heights[:, None] * at.turn @ np.linalg.inv(self.root)
        rows *= heights[:, None]
        rows[:, :, -1] += turn @ self.shift
        return _assembled(at, gate, rows, turn, heights**2)

    def _covariates(
        self, at: SequentialParameters, *, inwards: bool, linear_gate: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return gate rows, and the part of the experts' rows that is on covariates, in the other units of these."""
        rows = at.expert[:, :, : at.gate.shape[1]]
        flat = Parameters(at.gate, rows.reshape(-1, rows.shape[2]), at.variance.ravel(), at.tau)
        change = self.covariates.parameters_in if inwards else self.covariates.parameters_out
        found = change(flat, linear_gate=linear_gate)
        return found.gate, found.expert.reshape(rows.shape)


def _assembled(
    at: SequentialParameters, gate: np.ndarray, rows: np.ndarray, turn: np.ndarray, units: np.ndarray
) -> SequentialParameters:
    past = at.expert.shape[2] - rows.shape[2]
    expert = np.concatenate([rows, -np.tril(turn, -1)[:, :, :past]], axis=2)
    return SequentialParameters(gate, expert, at.variance * units, at.tau)
