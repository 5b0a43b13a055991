"""The user's side of the non-interactive protocol: one record in, one private report out, once."""

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._validation import check_choice, check_count, check_vector
from ..errors import InvalidArgument
from .blocks import Agreement
from .budget import OneReport
from .csprng import SecureStream, open_stream
from .params import LDPParams
from .records import ClippedRecords
from .report import Report, ReportBatch

__all__ = ["GramClient", "check_user", "privatize_rows", "report_batches"]

_VALUES = 1 << 17  # integers of a batch of reports: a megabyte, which stays in the cache


class GramClient(OneReport):
    """A user who reports once.

    Parameters
    ----------
    params : LDPParams
        What all users are told.
    user : int or str, optional
        The user's public number, or name; goes with the report. Where users are split between blocks a number decides
        by its place in the sequence, a name by its digest, and without either a coin does: never the record.
    block : str, optional
        Name of the block to report instead, chosen by the collector without knowledge of the record.

    Examples
    --------
    >>> from sparsetheory import ldp
    >>> params = ldp.LDPParams(3, 1.0, x_radius=2.0, y_bound=3.0)
    >>> report = ldp.GramClient(params, user=0).privatize([0.1, -1.0, 0.4], 0.8)
    >>> report.payload.dtype, report.block, report.simulated
    (dtype('int64'), 'cross', False)
    """

    def __init__(self, params: LDPParams, *, user: int | str | None = None, block: str | None = None) -> None:
        super().__init__()
        self.params, self.user = params, check_user(user)
        names = [known.name for known in params.blocks]
        if block is None:
            self.block = params.blocks[_public_choice(params, self.user)]
        else:
            self.block = params.blocks[names.index(check_choice(block, "block", names))]

    def privatize(self, x: Any, y: Any) -> Report:
        """Return the private report of a record, with secure noise, and spend the budget.

        Parameters
        ----------
        x : (d,) array
            Clipped here to the public radius.
        y : float
            Clipped here to the public bound.

        Returns
        -------
        Report

        Raises
        ------
        BudgetSpent
            If this client has reported before.
        InvalidArgument
            If the record is not finite or of another length; nothing is spent then.
        """
        x = check_vector(x, "x", length=self.params.dim)
        records = ClippedRecords(x, y, self.params)
        self._spend()
        payload = self.block.randomizer.report(self.block.query.values(records))[0]
        return Report(payload, self.block.name, self.params.fingerprint, self.user)


def _public_choice(params: LDPParams, user: int | str | None) -> int:
    """Return which block a user reports, from what is public."""
    if user is not None and not isinstance(user, str):
        return int(params.block_of([user])[0])
    name = os.urandom(16) if user is None else f"{params.fingerprint}/{user}".encode()
    coin = int.from_bytes(hashlib.sha256(name).digest()[:8], "little") / 2.0**64
    return int(coin >= params.blocks[0].share)


def privatize_rows(
    X: Any, y: Any, params: LDPParams, *, users: Any = None, rng: Any = None, name_users: bool = False
) -> Iterator[ReportBatch]:
    """Return the reports of many users, a row each, in batches of about a megabyte.

    Privacy is local only if this runs where the rows are: it is for users whose data one machine holds already, and for
    simulations.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) array
    params : LDPParams
    users : (n,) array of int, optional
        Public numbers of the users; 0, 1, ... by default. They decide who reports what where the users are split.
    rng : numpy.random.Generator, optional
        Nothing: secure noise. A generator: a simulation, and the reports say so.
    name_users : bool, default False
        Put the numbers into the reports.

    Returns
    -------
    iterator of ReportBatch

    Raises
    ------
    InvalidArgument
        If a record is not finite or shapes do not fit; before any report is made.
    """
    records = ClippedRecords(X, y, params)
    numbers = np.arange(len(records)) if users is None else np.asarray(users)
    if numbers.shape != (len(records),) or numbers.dtype.kind not in "iu" or numbers.min() < 0:
        raise InvalidArgument("users", f"{len(records)} numbers 0, 1, ...", f"{numbers.dtype} of shape {numbers.shape}")
    return report_batches(records, params.block_of(numbers), params, numbers if name_users else None, rng)


def report_batches(
    records: ClippedRecords, which: np.ndarray, agreement: Agreement, names: np.ndarray | None, rng: Any
) -> Iterator[ReportBatch]:
    """Return the reports of records on the blocks of these indices, block by block, in batches of about a megabyte."""
    stream = open_stream(rng)
    simulated = not isinstance(stream, SecureStream)
    for k, block in enumerate(agreement.blocks):
        rows = np.flatnonzero(which == k)
        many = max(1, _VALUES // block.query.length)
        for start in range(0, len(rows), many):
            part = rows[start : start + many]
            payload = block.randomizer.report(block.query.values(records.some(part)), stream)
            users = None if names is None else names[part]
            yield ReportBatch(payload, block.name, agreement.fingerprint, users, simulated)


def check_user(user: Any) -> int | str | None:
    """Return a name, a number 0, 1, ... or None."""
    return user if user is None or isinstance(user, str) else check_count(user, "user", minimum=0)
