"""F2BA in plain NumPy: T gradient steps on g and on sigma f + g, one on the upper level; step sizes from constants.

Chen, Ma, Zhang (2025), JMLR 26(109). It is told the Lipschitz constants, which no other solver is; sigma is a tenth of
its tolerance.
"""

from functools import partial

import numpy as np

from benchmarks.bilevel.quadratic import Oracle, Peer

_MOST = 100_000  # calls


def solve(oracle: Oracle, x: np.ndarray, y: np.ndarray, tol: float, *, inner: int) -> np.ndarray:
    half, sigma = oracle.problem.half, max(0.1 * tol, 1e-8)
    lower, upper = 1 / oracle.problem.curvature.max(), 1 / oracle.problem.steepest
    z = y.copy()
    while oracle.calls < _MOST:
        for _ in range(inner):
            z = np.clip(z - lower * oracle.grad_g_y(x, z), -half, half)
            slope = oracle.grad_g_y(x, y) + sigma * oracle.grad_f_y(x, y)
            y = np.clip(y - lower / (1 + sigma * lower) * slope, -half, half)
        way = oracle.grad_f(x, y)[0] + (oracle.grad_g(x, y)[0] - oracle.grad_g(x, z)[0]) / sigma
        if not 0.5 * tol < np.linalg.norm(way) < 1e12:  # there, or diverging, or NaN
            break
        x = x - upper * way
    return x


PEERS = [Peer(name=f"F2BA T={inner}", version=np.__version__, solve=partial(solve, inner=inner)) for inner in (1, 3)]
