"""Units in which covariates and response have variance one, and the way back: an affine map changes no density."""

from dataclasses import dataclass

import numpy as np

from .gate import Gate
from .parameters import Parameters

__all__ = ["Scaling"]

_FLAT = 1e-12  # of the mean: less is the rounding of a constant


def _spread(deviations: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return root mean squares of columns, in any units: squares neither overflow nor vanish."""
    top = np.abs(deviations).max(axis=0)
    top = np.where(top > 0, top, 1.0)
    return np.asarray(top * np.sqrt(np.average((deviations / top) ** 2, axis=0, weights=weight)))


@dataclass(frozen=True)
class Scaling:
    """``x' = (x - x_shift) / x_scale`` and ``y' = (y - y_shift) / y_scale``."""

    x_shift: np.ndarray
    x_scale: np.ndarray
    y_shift: float
    y_scale: float

    @classmethod
    def of(cls, gate: Gate, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> "Scaling":
        """Return the map for these data; what would change the meaning of the gate's parameters is left out."""
        d, total = X.shape[1], weight.sum()
        mean, centre = weight @ X / total, float(weight @ y / total)
        spread, height = _spread(X - mean, weight), float(_spread(y - centre, weight))
        flat = spread <= _FLAT * np.abs(mean)
        spread = np.where(flat, np.where(mean != 0, np.abs(mean), 1.0), spread)
        return cls(
            x_shift=np.where(flat, 0.0, mean) if gate.may_centre else np.zeros(d),
            x_scale=spread if gate.may_scale else np.ones(d),
            y_shift=centre, y_scale=height if height > 0 else 1.0,
        )  # fmt: skip

    def scaled(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the data in these units, each covariate contiguous in memory."""
        rows = np.subtract(X.T, self.x_shift[:, None], order="C")
        rows /= self.x_scale[:, None]
        return rows.T, (y - self.y_shift) / self.y_scale

    def parameters_in(self, at: Parameters, *, linear_gate: bool) -> Parameters:
        """Return the parameters in these units, given those of the raw data."""
        gate, expert = np.array(at.gate, dtype=float), np.array(at.expert, dtype=float)
        if linear_gate:
            gate[:, -1] += gate[:, :-1] @ self.x_shift
        gate[:, :-1] *= self.x_scale
        expert[:, -1] = (expert[:, -1] + expert[:, :-1] @ self.x_shift - self.y_shift) / self.y_scale
        expert[:, :-1] *= self.x_scale / self.y_scale
        return Parameters(gate, expert, np.asarray(at.variance, dtype=float) / self.y_scale**2, at.tau)

    def parameters_out(self, at: Parameters, *, linear_gate: bool) -> Parameters:
        """Return the parameters of the raw data, given those in these units."""
        gate, expert = np.array(at.gate), np.array(at.expert)
        gate[:, :-1] /= self.x_scale
        expert[:, :-1] *= self.y_scale / self.x_scale
        expert[:, -1] = expert[:, -1] * self.y_scale + self.y_shift - expert[:, :-1] @ self.x_shift
        if linear_gate:
            gate[:, -1] -= gate[:, :-1] @ self.x_shift
        return Parameters(gate, expert, at.variance * self.y_scale**2, at.tau)
