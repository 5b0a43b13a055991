"""The cubic model of a block: a bound on f that its minimiser needs no line search to go below."""

import numpy as np

from .state import Block, State, pseudo_inverse

__all__ = ["cubic", "cubic_scores", "model_minimiser"]


def model_minimiser(g: np.ndarray, hessian: np.ndarray, third: float) -> tuple[np.ndarray, float]:
    r"""Return the minimiser d of ``g.d + d'Hd/2 + M |d|^3 / 6`` for H >= 0, and the fall of the model.

    .. math:: d = -(H + \tfrac{M r}{2} I)^{-1} g, \qquad r = \|d\|,

    one equation in r, whose right side falls as r grows. For M = 0 the step of least norm. At the minimiser
    ``g.d + d'Hd + M r^3 / 2 = 0``, so that the model falls by ``d'Hd/2 + M r^3 / 3``, a sum without cancellation.
    """
    from scipy.optimize import brentq

    if third == 0.0:
        d = -pseudo_inverse(hessian) @ g
        return d, -0.5 * float(g @ d)
    size = float(np.linalg.norm(g))
    if size == 0.0:
        return np.zeros_like(g), 0.0
    values, vectors = np.linalg.eigh(hessian)
    values, parts = np.maximum(values, 0.0), vectors.T @ g

    def excess(r: float) -> float:
        return float(np.linalg.norm(parts / (values + 0.5 * third * r))) - r

    longest = np.sqrt(2.0 * size / third)  # what |d| is without H
    shortest = size / (values[-1] + 0.5 * third * longest)
    r = longest
    if excess(shortest) > 0.0 > excess(longest):
        r = brentq(excess, shortest, longest, xtol=1e-15 * shortest, rtol=1e-14)
    shares = parts / (values + 0.5 * third * r)
    return -vectors @ shares, 0.5 * float(values @ shares**2) + third * r**3 / 3.0


def _model(state: State, b: np.ndarray) -> tuple[np.ndarray, float]:
    problem = state.problem
    return model_minimiser(state.partial(b), problem.hessian(state.x, state.z, b), problem.third_bound(b))


def cubic(state: State, block: Block) -> np.ndarray:
    """Minimise the cubic model with M_b, which is above f everywhere: f falls by at least what the model does."""
    b = block.members
    return np.asarray(state.x[b] + _model(state, b)[0])


def cubic_scores(state: State) -> np.ndarray:
    """What the cubic model falls by, block by block."""
    return np.array([_model(state, b)[1] for b in state.blocks or []])
