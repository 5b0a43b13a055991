"""Two forest blocks: eliminate one exactly, run conjugate gradients on the other."""

from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk
from .._validation import check_count, check_init, check_nonnegative, check_vector
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure
from ._reduced import reduced_chunk
from ._sweeps import exact_block
from .blocks import ForestBlocks
from .graph_result import GraphResult, certified

__all__ = ["solve_two_blocks"]

_CHECK = 10  # iterations between checkpoints, each of which repeats a quarter of one


def solve_two_blocks(
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
    r"""Solve ``A x = c`` by conjugate gradients on the Schur complement of one of two forest blocks.

    .. math:: (A_{11} - A_{10} A_{00}^{-1} A_{01}) x_1 = c_1 - A_{10} A_{00}^{-1} c_0,
              \qquad\text{preconditioned by } A_{11}.

    The preconditioned matrix has its spectrum in :math:`[1 - \rho, 1]` with
    :math:`\rho = \lambda_{\max}(A_{00}^{-1} A_{01} A_{11}^{-1} A_{10})`, the rate of the block method on the same
    partition. These are the iterates of conjugate gradients preconditioned by symmetric block Gauss-Seidel, on
    vectors of half the length.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric positive definite.
    c : array_like of shape (n,)
        Right-hand side.
    partition : array_like of int, shape (n,)
        Blocks 0 and 1, each inducing a forest: `sparsetheory.bcd.lattice.combs`, `red_black`, or a tree partition
        that needs only two.
    tol : float, default 1e-8
        Bound on ``|A x - c| / |c|``.
    max_iter : int, default 10000
        Most iterations.
    init : array_like of shape (n,), optional
        Where to start; its values on block 0 do not matter. None is zero.
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
        Also if there are not two blocks, or one has a cycle or is not positive definite.

    References
    ----------
    Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5, for the blocks; L. Hageman, D. Young, "Applied Iterative
    Methods", 1981, chapter 8, for the reduced system.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import eye_array
    >>> from sparsetheory.bcd.lattice import combs, lattice_weights
    >>> from sparsetheory.bcd.reduced import solve_two_blocks
    >>> A = 4.1 * eye_array(100) - lattice_weights((10, 10))
    >>> solve_two_blocks(A, np.ones(100), partition=combs((10, 10)), tol=1e-12).converged
    True
    """
    blocks = ForestBlocks.of(A, partition)
    if len(blocks.bounds) != 3:
        raise InvalidArgument("partition", "two blocks", f"{len(blocks.bounds) - 1}")
    matrix, order, split = blocks.matrix, blocks.trees.order, int(blocks.bounds[1])
    n = len(order)
    c = check_vector(c, "c", length=n)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    x = check_init(init, n)[order]
    rhs, safe, state = c[order], x.copy(), np.zeros(2)
    r, p, u, y = (np.zeros(n) for _ in range(4))
    norm_c, last = float(np.linalg.norm(c)) or 1.0, np.inf
    goal = 0.9 * max(tol, float(np.finfo(np.float64).eps)) * norm_c  # the recursion may go below what x can

    def solution() -> np.ndarray:
        exact_block(0, split, *blocks.arrays, rhs, x)
        return blocks.by_node(x)

    def restart() -> float:
        """Recompute the residual of block 1 from its definition; returns the relative residual of the whole."""
        residual = c - matrix @ solution()
        r[split:], state[:] = residual[order[split:]], 0.0
        return float(np.linalg.norm(residual)) / norm_c

    def advance(budget: int) -> Chunk:
        nonlocal last
        done, norm = reduced_chunk(min(_CHECK, budget), goal, state, split, *blocks.arrays, x, r, p, u, y)
        error, stop = norm / norm_c, None
        if not np.isfinite(norm):
            x[:] = safe
            return Chunk(n_iter=done, error=error)
        safe[:] = x
        if not norm > goal:  # the recursion says so; see what the point says, and go on from there if it disagrees
            error = restart()
            if error > tol and not error < 0.5 * last:
                stop = Status.STALLED
            last = error
        return Chunk(n_iter=done, error=error, stop=stop)

    restart()
    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=solution)
    return certified(matrix, c, solution(), outcome, tol, on_failure)
