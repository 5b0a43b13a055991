r"""Quadratics whose minimiser is known without rounding, cut into blocks, with the constant that a rate depends on.

Entries of Q are multiples of :math:`2^{-34}` below :math:`2^{8}` and the minimiser is a vector of small whole numbers,
so :math:`c = Q x^*` is exact and the error :math:`e(x) = \tfrac12 (x - x^*)^\top Q (x - x^*)` comes without
cancellation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .._validation import check_choice
from .design import readonly
from .log_cosh import LogCosh
from .norm_constants import NormConstant, norm_constant
from .quadratic import Quadratic

__all__ = [
    "MATRICES", "Blocks", "Instance", "Majorised", "block_diagonal", "block_scales", "cut", "draw_matrix", "draw_rows",
    "euclidean_constant", "on_grid", "pose", "spread",
]  # fmt: skip

GRID = 2.0**-34


@dataclass(frozen=True, eq=False)
class Majorised(Quadratic):
    """A quadratic of which the rules know a bound only: the blocks of `bound` stand for H_b.

    Parameters
    ----------
    A, c, l2
        As for `sparsetheory.bcd.Quadratic`.
    bound : ndarray of shape (n, n)
        Its blocks should be above those of A; that is not checked, so that a wrong one can be shown to fail.

    Examples
    --------
    >>> problem = Majorised([[2.0, 1.0], [1.0, 2.0]], [3.0, 3.0], bound=3.0 * np.eye(2))
    >>> problem.lipschitz.tolist(), problem.hessian(np.zeros(2), np.zeros(2), np.arange(2)).tolist()
    ([3.0, 3.0], [[2.0, 1.0], [1.0, 2.0]])
    """

    bound: np.ndarray = field(kw_only=True)

    def curvature(self, b: np.ndarray) -> np.ndarray:
        """Return H_b."""
        return self.bound[np.ix_(b, b)]

    def hessian(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the Hessian on block b."""
        return super().curvature(b)

    def curvature_product(self, d: np.ndarray) -> np.ndarray:
        """Return the bound times d."""
        return np.asarray(self.bound @ d)

    def hessian_product(self, x: np.ndarray, z: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the Hessian times d."""
        return super().curvature_product(d)

    @cached_property
    def lipschitz(self) -> np.ndarray:
        """L_i, the diagonal of the bound."""
        return readonly(np.diagonal(self.bound).copy())

    @cached_property
    def row_sums(self) -> np.ndarray:
        """Row sums of the absolute values of the bound."""
        return readonly(np.abs(self.bound).sum(axis=1))


def on_grid(Q: np.ndarray) -> np.ndarray:
    """Round entries to the grid on which products with small whole numbers are exact."""
    return np.round((Q + Q.T) / (2.0 * GRID)) * GRID


def _correlation(rng: np.random.Generator, n: int) -> np.ndarray:
    """A sample correlation matrix with up to twice as many samples as variables."""
    X = rng.standard_normal((n + int(rng.integers(1, n + 1)), n))
    X /= np.linalg.norm(X, axis=0)
    return np.asarray(X.T @ X)


def _equal(rng: np.random.Generator, n: int) -> np.ndarray:
    """All L_i = 1."""
    return _correlation(rng, n)


def _scaled(rng: np.random.Generator, n: int) -> np.ndarray:
    """L_i log-uniform over four decades."""
    return _rescale(_correlation(rng, n), 10.0 ** rng.uniform(-1, 1, n))


def _twins(rng: np.random.Generator, n: int) -> np.ndarray:
    """The two variables with the largest L_i nearly say the same: the slow direction is where the curvature is."""
    scale = np.sort(10.0 ** rng.uniform(-0.5, 0.5, n))[::-1]
    copy = np.r_[0, np.arange(n - 1)]
    R = _correlation(rng, n)[np.ix_(copy, copy)]
    apart = 10.0 ** rng.uniform(-3, -2) * (scale[-1] / scale[0]) ** 2
    R[:2, :2] += apart * np.array([[1.0, -1.0], [-1.0, 1.0]])
    shuffled = rng.permutation(n)
    return _rescale(R, scale)[np.ix_(shuffled, shuffled)]


def _families(rng: np.random.Generator, n: int) -> np.ndarray:
    """Neighbours in threes are strongly correlated; L_i over two decades."""
    R = np.eye(n) * 0.05 + 0.15 * _correlation(rng, n)
    family = np.arange(n) // 3
    return _rescale(R + 0.8 * (family[:, None] == family), 10.0 ** rng.uniform(-0.5, 0.5, n))


def _separable(rng: np.random.Generator, n: int) -> np.ndarray:
    """Diagonal; most curvatures alike, the others up to three decades smaller."""
    return np.diag(np.where(rng.random(n) < 0.5, 1.0, 10.0 ** rng.uniform(-3, 0, n)))


def _rescale(R: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return R * scale[:, None] * scale


#: Name -> (rng, n) -> a positive definite matrix with entries below 256.
MATRICES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "equal": _equal, "scaled": _scaled, "twins": _twins, "families": _families, "separable": _separable,
}  # fmt: skip

Blocks = tuple[tuple[int, ...], ...]


def draw_matrix(rng: np.random.Generator, n: int, kinds: Sequence[str] = tuple(MATRICES)) -> np.ndarray:
    """Draw a matrix of one of the kinds, rounded to the grid."""
    return on_grid(MATRICES[kinds[int(rng.integers(len(kinds)))]](rng, n))


def draw_rows(rng: np.random.Generator, Q: np.ndarray) -> np.ndarray:
    """Draw linear forms whose squares add a thousandth of Q up to its size, on a grid on which products are exact."""
    n = len(Q)
    rows = rng.standard_normal((n, n)) * np.sqrt(np.diagonal(Q) / n) * 10.0 ** rng.uniform(-1.5, 0)
    return np.round(rows * 2.0**20) / 2.0**20


def cut(n: int, size: int) -> Blocks:
    """Cut 0, ..., n-1 into consecutive blocks, the last one shorter where n is not a multiple."""
    return tuple(tuple(range(start, min(start + size, n))) for start in range(0, n, size))


def block_diagonal(Q: np.ndarray, blocks: Blocks) -> np.ndarray:
    """Return Q with zeros between different blocks."""
    out = np.zeros_like(Q)
    for b in blocks:
        out[np.ix_(b, b)] = Q[np.ix_(b, b)]
    return out


def block_scales(Q: np.ndarray, blocks: Blocks) -> np.ndarray:
    """Return L_b, the largest eigenvalue of each block."""
    return np.array([np.linalg.eigvalsh(Q[np.ix_(b, b)])[-1] for b in blocks])


def spread(values: np.ndarray, blocks: Blocks) -> np.ndarray:
    """Return the diagonal matrix with one value a block."""
    out = np.empty(sum(map(len, blocks)))
    for value, b in zip(values, blocks, strict=True):
        out[list(b)] = value
    return np.diag(out)


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A quadratic with its minimiser, where a run starts, and the constant that its rate depends on.

    Attributes
    ----------
    problem : Quadratic or LogCosh
    blocks : tuple of tuple of int
    step : ndarray of shape (n, n)
        Its blocks M_b make the steps, ``d_b = -M_b^{-1} g_b``.
    minimizer, start : ndarray of shape (n,)
    constant : NormConstant
        Of strong convexity in the norm of the rule.
    others : tuple of NormConstant
        Those of other rules on the same blocks, to compare with.
    """

    problem: Quadratic | LogCosh
    blocks: Blocks
    step: np.ndarray
    minimizer: np.ndarray
    start: np.ndarray
    constant: NormConstant
    others: tuple[NormConstant, ...] = ()

    @property
    def Q(self) -> np.ndarray:
        """The Hessian; what is below all Hessians where f is not quadratic."""
        return np.asarray(self.problem.A)

    @property
    def rows(self) -> np.ndarray:
        """Linear forms whose log cosh is part of f; none where f is quadratic."""
        return self.problem.rows if isinstance(self.problem, LogCosh) else np.zeros((0, len(self.Q)))

    @cached_property
    def euclidean(self) -> NormConstant:
        """Strong convexity in the Euclidean norm."""
        return euclidean_constant(self.Q)


def euclidean_constant(Q: np.ndarray) -> NormConstant:
    """Enclose the smallest eigenvalue."""
    return norm_constant(Q, blocks=[range(len(Q))], metric=np.eye(len(Q)))


def pose(
    rng: np.random.Generator, Q: np.ndarray, *, blocks: Blocks, step: np.ndarray, constant: NormConstant,
    start: str, bound: np.ndarray | None = None, rows: np.ndarray | None = None,
    others: tuple[NormConstant, ...] = (),
) -> Instance:  # fmt: skip
    """Make an instance of a matrix on the grid.

    Parameters
    ----------
    step : ndarray of shape (n, n)
        The metric of their steps, block by block.
    constant : NormConstant
    start : {"random", "extremal"}
        At a random distance from the minimiser, or where the gradient is the one that attains the constant.
    bound : ndarray of shape (n, n), optional
        What the rules know of Q, block by block; all of it by default.
    rows : ndarray of shape (k, n), optional
        Linear forms whose log cosh is added to f, on the grid as well; `bound` has to be above ``Q + rows.T @ rows``.
    others : tuple of NormConstant
        Of other rules on the same blocks.
    """
    check_choice(start, "start", ("random", "extremal"))
    n = len(Q)
    minimizer = rng.integers(-4, 5, n).astype(float)
    if start == "random":
        away = rng.standard_normal(n) / np.sqrt(np.diagonal(Q))
    else:
        away = np.linalg.solve(Q, constant.gradient)
        away /= np.abs(away).max()
    c = Q @ minimizer
    problem: Quadratic | LogCosh = Quadratic(Q, c) if bound is None else Majorised(Q, c, bound=bound)
    if rows is not None and bound is not None:
        problem = LogCosh(Q, rows, minimizer, bound)
    return Instance(
        problem=problem, blocks=blocks, step=step, minimizer=minimizer, start=minimizer + away, constant=constant,
        others=others,
    )  # fmt: skip
