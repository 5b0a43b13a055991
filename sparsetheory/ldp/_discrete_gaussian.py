"""Kernels of the integer Gaussian mechanism: vectors onto the lattice, and noise from alias tables."""

import math

import numpy as np

from .._numba import kernel

__all__ = ["add_split_noise", "add_table_noise", "onto_lattice"]


@kernel
def onto_lattice(ball, scale, dither, bound, out):
    """Write floor(scale * ball_ij + dither_i). Around dither_i - 1/2 no row is longer than sqrt(bound), or it is 0."""
    n, dim = out.shape
    for i in range(n):
        u = dither[i]
        length = 0.0
        for j in range(dim):
            moved = math.floor(scale * ball[i, j] + u)
            out[i, j] = np.int64(moved)
            length += (moved - (u - 0.5)) ** 2
        if not length <= bound:  # rounding alone does not get there; checked on what is released all the same
            for j in range(dim):
                out[i, j] = 0


@kernel
def _value(word, cells, bits):
    """Return the index that a word chooses in a table."""
    cell = word >> (np.uint64(64) - bits)
    entry = cells[cell]
    low = word & ((np.uint64(1) << (np.uint64(64) - bits)) - np.uint64(1))
    other = entry & ((np.uint64(1) << bits) - np.uint64(1))
    return np.int64(cell if low < (entry >> bits) else other)


@kernel
def add_table_noise(words, cells, bits, reach, out):
    """Add one draw of the table for each word."""
    width = np.uint64(bits)
    for i in range(len(out)):
        out[i] += _value(words[i], cells, width) - reach


@kernel
def add_split_noise(words, wide, wide_bits, factor, narrow, narrow_bits, reach, out):
    """Add factor * wide + narrow for each pair of words; `reach` is that of the sum."""
    first, second = np.uint64(wide_bits), np.uint64(narrow_bits)
    for i in range(len(out)):
        out[i] += factor * _value(words[2 * i], wide, first) + _value(words[2 * i + 1], narrow, second) - reach


SIGNATURES = {
    onto_lattice: ("(float64[:, ::1], float64, float64[::1], float64, int64[:, ::1])",),
    add_table_noise: ("(uint64[::1], uint64[::1], int64, int64, int64[::1])",),
    add_split_noise: ("(uint64[::1], uint64[::1], int64, int64, uint64[::1], int64, int64, int64[::1])",),
}
