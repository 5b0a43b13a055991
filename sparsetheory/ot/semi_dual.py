"""Sparse Newton on the semi-dual along a decreasing regularisation: the default solver."""

from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk
from .._validation import check_count, check_nonnegative
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure
from .annealing import Annealing
from .ascent import Ascent
from .conclusion import certified, initial_potentials
from .problem import Problem, Reduced, frozen
from .result import OTResult

__all__ = ["newton"]

_MAX_ITER = 3_000


def newton(
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
    r"""Solve entropic optimal transport by sparse Newton steps on the semi-dual.

    .. math:: \max_g\; h(g) = a \cdot f(g) + b \cdot g, \qquad
              f_i(g) = \varepsilon \log a_i - \varepsilon \log \sum_j e^{(g_j - C_{ij})/\varepsilon}

    with gradient :math:`b - c` and Hessian :math:`-(\mathrm{diag}(c) - P^\top \mathrm{diag}(1/a) P)/\varepsilon`,
    a graph Laplacian; g belongs to the smaller side.

    1. One sweep makes the rows exact and gives f, the plan P, its column sums c and h.
    2. Newton system with the entries of P that matter, the diagonal of all of it; conjugate gradients, or Cholesky
       where they are slow (nearly disconnected plans).
    3. Trust radius, then backtracking on h; a Sinkhorn step where Newton is not to be trusted.
    4. All this at ``reg`` = spread of the costs / 100, then down by factors of 4 to the target, the potentials
       extrapolated in reg; a walk that stalls at the target is repeated from higher up with tighter levels.
    5. Stop on the L1 error of both marginals, recomputed from the returned potentials.

    Parameters
    ----------
    M : array_like of shape (n, m)
        Costs; ``+inf`` forbids an edge.
    a, b : array_like of shape (n,) and (m,), optional
        Masses with equal sums; None is uniform.
    reg : float
        Regularisation :math:`\varepsilon > 0` in units of the cost.
    tol : float, default 1e-9
        Bound on the L1 marginal error of the plan, both sides added, over the total mass. Below what double precision
        reaches (about 1e-16 of the cost over reg) the solver runs to that floor and says so in the status.
    max_iter : int, optional
        Most sweeps over the cost, 3000 by default; a step may overrun it by its line search.
    init : pair of arrays (f, g) or OTResult, optional
        Potentials to start from, in units of the cost; either of the pair may be None. A solution returns in one sweep.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` after each step; True stops. Above the target reg the error is only
        known to be at most 2, and reported as that; its solution is the reduced potential of the smaller side.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    OTResult
        Potentials, plan, values, certificates, status. ``trace.extra`` has the columns ``reg``, ``level_error``,
        ``newton_steps``, ``cg_iter`` and ``density``.

    Raises
    ------
    InvalidArgument
        For arguments that cannot be used; see `sparsetheory.ot.Problem.validated`.

    References
    ----------
    X. Tang et al., "Accelerating Sinkhorn algorithm with sparse Newton iterations", ICLR 2024;
    C. Brauer et al., "A Sinkhorn-Newton method for entropic optimal transport", 2017;
    Z. Tang, Y. Qiu, "Safe and sparse Newton method for entropic-regularized optimal transport", NeurIPS 2024;
    B. Schmitzer, "Stabilized sparse scaling algorithms for entropy regularized transport problems", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory.ot.semi_dual import newton
    >>> rng = np.random.default_rng(0)
    >>> result = newton(rng.random((50, 40)), reg=1e-3)
    >>> result.converged, result.n_iter < 60
    (True, True)
    """
    reduced = Problem.validated(M, a, b, reg).reduce()
    tol = check_nonnegative(tol, "tol") * reduced.problem.mass
    max_iter = _MAX_ITER if max_iter is None else check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    f, g, outcome = _solve(reduced, initial_potentials(reduced, init), tol, max_iter, callback)
    return certified(reduced, f, g, outcome, tol, on_failure)


def _solve(
    reduced: Reduced,
    start: tuple[np.ndarray, np.ndarray] | None,
    tol: float,
    max_iter: int,
    callback: Callback | None,
) -> tuple[np.ndarray, np.ndarray, _loop.Outcome]:
    """Ascend in the smaller of the two sides."""
    n, m = reduced.cost.shape
    flipped = m > n
    cost = np.ascontiguousarray(reduced.cost.T) if flipped else reduced.cost
    a, b = (reduced.b, reduced.a) if flipped else (reduced.a, reduced.b)
    ascent, mass = Ascent(cost, a, b), reduced.problem.mass
    g = None if start is None else start[0 if flipped else 1]
    annealing = Annealing(ascent, reduced.reg, reduced.spread, g)

    def advance(budget: int) -> Chunk:
        before = ascent.passes
        annealing.advance()
        spent = ascent.passes - before
        extra = {
            "reg": ascent.reg, "level_error": ascent.error, "newton_steps": ascent.newton_steps,
            "cg_iter": ascent.cg_iter, "density": ascent.density,
        }  # fmt: skip
        if not annealing.at_target:  # exact rows bound the error of the plan of any g by 2
            return Chunk(n_iter=spent, error=2.0 * mass, extra=extra)
        stop = Status.STALLED if annealing.exhausted else None
        error, objective = (ascent.error + ascent.floor) * mass, (ascent.value - reduced.reg) * mass
        return Chunk(n_iter=spent, error=error, objective=objective, stop=stop, extra=extra)

    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: frozen(ascent.g))
    f, g = annealing.best()
    return *((g, f) if flipped else (f, g)), outcome
