"""Two mixing measures compared by one loss: pinned, or at the best translation of the gate, cells by cells."""

import heapq
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ..errors import InvalidArgument
from .losses import Loss
from .mixing_measure import MixingMeasure
from .weber import Powers

__all__ = ["Comparison"]


class _Cells(NamedTuple):
    """Fitted atoms with the true ones they belong to, as a function of the translation of the slopes."""

    nearest: np.ndarray  # (k,) true atom of each fitted one
    masses: np.ndarray  # (k*,) sums of weights
    moving: Powers  # the terms with slopes in them
    fixed: np.ndarray  # (k,) the other terms

    def summed(self, terms: np.ndarray) -> np.ndarray:
        """Return sums over cells, which may be empty."""
        return np.bincount(self.nearest, weights=terms + self.fixed, minlength=len(self.masses))

    def parts(self, t: np.ndarray) -> np.ndarray:
        """Return the weighted differences of every cell at a translation."""
        return self.summed(self.moving.terms(t))

    def least_parts(self) -> np.ndarray:
        """Return what no translation can bring the differences below: slopes that agree."""
        return self.summed(self.moving.weights * self.moving.heights ** (0.5 * self.moving.exponents))


class Comparison:
    """One loss between two measures."""

    def __init__(
        self, G: MixingMeasure, G_star: MixingMeasure, loss: Loss, count: int, order: float,
        rbar: Callable[[int], float],
    ) -> None:  # fmt: skip
        self.loss, self.count, self.order, self.rbar = loss, count, order, rbar
        self.slopes = G.beta1[:, None] - G_star.beta1  # (k, k*, d)
        self.squares = {
            "a": ((G.a[:, None] - G_star.a) ** 2).sum(axis=2), "b": (G.b[:, None] - G_star.b) ** 2,
            "v": (G.v[:, None] - G_star.v) ** 2,
        }  # fmt: skip
        with np.errstate(over="ignore"):
            self.weights, self.true_weights = G.weights, G_star.weights
        for value, name in ((self.weights, "G"), (self.true_weights, "G_star")):
            if not np.isfinite(value).all():
                raise InvalidArgument(name, "weights exp(beta0 / tau) below 1e308", "larger ones")

    def between_temperatures(self, difference: float) -> float:
        """Return the term of the temperatures."""
        exponent = self.loss.tau_exponent
        return 0.0 if exponent is None else difference ** self._exponent(exponent, 1)

    def pinned(self) -> float:
        """Return the loss of the measures as they are."""
        cells = self._cells(self._nearest(self._distances(np.zeros(self.slopes.shape[2]))))
        parts = cells.parts(np.zeros(self.slopes.shape[2]))
        return float(self._total(np.ones(1), parts, cells.masses)[0])

    def infimum(self) -> float:
        """Return the least loss over translations: cells by cells, those that promise most first."""
        best, seen = np.inf, set[bytes]()
        open_cells: list[tuple[float, int, np.ndarray, _Cells]] = []

        def consider(t: np.ndarray) -> None:
            nearest = self._nearest(self._distances(t))
            if (key := nearest.tobytes()) not in seen:
                seen.add(key)
                cells = self._cells(nearest)
                heapq.heappush(open_cells, (self._least(cells.least_parts(), cells.masses), len(seen), t, cells))

        for t in self._starts():
            consider(t)
        while open_cells and open_cells[0][0] < best:
            _, _, start, cells = heapq.heappop(open_cells)
            if not self.loss.slopes_move:
                return self._least(cells.parts(start), cells.masses)
            goal = cells.moving.minimiser()
            reached = start + self._reach(cells.nearest, start, goal) * (goal - start)
            best = min(best, self._least(cells.parts(reached), cells.masses))
            consider(goal)
        return best

    def _starts(self) -> Iterator[np.ndarray]:
        """Yield translations in all cells that are tried: those where a fitted atom meets a true one, and on the line
        one between any two translations at which an atom is as near to one true atom as to another.
        """
        d = self.slopes.shape[2]
        if not self.loss.slopes_move:
            yield np.zeros(d)
            return
        yield from self.slopes.reshape(-1, d)
        if d == 1:
            at_zero, slopes = self._distances(np.zeros(1)), self.slopes[:, :, 0]
            first, second = np.triu_indices(slopes.shape[1], 1)
            differing = slopes[:, first] != slopes[:, second]
            rise = 2.0 * (slopes[:, first] - slopes[:, second])[differing]
            ties = np.unique((at_zero[:, first] - at_zero[:, second])[differing] / rise)
            if len(ties):
                yield from np.concatenate([[ties[0] - 1.0], 0.5 * (ties[1:] + ties[:-1]), [ties[-1] + 1.0]])[:, None]

    def _distances(self, t: np.ndarray) -> np.ndarray:
        """Return squared distances between fitted and true atoms, (k, k*)."""
        return np.asarray(((self.slopes - t) ** 2).sum(axis=2) + sum(self.squares.values()))

    @staticmethod
    def _nearest(distances: np.ndarray) -> np.ndarray:
        return np.argmin(distances, axis=1)

    def _reach(self, nearest: np.ndarray, start: np.ndarray, goal: np.ndarray) -> float:
        """Return how much of the way the cells stay as they are: what other true atoms are farther by is linear."""
        atoms = np.arange(len(nearest))
        here, there = (d - d[atoms, nearest][:, None] for d in (self._distances(start), self._distances(goal)))
        lost = there < 0
        return float((here[lost] / (here[lost] - there[lost])).min(initial=1.0))

    def _cells(self, nearest: np.ndarray) -> _Cells:
        """Return the cells in which every fitted atom belongs to the given true one."""
        atoms, k = np.arange(len(nearest)), self.slopes.shape[1]
        sizes = np.bincount(nearest, minlength=k)[nearest]
        squares = {name: value[atoms, nearest] for name, value in self.squares.items()}
        heights, exponents, fixed = np.zeros(len(atoms)), np.ones(len(atoms)), np.zeros(len(atoms))
        for alone, parts in ((True, self.loss.single), (False, self.loss.several)):
            which = (sizes == 1) == alone
            for part in parts:
                powers = np.array([self._exponent(part.exponent, int(size)) for size in sizes[which]])
                height = sum((squares[name][which] for name in part.fields if name != "beta1"), np.zeros(len(powers)))
                if "beta1" in part.fields:
                    heights[which], exponents[which] = height, powers
                else:
                    fixed[which] += height ** (0.5 * powers)
        moving = Powers(self.slopes[atoms, nearest], heights, exponents, self.weights)
        masses = np.bincount(nearest, weights=self.weights, minlength=k)
        return _Cells(nearest, masses, moving, self.weights * fixed)

    def _exponent(self, exponent: float | str, size: int) -> float:
        if not isinstance(exponent, str):
            return exponent
        if exponent == "order":
            return self.order
        return self.rbar(size) / (2 if exponent == "rbar/2" else 1)

    def _total(self, u: np.ndarray, parts: np.ndarray, masses: np.ndarray) -> np.ndarray:
        """Return the sum of the cells that count, at some scales of the weights."""
        terms = u[:, None] * parts + np.abs(u[:, None] * masses - self.true_weights)
        return np.sort(terms, axis=1)[:, len(parts) - self.count :].sum(axis=1)

    def _least(self, parts: np.ndarray, masses: np.ndarray) -> float:
        """Return the infimum over scales u > 0: the sum of the largest convex, piecewise linear terms turns where one
        of them does or where two of their lines cross.
        """
        filled = masses > 0
        turns = [np.zeros(1), self.true_weights[filled] / masses[filled]]
        if self.count < len(parts):
            rises = np.concatenate([parts + masses, parts - masses])
            levels = np.concatenate([-self.true_weights, self.true_weights])
            steeper = rises[:, None] > rises
            across = (levels - levels[:, None])[steeper] / (rises[:, None] - rises)[steeper]
            turns.append(across[across > 0])
        return float(self._total(np.concatenate(turns), parts, masses).min())
