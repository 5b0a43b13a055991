"""Acceptance of the contract `bilevel_first_order`: planted bugs die by the property meant for them, solvers pass."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize

from sparsetheory import bilevel
from sparsetheory.testing import BilevelProblem, check_solver
from sparsetheory.testing.bilevel_first_order import properties
from sparsetheory.testing.bilevel_first_order.contract import BILEVEL_FIRST_ORDER

TOL = 1e-6


def problem_of(f, grad_f, g, grad_g, X, Y):
    return bilevel.Problem(f=f, grad_f=grad_f, g=g, grad_g=grad_g, X=X, Y=Y)


def correct(f, grad_f, g, grad_g, X, Y, x0, y0):
    return bilevel.minimize(problem_of(f, grad_f, g, grad_g, X, Y), x0, y0, tol=TOL, on_failure="ignore")


def pair(*given):
    found = correct(*given)
    return found.x.copy(), found.y.copy()


def by_probing(f, grad_f, g, grad_g, X, Y, x0, y0, *, selects=True, cut=1e-10):
    """Slow and obvious, for quadratics without bounds on y: Hessians are differences, whose step does not matter."""

    def columns(function, at):
        return np.column_stack([function(at + e) - function(at) for e in np.eye(len(at))])

    values, vectors = np.linalg.eigh(columns(lambda y: grad_g(x0, y)[1], y0))
    bent = values > cut * max(1.0, values[-1])
    kernel, range_ = vectors[:, ~bent], vectors[:, bent]
    inner = kernel.T @ columns(lambda y: grad_f(x0, y)[1], y0) @ kernel

    def best(x):
        y = y0 - range_ @ ((range_.T @ grad_g(x, y0)[1]) / values[bent])
        if not selects:
            return y - kernel @ (kernel.T @ y)
        return y - kernel @ np.linalg.solve(inner, kernel.T @ grad_f(x, y)[1])

    move = columns(best, x0)

    def gradient(x):
        of_x, of_y = grad_f(x, best(x))
        return of_x + move.T @ of_y

    psi = lambda x: f(x, best(x)) - f(x0, y0)  # noqa: E731
    options = {"ftol": 0.0, "gtol": 1e-10, "maxiter": 2000}
    x = minimize(psi, x0, jac=gradient, bounds=X, method="L-BFGS-B", options=options).x
    for _ in range(200):  # values are too coarse for the last digits
        x = np.clip(x - 0.02 * gradient(x), *X.T)
    return x, best(x)


def two_time_scales(f, grad_f, g, grad_g, X, Y, x0, y0):
    problem = problem_of(f, grad_f, g, grad_g, X, Y)
    return bilevel.minimize(problem, x0, y0, method="f2ba", tol=1e-4, on_failure="ignore")


def lower(grad_g, x, y, Y, length=0.2, steps=2000):
    """Projected gradient steps on the lower level."""
    for _ in range(steps):
        moved = np.clip(y - length * grad_g(x, y)[1], *Y.T)
        if np.array_equal(moved, y):
            break
        y = moved
    return y


def stops_early(f, grad_f, g, grad_g, X, Y, x0, y0):
    x, _ = pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    x = x + 1e-3 * (x0 - x)
    return x, lower(grad_g, x, y0, Y)


def never_starts(f, grad_f, g, grad_g, X, Y, x0, y0):
    return x0, lower(grad_g, x0, y0, Y)


def forgets_how_y_moves(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Steps in x at a fixed y, and in y at a fixed x."""
    x, y = x0, y0
    for _ in range(60):
        y = lower(grad_g, x, y, Y, steps=50)
        x = np.clip(x - 0.05 * grad_f(x, y)[0], *X.T)
    return x, y


