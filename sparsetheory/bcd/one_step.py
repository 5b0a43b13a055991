r"""What one iteration of a rule removes of the error, on quadratics whose minimiser is known without rounding.

Entries of Q are multiples of :math:`2^{-34}` below :math:`2^{8}` and the minimiser is a vector of small whole numbers,
so :math:`c = Q x^*` is exact and the error :math:`e(x) = \tfrac12 (x - x^*)^\top Q (x - x^*)` comes without
cancellation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .._validation import check_choice
from .approximate import Approximation
from .descent import minimize
from .design import readonly
from .norm_constants import NormConstant, norm_constant
from .quadratic import Quadratic

__all__ = [
    "MATRICES", "Instance", "Majorised", "Removed", "block_diagonal", "block_scales", "cut", "descend", "draw_matrix",
    "euclidean_constant", "expected_shares", "off_candidates", "on_grid", "pose", "shares", "spread",
]  # fmt: skip

GRID = 2.0**-34
REACH = 1e-10  # errors are followed down to this part of the first one
_EPS = float(np.finfo(float).eps)
_UPDATES = 50  # after so many updates a run computes its image afresh


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
    problem : Quadratic
    blocks : tuple of tuple of int
    step : ndarray of shape (n, n)
        Its blocks M_b make the steps, ``d_b = -M_b^{-1} g_b``.
    minimizer, start : ndarray of shape (n,)
    constant : NormConstant
        Of strong convexity in the norm of the rule.
    others : tuple of NormConstant
        Those of other rules on the same blocks, to compare with.
    """

    problem: Quadratic
    blocks: Blocks
    step: np.ndarray
    minimizer: np.ndarray
    start: np.ndarray
    constant: NormConstant
    others: tuple[NormConstant, ...] = ()

    @property
    def Q(self) -> np.ndarray:
        """The Hessian."""
        return np.asarray(self.problem.A)

    @cached_property
    def euclidean(self) -> NormConstant:
        """Strong convexity in the Euclidean norm."""
        return euclidean_constant(self.Q)


def euclidean_constant(Q: np.ndarray) -> NormConstant:
    """Enclose the smallest eigenvalue."""
    return norm_constant(Q, blocks=[range(len(Q))], metric=np.eye(len(Q)))


def pose(
    rng: np.random.Generator, Q: np.ndarray, *, blocks: Blocks, step: np.ndarray, constant: NormConstant,
    start: str, bound: np.ndarray | None = None, others: tuple[NormConstant, ...] = (),
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
    problem = Quadratic(Q, c) if bound is None else Majorised(Q, c, bound=bound)
    return Instance(
        problem=problem, blocks=blocks, step=step, minimizer=minimizer, start=minimizer + away, constant=constant,
        others=others,
    )  # fmt: skip


def descend(
    instance: Instance, *, select: str, update: str, iterations: int, rng: np.random.Generator,
    pick: Approximation | None = None,
) -> np.ndarray:  # fmt: skip
    """Run the library's solver and return its iterates, shape (iterations + 1, n) or fewer where it ended."""
    points = [instance.start]
    minimize(
        instance.problem, partition=instance.blocks, select=select, update=update, approximate=pick, tol=0.0,
        max_iter=iterations, init=instance.start, rng=rng, check_every=1, on_failure="ignore",
        callback=lambda progress: points.append(progress.solution),
    )  # fmt: skip
    return np.array(points)


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What iterations removed, and what rounding can add to it.

    Attributes
    ----------
    share : ndarray of shape (m,)
        ``1 - e(x_{k+1}) / e(x_k)``.
    floor : ndarray of shape (m,)
        What rounding may have changed of it.
    """

    share: np.ndarray
    floor: np.ndarray


class _Run:
    """A run seen from the minimiser: gradients, errors, and the rounding of gradients, iterate by iterate."""

    def __init__(self, instance: Instance, points: np.ndarray) -> None:
        Q, size = instance.Q, np.abs(instance.Q)
        n, away = len(Q), points - instance.minimizer
        errors = 0.5 * ((away @ Q) * away).sum(axis=1)
        # followed as long as errors are far above rounding; what comes after is not looked at
        kept = int(np.argmin(np.r_[errors > REACH * errors[0], False]))
        away, x = away[:kept], np.maximum.accumulate(np.abs(points[:kept]))  # old rounding stays in the image
        self.error, self.gradient = errors[:kept], away @ Q
        self.removed = 1.0 - errors[1 : kept + 1] / errors[:kept][: len(errors) - 1]
        drift = (n + _UPDATES) * (x @ size + np.abs(instance.problem.c)) + n * x * np.diagonal(instance.step)
        self.noise = _EPS * drift  # of a gradient entry, as the solver had it
        self.form = _EPS * (n + 2) * ((np.abs(away) @ size) * np.abs(away)).sum(axis=1)  # of the error, as computed

    def floor(self, instance: Instance) -> np.ndarray:
        """Return what rounding can do to a share: noise in scores and steps, and in the errors that are compared.

        A step is off by ``M^{-1} noise``, which moves the decrease by at most twice the M^{-1}-product of noise and
        gradient; a score is off by as much, so that a block which only seemed best loses that.
        """
        worst = np.zeros(len(self.error))
        for b in map(list, instance.blocks):
            root = np.linalg.cholesky(instance.step[np.ix_(b, b)])
            noise = np.linalg.norm(np.linalg.solve(root, self.noise[:, b].T), axis=0)
            worst = np.maximum(worst, noise * np.linalg.norm(np.linalg.solve(root, self.gradient[:, b].T), axis=0))
        return np.asarray((4.0 * worst + 2.0 * self.form) / self.error)


def shares(instance: Instance, points: np.ndarray) -> Removed:
    """Measure the share of the error that each iteration of a run removed."""
    run = _Run(instance, points)
    return Removed(share=run.removed, floor=run.floor(instance)[: len(run.removed)])


def expected_shares(instance: Instance, points: np.ndarray, probabilities: np.ndarray) -> Removed:
    r"""Return the conditional expectation of the share at every iterate, an exact sum over the blocks.

    ``sum_b p_b (e(x) - e(x - U_b M_b^{-1} g_b)) / e(x)``; no chance is left in it.
    """
    run = _Run(instance, points)
    gain = np.zeros(len(run.error))
    for p, b in zip(probabilities, map(list, instance.blocks), strict=True):
        g = run.gradient[:, b]
        d = np.linalg.solve(instance.step[np.ix_(b, b)], g.T).T
        gain += p * ((g * d).sum(axis=1) - 0.5 * ((d @ instance.Q[np.ix_(b, b)]) * d).sum(axis=1))
    return Removed(share=gain / run.error, floor=run.floor(instance))


def off_candidates(instance: Instance, points: np.ndarray) -> float:
    """Return how far the run's steps are from those of the sum in `expected_shares`, in units of rounding."""
    run = _Run(instance, points)
    worst = 0.0
    for k in range(len(run.removed)):
        moved = points[k + 1] - points[k]
        misses = []
        for b in map(list, instance.blocks):
            off = np.abs(instance.step[np.ix_(b, b)] @ moved[b] + run.gradient[k, b])
            inside = off / np.maximum(run.noise[k, b], 1e-300)
            misses.append(np.inf if np.delete(moved, b).any() else float(inside.max()))
        worst = max(worst, min(misses))
    return worst
