"""Tables of discrete Gaussians whose law is exactly known: integer weights that add up to 2^64, one word a draw.

The discrete Gaussian N_Z(0, s^2) has P(z) proportional to exp(-z^2/(2 s^2)). Its probabilities, computed with sixty
digits, are rounded to multiples of 2^-64, symmetrically, the centre taking what is over. Walker's alias method on these
integers is exact: the upper bits of a word choose a cell, its lower bits are compared with the cell's threshold, and
the law of the draw is weight/2^64. What is lost is the distance of these weights from the real ones: it is computed.

A wide Gaussian is the sum k z1 + z2 of two narrow ones: the product of their densities at z is exp(-z^2/(2 s^2)) with
s^2 = k^2 s1^2 + s2^2 times a Gaussian in z1 of deviation tau = s1 s2/s off the integers, whose sum over the integers is
the same up to a factor 1 +- 2 exp(-2 pi^2 tau^2) by Poisson's formula. Two small tables replace one beyond the caches.
"""

import functools
import math
from decimal import Decimal, localcontext
from typing import NamedTuple

import numpy as np

__all__ = ["GaussianTable", "SplitTables", "gaussian_table", "split_tables"]

_DIGITS = 60
_WIDEST = 400.0  # standard deviation up to which one table serves; wider laws are split
_TAU = 2.5  # standard deviation, over the factor, of the narrow part of a sum: 2 exp(-2 pi^2 tau^2) < 1e-45


class GaussianTable(NamedTuple):
    """An alias table: in each cell the threshold above `bits` bits, and below them the other value."""

    scale: float
    cells: np.ndarray  # uint64
    bits: int
    reach: int  # values run from -reach to reach
    weights: tuple[int, ...]  # of 0, 1, ..., reach; probabilities times 2^64
    distance: float  # total variation from the discrete Gaussian, rounded up

    def probabilities(self) -> np.ndarray:
        """Return P(-reach), ..., P(reach), each correctly rounded."""
        half = [w / 2**64 for w in self.weights]
        return np.array(half[:0:-1] + half)


class SplitTables(NamedTuple):
    """The law of factor * wide + narrow; a factor of zero means that `narrow` alone is the law."""

    wide: GaussianTable
    factor: int
    narrow: GaussianTable

    @property
    def distance(self) -> float:
        """Total variation of one draw from the discrete Gaussian."""
        return self.narrow.distance + ((self.wide.distance + 1e-44) if self.factor else 0.0)

    @property
    def reach(self) -> int:
        """Largest absolute value of a draw."""
        return self.factor * self.wide.reach + self.narrow.reach

    def probabilities(self) -> np.ndarray:
        """Return P(-reach), ..., P(reach) of a draw."""
        narrow = self.narrow.probabilities()
        if not self.factor:
            return narrow
        total = np.zeros(2 * self.reach + 1)
        for i, weight in enumerate(self.wide.probabilities()):
            total[i * self.factor : i * self.factor + len(narrow)] += weight * narrow
        return total


def _weights(scale: float) -> tuple[list[int], float]:
    """Return the integer weights of 0, 1, ..., and their total variation from the discrete Gaussian."""
    with localcontext() as context:
        context.prec = _DIGITS
        square = Decimal(scale) * Decimal(scale)
        ratio, shrink = (-1 / (2 * square)).exp(), (-1 / square).exp()
        masses = [Decimal(1)]
        while masses[-1] > Decimal("1e-30"):  # what is left out is below 1e-30 of the whole, a scale at a time
            masses.append(masses[-1] * ratio)
            ratio *= shrink
        total = 2 * sum(masses) - 1
        exact = [mass * 2**64 / total for mass in masses]
        weights = [int(mass.to_integral_value()) for mass in exact]
        while weights[-1] == 0:
            weights.pop()
        weights[0] += 2**64 - (2 * sum(weights) - weights[0])
        padded = weights + [0] * (len(exact) - len(weights))
        apart = [abs(mass - weight) for mass, weight in zip(exact, padded)]
        distance = float((2 * sum(apart) - apart[0]) / 2**65)
    return weights, distance * (1.0 + 1e-12) + 1e-28 * (1.0 + scale)


def _alias(weights: list[int], bits: int) -> np.ndarray:
    """Return the packed cells for weights that add up to 2^64: Vose's construction in integers, without remainder."""
    room = 1 << (64 - bits)
    left = weights + [0] * ((1 << bits) - len(weights))
    threshold, other = [0] * len(left), list(range(len(left)))
    small = [i for i, w in enumerate(left) if w < room]
    large = [i for i, w in enumerate(left) if w > room]
    while small:
        i, j = small.pop(), large[-1]
        threshold[i], other[i] = left[i], j
        left[j] -= room - left[i]
        if left[j] <= room:
            large.pop()
            if left[j] < room:
                small.append(j)
    return np.array([(t << bits) | a for t, a in zip(threshold, other)], dtype=np.uint64)


@functools.lru_cache(maxsize=64)
def gaussian_table(scale: float) -> GaussianTable:
    """Return the alias table of N_Z(0, scale^2); kept for the next call with this scale."""
    weights, distance = _weights(scale)
    reach = len(weights) - 1
    bits = max((2 * reach + 1 - 1).bit_length(), 1)
    return GaussianTable(scale, _alias(weights[:0:-1] + weights, bits), bits, reach, tuple(weights), distance)


def split_tables(scale: float) -> SplitTables:
    """Return one or two tables whose draws have the law N_Z(0, scale^2), to the stated distance."""
    if scale <= _WIDEST:
        table = gaussian_table(scale)
        return SplitTables(table, 0, table)
    factor = math.ceil(math.sqrt(scale / _TAU))
    narrow = _TAU * factor * (1.0 + 1.0 / factor)
    wide = math.sqrt(scale * scale - narrow * narrow) / factor
    return SplitTables(gaussian_table(wide), factor, gaussian_table(narrow))
