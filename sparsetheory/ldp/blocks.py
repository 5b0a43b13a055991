"""Who is asked what: the blocks of a protocol, each a query with the randomiser of its answers."""

import math
from typing import Any, NamedTuple, Protocol

import numpy as np

from .calibration import classic_gaussian_sigma, gdp_mu
from .guarantee import PrivacyGuarantee
from .queries import Joint, Outer, Product, Published, Query

__all__ = ["Agreement", "Block", "block_of", "gram_blocks", "largest_report"]

#: An honest report is longer than `largest_report` with a probability below exp(-50).
_TAIL = 50.0


class Block(NamedTuple):
    """What a share of the users, chosen publicly, report."""

    query: Any  # a Query of `queries`, or a score
    randomizer: Any
    share: float = 1.0

    @property
    def name(self) -> str:
        """Return the name of the query."""
        return str(self.query.name)

    @property
    def limit(self) -> float:
        """Return the norm, in steps, beyond which a report is not one of this protocol."""
        return largest_report(self.randomizer)

    def describe(self) -> dict[str, Any]:
        """Return what two servers have to agree on."""
        r = self.randomizer
        return {
            "name": self.name, "length": self.query.length, "share": self.share.hex(), "kind": type(r).__name__,
            "step": r.step.hex(), "variance": float(r.variance).hex(),
        }  # fmt: skip


class Agreement(Protocol):
    """What clients and servers of one collection agree on."""

    @property
    def blocks(self) -> tuple[Block, ...]: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def guarantee(self) -> PrivacyGuarantee: ...  # noqa: D102
    def to_dict(self) -> dict[str, Any]: ...  # noqa: D102


def largest_report(randomizer: Any) -> float:
    """Return a norm, in steps, that honest reports exceed with a probability below exp(-50).

    A Gaussian report of D coordinates is the answer plus noise whose norm exceeds sigma (sqrt(D) + t) with probability
    exp(-t^2/2) at most. The density of a pure mechanism is at most exp(epsilon) times that of its base law: of N(0, I)
    for PrivUnitG, while PrivUnit and Duchi have reports of one norm, the root of their second moment. Rounding to
    the grid adds sqrt(D).
    """
    root, D = math.sqrt(randomizer.second_moment), randomizer.dim
    tail = math.sqrt(2.0 * (_TAIL + randomizer.epsilon))
    return (root * (1.0 + tail / math.sqrt(D)) + randomizer.radius) / randomizer.step + math.sqrt(D)


def _gaussian(query: Query, epsilon: float, delta: float, sensitivity: float) -> Any:
    from .discrete_gaussian import DiscreteGaussianVector

    radius = max(query.reach, 0.5 * sensitivity)
    return DiscreteGaussianVector(query.length, epsilon, delta=delta, sensitivity=sensitivity, radius=radius)


def _as_published(query: Query, epsilon: float, delta: float, parts: int) -> Any:
    """Return lattice noise of the published size: each of the parts at its part of the budget, moving by 2.

    The sensitivity that this much noise covers at (epsilon, delta) is larger than that of the query, which for both
    parts together is sqrt(6): what is promised holds, with room to spare.
    """
    sigma = classic_gaussian_sigma(epsilon / parts, delta / parts, 2.0)
    return _gaussian(query, epsilon, delta, max(query.sensitivity, sigma * gdp_mu(epsilon, delta)))


def gram_blocks(params: Any) -> tuple[Block, ...]:
    """Return the blocks of the non-interactive protocol of `LDPParams`."""
    d, epsilon, delta, r, tau = params.dim, params.epsilon, params.delta, params.x_radius, params.y_bound
    if params.mechanism == "published":
        if params.public_covariates:
            product: Query = Product(d, math.sqrt(d) * params.coordinate_bound, tau)
            return (Block(product, _as_published(product, epsilon, delta, 1)),)
        both = Published(d, r, tau, params.coordinate_bound)
        return (Block(both, _as_published(both, epsilon, delta, 2)),)
    product = Product(d, r, tau)
    if params.mechanism == "gaussian":
        query = product if params.public_covariates else Joint(d, r, tau, params.weight)
        return (Block(query, _gaussian(query, epsilon, delta, query.sensitivity)),)
    from .privunitg import PrivUnitG

    cross = Block(product, PrivUnitG(d, epsilon, delta=delta), 1.0 - params.share)
    if params.public_covariates:
        return (cross,)
    outer = Outer(d, r)
    return Block(outer, PrivUnitG(outer.length, epsilon, delta=delta), params.share), cross


def block_of(users: np.ndarray, blocks: tuple[Block, ...]) -> np.ndarray:
    """Return which block users of these numbers report: floor((u + 1) pi) > floor(u pi) is the first of two.

    Any run of users in sequence is split in the ratio of the shares, to within one user.
    """
    if len(blocks) == 1:
        return np.zeros(len(users), dtype=np.intp)
    share = blocks[0].share
    first = np.floor((users + 1.0) * share) > np.floor(users * share)
    return np.where(first, 0, 1)
