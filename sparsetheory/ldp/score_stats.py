"""The server's side of one round of the interactive protocol: sums of scores."""

import math
from typing import Any

import numpy as np

from .report_stats import ReportStats
from .score_params import ScoreParams, ScoreRound

__all__ = ["ScoreStats"]


class ScoreStats(ReportStats):
    """Count and integer sum of the scores of a round: mergeable, exact in any order; other rounds are refused.

    Parameters
    ----------
    asked : ScoreRound
        What the clients of the round were told.
    track_users : bool, default False
        Remember who has reported and refuse a second report.
    simulated : bool, default False
        For reports made with a predictable generator, which never mix with real ones.

    Attributes
    ----------
    n : int
        Reports.
    round : int
        Number of the round, from 0.
    noise : float
        Standard deviation of the noise in a coordinate of the mean.
    guarantee : PrivacyGuarantee
        What every user was promised.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> params = ldp.ScoreParams(2, 1.0, x_radius=1.5, y_bound=2.0)
    >>> first = params.round(0, np.zeros(2))
    >>> stats = ldp.ScoreStats(first)
    >>> stats.absorb(ldp.ScoreClient(params).privatize([1.0, -1.0], 0.3, first)).n
    1
    """

    _kind = "score statistics"

    def __init__(self, asked: ScoreRound, *, track_users: bool = False, simulated: bool = False) -> None:
        super().__init__(asked, track_users=track_users, simulated=simulated)

    @property
    def params(self) -> ScoreParams:
        """Return what the rounds have in common."""
        params: ScoreParams = self.agreement.params
        return params

    @property
    def round(self) -> int:
        """Return the number of the round, from 0."""
        return int(self.agreement.index)

    @property
    def noise(self) -> float:
        """Return the deviation of the noise in a coordinate of the mean."""
        sd = math.sqrt(self._blocks["score"].randomizer.variance) * self.params.clip
        return sd / math.sqrt(self.n) if self.n else math.inf

    def mean(self) -> np.ndarray:
        """Return the unbiased mean of the clipped scores, (d,)."""
        return self._mean("score") * self.params.clip

    @classmethod
    def _read_agreement(cls, fields: dict[str, Any]) -> ScoreRound:
        return ScoreRound.from_dict(fields)
