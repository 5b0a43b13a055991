"""Kernels of vectors in a ball: clipping without overflow, sums with short error chains, noise onto a grid."""

import math

import numpy as np

from .._numba import kernel

__all__ = ["clip_rows", "dot", "onto_grid", "orthogonal_rows", "row_dots"]

_LEAST = 2.0**-1022  # the least normal number
_LARGE = 1e300
_BLOCK = 128  # eight running sums over blocks of this many terms: sixteen roundings a block instead of 128


@kernel
def dot(a, b):
    """Return <a, b> with at most 16 + 4 + ceil(n/128) roundings on any term."""
    n = len(a)
    total = 0.0
    start = 0
    while start < n:
        stop = min(start + _BLOCK, n)
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
        j = start
        while j + 8 <= stop:
            s0 += a[j] * b[j]
            s1 += a[j + 1] * b[j + 1]
            s2 += a[j + 2] * b[j + 2]
            s3 += a[j + 3] * b[j + 3]
            s4 += a[j + 4] * b[j + 4]
            s5 += a[j + 5] * b[j + 5]
            s6 += a[j + 6] * b[j + 6]
            s7 += a[j + 7] * b[j + 7]
            j += 8
        while j < stop:
            s0 += a[j] * b[j]
            j += 1
        total += ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
        start = stop
    return total


@kernel
def _shrink(row, radius, image):
    """Write row / max(|row|, radius) by way of a power of two, for rows whose squares overflow. Return if finite.

    What `image` has beyond the length of row is zero.
    """
    largest = 0.0
    trace = 0.0  # nan as soon as an entry is infinite or nan
    for j in range(len(row)):
        trace += row[j] * 0.0
        largest = max(largest, abs(row[j]))
    if trace != 0.0:
        return False
    _, exponent = math.frexp(max(largest, _LEAST))
    unit = math.ldexp(1.0, exponent - 1)
    for j in range(len(row)):
        image[j] = row[j] / unit
    size = max(math.sqrt(dot(image, image)), radius / unit)
    for j in range(len(row)):
        image[j] /= size
    return True


@kernel
def clip_rows(rows, radius, out):
    """Write rows / max(norm, radius); a last column of `out` beyond those of rows gets the slack sqrt(1 - norm^2).

    Return the number of rows with an entry that is not finite, which are left undefined.
    """
    n, dim = rows.shape
    moderate = 1e-140 < radius < 1e140  # squares of what matters neither overflow nor vanish
    bad = 0
    for i in range(n):
        if out.shape[1] > dim:
            out[i, dim] = 0.0
        square = dot(rows[i], rows[i])
        if moderate and square < _LARGE:
            factor = 1.0 / max(math.sqrt(square), radius)
            for j in range(dim):
                out[i, j] = rows[i, j] * factor
        elif not _shrink(rows[i], radius, out[i]):
            bad += 1
            continue
        if out.shape[1] > dim:
            out[i, dim] = math.sqrt(max(1.0 - dot(out[i], out[i]), 0.0))
    return bad


@kernel
def row_dots(a, b, out):
    """Write <a_i, b_i> for every row i."""
    for i in range(len(a)):
        out[i] = dot(a[i], b[i])


@kernel
def orthogonal_rows(noise, rows):
    """Subtract from each row of `noise` its part along the unit row of `rows`, in place."""
    for i in range(len(noise)):
        along = dot(noise[i], rows[i])
        for j in range(noise.shape[1]):
            noise[i, j] -= along * rows[i, j]


@kernel
def onto_grid(noise, noise_weight, rows, row_weight, dither, out):
    """Write floor(a_i noise_ij + b_i rows_ij + dither_i): with one uniform dither for a row it is unbiased."""
    for i in range(out.shape[0]):
        a, b, u = noise_weight[i], row_weight[i], dither[i]
        for j in range(out.shape[1]):
            out[i, j] = np.int64(math.floor((a * noise[i, j] + b * rows[i, j]) + u))


SIGNATURES = {
    dot: ("(float64[::1], float64[::1])",),
    clip_rows: ("(float64[:, ::1], float64, float64[:, ::1])",),
    row_dots: ("(float64[:, ::1], float64[:, ::1], float64[::1])",),
    orthogonal_rows: ("(float64[:, ::1], float64[:, ::1])",),
    onto_grid: (
        "(float64[:, ::1], float64[::1], float64[:, ::1], float64[::1], float64[::1], int64[:, ::1])",
    ),
}  # fmt: skip
