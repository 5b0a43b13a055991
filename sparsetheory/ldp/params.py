"""What all users of a non-interactive protocol are told: bounds, budget, mechanism; nothing that data decide."""

import dataclasses
import functools
import hashlib
import json
from typing import Any

import numpy as np

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from .blocks import Block, block_of, gram_blocks
from .guarantee import PrivacyGuarantee, check_delta, check_epsilon, composed_in_parallel
from .prediction import gaussian_weight, gram_share

__all__ = ["LDPParams", "digest_of"]

_PROTOCOL = "sparsetheory.ldp.gram/1"
MECHANISMS = ("privunitg", "gaussian", "published")


def digest_of(content: Any) -> str:
    """Return 32 hexadecimal digits of the SHA-256 of JSON content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


@dataclasses.dataclass(frozen=True)
class LDPParams:
    r"""Public parameters of the non-interactive protocol.

    Parameters
    ----------
    dim : int
        Covariates d.
    epsilon : float
        Positive; there is no default.
    delta : float, default 0.0
        In (0, 1) for the Gaussian mechanisms.
    x_radius, y_bound : float
        Clips r of the norm of the covariates and tau of the size of the response. They are public: bounds that are
        computed from the data would be a release of their own. There is no default.
    mechanism : {"privunitg", "gaussian", "published"}, default "privunitg"
        "privunitg": pure privacy; a share of the users, chosen by their public numbers, report x x^T, the others x y.
        "gaussian": every user reports (x, c y)(x, c y)^T with noise on the integers. "published": the constants of the
        published algorithm, two blocks at half of the budget each, with noise on the integers too; refused where the
        classic formula is not proven, epsilon > 2 (> 1 with public covariates).
    theta_norm : float, default 1.0
        Bound on the norm of the parameter for which weight and shares are best. No privacy depends on it.
    public_covariates : bool, default False
        The second moment of the covariates is public; everybody reports x y.
    coordinate_bound : float, optional
        tau_1 of mechanism "published", which clips the coordinates of x for the cross moment; r / sqrt(d) by default.

    Attributes
    ----------
    weight : float
        c of mechanism "gaussian".
    share : float
        Share of the users that report x x^T under "privunitg".
    blocks : tuple of Block
        What is reported, with which randomiser.
    fingerprint : str
        Of everything that reports must have in common to be added up.

    Raises
    ------
    InvalidArgument
        For a missing bound or budget, and a budget outside the validity of the mechanism.

    Examples
    --------
    >>> from sparsetheory import ldp
    >>> params = ldp.LDPParams(8, 1.0, x_radius=8**0.5, y_bound=3.0)
    >>> [(block.name, block.query.length) for block in params.blocks]
    [('gram', 36), ('cross', 8)]
    """

    dim: int
    epsilon: float
    delta: float = 0.0
    x_radius: float = dataclasses.field(default=None, kw_only=True)  # type: ignore[assignment]
    y_bound: float = dataclasses.field(default=None, kw_only=True)  # type: ignore[assignment]
    mechanism: str = dataclasses.field(default="privunitg", kw_only=True)
    theta_norm: float = dataclasses.field(default=1.0, kw_only=True)
    public_covariates: bool = dataclasses.field(default=False, kw_only=True)
    coordinate_bound: float | None = dataclasses.field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        put("dim", check_count(self.dim, "dim"))
        put("epsilon", check_epsilon(self.epsilon))
        check_choice(self.mechanism, "mechanism", MECHANISMS)
        put("delta", check_delta(self.delta, positive=self.mechanism != "privunitg"))
        put("x_radius", check_bound(self.x_radius, "x_radius"))
        put("y_bound", check_bound(self.y_bound, "y_bound"))
        put("theta_norm", check_positive(self.theta_norm, "theta_norm"))
        put("public_covariates", bool(self.public_covariates))
        put("coordinate_bound", self._checked_coordinate_bound())
        most = 1.0 if self.public_covariates else 2.0
        if self.mechanism == "published" and self.epsilon > most:
            raise InvalidArgument("epsilon", f"at most {most:g}, where the published noise is proven", self.epsilon)

    def _checked_coordinate_bound(self) -> float | None:
        given = self.coordinate_bound
        if self.mechanism == "published":
            return self.x_radius / self.dim**0.5 if given is None else check_positive(given, "coordinate_bound")
        if given is not None:
            raise InvalidArgument("coordinate_bound", "None unless mechanism='published'", given)
        return None

    @property
    def weight(self) -> float:
        """Return the weight c of the response in (x, c y)."""
        return gaussian_weight(self.x_radius, self.y_bound, self.theta_norm)

    @property
    def share(self) -> float:
        """Return the share of the users that report x x^T."""
        return 0.0 if self.public_covariates else gram_share(self.x_radius, self.y_bound, self.theta_norm)

    @functools.cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Return what is reported, and how."""
        return gram_blocks(self)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Return a digest of what reports must have in common."""
        return digest_of([_PROTOCOL, self.to_dict(), [block.describe() for block in self.blocks]])

    @functools.cached_property
    def guarantee(self) -> PrivacyGuarantee:
        """Return what a user is promised who reports once."""
        return composed_in_parallel([block.randomizer.guarantee for block in self.blocks])

    def block_of(self, users: Any) -> np.ndarray:
        """Return the index of the block that users of these numbers 0, 1, ... report."""
        return block_of(np.asarray(users, dtype=np.float64), self.blocks)

    def to_dict(self) -> dict[str, Any]:
        """Return the arguments."""
        return dataclasses.asdict(self)


def check_bound(value: Any, name: str) -> float:
    """Return a public clipping bound; None says that there is no default."""
    if value is None:
        raise InvalidArgument(name, "a public positive number (there is no default: data must not decide it)", None)
    return check_positive(value, name)
