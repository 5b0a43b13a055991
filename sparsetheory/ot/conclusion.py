"""From reduced potentials to a certified result: the last step of every transport solver."""

from typing import Any

import numpy as np

from .._loop import Outcome, settle
from .._validation import check_vector
from ..errors import InvalidArgument
from ..result import OnFailure, conclude
from .problem import Reduced, frozen
from .result import OTResult

_NEAR_FLOOR = 5.0  # the estimate's slack: errors, and tolerances, up to this multiple of it count as rounding

__all__ = ["attainable_error", "certified", "initial_potentials"]


def attainable_error(a: np.ndarray, f: np.ndarray, b: np.ndarray, g: np.ndarray, reg: float) -> float:
    """Estimate the L1 marginal error that rounding alone leaves in the plan of potentials (f, g), for mass 1.

    The exponent ``(f_i + g_j - C_ij) / reg`` of an entry that carries mass is the small difference of numbers of size
    ``|f_i| + |g_j|``; each is known to half a unit in its last place, and their sum is rounded once more. Weighted by
    the mass this is ``2 u (a.|f| + b.|g|) / reg`` with u the unit roundoff; summing the plan adds a few u.
    """
    unit = np.finfo(float).eps / 2
    return float(unit * (2 * (a @ np.abs(f) + b @ np.abs(g)) / reg + 8))


def certified(
    reduced: Reduced, f: np.ndarray, g: np.ndarray, outcome: Outcome, tol: float, on_failure: OnFailure
) -> OTResult:
    """Build the result, recompute its marginal error in NumPy, and let that decide the status."""
    full_f, full_g = (frozen(potential) for potential in reduced.extend(f, g))
    mass = reduced.problem.mass
    heavy_f = f + reduced.reg * np.log(mass)  # whose exponents give the plan its mass
    floor = mass * attainable_error(reduced.a, heavy_f, reduced.b, g, reduced.reg)

    def build(**verdict: Any) -> OTResult:
        return OTResult(
            problem=reduced.problem, f=full_f, g=full_g, shift=reduced.shift, used=reduced.used,
            n_iter=outcome.n_iter, tol=tol, trace=outcome.trace, floor=floor, **verdict,
        )  # fmt: skip

    error = build(status=outcome.status, error=np.nan).marginal_error
    # Far above the floor it is no excuse; nor is one above the mass, which potentials far from any solution have.
    excuse = _NEAR_FLOOR * floor if error <= _NEAR_FLOOR * floor and floor < mass else 0.0
    result = build(status=settle(outcome.status, error, tol, excuse), error=error)
    return conclude(result, on_failure, stacklevel=4)


def initial_potentials(reduced: Reduced, init: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return reduced potentials (f, g) from a pair or a result; None where there is nothing to start from.

    One of the pair may be None: it then gets the value that makes its side of the marginals exact.
    """
    if init is None:
        return None
    try:
        f, g = (init.f, init.g) if isinstance(init, OTResult) else init
    except (TypeError, ValueError):
        raise InvalidArgument("init", "a pair of potentials (f, g) or an OTResult", type(init).__name__) from None
    if f is None and g is None:
        raise InvalidArgument("init", "a pair with at least one potential", "(None, None)")
    n, m = reduced.problem.shape
    f = None if f is None else check_vector(f, "init[0]", length=n)
    g = None if g is None else check_vector(g, "init[1]", length=m)
    u, v = reduced.shift
    if isinstance(init, OTResult) and init.shift is not None:
        u, v = u - init.shift[0], v - init.shift[1]  # shift from shift: they are equal when the cost is the same
    f = None if f is None else (f - u)[reduced.rows] - reduced.reg * np.log(reduced.problem.mass)
    g = None if g is None else (g - v)[reduced.columns]
    if f is None:
        assert g is not None
        f = exact_potential(reduced.cost, reduced.a, g, reduced.reg)
    if g is None:
        g = exact_potential(reduced.cost.T, reduced.b, f, reduced.reg)
    return f, g


def exact_potential(cost: np.ndarray, a: np.ndarray, g: np.ndarray, reg: float) -> np.ndarray:
    """Return the row potential whose plan has the row sums a, given g."""
    exponents = (g - cost) / reg
    top = exponents.max(axis=1)
    return reg * (np.log(a) - top - np.log(np.exp(exponents - top[:, None]).sum(axis=1)))
