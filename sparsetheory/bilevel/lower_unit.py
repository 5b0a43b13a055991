"""The unit that a lower level is measured in: tolerances and sigma mean nothing without one."""

import numpy as np

from .oracles import OracleFailure, Oracles
from .sets import ConvexSet

__all__ = ["lower_unit"]

_ORDINARY = 1e-2  # levels steeper than this are taken as they are
_LEAST = 1e-12


def lower_unit(oracles: Oracles, x: np.ndarray, y: np.ndarray, Y: ConvexSet) -> float:
    """Return how much the slope of g changes over steps as long as y, if that is little, and else 1.

    A multiple of g has the same solutions as g. Measured in this unit it also has about the residuals, so that a lower
    solve to a given residual is as good, and a sigma weighs f as much. Only small multiples need it: of large ones the
    residuals are larger too. The steps are long, because curvature may vanish at the start alone.
    """
    reach = 1.0 + float(np.linalg.norm(y))
    try:
        slope = oracles.grad_g_y(x, y)
        size = float(np.linalg.norm(slope))
        most = size / reach
        for way in (slope / (size or 1.0), np.cos(np.arange(len(y))) / len(y) ** 0.5):
            step = Y.project(y - reach * way) - y
            length = float(np.linalg.norm(step))
            if length > 0:
                most = max(most, float(np.linalg.norm(oracles.grad_g_y(x, y + step) - slope)) / length)
    except OracleFailure:  # steep enough to leave the domain of g
        return 1.0
    return max(most, _LEAST) if 0 < most < _ORDINARY else 1.0
