"""Solvers for problems with sparse structure, and the engine that verifies what theory says of them.

Families load on first use (PEP 562), so ``import sparsetheory`` imports neither numba nor scipy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: Solver families. Adding a family adds one name here and one folder of that name.
FAMILIES = ("ot", "bcd")
_MODULES = (*FAMILIES, "verify", "testing", "progress")

__all__ = ["FAMILIES", "__version__", "bcd", "ot", "progress", "testing", "verify"]

if TYPE_CHECKING:
    from . import bcd, ot, progress, testing, verify


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
