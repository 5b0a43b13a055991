"""Executors: ``map(task, keys)`` yields what the tasks return, in any order, with every worker on one thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from ..errors import InvalidArgument

__all__ = ["Executor", "Joblib", "Serial", "executor", "inner_threads"]

K = TypeVar("K")
R = TypeVar("R")


class Executor(Protocol):
    """Where tasks run. The coordinator owns storage, stopping and progress; an executor owns none of them."""

    name: str
    jobs: int

    def map(self, task: Callable[[K], R], keys: Sequence[K]) -> Iterator[R]:
        """Yield ``task(key)`` for every key, in any order."""
        ...

    def threads(self) -> dict[str, int]:
        """Return the threads of every numerical pool where the tasks run, for the provenance."""
        ...


def inner_threads() -> dict[str, int]:
    """Return the number of threads of every numerical pool of this process."""
    import numba
    from threadpoolctl import threadpool_info

    pools = {f"{pool['user_api']} ({pool['internal_api']})": int(pool["num_threads"]) for pool in threadpool_info()}
    return pools | {"numba": int(numba.get_num_threads())}


@contextmanager
def _one_thread() -> Iterator[None]:
    """Hold BLAS, OpenMP and Numba to one thread: products differ in their last bits with the number of threads."""
    import numba
    from threadpoolctl import threadpool_limits

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        numba.set_num_threads(before)


class Serial:
    """In this process, one task after the other: the reference that every other executor has to reproduce."""

    name, jobs = "serial", 1

    def map(self, task: Callable[[K], R], keys: Sequence[K]) -> Iterator[R]:
        """Yield ``task(key)`` for every key, in order."""
        with _one_thread():
            yield from map(task, keys)

    def threads(self) -> dict[str, int]:
        """Return the threads of every numerical pool while tasks run."""
        with _one_thread():
            return inner_threads()


def _threads_of_worker(_: None) -> dict[str, int]:
    return inner_threads()


class Joblib:
    """In worker processes on this machine.

    Parameters
    ----------
    jobs : int
        Number of workers.
    """

    name = "joblib"

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def map(self, task: Callable[[K], R], keys: Sequence[K]) -> Iterator[R]:
        """Yield ``task(key)`` for every key as it comes; joblib sizes the batches to 0.2-2 s of work."""
        # The first one runs here, so that kernels are compiled once into the cache and not by every worker at once.
        yield from Serial().map(task, keys[:1])
        if len(keys) > 1:
            yield from self._spread((task, key) for key in keys[1:])

    def threads(self) -> dict[str, int]:
        """Return the threads of every numerical pool of a worker."""
        return next(self._spread([(_threads_of_worker, None)]))

    def _spread(self, calls: Iterable[tuple[Callable[[Any], R], Any]]) -> Iterator[R]:
        from joblib import Parallel, delayed, parallel_config

        # sets OMP, MKL, OPENBLAS and NUMBA thread counts of the workers before they import anything
        with parallel_config(backend="loky", inner_max_num_threads=1):
            pool = Parallel(n_jobs=self.jobs, return_as="generator_unordered")
            results: Iterator[R] = pool(delayed(task)(key) for task, key in calls)
        return results


def executor(name: str | None = None, jobs: int = 1) -> Executor:
    """Return the executor of a name, by default in-process for one job and joblib for more.

    Raises
    ------
    InvalidArgument
        If the name is unknown, or ``serial`` was asked for more than one job.
    """
    if jobs < 1:
        raise InvalidArgument("jobs", "an integer >= 1", jobs)
    if name is None:
        name = "serial" if jobs == 1 else "joblib"
    if name == "joblib":
        return Joblib(jobs)
    if name != "serial":
        raise InvalidArgument("executor", "'serial' or 'joblib'", repr(name))
    if jobs != 1:
        raise InvalidArgument("jobs", "1 with the executor 'serial'; use --executor joblib for more", jobs)
    return Serial()
