"""Gaussian mixtures of experts: maximum likelihood with softmax, sparse and tempered gates, and their theory."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "GaussianMoE": "estimators",
    "LOSSES": "losses",
    "MixingMeasure": "mixing_measure",
    "MoEResult": "result",
    "MultivariateMeasure": "multivariate.measure",
    "SOLVERS": "fitting",
    "activation_independence": "identifiability",
    "density_distance": "population",
    "hermite_solution": "polynomials",
    "information": "population",
    "maximize_likelihood": "maximum",
    "polynomial_system": "polynomials",
    "polynomial_value": "polynomials",
    "predicted_rates": "predicted_rate",
    "rbar": "polynomials",
    "representable": "identifiability",
    "simulate": "population",
    "voronoi_cells": "voronoi",
    "voronoi_loss": "voronoi",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from .estimators import GaussianMoE
    from .fitting import SOLVERS
    from .identifiability import activation_independence, representable
    from .losses import LOSSES
    from .maximum import maximize_likelihood
    from .mixing_measure import MixingMeasure
    from .multivariate.measure import MultivariateMeasure
    from .polynomials import hermite_solution, polynomial_system, polynomial_value, rbar
    from .population import density_distance, information, simulate
    from .predicted_rate import predicted_rates
    from .result import MoEResult
    from .voronoi import voronoi_cells, voronoi_loss
