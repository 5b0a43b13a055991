"""Block coordinate descent: any partition, any selection, any update, on any problem of the family."""

from typing import Any

import numpy as np

from .. import _loop
from .._validation import check_choice, check_count, check_init, check_nonnegative
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, check_on_failure, conclude
from .approximate import Approximation
from .combination import refusal
from .partition import PARTITIONS, build
from .penalty import Bound, Penalty, bind
from .problem import Problem
from .result import BCDResult
from .run import Run
from .selection import SELECTIONS, Visit
from .state import State
from .update import UPDATES

__all__ = ["minimize"]

_BLOCK_SIZE = 10
_MAX_ITER = 10_000
_DRAWN = ("random", "perm")  # partitions that draw


def minimize(
    problem: Problem,
    *,
    partition: Any = "sort",
    select: str | None = None,
    update: str | None = None,
    block_size: int | None = None,
    penalty: Penalty | None = None,
    approximate: Approximation | None = None,
    tol: float = 1e-8,
    max_iter: int = _MAX_ITER,
    init: Any = None,
    rng: np.random.Generator | None = None,
    check_every: int | None = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> BCDResult:
    r"""Minimise a smooth convex function plus a simple penalty, a block of variables at a time.

    .. math:: \min_x F(x) = f(x) + g(x), \qquad x_b \leftarrow \text{update}_b(x), \quad b = \text{select}(x)

    1. The partition cuts the variables into blocks, or leaves the choice of ``block_size`` variables to the selection.
    2. The selection picks a block: in turn, at random, or the one with the best score.
    3. The update moves the block.
    4. Stop when the KKT residual of x, relative to the gradient at zero, is at most ``tol``.

    Parameters
    ----------
    problem : Problem
        `LeastSquares`, `Logistic`, `Softmax` or `Quadratic`.
    partition : str or sequence of index arrays, default "sort"
        A key of `PARTITIONS`, or blocks of your own that cover every variable once.
    select : str, optional
        A key of `SELECTIONS`; "gsl", and "gsl-q" with a penalty, by default.
    update : str, optional
        A key of `UPDATES`; "newton" by default, "prox-newton" with a penalty, "prox-gradient" where it is not convex.
    block_size : int, optional
        Variables a block, 10 by default, n at most; the last block may be shorter. Blocks that are given, groups, and
        what is found on a graph have their own sizes.
    penalty : L1, L1L2, Box, GroupL1, SparseGroupL1, MCP or SCAD, optional
        The non-smooth part g; with the last two, which are not convex, runs end at a stationary point.
    approximate : Multiplicative, Additive or Sampled, optional
        How far a greedy rule on fixed blocks may be from the best block.
    tol : float, default 1e-8
        Bound on the relative KKT residual. Below what double precision reaches the run ends at that floor and says so.
    max_iter : int, default 10000
        Most block updates.
    init : array_like of shape (n,), optional
        Where to start, projected on the bounds; zero by default.
    rng : numpy.random.Generator, optional
        Needed by rules that draw.
    check_every : int, optional
        Iterations between checkpoints, each of which costs a gradient; 1 for greedy rules, which have it anyway, 50
        for "nearest", which does without, and a sweep for the others. A sweep also for greedy rules that the compiled
        loop serves (see Notes), where fewer than 10 mean one iteration at a time.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` at each checkpoint, its solution a copy of x; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    BCDResult
        The point, its certificate, F at every iteration, the blocks, the iteration that settled the support.

    Raises
    ------
    InvalidArgument
        For arguments that cannot be used, and for rules that do not go together: the message has the reason, and
        ``python -m sparsetheory.bcd.table`` writes them all.
    ConvergenceError
        With ``on_failure="raise"``, when the tolerance was not met.

    Notes
    -----
    On least squares and quadratics, with L1, bounds or no penalty, on fixed blocks or single variables, scores that are
    sums over variables and steps by the gradient (on quadratics without penalty also by the matrix) run in a compiled
    loop: the same iterates at a fraction of the price, about 1 microsecond for a variable of a sparse problem.

    References
    ----------
    J. Nutini, I. Laradji, M. Schmidt, "Let's make block coordinate descent converge faster", JMLR 23, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(30, 8))
    >>> problem = bcd.LeastSquares(X, X[:, 0] - 2 * X[:, 3])
    >>> abs(bcd.minimize(problem, block_size=4).x - [1, 0, 0, -2, 0, 0, 0, 0]).max().round(6).item()
    0.0
    >>> result = bcd.minimize(problem, penalty=bcd.L1(8.0), block_size=2)
    >>> result.converged, result.support.tolist(), result.gap < 1e-6
    (True, [0, 3], True)
    """
    if not isinstance(problem, Problem):
        raise InvalidArgument("problem", "LeastSquares, Logistic, Softmax or Quadratic", type(problem).__name__)
    problem, bound = bind(problem, penalty)
    default_select, default_update = _defaults(bound)
    select = check_choice(default_select if select is None else select, "select", SELECTIONS)
    update = check_choice(default_update if update is None else update, "update", UPDATES)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    check_every = None if check_every is None else check_count(check_every, "check_every")
    _refuse(problem, bound, partition, select, update, approximate, rng)
    state = _start(problem, bound, partition, block_size, init, rng)
    run = Run(state, select, update, approximate, check_every, tol)
    outcome = _loop.run(run.advance, tol=tol, max_iter=max_iter, callback=callback, solution=state.x.copy)
    return conclude(run.result(outcome, tol, partition), on_failure)


def _defaults(penalty: Bound) -> tuple[str, str]:
    """Return the selection and the update for users who name none."""
    if penalty.smooth:
        return "gsl", "newton"
    return "gsl-q", "prox-newton" if penalty.convex else "prox-gradient"


def _refuse(
    problem: Problem, penalty: Bound, partition: Any, select: str, update: str,
    approximate: Approximation | None, rng: np.random.Generator | None,
) -> None:  # fmt: skip
    """Raise for rules that do not go together, and for rules that draw without a generator."""
    if approximate is not None and not hasattr(approximate, "pick"):
        raise InvalidArgument("approximate", "None, Multiplicative, Additive or Sampled", type(approximate).__name__)
    named = partition if isinstance(partition, str) else ""
    refused = refusal(
        partition=named, variable=named in PARTITIONS and PARTITIONS[named] is None, select=select, update=update,
        problem=problem, penalty=penalty, approximate=approximate is not None,
    )  # fmt: skip
    if refused:
        at_fault, reason = refused
        given = {"partition": partition, "select": select, "update": update, "approximate": approximate}
        raise InvalidArgument(at_fault, f"a rule that goes with the others ({reason})", repr(given[at_fault]))
    rule = SELECTIONS[select]
    draws = named in _DRAWN or approximate is not None or (isinstance(rule, Visit) and rule.random)
    if draws and not isinstance(rng, np.random.Generator):
        raise InvalidArgument("rng", "a numpy.random.Generator, for the rules that draw", type(rng).__name__)


def _start(
    problem: Problem, penalty: Bound, partition: Any, block_size: int | None, init: Any,
    rng: np.random.Generator | None,
) -> State:  # fmt: skip
    """Return the state at the projected starting point."""
    size = min(_BLOCK_SIZE, problem.n) if block_size is None else check_count(block_size, "block_size")
    if size > problem.n:
        raise InvalidArgument("block_size", f"at most the number of variables, {problem.n}", size)
    rng = np.random.default_rng(0) if rng is None else rng  # never drawn from: rules that draw were given theirs
    x = check_init(init, problem.n)
    x = penalty.prox(x, np.zeros(problem.n))
    blocks = build(partition, problem, penalty, size, rng)
    fresh = isinstance(partition, str) and partition == "perm"
    recut = (lambda: build(partition, problem, penalty, size, rng)) if fresh else None
    return State(problem, penalty, blocks, size, x, rng, recut)
