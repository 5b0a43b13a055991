"""The server of the interactive protocol: a parameter goes out, scores come back, once from every user."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from .errors import BudgetSpent, ProtocolError
from .estimation import LDPResult
from .hard_thresholding import check_schedule, iht_step
from .prediction import ScoreNoise, n_required, predicted_error, universal_threshold

__all__ = ["UNEVEN", "IHTServer"]

#: Most users in the last round, whose noise is what remains. Not from the paper, which has equal groups.
UNEVEN = (0.1, 0.2, 0.7)


class IHTServer:
    r"""Iterative hard thresholding from locally private scores, a group of users a round.

    .. math:: \theta_t = P\big( H_{k'}(\theta_{t-1} - \eta\, \bar g_t) \big)

    :math:`\bar g_t` is the mean of the private scores :math:`x (x^\top\theta_{t-1} - y)` of the users of round t, H
    keeps the k' largest entries and P projects on the unit ball. A round is `query`, any number of `absorb`, `advance`.

    Parameters
    ----------
    params : ScoreParams
        What clients were told.
    sparsity : int
        Nonzero entries k of the parameter.
    rounds : int, default 3
        Rounds T of equal groups; ignored with a schedule.
    schedule : "uneven" or sequence of float, optional
        Shares of the users, in order. "uneven" is 10, 20 and 70 %, which is not from the paper: privacy is the same,
        and the noise that remains is that of 70 % of the users instead of one third.
    keep : int, optional
        k', by default that of the parameters, 2 k where they have none.
    threshold : {"hard", "soft"}, default "hard"
        "soft" thresholds at the noise of the round times :math:`\sqrt{2 \log d}`; not from the paper either.
    lambda_max : float, default 1.0
        Public bound on the largest eigenvalue of the second moment of covariates; the step is one over it.

    Attributes
    ----------
    round : int
        The round that is open, from 0.
    done : bool
    coef : ndarray of shape (d,)
        The last iterate.
    schedule : tuple of float
        Share of the users of every round; who is in which must not depend on data.

    Raises
    ------
    ProtocolError
        For reports of a round that is over or not yet open, for a round without reports, and for statistics that are
        simulated, or track users, where those before are not, or do not.
    BudgetSpent
        For a user who has answered before.
    """

    def __init__(
        self, params: Any, sparsity: int, *, rounds: int = 3, schedule: str | Sequence[float] | None = None,
        keep: int | None = None, threshold: str = "hard", lambda_max: float = 1.0,
    ) -> None:  # fmt: skip
        self.params = params
        self.sparsity = check_count(sparsity, "sparsity")
        if self.sparsity > params.dim:
            raise InvalidArgument("sparsity", f"at most dim = {params.dim}", sparsity)
        if params.theta_norm > 1:
            raise InvalidArgument("theta_norm", "at most 1: iterates stay in the unit ball; scale y", params.theta_norm)
        kept = (params.keep or 2 * self.sparsity) if keep is None else check_count(keep, "keep", minimum=1)
        self.keep = min(kept, params.dim)
        if self.keep < self.sparsity or (params.keep is not None and self.keep > params.keep):
            raise InvalidArgument("keep", f"at least sparsity = {sparsity}, at most that of the parameters", self.keep)
        self.threshold = check_choice(threshold, "threshold", ("hard", "soft"))
        self.step = 1 / check_positive(lambda_max, "lambda_max")
        self.schedule = _shares(rounds, schedule)
        self.round = 0
        self.coef = np.zeros(params.dim)
        self._open: Any = None
        self._moved, self._level = self.coef, 0.0
        self._counts: list[int] = []
        self._entry = math.nan
        self._guarantee: Any = None
        self._users: set[Any] = set()
        self._kind: tuple[bool, bool] | None = None  # simulated? users tracked?

    @property
    def done(self) -> bool:
        """Whether all rounds are over."""
        return self.round == len(self.schedule)

    def query(self) -> tuple[np.ndarray, int]:
        """Return the parameter at which the users of the open round report scores, and the round."""
        self._refuse_when_done()
        return self.coef.copy(), self.round

    @property
    def asked(self) -> Any:
        """Return the open round as clients are told of it, a `ScoreRound`."""
        return self.params.round(self.round, self.query()[0])

    def absorb(self, stats: Any) -> None:
        """Add reports of the open round.

        Parameters
        ----------
        stats : ScoreStats
        """
        self._refuse_when_done()
        if stats.round != self.round:
            raise ProtocolError(f"reports of round {stats.round} in round {self.round}: late ones are not mixed in")
        if stats.fingerprint != self.asked.fingerprint:
            raise ProtocolError("reports were made with other parameters or at another iterate")
        self._as_before(stats)
        again = self._users & stats.users
        if again:
            raise BudgetSpent(f"{len(again)} users have answered before")
        self._open = stats.copy() if self._open is None else self._open + stats
        self._users |= stats.users

    def advance(self) -> None:
        """Close the round: a step with the mean of its scores."""
        self._refuse_when_done()
        if self._open is None or self._open.n == 0:
            raise ProtocolError(f"round {self.round} has no reports")
        stats, self._open = self._open, None
        score = stats.mean()
        self._level = self.step * universal_threshold(stats.noise, self.params.dim) if self.threshold == "soft" else 0.0
        self._moved = self.coef - self.step * score
        keep = self.keep if self.threshold == "hard" else None
        self.coef = iht_step(self.coef, score, step=self.step, keep=keep, level=self._level)
        self._counts.append(int(stats.n))
        self._entry, self._guarantee = stats.noise * math.sqrt(stats.n), stats.guarantee
        self.round += 1

    def result(self, *, lambda_min: float = 1.0) -> LDPResult:
        """Return the estimate with an account of its noise, after the last round.

        Parameters
        ----------
        lambda_min : float, default 1.0
            Public bound on the smallest eigenvalue of the second moment of covariates, for the predictions.

        Returns
        -------
        LDPResult
        """
        if not self.done:
            raise ProtocolError(f"round {self.round} of {len(self.schedule)} is open")
        low, total = check_positive(lambda_min, "lambda_min"), sum(self._counts)
        noise = ScoreNoise(self._entry, self._counts[-1] / total, self.keep, self.threshold)
        size, about = self.params.theta_norm, (self.params.dim, self.sparsity)
        return LDPResult(
            coef=self.coef.copy(), linear=self._moved.copy(), threshold=self._level,
            noise_sd=self._entry / (math.sqrt(self._counts[-1]) * low), noise_to_eigenvalue=0.0, n=total,
            n_required=n_required(0.5 * size, *about, noise=noise, theta_norm=size, lambda_min=low),
            predicted_error=predicted_error(noise, total, *about, theta_norm=size, lambda_min=low),
            zero_error=size, repair="none", guarantee=self._guarantee,
        )  # fmt: skip

    def _as_before(self, stats: Any) -> None:
        """Refuse reports that protect less, or tell less of who made them, than those of the rounds before."""
        kind = (stats.simulated, stats.tracks_users)
        self._kind = self._kind or kind
        if kind[0] != self._kind[0]:
            raise ProtocolError("simulated reports do not mix with real ones, in other rounds neither")
        if kind != self._kind:
            raise ProtocolError("some rounds track users and others do not: nobody could tell who answered twice")

    def _refuse_when_done(self) -> None:
        if self.done:
            raise ProtocolError(f"all {len(self.schedule)} rounds are over")


def _shares(rounds: int, schedule: str | Sequence[float] | None) -> tuple[float, ...]:
    """Return the shares of the users of every round."""
    if schedule is None:
        count = check_count(rounds, "rounds")
        return (1 / count,) * count
    if isinstance(schedule, str):
        check_choice(schedule, "schedule", ("uneven",))
        return UNEVEN
    return tuple(check_schedule(schedule).tolist())
