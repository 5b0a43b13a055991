"""One door to every solver: `solve` looks the method up in `SOLVERS`."""

from collections.abc import Callable
from typing import Any

from .._validation import check_choice, check_count
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure
from .result import OTResult
from .semi_dual import newton
from .sinkhorn_iteration import sinkhorn
from .sinkhorn_newton import sinkhorn_newton_sparse

__all__ = ["SOLVERS", "solve"]

#: Method name -> solver. A new solver adds one line here.
SOLVERS: dict[str, Callable[..., OTResult]] = {
    "auto": newton,
    "newton": newton,
    "sinkhorn": sinkhorn,
    "sinkhorn_newton_sparse": sinkhorn_newton_sparse,
}


def solve(
    M: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    method: str = "auto",
    tol: float = 1e-9,
    max_iter: int | None = None,
    init: Any = None,
    n_threads: int = 1,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> OTResult:
    """Solve entropic optimal transport."""
    solver = SOLVERS[check_choice(method, "method", SOLVERS)]
    if check_count(n_threads, "n_threads") != 1:
        raise InvalidArgument("n_threads", "1: the solvers are serial", n_threads)
    return solver(
        M, a, b, reg=reg, tol=tol, max_iter=max_iter, init=init, callback=callback, on_failure=on_failure
    )  # fmt: skip
