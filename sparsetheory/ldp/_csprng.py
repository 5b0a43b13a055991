"""Kernels of the secure stream: words to uniforms and to normals."""

import math

from .._numba import kernel

__all__ = ["box_muller", "open_uniforms"]


@kernel
def open_uniforms(words, out):
    """Write (k + 1/2)/2^52 for the upper 52 bits k of each word: exact, symmetric, never 0 nor 1."""
    for i in range(len(out)):
        out[i] = (float(words[i] >> 12) + 0.5) * 2.0**-52


@kernel
def box_muller(words, out):
    """Write normals, two for two words; the last one alone if their number is odd."""
    n = len(out)
    for i in range(0, n, 2):
        u = (float(words[i] >> 12) + 0.5) * 2.0**-52
        angle = (float(words[i + 1] >> 12) + 0.5) * (2.0**-51 * math.pi)
        radius = math.sqrt(-2.0 * math.log(u))
        out[i] = radius * math.cos(angle)
        if i + 1 < n:
            out[i + 1] = radius * math.sin(angle)


SIGNATURES = {open_uniforms: ("(uint64[::1], float64[::1])",), box_muller: ("(uint64[::1], float64[::1])",)}
