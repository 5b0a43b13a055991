"""Mechanisms to audit: what this family ships, and defects that have been seen in shipped software."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .._validation import check_count
from .auditing import AuditReport, Mechanism, audit
from .calibration import gdp_mu
from .discrete_gaussian import DiscreteGaussianVector
from .duchi import DuchiBall
from .gaussian import GaussianVector
from .gram_client import privatize_rows
from .guarantee import PrivacyGuarantee, check_delta, check_epsilon
from .packed import svec
from .params import LDPParams
from .privunit import PrivUnit
from .privunitg import PrivUnitG

__all__ = ["AuditCase", "audit_cases"]


@dataclass(frozen=True)
class AuditCase:
    """A mechanism, two inputs that are hard to hide, the guarantee it is said to have, and whether that is wrong.

    Attributes
    ----------
    name : str
    mechanism : callable (v, n, rng) -> reports, one a row
    inputs : tuple of two ndarrays
    guarantee : PrivacyGuarantee
        The claim; with `mu` where the noise is Gaussian.
    defective : bool
    """

    name: str
    mechanism: Mechanism
    inputs: tuple[np.ndarray, np.ndarray]
    guarantee: PrivacyGuarantee
    defective: bool

    def audit(self, *, rng: np.random.Generator, **options: Any) -> AuditReport:
        """Audit the mechanism against its guarantee; the options are those of `sparsetheory.ldp.audit`."""
        claim = self.guarantee
        return audit(
            self.mechanism, *self.inputs, epsilon=claim.epsilon, delta=claim.delta, mu=claim.mu, rng=rng, **options
        )  # fmt: skip


def audit_cases(dim: int = 8, epsilon: float = 1.0, delta: float = 1e-5) -> list[AuditCase]:
    """Return mechanisms of this family as they are, and with planted defects.

    Parameters
    ----------
    dim : int, default 8
        Length of the vectors; Gram reports are of a third as many covariates.
    epsilon, delta : float, default 1.0 and 1e-5
        Claimed levels, delta for Gaussian noise alone.

    Returns
    -------
    list of AuditCase
        Those that are private first.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> cases = {case.name: case for case in ldp.audit_cases()}
    >>> cases["PrivUnitG at twice epsilon"].audit(n=4000, rng=np.random.default_rng(0)).flagged
    True
    >>> cases["PrivUnitG"].audit(n=4000, rng=np.random.default_rng(0)).flagged
    False
    """
    dim = check_count(dim, "dim", minimum=3)
    epsilon, delta = check_epsilon(epsilon), check_delta(delta, positive=True)
    clients = _clients(max(2, dim // 3), epsilon, delta)
    return [*_private(dim, epsilon, delta), *clients, *_defective(dim, epsilon, delta)]


def _reports(randomizer: Any, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return what n users send whose vector is v."""
    return np.asarray(randomizer.report(np.tile(np.asarray(v, dtype=float), (n, 1)), rng))


def _of(randomizer: Any) -> Mechanism:
    return partial(_reports, randomizer)


