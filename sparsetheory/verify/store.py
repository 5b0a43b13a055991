"""Store: one SQLite file a study, written by the coordinator alone, append-only by replicate."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..errors import InvalidArgument

__all__ = ["Record", "Store", "canonical", "digest", "write_atomically"]

# WAL with NORMAL loses nothing when the process dies (only a power cut may cost the last commits) and writes thousands
# of records a second; FULL would write hundreds.
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, variant TEXT NOT NULL, cell INTEGER NOT NULL,
  replicate INTEGER NOT NULL, status TEXT NOT NULL, payload TEXT NOT NULL, seconds REAL NOT NULL, warnings TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_key ON records (fingerprint, variant, cell, replicate);
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, facts TEXT NOT NULL);
"""


def as_number(scalar: Any) -> Any:
    """Return a NumPy scalar as Python's own number, for JSON."""
    return scalar.item()


def canonical(data: Any) -> str:
    """Return JSON that is the same text for the same data: sorted keys, no blanks, no NaN, NumPy scalars as numbers."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False, default=as_number)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What came of one task.

    Attributes
    ----------
    variant, cell, replicate : str, int, int
        The key.
    status : str
        ``ok``, or why there is no measurement: ``error``, ``timeout``, ``non-finite``.
    payload : str
        Canonical JSON: the measurement, or message and traceback of a failure.
    seconds : float
        Time of the task: metadata, never part of a verdict or a digest.
    warnings : str
        JSON list of what was warned about on the way.
    """

    variant: str
    cell: int
    replicate: int
    status: str
    payload: str
    seconds: float = 0.0
    warnings: str = "[]"

    @property
    def ok(self) -> bool:
        """Whether there is a measurement."""
        return self.status == "ok"

    @property
    def key(self) -> tuple[str, int, int]:
        """Where the record belongs."""
        return self.variant, self.cell, self.replicate


def digest(records: Iterable[Record]) -> str:
    """Return the SHA-256 of the records in the order of their keys: the same for any split of the work.

    Of a failure only its status counts: a traceback names paths, which differ between machines.
    """
    total = hashlib.sha256()
    for record in sorted(records, key=lambda r: r.key):
        line = [*record.key, record.status, record.payload if record.ok else ""]
        total.update(canonical(line).encode() + b"\n")
    return total.hexdigest()


class Store:
    """The records of one claim in one folder.

    A row is never changed: a failure that was tried again is superseded by a later row of the same key, and rows of
    another fingerprint (other code, grid or versions) are kept but not used.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made when they are not there.

    Raises
    ------
    InvalidArgument
        If the file is no database, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._db = sqlite3.connect(path)
        try:
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._db.close()
            expected = "a SQLite file of records that can be read and written; move it away to start anew"
            raise InvalidArgument(str(path), expected, str(error)) from None

    def append(self, fingerprint: str, records: Sequence[Record]) -> None:
        """Commit some records at once; when this returns they survive the death of the process."""
        rows = [
            (fingerprint, *r.key, r.status, r.payload, r.seconds, r.warnings) for r in records
        ]  # fmt: skip
        with self._db:
            self._db.executemany(
                "INSERT INTO records (fingerprint, variant, cell, replicate, status, payload, seconds, warnings)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows,
            )  # fmt: skip

    def records(self, fingerprint: str, variant: str) -> list[Record]:
        """Return the last word on every key, in the order (cell, replicate)."""
        rows = self._db.execute(
            "SELECT variant, cell, replicate, status, payload, seconds, warnings FROM records WHERE id IN"
            " (SELECT max(id) FROM records WHERE fingerprint = ? AND variant = ? GROUP BY cell, replicate)"
            " ORDER BY cell, replicate", (fingerprint, variant),
        )  # fmt: skip
        names = ("variant", "cell", "replicate", "status", "payload", "seconds", "warnings")
        return [Record(**dict(zip(names, row, strict=True))) for row in rows]

    def stale(self, fingerprint: str) -> int:
        """Count the rows of other code, grids or versions."""
        query = "SELECT count(*) FROM records WHERE fingerprint != ?"
        return int(self._db.execute(query, (fingerprint,)).fetchone()[0])

    def add_run(self, facts: Mapping[str, Any]) -> None:
        """Append what is known of a run: its provenance and how the proof came out."""
        with self._db:
            self._db.execute("INSERT INTO runs (facts) VALUES (?)", (json.dumps(facts, default=as_number),))

    def runs(self) -> list[dict[str, Any]]:
        """Return the facts of every run that ended, the latest last."""
        return [json.loads(facts) for (facts,) in self._db.execute("SELECT facts FROM runs ORDER BY id")]

    def last_run(self) -> dict[str, Any] | None:
        """Return the facts of the latest run, None where there was none."""
        runs = self.runs()
        return runs[-1] if runs else None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
