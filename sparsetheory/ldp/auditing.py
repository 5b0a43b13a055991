r"""Lower confidence bounds on the privacy loss of a mechanism, from its reports alone."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri

from .._validation import check_count, check_generator, check_nonnegative, check_positive
from ..errors import InvalidArgument
from .audit_scores import Score, Worlds, score_groups

__all__ = ["AuditReport", "Evidence", "Mechanism", "audit", "clopper_pearson"]

#: ``mechanism(v, n, rng)`` returns n independent reports of a client whose input is v, one a row.
Mechanism = Callable[[Any, int, np.random.Generator], Any]

#: Part of the reports on which events are chosen; bounds come from the others.
_TRAIN = 0.3
#: Thresholds that are tried on the training part.
_THRESHOLDS = 256


class Evidence(NamedTuple):
    """One event on fresh reports: how likely it is at least under one input, and at most under the other."""

    score: str
    event: str
    likely: float
    unlikely: float
    epsilon: float
    mu: float


@dataclass(frozen=True, repr=False)
class AuditReport:
    """What an audit found.

    Attributes
    ----------
    epsilon, delta, mu : float
        The claim; `mu` is None where none was made.
    epsilon_lower, mu_lower : float
        The mechanism has no smaller level, each at its share of the confidence 1 - `level`; `mu_lower` is None
        without a claim.
    evidence : tuple of Evidence
        One event for every score and criterion, the most telling one first.
    n : int
        Reports of each input.
    level : float
        Probability, at most, that any of all `audits` flags a mechanism that is what it claims to be.
    audits : int
    """

    epsilon: float
    delta: float
    mu: float | None
    epsilon_lower: float
    mu_lower: float | None
    evidence: tuple[Evidence, ...]
    n: int
    level: float
    audits: int

    @property
    def flagged(self) -> bool:
        """Whether the claim is refuted."""
        return self.epsilon_lower > self.epsilon or (self.mu is not None and (self.mu_lower or 0.0) > self.mu)

    @property
    def where(self) -> str:
        """The event that tells most."""
        return self.evidence[0].event

    def __repr__(self) -> str:
        bounds = f"epsilon >= {self.epsilon_lower:.3g} against {self.epsilon:.3g}"
        if self.mu is not None:
            bounds += f", mu >= {self.mu_lower:.3g} against {self.mu:.3g}"
        top = self.evidence[0]
        seen = f"{self.where}: probability >= {top.likely:.3g} for one input, <= {top.unlikely:.3g} for the other"
        word = "FLAGGED" if self.flagged else "not flagged"
        return f"<AuditReport {word}: {bounds} (delta {self.delta:.2g}, {self.n} reports an input, {seen})>"


def clopper_pearson(count: Any, n: int, level: float) -> tuple[Any, Any]:
    """Return the exact lower and upper confidence bound of a probability, each wrong with probability `level` at most.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 100, 0.05)
    >>> float(low), round(float(high), 4)
    (0.0, 0.0295)
    """
    count = np.asarray(count, dtype=float)
    with np.errstate(all="ignore"):
        low = np.where(count > 0, betaincinv(np.maximum(count, 0.5), n - count + 1, level), 0.0)
        high = np.where(count < n, betaincinv(count + 1, np.maximum(n - count, 0.5), 1 - level), 1.0)
    return low, high


def audit(
    mechanism: Mechanism,
    x0: Any,
    x1: Any,
    *,
    epsilon: float,
    delta: float = 0.0,
    mu: float | None = None,
    n: int = 50_000,
    level: float = 0.01,
    audits: int = 1,
    rng: np.random.Generator,
) -> AuditReport:
    r"""Look for an event that is more likely under one input than a privacy guarantee allows.

    For every event $S$, $P_0(S) \le e^\varepsilon P_1(S) + \delta$, and $\Phi^{-1}(P_0(S)) - \Phi^{-1}(P_1(S)) \le \mu$
    where Gaussian privacy is claimed; both also with the inputs exchanged. Events are thresholds of scores: a linear
    discriminant, the projection on the difference of the inputs, the norm, the largest entry, the values and the lowest
    set bits of single entries, and the distance between the reports of two clients (which is zero where they share a
    seed). Scores, thresholds and the direction of the comparison are chosen on three tenths of the reports; exact
    confidence bounds come from the others.

    An audit refutes a guarantee or does not. It never establishes one.

    Parameters
    ----------
    mechanism : callable (v, n, rng) -> array_like of n rows
        Independent reports of n clients with input `v`.
    x0, x1 : object
        Two inputs of a client, those that are hardest to hide: see `sparsetheory.ldp.gram_sensitivity` for where
        sensitivities are attained. Give one that the mechanism has to clip as well.
    epsilon : float
        Claimed level, in nats.
    delta : float, default 0
    mu : float, optional
        Claimed level of Gaussian privacy. It needs no rare events, so that a wrong scale shows much earlier.
    n : int, default 50000
        Reports of each input; a quarter as many again to compare runs.
    level : float, default 0.01
        Probability, at most, of flagging a mechanism that is what it claims to be.
    audits : int, default 1
        How many audits share `level`: each gets an equal part of it.
    rng : numpy.random.Generator
        For the mechanism; each call gets a stream of its own.

    Returns
    -------
    AuditReport
        ``.flagged``, ``.epsilon_lower``, ``.mu_lower``, ``.where``, ``.evidence``.

    Raises
    ------
    InvalidArgument
        Bad numbers, or reports that are not n finite rows of one length, whatever the input.

    Notes
    -----
    All bounds hold together with probability ``1 - level``: there are four for each score where `mu` is claimed, two
    otherwise, and each is a Clopper-Pearson bound at an equal part of the level (the union bound; nothing is assumed
    about how they depend on each other).

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> def response(bit, n, rng):
    ...     return np.where(rng.random(n) < 0.75, bit, 1 - bit)  # epsilon = log 3
    >>> rng = np.random.default_rng(0)
    >>> ldp.audit(response, 0, 1, epsilon=1.0986123, rng=rng).flagged
    False
    >>> ldp.audit(response, 0, 1, epsilon=1.0, rng=rng).flagged
    True

    References
    ----------
    Bichsel, Steffen, Bogunovic, Vechev, DP-Sniper, IEEE S&P 2021; Nasr et al., Tight auditing of differentially private
    machine learning, USENIX Security 2023.
    """
    epsilon, delta = check_nonnegative(epsilon, "epsilon"), check_nonnegative(delta, "delta")
    mu = None if mu is None else check_positive(mu, "mu")
    check_count(n, "n", minimum=200)
    if not 0 < check_positive(level, "level") < 1:
        raise InvalidArgument("level", "a probability in (0, 1)", level)
    runs = _Runs.of(mechanism, x0, x1, n, rng)
    groups = list(_groups(runs, _direction(x0, x1, runs.first.shape[1])))
    criteria: list[str] = ["epsilon"] if mu is None else ["epsilon", "mu"]
    share = level / (2 * len(groups) * len(criteria) * check_count(audits, "audits"))
    evidence = [
        _Event.choose(scores, train, test, criterion, delta, share).on(test, delta, share)
        for scores, train, test in groups
        for criterion in criteria
    ]
    evidence.sort(key=lambda e: max(e.epsilon - epsilon, -math.inf if mu is None else e.mu - mu), reverse=True)
    return AuditReport(
        epsilon=epsilon, delta=delta, mu=mu, epsilon_lower=max(0.0, *(e.epsilon for e in evidence)),
        mu_lower=None if mu is None else max(0.0, *(e.mu for e in evidence)), evidence=tuple(evidence),
        n=n, level=level, audits=audits,
    )  # fmt: skip


class _Runs(NamedTuple):
    """Reports of n clients with the first input, of n with the second, and of some with the first once more."""

    first: np.ndarray
    second: np.ndarray
    again: np.ndarray

    @classmethod
    def of(cls, mechanism: Mechanism, x0: Any, x1: Any, n: int, rng: np.random.Generator) -> "_Runs":
        rng = check_generator(rng, "rng")
        streams = rng.spawn(3)
        sizes = ((x0, n), (x1, n), (x0, n // 4))
        runs = [_rows(mechanism(x, size, stream), size) for (x, size), stream in zip(sizes, streams, strict=True)]
        if len({run.shape[1] for run in runs}) > 1:
            raise InvalidArgument("mechanism", "reports of one length", [run.shape[1] for run in runs])
        return cls(*runs)


def _rows(reports: Any, n: int) -> np.ndarray:
    rows = np.asarray(reports)
    if rows.ndim == 0 or len(rows) != n or rows.size == 0 or rows.dtype.kind not in "biuf":
        raise InvalidArgument("mechanism", f"{n} reports, one a row", f"shape {rows.shape} of {rows.dtype}")
    rows = rows.reshape(n, -1).astype(np.float64)
    if not np.isfinite(rows).all():
        raise InvalidArgument("mechanism", "finite reports", f"{int((~np.isfinite(rows)).sum())} entries that are not")
    return rows


def _direction(x0: Any, x1: Any, dim: int) -> np.ndarray | None:
    """Return the difference of the inputs, where they are vectors of the length of a report."""
    try:
        difference = np.asarray(x1, dtype=float).ravel() - np.asarray(x0, dtype=float).ravel()
    except (TypeError, ValueError):
        return None
    return difference if len(difference) == dim and np.isfinite(difference).all() else None


def _groups(runs: _Runs, direction: np.ndarray | None) -> Iterator[tuple[Sequence[Score], Worlds, Worlds]]:
    """Yield scores with the reports to choose on and those to judge by."""
    singles = Worlds(runs.first, runs.second)
    train, test = _split(singles)
    for _, scores in score_groups(train, direction):
        if scores:
            yield scores, train, test
    # two clients, of whom the first has the first input in both worlds: they have to be independent
    half, quarter = len(runs.first) // 2, len(runs.again)
    left, right = runs.first[: 2 * half : 2], slice(1, 2 * half, 2)
    neighbours = Worlds(left - runs.first[right], left - runs.second[right])
    same_place = Worlds(runs.first[:quarter] - runs.again, runs.first[:quarter] - runs.second[:quarter])
    for name, worlds in (("neighbouring clients", neighbours), ("clients of two runs", same_place)):
        yield [Score(f"distance between {name}", _distance)], *_split(worlds)


def _distance(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows, axis=1)


def _split(worlds: Worlds) -> tuple[Worlds, Worlds]:
    cut = int(_TRAIN * len(worlds.first))
    return Worlds(worlds.first[:cut], worlds.second[:cut]), Worlds(worlds.first[cut:], worlds.second[cut:])


def _loss(low: Any, high: Any, delta: float) -> dict[str, Any]:
    """Return what an event proves whose probability is at least `low` for one input, at most `high` for the other."""
    with np.errstate(all="ignore"):
        return {"epsilon": np.log(np.maximum(low - delta, 0.0)) - np.log(high), "mu": ndtri(low) - ndtri(high)}


class _Event(NamedTuple):
    """``score > threshold`` (or ``<=``), which is likely in the second world (or in the first, where swapped)."""

    score: Score
    threshold: float
    above: bool
    swapped: bool

    @classmethod
    def choose(
        cls, scores: Sequence[Score], train: Worlds, test: Worlds, criterion: str, delta: float, share: float
    ) -> "_Event":
        """Return the event that promises the largest bound on the test part, judged by the training part."""
        n, best, event = len(test.first), -math.inf, cls(scores[0], 0.0, True, False)
        for score in scores:
            first, second = np.sort(score.of(train.first)), np.sort(score.of(train.second))
            thresholds = _thresholds(np.concatenate([first, second]))
            shares = [np.searchsorted(part, thresholds, side="right") / len(part) for part in (first, second)]
            below = [clopper_pearson(np.round(n * part), n, share) for part in shares]
            for above in (True, False):
                bounds = [(1 - high, 1 - low) for low, high in below] if above else below
                for swapped in (True, False):
                    likely, unlikely = bounds if swapped else bounds[::-1]
                    found = _loss(likely[0], unlikely[1], delta)[criterion]
                    k = int(np.argmax(np.nan_to_num(found, nan=-math.inf)))
                    if found[k] > best:
                        best, event = float(found[k]), cls(score, float(thresholds[k]), above, swapped)
        return event

    def on(self, test: Worlds, delta: float, share: float) -> Evidence:
        """Return what fresh reports say of the event."""
        hits = [int(((self.score.of(part) > self.threshold) == self.above).sum()) for part in test]
        likely, unlikely = hits if self.swapped else hits[::-1]
        n = len(test.first)
        low, high = float(clopper_pearson(likely, n, share)[0]), float(clopper_pearson(unlikely, n, share)[1])
        loss = _loss(low, high, delta)
        text = f"{self.score.name} {'>' if self.above else '<='} {self.threshold:.4g}"
        return Evidence(self.score.name, text, low, high, float(loss["epsilon"]), float(loss["mu"]))


def _thresholds(pooled: np.ndarray) -> np.ndarray:
    """Return thresholds at quantiles, denser in the tails."""
    u = np.linspace(0, 1, _THRESHOLDS // 2)
    tails = np.geomspace(1 / len(pooled), 0.1, _THRESHOLDS // 4)
    return np.unique(np.quantile(pooled, np.concatenate([u, tails, 1 - tails]), method="inverted_cdf"))
