"""Any number of forest blocks: conjugate gradients preconditioned by the symmetric block sweep, one product each."""

from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk
from .._validation import check_count, check_init, check_nonnegative, check_vector
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure
from ._block_cg import block_cg_chunk, to_block_cg
from .blocks import ForestBlocks
from .graph_result import GraphResult, certified

__all__ = ["solve_blocks"]

_CHECK = 20  # iterations between checkpoints, each of which costs a product with A


def solve_blocks(
    A: Any,
    c: Any,
    *,
    partition: Any,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    init: Any = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> GraphResult:
    r"""Solve ``A x = c`` by conjugate gradients, preconditioned by symmetric Gauss-Seidel on forest blocks.

    .. math:: A = D + L + L^\top, \qquad M = (D + L) D^{-1} (D + L^\top)

    with D the blocks. The iterates are those of `scipy.sparse.linalg.cg` with `gauss_seidel_preconditioner`, in
    Eisenstat's arrangement: sweep and product with A together read every entry of A once. For two blocks
    `solve_two_blocks` does the same on vectors of half the length.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric positive definite.
    c : array_like of shape (n,)
        Right-hand side.
    partition : array_like of int, shape (n,)
        Block of each node, each inducing a forest: see `sparsetheory.bcd.graph` and `sparsetheory.bcd.lattice`.
    tol : float, default 1e-8
        Bound on ``|A x - c| / |c|``.
    max_iter : int, default 10000
        Most iterations.
    init : array_like of shape (n,), optional
        Where to start; None is zero.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` at each checkpoint, its solution x; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    GraphResult

    Raises
    ------
    InvalidArgument
        Also if a block has a cycle (one edge of it is named) or is not positive definite.

    References
    ----------
    S. Eisenstat, "Efficient implementation of a class of preconditioned conjugate gradient methods", SIAM Journal on
    Scientific and Statistical Computing 2, 1981; Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5, for the
    blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import eye_array
    >>> from sparsetheory.bcd.block_cg import solve_blocks
    >>> from sparsetheory.bcd.graph import tree_partition
    >>> from sparsetheory.bcd.lattice import lattice_weights
    >>> A = 4.1 * eye_array(100) - lattice_weights((10, 10))
    >>> solve_blocks(A, np.ones(100), partition=tree_partition(A), tol=1e-12).converged
    True
    """
    blocks = ForestBlocks.of(A, partition)
    matrix, order = blocks.matrix, blocks.trees.order
    n = len(order)
    c = check_vector(c, "c", length=n)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    x = check_init(init, n)[order]
    safe, state, (r, p, t, g, q) = x.copy(), np.zeros(2), np.zeros((5, n))
    parent, pivot, *rest = blocks.both_ways
    system = blocks.bounds, parent, 1 / np.sqrt(pivot), *rest
    norm_c, last = float(np.linalg.norm(c)) or 1.0, np.inf
    share = 0.9 * max(tol, float(np.finfo(np.float64).eps)) * norm_c  # what the residual has to come down to

    def residual() -> np.ndarray:
        return c - matrix @ blocks.by_node(x)

    def restart(now: np.ndarray) -> None:
        """Begin anew from a residual."""
        r[:] = now[order]
        to_block_cg(*system, r, t)
        state[:] = r @ r, 0.0

    first = residual()
    restart(first)
    goal = share * float(np.sqrt(state[0]) / (np.linalg.norm(first) or 1.0))  # in the norm of r, which is another

    @np.errstate(over="ignore", invalid="ignore")  # an indefinite matrix: the error is infinite or NaN, which is told
    def advance(budget: int) -> Chunk:
        nonlocal last, goal
        done, norm = block_cg_chunk(min(_CHECK, budget), goal, state, *system, x, r, p, t, g, q)
        now = residual()
        error, stop = float(np.linalg.norm(now)) / norm_c, None
        if not np.isfinite(error):
            x[:] = safe
            return Chunk(n_iter=done, error=error)
        safe[:] = x
        if error > tol and (not norm > goal or done < min(_CHECK, budget)):  # the recursion ended, the point says no
            stop = None if error < 0.5 * last else Status.STALLED
            last = error
            restart(now)
        goal = share * float(np.sqrt(state[0])) / (error * norm_c) if error > 0 else 0.0
        return Chunk(n_iter=done, error=error, stop=stop)

    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: blocks.by_node(x))
    return certified(matrix, c, blocks.by_node(x), outcome, tol, on_failure)
