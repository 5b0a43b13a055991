"""What users of the interactive protocol are told: public parameters, and the round they are asked in."""

import dataclasses
import functools
import hashlib
from typing import Any, ClassVar

import numpy as np

from .._validation import check_choice, check_count, check_positive, check_vector
from ..errors import InvalidArgument
from .blocks import Block
from .duchi import DuchiBall
from .guarantee import PrivacyGuarantee, check_delta, check_epsilon
from .params import check_bound, digest_of
from .privunit import PrivUnit
from .privunitg import PrivUnitG
from .records import ClippedRecords
from .sensitivity import published_score_radius

__all__ = ["RANDOMIZERS", "Score", "ScoreParams", "ScoreRound"]

_PROTOCOL = "sparsetheory.ldp.score/1"
RANDOMIZERS = {"privunitg": PrivUnitG, "privunit": PrivUnit, "duchi": DuchiBall}


@dataclasses.dataclass(frozen=True)
class ScoreParams:
    r"""Public parameters of the interactive protocol, in which a user reports a score once, in one round.

    Parameters
    ----------
    dim : int
        Covariates d.
    epsilon : float
        Positive; there is no default.
    delta : float, default 0.0
        The randomisers are pure; what their arithmetic costs may go up to it.
    x_radius, y_bound : float
        Clips r of the norm of the covariates and tau of the response. There is no default.
    radius : {"norm", "published"} or float, default "norm"
        Where scores :math:`x (x^\top\theta - y)` are clipped: "norm" at r, scores whose residual is 1; "published" at
        :math:`\sqrt d \tau_1 (\sqrt{k'} \tau_1 + \tau)`, with covariates clipped by coordinate at
        :math:`\tau_1 = r/\sqrt d`, which no score exceeds; or at a public number.
    randomizer : {"privunitg", "privunit", "duchi"}, default "privunitg"
    keep : int, optional
        k', nonzero entries of the iterates; needed for the published radius.
    theta_norm : float, default 1.0
        Bound on the norm of the parameter.

    Attributes
    ----------
    clip : float
        The norm at which scores are clipped.

    Examples
    --------
    >>> from sparsetheory import ldp
    >>> params = ldp.ScoreParams(16, 1.0, x_radius=4.0, y_bound=3.0, radius="published", keep=4)
    >>> params.clip
    20.0
    """

    dim: int
    epsilon: float
    delta: float = 0.0
    x_radius: float = dataclasses.field(default=None, kw_only=True)  # type: ignore[assignment]
    y_bound: float = dataclasses.field(default=None, kw_only=True)  # type: ignore[assignment]
    radius: str | float = dataclasses.field(default="norm", kw_only=True)
    randomizer: str = dataclasses.field(default="privunitg", kw_only=True)
    keep: int | None = dataclasses.field(default=None, kw_only=True)
    theta_norm: float = dataclasses.field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        put("dim", check_count(self.dim, "dim"))
        put("epsilon", check_epsilon(self.epsilon))
        put("delta", check_delta(self.delta))
        put("x_radius", check_bound(self.x_radius, "x_radius"))
        put("y_bound", check_bound(self.y_bound, "y_bound"))
        put("theta_norm", check_positive(self.theta_norm, "theta_norm"))
        check_choice(self.randomizer, "randomizer", RANDOMIZERS)
        if isinstance(self.radius, str):
            check_choice(self.radius, "radius", ("norm", "published"))
        else:
            put("radius", check_positive(self.radius, "radius"))
        if self.keep is not None:
            put("keep", check_count(self.keep, "keep"))
        elif self.radius == "published":
            raise InvalidArgument("keep", "the k' of the published radius", None)

    @property
    def coordinate_bound(self) -> float | None:
        """Return where coordinates are clipped; None where the norm is."""
        return self.x_radius / self.dim**0.5 if self.radius == "published" else None

    @property
    def clip(self) -> float:
        """Return the norm at which scores are clipped."""
        if self.coordinate_bound is not None and self.keep is not None:
            return published_score_radius(self.dim, min(self.keep, self.dim), self.coordinate_bound, self.y_bound)
        return self.x_radius if isinstance(self.radius, str) else float(self.radius)

    @functools.cached_property
    def made(self) -> Any:
        """Return the randomiser of scores over `clip`."""
        return RANDOMIZERS[self.randomizer](self.dim, self.epsilon, delta=self.delta)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Return a digest of what all rounds have in common."""
        return digest_of([_PROTOCOL, self.to_dict(), Block(Score(self, np.zeros(self.dim)), self.made).describe()])

    @property
    def guarantee(self) -> PrivacyGuarantee:
        """Return what a user is promised who reports in one round: rounds do not add up."""
        promised: PrivacyGuarantee = self.made.guarantee
        return promised

    def round(self, index: int, theta: Any) -> "ScoreRound":
        """Return what users are told in a round: its number, from 0, and the iterate."""
        return ScoreRound(self, check_count(index, "index", minimum=0), theta)

    def to_dict(self) -> dict[str, Any]:
        """Return the arguments."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, eq=False)
class Score:
    r"""x (x' theta - y)/C, shortened to norm 1.

    Zero where the iterate is so large that it overflows: an error would tell whoever sent it about the record.
    """

    params: ScoreParams
    theta: np.ndarray
    name: ClassVar[str] = "score"

    @property
    def length(self) -> int:
        """Return d."""
        return self.params.dim

    def values(self, records: ClippedRecords) -> np.ndarray:
        """Return an answer a row."""
        covariates, reach = records.unit, self.params.x_radius
        if records.boxed is not None and self.params.coordinate_bound is not None:
            covariates, reach = records.boxed, self.params.dim**0.5 * self.params.coordinate_bound
        with np.errstate(over="ignore", invalid="ignore"):
            residual = covariates @ self.theta * reach - records.response * self.params.y_bound
            scores = covariates * (residual * (reach / self.params.clip))[:, None]
            norms = np.sqrt(np.einsum("ij,ij->i", scores, scores))
            scores /= np.maximum(norms, 1.0)[:, None]
        return np.where(np.isfinite(scores), scores, 0.0)


class ScoreRound:
    """One round: parameters, number and iterate. Reports of different rounds have different fingerprints.

    Parameters
    ----------
    params : ScoreParams
    index : int
        From 0.
    theta : (d,) array
        The iterate, finite.
    """

    def __init__(self, params: ScoreParams, index: int, theta: Any) -> None:
        self.params, self.index = params, index
        self.theta = np.array(check_vector(theta, "theta", length=params.dim))
        self.theta.flags.writeable = False

    @functools.cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Return the only block: scores at the iterate."""
        return (Block(Score(self.params, self.theta), self.params.made),)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Return a digest of parameters, round and iterate."""
        iterate = hashlib.sha256(self.theta.astype("<f8").tobytes()).hexdigest()
        return digest_of([self.params.fingerprint, self.index, iterate])

    @property
    def guarantee(self) -> PrivacyGuarantee:
        """Return what a user of the round is promised."""
        return self.params.guarantee

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` takes."""
        return {"params": self.params.to_dict(), "index": self.index, "theta": [t.hex() for t in self.theta.tolist()]}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "ScoreRound":
        """Return the round of `to_dict`."""
        theta = [float.fromhex(t) for t in fields["theta"]]
        return ScoreParams(**fields["params"]).round(fields["index"], theta)
