"""What an audit looks at: functions of a report, learned on one part of the reports, that may tell two inputs apart."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

__all__ = ["Score", "Worlds", "lowest_exponent", "score_groups"]

#: Values that occur less often than this in the training part are not worth a place in a table.
_REPEATED = 5


class Worlds(NamedTuple):
    """Rows drawn in two worlds that differ in the data of one client; a row is a report, or what two clients sent."""

    first: np.ndarray
    second: np.ndarray


class Score(NamedTuple):
    """A name and a function from rows to numbers."""

    name: str
    of: Callable[[np.ndarray], np.ndarray]


def lowest_exponent(values: np.ndarray) -> np.ndarray:
    """Return the exponent of the lowest set bit of every float64: 0 for 3.0, -1 for 2.5; -1100 for zero.

    A sum of a datum and noise has no bits below the last place of the datum unless it cancelled: which bits occur
    depends on the datum (Mironov, On significance of the least significant bits for differential privacy, CCS 2012).

    Examples
    --------
    >>> lowest_exponent(np.array([3.0, 2.5, 8.0, 0.0])).tolist()
    [0, -1, 3, -1100]
    """
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    bits = np.abs(mantissa * 2.0**53).astype(np.int64)
    lowest = np.frexp((bits & -bits).astype(np.float64))[1] - 1
    return np.where(bits == 0, -1100, exponent - 53 + lowest)


def score_groups(train: Worlds, direction: np.ndarray | None) -> Iterator[tuple[str, list[Score]]]:
    """Yield groups of scores of single reports; an audit tries the best one of each group.

    Parameters
    ----------
    train : Worlds
        Reports as float64 rows of shape (m, D).
    direction : ndarray, shape (D,), or None
        Difference of the inputs, where reports live in the space of the inputs.
    """
    yield "linear discriminant", [Score("linear discriminant", _projection(_discriminant(train)))]
    if direction is not None and np.any(direction):
        yield "direction", [Score("projection on the difference of the inputs", _projection(direction))]
    yield "norm", [Score("norm of the report", _norm)]
    yield "largest entry", [Score("largest |entry|", lambda rows: np.abs(rows).max(axis=1))]
    yield "repeated value", list(_tables(train, _same, "log-likelihood ratio of the value of entry"))
    yield "lowest bit", list(_tables(train, lowest_exponent, "log-likelihood ratio of the lowest set bit of entry"))


def _projection(direction: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rows: rows @ direction


def _norm(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows, axis=1)


def _same(values: np.ndarray) -> np.ndarray:
    return values


def _discriminant(train: Worlds) -> np.ndarray:
    """Return Fisher's direction in units of each entry's spread; an entry without noise gets all the weight."""
    gap = train.second.mean(axis=0) - train.first.mean(axis=0)
    centred = np.concatenate([train.first - train.first.mean(axis=0), train.second - train.second.mean(axis=0)])
    spread = centred.std(axis=0)
    spread = np.maximum(spread, 1e-12 * max(float(spread.max()), float(np.abs(gap).max()), 1e-300))
    centred /= spread
    m, dim = centred.shape
    correlation = centred.T @ centred / m + (dim / m) * np.eye(dim)
    return np.linalg.solve(correlation, gap / spread) / spread


def _tables(train: Worlds, feature: Callable[[np.ndarray], np.ndarray], name: str) -> Iterator[Score]:
    """Yield for every entry the log-likelihood ratio of a feature that takes few values, as training has it."""
    for j in range(train.first.shape[1]):
        first, second = feature(train.first[:, j]), feature(train.second[:, j])
        values, place = np.unique(np.concatenate([first, second]), return_inverse=True)
        counts = [np.bincount(part, minlength=len(values)) for part in (place[: len(first)], place[len(first) :])]
        often = counts[0] + counts[1] >= _REPEATED
        if often.any():
            logs = np.log(counts[1][often] + 0.5) - np.log(counts[0][often] + 0.5)
            yield Score(f"{name} {j}", _lookup(feature, j, values[often], logs))


def _lookup(
    feature: Callable[[np.ndarray], np.ndarray], j: int, values: np.ndarray, logs: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    def score(rows: np.ndarray) -> np.ndarray:
        found = feature(rows[:, j])
        place = np.minimum(np.searchsorted(values, found), len(values) - 1)
        return np.where(values[place] == found, logs[place], 0.0)

    return score
