"""Sinkhorn-Newton-Sparse, the steps of the paper: Sinkhorn first, then Newton with a sparsified Hessian."""

import math
from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk
from .._validation import check_count, check_nonnegative, check_positive
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure
from ._sinkhorn_iteration import sinkhorn_chunk, update
from ._sinkhorn_newton import plan_pass
from .conclusion import attainable_error, certified, initial_potentials
from .problem import Problem, Reduced, frozen
from .result import OTResult

__all__ = ["sinkhorn_newton_sparse"]

_WARM_UP_CHUNK = 10  # Sinkhorn iterations between checkpoints
_NEWTON_STEPS = 100
_ARMIJO = 1e-4
_HALVINGS = 40
_PATIENCE = 10  # Newton steps without a smaller error or a higher objective


def sinkhorn_newton_sparse(
    M: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    n_sinkhorn: int = 20,
    n_newton: int | None = None,
    density: float | None = None,
    cg_tol: float = 1e-6,
    tol: float = 1e-9,
    max_iter: int | None = None,
    init: Any = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> OTResult:
    r"""Solve entropic optimal transport by the steps of Sinkhorn-Newton-Sparse.

    .. math:: \max_{f, g}\; a^\top f + b^\top g - \varepsilon \sum_{ij} P_{ij}, \qquad
              P_{ij} = e^{(f_i + g_j - C_{ij})/\varepsilon}

    1. `n_sinkhorn` Sinkhorn iterations, f then g.
    2. Newton steps on both blocks of potentials together. Of the off-diagonal block P of the Hessian only the
       ``ceil(density n m)`` largest entries stay; the diagonal blocks ``diag(P1)`` and ``diag(P'1)`` are the full ones.
    3. Each step is the conjugate gradient solution of that sparse system, halved until the objective has risen by
       1e-4 of what its slope promises (Armijo).

    This is the method as published, for replaying its tables. `sparsetheory.ot.solve` chooses what it keeps by mass,
    keeps the rows exact, and does not depend on `density`.

    Parameters
    ----------
    M : array_like of shape (n, m)
        Costs; ``+inf`` forbids an edge.
    a, b : array_like of shape (n,) and (m,), optional
        Masses with equal sums; None is uniform.
    reg : float
        Regularisation :math:`\varepsilon > 0` in units of the cost: 1/1200 throughout the paper, costs in [0, 1].
    n_sinkhorn : int, default 20
        Sinkhorn iterations; 0 begins with Newton steps at `init`.
    n_newton : int, optional
        Most Newton steps; 0 leaves Sinkhorn's iteration alone. By default what `max_iter` leaves.
    density : float in (0, 1], optional
        Part of the n m entries of P that is kept. Default ``15 / max(n, m)``, the largest in the paper; its assignment
        problems use ``2 / n``. If too much mass is dropped the steps converge linearly, and slowly.
    cg_tol : float, default 1e-6
        Relative residual of the conjugate gradients.
    tol : float, default 1e-9
        Bound on the L1 marginal error of the plan, both sides added, over the total mass.
    max_iter : int, optional
        Bound on both kinds of iterations together, by default ``n_sinkhorn + n_newton``, with 100 for `n_newton`.
    init : pair of arrays (f, g) or OTResult, optional
        Potentials to start from; ``(None, zeros)`` is the paper's own start (see Notes).
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` at each checkpoint, its solution the reduced g; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    OTResult
        Its ``trace.extra`` holds, for every Newton step (NaN in Sinkhorn's rows): ``density``, the kept part;
        ``dropped``, the part of the mass that was not kept; ``cg``, the conjugate gradient steps; ``step``, the
        accepted step length; ``empty``, the rows and columns that lost all their entries.

    Raises
    ------
    InvalidArgument
        For arguments that cannot be used; see `sparsetheory.ot.Problem.validated`.

    Notes
    -----
    What the paper leaves open, and what is done here.

    - Start: g = 0 for the cost whose row and then column minima have been subtracted.
    - Conjugate gradients: preconditioned by the diagonal, to `cg_tol`, at most 2 (n + m) steps, from zero.
    - Gauge: the system is singular only if nothing is dropped, with a consistent right-hand side, which conjugate
      gradients do not mind; the direction (1, -1) is taken out of the gradient and of the step, and after each step the
      pair is shifted to ``b.g = 0``.
    - Rows or columns that lose all entries keep their diagonal: their step is a scaled gradient. They are counted.
    - Ties at the threshold are all kept; entries that underflowed are not.
    - Line search: 40 halvings. Where the promised rise is below the rounding of the objective, its condition is put in
      terms of slopes (Hager and Zhang 2005), the same for a quadratic. The solver stops when no step is accepted, when
      the error is that of rounding, or when 10 steps have brought neither a smaller one nor a higher objective.
    - No rule switches between the stages; both stop early when the tolerance is met.

    References
    ----------
    X. Tang, M. Shavlovsky, H. Rahmanian, E. Tardini, K. K. Thekumparampil, T. Xiao, L. Ying, "Accelerating Sinkhorn
    algorithm with sparse Newton iterations", ICLR 2024, algorithm 1.
    W. W. Hager, H. Zhang, "A new conjugate gradient method with guaranteed descent and an efficient line search", SIAM
    J. Optim. 16 (2005): the approximate Wolfe conditions.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ot
    >>> M = np.random.default_rng(0).random((50, 50))
    >>> result = ot.sinkhorn_newton_sparse(M, reg=0.02, density=0.5)
    >>> result.converged, result.n_iter < 40
    (True, True)
    """
    reduced = Problem.validated(M, a, b, reg).reduce()
    n_sinkhorn = check_count(n_sinkhorn, "n_sinkhorn", minimum=0)
    n_newton = None if n_newton is None else check_count(n_newton, "n_newton", minimum=0)
    density = _check_density(density, reduced)
    cg_tol, tol = check_positive(cg_tol, "cg_tol"), check_nonnegative(tol, "tol") * reduced.problem.mass
    max_iter = None if max_iter is None else check_count(max_iter, "max_iter")
    stages = n_sinkhorn + (_NEWTON_STEPS if n_newton is None else n_newton)
    if max_iter is None or (n_newton is not None and stages < max_iter):
        max_iter = stages
    on_failure = check_on_failure(on_failure)
    start = initial_potentials(reduced, init)
    n, m = reduced.cost.shape
    f, g = (np.zeros(n), np.zeros(m)) if start is None else start
    warm_up = _WarmUp(reduced, f, g, tol, n_sinkhorn)
    newton = _Newton(reduced, f, g, density, cg_tol)

    def advance(budget: int) -> Chunk:
        return warm_up.advance(budget) if warm_up.left else newton.advance()

    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: frozen(g))
    return certified(reduced, f, g, outcome, tol, on_failure)


