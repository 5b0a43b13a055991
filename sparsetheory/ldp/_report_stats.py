"""Kernel of aggregation: one pass over reports for their sums and for their norms."""

import numpy as np

from .._numba import kernel

__all__ = ["add_reports", "square_norms"]


@kernel
def square_norms(reports: np.ndarray, out: np.ndarray) -> None:
    """Write the squared norm of each report, in floating point."""
    for i in range(reports.shape[0]):
        total = 0.0
        for j in range(reports.shape[1]):
            total += float(reports[i, j]) * float(reports[i, j])
        out[i] = total


@kernel
def add_reports(reports: np.ndarray, sums: np.ndarray) -> None:
    """Add every report to the sums."""
    for i in range(reports.shape[0]):
        for j in range(reports.shape[1]):
            sums[j] += reports[i, j]


SIGNATURES = {
    square_norms: ("(int64[:, ::1], float64[::1])",),
    add_reports: ("(int64[:, ::1], int64[::1])",),
}
