"""What entropic optimal transport solves: a validated problem, its reduced form, and instance generators."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._validation import check_cost, check_histogram, check_positive
from ..errors import InvalidArgument

__all__ = [
    "MASS_TOLERANCE",
    "Problem",
    "Reduced",
    "frozen",
    "gaussian_clouds",
    "pixel_grid",
    "random_assignment",
    "random_costs",
]

#: Largest accepted ``|sum(a) - sum(b)| / max(sum(a), sum(b))``: histograms normalised in single precision pass.
MASS_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    r"""Entropic optimal transport between two histograms.

    .. math:: \min_{P \ge 0} \langle C, P \rangle + \varepsilon \sum_{ij} P_{ij} (\log P_{ij} - 1)
              \quad\text{with}\quad P 1 = a,\; P^\top 1 = b.

    The minimiser is ``P = exp((f_i + g_j - C_ij) / reg)`` with potentials ``f, g`` in cost units.

    Attributes
    ----------
    cost : ndarray of shape (n, m)
        Finite, or ``+inf`` for a forbidden edge.
    a, b : ndarray of shape (n,) and (m,)
        Nonnegative masses with equal sums.
    reg : float
        The regularisation, in cost units.

    Examples
    --------
    >>> from sparsetheory.ot.problem import Problem
    >>> problem = Problem.validated([[0, 1], [1, 0]], None, [1, 3], reg=0.1)
    >>> problem.shape, problem.mass, problem.a.tolist()
    ((2, 2), 4.0, [2.0, 2.0])
    """

    cost: np.ndarray
    a: np.ndarray
    b: np.ndarray
    reg: float

    @classmethod
    def validated(cls, M: Any, a: Any = None, b: Any = None, reg: Any = None) -> Self:
        """Check everything at the door; the arrays are copies and read-only.

        Parameters
        ----------
        M : array_like of shape (n, m)
            Costs.
        a, b : array_like, optional
            Masses; None is uniform, with the mass of the other side, or 1. If the two sums differ by at most
            `MASS_TOLERANCE` relative, `b` is rescaled to the sum of `a`.
        reg : float
            Regularisation, in cost units.

        Raises
        ------
        InvalidArgument
            For NaN, ``-inf``, negative masses, wrong lengths, empty inputs, unequal masses, ``reg <= 0``, a row or
            column with mass whose costs are all infinite, and costs whose differences over reg overflow.
        """
        cost = check_cost(M, "M")
        n, m = cost.shape
        a = None if a is None else check_histogram(a, "a", length=n)
        b = None if b is None else check_histogram(b, "b", length=m)
        mass = next((float(w.sum()) for w in (a, b) if w is not None), 1.0)
        a = np.full(n, mass / n) if a is None else a
        b = _balanced(a, np.full(m, mass / m) if b is None else b)
        reg = check_positive(reg, "reg")
        _check_reachable(cost, a, b)
        _check_scale(cost, reg)
        return cls(cost=frozen(cost, M), a=frozen(a), b=frozen(b), reg=reg)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        n, m = self.cost.shape
        return n, m

    @property
    def mass(self) -> float:
        """Total mass."""
        return float(self.a.sum())

    def reduce(self) -> "Reduced":
        """Return the equivalent problem the kernels see (see `Reduced`)."""
        rows, columns = np.flatnonzero(self.a > 0), np.flatnonzero(self.b > 0)
        cost = self.cost[np.ix_(rows, columns)]
        a, b = self.a[rows] / self.mass, self.b[columns] / self.b.sum()
        if not np.isfinite(cost).all():
            from .feasibility import usable_edges

            cost[~usable_edges(np.isfinite(cost), a, b)] = np.inf
        row_shift = cost.min(axis=1)
        cost -= row_shift[:, None]
        column_shift = cost.min(axis=0)
        cost -= column_shift
        return Reduced(
            problem=self, cost=cost, a=a, b=b, reg=self.reg,
            rows=rows, columns=columns, row_shift=row_shift, column_shift=column_shift,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Reduced:
    """A problem without zero masses, of mass 1, with row and then column minima of the cost subtracted.

    Edges that carry no mass in any feasible plan cost ``+inf``. `restore` takes potentials back.
    """

    problem: Problem
    cost: np.ndarray
    a: np.ndarray
    b: np.ndarray
    reg: float
    rows: np.ndarray
    columns: np.ndarray
    row_shift: np.ndarray
    column_shift: np.ndarray

    @property
    def spread(self) -> float:
        """Largest finite reduced cost (the smallest is 0)."""
        return float(np.max(self.cost, where=np.isfinite(self.cost), initial=0.0))

    @property
    def used(self) -> np.ndarray | None:
        """Mask (n, m) of the edges that may carry mass, or None when all may."""
        n, m = self.problem.shape
        finite = np.isfinite(self.cost)
        if finite.all() and finite.shape == (n, m):
            return None
        mask = np.zeros((n, m), dtype=bool)
        mask[np.ix_(self.rows, self.columns)] = finite
        return mask

    @property
    def shift(self) -> tuple[np.ndarray, np.ndarray]:
        """Full-size constants (u, v): `extend` returns potentials of the cost ``C - u 1' - 1 v'``."""
        u, v = np.zeros(self.problem.shape[0]), np.zeros(self.problem.shape[1])
        u[self.rows], v[self.columns] = self.row_shift, self.column_shift
        return u, v

    def extend(self, f: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return full-size potentials of the shifted cost (see `shift`), whose plan has the problem's mass.

        An atom without mass gets the c-transform value ``min_j C_ij - g_j``, which keeps the pair feasible for the
        unregularised dual (0 where all its edges are forbidden); its row of the plan is zero by the mask.
        """
        problem, (u, v) = self.problem, self.shift
        full_f, full_g = np.empty(problem.shape[0]), np.empty(problem.shape[1])
        full_f[self.rows], full_g[self.columns] = f + self.reg * np.log(problem.mass), g
        empty = np.flatnonzero(problem.a == 0)
        full_f[empty] = (problem.cost[np.ix_(empty, self.columns)] - (v + full_g)[self.columns]).min(axis=1)
        empty = np.flatnonzero(problem.b == 0)
        full_g[empty] = (problem.cost[np.ix_(self.rows, empty)] - (u + full_f)[self.rows, None]).min(axis=0)
        full_f[np.isinf(full_f)], full_g[np.isinf(full_g)] = 0.0, 0.0
        return full_f, full_g

    def restore(self, f: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return full-size potentials of the original cost; a large constant in the cost takes digits from them."""
        (u, v), (full_f, full_g) = self.shift, self.extend(f, g)
        return full_f + u, full_g + v


def _balanced(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    total_a, total_b = a.sum(), b.sum()
    if abs(total_a - total_b) > MASS_TOLERANCE * max(total_a, total_b):
        raise InvalidArgument(
            "b",
            f"the mass of a (relative tolerance {MASS_TOLERANCE:g})",
            f"sum(a) = {total_a:.9g}, sum(b) = {total_b:.9g}",
        )
    return b if total_a == total_b else b * (total_a / total_b)


def _check_reachable(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """Refuse atoms with mass that every edge to mass avoids."""
    reach = np.isfinite(cost) & (a > 0)[:, None] & (b > 0)
    for mass, touched, name in ((a, reach.any(axis=1), "row"), (b, reach.any(axis=0), "column")):
        stuck = np.flatnonzero((mass > 0) & ~touched)
        if len(stuck):
            raise InvalidArgument("M", f"a finite cost in every {name} with mass", f"{name} {stuck[0]} with only +inf")


def _check_scale(cost: np.ndarray, reg: float) -> None:
    """Refuse costs whose differences, or whose differences over reg, overflow."""
    finite = np.isfinite(cost)
    with np.errstate(over="ignore"):
        # potentials differ by a few times the spread, and by some 700 reg
        spread = 4 * (np.max(cost, where=finite, initial=-np.inf) - np.min(cost, where=finite, initial=np.inf))
        scaled = spread / reg + 1 / np.float64(reg) + 1e4 * np.float64(reg)
    if not np.isfinite(spread):
        raise InvalidArgument("M", "costs whose largest difference is below 4e307", "differences that overflow")
    if not np.isfinite(scaled):
        raise InvalidArgument("reg", "a number commensurate with the costs", f"{reg}: their quotient overflows")


def frozen(array: np.ndarray, source: Any = None) -> np.ndarray:
    """Return a read-only array that later changes of the caller's memory cannot reach."""
    array = array.copy() if source is None or np.may_share_memory(array, np.asarray(source)) else array
    array.flags.writeable = False
    return array


def random_assignment(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (M, a, b) of a random linear assignment: costs uniform on [0, 1], uniform masses."""
    return rng.random((n, n)), np.full(n, 1 / n), np.full(n, 1 / n)


def random_costs(n: int, m: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (M, a, b) with costs uniform on [0, 1] and Dirichlet(1) masses."""
    return rng.random((n, m)), rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))


def gaussian_clouds(n: int, dim: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (M, a, b) for two standard Gaussian clouds of n points, squared Euclidean costs, uniform masses."""
    x, y = rng.standard_normal((n, dim)), rng.standard_normal((n, dim))
    cost = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return np.maximum(cost, 0.0), np.full(n, 1 / n), np.full(n, 1 / n)


def pixel_grid(side: int, p: int) -> np.ndarray:
    """Return the cost ``sum_k |x_k - y_k|^p`` between the pixels of a square image, divided by its maximum."""
    axis = np.abs(np.subtract.outer(np.arange(side), np.arange(side))).astype(float) ** p
    cost = (axis[:, None, :, None] + axis[None, :, None, :]).reshape(side**2, side**2)
    return cost / max(cost.max(), 1.0)
