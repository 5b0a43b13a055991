"""Kernels of the secure stream: words to uniforms and to normals.

Logarithm, sine and cosine are polynomials without branches, so that the compiler works on several normals at once: six
times the speed of calls to the C library. The coefficients are those of fdlibm, whose errors stay below one unit in the
last place.
"""

import math

import numpy as np

from .._numba import kernel

__all__ = ["box_muller", "open_uniforms"]

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROOT_HALF = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
_TWO_PI = 6.283185307179586


@kernel
def _open(word):
    """Return (k + 1/2)/2^52 for the upper 52 bits k of a word: exact, symmetric, never 0 nor 1."""
    return (float(word >> np.uint64(12)) + 0.5) * 2.0**-52


@kernel
def open_uniforms(words, out):
    """Write a uniform in (0, 1) for each word."""
    for i in range(len(out)):
        out[i] = _open(words[i])


@kernel
def _log(u):
    """Return log u for a normal number u > 0: u = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2))."""
    bits = np.float64(u).view(np.int64)
    exponent = (bits - _ROOT_HALF) >> 52
    f = np.int64(bits - (exponent << 52)).view(np.float64) - 1.0
    k = float(exponent)
    s = f / (2.0 + f)
    z = s * s
    tail = 2.222219843214978396e-01 + z * (
        1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01)
    )
    head = z * (6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * tail)))
    square = 0.5 * f * f
    return k * _LN2_HIGH - ((square - (s * (square + head) + k * _LN2_LOW)) - f)


@kernel
def _turn(t):
    """Return the cosine and the sine of 2 pi t for t in [0, 1], from those of at most an eighth of a turn."""
    quarter = math.floor(4.0 * t + 0.5)
    x = (t - 0.25 * quarter) * _TWO_PI
    w = x * x
    high = -1.98412698298579493134e-04 + w * (
        2.75573137070700676789e-06 + w * (-2.50507602534068634195e-08 + w * 1.58969099521155010221e-10)
    )
    sine = x + x * w * (-1.66666666666666324348e-01 + w * (8.33333333332248946124e-03 + w * high))
    high = 2.48015872894767294178e-05 + w * (
        -2.75573143513906633035e-07 + w * (2.08757232129817482790e-09 - w * 1.13596475577881948265e-11)
    )
    cosine = 1.0 - (0.5 * w - w * w * (4.16666666666666019037e-02 + w * (-1.38888888888741095749e-03 + w * high)))
    odd = quarter == 1.0 or quarter == 3.0
    c = sine if odd else cosine
    s = cosine if odd else sine
    c = -c if quarter == 1.0 or quarter == 2.0 else c
    s = -s if quarter == 2.0 or quarter == 3.0 else s
    return c, s


@kernel
def box_muller(words, out):
    """Write normals, two for a word of the first half and its partner in the second; an odd last one alone."""
    half = (len(out) + 1) // 2
    for i in range(half):
        radius = math.sqrt(-2.0 * _log(_open(words[i])))
        c, s = _turn(_open(words[half + i]))
        out[i] = radius * c
        if half + i < len(out):
            out[half + i] = radius * s


SIGNATURES = {open_uniforms: ("(uint64[::1], float64[::1])",), box_muller: ("(uint64[::1], float64[::1])",)}
