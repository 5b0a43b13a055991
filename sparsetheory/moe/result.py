"""What a maximum likelihood fit returns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..result import Result
from .gate import Gate
from .mixing_measure import MixingMeasure
from .parameters import Parameters

__all__ = ["MoEResult"]


@dataclass(frozen=True, kw_only=True, repr=False)
class MoEResult(Result):
    """The best maximum found, with its certificate.

    Attributes
    ----------
    gate : Gate
        The gate that was fitted.
    parameters : Parameters
        Gate rows, expert rows and variances, in the units of the data.
    log_likelihood : float
        Weighted mean of log p(y | x), without penalties, recomputed from the data.
    error : float
        Largest entry of the gradient of the objective per sample, by parameters in units where covariates and response
        have variance one; recomputed apart from the kernels. For sparse gates, whose likelihood jumps where a sample
        switches experts: what is left of the gradient after samples next to a switch have held it (multipliers >= 0),
        or the gain per sample that a line search along the gate's coordinates still finds, whichever is larger.
    penalty : float
        Weight of the variance penalty that the objective at the end still had; 0 for a maximum of the likelihood.
    starts : ndarray
        The objective that each start led to, decreasing; on the subsample that was searched where there are more
        than a few thousand samples.
    n_switches : int
        Line searches across cells of a sparse gate that raised the likelihood on the way to the end; 0 for others.
    masses : ndarray of shape (k,)
        Expected number of samples (weight) of every expert.
    n_passes : int
        Passes over the data, or over the subsample that starts are screened on.
    """

    gate: Gate
    parameters: Parameters
    log_likelihood: float
    penalty: float
    starts: np.ndarray
    masses: np.ndarray
    n_passes: int
    n_switches: int = 0

    error_name: ClassVar[str] = "gradient"

    @property
    def measure(self) -> MixingMeasure:
        """The fit as a measure over (gate slope, expert slope, intercept, variance)."""
        return self.parameters.measure

    def _headline(self) -> str:
        return f"({self.gate.name}, {self.gate.n_experts} experts) log-likelihood {self.log_likelihood:.8g} a sample"
