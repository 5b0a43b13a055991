"""The contract ``lasso``: its problems, its properties, and the slow solver that answers are compared with."""

from . import properties, reference
from .problem import LassoProblem

__all__ = ["LassoProblem", "properties", "reference"]
