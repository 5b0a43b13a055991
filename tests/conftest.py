"""Before any test: where compiled kernels live, which hypothesis profile runs, a plotting backend without a screen."""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "sparsetheory"


def _kernel_cache() -> Path:
    """One folder for each state of the sources: a kernel that inlines another one is not recompiled when only the
    other one's file changes, so a cache must never outlive any source file."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if not os.access(home.parent if not home.exists() else home, os.W_OK):
        home = Path(tempfile.gettempdir())
    folder = home / "sparsetheory-tests" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder.parent)
    return folder


def _forget_old(home: Path, *, keep: int = 20) -> None:
    """Remove the caches of sources that have not been tested for longest."""
    with contextlib.suppress(OSError):  # another run may be removing the same
        for old in sorted(home.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)[keep:]:
            shutil.rmtree(old, ignore_errors=True)


assert "numba" not in sys.modules, "numba was imported before its cache folder was chosen"
# workers of pytest-xdist inherit the variable, and Numba locks what they write at the same time
os.environ.setdefault("NUMBA_CACHE_DIR", str(_kernel_cache()))
os.environ.setdefault("MPLBACKEND", "Agg")

from hypothesis import HealthCheck, settings  # noqa: E402  (after the environment is set)

IN_CI = bool(os.environ.get("CI"))
# a compilation inside an example is no slow example, and a busy machine no reason to fail
_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("quick", max_examples=25, derandomize=True, database=None, **_common)
settings.register_profile(
    "default", max_examples=100, derandomize=IN_CI, **({"database": None} if IN_CI else {}), **_common
)
settings.register_profile(
    "nightly", max_examples=2000, derandomize=IN_CI, **({"database": None} if IN_CI else {}), **_common
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
