"""What a locally private randomiser of the unit ball must satisfy: its mean, its variance, its privacy, its manners.

Every property is a pure function ``property(solver, problem, *, tol=1e-8) -> Finding``. A mechanism is called as
``solver(V, rng)``, or by these names where its signature has them, and returns a private version of every row of V. It
says what it promises by its attributes, numbers or functions of the dimension: ``guarantee`` (with ``epsilon``,
``delta`` and, for Gaussian noise, ``mu``), ``variance`` (of a coordinate that is zero) and ``second_moment`` (largest
mean squared norm of a report). `tol` is the probability that a correct mechanism fails a statistical property.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import Limit, Measure, SolverFailed, prop
from ..interface import accepted, altered, ask, deterministic, inputs_untouched
from .problem import VectorProblem, stated

__all__ = [
    "clips", "deterministic", "finite", "independent", "inputs_untouched", "other_seed", "private", "refuses_bad_shape",
    "refuses_nonfinite", "second_moment", "single_vector", "unbiased", "variance",
]  # fmt: skip

Solver = Callable[..., Any]

#: Reports of one vector behind a mean; of each of two vectors behind an audit.
COPIES, AUDIT = 4000, 8000


def _deviations(tol: float, entries: int) -> float:
    """Return how many standard errors a mean of `COPIES` may be off: a normal tail for every entry, and a half more.

    The half is for the skewness that is left after `COPIES` terms.
    """
    from scipy.special import ndtri

    return 0.5 - float(ndtri(min(tol, 0.1) / (2 * entries)))


def _standard_errors(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    error = rows.std(axis=0, ddof=1) / math.sqrt(len(rows))
    off = np.abs(rows.mean(axis=0) - target)
    # a mean of constants is off by rounding alone
    return off / np.maximum(error, 1e-12 * (1 + np.abs(target)))


@prop
def finite(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """Reports are finite numbers of the shape of V, for vectors of any length."""
    reports = ask(solver, problem)
    return Measure(0.0, Limit(0.0, "0 entries that are not finite"), f"{reports.size} entries")


@prop
def unbiased(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """The mean of the reports of a vector is the vector, shortened to the unit ball."""
    rows = problem.reports(solver, copies=COPIES)
    worst = float(_standard_errors(rows, problem.clipped[0]).max())
    limit = Limit(_deviations(tol, rows.shape[1]), "normal quantile at tol/(2 d), plus 1/2")
    return Measure(worst, limit, f"mean of {COPIES} reports off by {worst:.1f} standard errors")


@prop
def clips(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """A vector outside the ball is reported as its point of the sphere: twice as long changes nothing, in the mean."""
    V = problem.V[:1] / max(float(np.linalg.norm(problem.V[0])), 1e-300)
    if not V.any():
        return Measure(np.nan, None)
    far = VectorProblem(V=4 * V, seed=problem.seed).reports(solver, copies=COPIES)
    worst = float(_standard_errors(far, V[0]).max())
    limit = Limit(_deviations(tol, far.shape[1]), "normal quantile at tol/(2 d), plus 1/2")
    return Measure(worst, limit, f"mean at length 4 is {worst:.1f} standard errors from the point of length 1")


@prop
def variance(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """The variance of the coordinates of a report of zero is what is stated."""
    promised = stated(solver, "variance", problem)
    if promised is None:
        return Measure(np.nan, None)
    rows = VectorProblem(V=0 * problem.V[:1], seed=problem.seed).reports(solver, copies=COPIES)
    worst = float(_standard_errors((rows**2).mean(axis=1)[:, None], np.array([promised]))[0])
    found = float((rows**2).mean())
    limit = Limit(_deviations(tol, 1), "normal quantile at tol/2, plus 1/2")
    return Measure(worst, limit, f"variance {found:.4g}, stated {promised:.4g}: {worst:.1f} standard errors")


@prop
def second_moment(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """The mean squared norm of a report is at most what is stated."""
    promised = stated(solver, "second_moment", problem)
    if promised is None:
        return Measure(np.nan, None)
    squares = (problem.reports(solver, copies=COPIES) ** 2).sum(axis=1)
    error = max(float(squares.std(ddof=1)) / math.sqrt(COPIES), 1e-12 * promised)
    above = float(squares.mean() - promised) / error
    limit = Limit(_deviations(tol, 1), "normal quantile at tol/2, plus 1/2")
    return Measure(above, limit, f"mean squared norm {squares.mean():.4g}, at most {promised:.4g} stated")


def _mechanism(solver: Solver) -> Callable[..., np.ndarray]:
    """Return the form that audits take, which fails as a solver fails."""

    def mechanism(v: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        return VectorProblem(V=v[None]).reports(solver, copies=n, seed=int(rng.integers(2**31)))

    return mechanism


@prop
def private(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """No audit shows that the stated guarantee is wrong: for opposite vectors, also outside the ball, and for zero."""
    from ...ldp import audit

    claim = stated(solver, "guarantee", problem)
    if claim is None:
        return Measure(np.nan, None)
    d = problem.V.shape[1]
    v = problem.V[0] if problem.V[0].any() else np.eye(d)[0]
    v = v / np.abs(v).max()
    v = v / np.linalg.norm(v)
    # opposite vectors are the farthest; floating-point noise shows between a vector and zero; one pair is to be clipped
    first, second = ((v, -v), (np.eye(d)[0], 0 * v), (4 * v, -4 * v))[(problem.seed or 0) % 3]
    found = audit(
        _mechanism(solver), first, second, epsilon=claim.epsilon, delta=claim.delta,
        mu=getattr(claim, "mu", None), n=AUDIT, level=min(tol, 0.1), rng=np.random.default_rng(problem.seed),
    )  # fmt: skip
    ratios = [found.epsilon_lower / claim.epsilon]
    if found.mu is not None:
        ratios.append((found.mu_lower or 0.0) / found.mu)
    return Measure(max(ratios), Limit(1.0, "1, in units of the stated level"), repr(found))


@prop
def independent(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """Users with equal vectors get reports of their own: not all the same, and neighbours agree no more than others."""
    rows = problem.reports(solver, copies=1000)
    if (rows == rows[0]).all():
        return Measure(np.inf, Limit(0.0, "0"), "a thousand users with one vector got one report")
    near = (rows[::2] == rows[1::2]).all(axis=1)
    far = (rows[:500] == rows[500:]).all(axis=1)
    spread = math.sqrt(max(far.mean() * (1 - far.mean()), 1 / len(far)) * 2 / len(far))
    excess = float(near.mean() - far.mean()) / spread
    limit = Limit(_deviations(tol, 1) + 1, "normal quantile at tol/2, plus 3/2: counts are discrete")
    return Measure(excess, limit, f"neighbours agree in {near.mean():.1%}, others in {far.mean():.1%}")


@prop
def other_seed(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """Another generator gives other reports."""
    first, second = (problem.reports(solver, copies=50, seed=seed) for seed in (0, 1))
    same = float((first == second).all())
    return Measure(same, Limit(0.0, "0: not all the same"), "two generators, " + ("one answer" if same else "two"))


@prop
def single_vector(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """A vector alone is answered by a vector."""
    reports = _alone(solver, problem)
    return Measure(float(reports.shape != problem.V[0].shape), Limit(0.0, "0: same shape"), f"shape {reports.shape}")


def _alone(solver: Solver, problem: VectorProblem) -> np.ndarray:
    from ..interface import call

    try:
        return np.asarray(call(solver, {**problem.arguments, "V": problem.V[0].copy()}), dtype=float)
    except Exception as error:
        raise SolverFailed(f"raised {type(error).__name__}: {str(error)[:200]}") from error


@prop
def refuses_nonfinite(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """NaN or inf in V raises an exception: clipping would let NaN through, and report that it was there."""
    return accepted(solver, problem, [(f"{bad} in V", {"V": altered(problem.V, bad)}) for bad in (np.nan, np.inf)])


@prop
def refuses_bad_shape(solver: Solver, problem: VectorProblem, tol: float) -> Measure:
    """An array of three axes raises an exception."""
    return accepted(solver, problem, [("V of three axes", {"V": problem.V[None]})])
