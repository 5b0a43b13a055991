"""The fit of several responses: what of it depends on their number."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import InvalidArgument
from ..density import Recomputed, mean_log_density
from ..fitting import Fitting, masses
from ..local_search import permuted
from ..starts import from_memberships, regression
from .density import score_gradient
from .likelihood import MultivariateLikelihood
from .measure import MultivariateMeasure
from .moves import split_merges
from .parameters import SequentialLayout, SequentialParameters, sequential
from .scaling import MultivariateScaling

__all__ = ["MultivariateFitting"]

_EXACT = 1e-24  # residual variance that is rounding, in units where responses have variance one
_LEAST = 1e-3  # least variance of a start in any direction, relative to that of a single regression


class MultivariateFitting(Fitting):
    """One fit, in units where covariates have variance one and responses are uncorrelated."""

    layout: SequentialLayout
    scaling: MultivariateScaling  # type: ignore[assignment]
    reference: np.ndarray  # type: ignore[assignment]
    _objective: Any = MultivariateLikelihood

    def _units(self) -> Any:
        raw = self.raw
        return MultivariateScaling.of(self.gate, raw.X, raw.y, raw.weight, full=self.layout.is_full)

    def _reference(self) -> Any:
        """Residual covariance of one regression; 1 in directions in which it is but rounding."""
        data, full = self.data, self.layout.is_full
        covariance = _regressed(np.column_stack([data.X, np.ones(len(data.y))]), data.y, data.weight)[1]
        values, vectors = np.linalg.eigh(covariance if full else np.diag(np.diag(covariance)))
        values = np.maximum(np.where(values > _EXACT, values, 1.0), 1e-12)
        return (vectors * values) @ vectors.T

    def ready(self, at: Any) -> Any:
        """Return a start as the layout wants it: reference row, tied covariances."""
        if self.layout.variance == "tied":
            shared = np.broadcast_to(at.covariance.mean(axis=0), at.covariance.shape)
            at = SequentialParameters.joined(at.gate, at.means, shared, at.tau, full=self.layout.is_full)
        return self.layout.referred(at)

    def given(self, init: Any) -> Any:
        """Return the start that a measure stands for, None for what is no measure."""
        if not isinstance(init, MultivariateMeasure):
            return None
        layout, found = self.layout, (init.n_atoms, init.n_features, init.n_responses)
        wanted = self.gate.n_experts, layout.d, layout.n_responses
        if found != wanted:
            raise InvalidArgument("init", "{} atoms, {} features, {} responses".format(*wanted), str(found))
        gate, means = np.column_stack([init.beta1, init.beta0]), np.concatenate([init.A, init.b[..., None]], axis=2)
        at = SequentialParameters.joined(gate, means, init.covariance, init.tau, full=layout.is_full)
        return self.ready(self.scaling.parameters_in(layout.of_model(at), linear_gate=self.gate.linear))

    def start(self, rows: np.ndarray, labels: np.ndarray, tau: float) -> Any:
        """Return experts that fit their members, and a gate that separates the centres of their covariates."""
        X, y, weight = self.data.X[rows], self.data.y[rows], self.data.weight[rows]
        design = np.column_stack([X, np.ones(len(X))])
        gate = from_memberships(X, y[:, 0], weight, self.gate, labels, tau).gate
        everyone = _regressed(design, y, weight)
        experts = []
        for j in range(self.gate.n_experts):
            members = (labels == j) & (weight > 0)
            enough = members.sum() > self.layout.d + 1
            experts.append(_regressed(design[members], y[members], weight[members]) if enough else everyone)
        means, covariance = (np.array(parts) for parts in zip(*experts))
        full = self.layout.is_full
        return self.ready(SequentialParameters.joined(gate, means, self._floored(covariance), tau, full=full))

    def _floored(self, covariance: np.ndarray) -> np.ndarray:
        """Return covariances with variances of at least `_LEAST` times the reference in all directions."""
        root = np.linalg.cholesky(self.reference)
        inverse = np.linalg.inv(root)
        values, vectors = np.linalg.eigh(inverse @ covariance @ inverse.T)
        turned = root @ vectors
        return np.asarray((turned * np.maximum(values, _LEAST)[:, None]) @ np.swapaxes(turned, 1, 2))

    def segments(self, likelihood: Any, *, most: int = 0) -> None:
        """No start of this kind: the search over segments is that of a single response."""

    def moves(self, likelihood: Any, at: Any) -> Iterator[Any]:
        """Yield points that may be in better basins."""
        other = permuted(likelihood, at)
        if other is not at:
            yield other
        yield from split_merges(likelihood, at, most=2)

    def collapsed(self, at: Any, level: float) -> bool:
        """Return whether a variance given responses before is below some part of that of a single regression."""
        return not (at.variance > level * sequential(self.reference)[1]).all()

    def recomputed(self, at: Any) -> Recomputed:
        """Return log-likelihood in the units of the responses, its gradient and the masses, apart from the kernels."""
        gradient = score_gradient(self.layout, at, self.data.X, self.data.y, self.data.weight)
        raw, out = self.raw, self.scaling.parameters_out(at, linear_gate=self.gate.linear)
        value = mean_log_density(self.gate, out, raw.X, raw.y, raw.weight)
        return Recomputed(value, gradient, masses(self.likelihood(), at))


def _regressed(design: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (q, d + 1) and the residual covariance of a weighted regression."""
    rows = np.array([regression(design, column, weight)[0] for column in y.T])
    rest = y - design @ rows.T
    return rows, (rest.T * weight) @ rest / weight.sum()
