"""What the answer of an entropic transport solver must satisfy: its marginals, its form, its invariances, its value.

Every property is a pure function ``property(solver, problem, *, tol=1e-8) -> Finding``. A solver is called as
``solver(M, a, b, reg)``, or by these names where its signature has them, and returns the plan or an object with
``.plan``. `tol` is the L1 marginal error it promises at mass one. u is the unit roundoff of double precision.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import reference as _reference
from .conduct import (
    honest_status,
    layouts,
    refuses_bad_reg,
    refuses_bad_shape,
    refuses_infeasible,
    refuses_negative_mass,
    refuses_nonfinite,
    refuses_unequal_masses,
)
from .finding import UNIT, Limit, Measure, prop
from .interface import answer, ask, deterministic, inputs_untouched
from .plans import closeness, marginal_error, promise, rounding
from .problem import OTProblem

__all__ = [
    "agrees_with_reference", "deterministic", "feasible", "honest_status", "inputs_untouched", "large_reg", "layouts",
    "lp_value", "permutation", "potentials", "refuses_bad_reg", "refuses_bad_shape", "refuses_infeasible",
    "refuses_negative_mass", "refuses_nonfinite", "refuses_unequal_masses", "scaling", "solved", "translation",
    "transposition",
]  # fmt: skip

Solver = Callable[..., Any]


def _infeasibility(plan: np.ndarray, problem: OTProblem) -> tuple[float, str]:
    """Return the marginal error, twice the negative mass and the mass on forbidden edges, with the parts in words."""
    error = marginal_error(plan, problem)
    negative = -float(plan[plan < 0].sum())
    forbidden = float(np.abs(plan[np.isinf(problem.M)]).sum())
    parts = f"L1 marginal error {error:.2e}, negative mass {negative:.1e}, mass on forbidden edges {forbidden:.1e}"
    return error + 2 * negative + forbidden, parts


@prop
def feasible(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """The plan is nonnegative, has the marginals asked for, and leaves forbidden edges empty."""
    error, parts = _infeasibility(ask(solver, problem), problem)
    return Measure(error, promise(problem, tol), parts)


def _additive_residual(plan: np.ndarray, problem: OTProblem) -> tuple[float, Limit]:
    """Return how far log P + M/reg is from f_i + g_j, by least squares over entries that did not underflow."""
    limit_text = "16 u sqrt(edges) (1 + max|M|/reg + max|log P|)"
    # below 1e-280 a factor of the entry may have been subnormal, and its logarithm has lost digits
    i, j = np.nonzero(plan > 1e-280 * problem.exact.mass)
    if len(i) == 0:
        return np.inf, Limit(UNIT, limit_text)
    logs = np.log(plan[i, j])
    values = logs + problem.M[i, j] / problem.reg
    incidence = np.zeros((len(i), sum(plan.shape)))
    incidence[np.arange(len(i)), i] = incidence[np.arange(len(i)), plan.shape[0] + j] = 1.0
    fitted = incidence @ np.linalg.lstsq(incidence, values)[0]
    residual = float(np.abs(values - fitted).max())
    # an exponent carries some eight roundings of numbers that large, least squares adds as many; 2-norms do not grow
    scale = 1 + problem.exact.magnitude / problem.reg + np.abs(logs).max()
    return residual, Limit(16 * UNIT * np.sqrt(len(i)) * scale, limit_text)


@prop
def potentials(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """The exponent log P + M/reg is a sum of potentials f_i + g_j, wherever the plan did not underflow."""
    residual, limit = _additive_residual(ask(solver, problem), problem)
    return Measure(residual, limit, f"log P + M/reg differs from a sum of potentials by {residual:.2e}")


@prop
def solved(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """The plan is feasible and has the entropic form: together these two characterise the solution."""
    plan = ask(solver, problem)
    error, parts = _infeasibility(plan, problem)
    residual, form = _additive_residual(plan, problem)
    most = promise(problem, tol)
    ratio = max(error / most.value, residual / form.value)
    text = f"1, in units of the tolerances of feasible ({most.formula}) and potentials ({form.formula})"
    return Measure(
        ratio, Limit(1.0, text), f"{parts}, distance of log P + M/reg from a sum of potentials {residual:.1e}"
    )


def _distance(
    solver: Solver, problem: OTProblem, twin: OTProblem, tol: float, undo: Callable[[np.ndarray], Any], what: str
) -> Measure:
    """Compare the plan of a problem with the plan of its twin, brought back."""
    plan, other = ask(solver, problem), ask(solver, twin)
    errors = marginal_error(plan, problem), marginal_error(other, twin)
    # the twin that rounds more decides; both have the same mass, side lengths and conditioning
    coarse = max(problem, twin, key=rounding)
    limit = closeness(coarse, plan, *errors, tol=tol)
    distance = float(np.abs(plan - undo(other)).sum())
    return Measure(distance, limit, f"{what}: the plans differ by {distance:.2e} in L1")


@prop
def permutation(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Reordering rows and columns reorders the plan."""
    rng = np.random.default_rng(problem.seed or 0)
    rows, columns = (rng.permutation(k) for k in problem.M.shape)
    back: Any = np.ix_(np.argsort(rows), np.argsort(columns))
    twin = problem.exact.permuted(rows, columns)
    return _distance(solver, problem, twin, tol, lambda P: P[back], "reordered")


