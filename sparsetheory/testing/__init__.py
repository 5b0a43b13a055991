"""Property tests for other people's algorithms: strategies, properties, contracts, `check_solver`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Contract": "contract",
    "Design": "matrices",
    "Finding": "finding",
    "LassoProblem": "lasso.problem",
    "OTProblem": "problem",
    "RegressionProblem": "regression",
    "Report": "report",
    "Requirement": "contract",
    "SPDMatrix": "matrices",
    "SparseVector": "regression",
    "check_solver": "contract",
    "parametrize_with_properties": "contract",
}
_MODULES = ("lasso", "properties", "reference", "strategies")

__all__ = sorted((*_HOME, *_MODULES))

if TYPE_CHECKING:
    from . import lasso, properties, reference, strategies
    from .contract import Contract, Requirement, check_solver, parametrize_with_properties
    from .finding import Finding
    from .lasso.problem import LassoProblem
    from .matrices import Design, SPDMatrix
    from .problem import OTProblem
    from .regression import RegressionProblem, SparseVector
    from .report import Report


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
