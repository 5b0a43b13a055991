"""Our own solver, from gradients alone and with second derivatives."""

from importlib.metadata import version

import numpy as np

from benchmarks.bilevel.quadratic import Oracle, Peer
from sparsetheory import bilevel


def _problem(oracle: Oracle, **second):
    half = oracle.problem.half
    return bilevel.Problem(
        f=oracle.f, g=oracle.g, grad_f=oracle.grad_f, grad_g=oracle.grad_g, grad_f_y=oracle.grad_f_y,
        grad_g_y=oracle.grad_g_y, Y=bilevel.Box(-half, half) if oracle.problem.bounded else None, **second,
    )  # fmt: skip


def from_gradients(oracle: Oracle, x: np.ndarray, y: np.ndarray, tol: float) -> np.ndarray:
    return bilevel.minimize(_problem(oracle), x, y, tol=tol, on_failure="ignore").x


def with_products(oracle: Oracle, x: np.ndarray, y: np.ndarray, tol: float) -> np.ndarray:
    problem = _problem(oracle, hvp_yy=oracle.hvp_yy, hvp_xy=oracle.hvp_xy)
    return bilevel.minimize(problem, x, y, tol=tol, on_failure="ignore").x


_VERSION = version("sparsetheory")
PEERS = [
    Peer(name="sparsetheory", version=_VERSION, solve=from_gradients),
    Peer(name="sparsetheory + hvp", version=_VERSION, solve=with_products),
]
