"""Standard errors of a fit from its information matrix, refused where the theory behind them is false."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from .._validation import check_choice
from .density import log_joint, sample_scores
from .likelihood import Likelihood
from .parameters import Layout, Parameters
from .scaling import Scaling

__all__ = ["KINDS", "RefusedWarning", "StandardErrors", "outwards", "parameter_errors", "sampling_covariance"]

#: What stands between the inverses of the information: nothing else, or the variance of the scores.
KINDS = ("observed", "sandwich")

LEAST_EIGENVALUE = 1e-8  # of the information per sample, in units where data have variance one
SAME = 0.001  # level at which the data do not tell two experts apart


class RefusedWarning(UserWarning):
    """Standard errors were asked for where normal theory does not hold; they are NaN."""


@dataclass(frozen=True, kw_only=True)
class StandardErrors:
    """Standard errors of every parameter, in the units of the parameter; zero for what is fixed.

    Attributes
    ----------
    gate_coef, gate_intercept : ndarray, shapes (k, d) and (k,)
    expert_coef, expert_intercept : ndarray, shapes (k, d) and (k,)
    variance : ndarray of shape (k,)
    temperature : float
    covariance : ndarray of shape (p, p)
        Of the free parameters: gate rows but the last (slopes, then intercept), expert rows, log variances, and the log
        temperature if it is estimated.
    least_eigenvalue : float
        Of the information per sample, in units where data have variance one.
    kind : str
    refused : str
        Why there are none; empty where there are.
    """

    gate_coef: np.ndarray
    gate_intercept: np.ndarray
    expert_coef: np.ndarray
    expert_intercept: np.ndarray
    variance: np.ndarray
    temperature: float
    covariance: np.ndarray
    least_eigenvalue: float
    kind: str
    refused: str = ""


def parameter_errors(
    layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray, *, kind: str, doubt: str = ""
) -> StandardErrors:
    r"""Return standard errors at a maximum of the likelihood.

    .. math:: \widehat{\mathrm{Cov}}(\hat\theta) = (n \hat I)^{-1} \text{ or } (n \hat I)^{-1} n \hat J (n \hat I)^{-1},
        \quad \hat I = -\tfrac{1}{n} \nabla^2 \ell(\hat\theta), \quad \hat J = \tfrac{1}{n} \sum_i s_i g_i g_i^\top

    with the exact Hessian of the log-likelihood, without penalties, and the gradients g_i of single samples.

    They are refused (NaN, and a `RefusedWarning` with the reason) where they would not be asymptotically right:
    a doubt of the caller; sparse gates, whose likelihood jumps where the active experts change; an expert with fewer
    expected samples than parameters; a least eigenvalue of the information below 1e-8; two experts that the data do not
    tell apart, by a Wald test at level 0.001. Fits with too many experts need not look like that: an expert may follow
    a few outliers, as if it were real. The estimator therefore also doubts fits that one expert less would serve.

    Parameters
    ----------
    layout : Layout
    at : Parameters
        In the units of the data.
    X, y, weight : ndarray
        The data of the fit; a weight of two is a row twice.
    kind : {"observed", "sandwich"}
    doubt : str, default ""
        Why the caller knows that they would be wrong.

    Returns
    -------
    StandardErrors
    """
    check_choice(kind, "kind", KINDS)
    scaling = Scaling.of(layout.gate, X, y, weight)
    scaled = scaling.scaled(X, y)
    likelihood = Likelihood(*scaled, weight, layout.gate, layout, penalty=0.0, scale=1.0, ridge=0.0)
    inner = scaling.parameters_in(at, linear_gate=layout.gate.linear)
    scores = sample_scores(layout, inner, *scaled) if kind == "sandwich" else None
    covariance, least, reason = sampling_covariance(likelihood, inner, *scaled, scores=scores, doubt=doubt)
    turn = outwards(layout, scaling, inner)
    return _arranged(layout, at, turn @ covariance @ turn.T, least, kind, reason)


def sampling_covariance(
    likelihood: Likelihood, at: Parameters, X: np.ndarray, y: np.ndarray, *, scores: np.ndarray | None, doubt: str
) -> tuple[np.ndarray, float, str]:
    """Return the covariance of the free parameters, the least eigenvalue of the information, and why it is refused.

    With the scores of single samples it is that of the sandwich. Everything is in the units of the likelihood; a
    refusal, whose covariance is NaN, warns.
    """
    layout, weight = likelihood.layout, likelihood.weight
    information = -likelihood.derivatives(at).hessian
    least = float(np.linalg.eigvalsh(information)[0])
    reason = doubt or _irregular(layout, at, X, y, weight)
    if not reason and not least >= LEAST_EIGENVALUE:
        reason = f"the least eigenvalue of the information per sample is {least:.1e}: no regular maximum"
    covariance = np.full((layout.n_free, layout.n_free), np.nan)
    if not reason:
        covariance = np.linalg.inv(information) / likelihood.total
        if scores is not None:
            covariance = covariance @ (scores.T * weight) @ scores @ covariance
        reason = next(_indistinct(layout, at, covariance), "")
    if reason:
        warnings.warn(f"no standard errors: {reason}", RefusedWarning, stacklevel=4)
        covariance = np.full_like(covariance, np.nan)
    return covariance, least, reason


def _irregular(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> str:
    """Return why the model at this point is not a regular one, as far as can be seen without the information."""
    gate = layout.gate
    if not gate.smooth:
        return "the likelihood of a sparse gate jumps where the active experts change"
    joint = log_joint(gate, at, X, y)
    joint -= joint.max(axis=1, keepdims=True)
    posterior = np.exp(joint)
    masses = weight @ (posterior / posterior.sum(axis=1, keepdims=True))
    if gate.n_experts > 1 and masses.min() < layout.needed:
        return f"expert {masses.argmin()} has {masses.min():.1f} expected samples, of {layout.needed} that it needs"
    return ""


def _indistinct(layout: Layout, at: Parameters, covariance: np.ndarray) -> Iterator[str]:
    """Yield the pairs of experts that may be one expert, as far as the data can tell."""
    from scipy.stats import chi2

    full = layout.spread @ covariance @ layout.spread.T
    values = layout.full(at)
    for i, j in combinations(range(layout.gate.n_experts), 2):
        own, other = layout.expert_slots(i), layout.expert_slots(j)
        contrast = np.zeros((len(own), len(full)))
        rows = np.arange(len(own))
        contrast[rows, own], contrast[rows, other] = 1.0, -1.0
        difference, spread = contrast @ values, contrast @ full @ contrast.T
        if difference @ np.linalg.pinv(spread, hermitian=True) @ difference <= chi2.isf(SAME, len(own)):
            yield f"experts {i} and {j} are not further apart than their errors"


def outwards(layout: Layout, scaling: Any, at: Parameters) -> np.ndarray:
    """Return the matrix that turns free parameters in scaled units into those of the data; the map is affine."""

    def out(step: np.ndarray) -> np.ndarray:
        moved = scaling.parameters_out(layout.moved(at, step), linear_gate=layout.gate.linear)
        return layout.free(layout.referred(moved))

    origin = out(np.zeros(layout.n_free))
    return np.column_stack([out(step) - origin for step in np.eye(layout.n_free)])


def _arranged(
    layout: Layout, at: Parameters, covariance: np.ndarray, least: float, kind: str, reason: str
) -> StandardErrors:
    """Return the roots of the diagonal in the shapes of the parameters."""
    full = np.einsum("ij,jk,ik->i", layout.spread, covariance, layout.spread)
    fixed = ~layout.spread.any(axis=1)
    errors = np.where(fixed, 0.0, np.sqrt(full))
    k, q, m = layout.gate.n_experts, layout.q, layout.gate.n_rows
    gate = np.zeros((k, q))
    gate[:m] = errors[: layout.n_gate].reshape(m, q)
    expert = errors[layout.n_gate : layout.n_gate + layout.n_expert].reshape(k, q)
    return StandardErrors(
        gate_coef=gate[:, :-1], gate_intercept=gate[:, -1], expert_coef=expert[:, :-1], expert_intercept=expert[:, -1],
        variance=at.variance * errors[layout.log_variances],
        temperature=at.tau * float(errors[-1]) if layout.gate.free_temperature else 0.0,
        covariance=covariance, least_eigenvalue=least, kind=kind, refused=reason,
    )  # fmt: skip