def one_level(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Both variables minimise f, and nobody g."""
    found = minimize(lambda v: f(v[: len(x0)], v[len(x0) :]), np.concatenate([x0, y0]), bounds=np.vstack([X, Y]))
    return found.x[: len(x0)], found.x[len(x0) :]


def large_sigma(f, grad_f, g, grad_g, X, Y, x0, y0):
    """The penalty function with a weight of one hundredth, and its own lower point."""
    problem = problem_of(f, grad_f, g, grad_g, X, Y)
    found = bilevel.minimize(problem, x0, y0, method="f2ba", sigma=1e-2, tol=1e-3, on_failure="ignore", max_iter=200)
    slopes = lambda x, y: (None, 1e-2 * grad_f(x, y)[1] + grad_g(x, y)[1])  # noqa: E731
    return found.x, lower(slopes, found.x, found.y, Y)


def no_second_lower_level(f, grad_f, g, grad_g, X, Y, x0, y0):
    """The slope of g in x is not compared with that at the minimiser of g."""
    sigma, x, y = 0.1, x0, y0
    for _ in range(60):
        y = lower(lambda x, y: (None, sigma * grad_f(x, y)[1] + grad_g(x, y)[1]), x, y, Y, steps=50)
        x = np.clip(x - 0.01 * (grad_f(x, y)[0] + grad_g(x, y)[0] / sigma), *X.T)
    return x, lower(grad_g, x, y, Y)


def free_upper_level(f, grad_f, g, grad_g, X, Y, x0, y0):
    return pair(f, grad_f, g, grad_g, None, Y, x0, y0)


def free_lower_level(f, grad_f, g, grad_g, X, Y, x0, y0):
    return pair(f, grad_f, g, grad_g, X, None, x0, y0)


def clipped_afterwards(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Solved without the bounds, which are met at the end."""
    x, y = pair(f, grad_f, g, grad_g, None, None, x0, y0)
    x = np.clip(x, *X.T)
    return x, lower(grad_g, x, np.clip(y, *Y.T), Y)


def lower_level_one_step_behind(f, grad_f, g, grad_g, X, Y, x0, y0):
    """y belongs to the point before the last."""
    x, y = pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    return x, lower(grad_g, x + 1e-2 * (x0 - x), y, Y)


def few_lower_steps(f, grad_f, g, grad_g, X, Y, x0, y0):
    x, _ = pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    return x, lower(grad_g, x, y0, Y, steps=10)


def climbs(f, grad_f, g, grad_g, X, Y, x0, y0):
    """The sign of f is lost."""
    x, _ = pair(lambda x, y: -f(x, y), lambda x, y: tuple(-v for v in grad_f(x, y)), g, grad_g, X, Y, x0, y0)
    return x, lower(grad_g, x, y0, Y)


def relative_stop(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Stops where steps are short against the value of f."""
    tol = 1e-9 * (1 + abs(f(x0, y0)))
    found = bilevel.minimize(problem_of(f, grad_f, g, grad_g, X, Y), x0, y0, tol=tol, on_failure="ignore")
    return found.x + tol * np.sign(x0 - found.x), found.y


def slope_of_g_is_no_business_of_x(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Adds what g gains in x to the slope, by as little as goes unseen without a slope of its own."""
    tilted = lambda x, y: (grad_f(x, y)[0] + 4e-8 * grad_g(x, y)[0], grad_f(x, y)[1])  # noqa: E731
    return pair(f, tilted, g, grad_g, X, Y, x0, y0)


def lower_steps_of_fixed_length(f, grad_f, g, grad_g, X, Y, x0, y0):
    x, _ = pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    return x, lower(grad_g, x, y0, Y, length=0.1, steps=4000)


def last_coordinate_stays(f, grad_f, g, grad_g, X, Y, x0, y0):
    if len(x0) == 1:
        return pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    held = X.copy()
    held[-1] = x0[-1]
    return pair(f, grad_f, g, grad_g, held, Y, x0, y0)


def shrinks_to_zero(f, grad_f, g, grad_g, X, Y, x0, y0):
    """A ridge on x that nobody asked for, too small to be seen near zero."""
    ridge = lambda x, y: (grad_f(x, y)[0] + 5e-8 * np.abs(x) ** 3 * np.sign(x), grad_f(x, y)[1])  # noqa: E731
    return pair(f, ridge, g, grad_g, X, Y, x0, y0)


def random_start(f, grad_f, g, grad_g, X, Y, x0, y0, rng=np.random.default_rng(0)):  # noqa: B008
    x, y = pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    return x, y + 1e-14 * rng.random()


def modifies_the_start(f, grad_f, g, grad_g, X, Y, x0, y0):
    found = pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    x0[:] = found[0]
    return found


def dishonest(f, grad_f, g, grad_g, X, Y, x0, y0):
    x, y = stops_early(f, grad_f, g, grad_g, X, Y, x0, y0)
    return SimpleNamespace(x=x, y=y, converged=True)


def reports_the_lower_value(f, grad_f, g, grad_g, X, Y, x0, y0):
    x, y = pair(f, grad_f, g, grad_g, X, Y, x0, y0)
    return SimpleNamespace(x=x, y=y, fun=g(x, y))


def blind_to_bounds_of_y(f, grad_f, g, grad_g, X, Y, x0, y0):
    """y moves with x in the hypergradient, though a bound holds it."""
    x, _ = pair(f, grad_f, g, grad_g, X, None, x0, y0)
    return x, lower(grad_g, x, y0, Y)


def probes_outside(f, grad_f, g, grad_g, X, Y, x0, y0):
    grad_g(x0, np.where(np.isfinite(Y[:, 1]), Y[:, 1], y0) + 1)
    return pair(f, grad_f, g, grad_g, X, Y, x0, y0)


def shortest_lower_solution(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Of many lower solutions the shortest, whatever f says."""
    return by_probing(f, grad_f, g, grad_g, X, Y, x0, y0, selects=False)


def sure_of_it(*given):
    x, y = shortest_lower_solution(*given)
    return SimpleNamespace(x=x, y=y, converged=True)


def flat_is_singular(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Takes curvatures of a hundredth of the largest one, or of one, for none."""
    return by_probing(f, grad_f, g, grad_g, X, Y, x0, y0, cut=1e-2)


def forgiving(f, grad_f, g, grad_g, X, Y, x0, y0):
    """Takes anything."""
    return np.clip(np.nan_to_num(np.ravel(x0)[:2]), -1, 1), np.nan_to_num(np.ravel(y0))


#: Mutant -> the properties each of which has to kill it by itself.
KILLED_BY = {
    stops_early: ["stationary", "solves"],
    never_starts: ["stationary", "solves"],
    forgets_how_y_moves: ["stationary", "solves"],
    one_level: ["lower_level", "stationary"],
    large_sigma: ["lower_level", "stationary"],
    no_second_lower_level: ["stationary", "lower_constants"],
    free_upper_level: ["inside"],
    free_lower_level: ["bounded_lower"],
    clipped_afterwards: ["stationary", "solves"],
    lower_level_one_step_behind: ["lower_level", "bounded_lower_level"],
    few_lower_steps: ["lower_level", "bounded_lower_level"],
    climbs: ["no_worse_than_start", "stationary"],
    relative_stop: ["upper_constant"],
    slope_of_g_is_no_business_of_x: ["lower_constants"],
    lower_steps_of_fixed_length: ["units"],
    last_coordinate_stays: ["order", "stationary"],
    shrinks_to_zero: ["origin"],
    random_start: ["deterministic"],
    modifies_the_start: ["inputs_untouched"],
    dishonest: ["honest_status"],
    reports_the_lower_value: ["honest_status"],
    blind_to_bounds_of_y: ["kinks"],
    probes_outside: ["asks_inside"],
    shortest_lower_solution: ["many_solutions"],
    sure_of_it: ["honest_where_degenerate"],
    flat_is_singular: ["badly_scaled"],
    forgiving: ["refuses_nonfinite", "refuses_bad_shape", "refuses_outside"],
}
CASES = [(mutant, name) for mutant, names in KILLED_BY.items() for name in names]


@pytest.mark.parametrize(("mutant", "name"), CASES, ids=[f"{m.__name__}-{n}" for m, n in CASES])
def test_each_planted_bug_is_killed(mutant, name):
    entry = check_solver(mutant, "bilevel_first_order", tol=TOL, only=[name]).entries[0]
    assert entry.finding.ok is False, str(entry.finding)
    assert "raised" not in entry.finding.message, entry.finding.message
    head = "from sparsetheory.testing.bilevel_first_order import BilevelProblem, properties\nproblem = BilevelProblem."
    assert entry.script.startswith(head)


def test_every_property_kills_something():
    named = {name for names in KILLED_BY.values() for name in names}
    assert named == {r.name for r in BILEVEL_FIRST_ORDER.requirements}


REQUIRED = [r.name for r in BILEVEL_FIRST_ORDER.requirements if r.required]

#: What a solver that takes both levels for quadratics, without bounds on y, is not made for.
NOT_FOR_PROBING = {"bounded_lower", "bounded_lower_level", "refuses_nonfinite", "refuses_bad_shape"}


OPTIONAL = ["honest_status", "refuses_outside", "kinks", "many_solutions", "honest_where_degenerate", "badly_scaled"]


@pytest.mark.parametrize("name", [*REQUIRED, *OPTIONAL])
def test_the_solver_of_the_package_passes(name):
    report = check_solver(correct, "bilevel_first_order", tol=TOL, only=[name])
    assert report.entries[0].status == "passed", str(report.findings[0])
    assert report.entries[0].n_decided >= 5


FAST = {"lower_level", "stationary", "solves", "lower_constants", "units", "deterministic"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else [pytest.mark.slow]) for name in REQUIRED]
)
def test_gradient_steps_on_two_time_scales_pass(name):
    report = check_solver(two_time_scales, "bilevel_first_order", tol=1e-4, only=[name])
    assert report.entries[0].status == "passed", str(report.findings[0])


def test_gradient_steps_ask_where_they_may():
    report = check_solver(two_time_scales, "bilevel_first_order", tol=1e-4, only=["asks_inside"])
    assert report.entries[0].status == "passed", str(report.findings[0])


def test_a_solver_may_be_sure_where_it_is_right():
    def sure(*given):
        x, y = by_probing(*given)
        return SimpleNamespace(x=x, y=y, converged=True, tol=TOL)

    report = check_solver(sure, "bilevel_first_order", tol=TOL, only=["honest_where_degenerate"])
    assert report.entries[0].status == "passed", str(report.findings[0])


@pytest.mark.parametrize("name", [*sorted(set(REQUIRED) - NOT_FOR_PROBING), "many_solutions", "badly_scaled"])
def test_a_slow_obvious_solver_passes(name):
    """In particular what the package's own solver does not manage, so that a mutant dies there of its bug alone."""
    report = check_solver(by_probing, "bilevel_first_order", tol=TOL, only=[name])
    assert report.entries[0].status == "passed", str(report.findings[0])


@pytest.mark.parametrize("mutant", [relative_stop, slope_of_g_is_no_business_of_x, shrinks_to_zero])
def test_some_bugs_show_only_in_another_statement_of_the_problem(mutant):
    report = check_solver(mutant, "bilevel_first_order", tol=TOL, only=["inside", "stationary", "lower_level"])
    assert all(entry.status == "passed" for entry in report.entries), str(report)


def test_the_script_of_a_failure_shows_it_again(capsys):
    entry = check_solver(never_starts, "bilevel_first_order", tol=TOL, only=["stationary"]).entries[0]
    assert entry.finding.problem == "BilevelProblem.build(seed=0, n=1, m=1)"
    exec(entry.script, {"never_starts": never_starts})
    assert entry.finding.message in capsys.readouterr().out


@pytest.mark.parametrize("returned", [None, np.ones(3), (np.ones(1),), (np.ones(2), np.ones(1)), (1.0, np.nan)])
def test_what_is_no_answer_fails(returned):
    problem = BilevelProblem.build(seed=0, n=1, m=1)
    finding = properties.inside(lambda *given: returned, problem)
    assert finding.ok is False
    assert "returned" in finding.message


def test_names_and_statements():
    names = [r.name for r in BILEVEL_FIRST_ORDER.requirements]
    assert len(set(names)) == len(names)
    assert all(r.property.__doc__ for r in BILEVEL_FIRST_ORDER.requirements)
    assert {r.property.__name__ for r in BILEVEL_FIRST_ORDER.requirements} == set(properties.__all__)