@prop
def transposition(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Exchanging the two sides transposes the plan."""
    return _distance(solver, problem, problem.exact.transposed(), tol, np.transpose, "sides exchanged")


@prop
def translation(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Adding u_i + v_j to the cost leaves the plan as it is."""
    rng = np.random.default_rng(problem.seed or 0)
    n, m = problem.M.shape
    unit: float = problem.exact.spread or problem.reg
    shift: np.ndarray = unit * (rng.uniform(-1, 1, (n, 1)) + rng.uniform(-1, 1, m))
    twin = OTProblem(M=problem.M + shift, a=problem.a, b=problem.b, reg=problem.reg)
    return _distance(solver, problem, twin, tol, np.asarray, "cost + u_i + v_j")


@prop
def scaling(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Multiplying cost and reg by one number leaves the plan as it is."""
    twin = OTProblem(M=64.0 * problem.M, a=problem.a, b=problem.b, reg=64.0 * problem.reg)
    return _distance(solver, problem, twin, tol, np.asarray, "cost and reg times 64")


@prop
def large_reg(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """For large reg the plan is the independent coupling a b' / mass.

    Taking the cost away changes it by half its spread (a constant does not count), which moves the plan by at most
    mass * spread / (2 reg) in L1.
    """
    spread = problem.exact.spread
    twin = OTProblem(M=problem.M, a=problem.a, b=problem.b, reg=1e6 * (spread or problem.reg))
    plan, target = ask(solver, twin), problem.exact.independent
    near = closeness(twin, target, marginal_error(plan, twin), tol=tol)
    limit = Limit(near.value + problem.exact.mass * spread / twin.reg / 2, "mass spread/(2 reg) + " + near.formula)
    distance = float(np.abs(plan - target).sum())
    return Measure(distance, limit, f"at reg = 1e6 spread the plan is {distance:.2e} from a b'/mass in L1")


@prop
def agrees_with_reference(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """The plan is that of a slow obvious solver, wherever that one certifies its own answer."""
    truth = _reference.solve(problem)
    if not truth.certified:
        return Measure(np.nan, None)
    plan = ask(solver, problem)
    limit = closeness(problem, truth.plan, marginal_error(plan, problem), truth.error, tol=tol)
    distance = float(np.abs(plan - truth.plan).sum())
    return Measure(
        distance, limit, f"the plan is {distance:.2e} from the reference in L1 ({truth.error:.0e} its error)"
    )


def _entropy(masses: np.ndarray) -> float:
    p = masses[masses > 0] / masses.sum()
    return float(-(p * np.log(p)).sum())


@prop
def lp_value(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """The transport cost lies between the unregularised optimum and that plus reg times the smaller entropy.

    A result with ``certificate() -> (lower, upper)`` must also enclose the optimum.
    """
    result = answer(solver, problem)
    plan = problem.read(result)
    lp, mass = problem.exact.lp_value, problem.exact.mass
    cost = float((plan * np.where(plan > 0, problem.M, 0.0)).sum())
    entropy = problem.reg * mass * min(_entropy(problem.a), _entropy(problem.b))
    outside = max(lp - cost, cost - lp - entropy)
    message = f"<M,P> = {cost:.12g}, optimum {lp:.12g}, reg entropy {entropy:.3g}"
    if callable(getattr(result, "certificate", None)):
        lower, upper = result.certificate()
        outside = max(outside, lower - lp, lp - upper)
        message += f", certificate ({lower:.12g}, {upper:.12g})"
    error = min(marginal_error(plan, problem), promise(problem, tol).value)
    return Measure(outside, _value_limit(problem, error), message)


def _value_limit(problem: OTProblem, error: float) -> Limit:
    """How far a marginal error moves the bracket of the transport cost.

    The optimum moves by at most the error times the largest dual potential, the entropy of a marginal by at most the
    error times log(atoms mass / error) (Fannes); HiGHS is asked for 1e-10 and taken to reach 1e-9.
    """
    mass, magnitude = problem.exact.mass, problem.exact.magnitude
    entropy = error * np.log(max(problem.M.shape) * mass / error) if error > 0 else 0.0
    value = error * (problem.exact.spread + magnitude) + problem.reg * entropy
    value += mass * (magnitude * (1e-9 + rounding(problem)) + problem.reg * rounding(problem))
    text = "d (spread + max|M|) + reg d log(max(n, m) mass/d) + mass (max|M| (1e-9 + e) + reg e)"
    return Limit(value, text + ", d = L1 error, e = rounding")
