"""Block Gauss-Seidel with blocks of half the unknowns: as a solver, and symmetric as a preconditioner."""

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from .. import _loop
from .._loop import Chunk
from .._validation import check_count, check_init, check_nonnegative, check_vector
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure
from ._sweeps import sweeps, symmetric_sweep
from .blocks import ForestBlocks
from .graph_result import GraphResult, attainable_residual, certified, relative_residual

__all__ = ["gauss_seidel", "gauss_seidel_preconditioner"]

_CHECK = 10  # sweeps between checkpoints, fewer on large problems
_CHUNK_ENTRIES = 50_000_000  # entries swept between checkpoints: about a tenth of a second


def gauss_seidel(
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
    r"""Minimise a quadratic over one block after another, each block a forest and solved exactly in O(block).

    .. math:: \min_x \tfrac12 x^\top A x - c^\top x, \qquad
              x_b \leftarrow A_{bb}^{-1} (c_b - A_{b \bar b} x_{\bar b}).

    With two blocks the error in the energy norm squared falls by :math:`\rho^2` a sweep in the end,
    :math:`\rho = \lambda_{\max}(A_{00}^{-1} A_{01} A_{11}^{-1} A_{10})`. Conjugate gradients on the same blocks,
    `sparsetheory.bcd.reduced.solve_two_blocks`, feel the square root of :math:`1 / (1 - \rho)` instead.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric positive definite.
    c : array_like of shape (n,)
        Linear term.
    partition : array_like of int, shape (n,)
        Block of each node, each inducing a forest: see `sparsetheory.bcd.graph` and `sparsetheory.bcd.lattice`.
    tol : float, default 1e-8
        Bound on ``|A x - c| / |c|``.
    max_iter : int, default 10000
        Most sweeps over all blocks.
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
    Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import eye_array
    >>> from sparsetheory.bcd.sweeps import gauss_seidel
    >>> from sparsetheory.bcd.lattice import combs, lattice_weights
    >>> W = lattice_weights((10, 10))
    >>> A = 5 * eye_array(100) - W
    >>> gauss_seidel(A, np.ones(100), partition=combs((10, 10))).converged
    True
    """
    blocks = ForestBlocks.of(A, partition)
    matrix, order = blocks.matrix, blocks.trees.order
    n = len(order)
    c = check_vector(c, "c", length=n)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    x = check_init(init, n)[order]
    safe, rhs, chunk = x.copy(), c[order], min(_CHECK, max(1, _CHUNK_ENTRIES // max(matrix.nnz, n)))

    @np.errstate(over="ignore", invalid="ignore")  # an indefinite matrix: the error is infinite or NaN, which is told
    def advance(budget: int) -> Chunk:
        done = min(chunk, budget)
        sweeps(done, blocks.bounds, *blocks.arrays, rhs, x)
        point = blocks.by_node(x)
        error = relative_residual(matrix, point, c)
        if not np.isfinite(error):
            x[:] = safe
            return Chunk(n_iter=done, error=error)
        safe[:] = x
        stuck = error <= attainable_residual(matrix, point, c)
        return Chunk(
            n_iter=done, error=error, objective=float(0.5 * point @ (matrix @ point) - c @ point),
            stop=Status.STALLED if stuck else None,
        )  # fmt: skip

    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: blocks.by_node(x))
    return certified(matrix, c, blocks.by_node(x), outcome, tol, on_failure)


def gauss_seidel_preconditioner(A: Any, *, partition: Any) -> LinearOperator:
    """Symmetric block Gauss-Seidel, first block to last and back, as a preconditioner of conjugate gradients.

    Symmetric positive definite whenever A is. An application costs about a product with A; for conjugate gradients
    without a second one see `sparsetheory.bcd.block_cg.solve_blocks`.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric positive definite.
    partition : array_like of int, shape (n,)
        Block of each node, each inducing a forest.

    Returns
    -------
    scipy.sparse.linalg.LinearOperator
        An approximate inverse of A, the `M` of `scipy.sparse.linalg.cg`.

    Raises
    ------
    InvalidArgument
        As `gauss_seidel`.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import eye_array
    >>> from scipy.sparse.linalg import cg
    >>> from sparsetheory.bcd.sweeps import gauss_seidel_preconditioner
    >>> from sparsetheory.bcd.lattice import combs, lattice_weights
    >>> A = (5 * eye_array(100) - lattice_weights((10, 10))).tocsr()
    >>> x, failed = cg(A, np.ones(100), M=gauss_seidel_preconditioner(A, partition=combs((10, 10))))
    >>> failed
    0
    """
    blocks = ForestBlocks.of(A, partition)
    order = blocks.trees.order
    z, scratch = np.empty((2, len(order)))

    def apply(r: np.ndarray) -> np.ndarray:
        rhs = np.ascontiguousarray(r, dtype=np.float64).ravel()[order]
        symmetric_sweep(blocks.bounds, *blocks.both_ways, rhs, z, scratch)
        return blocks.by_node(z)

    return LinearOperator(blocks.matrix.shape, matvec=apply, rmatvec=apply, dtype=np.dtype(np.float64))