def _check_density(density: float | None, reduced: Reduced) -> float:
    if density is None:
        return min(1.0, 15 / max(reduced.cost.shape))
    density = check_positive(density, "density")
    if density > 1:
        raise InvalidArgument("density", "a number in (0, 1]", density)
    return density


class _WarmUp:
    """The Sinkhorn stage. It writes into the caller's f and g, and ends with the g-update, as in the paper."""

    def __init__(self, reduced: Reduced, f: np.ndarray, g: np.ndarray, tol: float, n_iter: int) -> None:
        self.reduced, self.f, self.g, self.left = reduced, f, g, n_iter
        self.target = tol / reduced.problem.mass
        self.row, self.column_sums = np.empty(len(g)), np.empty(len(g))

    def advance(self, budget: int) -> Chunk:
        reduced, f, g = self.reduced, self.f, self.g
        done, error = sinkhorn_chunk(
            reduced.cost, reduced.a, reduced.b, reduced.reg, min(_WARM_UP_CHUNK, self.left, budget), self.target,
            f, g, self.row, self.column_sums,
        )  # fmt: skip
        self.left -= done
        if error > self.target and done < budget:
            update(reduced.cost, reduced.b, self.column_sums, reduced.reg, f, g)
        mass = reduced.problem.mass
        objective = reduced.a @ f + reduced.b @ g - reduced.reg
        return Chunk(n_iter=done, error=error * mass, objective=objective * mass)


