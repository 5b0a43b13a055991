"""The penalised likelihood of a mixture of experts with several responses."""

from typing import Any

import numpy as np

from ..density import log_gate
from ..experts import solve_normal
from ..gate import Gate
from ..likelihood import Expectation, Likelihood, Passes
from ..parameters import Parameters
from . import _sequential as kernels
from .parameters import SequentialLayout, sequential

__all__ = ["MultivariateLikelihood"]


class MultivariateLikelihood(Likelihood):
    r"""The declared objective, per unit of sample weight.

    .. math:: \frac{1}{\sum_i s_i} \Big\{ \sum_i s_i \log p(y_i \mid x_i)
        - a \sum_j \big(\mathrm{tr}(\hat\Sigma \Sigma_j^{-1}) + \log\det \Sigma_j\big)
        - \frac{\rho}{2} \sum_j \|\beta_{1j}\|^2 \Big\}

    The penalty is 2a samples for every expert whose residuals have the covariance of a single regression: up to a
    constant the logarithm of an inverse Wishart density with its mode there. Maxima of the expected likelihood are
    ``(S_j + 2 a Sigma) / (N_j + 2 a)``; linear maps of the response change it by a constant; with one response it is
    the penalty of `Likelihood`.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n, q)
    weight : ndarray of shape (n,)
    gate : Gate
    layout : SequentialLayout
    penalty : float
        a >= 0: keeps covariances away from singular ones, where the likelihood is unbounded.
    scale : ndarray of shape (q, q)
        Residual covariance of a single regression, the reference of the penalty; only its diagonal counts where
        covariances are diagonal.
    ridge : float
        rho >= 0, on the slopes of the gate.
    n_threads : int
        Threads over blocks of samples; results do not depend on it.
    """

    layout: SequentialLayout
    _passes = Passes(kernels.log_likelihood, kernels.expectation, kernels.derivatives)

    def __init__(
        self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, gate: Gate, layout: SequentialLayout, *,
        penalty: float, scale: Any, ridge: float, n_threads: int = 1,
    ) -> None:  # fmt: skip
        super().__init__(X, y, weight, gate, layout, penalty=penalty, scale=1.0, ridge=ridge, n_threads=n_threads)
        self.reference = scale if layout.is_full else np.diag(np.diag(scale))
        self.least = self.least * sequential(self.reference)[1]

    @property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Covariates (n, d) and responses (n, q)."""
        return self.Z[: self.layout.d].T, self.Z[self.layout.q :].T

    def log_experts(self, at: Parameters) -> np.ndarray:
        """Return the log densities of the experts at the samples, (n, k)."""
        return at.log_normals(at.residuals(*self.data))

    def responsibilities(self, at: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities of the experts given the responses, and without them, (n, k) each."""
        prior = log_gate(self.gate, at, self.data[0])
        joint = prior + self.log_experts(at)
        posterior = np.exp(joint - joint.max(axis=1, keepdims=True))
        return posterior / posterior.sum(axis=1, keepdims=True), np.exp(prior)

    def experts(self, at: Any, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return expert rows and variances after an EM step, given the moments before it.

        In the residuals r = T y - (alpha, beta) (x, 1), which are those of single responses given the ones before: with
        their regression delta and penalised covariance U^-1 D U^-T the new rows are U (alpha + delta), U T and D.
        """
        q, expert, variance = self.layout.q, np.array(at.expert), np.array(at.variance)
        turn = at.turn
        steps = np.array([self._regressed(own) for own in moments])
        squares = moments[:, q:, q:] - moments[:, q:, :q] @ np.swapaxes(steps, 1, 2)
        top = squares + 2 * self.penalty * (turn @ self.reference @ np.swapaxes(turn, 1, 2))
        bottom = moments[:, q - 1, q - 1] + 2 * self.penalty
        if self.layout.variance == "tied":
            top, bottom = np.broadcast_to(top.sum(axis=0), top.shape), np.full(len(bottom), bottom.sum())
        for j in range(len(expert)):
            further, found = self._split(top[j], bottom[j], variance[j])
            variance[j] = found
            expert[j, :, :q] = further @ (expert[j, :, :q] + steps[j])
            expert[j, :, q:] = (np.eye(len(found)) - further @ turn[j])[:, : expert.shape[2] - q]
        return expert, variance

    def _regressed(self, moments: np.ndarray) -> np.ndarray:
        """Return the regressions of the residuals on (x, 1), (q, d + 1)."""
        q = self.layout.q
        return np.array([solve_normal(moments[:q, :q], moments[:q, a]) for a in range(q, len(moments))])

    def _split(self, top: np.ndarray, bottom: float, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return U and D of a covariance; those of no change where it is none."""
        same = np.eye(len(before)), before
        if not (bottom > 0 and np.isfinite(top).all()):
            return same
        if not self.layout.is_full:
            found = np.diag(top) / bottom
            return same[0], np.where(found > 0, found, before)
        try:
            return sequential(0.5 * (top + top.T) / bottom)
        except np.linalg.LinAlgError:
            return same

    def gradient(self, at: Any, found: Expectation) -> np.ndarray:
        """Return the gradient in the free parameters, which the statistics of an EM step contain (Fisher's identity).

        They know nothing of a free temperature, which takes a pass of its own.
        """
        if self.gate.free_temperature or not np.isfinite(found.value):
            return self.derivatives(at).gradient
        layout, q = self.layout, self.layout.q
        on_x, squares = found.moments[:, q:, :q], found.moments[:, q:, q:]
        on_y = np.swapaxes(np.linalg.solve(at.turn, squares + at.expert[:, :, :q] @ np.swapaxes(on_x, 1, 2)), 1, 2)
        rows = np.concatenate([on_x, on_y[:, :, : layout.used.shape[1] - q]], axis=2) / at.variance[:, :, None]
        mass = found.moments[:, q - 1, q - 1, None]
        logs = 0.5 * (np.diagonal(squares, axis1=1, axis2=2) / at.variance - mass)
        own = np.concatenate([rows[:, layout.used], logs], axis=1)
        gradient = np.concatenate([found.gate_slope, own.ravel()])
        self.penalise(at, gradient)
        return layout.spread.T @ gradient / self.total

    def penalise(self, at: Any, gradient: np.ndarray, hessian: np.ndarray | None = None) -> None:
        """Add the derivatives of the penalties by the full parameters, in place."""
        layout, ridged = self.layout, self.layout.ridged
        gradient[ridged] -= self.ridge * layout.full(at)[ridged]
        if hessian is not None:
            hessian[ridged, ridged] -= self.ridge
        turn, a = at.turn, self.penalty
        pull = 2 * a * (turn @ self.reference) / at.variance[:, :, None]  # by the coefficients of responses on others
        length = (pull * turn).sum(axis=2)  # 2 a t' S t / v
        for j in range(self.gate.n_experts):
            block = layout.n_gate + j * layout.n_own
            for r in range(layout.n_responses):
                slots = block + np.arange(layout.slots[r] + layout.q, layout.slots[r + 1])
                last, past = block + layout.n_rows + r, len(slots)
                gradient[slots] += pull[j, r, :past]
                gradient[last] += 0.5 * length[j, r] - a
                if hessian is not None:
                    hessian[np.ix_(slots, slots)] -= 2 * a * self.reference[:past, :past] / at.variance[j, r]
                    hessian[slots, last] -= pull[j, r, :past]
                    hessian[last, slots] -= pull[j, r, :past]
                    hessian[last, last] -= 0.5 * length[j, r]

    def _objective(self, log_likelihood: float, at: Any) -> float:
        slopes, turn = at.gate[: self.gate.n_rows, :-1], at.turn
        with np.errstate(over="ignore"):  # slopes that a step took too far
            lengths = ((turn @ self.reference) * turn).sum(axis=2)
            off = self.penalty * float((lengths / at.variance + np.log(at.variance)).sum())
            value = (log_likelihood - off - 0.5 * self.ridge * float((slopes**2).sum())) / self.total
        return value if np.isfinite(value) else -np.inf
