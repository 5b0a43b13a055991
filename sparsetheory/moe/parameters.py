"""Parameters of a mixture of experts as arrays, and the vector of free ones that optimisers move."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .gate import Gate
from .mixing_measure import MixingMeasure

__all__ = ["Layout", "Parameters", "products"]


def products(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return x times slopes, (n, k), with samples next to each other in memory: sums over few experts are fast then."""
    return np.asarray((rows[:, :-1] @ X.T).T)


@dataclass(frozen=True)
class Parameters:
    """Gate rows and expert rows (k, d + 1), slopes first and then the intercept; variances (k,); temperature."""

    gate: np.ndarray
    expert: np.ndarray
    variance: np.ndarray
    tau: float = 1.0

    @classmethod
    def of(cls, G: MixingMeasure) -> "Parameters":
        """Return the parameters of a measure, as arrays of their own."""
        return cls(np.column_stack([G.beta1, G.beta0]), np.column_stack([G.a, G.b]), np.array(G.v), G.tau)

    @property
    def measure(self) -> MixingMeasure:
        """The parameters as a measure."""
        gate, expert = self.gate, self.expert
        return MixingMeasure(
            gate[:, -1], gate[:, :-1], a=expert[:, :-1], b=expert[:, -1], v=self.variance, tau=self.tau
        )

    @property
    def means(self) -> np.ndarray:
        """Rows of the means: slopes and then the intercept."""
        return self.expert

    def residuals(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the response minus the mean of every expert, (n, k)."""
        return np.asarray(y[:, None] - products(X, self.expert) - self.expert[:, -1])

    def log_normals(self, residuals: np.ndarray) -> np.ndarray:
        """Return the log densities of the experts, (n, k)."""
        return np.asarray(residuals**2 * (-0.5 / self.variance) - 0.5 * np.log(2.0 * np.pi * self.variance))


class Layout:
    """Which parameters are free, and where each of them is in the vector of free ones.

    The full vector holds the gate's free rows, the expert rows, the log variances and the log temperature. The free
    one leaves out what is fixed and holds tied variances once: ``full = fixed + spread @ free``.

    Parameters
    ----------
    gate : Gate
    d : int
        Number of covariates.
    variance : {"free", "tied"} or float
        One variance an expert, one for all, or a known one.
    """

    def __init__(self, gate: Gate, d: int, variance: Any = "free") -> None:
        self.gate, self.d, self.q = gate, d, d + 1
        self.variance = variance
        k, m = gate.n_experts, gate.n_rows
        self.n_gate, self.n_expert = m * self.q, k * self.q
        self.n_full = self.n_gate + self.n_expert + k + gate.free_temperature
        slots = np.arange(self.n_full)
        at = self.n_gate + self.n_expert
        if m == k:  # a common shift of all intercepts does not change the density
            slots[self.n_gate - 1] = -1
        if variance == "tied":
            slots[at : at + k] = at
        elif variance != "free":
            slots[at : at + k] = -1
        self._spread_over(slots)

    def _spread_over(self, slots: np.ndarray) -> None:
        """Set which free parameter every full one is, given their labels, -1 for what is fixed."""
        kept, column = np.unique(slots, return_inverse=True)
        self.spread = np.zeros((self.n_full, len(kept)))
        self.spread[np.arange(self.n_full), column] = 1.0
        if kept[0] == -1:
            self.spread = self.spread[:, 1:]
        self._first = np.array([int(np.flatnonzero(c)[0]) for c in self.spread.T])

    @property
    def n_free(self) -> int:
        """Number of free parameters."""
        return int(self.spread.shape[1])

    @property
    def needed(self) -> int:
        """Number of samples below which an expert has more parameters of its own than samples."""
        return self.q + 1

    def of_gate(self, gate: Gate) -> "Layout":
        """Return the same layout with another gate."""
        return Layout(gate, self.d, self.variance)

    def expert_slots(self, j: int) -> list[int]:
        """Return where the parameters are that only expert j has, in the full vector."""
        at = self.n_gate + j * self.q
        return [*range(at, at + self.q), *([self.log_variances.start + j] if self.variance == "free" else [])]

    @cached_property
    def moving(self) -> np.ndarray:
        """Where the gate's parameters are free: the reference intercept does not move."""
        return np.flatnonzero(self.spread[: self.n_gate].any(axis=1))

    @cached_property
    def ridged(self) -> np.ndarray:
        """Mask over the full vector: slopes of the gate."""
        mask = np.zeros(self.n_full, dtype=bool)
        mask[: self.n_gate] = np.arange(self.n_gate) % self.q < self.d
        return mask

    @property
    def log_variances(self) -> slice:
        """Where the log variances are in the full vector."""
        at = self.n_gate + self.n_expert
        return slice(at, at + self.gate.n_experts)

    def full(self, parameters: Parameters) -> np.ndarray:
        """Return the full vector."""
        parts = [
            parameters.gate[: self.gate.n_rows].ravel(), parameters.expert.ravel(), np.log(parameters.variance),
        ]  # fmt: skip
        return np.concatenate(parts + ([np.log([parameters.tau])] if self.gate.free_temperature else []))

    def free(self, parameters: Parameters) -> np.ndarray:
        """Return the vector of free parameters."""
        return self.full(parameters)[self._first]

    def moved(self, parameters: Parameters, step: np.ndarray) -> Parameters:
        """Return the parameters after a step of the free ones."""
        full = self.full(parameters) + self.spread @ step
        k, gate = self.gate.n_experts, np.array(parameters.gate)
        gate[: self.gate.n_rows] = full[: self.n_gate].reshape(-1, self.q)
        expert = full[self.n_gate : self.n_gate + self.n_expert].reshape(k, self.q)
        with np.errstate(over="ignore"):  # a step too far is seen by the likelihood, which is then not finite
            variance = np.exp(full[self.log_variances])
            tau = float(np.exp(full[-1])) if self.gate.free_temperature else parameters.tau
        return Parameters(gate, expert, variance, tau)

    def pinned(self, parameters: Any) -> Any:
        """Return the parameters with slopes of zero in the gate's reference: another density where they were not.

        Scores that are linear need no such thing: `referred` shifts them all.
        """
        if self.gate.linear or not np.any(parameters.gate[self.gate.n_rows :, :-1]):
            return parameters
        gate = np.array(parameters.gate)
        gate[self.gate.n_rows :, :-1] = 0.0
        return replace(parameters, gate=gate)

    def of_model(self, start: Any) -> Any:
        """Return a user's start as it is; refuse one whose gate is none of the model's."""
        if self.pinned(start) is not start:
            expected = "slopes of zero in the last gate row, which is the reference of this gate"
            raise InvalidArgument("init", expected, start.gate[-1, :-1])
        return start

    def referred(self, parameters: Parameters) -> Parameters:
        """Return the same density with the gate's reference where the layout has it."""
        gate = np.array(parameters.gate)
        if self.gate.linear:
            gate -= gate[-1]
        else:
            gate[:, -1] -= gate[-1, -1]
        return replace(parameters, gate=gate)
