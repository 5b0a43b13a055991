"""What the driver of `bilevel.minimize` asks of a method, and what a method is given."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from .._loop import Chunk
from .._validation import check_nonnegative, check_vector
from ..errors import InvalidArgument
from .evaluation import Point
from .oracles import Oracles
from .outer import Evaluate
from .sets import ConvexSet

__all__ = ["Method", "Setting", "check_exponents", "read_options"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What every method gets beside its start.

    Attributes
    ----------
    oracles : Oracles
    unit : float
        That of g (see `lower_unit`).
    X, Y : ConvexSet
    tol : float
        Stationarity to aim for.
    sigma : float or None
        First weight of f in the penalised lower level; None leaves it to the method.
    rng : numpy.random.Generator or None
        Draws the keys of samples.
    options : mapping
        What the method's own options differ in from their defaults.
    """

    oracles: Oracles
    unit: float = 1.0
    X: ConvexSet
    Y: ConvexSet
    tol: float
    sigma: float | None = None
    rng: np.random.Generator | None = None
    options: Mapping[str, Any]

    @property
    def judge(self) -> Oracles:
        """The oracles with g in its unit, for sigma and tolerances of ours; calls are counted together."""
        return replace(self.oracles, unit=self.unit)


class Method(Protocol):
    """A method takes steps and says which point it would return; it never says whether that point is good enough.

    Where a callable fails, `advance` lets `OracleFailure` through and still has the best point before it.
    """

    oracles: Oracles
    X: ConvexSet

    @property
    def x(self) -> np.ndarray:
        """The best upper point so far."""

    @property
    def point(self) -> Point:
        """What is known of it."""

    @property
    def kind(self) -> str:
        """Which description of psi it is held to: implicit, selected or penalty."""

    @property
    def reason(self) -> str:
        """What a reader of the result should know of this run; empty where there is nothing."""

    def advance(self, budget: int) -> Chunk:
        """Take at most `budget` upper steps."""

    def again(self) -> Evaluate:
        """Return an evaluation of the kind that shares nothing with the run but the point."""


def read_options(kind: type[T], given: Mapping[str, Any]) -> T:
    """Return the options of a method, with a name that it does not know refused."""
    if not isinstance(given, Mapping):
        raise InvalidArgument("options", "a mapping of names to values", type(given).__name__)
    known = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            raise InvalidArgument("options", f"keys among {known} for this method", repr(name))
    return kind(**given)


def check_exponents(value: Any, length: int) -> None:
    """Refuse exponents that are not so many numbers of at least zero; None leaves them to the method."""
    if value is not None:
        for each in check_vector(value, "exponents", length=length):
            check_nonnegative(each, "exponents")
