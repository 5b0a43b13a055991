"""An exponential that LLVM vectorises, and the softmax row built on it."""

import numpy as np

from .._numba import kernel

__all__ = ["exp", "log_sum_exp_row", "vector_sum"]

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # 32 leading bits of log 2: k * _LN2_HIGH is exact
_LN2_LOW = 1.9082149292705877e-10
_TO_INTEGER = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer that sits in the low bits
_SMALLEST = -700.0  # below, 0 exactly: a denormal costs a hundred times a normal number
_LARGEST = 709.0
_LANES = 64


@kernel(fastmath={"contract"})
def exp(x):
    """Return exp(x) within 1e-15 relative; 0 below -700, inf above 709, NaN for NaN.

    Branch-free: x = k log 2 + r with |r| <= log(2)/2, the degree-11 interpolant of exp(r) at Chebyshev nodes, and 2**k
    put together from bits. Without SVML a call of libm in a loop stays scalar and is 4 to 7 times slower. Only
    contraction (a fused multiply-add rounds once, not twice) is allowed: reassociation would cancel the rounding trick.
    """
    shifted = x * _LOG2_E + _TO_INTEGER
    k = shifted - _TO_INTEGER
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = 2.5110049204818658e-08
    p = p * r + 2.763265472252779e-07
    p = p * r + 2.755724088722987e-06
    p = p * r + 2.4801485441561313e-05
    p = p * r + 0.00019841269890076403
    p = p * r + 0.0013888888952352863
    p = p * r + 0.008333333333319589
    p = p * r + 0.04166666666648795
    p = p * r + 0.1666666666666668
    p = p * r + 0.5000000000000019
    p = p * r + 1.0
    p = p * r + 1.0
    power = np.int64((np.float64(shifted).view(np.int64) + np.int64(1023)) << np.int64(52)).view(np.float64)
    value = p * power
    value = 0.0 if x < _SMALLEST else value
    return np.inf if x > _LARGEST else value


@kernel
def _largest_difference(g, cost, lanes):
    """Return max_j g_j - cost_j. Running maxima in lanes, which are scratch: a scalar one does not vectorise."""
    n_lanes = min(_LANES, lanes.shape[0])
    lanes[:n_lanes] = -np.inf
    whole = g.shape[0] // n_lanes * n_lanes
    for start in range(0, whole, n_lanes):
        for lane in range(n_lanes):
            difference = g[start + lane] - cost[start + lane]
            lanes[lane] = difference if difference > lanes[lane] else lanes[lane]
    top = -np.inf
    for lane in range(n_lanes):
        top = max(top, lanes[lane])
    for j in range(whole, g.shape[0]):
        top = max(top, g[j] - cost[j])
    return top


@kernel(fastmath={"reassoc", "nsz", "contract"})
def vector_sum(x):
    """Plain sum; reassociation lets it vectorise."""
    total = 0.0
    for j in range(x.shape[0]):
        total += x[j]
    return total


@kernel
def _exp_row(cost, g, top, scale, out):
    """Write exp((g - cost - top) * scale) into out."""
    for j in range(g.shape[0]):
        out[j] = exp((g[j] - cost[j] - top) * scale)


@kernel
def log_sum_exp_row(cost, g, scale, out):
    """Write exp((g - cost - top) * scale) into out (m,) and return (top, sum(out)), top = max(g - cost)."""
    top = _largest_difference(g, cost, out)
    _exp_row(cost, g, top, scale, out)
    return top, vector_sum(out)


SIGNATURES = {log_sum_exp_row: ("(float64[::1], float64[::1], float64, float64[::1])",)}
