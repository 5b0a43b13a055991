"""Sinkhorn's iteration: alternate exact maximisation of the dual over f and over g."""

from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk
from .._validation import check_count, check_nonnegative
from ..progress import Callback
from ..result import OnFailure, check_on_failure
from ._sinkhorn_iteration import sinkhorn_chunk, update
from .conclusion import attainable_error, certified, initial_potentials
from .problem import Problem, frozen
from .result import OTResult

__all__ = ["sinkhorn"]

_CHUNK_ENTRIES = 50_000_000  # entries swept between checkpoints: about a tenth of a second


def sinkhorn(
    M: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    tol: float = 1e-9,
    max_iter: int | None = None,
    init: Any = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> OTResult:
    r"""Solve entropic optimal transport by Sinkhorn's iteration in the log domain.

    .. math:: f_i = \varepsilon \log a_i - \varepsilon \log \sum_j e^{(g_j - C_{ij})/\varepsilon}, \qquad
              g_j \leftarrow g_j + \varepsilon \log b_j - \varepsilon \log \sum_i e^{(f_i + g_j - C_{ij})/\varepsilon}

    Near the solution the error falls by the factor :math:`\sigma_2^2` an iteration, the second singular value of
    ``diag(a)^-1/2 P diag(b)^-1/2`` squared; `sparsetheory.ot.solve` does not depend on it.

    Parameters
    ----------
    M : array_like of shape (n, m)
        Costs; ``+inf`` forbids an edge.
    a, b : array_like of shape (n,) and (m,), optional
        Masses with equal sums; None is uniform.
    reg : float
        Regularisation :math:`\varepsilon > 0` in units of the cost.
    tol : float, default 1e-9
        Bound on the L1 marginal error of the plan, both sides added, over the total mass.
    max_iter : int, optional
        Most sweeps over the cost, 10 000 by default.
    init : pair of arrays (f, g) or OTResult, optional
        Potentials to start from, in units of the cost; either of the pair may be None.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` at each checkpoint, its solution the reduced g; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    OTResult
        Potentials, plan, values, certificates, status.

    Raises
    ------
    InvalidArgument
        For arguments that cannot be used; see `sparsetheory.ot.Problem.validated`.

    References
    ----------
    R. Sinkhorn, "Diagonal equivalence to matrices with prescribed row and column sums", 1967;
    M. Cuturi, "Sinkhorn distances", NeurIPS 2013.

    Examples
    --------
    >>> from sparsetheory import ot
    >>> result = ot.sinkhorn([[0.0, 1.0], [1.0, 0.0]], reg=0.5)
    >>> result.plan.round(4).tolist()
    [[0.4404, 0.0596], [0.0596, 0.4404]]
    """
    reduced = Problem.validated(M, a, b, reg).reduce()
    tol = check_nonnegative(tol, "tol") * reduced.problem.mass
    max_iter = 10_000 if max_iter is None else check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    start = initial_potentials(reduced, init)
    n, m = reduced.cost.shape
    f, g = (np.zeros(n), np.zeros(m)) if start is None else start
    row, column_sums = np.empty(m), reduced.b.copy()
    mass = reduced.problem.mass
    chunk = max(1, _CHUNK_ENTRIES // (n * m))

    def floor() -> float:
        return attainable_error(reduced.a, f, reduced.b, g, reduced.reg)

    def advance(budget: int) -> Chunk:
        update(reduced.cost, reduced.b, column_sums, reduced.reg, f, g)  # the step that the last chunk left out
        done, error = sinkhorn_chunk(
            reduced.cost, reduced.a, reduced.b, reduced.reg, min(chunk, budget), tol / mass - floor(),
            f, g, row, column_sums,
        )  # fmt: skip
        objective = float(reduced.a @ f + reduced.b @ g - reduced.reg) * mass
        return Chunk(n_iter=done, error=(error + floor()) * mass, objective=objective)

    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: frozen(g))
    return certified(reduced, f, g, outcome, tol, on_failure)
