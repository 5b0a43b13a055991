"""One door to every solver: `solve` looks the method up in `SOLVERS`."""

from collections.abc import Callable
from typing import Any

from .._validation import check_choice, check_count
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, check_on_failure, conclude
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
    r"""Solve entropic optimal transport.

    .. math:: \min_{P \ge 0} \langle C, P\rangle + \varepsilon \sum_{ij} P_{ij} (\log P_{ij} - 1)
              \quad\text{with}\quad P 1 = a,\; P^\top 1 = b.

    Parameters
    ----------
    M : array_like of shape (n, m)
        Costs; ``+inf`` forbids an edge.
    a, b : array_like of shape (n,) and (m,), optional
        Masses with equal sums (to a relative 1e-6, b is then rescaled); None is uniform. Atoms without mass are fine.
    reg : float
        Regularisation :math:`\varepsilon > 0` in units of the cost.
    method : str, default "auto"
        A key of `SOLVERS`. "auto" is "newton", `sparsetheory.ot.semi_dual.newton`.
    tol : float, default 1e-9
        Bound on the L1 marginal error of the plan, both sides added, over the total mass. Below what double precision
        reaches (about 1e-16 of the cost over reg) the solver runs to that floor and says so in status and message.
    max_iter : int, optional
        Most sweeps over the cost; the default depends on the method.
    init : pair of arrays (f, g) or OTResult, optional
        Potentials to start from, in units of the cost; either of the pair may be None.
    n_threads : int, default 1
        Only 1 is accepted: the loops are serial. BLAS, which at times factorises a Newton system, has its own setting.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` at each checkpoint; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    OTResult
        Potentials, plan, values, certificates, status.

    Raises
    ------
    InvalidArgument
        For arguments that cannot be used, and for problems without a feasible plan.
    ConvergenceError
        With ``on_failure="raise"``, when the tolerance was not met.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ot
    >>> x, y = np.linspace(0, 1, 5), np.linspace(0, 1, 4)
    >>> result = ot.solve((x[:, None] - y) ** 2, reg=0.01)
    >>> result.converged, result.plan.sum(axis=0).round(8).tolist()
    (True, [0.25, 0.25, 0.25, 0.25])
    """
    solver = SOLVERS[check_choice(method, "method", SOLVERS)]
    if check_count(n_threads, "n_threads") != 1:
        raise InvalidArgument("n_threads", "1: the solvers are serial", n_threads)
    on_failure = check_on_failure(on_failure)
    result = solver(M, a, b, reg=reg, tol=tol, max_iter=max_iter, init=init, callback=callback, on_failure="ignore")
    return conclude(result, on_failure)
