"""Variable huge blocks: at every iteration grow a forest along the gradient and minimise over it exactly."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk
from .._validation import check_choice, check_count, check_nonnegative, check_vector
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure
from .forest import ForestFactor, check_symmetric
from .graph import single_forest
from .graph_result import GraphResult, attainable_residual, certified

__all__ = ["tree_descent"]

#: Rule -> order in which nodes are offered to the forest, from the gradient and the diagonal.
SELECTIONS: dict[str, Callable[[np.ndarray, np.ndarray, Any], np.ndarray]] = {
    "greedy": lambda g, diagonal, rng: np.argsort(-np.abs(g), kind="stable"),
    "greedy_scaled": lambda g, diagonal, rng: np.argsort(-np.abs(g) / np.sqrt(diagonal), kind="stable"),
    "random": lambda g, diagonal, rng: rng.permutation(len(g)),
}


def tree_descent(
    A: Any,
    c: Any,
    *,
    select: str = "greedy",
    rng: np.random.Generator | None = None,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    init: Any = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> GraphResult:
    r"""Minimise a quadratic over a new forest of its graph at every iteration, exactly.

    .. math:: \min_x \tfrac12 x^\top A x - c^\top x, \qquad x_b \leftarrow x_b - A_{bb}^{-1} (A x - c)_b.

    Nodes are offered in the order of `select` and join the block b if they close no cycle: O(n log n + edges) an
    iteration. On a lattice b holds about two thirds of the nodes.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric positive definite.
    c : array_like of shape (n,)
        Linear term.
    select : {"greedy", "greedy_scaled", "random"}, default "greedy"
        By decreasing :math:`|\nabla_i f|`, by decreasing :math:`|\nabla_i f| / \sqrt{A_{ii}}`, or in random order.
    rng : numpy.random.Generator, optional
        Needed by "random".
    tol : float, default 1e-8
        Bound on ``|A x - c| / |c|``.
    max_iter : int, default 10000
        Most blocks.
    init : array_like of shape (n,), optional
        Where to start; None is zero.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` at each iteration, its solution a copy of x; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    GraphResult

    Raises
    ------
    InvalidArgument
        Also when a block turns out not to be positive definite.

    References
    ----------
    Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import eye_array
    >>> from sparsetheory.bcd.lattice import lattice_weights
    >>> from sparsetheory.bcd.forest_descent import tree_descent
    >>> tree_descent(5 * eye_array(100) - lattice_weights((10, 10)), np.ones(100)).converged
    True
    """
    matrix = check_symmetric(A)
    n = matrix.shape[0]
    c = check_vector(c, "c", length=n)
    order_of = SELECTIONS[check_choice(select, "select", SELECTIONS)]
    if select == "random" and not isinstance(rng, np.random.Generator):
        raise InvalidArgument("rng", "a numpy.random.Generator for select='random'", type(rng).__name__)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    diagonal = matrix.diagonal()
    if not (diagonal > 0).all():
        raise InvalidArgument("A", "a positive definite matrix", f"{diagonal.min()} on the diagonal")
    x = np.zeros(n) if init is None else check_vector(init, "init", length=n).copy()
    gradient, norm_c = matrix @ x - c, float(np.linalg.norm(c)) or 1.0

    def advance(budget: int) -> Chunk:
        label = single_forest(matrix, order_of(gradient, diagonal, rng))
        trees = ForestFactor.of_blocks(matrix, label)
        x[trees.order] -= trees.solve(gradient)[trees.order]
        gradient[:] = matrix @ x - c
        error = float(np.linalg.norm(gradient)) / norm_c
        stuck = error <= attainable_residual(matrix, x, c)
        return Chunk(
            n_iter=1, error=error, objective=float(0.5 * x @ (gradient - c)), stop=Status.STALLED if stuck else None
        )

    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=x.copy)
    return certified(matrix, c, x, outcome, tol, on_failure)
