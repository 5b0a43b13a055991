"""What the answer of a lasso solver must satisfy: its optimality, its pattern, its invariances, its closed forms.

Every property is a pure function ``property(solver, problem, *, tol=1e-8) -> Finding``. A solver is called as
``solver(X, y, alpha)``, or by these names where its signature has them, and returns the coefficients of
min |y - Xw|^2 / (2n) + alpha |w|_1 or an object with ``.coef_``. `tol` is the duality gap it promises, relative to the
objective at zero. u is the unit roundoff of double precision.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import UNIT, Limit, Measure, prop
from ..interface import ask, deterministic, inputs_untouched
from . import reference as _reference
from .certificate import coordinate_step, duality_gap, gradient, gradient_rounding, promise, rounding
from .conduct import (
    honest_status,
    init_untouched,
    layouts,
    refuses_bad_alpha,
    refuses_bad_shape,
    refuses_nonfinite,
    sparse_input,
    warm_start,
)
from .fits import fit_distance
from .problem import LassoProblem

__all__ = [
    "agrees_with_reference", "deterministic", "duplicated_feature", "feature_order", "honest_status",
    "init_untouched", "inputs_untouched", "layouts", "null", "optimal", "orthogonal", "pattern", "refuses_bad_alpha",
    "refuses_bad_shape", "refuses_nonfinite", "repeated_samples", "rotation", "sample_order", "scaling", "sign_flip",
    "sparse_input", "stationary", "units", "warm_start", "zero_feature",
]  # fmt: skip

Solver = Callable[..., Any]


@prop
def optimal(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """The duality gap, with the residual rescaled to a dual point, is within the promise: this certifies the answer."""
    w = ask(solver, problem)
    gap = duality_gap(problem, w)
    relative = gap / (problem.exact.null_value or 1.0)
    return Measure(gap, promise(problem, w, tol), f"duality gap {relative:.2e} of the objective at zero")


@prop
def stationary(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """No coordinate wants to move: |w_j - its minimiser| sqrt(|x_j|^2/n) lowers the objective by half its square."""
    w = ask(solver, problem)
    most = promise(problem, w, tol)
    limit = Limit(np.sqrt(2 * most.value), f"sqrt(2 ({most.formula}))", np.sqrt(2 * most.vacuous))
    step = coordinate_step(problem, w)
    return Measure(step, limit, f"a coordinate would move by {step:.2e} in units of the square root of the objective")


@prop
def agrees_with_reference(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """The coefficients are those of a slow solver that certifies its own answer, wherever they are unique."""
    truth = _reference.solve(problem)
    w = ask(solver, problem)
    if not truth.certified:
        return Measure(np.nan, None)
    most = promise(problem, w, tol).value
    floors = [rounding(problem, w), rounding(problem, truth.w)]
    gaps = [min(duality_gap(problem, w), most), truth.gap]
    value = sum(_reference.coefficient_distance(problem, truth, g + e) for g, e in zip(gaps, floors, strict=True))
    scale = max(float(np.linalg.norm(truth.w)), np.sqrt(2 * problem.exact.null_value) / (problem.exact.longest or 1.0))
    text = (
        "g/min(alpha - |c_j|) + (sqrt(2 n g) + g max|x_j|/(alpha - |c_j|)) / least singular value, g = gap + rounding"
    )
    distance = float(np.linalg.norm(w - truth.w))
    message = f"the coefficients are {distance:.2e} from the reference ({truth.gap:.0e} its gap)"
    return Measure(distance, Limit(value, text, scale), message)


@prop
def pattern(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Signs are right where the solution is far from zero, and zeros are exact where the gap-safe rule says so."""
    truth = _reference.solve(problem)
    w = ask(solver, problem)
    if not truth.certified:
        return Measure(np.nan, None)
    facts, most = problem.exact, promise(problem, w, tol).value
    own = truth.gap + rounding(problem, truth.w)
    near = sum(_reference.coefficient_distance(problem, truth, g) for g in (most, own))
    active = np.abs(truth.w) > near
    _, correlation = gradient(problem, truth.w)
    reach = facts.norms * (np.sqrt(2 * own / len(problem.y)) + np.sqrt(2 * most / len(problem.y)))
    idle = np.abs(correlation) + reach + gradient_rounding(problem, w) < problem.alpha
    if not (active | idle).any():
        return Measure(np.nan, None)
    wrong = int((np.sign(w[active]) != np.sign(truth.w[active])).sum())
    leaking = int((w[idle] != 0).sum())
    message = f"{wrong} of {int(active.sum())} signs are wrong, {leaking} of {int(idle.sum())} zeros are not zero"
    return Measure(wrong + leaking, Limit(0, "0: strict complementarity at the promised gap"), message)


def _brought_back(
    solver: Solver, problem: LassoProblem, tol: float, undo: Callable[[np.ndarray], np.ndarray], what: str,
    **changes: Any,
) -> Measure:  # fmt: skip
    """Compare the answer with the answer to a changed problem, brought back."""
    twin = LassoProblem(**{"X": problem.exact.X, "y": problem.y, "alpha": problem.alpha, **changes})
    w, other = ask(solver, problem), undo(ask(solver, twin))
    return fit_distance(problem, w, other, tol=tol, what=what)


def _rng(problem: LassoProblem) -> np.random.Generator:
    return np.random.default_rng(problem.seed or 0)


