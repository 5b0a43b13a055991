"""The contract ``bcd_quadratic``: its problems and its properties."""

from . import properties
from .problem import QuadraticProblem

__all__ = ["QuadraticProblem", "properties"]
