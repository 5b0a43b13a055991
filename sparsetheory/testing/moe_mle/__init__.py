"""The contract ``moe_mle``: data with a known density, properties of a fit, and a slow fit from the truth."""

from . import properties, reference
from .problem import MoEProblem

__all__ = ["MoEProblem", "properties", "reference"]
