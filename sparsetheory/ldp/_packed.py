"""Kernel of packed outer products: rows z to the upper triangle of z z^T."""

import numpy as np

from .._numba import kernel

__all__ = ["outer_rows"]


@kernel
def outer_rows(Z: np.ndarray, diagonal: float, off: float, out: np.ndarray) -> None:
    """Write the packed upper triangle of z z^T for each row z: diagonal and off-diagonal entries by their factors."""
    n, d = Z.shape
    for i in range(n):
        at = 0
        for j in range(d):
            out[i, at] = Z[i, j] * diagonal * Z[i, j]
            at += 1
            scaled = Z[i, j] * off
            for k in range(j + 1, d):
                out[i, at] = scaled * Z[i, k]
                at += 1


SIGNATURES = {outer_rows: ("(float64[:, ::1], float64, float64, float64[:, ::1])",)}
