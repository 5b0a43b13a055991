"""A logarithm that LLVM vectorises, for arguments that are known to be ordinary numbers."""

import numpy as np

from .._numba import kernel

__all__ = ["log"]

_LN2_HIGH = 0.6931471803691238  # 32 leading bits of log 2: k * _LN2_HIGH is exact
_LN2_LOW = 1.9082149292705877e-10
_ROOT_HALF = np.int64(0x3FE6A09E667F3BCD)  # bits of sqrt(1/2)


@kernel(fastmath={"contract"})
def log(x):
    """Return log(x) within 1e-15, relative and near one; x has to be normal and positive, NaN and inf give NaN.

    Branch-free: x = 2**k m with m in [sqrt(1/2), sqrt(2)), and log(m) by the odd series in s = f / (2 + f), f = m - 1,
    with the coefficients of fdlibm. Without SVML a call of libm in a loop stays scalar and is three times slower.
    """
    bits = np.float64(x).view(np.int64)
    k = (bits - _ROOT_HALF) >> np.int64(52)
    f = np.int64(bits - (k << np.int64(52))).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = p * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = p * z + 6.666666666666735130e-01
    half, power = 0.5 * f * f, np.float64(k)
    return power * _LN2_HIGH - ((half - (s * (half + p * z) + power * _LN2_LOW)) - f) + (x - x)
