"""Sums of reports: a commutative monoid of integers, whatever the protocol."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import InvalidArgument
from ._report_stats import add_reports, square_norms
from .errors import BudgetSpent, ProtocolError
from .frames import frame, unframe, write_whole
from .guarantee import PrivacyGuarantee
from .report import Report, ReportBatch

__all__ = ["ReportStats"]

_LARGEST = 2**62  # half of what fits, for the rounding of the bounds


class ReportStats:
    """Counts and integer sums of the reports of each block.

    Integers add up exactly: any order of reports, shards and merges gives the same state, bit for bit.

    Parameters
    ----------
    agreement : LDPParams or ScoreRound
        What the reports have to have been made with.
    track_users : bool, default False
        Remember who has reported, and refuse a second report. Costs about 100 bytes a user; without it somebody who
        sends a report again is counted again.
    simulated : bool, default False
        For reports that were made with a predictable generator. They never mix with real ones.
    """

    _kind = "statistics"

    def __init__(self, agreement: Any, *, track_users: bool = False, simulated: bool = False) -> None:
        self.agreement: Any = agreement
        self.simulated = bool(simulated)
        self._blocks = {block.name: block for block in agreement.blocks}
        self._sums = {name: np.zeros(b.query.length, dtype=np.int64) for name, b in self._blocks.items()}
        self._counts = dict.fromkeys(self._blocks, 0)
        self._limits = {name: block.limit for name, block in self._blocks.items()}
        self._users: set[bytes] | None = set() if track_users else None

    @property
    def n(self) -> int:
        """Return the number of reports."""
        return sum(self._counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of reports of each block."""
        return dict(self._counts)

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint that reports must have."""
        return str(self.agreement.fingerprint)

    @property
    def tracks_users(self) -> bool:
        """Whether a user's second report is refused."""
        return self._users is not None

    @property
    def users(self) -> frozenset[bytes]:
        """Return digests of the users who have reported; empty unless they are tracked."""
        return frozenset(self._users or ())

    @property
    def guarantee(self) -> PrivacyGuarantee:
        """Return what every user was promised."""
        promised: PrivacyGuarantee = self.agreement.guarantee
        return promised.as_simulated() if self.simulated else promised

    def absorb(self, report: Report) -> Self:
        """Add a report; a user's second one, a foreign one and an impossible one are refused.

        Parameters
        ----------
        report : Report

        Returns
        -------
        self

        Raises
        ------
        ProtocolError
            If the report has another fingerprint, is (not) simulated, or is longer than an honest one can be.
        BudgetSpent
            If users are tracked and this one has reported before.
        """
        users = None if report.user is None else np.array([report.user])
        batch = ReportBatch(report.payload[None, :], report.block, report.fingerprint, users, report.simulated)
        return self.absorb_many(batch)

    def absorb_many(self, reports: ReportBatch | Iterable[Report]) -> Self:
        """Add the reports of a batch, all or none of them; or reports one by one.

        Parameters
        ----------
        reports : ReportBatch or iterable of Report

        Returns
        -------
        self

        Raises
        ------
        ProtocolError, BudgetSpent
            As in `absorb`.
        """
        if not isinstance(reports, ReportBatch):
            for report in reports:
                self.absorb(report)
            return self
        self._agree(reports.fingerprint, reports.simulated)
        payload = self._possible(reports)
        new = self._new_users(reports)
        self._room_for(reports.block, len(payload))
        add_reports(payload, self._sums[reports.block])
        self._counts[reports.block] += len(payload)
        if self._users is not None:
            self._users |= new
        return self

    def add_total(self, block: str, total: np.ndarray, count: int) -> Self:
        """Add the integer sum of reports that were never made one by one: for simulations only.

        Raises
        ------
        ProtocolError
            If these statistics are of real reports.
        """
        self._agree(self.fingerprint, True)
        self._room_for(block, count)
        self._sums[block] += total
        self._counts[block] += count
        return self

    def merge(self, other: Self) -> Self:
        """Add the sums of another server, in place.

        Parameters
        ----------
        other : same type
            Of the same fingerprint, both simulated or both not, both tracking users or both not.

        Returns
        -------
        self

        Raises
        ------
        ProtocolError
            If the two do not fit.
        BudgetSpent
            If users are tracked and somebody has reported to both.
        """
        if type(other) is not type(self):
            raise InvalidArgument("other", type(self).__name__, type(other).__name__)
        self._agree(other.fingerprint, other.simulated)
        if (self._users is None) != (other._users is None):
            raise ProtocolError("one side tracks users and the other does not: nobody could tell who reported twice")
        if both := self.users & other.users:
            raise BudgetSpent(f"{len(both)} users have reported to both sides")
        for name, count in other._counts.items():
            self._room_for(name, count)
        if self._users is not None:
            self._users |= other.users
        for name, count in other._counts.items():
            self._counts[name] += count
            self._sums[name] += other._sums[name]
        return self

    def copy(self) -> Self:
        """Return statistics that share nothing with these."""
        return self._empty().merge(self)

    def __add__(self, other: Any) -> Self:
        return self.copy().merge(other) if isinstance(other, type(self)) else NotImplemented

    def __iadd__(self, other: Any) -> Self:
        return self.merge(other) if isinstance(other, type(self)) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def to_bytes(self) -> bytes:
        """Return parameters and state as bytes with a checksum; equal states give equal bytes."""
        header = {
            "agreement": self.agreement.to_dict(), "fingerprint": self.fingerprint, "simulated": self.simulated,
            "counts": self._counts, "tracked": self._users is not None,
        }  # fmt: skip
        return frame(self._kind, header, self._sums | {".users": np.array(sorted(self._users or ()), dtype="S16")})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises
        ------
        InvalidArgument
            If the bytes are damaged or of something else.
        ProtocolError
            If the parameters no longer lead to the fingerprint: another version of the protocol.
        """
        header, arrays = unframe(cls._kind, data)
        stats = cls(
            cls._read_agreement(header["agreement"]), track_users=header["tracked"], simulated=header["simulated"]
        )
        stats._agree(header["fingerprint"], stats.simulated)
        users = arrays.pop(".users").tobytes()
        if stats._users is not None:
            stats._users |= {users[i : i + 16] for i in range(0, len(users), 16)}
        if {k: v.shape for k, v in arrays.items()} != {k: v.shape for k, v in stats._sums.items()}:
            raise InvalidArgument("data", "a sum for every block", ", ".join(sorted(arrays)))
        for name, sums in stats._sums.items():
            stats._room_for(name, header["counts"][name])
            stats._counts[name] = header["counts"][name]
            sums += arrays[name]
        return stats

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_bytes` to a file, which is never seen half written."""
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote."""
        return cls.from_bytes(Path(path).read_bytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self._counts.items())
        return f"{type(self).__name__}({counts} reports, {self.guarantee})"

    @classmethod
    def _read_agreement(cls, fields: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _empty(self) -> Self:
        return type(self)(self.agreement, track_users=self._users is not None, simulated=self.simulated)

    def _mean(self, name: str) -> np.ndarray:
        """Return the mean answer to a block."""
        count = self._counts[name]
        if count == 0:
            raise InvalidArgument("stats", f"at least one report of the block {name!r}", "none")
        return np.asarray(self._blocks[name].randomizer.decode(self._sums[name])) / count

    def _agree(self, fingerprint: str, simulated: bool) -> None:
        if fingerprint != self.fingerprint:
            raise ProtocolError(f"made with other parameters: fingerprint {fingerprint}, here {self.fingerprint}")
        if simulated != self.simulated:
            one, other = ("simulated", "real") if simulated else ("real", "simulated")
            raise ProtocolError(f"{one} reports do not mix with {other} ones")

    def _possible(self, reports: ReportBatch) -> np.ndarray:
        """Return the payload as the kernel takes it, if an honest client can have made it."""
        if reports.block not in self._blocks:
            raise ProtocolError(f"no block {reports.block!r} here; there is {', '.join(self._blocks)}")
        length = self._blocks[reports.block].query.length
        if reports.payload.dtype.kind not in "iu" or reports.payload.shape[1] != length:
            got = f"{reports.payload.dtype} of length {reports.payload.shape[1]}"
            raise ProtocolError(f"a report of {reports.block!r} is {length} integers, not {got}")
        payload = np.ascontiguousarray(reports.payload, dtype=np.int64)
        squares = np.empty(len(payload))
        square_norms(payload, squares)
        bad = np.flatnonzero(~(squares <= self._limits[reports.block] ** 2))
        if len(bad):
            raise ProtocolError(
                f"{len(bad)} reports are longer than honest ones can be, the first is number {bad[0]}: "
                f"norm {squares[bad[0]] ** 0.5:.4g}, at most {self._limits[reports.block]:.4g}"
            )
        return payload

    def _new_users(self, reports: ReportBatch) -> set[bytes]:
        """Return digests of the users of a batch, none of whom has reported before."""
        if self._users is None:
            return set()
        if reports.users is None:
            raise ProtocolError("users are tracked here: reports have to name theirs")
        digests = [user_digest(user) for user in reports.users.tolist()]
        new = set(digests)
        again = new & self._users
        if again or len(new) < len(digests):
            raise BudgetSpent(f"{len(again) or len(digests) - len(new)} users have reported before")
        return new

    def _room_for(self, name: str, count: int) -> None:
        """Refuse counts whose sums could leave 64 bits: every entry of a report is at most its norm."""
        if (self._counts[name] + count) * self._limits[name] >= _LARGEST:
            raise ProtocolError(f"{self._counts[name] + count} reports of {name!r} do not fit 64-bit sums")


def user_digest(user: int | str) -> bytes:
    """Return 16 bytes that stand for a user; a number that is not an integer would be another user than the integer."""
    if not isinstance(user, (int, str)) or isinstance(user, bool):
        raise ProtocolError(f"users are integers or strings, not {type(user).__name__}")
    return hashlib.blake2b(repr(user).encode(), digest_size=16).digest()
