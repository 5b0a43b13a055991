"""What a user sends: integers, where they belong, and nothing else."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .frames import frame, unframe

__all__ = ["Report", "ReportBatch"]


@dataclass(frozen=True, eq=False)
class Report:
    """A private report of one user.

    Parameters
    ----------
    payload : (L,) int64 array
        In steps of the randomiser of the block.
    block : str
        What it answers.
    fingerprint : str
        Of the parameters it was made with.
    user : int or str, optional
        For servers that refuse a user's second report.
    simulated : bool, default False
        Made with a generator that can be predicted: it protects nobody.
    """

    payload: np.ndarray
    block: str
    fingerprint: str
    user: int | str | None = None
    simulated: bool = False

    def to_bytes(self) -> bytes:
        """Return the report as bytes with a checksum, 4 bytes a value where they fit."""
        return frame("report", _header(self, self.user), {"payload": _narrow(self.payload)})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Report":
        """Read what `to_bytes` wrote; raises `InvalidArgument` if it was damaged."""
        header, arrays = unframe("report", data)
        return cls(arrays["payload"].astype(np.int64), **header)


@dataclass(frozen=True, eq=False)
class ReportBatch:
    """Reports of many users on one block: a row of `payload` each."""

    payload: np.ndarray
    block: str
    fingerprint: str
    users: np.ndarray | None = None
    simulated: bool = False

    def __post_init__(self) -> None:
        if self.payload.ndim != 2 or (self.users is not None and len(self.users) != len(self.payload)):
            raise InvalidArgument("payload", "a row for every user", f"shape {self.payload.shape}")

    def __len__(self) -> int:
        return len(self.payload)

    def __getitem__(self, i: int) -> Report:
        user = None if self.users is None else self.users[i].item()
        return Report(self.payload[i], self.block, self.fingerprint, user, self.simulated)


def _header(report: Report, user: Any) -> dict[str, Any]:
    return {
        "block": report.block, "fingerprint": report.fingerprint, "user": user, "simulated": report.simulated,
    }  # fmt: skip


def _narrow(values: np.ndarray) -> np.ndarray:
    """Return the values in four bytes each where that loses nothing."""
    small = values.astype(np.int32)
    return small if np.array_equal(small, values) else values
