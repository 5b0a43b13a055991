"""Property tests for other people's algorithms: strategies, properties, contracts, `check_solver`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Contract": "contract",
    "Finding": "finding",
    "OTProblem": "problem",
    "Report": "report",
    "Requirement": "contract",
    "check_solver": "contract",
    "parametrize_with_properties": "contract",
}
_MODULES = ("properties", "reference", "strategies")

__all__ = sorted((*_HOME, *_MODULES))

if TYPE_CHECKING:
    from . import properties, reference, strategies
    from .contract import Contract, Requirement, check_solver, parametrize_with_properties
    from .finding import Finding
    from .problem import OTProblem
    from .report import Report


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
