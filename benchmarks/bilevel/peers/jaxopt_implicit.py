"""jaxopt: L-BFGS with implicit differentiation below, SciPy's L-BFGS-B above; compiled before the clock starts.

Its calls happen inside compiled code and are not counted. It differentiates the problem itself, in double precision.
"""

from functools import cache
from importlib.metadata import version

import jax
import jax.numpy as jnp
import jaxopt
import numpy as np
from scipy.optimize import minimize

from benchmarks.bilevel.quadratic import Oracle, Peer

jax.config.update("jax_enable_x64", True)


@cache
def _compiled(tol: float):
    def g(y, x, H, B, b):
        return y @ (H @ y) / 2 - y @ (B @ x + b)

    level = jaxopt.LBFGS(g, tol=tol, maxiter=2000, implicit_diff=True)

    def psi(x, start, H, B, b, c, a):
        y = level.run(start, x, H, B, b).params
        return (y - c) @ (y - c) / 2 + a * (x @ x) / 2, y

    return jax.jit(jax.value_and_grad(psi, has_aux=True))


def solve(oracle: Oracle, x: np.ndarray, y: np.ndarray, tol: float) -> np.ndarray:
    p, last = oracle.problem, {"y": jnp.array(y)}
    if p.bounded:
        raise NotImplementedError("bounds below")
    H, B, b, c = (jnp.array(array) for array in (oracle.H, p.B, p.b, p.c))
    function = _compiled(0.01 * tol)

    def psi(x):
        (value, last["y"]), slope = function(jnp.array(x), last["y"], H, B, b, c, p.a)
        return float(value), np.asarray(slope)

    options = {"ftol": 0, "gtol": tol / np.sqrt(len(x)), "maxiter": 10**3, "maxfun": 10**3, "maxcor": 30}
    return minimize(psi, x, jac=True, method="L-BFGS-B", options=options).x


PEERS = [Peer(name="jaxopt", version=version("jaxopt"), solve=solve, counted=False, warm_up=True)]
