"""Estimates with intervals: means, medians, slopes and proportions over independent replicates."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

__all__ = [
    "Critical", "Estimate", "Medians", "column_medians", "mean_estimate", "median_estimate", "replicate_slopes",
    "slope_weights", "student", "violation_limit", "wilson",
]  # fmt: skip

#: Resamples behind the standard error of a median: its own relative error is 1/sqrt(2*400) = 3.5%.
N_BOOTSTRAP = 400
#: The bootstrap is part of the estimator, so its stream is a constant: the same sample always gets the same verdict.
_BOOTSTRAP_SEED = 0x5EED
_CHUNK = 2_000_000  # entries resampled at a time (16 MB)


#: From degrees of freedom and level to the half-width of an interval in standard errors.
Critical = Callable[[int, float], float]


def student(df: int, level: float) -> float:
    """Return the t quantile of a two-sided interval, for a number of replicates that was declared before the run."""
    return float(stdtrit(df, 0.5 + level / 2))


@dataclass(frozen=True)
class Estimate:
    """A number, its standard error, and how wide its interval is at that many degrees of freedom."""

    value: float
    standard_error: float
    df: int
    critical: Critical = student

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval; without a degree of freedom it is the whole line."""
        if self.df < 1 or not math.isfinite(self.standard_error) or not math.isfinite(self.value):
            return -math.inf, math.inf
        critical = self.critical(self.df, level)
        if math.isinf(critical):
            return -math.inf, math.inf
        half = critical * self.standard_error
        return self.value - half, self.value + half

    def read(self, critical: Critical) -> "Estimate":
        """Return the same estimate with intervals of another kind."""
        return replace(self, critical=critical)


def mean_estimate(values: np.ndarray) -> Estimate:
    """Return the mean of independent values with its t interval; NaN entries are left out."""
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return Estimate(math.nan, math.nan, 0)
    error = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Estimate(float(values.mean()), error, len(values) - 1)


def column_medians(rows: np.ndarray) -> np.ndarray:
    """Return medians along the last axis, NaN entries left out (much faster than nanmedian on stacks)."""
    ordered = np.sort(rows, axis=-1)  # NaN sorts last
    count = (~np.isnan(rows)).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, -1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, rows.shape[-1] - 1), -1)
    return np.where(count > 0, 0.5 * (low + high), np.nan)[..., 0]


@dataclass(frozen=True)
class Medians:
    """Medians of the columns of (R, K) values, and the same in resampled replicates, (N_BOOTSTRAP, K)."""

    medians: np.ndarray
    resampled: np.ndarray
    n_rows: int

    @classmethod
    def of(cls, values: np.ndarray) -> "Medians":
        """Resample the replicates.

        Rows are put into an order of their own first, so that neither a permutation of the replicates nor a
        shift of a column changes which rows a resample holds.
        """
        kept = values[~np.isnan(values).all(axis=1)]
        n_rows, n_columns = kept.shape
        if n_rows < 2:
            return cls(
                column_medians(kept.T) if n_rows else np.full(n_columns, np.nan), np.empty((0, n_columns)), n_rows
            )
        columns = kept[np.lexsort(kept.T)].T
        rng = np.random.default_rng(_BOOTSTRAP_SEED)
        draws, chunk = [], max(1, _CHUNK // (n_rows * n_columns))
        for start in range(0, N_BOOTSTRAP, chunk):
            index = rng.integers(n_rows, size=(min(chunk, N_BOOTSTRAP - start), n_rows))
            draws.append(column_medians(np.moveaxis(columns[:, index], 0, 1)))
        return cls(column_medians(columns), np.concatenate(draws), n_rows)

    def estimate(self, weights: np.ndarray) -> Estimate:
        """Return ``weights @ medians`` with its standard error."""
        if self.n_rows == 0 or np.isnan(weights).any():
            return Estimate(math.nan, math.nan, 0)
        point = float(weights @ self.medians)
        if self.n_rows < 2:
            return Estimate(point, math.nan, 0)
        return Estimate(point, float(np.nanstd(self.resampled @ weights, ddof=1)), self.n_rows - 1)


def median_estimate(values: np.ndarray, weights: np.ndarray) -> Estimate:
    """Return ``weights @ medians``, shapes (R, K) and (K,), with a standard error from resampled replicates."""
    return Medians.of(values).estimate(weights)


def slope_weights(abscissa: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Return w with ``w @ y`` = least-squares coefficient of `abscissa` beside a constant and the other columns.

    Frisch-Waugh: the abscissa's residual against the other columns, over its squared norm. NaN if nothing is left.
    """
    basis, _ = np.linalg.qr(np.column_stack([np.ones_like(abscissa), *others]))
    residual = abscissa - abscissa.mean()
    scale = float(residual @ residual)
    for _ in range(2):  # the second pass removes what rounding left of the first
        residual = residual - basis @ (basis.T @ residual)
    left = float(residual @ residual)
    if not left > 1e-20 * max(scale, float(abscissa @ abscissa) * 1e-8):
        return np.full_like(abscissa, np.nan)
    return residual / left


def replicate_slopes(values: np.ndarray, columns: Sequence[np.ndarray], *, least: int) -> np.ndarray:
    """Return the coefficient of ``columns[0]`` in every row of `values` (R, K); columns have the same shape.

    A NaN entry leaves its row with the points that remain; a row with fewer than `least` points gets NaN.
    """
    usable = ~np.isnan(values)
    slopes = np.full(len(values), np.nan)
    pattern = np.concatenate([usable, *(np.where(usable, column, 0.0) for column in columns)], axis=1)
    _, group = np.unique(pattern, axis=0, return_inverse=True)
    group = group.ravel()
    for g in range(group.max() + 1 if len(group) else 0):  # rows that share their design share their weights
        rows = np.flatnonzero(group == g)
        mask = usable[rows[0]]
        if mask.sum() >= least:
            weights = slope_weights(*(column[rows[0], mask] for column in columns))
            slopes[rows] = values[np.ix_(rows, mask)] @ weights
    return slopes


def wilson(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion."""
    if n == 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + level / 2))
    p, shrink = count / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (0.0 if count == 0 else centre - half), (1.0 if count == n else centre + half)


def violation_limit(n: int, violations: int = 0, level: float = 0.95) -> float:
    """Return the exact upper limit of a probability after `violations` events in `n` trials.

    Without an event it is ``1 - (1 - level)**(1/n)``.
    """
    return 1.0 if violations >= n else float(betaincinv(violations + 1, n - violations, level))
