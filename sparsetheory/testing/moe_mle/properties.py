"""What a maximum likelihood fit of a mixture of experts must satisfy: its equations, its height, its invariances.

Every property is a pure function ``property(solver, problem, *, tol=1e-8) -> Finding``. A solver is called as
``solver(X, y, n_experts)``, or by these names where its signature has them; `MoEProblem.read` says what it returns.
`tol` is the largest entry of the gradient of the mean log density that it promises, in units where data have variance
one.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import UNIT, Limit, Measure, prop
from ..interface import accepted, altered, answer, ask, deterministic, inputs_untouched
from . import reference as _reference
from .problem import MoEProblem

__all__ = [
    "at_least_the_truth", "deterministic", "feature_order", "honest_status", "inputs_untouched", "least_squares",
    "no_lower_than_reference", "refuses_bad_experts", "refuses_bad_shape", "refuses_nonfinite", "repeated_samples",
    "sample_order", "sample_weight", "stationary", "units_of_x", "units_of_y",
]  # fmt: skip

Solver = Callable[..., Any]


def _rounding(problem: MoEProblem) -> float:
    """Return what rounding leaves of a mean over the samples, in units where data have variance one."""
    far = max(
        float(np.abs(problem.X).max() / (problem.X.std() or 1.0)), float(np.abs(problem.y).max() / problem.y.std())
    )
    return 64 * UNIT * len(problem.y) * (1 + far)


def _height(solver: Solver, problem: MoEProblem) -> float:
    """Return the mean log density of the answer."""
    return _reference.mean_log_density(problem, problem.experts(ask(solver, problem)))


@prop
def stationary(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """The gradient of the mean log density is within the promise: these are the likelihood equations."""
    at = problem.experts(ask(solver, problem))
    error = float(np.abs(_reference.gradient(problem, at)).max())
    limit = Limit(tol + _rounding(problem), "tol + 64 u n (1 + largest entry in standard deviations)")
    return Measure(error, limit, f"largest entry of the gradient {error:.2e}")


@prop
def at_least_the_truth(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """The fit is no less likely than the density that the data came from."""
    if problem.truth is None:
        return Measure(np.nan, None)
    lack = _reference.mean_log_density(problem, problem.truth) - _height(solver, problem)
    return Measure(lack, Limit(tol, "tol"), f"the truth is {lack:.2e} nats a sample more likely")


@prop
def no_lower_than_reference(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """The fit is no less likely than the maximum that EM reaches from the truth."""
    if problem.truth is None:
        return Measure(np.nan, None)
    top, error = _reference.climb(problem)
    if error > 1e-4:
        return Measure(np.nan, None)
    lack = _reference.mean_log_density(problem, top) - _height(solver, problem)
    return Measure(lack, Limit(tol, "tol"), f"EM from the truth ends {lack:.2e} nats a sample higher")


@prop
def least_squares(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """One expert is least squares, with the mean square of the residuals as its variance."""
    twin = MoEProblem(X=problem.X, y=problem.y, n_experts=1)
    at = twin.experts(ask(solver, twin))
    design = np.column_stack([problem.X, np.ones(len(problem.y))])
    row, *_ = np.linalg.lstsq(design, problem.y, rcond=None)
    v = float(np.mean((problem.y - design @ row) ** 2))
    off = np.abs(at.means(problem.X)[:, 0] - design @ row).max() / np.sqrt(v)
    worst = max(float(off), abs(at.v[0] / v - 1))
    # the gradient by a row is design' design / n (row - truth) / v: units of one deviation of each covariate
    least = float(np.linalg.svd(design / np.maximum(design.std(axis=0), 1e-300 + (design.std(axis=0) == 0)),
                                compute_uv=False)[-1]) ** 2 / len(design)  # fmt: skip
    value = len(row) * 10 * (tol + _rounding(problem)) / min(least, 1.0)
    limit = Limit(value, "10 (d + 1) (tol + rounding) / least eigenvalue of the design", 1.0)
    return Measure(worst, limit, f"mean or variance off by {worst:.2e} in units of its own")


def _moved(
    solver: Solver, problem: MoEProblem, tol: float, what: str, *, X: np.ndarray, y: np.ndarray, shift: float = 0.0
) -> Measure:  # fmt: skip
    """Compare the height with that on changed data, which is lower by `shift`."""
    twin = MoEProblem(X=X, y=y, n_experts=problem.n_experts)
    difference = abs(_height(solver, problem) - _height(solver, twin) - shift)
    limit = Limit(tol + _rounding(twin), "tol + 64 u n (1 + largest entry in standard deviations)")
    return Measure(difference, limit, f"{what}: {difference:.2e} nats a sample apart")


@prop
def sample_order(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """Reordering the samples changes nothing."""
    order = np.random.default_rng(problem.seed or 0).permutation(len(problem.y))
    return _moved(solver, problem, tol, "samples reordered", X=problem.X[order], y=problem.y[order])


@prop
def feature_order(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """Reversing the columns changes nothing."""
    return _moved(solver, problem, tol, "columns reversed", X=problem.X[:, ::-1], y=problem.y)


@prop
def repeated_samples(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """Giving every sample twice changes nothing."""
    X, y = np.repeat(problem.X, 2, axis=0), np.repeat(problem.y, 2)
    return _moved(solver, problem, tol, "every sample twice", X=X, y=y)


@prop
def units_of_y(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """Other units of the response, and its sign, shift the height by their logarithm."""
    y = -1e3 * problem.y + 5e3
    return _moved(solver, problem, tol, "y times -1000 plus 5000", X=problem.X, y=y, shift=np.log(1e3))


@prop
def units_of_x(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """Other units and another origin of the covariates change nothing."""
    return _moved(solver, problem, tol, "X times 1000 minus 3000", X=1e3 * problem.X - 3e3, y=problem.y)


def _takes(solver: Solver, name: str) -> bool:
    try:
        return name in inspect.signature(solver).parameters
    except (TypeError, ValueError):
        return False


@prop
def sample_weight(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """A solver with an argument ``sample_weight`` takes a weight of two for a row twice, and of zero for no row."""
    if not _takes(solver, "sample_weight"):
        return Measure(np.nan, None)
    times = np.arange(len(problem.y)) % 4 != 0
    times = times + (np.arange(len(problem.y)) % 3 == 0) * times
    X, y = np.repeat(problem.X, times, axis=0), np.repeat(problem.y, times)
    twin = MoEProblem(X=X, y=y, n_experts=problem.n_experts)
    weighted = problem.read(answer(solver, problem, sample_weight=times.astype(float)))
    error = float(np.abs(_reference.gradient(twin, twin.experts(weighted))).max())
    limit = Limit(3 * tol + _rounding(twin), "3 tol + rounding: units may be those of all rows")
    return Measure(error, limit, f"gradient on repeated rows {error:.2e}")


@prop
def honest_status(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """A result that says converged has, and the log-likelihood it reports is that of its parameters."""
    result = answer(solver, problem)
    said = getattr(result, "converged", getattr(result, "converged_", None))
    reported = getattr(result, "log_likelihood", getattr(result, "lower_bound_", None))
    if said is None and reported is None:
        return Measure(np.nan, None)
    at = problem.experts(problem.read(result))
    promised = max(tol, float(getattr(result, "tol", tol))) + _rounding(problem)
    lie = float(np.abs(_reference.gradient(problem, at)).max()) / promised if said else 0.0
    if reported is not None:
        height = _reference.mean_log_density(problem, at)
        off = abs(float(reported) - height) / (_rounding(problem) * max(1.0, abs(height)))
        lie = np.nan if np.isnan(off) else max(lie, off)
    message = f"converged {said}, log-likelihood reported {reported}"
    return Measure(lie, Limit(1.0, "1, in units of the promise and of rounding"), message)


@prop
def refuses_nonfinite(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """NaN or inf in X or y raises an exception."""
    bad = (np.nan, np.inf)
    cases = [(f"{value} in {name}", {name: altered(getattr(problem, name), value)}) for name in "Xy" for value in bad]
    return accepted(solver, problem, cases)


@prop
def refuses_bad_shape(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """A y of the wrong length and an X that is no matrix raise an exception."""
    X, y = problem.X, problem.y
    cases = [("y too long", {"y": np.append(y, y[-1])}), ("y too short", {"y": y[:-1]}),
             ("X of three axes", {"X": X[None]})]  # fmt: skip
    return accepted(solver, problem, cases)


@prop
def refuses_bad_experts(solver: Solver, problem: MoEProblem, tol: float) -> Measure:
    """No experts, less than none, and half an expert raise an exception."""
    return accepted(solver, problem, ((f"n_experts = {k}", {"n_experts": k}) for k in (0, -1, 1.5)))
