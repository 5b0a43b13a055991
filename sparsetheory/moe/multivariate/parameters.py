"""Experts of several responses as regressions one after the other, and the vector of their free parameters."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..gate import Gate
from ..parameters import Layout, Parameters
from .measure import MultivariateMeasure

__all__ = ["COVARIANCES", "SequentialLayout", "SequentialParameters", "sequential"]

#: Covariances of an expert: any, or none between responses.
COVARIANCES = ("full", "diagonal")


def sequential(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the unit lower triangular T and the variances v with :math:`T \Sigma T^\top = \mathrm{diag}(v)`.

    Row a of ``I - T`` are the coefficients of response a on the responses before it, and v_a is what they leave of its
    variance (the modified Cholesky decomposition). Leading axes are broadcast.

    References
    ----------
    M. Pourahmadi, "Joint mean-covariance models with applications to longitudinal data", Biometrika 86, 1999.
    """
    root = np.linalg.cholesky(covariance)
    diagonal = np.diagonal(root, axis1=-2, axis2=-1)
    return np.tril(diagonal[..., None] * np.linalg.inv(root)), diagonal**2


@dataclass(frozen=True)
class SequentialParameters(Parameters):
    r"""Parameters of experts whose responses are regressions on the covariates and on the responses before them.

    .. math:: N(y; A_j x + b_j, \Sigma_j)
        = \prod_a N\Big(y_a; \alpha_{ja}^\top x + \beta_{ja} + \sum_{b < a} c_{jab} y_b, v_{ja}\Big)

    The map between both forms is smooth with a smooth inverse, and the right one has no constraint but v > 0: what is
    true of a regression holds for each factor. With one response it is a `Parameters`.

    Attributes
    ----------
    gate : ndarray of shape (k, d + 1)
    expert : ndarray of shape (k, q, d + 1 + q - 1)
        Rows (alpha, beta, c), zero from c_aa on; (k, q, d + 1), without c, where covariances are diagonal.
    variance : ndarray of shape (k, q)
        The v.
    tau : float
    """

    @classmethod
    def joined(
        cls, gate: np.ndarray, means: np.ndarray, covariance: np.ndarray, tau: float, *, full: bool
    ) -> "SequentialParameters":
        """Return the parameters of experts with rows (A, b), (k, q, d + 1), and covariances (k, q, q)."""
        if not full:
            return cls(gate, np.array(means), np.diagonal(covariance, axis1=1, axis2=2).copy(), tau)
        turn, variance = sequential(covariance)
        before = np.eye(covariance.shape[1]) - turn
        return cls(gate, np.concatenate([turn @ means, before[:, :, :-1]], axis=2), variance, tau)

    @property
    def n_responses(self) -> int:
        """Number q of responses."""
        return int(self.variance.shape[1])

    @property
    def full(self) -> bool:
        """Whether covariances are full."""
        return self.expert.shape[2] > self.gate.shape[1] or self.n_responses == 1

    @property
    def turn(self) -> np.ndarray:
        """The unit lower triangular T, (k, q, q)."""
        k, q = self.variance.shape
        found = np.zeros((k, q, q))
        found[:, :, : self.expert.shape[2] - self.gate.shape[1]] = -self.expert[:, :, self.gate.shape[1] :]
        found[:, np.arange(q), np.arange(q)] = 1.0
        return found

    @property
    def means(self) -> np.ndarray:
        """Rows (A, b) of the means, (k, q, d + 1)."""
        return np.asarray(np.linalg.solve(self.turn, self.expert[:, :, : self.gate.shape[1]]))

    @property
    def covariance(self) -> np.ndarray:
        """Covariances of the experts, (k, q, q)."""
        back = np.linalg.inv(self.turn)
        return np.asarray((back * self.variance[:, None]) @ np.swapaxes(back, 1, 2))

    @property
    def measure(self) -> MultivariateMeasure:  # type: ignore[override]
        """The parameters as a measure."""
        means, gate = self.means, self.gate
        return MultivariateMeasure(
            gate[:, -1], gate[:, :-1], A=means[:, :, :-1], b=means[:, :, -1], covariance=self.covariance, tau=self.tau
        )

    def residuals(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return every response minus its mean given those before it, (n, k, q)."""
        own = np.concatenate([X, np.ones((len(X), 1))], axis=1)
        past = np.tensordot(y, self.turn, (1, 2))
        return np.asarray(past - np.tensordot(own, self.expert[:, :, : self.gate.shape[1]], (1, 2)))

    def log_normals(self, residuals: np.ndarray) -> np.ndarray:
        """Return the log densities of the experts, (n, k)."""
        terms = -0.5 * residuals**2 / self.variance - 0.5 * np.log(2.0 * np.pi * self.variance)
        return np.asarray(terms.sum(axis=2))


class SequentialLayout(Layout):
    """Which parameters are free: as `Layout`, with a block of rows and log variances for every expert.

    The full vector holds the gate's free rows, then for every expert the rows, each as long as it has coefficients, and
    the log variances, then the log temperature.

    Parameters
    ----------
    gate : Gate
    d, n_responses : int
        Numbers of covariates and of responses.
    covariance : {"full", "diagonal"}
    variance : {"free", "tied"}
        A covariance an expert, or one for all.
    """

    def __init__(self, gate: Gate, d: int, n_responses: int, covariance: str = "full", variance: Any = "free") -> None:
        self.gate, self.d, self.q = gate, d, d + 1
        self.variance, self.covariance, self.n_responses = variance, covariance, n_responses
        self.is_full = covariance == "full"
        width = d + 1 + (n_responses - 1 if self.is_full else 0)
        self.used = np.arange(width) < d + 1 + np.arange(n_responses)[:, None]  # of the rows of an expert
        k, m = gate.n_experts, gate.n_rows
        self.n_gate, self.n_rows = m * self.q, int(self.used.sum())
        self.n_own = self.n_rows + n_responses
        self.n_expert = k * self.n_own
        self.n_full = self.n_gate + self.n_expert + gate.free_temperature
        slots = np.arange(self.n_full)
        if m == k:  # a common shift of all intercepts does not change the density
            slots[self.n_gate - 1] = -1
        if variance == "tied":
            blocks = slots[self.n_gate : self.n_gate + self.n_expert].reshape(k, self.n_own)
            blocks[:, self._of_covariance] = blocks[0, self._of_covariance]
        self._spread_over(slots)

    @property
    def needed(self) -> int:
        """Number of samples below which the last response has more parameters in an expert than samples."""
        return self.used.shape[1] + 1

    @cached_property
    def _of_covariance(self) -> np.ndarray:
        """Mask over the block of an expert: what covariances consist of."""
        return np.concatenate([np.nonzero(self.used)[1] > self.d, np.ones(self.n_responses, dtype=bool)])

    def expert_slots(self, j: int) -> list[int]:
        """Return where the parameters are that only expert j has, in the full vector."""
        own = np.arange(self.n_own) if self.variance == "free" else np.flatnonzero(~self._of_covariance)
        return list(self.n_gate + j * self.n_own + own)

    def of_gate(self, gate: Gate) -> "SequentialLayout":
        """Return the same layout with another gate."""
        return SequentialLayout(gate, self.d, self.n_responses, self.covariance, self.variance)

    @cached_property
    def slots(self) -> np.ndarray:
        """Where row a of an expert begins in its block, (q + 1,); the last entry is where the log variances do."""
        return np.concatenate([[0], np.cumsum(self.used.sum(axis=1))])

    def full(self, parameters: Parameters) -> np.ndarray:
        """Return the full vector."""
        rows, k = parameters.expert[:, self.used], self.gate.n_experts
        own = np.concatenate([rows, np.log(parameters.variance)], axis=1)
        parts = [parameters.gate[: self.gate.n_rows].ravel(), own.reshape(k * self.n_own)]
        return np.concatenate(parts + ([np.log([parameters.tau])] if self.gate.free_temperature else []))

    def moved(self, parameters: Parameters, step: np.ndarray) -> SequentialParameters:
        """Return the parameters after a step of the free ones."""
        full = self.full(parameters) + self.spread @ step
        k, gate, expert = self.gate.n_experts, np.array(parameters.gate), np.zeros_like(parameters.expert)
        gate[: self.gate.n_rows] = full[: self.n_gate].reshape(-1, self.q)
        own = full[self.n_gate : self.n_gate + self.n_expert].reshape(k, self.n_own)
        expert[:, self.used] = own[:, : self.n_rows]
        with np.errstate(over="ignore"):  # a step too far is seen by the likelihood, which is then not finite
            variance = np.exp(own[:, self.n_rows :])
            tau = float(np.exp(full[-1])) if self.gate.free_temperature else parameters.tau
        return SequentialParameters(gate, expert, variance, tau)
