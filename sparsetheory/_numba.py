"""Numba policy in one place: the `kernel` decorator, dtype and layout normalisers, warm-up."""

import functools
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NamedTuple

import numba
import numpy as np

__all__ = ["as_float_matrix", "as_float_vector", "kernel", "warm_up"]

# cache: a second process starts in milliseconds; nogil: callers may use threads; numpy error model: division by
# zero gives inf, which the finiteness tests see. fastmath stays off unless a kernel says which flags and why.
kernel: Callable[..., Any] = functools.partial(numba.njit, cache=True, nogil=True, error_model="numpy")


def as_float_vector(x: Any) -> np.ndarray:
    """Return a C-contiguous writable float64 vector of its own, the one signature kernels are compiled for."""
    return np.array(x, dtype=np.float64, order="C", ndmin=1)


def as_float_matrix(x: Any) -> np.ndarray:
    """Return a C-contiguous writable float64 matrix of its own, the one signature kernels are compiled for."""
    return np.array(x, dtype=np.float64, order="C", ndmin=2)


class Warmed(NamedTuple):
    """One line of a warm-up: which kernel, for which signature, how long, and whether the cache had it."""

    kernel: str
    signature: str
    seconds: float
    from_cache: bool


def _declared() -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Walk the package for ``SIGNATURES = {kernel: (signature, ...)}`` tables of the kernel modules."""
    import sparsetheory

    for module in walk_packages(sparsetheory.__path__, "sparsetheory."):
        parts = module.name.split(".")
        if not (parts[-1].startswith("_") or "_kernels" in parts) or len(parts) < 3:
            continue
        for dispatcher, signatures in getattr(import_module(module.name), "SIGNATURES", {}).items():
            yield module.name, dispatcher, signatures


def warm_up() -> list[Warmed]:
    """Compile, or load from the cache, every signature that the kernel modules declare."""
    rows = []
    for module, dispatcher, signatures in _declared():
        if not hasattr(dispatcher, "compile"):  # NUMBA_DISABLE_JIT=1: plain functions
            continue
        for signature in signatures:
            hits = sum(dispatcher.stats.cache_hits.values())
            start = time.perf_counter()
            dispatcher.compile(signature)
            seconds = time.perf_counter() - start
            hit = sum(dispatcher.stats.cache_hits.values()) > hits
            rows.append(Warmed(f"{module}.{dispatcher.__name__}", signature, seconds, hit))
    return rows


def cache_folder() -> Path:
    """Return the folder that holds the compiled kernels of this package."""
    for _, dispatcher, _ in _declared():
        if hasattr(dispatcher, "stats"):
            return Path(dispatcher.stats.cache_path).parent
    return Path(numba.config.CACHE_DIR or ".")  # type: ignore[attr-defined]
