"""The contract ``bilevel_first_order``: its problems and its properties."""

from . import properties
from .problem import BilevelProblem

__all__ = ["BilevelProblem", "properties"]