def _antipodes(dim: int, length: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    return length * np.eye(dim)[0], -length * np.eye(dim)[0]


def _orthogonal(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the packed Gram matrices of two orthogonal records, which are as far apart as any two."""
    first, second = np.eye(side)[:2]
    return svec(np.outer(first, first)), svec(np.outer(second, second))


def _gram(side: int, epsilon: float, delta: float, sensitivity: float, kind: Any) -> Any:
    return kind(side * (side + 1) // 2, epsilon, delta=delta, sensitivity=sensitivity, radius=1.0)


def _private(dim: int, epsilon: float, delta: float) -> Iterator[AuditCase]:
    side = max(2, dim // 3)
    plain = _antipodes(dim)
    for kind in (DiscreteGaussianVector, GaussianVector):
        noise = kind(dim, epsilon, delta=delta, sensitivity=2.0)
        name, claim = kind.__name__, noise.guarantee
        yield AuditCase(name, _of(noise), plain, claim, False)
        yield AuditCase(f"{name}, inputs outside the ball", _of(noise), _antipodes(dim, 3.0), claim, False)
        gram = _gram(side, epsilon, delta, 2.0**0.5, kind)
        yield AuditCase(f"{name} of a Gram matrix", _of(gram), _orthogonal(side), gram.guarantee, False)
    for pure in (PrivUnitG, PrivUnit, DuchiBall):
        for level in (epsilon, 4 * epsilon):
            ball = pure(dim, level)
            name = pure.__name__ if level == epsilon else f"{pure.__name__} at epsilon {level:g}"
            yield AuditCase(name, _of(ball), plain, ball.guarantee, False)
        outside = (3.0 * np.ones(dim), -0.2 * np.eye(dim)[0])
        ball = pure(dim, epsilon)
        yield AuditCase(f"{pure.__name__}, inputs outside the ball", _of(ball), outside, ball.guarantee, False)


def _client_reports(params: LDPParams, block: int, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return what n users of a block send whose record (x, y) is v."""
    users = np.arange(int(n / params.blocks[block].share * 1.2) + 1000)
    users = users[params.block_of(users) == block][:n]
    X, y = np.tile(v[:-1], (n, 1)), np.full(n, v[-1])
    return np.concatenate([batch.payload for batch in privatize_rows(X, y, params, users=users, rng=rng)])


def _clients(side: int, epsilon: float, delta: float) -> Iterator[AuditCase]:
    """Yield whole clients, with records outside the bounds that are clipped to those that are hardest to hide."""
    r, tau = 2.0, 3.0
    mechanisms = {"gaussian": delta, "privunitg": 0.0}
    if epsilon <= 2:  # where the published noise is proven
        mechanisms["published"] = delta
    for mechanism, level in mechanisms.items():
        params = LDPParams(side, epsilon, level, x_radius=r, y_bound=tau, mechanism=mechanism)
        first, second = np.eye(side)[:2]
        for block, part in enumerate(params.blocks):
            # the inner product that puts (x, c y) and (x', -c y) farthest apart; orthogonal and equal for the others
            cosine = {"gram": 0.0, "published": 0.0, "cross": 1.0}.get(
                part.name, min(1.0, (params.weight * tau / r) ** 2)
            )
            other = cosine * first + (1 - cosine**2) ** 0.5 * second
            records = (np.append(3 * r * first, 2 * tau), np.append(3 * r * other, -2 * tau))
            reports = partial(_client_reports, params, block)
            name = f"client, {mechanism}, {part.name} block, records outside the bounds"
            yield AuditCase(name, reports, records, params.guarantee, False)


def _unclipped(randomizer: Any, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Clip a copy, and add the noise to what was not clipped."""
    noise = np.asarray(randomizer.report(np.zeros((n, len(v))), rng))
    return noise + np.round(np.asarray(v) / randomizer.step)


def _constant_entry(randomizer: Any, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Forget the noise of the first entry."""
    reports = _reports(randomizer, v, n, rng).astype(float)
    reports[:, 0] = v[0]
    return reports


def _binary64(sigma: float, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Add noise of the right size in floating point."""
    return np.asarray(v) + sigma * rng.standard_normal((n, len(v)))


def _one_seed(randomizer: Any, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Start every client from the same seed: equal inputs give equal reports."""
    return np.repeat(_reports(randomizer, v, 1, rng), n, axis=0)


def _fixed_seed(randomizer: Any, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Seed a run with a constant: the same clients draw the same noise in every run."""
    return _reports(randomizer, v, n, np.random.default_rng(0))


def _twice(randomizer: Any, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Answer two queries with the budget of one."""
    return np.hstack([_reports(randomizer, v, n, rng) for _ in range(2)])


def _lattice(sigma: float, v: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of a given size on a grid."""
    step = sigma / 1024
    return np.round(_binary64(sigma, v, n, rng) / step)


def _defective(dim: int, epsilon: float, delta: float) -> Iterator[AuditCase]:
    noise = DiscreteGaussianVector(dim, epsilon, delta=delta, sensitivity=2.0)
    half = DiscreteGaussianVector(dim, epsilon, delta=delta, sensitivity=1.0, radius=1.0)
    ball, plain, side = PrivUnitG(dim, epsilon), _antipodes(dim), max(2, dim // 3)
    gaussian, pure = noise.guarantee, ball.guarantee

    def case(name: str, mechanism: Callable[..., Any], claim: PrivacyGuarantee, inputs: Any = plain) -> AuditCase:
        return AuditCase(name, mechanism, inputs, claim, True)

    yield case("half the noise", _of(half), gaussian)
    wrong = _gram(side, epsilon, delta, 1.0, DiscreteGaussianVector)
    right = _gram(side, epsilon, delta, 2.0**0.5, DiscreteGaussianVector).guarantee
    yield case("Gram matrix with sensitivity r^2", _of(wrong), right, _orthogonal(side))
    yield case("no clipping", partial(_unclipped, noise), gaussian, _antipodes(dim, 3.0))
    yield case("no clipping, PrivUnitG", partial(_unclipped, ball), pure, _antipodes(dim, 3.0))
    yield case("one entry without noise", partial(_constant_entry, noise), gaussian)
    yield case("one entry without noise, PrivUnitG", partial(_constant_entry, ball), pure)
    sigma = 2.0 / gdp_mu(epsilon, delta)
    around_zero = (np.zeros(dim), 2.0 * np.eye(dim)[0])
    yield case("binary64 Gaussian noise", partial(_binary64, sigma), gaussian, around_zero)
    yield case("PrivUnitG at twice epsilon", _of(PrivUnitG(dim, 2 * epsilon)), pure)
    yield case("all clients share a seed", partial(_one_seed, ball), pure)
    yield case("every run starts from one seed", partial(_fixed_seed, noise), gaussian)
    yield case("two reports on one budget", partial(_twice, noise), gaussian)
    high = replace(gaussian, epsilon=16.0, delta=delta, delta_arithmetic=0.0, mu=gdp_mu(16.0, delta))
    classic = 2.0 * np.sqrt(2 * np.log(1.25 / delta)) / 16.0
    yield case("classic formula at epsilon 16", partial(_lattice, float(classic)), high)
