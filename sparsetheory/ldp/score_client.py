"""The user's side of the interactive protocol: one score in one round."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._validation import check_vector
from ..errors import InvalidArgument
from .budget import OneReport
from .gram_client import check_user, report_batches
from .records import ClippedRecords
from .report import Report, ReportBatch
from .score_params import ScoreParams, ScoreRound

__all__ = ["ScoreClient", "privatize_scores"]


class ScoreClient(OneReport):
    """A user who answers in one round of the interactive protocol.

    Parameters
    ----------
    params : ScoreParams
        What all users are told before the first round. A round with other parameters is refused.
    user : int or str, optional
        The user's public number or name; goes with the report.

    Examples
    --------
    >>> from sparsetheory import ldp
    >>> params = ldp.ScoreParams(3, 1.0, x_radius=2.0, y_bound=3.0)
    >>> client = ldp.ScoreClient(params, user=7)
    >>> report = client.privatize([0.1, -1.0, 0.4], 0.8, params.round(0, [0.0, 0.0, 0.0]))
    >>> report.block, len(report.payload)
    ('score', 3)
    """

    def __init__(self, params: ScoreParams, *, user: int | str | None = None) -> None:
        super().__init__()
        self.params, self.user = params, check_user(user)

    def privatize(self, x: Any, y: Any, asked: ScoreRound) -> Report:
        """Return the private score of a record at the iterate of a round, with secure noise, and spend the budget.

        Parameters
        ----------
        x : (d,) array
        y : float
            Both are clipped here to the public bounds, and so is the score.
        asked : ScoreRound
            The round in which this user is asked.

        Returns
        -------
        Report

        Raises
        ------
        BudgetSpent
            If this client has reported before, in this round or another.
        InvalidArgument
            If the record is not finite or of another length, or the round has other parameters; nothing is spent then.
        """
        if asked.params != self.params:
            raise InvalidArgument("asked", "a round of the parameters this user agreed to", asked.params)
        x = check_vector(x, "x", length=self.params.dim)
        records = ClippedRecords(x, y, self.params)
        self._spend()
        payload = self.params.made.report(asked.blocks[0].query.values(records))[0]
        return Report(payload, "score", asked.fingerprint, self.user)


def privatize_scores(X: Any, y: Any, asked: ScoreRound, *, users: Any = None, rng: Any = None) -> Iterator[ReportBatch]:
    """Return the scores of the users of a round, a row each, in batches of about a megabyte.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) array
    asked : ScoreRound
    users : (n,) array, optional
        Public numbers or names that go with the reports.
    rng : numpy.random.Generator, optional
        Nothing: secure noise. A generator: a simulation, and the reports say so.

    Returns
    -------
    iterator of ReportBatch
    """
    records = ClippedRecords(X, y, asked.params)
    names = None if users is None else np.asarray(users)
    if names is not None and names.shape != (len(records),):
        raise InvalidArgument("users", f"{len(records)} users", f"shape {names.shape}")
    return report_batches(records, np.zeros(len(records), dtype=np.intp), asked, names, rng)
