"""The quadratic model plus norms of groups, minimised: proximal steps find the face, Newton steps end on it."""

import numpy as np

from .groupwise import Groupwise
from .state import solve_semidefinite

__all__ = ["group_model_step"]

_TOLERANCE = 1e-13
_EPS = float(np.finfo(float).eps)
_MAX_STEPS = 2000
_SHARES = 0.25 ** np.arange(6)  # of a Newton step that are tried before the face is left to proximal steps


def _face_hessian(penalty: Groupwise, b: np.ndarray, u: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    """Return the Hessian of model plus penalty on the variables that are not zero, where both are smooth."""
    labels, norms = penalty.labels[b], penalty.norms(u, b)[penalty.labels[b]]
    on = u != 0
    bend = penalty.alpha[labels][on] / norms[on]
    unit = u[on] / norms[on]
    same = labels[on][:, None] == labels[on]
    return np.asarray(hessian[np.ix_(on, on)] + np.diag(bend) - np.where(same, bend * np.outer(unit, unit), 0.0))


def group_model_step(
    penalty: Groupwise, b: np.ndarray, x: np.ndarray, g: np.ndarray, hessian: np.ndarray
) -> np.ndarray:
    """Return the minimiser d of ``g.d + d'Hd/2 + penalty(x + d)`` on block b, a union of groups.

    1. A proximal step with ``1 / lambda_max(H)``: it always falls, and settles which groups and variables are zero.
    2. A Newton step on the others, where the penalty is smooth, as much of it as lets the model fall.
    3. Stop when the proximal step has no length left.
    """
    top = float(np.linalg.eigvalsh(hessian)[-1])
    if top <= 0.0:  # no curvature, hence no gradient: the penalty alone decides
        return np.where((penalty.alpha[penalty.labels[b]] > 0) | (penalty.l1[b] > 0), -x, 0.0)
    step, d, longest = np.full(len(b), 1.0 / top), np.zeros(len(b)), 0.0
    noise = 4.0 * _EPS * (float(np.max(np.abs(x))) + float(np.max(np.abs(g))) / top)
    for _ in range(_MAX_STEPS):
        slope = g + hessian @ d
        u = penalty.prox(x + d - slope / top, step, b)
        length = float(np.max(np.abs(u - (x + d))))
        longest = max(longest, length)
        d = u - x
        if length <= max(_TOLERANCE * longest, noise + 4.0 * _EPS * float(np.max(np.abs(u)))):
            break
        on = u != 0
        if not on.any():
            continue
        slope = g + hessian @ d
        move = np.zeros(len(b))
        move[on] = -solve_semidefinite(_face_hessian(penalty, b, u, hessian), penalty.steepest(u, slope, b)[on])
        for share in _SHARES:
            part = share * move
            if penalty.change(u, part, slope, b).sum() + 0.5 * part @ hessian @ part < 0.0:
                d = d + part
                break
    return d
