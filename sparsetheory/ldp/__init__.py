"""Sparse linear regression under local differential privacy: randomisers, clients, servers and their theory."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "AuditCase": "planted",
    "AuditReport": "auditing",
    "BudgetSpent": "errors",
    "DiscreteGaussian": "lattice_noise",
    "DiscreteGaussianVector": "discrete_gaussian",
    "DuchiBall": "duchi",
    "GaussianVector": "gaussian",
    "GramClient": "gram_client",
    "GramNoise": "prediction",
    "GramStats": "gram_stats",
    "IHTServer": "iht_server",
    "InsufficientUsers": "errors",
    "LDPIHTRegressor": "estimators",
    "LDPParams": "params",
    "LDPResult": "estimation",
    "NLDPRegressor": "estimators",
    "Population": "population",
    "PrivUnit": "privunit",
    "PrivUnitG": "privunitg",
    "PrivacyGuarantee": "guarantee",
    "ProtocolError": "errors",
    "Report": "report",
    "ReportBatch": "report",
    "ScoreClient": "score_client",
    "ScoreNoise": "prediction",
    "ScoreParams": "score_params",
    "ScoreRound": "score_params",
    "ScoreStats": "score_stats",
    "SecureStream": "csprng",
    "aggregate": "aggregation",
    "analytic_gaussian_sigma": "calibration",
    "audit": "auditing",
    "audit_cases": "planted",
    "classic_gaussian_sigma": "calibration",
    "composed_in_parallel": "guarantee",
    "coordinate_cross_moment_sensitivity": "sensitivity",
    "cross_moment_sensitivity": "sensitivity",
    "elementary_estimator": "elementary",
    "estimate": "estimation",
    "gaussian_weight": "prediction",
    "gdp_delta": "calibration",
    "gdp_epsilon": "calibration",
    "gdp_mu": "calibration",
    "gram_noise": "prediction",
    "gram_sensitivity": "sensitivity",
    "gram_share": "prediction",
    "iht": "hard_thresholding",
    "joint_sensitivity": "sensitivity",
    "lattice_mu": "lattice_noise",
    "lattice_scale": "lattice_noise",
    "lattice_sensitivity": "lattice_noise",
    "lattice_step": "lattice_noise",
    "n_required": "prediction",
    "noise_to_eigenvalue": "prediction",
    "packed_length": "packed",
    "predicted_error": "prediction",
    "privatize_chunk": "aggregation",
    "privatize_rows": "gram_client",
    "privatize_scores": "score_client",
    "published_score_radius": "sensitivity",
    "read_chunks": "aggregation",
    "score_noise": "prediction",
    "score_sensitivity": "sensitivity",
    "simulate": "simulate",
    "soft_threshold_risk": "soft_risk",
    "svec": "packed",
    "universal_threshold": "prediction",
    "unsvec": "packed",
    "zcdp_delta": "calibration",
    "zcdp_rho": "calibration",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from . import simulate
    from .aggregation import aggregate, privatize_chunk, read_chunks
    from .auditing import AuditReport, audit
    from .calibration import (
        analytic_gaussian_sigma,
        classic_gaussian_sigma,
        gdp_delta,
        gdp_epsilon,
        gdp_mu,
        zcdp_delta,
        zcdp_rho,
    )
    from .csprng import SecureStream
    from .discrete_gaussian import DiscreteGaussianVector
    from .duchi import DuchiBall
    from .elementary import elementary_estimator
    from .errors import BudgetSpent, InsufficientUsers, ProtocolError
    from .estimation import LDPResult, estimate
    from .estimators import LDPIHTRegressor, NLDPRegressor
    from .gaussian import GaussianVector
    from .gram_client import GramClient, privatize_rows
    from .gram_stats import GramStats
    from .guarantee import PrivacyGuarantee, composed_in_parallel
    from .hard_thresholding import iht
    from .iht_server import IHTServer
    from .lattice_noise import DiscreteGaussian, lattice_mu, lattice_scale, lattice_sensitivity, lattice_step
    from .packed import packed_length, svec, unsvec
    from .params import LDPParams
    from .planted import AuditCase, audit_cases
    from .population import Population
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
    from .privunit import PrivUnit
    from .privunitg import PrivUnitG
    from .report import Report, ReportBatch
    from .score_client import ScoreClient, privatize_scores
    from .score_params import ScoreParams, ScoreRound
    from .score_stats import ScoreStats
    from .sensitivity import (
        coordinate_cross_moment_sensitivity,
        cross_moment_sensitivity,
        gram_sensitivity,
        joint_sensitivity,
        published_score_radius,
        score_sensitivity,
    )
    from .soft_risk import soft_threshold_risk
