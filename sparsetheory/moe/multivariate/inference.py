"""Standard errors of a fit of several responses."""

from dataclasses import dataclass

import numpy as np

from ..inference import outwards, sampling_covariance
from .density import sample_scores
from .likelihood import MultivariateLikelihood
from .parameters import SequentialLayout, SequentialParameters
from .scaling import MultivariateScaling

__all__ = ["MultivariateErrors", "multivariate_errors"]

_STEP = 1e-100  # imaginary: differences of analytic functions without cancellation


@dataclass(frozen=True, kw_only=True)
class MultivariateErrors:
    """Standard errors of every parameter, in the units of the parameter; zero for what is fixed.

    Attributes
    ----------
    gate_coef, gate_intercept : ndarray, shapes (k, d) and (k,)
    expert_coef, expert_intercept : ndarray, shapes (k, q, d) and (k, q)
    expert_covariance : ndarray of shape (k, q, q)
        Of the entries of the experts' covariances.
    temperature : float
    covariance : ndarray of shape (p, p)
        Of the free parameters: gate rows but the last, then for every expert its responses as regressions on covariates
        and the responses before (see `SequentialParameters`) and their log variances; the log temperature if it is
        estimated.
    least_eigenvalue : float
        Of the information per sample, in units where covariates have variance one and responses are uncorrelated.
    kind : str
    refused : str
        Why there are none; empty where there are.
    """

    gate_coef: np.ndarray
    gate_intercept: np.ndarray
    expert_coef: np.ndarray
    expert_intercept: np.ndarray
    expert_covariance: np.ndarray
    temperature: float
    covariance: np.ndarray
    least_eigenvalue: float
    kind: str
    refused: str = ""


def multivariate_errors(
    layout: SequentialLayout, at: SequentialParameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray, *, kind: str,
    doubt: str = "",
) -> MultivariateErrors:  # fmt: skip
    """Return standard errors at a maximum of the likelihood, refused as `sparsetheory.moe.inference` says.

    Information and scores are those of the responses as regressions one after the other; means and covariances follow
    by the delta method.
    """
    gate = layout.gate
    scaling = MultivariateScaling.of(gate, X, y, weight, full=layout.is_full)
    scaled, inner = scaling.scaled(X, y), scaling.parameters_in(at, linear_gate=gate.linear)
    likelihood = MultivariateLikelihood(
        *scaled, weight, gate, layout, penalty=0.0, scale=np.eye(layout.n_responses), ridge=0.0
    )
    scores = sample_scores(layout, inner, *scaled) if kind == "sandwich" else None
    covariance, least, reason = sampling_covariance(likelihood, inner, *scaled, scores=scores, doubt=doubt)
    turn = outwards(layout, scaling, inner)
    covariance = turn @ covariance @ turn.T
    full = layout.spread @ np.nan_to_num(covariance) @ layout.spread.T
    moving = layout.spread.any(axis=1)
    unknown = np.where(moving, np.nan, 0.0) if reason else np.zeros(layout.n_full)
    errors = np.sqrt(np.diag(full)) + unknown
    rows = np.zeros((gate.n_experts, layout.q))
    rows[: gate.n_rows] = errors[: layout.n_gate].reshape(-1, layout.q)
    means, spreads = _experts(layout, at, full)
    lost = np.nan if reason else 0.0
    return MultivariateErrors(
        gate_coef=rows[:, :-1], gate_intercept=rows[:, -1], expert_coef=means[:, :, :-1] + lost,
        expert_intercept=means[:, :, -1] + lost, expert_covariance=spreads + lost,
        temperature=at.tau * float(errors[-1]) if gate.free_temperature else 0.0,
        covariance=covariance, least_eigenvalue=least, kind=kind, refused=reason,
    )  # fmt: skip


def _experts(
    layout: SequentialLayout, at: SequentialParameters, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the errors of the rows of the means and of the entries of the covariances."""
    k, q, inputs = layout.gate.n_experts, layout.n_responses, layout.q
    errors = np.empty((k, q * (inputs + q)))
    values = layout.full(at)
    for j in range(k):
        block: np.ndarray = layout.n_gate + j * layout.n_own + np.arange(layout.n_own)
        steps = values[block] + 1j * _STEP * np.eye(layout.n_own)
        slope = np.array([_natural(layout, own).imag / _STEP for own in steps])
        errors[j] = np.sqrt(np.maximum(np.einsum("ia,ij,ja->a", slope, covariance[np.ix_(block, block)], slope), 0.0))
    return errors[:, : q * inputs].reshape(k, q, inputs), errors[:, q * inputs :].reshape(k, q, q)


def _natural(layout: SequentialLayout, own: np.ndarray) -> np.ndarray:
    """Return rows of the means and entries of the covariance of one expert, given its block of the full vector."""
    q, inputs = layout.n_responses, layout.q
    rows: np.ndarray = np.zeros(layout.used.shape, dtype=complex)
    rows[layout.used] = own[: layout.n_rows]
    past = np.zeros((q, q), dtype=complex)
    past[:, : rows.shape[1] - inputs] = rows[:, inputs:]
    back = np.linalg.inv(np.eye(q) - past)
    covariance = (back * np.exp(own[layout.n_rows :])) @ back.T
    return np.concatenate([(back @ rows[:, :inputs]).ravel(), covariance.ravel()])