class _Newton:
    """The Newton stage: one sparsified step of (f, g) a call."""

    def __init__(self, reduced: Reduced, f: np.ndarray, g: np.ndarray, density: float, cg_tol: float) -> None:
        self.reduced, self.f, self.g, self.cg_tol = reduced, f, g, cg_tol
        n, m = reduced.cost.shape
        self.plan, self.rows, self.columns = np.empty((n, m)), np.empty(n), np.empty(m)
        self.n_kept = math.ceil(density * n * m)
        self.objective = math.nan  # until the first evaluation
        self.smallest_error, self.waited = math.inf, 0

    def evaluate(self, f: np.ndarray, g: np.ndarray) -> float:
        """Form plan and marginals at (f, g); return the objective, -inf if the plan overflowed."""
        reduced = self.reduced
        plan_pass(reduced.cost, f, g, reduced.reg, self.plan, self.rows, self.columns)
        objective = float(reduced.a @ f + reduced.b @ g - reduced.reg * self.rows.sum())
        return objective if math.isfinite(objective) else -math.inf

    def gradient(self) -> np.ndarray:
        return np.concatenate([self.reduced.a - self.rows, self.reduced.b - self.columns])

    def advance(self) -> Chunk:
        if math.isnan(self.objective):
            self.objective = self.evaluate(self.f, self.g)
        if self.at_floor():  # a step would amplify rounding
            return self.report(n_iter=0, done=True)
        gradient, before = self.gradient(), self.objective
        direction, extra = self.direction(gradient)
        step = self.line_search(gradient, direction)
        error = float(np.abs(self.gradient()).sum())
        moving = error < self.smallest_error or self.objective > before + self.resolution()
        self.waited = 0 if moving else self.waited + 1
        self.smallest_error = min(error, self.smallest_error)
        return self.report(n_iter=1, done=step == 0 or self.waited >= _PATIENCE, step=step, **extra)

    def at_floor(self) -> bool:
        reduced = self.reduced
        floor = attainable_error(reduced.a, self.f, reduced.b, self.g, reduced.reg)
        return float(np.abs(self.gradient()).sum()) <= floor

    def resolution(self) -> float:
        """Changes of the objective below this are rounding."""
        reduced = self.reduced
        size = reduced.a @ np.abs(self.f) + reduced.b @ np.abs(self.g) + reduced.reg
        return float(8 * np.finfo(float).eps * size)

    def report(self, *, n_iter: int, done: bool, **extra: float) -> Chunk:
        mass = self.reduced.problem.mass
        return Chunk(
            n_iter=n_iter, error=float(np.abs(self.gradient()).sum()) * mass, objective=self.objective * mass,
            stop=Status.STALLED if done else None, extra=extra,
        )  # fmt: skip

    def direction(self, gradient: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        """Solve the sparsified Newton system by conjugate gradients."""
        from scipy.sparse import block_array, csr_array, diags_array
        from scipy.sparse.linalg import cg

        plan, n_entries = self.plan, self.plan.size
        threshold = np.partition(plan, n_entries - self.n_kept, axis=None)[n_entries - self.n_kept]
        keep = plan >= max(threshold, np.finfo(float).tiny)
        start = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
        kept = csr_array((plan[keep], np.nonzero(keep)[1], start), shape=plan.shape)
        diagonal = np.maximum(np.concatenate([self.rows, self.columns]), np.finfo(float).tiny)
        hessian = block_array(
            [[diags_array(diagonal[: len(self.f)]), kept], [kept.T, diags_array(diagonal[len(self.f) :])]], format="csr"
        )
        n_cg = 0

        def count(_: np.ndarray) -> None:
            nonlocal n_cg
            n_cg += 1

        scale = np.abs(gradient).max() or 1.0  # a gradient near 1e-16 squares to nothing
        # Without curvature left the solution is not finite, and the line search takes no step.
        with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
            solution, _ = cg(
                hessian, self.without_gauge(gradient / scale), rtol=self.cg_tol, atol=0.0, maxiter=2 * len(diagonal),
                M=diags_array(1 / diagonal), callback=count,
            )  # fmt: skip
        empty = len(plan) - np.count_nonzero(keep.any(axis=1)) + plan.shape[1] - np.count_nonzero(keep.any(axis=0))
        dropped = 1.0 - kept.data.sum() / self.rows.sum()
        extra = {"density": kept.nnz / n_entries, "dropped": dropped, "cg": n_cg, "empty": empty}
        return self.reduced.reg * scale * self.without_gauge(solution), extra

    def without_gauge(self, x: np.ndarray) -> np.ndarray:
        """Take out the direction (1, -1): the plan ignores it, rounding puts it on both sides of the system."""
        n = len(self.f)
        drift = (x[:n].sum() - x[n:].sum()) / len(x)
        return np.concatenate([x[:n] - drift, x[n:] + drift])

    def line_search(self, gradient: np.ndarray, direction: np.ndarray) -> float:
        """Move (f, g) along the direction; return the step length, 0 when nothing was accepted."""
        reduced, f, g, base = self.reduced, self.f, self.g, self.objective
        df, dg = np.split(direction, [len(f)])
        slope = float(gradient @ direction)
        noise = self.resolution()
        if not 0 < slope < math.inf:
            return 0.0
        for k in range(_HALVINGS):
            step = 0.5**k
            trial_f, trial_g = f + step * df, g + step * dg
            trial = self.evaluate(trial_f, trial_g)
            if step * slope > noise:
                accepted = trial >= base + _ARMIJO * step * slope
            else:
                accepted = float(self.gradient() @ direction) >= (2 * _ARMIJO - 1) * slope
            if accepted:
                gauge = reduced.b @ trial_g  # reduced problems have mass 1
                f[:], g[:] = trial_f + gauge, trial_g - gauge
                self.objective = trial
                return step
        self.objective = self.evaluate(f, g)
        return 0.0
