"""Solvers for problems with sparse structure, and the engine that verifies what theory says of them.

Families load on first use (PEP 562), so ``import sparsetheory`` imports neither numba nor scipy.
"""

from typing import TYPE_CHECKING

from ._lazy import lazy

__version__ = "0.1.0"

#: Solver families. Adding a family adds one name here and one folder of that name.
FAMILIES = ("ot", "bcd", "moe", "ldp", "bilevel")

__getattr__, __dir__, __all__ = lazy(__name__, {name: name for name in (*FAMILIES, "verify", "testing", "progress")})

if TYPE_CHECKING:
    from . import bcd, bilevel, ldp, moe, ot, progress, testing, verify
