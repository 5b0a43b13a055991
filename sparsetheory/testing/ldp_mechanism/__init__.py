"""The contract ``ldp_mechanism``: vectors to hide, and what their private versions must satisfy."""

from . import properties
from .problem import VectorProblem

__all__ = ["VectorProblem", "properties"]
