"""Acceptance of the contract `bcd_quadratic`: planted bugs die by the property meant for them, correct solvers pass."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import QuadraticProblem, check_solver
from sparsetheory.testing import strategies as S
from sparsetheory.testing.quadratic import properties
from sparsetheory.testing.quadratic.certificate import distance, energy, gradient, promise, rounding
from sparsetheory.testing.quadratic.contract import BCD_QUADRATIC


def checked(A, c):
    A, c = np.array(A, dtype=np.float64), np.array(c, dtype=np.float64)
    if A.ndim != 2 or A.shape != (len(c), len(c)) or not (np.isfinite(A).all() and np.isfinite(c).all()):
        raise ValueError("bad input")
    if (np.diagonal(A) < 0).any() or c[np.diagonal(A) == 0].any():
        raise ValueError("unbounded below")
    return A, c


def correct(A, c):
    """Eigenvectors, in units in which the diagonal is one."""
    A, c = checked(A, c)
    root = np.sqrt(np.where(np.diagonal(A) > 0, np.diagonal(A), 1.0))
    values, vectors = np.linalg.eigh(A / np.outer(root, root))
    kept = values > 1e-9
    return (vectors[:, kept] / values[kept]) @ (vectors[:, kept].T @ (c / root)) / root


def descent(A, c, init=None, *, sweeps=20_000, tol=1e-10):
    """A second correct solver, and what bugs are planted into: cyclic, exact along each coordinate."""
    A, c = checked(A, c)
    x = np.zeros(len(c)) if init is None else np.array(init, dtype=np.float64)
    g, size, alive = A @ x - c, np.abs(c).max(), np.flatnonzero(np.diagonal(A)).tolist()
    objectives = [x @ (0.5 * A @ x - c)]
    for _ in range(sweeps):
        if np.abs(g).max() <= tol * size:
            break
        for i in alive:
            step = g[i] / A[i, i]
            x[i] -= step
            g -= step * A[i]
        g = A @ x - c
        objectives.append(x @ (0.5 * A @ x - c))
    return SimpleNamespace(x=x, objectives=objectives, objective=objectives[-1])


def zero_diagonal_nan(A, c):
    return correct(A, c) * np.divide(*2 * [np.diagonal(np.asarray(A))])


def stale_gradient(A, c):
    """Every coordinate of a sweep sees the gradient from its start."""
    A, c = checked(A, c)
    d = np.where(np.diagonal(A) > 0, np.diagonal(A), 1.0)
    x = np.zeros(len(c))
    for _ in range(100):
        x = x - (A @ x - c) / d
    return np.nan_to_num(x)


def stops_early(A, c):
    return descent(A, c, tol=1e-3).x


def absolute_tolerance(A, c):
    return correct(A, c) if np.abs(c).max() > 1e-7 else np.zeros(len(c))


def uphill(A, c):
    return -correct(A, c)


def without_the_half(A, c):
    return correct(A, c) / 2


def last_variable_dropped(A, c):
    x = correct(A, c)
    return np.append(x[:-1], 0.0) if len(x) > 6 else x


def positive_only(A, c):
    return np.maximum(correct(A, c), 0.0)


def upper_triangle(A, c):
    return np.linalg.lstsq(np.triu(A), c)[0]


def small_ridge(A, c):
    return correct(np.asarray(A) + 1e-6 * np.eye(len(c)), c)


def needs_definite(A, c):
    np.linalg.cholesky(A)
    return correct(A, c)


def one_step_size(A, c):
    """Gradient descent with one step size, as often as well-scaled problems need."""
    A, c = checked(A, c)
    x, L = np.zeros(len(c)), np.abs(A).sum(axis=1).max() or 1.0
    for _ in range(3000):
        x -= (A @ x - c) / L
    return x


def truncated(A, c):
    """Drops what is small next to the largest curvature."""
    return np.linalg.pinv(A, rcond=1e-5, hermitian=True) @ c


def stuck_on_ties(A, c):
    x = correct(A, c)
    scores = np.abs(np.asarray(c))
    return 0 * x if len(x) > 1 and np.ptp(scores) == 0 else x


def trees_as_paths(A, c):
    """Takes every tree for a path in the given order."""
    A = np.array(A)
    if len(A) > 2 and np.count_nonzero(np.triu(A, 1)) == len(A) - 1:
        return correct(np.diag(np.diagonal(A)) + np.diag(np.diagonal(A, 1), 1) + np.diag(np.diagonal(A, 1), -1), c)
    return correct(A, c)


def first_component(A, c):
    """Solves for what is connected with the first variable."""
    x = correct(A, c)
    seen = np.linalg.matrix_power((np.asarray(A) != 0) + np.eye(len(x)), len(x))[0] > 0
    return np.where(seen, x, 0.0)


def over_the_norm(A, c):
    size = np.linalg.norm(c)
    return correct(A, c / size) * size


def long_in_the_kernel(A, c):
    x = correct(A, c)
    values, vectors = np.linalg.eigh(A)
    return x + 1e12 * np.abs(x).max() * vectors[:, 0] if values[0] < 1e-12 * values[-1] else x


def squeezed(A, c):
    x = np.squeeze(correct(A, c))
    return x if x.ndim else float(x)


def modifies_c(A, c):
    x = correct(A, c)
    if isinstance(c, np.ndarray) and c.flags.writeable:
        c -= A @ x
    return x


def random_start(A, c, rng=np.random.default_rng(0)):  # noqa: B008
    return correct(A, c) * (1 + 1e-15 * rng.random())


def buffer_reader(A, c):
    """Reads the matrix as if rows followed each other in memory."""
    A = np.asarray(A)
    if A.dtype == np.float64:
        n = len(A)
        A = np.lib.stride_tricks.as_strided(A, (n, n), (8 * n, 8))
        A = (A + A.T) / 2
    return correct(A, c)


def only_the_diagonal(A, c):
    """Takes the diagonal of a sparse matrix for all of it."""
    return correct(np.diag(A.diagonal()) if hasattr(A, "indptr") else A, c)


def absolute_threshold(A, c):
    x = correct(A, c)
    return np.where(np.abs(x) > 0.1, x, 0.0)


def few_sweeps(A, c):
    return descent(A, c, sweeps=20).x


def dishonest(A, c):
    return SimpleNamespace(x=stops_early(A, c), converged=True)


def optimistic(A, c):
    return SimpleNamespace(x=correct(A, c), objective=-abs(float(correct(A, c) @ c)))


def jumps_first(A, c):
    """The first step is three times too long, the rest make up for it."""
    start = 3 * np.asarray(c) / np.where(np.diagonal(A) > 0, np.diagonal(A), 1.0)
    run = descent(A, c, init=start)
    return SimpleNamespace(x=run.x, objectives=[0.0, *run.objectives])


def forgets_the_last_value(A, c):
    run = descent(A, c)
    return SimpleNamespace(x=run.x, objectives=run.objectives[:1])


def inconsistent_start(A, c, init=None):
    """Believes the gradient to be -c, wherever it starts."""
    return correct(A, c) + (0 if init is None else init)


def overwrites_the_start(A, c, init=None):
    x = correct(A, c)
    if init is not None:
        init[:] = x
    return x


def forgiving(A, c):
    """Takes anything."""
    A, c = np.atleast_2d(np.nan_to_num(A, posinf=0.0)), np.nan_to_num(c, posinf=0.0)
    A = A[0] if A.ndim == 3 else A
    n = min(*A.shape, len(c))
    return np.linalg.lstsq(A[:n, :n], c[:n])[0]


#: Mutant -> the properties each of which has to kill it by itself. The correct solver trusts two things.
KILLED_BY = {
    zero_diagonal_nan: ["free_variables", "free_variable"],
    stale_gradient: ["stationary", "solves"],
    stops_early: ["stationary", "solves", "order"],
    absolute_tolerance: ["small_units", "magnitude"],
    uphill: ["stationary", "no_worse_than_zero", "diagonal"],
    without_the_half: ["stationary", "solves", "diagonal"],
    last_variable_dropped: ["stationary", "order"],
    positive_only: ["stationary", "signs"],
    upper_triangle: ["stationary", "order"],
    small_ridge: ["stationary", "scaling"],
    needs_definite: ["singular", "free_variable", "null"],
    one_step_size: ["bad_scales"],
    truncated: ["bad_scales"],
    stuck_on_ties: ["ties"],
    trees_as_paths: ["trees"],
    first_component: ["independent_parts", "free_variable"],
    over_the_norm: ["null"],
    long_in_the_kernel: ["singular"],
    squeezed: ["one_variable"],
    modifies_c: ["inputs_untouched"],
    random_start: ["deterministic"],
    buffer_reader: ["layouts"],
    only_the_diagonal: ["sparse_input"],
    absolute_threshold: ["units", "magnitude"],
    few_sweeps: ["all_at_once", "stationary"],
    dishonest: ["honest_status"],
    optimistic: ["honest_status"],
    jumps_first: ["descends"],
    forgets_the_last_value: ["descends"],
    inconsistent_start: ["warm_start"],
    overwrites_the_start: ["init_untouched"],
    forgiving: ["refuses_nonfinite", "refuses_bad_shape", "refuses_unbounded"],
    correct: ["refuses_indefinite", "refuses_asymmetric"],
}
CASES = [(mutant, name) for mutant, names in KILLED_BY.items() for name in names]


@pytest.mark.parametrize(("mutant", "name"), CASES, ids=[f"{m.__name__}-{n}" for m, n in CASES])
def test_each_planted_bug_is_killed(mutant, name):
    entry = check_solver(mutant, "bcd_quadratic", level="default", only=[name]).entries[0]
    assert entry.finding.ok is False, str(entry.finding)
    head = "from sparsetheory.testing.quadratic import QuadraticProblem, properties\nproblem = QuadraticProblem.build("
    assert entry.script.startswith(head)


def test_every_property_kills_something():
    assert {name for names in KILLED_BY.values() for name in names} == {r.name for r in BCD_QUADRATIC.requirements}


#: Mutant -> most variables of the shrunk problem.
VARIABLES = {zero_diagonal_nan: 2, uphill: 1, upper_triangle: 3, trees_as_paths: 4, last_variable_dropped: 7}


@pytest.mark.parametrize("mutant", VARIABLES, ids=lambda m: m.__name__)
def test_a_failure_is_shrunk_and_its_script_shows_it_again(mutant, capsys):
    entry = check_solver(mutant, "bcd_quadratic", level="default", only=[KILLED_BY[mutant][0]]).entries[0]
    problem = eval(entry.finding.problem, {"QuadraticProblem": QuadraticProblem})
    assert len(problem.c) <= VARIABLES[mutant]
    exec(entry.script, {mutant.__name__: mutant})
    shown = capsys.readouterr().out
    assert " fails: " in shown
    assert entry.finding.message in shown


def test_no_false_alarm_on_a_direct_solver():
    report = check_solver(correct, "bcd_quadratic")
    assert report.passed, repr(report)
    silent = {e.finding.name for e in report.entries if e.status == "not exercised"}
    assert silent == {"descends", "honest_status", "warm_start", "init_untouched"}  # an array says nothing of itself
    refused = {"sparse_input", "refuses_indefinite", "refuses_asymmetric"}
    assert {e.finding.name for e in report.entries if e.status == "unsupported"} == refused


def test_no_false_alarm_on_coordinate_descent():
    names = ["stationary", "solves", "order", "units", "magnitude", "free_variable", "singular", "descends",
             "honest_status", "warm_start", "init_untouched", "small_units"]  # fmt: skip
    report = check_solver(descent, "bcd_quadratic", only=names)
    assert {e.status for e in report.entries} == {"passed"}, repr(report)


def test_nearly_every_example_is_decided():
    report = check_solver(correct, "bcd_quadratic", level="default", only=["solves", "order", "layouts", "null"])
    assert all(e.n_decided >= 0.9 * e.n_examples for e in report.entries), report.to_markdown()


def test_names_and_statements():
    names = [r.name for r in BCD_QUADRATIC.requirements]
    assert len(set(names)) == len(names)
    assert all(r.property.__doc__ for r in BCD_QUADRATIC.requirements)
    assert {r.property.__name__ for r in BCD_QUADRATIC.requirements} == set(properties.__all__)


ANY = S.quadratic_problems(duplicates=(0, 2), free=(0, 1), decades=(0, 4), log_scale=(0, -9, 9))


@given(ANY)
def test_the_planted_solution_is_one_in_rational_arithmetic(p):
    rows = [[Fraction(float(a)) for a in row] for row in p.A]
    x = [Fraction(float(v)) for v in p.solution]
    assert [sum(a * v for a, v in zip(row, x)) for row in rows] == [Fraction(float(v)) for v in p.c]
    assert np.linalg.eigvalsh(p.A)[0] >= -1e-12 * np.abs(p.A).max()
    again = eval(repr(p), {"QuadraticProblem": QuadraticProblem})
    assert (again.A == p.A).all()
    assert (again.c == p.c).all()


@given(ANY)
def test_the_energy_is_that_of_exact_arithmetic_and_does_not_see_the_kernel(p):
    d = np.random.default_rng(p.seed).integers(-3, 4, len(p.c)).astype(float)
    rows = [[Fraction(float(a)) for a in row] for row in p.A]
    exact = float(
        sum(d_i * a * d_j for d_i, row in zip(map(Fraction, d), rows) for a, d_j in zip(row, map(Fraction, d)))
    )
    assert abs(energy(p, d) - exact**0.5) <= 1e-13 * (1 + np.linalg.norm(p.exact.root * d)) * len(d)


@given(ANY)
def test_the_distance_covers_every_point_within_the_promise(p):
    rng = np.random.default_rng(p.seed)
    x = p.solution + 1e-9 * rng.standard_normal(len(p.c)) * np.abs(p.c).max() / (np.abs(p.A).max() or 1.0)
    assert abs(gradient(p, p.solution)).max() <= rounding(p, p.solution)
    if abs(gradient(p, x)).max() <= promise(p, x, 1e-8).value:
        measured, limit, _ = distance(p, x, p.solution, tol=1e-8, what="")
        assert measured <= limit.value


@pytest.mark.parametrize("bad", [{"kind": "?"}, {"sides": 1}, {"n": 0}])
def test_bad_decorations_are_refused(bad):
    with pytest.raises(InvalidArgument):
        QuadraticProblem.build(**{"seed": 0, "n": 3, **bad})


def test_arrays_of_a_problem_are_checked():
    with pytest.raises(InvalidArgument, match="symmetric"):
        QuadraticProblem(A=np.array([[1.0, 2.0], [0.0, 1.0]]), c=np.zeros(2))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("level", ["default", "deep"])
@pytest.mark.parametrize("solver", [correct, descent], ids=lambda s: s.__name__)
def test_no_false_alarm_under_pressure(solver, level):
    assert check_solver(solver, "bcd_quadratic", level=level).passed