@prop
def feature_order(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Reordering the columns reorders the coefficients."""
    order = _rng(problem).permutation(problem.X.shape[1])
    back = np.argsort(order)
    return _brought_back(solver, problem, tol, lambda w: w[back], "columns reordered", X=problem.exact.X[:, order])


@prop
def sign_flip(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Changing the sign of columns changes the sign of their coefficients."""
    signs = _rng(problem).choice((-1.0, 1.0), problem.X.shape[1])
    signs[0] = -1.0
    return _brought_back(solver, problem, tol, lambda w: w * signs, "signs of columns", X=problem.exact.X * signs)


@prop
def sample_order(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Reordering the samples changes nothing."""
    order = _rng(problem).permutation(len(problem.y))
    X, y = problem.exact.X[order], problem.y[order]
    return _brought_back(solver, problem, tol, np.asarray, "samples reordered", X=X, y=y)


@prop
def rotation(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Reflecting the samples, (X, y) to (HX, Hy), changes nothing; a hidden intercept or centring shows here."""
    v = _rng(problem).standard_normal(len(problem.y))
    v /= np.linalg.norm(v)
    X, y = problem.exact.X, problem.y
    X, y = X - 2 * np.outer(v, v @ X), y - 2 * v * (v @ y)
    return _brought_back(solver, problem, tol, np.asarray, "samples reflected", X=X, y=y)


@prop
def repeated_samples(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Giving every sample twice changes nothing: the loss is a mean."""
    X, y = np.repeat(problem.exact.X, 2, axis=0), np.repeat(problem.y, 2)
    return _brought_back(solver, problem, tol, np.asarray, "samples given twice", X=X, y=y)


@prop
def scaling(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Multiplying y and alpha by one number multiplies the coefficients by it."""
    y, alpha = 64.0 * problem.y, 64.0 * problem.alpha
    return _brought_back(solver, problem, tol, lambda w: w / 64.0, "y and alpha times 64", y=y, alpha=alpha)


@prop
def units(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Multiplying X and alpha by one number divides the coefficients by it."""
    X, alpha = problem.exact.X / 64.0, problem.alpha / 64.0
    return _brought_back(solver, problem, tol, lambda w: w / 64.0, "X and alpha over 64", X=X, alpha=alpha)


@prop
def duplicated_feature(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """A column given twice shares its coefficient in some way: the sum, and the fit, stay."""
    j = int(_rng(problem).integers(problem.X.shape[1]))
    X = np.hstack([problem.exact.X, problem.exact.X[:, [j]]])

    def merge(w: np.ndarray) -> np.ndarray:
        merged = w[:-1].copy()
        merged[j] += w[-1]
        return merged

    return _brought_back(solver, problem, tol, merge, f"column {j} given twice", X=X)


@prop
def zero_feature(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """A column of zeros gets nothing and takes nothing from the others."""
    X = np.insert(problem.exact.X, 0, 0.0, axis=1)
    stray = 0.0

    def drop(w: np.ndarray) -> np.ndarray:
        nonlocal stray
        stray = abs(float(w[0]))
        return w[1:]

    measured, limit, message = _brought_back(solver, problem, tol, drop, "a zero column in front", X=X)
    if stray > 0:
        return Measure(stray, Limit(0.0, "0: the coefficient of a zero column"), f"a zero column gets {stray:.1e}")
    return Measure(measured, limit, message)


@prop
def null(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """From alpha = max|X'y|/n on, and for y = 0, every coefficient is exactly zero."""
    zero = np.zeros_like(problem.y)
    top = max(problem.exact.alpha_max + gradient_rounding(problem, np.zeros(1)), 1e-3 * problem.alpha)
    cases = {f"alpha = {top:.3g}": (problem.y, top), f"alpha = {2 * top:.3g}": (problem.y, 2 * top)}
    cases["y = 0"] = (zero, problem.alpha)
    worst, which = 0.0, "none"
    for name, (y, alpha) in cases.items():
        largest = float(np.abs(ask(solver, LassoProblem(X=problem.X, y=y, alpha=alpha))).max())
        if largest > worst:
            worst, which = largest, name
    return Measure(worst, Limit(0.0, "0: X'y/n is within alpha beyond rounding"), f"a coefficient not zero: {which}")


@prop
def orthogonal(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """For X'X = n I the coefficients are those of least squares, moved towards zero by alpha."""
    rng, p = _rng(problem), problem.X.shape[1]
    n = max(len(problem.y), p)
    Q = np.sqrt(n) * np.linalg.qr(rng.standard_normal((n, p)))[0]
    y = np.resize(problem.y, n) + float(np.abs(problem.y).max()) * rng.uniform(-1, 1, n)
    free = Q.T @ y / n
    twin = LassoProblem(X=Q, y=y, alpha=(0.5 * float(np.abs(free).max())) or problem.alpha)
    truth = np.sign(free) * np.maximum(np.abs(free) - twin.alpha, 0.0)
    w = ask(solver, twin)
    most = promise(twin, w, tol)
    gap = min(duality_gap(twin, w), most.value) + rounding(twin, w)
    # both the closed form and the orthogonality of Q are exact up to rounding of the correlations
    slack = 2 * np.sqrt(p) * gradient_rounding(twin, truth, UNIT)
    distance = float(np.linalg.norm(w - truth))
    limit = Limit(np.sqrt(2 * gap) + slack, "sqrt(2 (gap <= promise + rounding)) + 2 sqrt(p) e, as X'X = n I",
                  max(float(np.linalg.norm(truth)), twin.alpha))  # fmt: skip
    return Measure(distance, limit, f"the coefficients are {distance:.2e} from the soft threshold")
