"""`bilevel.hypergradient`: the gradient of psi at a point by one formula, with what the formula assumed."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._validation import check_choice, check_positive, check_vector
from ..errors import ConvergenceWarning, InvalidArgument
from .given_sets import as_set
from .implicit import Adjoint, adjoint_gradient
from .lower_level import LowerLevel, minimize_level
from .lower_unit import lower_unit
from .oracles import Counts, OracleFailure, Oracles
from .penalty import penalised
from .problem import Problem

__all__ = ["Hypergradient", "hypergradient"]

METHODS = ("implicit", "penalty", "central")
_MARGIN = 1e-6


@dataclass(frozen=True, eq=False)
class Hypergradient:
    """A gradient of psi and the assumptions it rests on.

    Attributes
    ----------
    gradient : ndarray, shape (p,)
    y : ndarray, shape (q,)
        The lower point it was taken at.
    method : str
    concerns : tuple of str
        Assumptions of the formula that do not hold at this point, in sentences; empty where all of them do.
    adjoint : Adjoint or None
        Residual, curvature and margin, for ``"implicit"``.
    bracket : (float, float) or None
        What psi(x) lies between, for ``"penalty"``.
    counts : Counts
    """

    gradient: np.ndarray
    y: np.ndarray
    method: str
    concerns: tuple[str, ...]
    adjoint: Adjoint | None
    bracket: tuple[float, float] | None
    counts: Counts


def hypergradient(
    problem: Problem, x: Any, y: Any, *, method: str = "implicit", sigma: float = 1e-4, tol: float = 1e-9
) -> Hypergradient:
    r"""Return the gradient of :math:`\psi(x) = \min \{ f(x, y) : y \in \arg\min_Y g(x, \cdot) \}`.

    Parameters
    ----------
    problem : Problem
    x : array_like, shape (p,)
    y : array_like, shape (q,)
        Start of the lower solve, which begins at its projection onto Y. With several solutions ``"implicit"`` takes the
        one that this start leads to, which should be the one best for f; the range test tells.
    method : {"implicit", "penalty", "central"}
        ``"implicit"``: :math:`\nabla_x f - \nabla^2_{xy} g\, T (T^\top H T)^+ T^\top \nabla_y f` on the face that the
        solution lies on (T its tangent space, H the Hessian of the Lagrangian), by conjugate gradients.
        ``"penalty"``: the gradient of psi_sigma, off by O(sigma); needs no second derivatives and picks the solution
        best for f by itself.
        ``"central"``: the mean of psi_sigma and psi_{-sigma}, off by O(sigma^2) where the lower level is strongly
        convex and its active constraints do not change.
    sigma : float, default 1e-4
        Weight of f, for the last two.
    tol : float, default 1e-9
        Accuracy of the lower solves, in units of the gradient of psi.

    Returns
    -------
    Hypergradient

    Raises
    ------
    InvalidArgument

    Warns
    -----
    ConvergenceWarning
        Where an assumption of the formula fails at this point.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bilevel
    >>> problem = bilevel.Problem(
    ...     f=lambda x, y: 0.5 * np.sum((y - 1) ** 2),
    ...     g=lambda x, y: 0.5 * np.sum((2 * y - x) ** 2),
    ...     grad_f=lambda x, y: (0 * x, y - 1),
    ...     grad_g=lambda x, y: (x - 2 * y, 4 * y - 2 * x),
    ... )
    >>> [bilevel.hypergradient(problem, [3.0], [0.0], method=m).gradient.round(3) for m in ("implicit", "central")]
    [array([0.25]), array([0.25])]

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2024), On penalty methods for nonconvex bilevel optimization and first-order stochastic
    approximation, ICLR, Theorem 3.2.
    """
    if not isinstance(problem, Problem):
        raise InvalidArgument("problem", "a bilevel.Problem", type(problem).__name__)
    at, start = check_vector(x, "x"), check_vector(y, "y")
    check_choice(method, "method", METHODS)
    sigma, tol = check_positive(sigma, "sigma"), check_positive(tol, "tol")
    oracles = Oracles(problem, len(at), len(start))
    Y = as_set(problem.Y, len(start), "Y")
    start = Y.project(start)
    if method == "implicit" and not Y.face(start, np.zeros(len(start))).known:
        raise InvalidArgument("method", "'penalty' for a set of which only the projection is known", repr(method))
    try:
        unit = lower_unit(oracles, at, start, Y)
        oracles, sigma = replace(oracles, unit=unit), sigma / unit
        if method == "implicit":
            found = _implicit(oracles, at, start, Y, tol)
        elif method == "penalty":
            found = _forward(oracles, at, start, Y, sigma, tol)
        else:
            found = _central(oracles, at, start, Y, sigma, tol)
    except OracleFailure as failure:
        raise InvalidArgument(str(failure), "finite numbers at x and near y", "NaN or infinity") from None
    if found.concerns:
        warnings.warn(" ".join(found.concerns), ConvergenceWarning, stacklevel=2)
    return found


def _solved(residual: float, tol: float) -> list[str]:
    return [] if residual <= tol else [f"The lower level was solved to {residual:.1e} only, not to {tol:.1e}."]


def _implicit(oracles: Oracles, x: np.ndarray, y: np.ndarray, Y: Any, tol: float) -> Hypergradient:
    z = minimize_level(LowerLevel(oracles, x, Y), y, tol=tol)
    a = adjoint_gradient(oracles, x, z.y, Y, tol=tol)
    concerns = _solved(z.residual, 10 * tol)
    if not a.solved:
        concerns.append(
            f"The gradient of f in y does not lie in the range of the lower Hessian (residual {a.unsolved:.1e}): y is "
            "not the lower solution that is best for f. Start from one, or use method='penalty'."
        )
    if a.margin < _MARGIN:
        concerns.append(
            f"A lower constraint is about to become active or inactive (margin {a.margin:.1e}): psi may have a kink."
        )
    return Hypergradient(a.gradient, z.y, "implicit", tuple(concerns), a, None, oracles.counts)


def _forward(oracles: Oracles, x: np.ndarray, y: np.ndarray, Y: Any, sigma: float, tol: float) -> Hypergradient:
    found = penalised(oracles, x, Y, sigma, y=y, z=y, tol=max(tol, 1e-13 / sigma))
    concerns = _solved(max(found.y.residual, found.z.residual), 10 * max(tol * sigma, 1e-13))
    return Hypergradient(found.gradient, found.y.y, "penalty", tuple(concerns), None, found.bracket, oracles.counts)


def _central(oracles: Oracles, x: np.ndarray, y: np.ndarray, Y: Any, sigma: float, tol: float) -> Hypergradient:
    accuracy = max(tol * sigma, 1e-13)
    up = minimize_level(LowerLevel(oracles, x, Y, sigma), y, tol=accuracy)
    down = minimize_level(LowerLevel(oracles, x, Y, -sigma), up.y, tol=accuracy)
    concerns = _solved(max(up.residual, down.residual), 10 * accuracy)
    if down.ray is not None:
        concerns.append("g - sigma f falls without bound: the lower level is not strongly convex enough for sigma.")
    f_up, f_down = oracles.grad_f(x, up.y)[0], oracles.grad_f(x, down.y)[0]
    g_up, g_down = oracles.grad_g(x, up.y)[0], oracles.grad_g(x, down.y)[0]
    gradient = (f_up + f_down) / 2 + (g_up - g_down) / (2 * sigma)
    return Hypergradient(gradient, up.y, "central", tuple(concerns), None, None, oracles.counts)
