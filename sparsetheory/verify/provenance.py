"""Provenance: with what, where and when a run was made. Metadata: no verdict depends on it."""

import functools
import hashlib
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sparsetheory

__all__ = ["environment"]

_LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "scikit-learn", "sympy")


def _git(*arguments: str) -> str | None:
    """What git says of the checkout that the package is in, None outside of one."""
    folder = Path(__file__).resolve().parent
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _checkout() -> dict[str, Any]:
    top = _git("rev-parse", "--show-toplevel")
    # an installed package below somebody else's repository is not in a checkout of its own
    if top is None or not (Path(top) / "sparsetheory" / "verify").is_dir():
        return {"git": None}
    return {"git": _git("rev-parse", "HEAD"), "git_dirty": bool(_git("status", "--porcelain", "--untracked-files=no"))}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@functools.cache
def environment() -> dict[str, Any]:
    """Return versions, checkout and machine; the name of the machine only as a hash."""
    import scipy.linalg  # noqa: F401  (brings the libraries of NumPy and SciPy in, for the line below to see)
    from threadpoolctl import threadpool_info

    blas = [f"{pool['internal_api']} {pool.get('version') or ''}".strip() for pool in threadpool_info()
            if pool["user_api"] == "blas"]  # fmt: skip
    return {
        "sparsetheory": sparsetheory.__version__,
        **_checkout(),
        "python": platform.python_version(),
        **{name: _version(name) for name in _LIBRARIES},
        "blas": sorted(set(blas)),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "host": hashlib.sha256(platform.node().encode()).hexdigest()[:12],
    }
