"""What a report promises: epsilon, delta, the relation it is about, and the arithmetic it was computed in."""

import dataclasses
import json
import math
from typing import Any

from .._validation import check_choice, check_nonnegative
from ..errors import InvalidArgument

__all__ = ["PrivacyGuarantee", "check_delta", "check_epsilon", "composed_in_parallel"]

#: How the noise was computed, the strongest statement first.
NUMERICS = ("lattice", "rounded-float", "float-simulation")


def check_epsilon(value: Any) -> float:
    """Return a positive finite epsilon; there is no default, so None says what is missing."""
    expected = "a positive finite number (there is no default privacy)"
    try:
        if value is None or isinstance(value, (str, bytes, bool)):
            raise TypeError
        epsilon = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgument("epsilon", expected, repr(value)) from None
    if not 0 < epsilon < math.inf:
        raise InvalidArgument("epsilon", expected, epsilon)
    return epsilon


def check_delta(value: Any, *, positive: bool = False) -> float:
    """Return delta in [0, 1), or in (0, 1) where a mechanism cannot do with zero."""
    delta = check_nonnegative(value, "delta")
    if not delta < 1 or (positive and delta == 0):
        raise InvalidArgument("delta", f"a number in {'(0, 1)' if positive else '[0, 1)'}", delta)
    return delta


@dataclasses.dataclass(frozen=True)
class PrivacyGuarantee:
    """P[Q(u) in S] <= exp(epsilon) P[Q(u') in S] + delta for all records u, u' of a user and all sets S of reports.

    Parameters
    ----------
    epsilon : float
        Positive.
    delta : float, default 0.0
        In [0, 1]; all of it, with `delta_arithmetic`.
    mu : float, optional
        The mechanism is also mu-GDP: no test between two records does better than one between N(0, 1) and N(mu, 1),
        but for the total variation that `delta_arithmetic` pays for.
    delta_arithmetic : float, default 0.0
        The part of `delta` that pays for tables, words and floating-point numbers of finite length.
    numerics : {"lattice", "rounded-float", "float-simulation"}, default "lattice"
        Integer noise of an exactly known law; floats of a secure generator rounded to a coarse grid; floats as they
        come from a generator that can be predicted, which protect nobody: the numbers then say what the ideal
        mechanism would promise.
    relation, unit : str
        Two records of one user, either replaced by the other.

    Examples
    --------
    >>> str(PrivacyGuarantee(1.0, numerics="float-simulation"))
    'epsilon 1, pure (replace-one, user): simulation, protects nobody'
    """

    epsilon: float
    delta: float = 0.0
    mu: float | None = dataclasses.field(default=None, kw_only=True)
    delta_arithmetic: float = dataclasses.field(default=0.0, kw_only=True)
    numerics: str = dataclasses.field(default="lattice", kw_only=True)
    relation: str = dataclasses.field(default="replace-one", kw_only=True)
    unit: str = dataclasses.field(default="user", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", check_epsilon(self.epsilon))
        delta = check_nonnegative(self.delta, "delta")
        if delta > 1:
            raise InvalidArgument("delta", "a number in [0, 1]", delta)
        arithmetic = check_nonnegative(self.delta_arithmetic, "delta_arithmetic")
        if arithmetic > delta:
            raise InvalidArgument("delta_arithmetic", f"a part of delta = {delta}", arithmetic)
        object.__setattr__(self, "delta", delta)
        object.__setattr__(self, "delta_arithmetic", arithmetic)
        if self.mu is not None:
            object.__setattr__(self, "mu", check_nonnegative(self.mu, "mu"))
        check_choice(self.numerics, "numerics", NUMERICS)

    @property
    def pure(self) -> bool:
        """Whether delta is zero."""
        return self.delta == 0.0

    @property
    def simulated(self) -> bool:
        """Whether the noise came from a generator that can be predicted, and protects nobody."""
        return self.numerics == "float-simulation"

    def as_simulated(self) -> "PrivacyGuarantee":
        """Return the same promise of the ideal mechanism, marked as one that no real user has received."""
        delta = max(self.delta - self.delta_arithmetic, 0.0)
        return dataclasses.replace(self, delta=delta, delta_arithmetic=0.0, numerics="float-simulation")

    def to_json(self) -> str:
        """Return the fields as a JSON object with sorted keys."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "PrivacyGuarantee":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        parts = [f"epsilon {self.epsilon:g}", "pure" if self.pure else f"delta {self.delta:.3g}"]
        if self.delta_arithmetic:
            parts[-1] += f" ({self.delta_arithmetic:.1g} of it for arithmetic)"
        if self.mu is not None:
            parts.append(f"mu {self.mu:.4g}")
        how = {
            "lattice": "integer noise of exactly known law",
            "rounded-float": "floating-point noise rounded to a coarse grid",
            "float-simulation": "simulation, protects nobody",
        }
        return f"{', '.join(parts)} ({self.relation}, {self.unit}): {how[self.numerics]}"


def composed_in_parallel(guarantees: "list[PrivacyGuarantee]") -> PrivacyGuarantee:
    """Return the guarantee of users who each get one of these: the weakest of them in every respect.

    Users who answer in different rounds or different blocks do not add up: each record meets one mechanism.
    """
    if not guarantees:
        raise InvalidArgument("guarantees", "at least one guarantee", "none")
    first = guarantees[0]
    kinds = sorted({f"{g.relation}/{g.unit}" for g in guarantees})
    if len(kinds) > 1:
        raise InvalidArgument("guarantees", "one relation and one unit", kinds)
    mus = [g.mu for g in guarantees if g.mu is not None]
    return PrivacyGuarantee(
        max(g.epsilon for g in guarantees),
        max(g.delta for g in guarantees),
        mu=max(mus) if len(mus) == len(guarantees) else None,
        delta_arithmetic=max(g.delta_arithmetic for g in guarantees),
        numerics=max((g.numerics for g in guarantees), key=NUMERICS.index),
        relation=first.relation,
        unit=first.unit,
    )
