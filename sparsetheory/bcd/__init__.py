"""Block coordinate descent: any partition, selection and update on least squares, logistic, softmax and quadratics."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Additive": "approximate",
    "BCDResult": "result",
    "Box": "penalty",
    "GroupL1": "penalty",
    "L1": "penalty",
    "L1L2": "penalty",
    "LeastSquares": "linear",
    "Logistic": "linear",
    "Multiplicative": "approximate",
    "PARTITIONS": "partition",
    "Quadratic": "quadratic",
    "SELECTIONS": "selection",
    "Sampled": "approximate",
    "Softmax": "softmax",
    "UPDATES": "update",
    "minimize": "descent",
}

__all__ = sorted(_HOME)

if TYPE_CHECKING:
    from .approximate import Additive, Multiplicative, Sampled
    from .descent import minimize
    from .linear import LeastSquares, Logistic
    from .partition import PARTITIONS
    from .penalty import L1, L1L2, Box, GroupL1
    from .quadratic import Quadratic
    from .result import BCDResult
    from .selection import SELECTIONS
    from .softmax import Softmax
    from .update import UPDATES


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
