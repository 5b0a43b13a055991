"""Sparse linear regression under local differential privacy: randomisers, clients, servers and their theory."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "AuditReport": "auditing",
    "BudgetSpent": "errors",
    "GramNoise": "prediction",
    "InsufficientUsers": "errors",
    "LDPResult": "estimation",
    "ProtocolError": "errors",
    "ScoreNoise": "prediction",
    "audit": "auditing",
    "elementary_estimator": "elementary",
    "estimate": "estimation",
    "gaussian_weight": "prediction",
    "gram_noise": "prediction",
    "gram_share": "prediction",
    "iht": "hard_thresholding",
    "n_required": "prediction",
    "noise_to_eigenvalue": "prediction",
    "predicted_error": "prediction",
    "score_noise": "prediction",
    "soft_threshold_risk": "soft_risk",
    "universal_threshold": "prediction",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from .auditing import AuditReport, audit
    from .elementary import elementary_estimator
    from .errors import BudgetSpent, InsufficientUsers, ProtocolError
    from .estimation import LDPResult, estimate
    from .hard_thresholding import iht
    from .prediction import (
        GramNoise,
        ScoreNoise,
        gaussian_weight,
        gram_noise,
        gram_share,
        n_required,
        noise_to_eigenvalue,
        predicted_error,
        score_noise,
        universal_threshold,
    )
    from .soft_risk import soft_threshold_risk
