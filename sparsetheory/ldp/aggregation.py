"""Rows that do not fit in memory: files and streams of records, privatised and added up chunk by chunk."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from .._validation import check_count
from ..errors import InvalidArgument
from .gram_client import privatize_rows
from .gram_stats import GramStats
from .params import LDPParams

__all__ = ["aggregate", "privatize_chunk", "read_chunks"]


def aggregate(
    chunks: Iterable[tuple[Any, Any]], params: LDPParams, *, seed: int | None = None, first_user: int = 0
) -> GramStats:
    """Return the statistics of the reports of all rows of a stream of chunks; only one chunk is in memory.

    Parameters
    ----------
    chunks : iterable of (X, y)
        Arrays of shapes (m, d) and (m,), m as it comes; for files see `read_chunks`.
    params : LDPParams
    seed : int, optional
        None: secure noise, and reports that protect. A number: a simulation, whose noise belongs to the numbers of the
        users of a chunk: the same chunks give the same state in any order and on any machine.
    first_user : int, default 0
        Public number of the first row.

    Returns
    -------
    GramStats

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> params = ldp.LDPParams(2, 1.0, x_radius=1.5, y_bound=2.0)
    >>> X, y = np.ones((6, 2)), np.ones(6)
    >>> whole = ldp.aggregate([(X[:4], y[:4]), (X[4:], y[4:])], params, seed=0)
    >>> left = ldp.aggregate([(X[:4], y[:4])], params, seed=0)
    >>> right = ldp.aggregate([(X[4:], y[4:])], params, seed=0, first_user=4)
    >>> whole == right + left
    True
    """
    stats, user = GramStats(params, simulated=seed is not None), check_count(first_user, "first_user", minimum=0)
    for X, y in chunks:
        stats += privatize_chunk(X, y, params, seed=seed, first_user=user)
        user += len(X)
    return stats


def privatize_chunk(X: Any, y: Any, params: LDPParams, *, seed: int | None = None, first_user: int = 0) -> GramStats:
    """Return the statistics of the reports of one chunk: what a worker of a cluster runs.

    Parameters
    ----------
    X : (m, d) array
    y : (m,) array
    params : LDPParams
    seed, first_user
        As in `aggregate`; the noise of a seeded chunk is keyed by both and by nothing else.

    Returns
    -------
    GramStats
    """
    rng = None if seed is None else np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(first_user,)))
    stats = GramStats(params, simulated=seed is not None)
    for batch in privatize_rows(X, y, params, users=first_user + np.arange(len(X)), rng=rng):
        stats.absorb_many(batch)
    return stats


def read_chunks(
    path: str | os.PathLike[str], responses: str | os.PathLike[str] | None = None, *, rows: int = 65536
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Return the rows of files, `rows` at a time, without reading all of them.

    Parameters
    ----------
    path : path
        A ``.npy`` file of the covariates, or a ``.npz`` file with the arrays ``X`` and ``y``.
    responses : path, optional
        The ``.npy`` file of the responses; with a ``.npy`` file of covariates.
    rows : int, default 65536
        Rows of a chunk.

    Returns
    -------
    iterator of (X, y)

    Raises
    ------
    InvalidArgument
        If the files do not hold a matrix and a vector of its number of rows, in C order, of numbers.
    """
    rows, packed = check_count(rows, "rows"), Path(path).suffix == ".npz"
    if packed != (responses is None):
        raise InvalidArgument("responses", "a second file with a .npy file, and none with a .npz file", responses)
    return _archived(Path(path), rows) if packed else _mapped(Path(path), Path(str(responses)), rows)


def _mapped(path: Path, responses: Path, rows: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    X, y = np.load(path, mmap_mode="r", allow_pickle=False), np.load(responses, mmap_mode="r", allow_pickle=False)
    _check_shapes(X.shape, y.shape)
    for start in range(0, len(y), rows):
        yield X[start : start + rows], y[start : start + rows]


def _archived(path: Path, rows: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    with zipfile.ZipFile(path) as archive, archive.open("X.npy") as left, archive.open("y.npy") as right:
        (shape, dtype), (length, kind) = _header(left), _header(right)
        _check_shapes(shape, length)
        for start in range(0, shape[0], rows):
            m = min(rows, shape[0] - start)
            yield _read(left, (m, shape[1]), dtype), _read(right, (m,), kind)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if (fortran and len(shape) > 1) or dtype.hasobject:
        raise InvalidArgument("path", "arrays of numbers in C order", f"{dtype}, Fortran order {fortran}")
    return shape, dtype


def _read(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    count = int(np.prod(shape))
    return np.frombuffer(file.read(count * dtype.itemsize), dtype=dtype, count=count).reshape(shape)


def _check_shapes(X: tuple[int, ...], y: tuple[int, ...]) -> None:
    if len(X) != 2 or y != X[:1]:
        raise InvalidArgument("path", "a matrix X and a vector y of its number of rows", f"shapes {X} and {y}")
