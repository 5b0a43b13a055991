"""SciPy's L-BFGS-B on psi with implicit gradients by conjugate gradients: what a careful user would write.

The lower level is solved by conjugate gradients from the last solution, by L-BFGS-B where it has bounds; the adjoint
system on its free coordinates, from the last solution too.
"""

import numpy as np
import scipy
from scipy.optimize import minimize

from benchmarks.bilevel.quadratic import Oracle, Peer


def conjugate_gradients(times, target, start, tol):
    v = start.copy()
    residual = target - times(v) if v.any() else target.copy()
    direction, square = residual.copy(), float(residual @ residual)
    for _ in range(4 * len(target)):
        if square**0.5 <= tol:
            break
        curve = times(direction)
        bend = float(direction @ curve)
        if bend <= 1e-14 * float(direction @ direction):
            break
        v += square / bend * direction
        residual -= square / bend * curve
        square, last = float(residual @ residual), square
        direction = residual + square / last * direction
    return v


def solve(oracle: Oracle, x: np.ndarray, y: np.ndarray, tol: float) -> np.ndarray:
    half, last, accuracy = oracle.problem.half, {"y": y, "v": np.zeros(len(y))}, 0.01 * tol

    def lower(x):
        start = last["y"]
        if oracle.problem.bounded:
            found = minimize(
                lambda y: (oracle.g(x, y), oracle.grad_g_y(x, y)), start, jac=True, method="L-BFGS-B",
                bounds=[(-half, half)] * len(start), options={"ftol": 0, "gtol": accuracy, "maxfun": 10**5},
            )  # fmt: skip
            return found.x
        slope = oracle.grad_g_y(x, start)
        return start + conjugate_gradients(lambda v: oracle.hvp_yy(x, start, v), -slope, np.zeros(len(start)), accuracy)

    def psi(x):
        y = last["y"] = lower(x)
        free = np.abs(y) < half
        in_x, in_y = oracle.grad_f(x, y)
        last["v"] = v = conjugate_gradients(
            lambda v: np.where(free, oracle.hvp_yy(x, y, v), 0.0),
            np.where(free, in_y, 0.0), np.where(free, last["v"], 0.0), accuracy,
        )  # fmt: skip
        return oracle.f(x, y), in_x - oracle.hvp_xy(x, y, v)

    options = {"ftol": 0, "gtol": tol / np.sqrt(len(x)), "maxiter": 10**4, "maxfun": 10**4, "maxcor": 30}
    return minimize(psi, x, jac=True, method="L-BFGS-B", options=options).x


PEERS = [Peer(name="SciPy CG + L-BFGS", version=scipy.__version__, solve=solve)]
