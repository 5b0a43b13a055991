"""Awkward inputs: each gets the right answer, an honest status, or a refusal that names the argument."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sparsetheory import ot
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.ot.problem import gaussian_clouds, pixel_grid, random_assignment, random_costs
from sparsetheory.ot.sinkhorn_newton import plan_pass
from sparsetheory.result import Status

N, TOL = 60, 1e-10
SOLVERS = {"solve": ot.solve, "sinkhorn_newton_sparse": ot.sinkhorn_newton_sparse, "sinkhorn": ot.sinkhorn}


@pytest.fixture(params=SOLVERS)
def solver(request):
    return SOLVERS[request.param]


@pytest.fixture
def problem():
    return random_costs(N, N, np.random.default_rng(60))


def l1(P, a, b):
    """Marginal error from the returned plan, by nothing but NumPy."""
    return np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum()


def assert_solved(result, a, b, tol=TOL):
    assert result.status is Status.CONVERGED
    # the two sums differ by the order of summation
    assert l1(result.plan, a, b) <= tol + 4 * N * np.finfo(float).eps * a.sum()


# -- where common solvers answer with an L1 error of 2, with NaN, or in silence ---------------------------------------


def test_zero_masses_give_empty_rows_and_feasible_potentials(problem, solver):
    M, a, b = problem
    a[[0, 7, 30]], b[[2, 59]] = 0.0, 0.0
    a, b = a / a.sum(), b / b.sum()
    result = solver(M, a, b, reg=0.05, tol=TOL)
    assert_solved(result, a, b)
    assert (result.plan[a == 0] == 0).all()
    assert (result.plan[:, b == 0] == 0).all()
    f, g = result.potentials
    assert np.isfinite(f).all()
    assert np.isfinite(g).all()
    # an atom without mass gets the c-transform value
    assert_allclose(f[a == 0], (M[a == 0][:, b > 0] - g[b > 0]).min(axis=1), atol=1e-12)


def test_unequal_masses_are_refused(problem, solver):
    M, a, b = problem
    with pytest.raises(InvalidArgument, match=r"b: expected the mass of a .* got sum\(a\) = 1, sum\(b\) = 1.2"):
        solver(M, a, 1.2 * b, reg=0.05)


def test_a_row_that_is_finite_in_one_entry_takes_the_whole_column(problem, solver):
    M, _, _ = problem
    M[5] = np.inf
    M[5, 8] = 0.3
    uniform = np.full(N, 1 / N)
    result = solver(M, reg=0.05, tol=TOL)
    assert_solved(result, uniform, uniform)
    # Hall-tight: row 5 fills column 8, so no other row may use it, though its costs are finite
    assert_allclose(result.plan[5, 8], 1 / N, atol=TOL)
    assert np.delete(result.plan[:, 8], 5).sum() == 0


def test_a_row_without_a_finite_cost_is_refused(problem, solver):
    M, a, b = problem
    M[5] = np.inf
    with pytest.raises(InvalidArgument, match="M: expected a finite cost in every row with mass, got row 5"):
        solver(M, a, b, reg=0.05)


def test_rows_that_crowd_too_few_columns_are_refused_with_the_cut(problem, solver):
    M, _, _ = problem
    M[:3, 2:] = np.inf
    with pytest.raises(
        InvalidArgument, match=r"M: .* rows \[0, 1, 2\] of mass 0.05 whose finite-cost columns hold only"
    ):
        solver(M, reg=0.05)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_a_cost_that_is_no_cost_is_refused(problem, solver, value):
    M, a, b = problem
    M[3, 4] = value
    with pytest.raises(InvalidArgument, match=rf"M: expected finite costs.*got {value} at index \(3, 4\)"):
        solver(M, a, b, reg=0.05)


def test_a_negative_mass_is_refused(problem, solver):
    M, a, b = problem
    a[3] = -0.25
    with pytest.raises(InvalidArgument, match=r"a: expected nonnegative masses, got -0\.25 at index 3"):
        solver(M, a, b, reg=0.05)


def test_a_regularisation_of_one_in_ten_thousand_is_solved(problem):
    M, a, b = problem
    assert_solved(ot.solve(M, a, b, reg=1e-4 * M.max(), tol=TOL), a, b)


def test_a_regularisation_of_one_in_a_hundred_million_is_solved_to_rounding_or_flagged(problem):
    M, a, b = problem
    result = ot.solve(M, a, b, reg=1e-8 * M.max(), tol=TOL, on_failure="ignore")
    assert result.error == pytest.approx(l1(result.plan, a, b), rel=1e-6, abs=1e-13)
    if result.status is Status.CONVERGED:
        assert_solved(result, a, b)
    else:  # the exponents carry a relative rounding of 1e-16 |C|/reg = 1e-8
        assert result.status in (Status.FLOOR, Status.STALLED, Status.MAX_ITER)
        assert result.error < 1e-3
    lower, upper = result.certificate()
    assert upper - lower <= 1e-6


def test_a_million_added_to_the_cost_changes_nothing(problem, solver):
    M, a, b = problem
    plain = solver(M, a, b, reg=0.05, tol=TOL)
    lifted = solver(M + 1e6, a, b, reg=0.05, tol=TOL)
    assert_solved(lifted, a, b)
    # adding 1e6 rounds the costs themselves to 1.2e-10, which moves the plan by that over reg, and the tolerances count
    assert np.abs(lifted.plan - plain.plan).sum() <= 2e6 * np.finfo(float).eps / 0.05 + 100 * TOL
    assert_allclose(lifted.value_linear - 1e6, plain.value_linear, atol=2e6 * TOL)  # the mass may be off by TOL


# -- further pitfalls -------------------------------------------------------------------------------------------------


def test_underflow_gives_zeros_and_no_denormals():
    cost = np.linspace(0.0, 1000.0, 64 * 64).reshape(64, 64)
    plan, rows, columns = np.empty((64, 64)), np.empty(64), np.empty(64)
    plan_pass(cost, np.zeros(64), np.zeros(64), 1.0, plan, rows, columns)
    assert not ((plan > 0) & (plan < np.finfo(float).tiny)).any()
    assert (plan[cost > 700] == 0).all()
    assert_allclose(plan, np.exp(-cost), rtol=1e-14, atol=1e-304)


@pytest.mark.parametrize("solver", [ot.solve, ot.sinkhorn_newton_sparse])
def test_a_tolerance_below_rounding_runs_to_the_floor_and_says_so(problem, solver):
    M, a, b = problem
    with pytest.warns(ConvergenceWarning, match="below what double precision can reach"):
        result = solver(M, a, b, reg=0.05, tol=1e-19)
    assert result.status is Status.FLOOR
    assert result.error <= 100 * result.floor
    assert "floor about" in result.message


def test_rows_emptied_by_thresholding_are_counted_and_do_no_harm():
    M, a, b = gaussian_clouds(N, 2, np.random.default_rng(3))
    result = ot.sinkhorn_newton_sparse(M, a, b, reg=0.5, density=0.3 / N, n_newton=300, tol=1e-8, on_failure="ignore")
    newton = ~np.isnan(result.trace.extra["cg"])
    assert (result.trace.extra["empty"][newton] > 0).all()
    assert np.isfinite(result.plan).all()
    assert result.error < 0.1


def test_newton_from_a_poor_start_at_a_small_regularisation():
    """A joint Newton step overflows here when it is not held back."""
    M, a, b = random_assignment(300, np.random.default_rng(4))
    literal = ot.sinkhorn_newton_sparse(M, a, b, reg=1 / 4000, density=5 / 300, n_newton=30, on_failure="ignore")
    assert np.isfinite(literal.plan).all()
    assert np.isfinite(literal.error)
    assert_solved(ot.solve(M, a, b, reg=1 / 4000, tol=TOL), a, b)


def test_columns_that_no_row_reaches_at_first(solver):
    """The far cluster's column sums underflow at the cold start."""
    x, y = np.linspace(0, 1, N), np.concatenate([np.linspace(0, 1, N - 5), np.linspace(500, 501, 5)])
    M = (x[:, None] - y) ** 2
    uniform = np.full(N, 1 / N)
    result = solver(M, reg=20.0, tol=1e-6, on_failure="ignore")
    assert np.isfinite(result.plan).all()
    assert np.isfinite(result.error)
    if solver is ot.solve:
        assert_solved(result, uniform, uniform, 1e-6)


def test_clusters_that_hardly_exchange_mass():
    """Across clusters the plan underflows: their relative potential is not determined, their plans are."""
    rng = np.random.default_rng(5)
    x, y = rng.random((N, 2)), rng.random((N, 2))
    x[N // 2 :], y[N // 2 :] = x[N // 2 :] + 30, y[N // 2 :] + 30
    M = ((x[:, None] - y) ** 2).sum(axis=2)
    uniform = np.full(N, 1 / N)
    result = ot.solve(M, reg=0.05, tol=TOL)
    assert_solved(result, uniform, uniform)
    half = ot.solve(M[: N // 2, : N // 2], reg=0.05, tol=TOL)
    # conditioning of the half problem: least mass 1/60 and a spectral gap above 1e-4, so below 1e3
    assert np.abs(2 * result.plan[: N // 2, : N // 2] - half.plan).sum() <= 1e3 * 4 * TOL
    assert np.isfinite(result.potentials[0]).all()


def test_the_line_search_ends_where_the_objective_is_flat(problem):
    M, a, b = problem
    for solve in (ot.solve, ot.sinkhorn_newton_sparse):
        result = solve(M, a, b, reg=0.05, tol=1e-16, on_failure="ignore")
        assert result.n_iter < 120
        assert result.error <= 100 * result.floor


def test_duplicated_points_are_ties_and_share_alike(solver):
    rng = np.random.default_rng(6)
    x, y = rng.random((N // 2, 2)), rng.random((N, 2))
    x = np.concatenate([x, x])
    M = ((x[:, None] - y) ** 2).sum(axis=2)
    result = solver(M, reg=0.05, tol=TOL)
    assert result.converged
    assert_allclose(result.plan[: N // 2], result.plan[N // 2 :], atol=TOL)


def test_integer_costs_on_a_grid_have_many_optima(solver):
    result = solver(pixel_grid(5, 1), reg=0.05, tol=TOL)
    assert result.converged


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "a strided view": lambda x: np.repeat(x, 2, axis=0)[::2],
    "a reversed view": lambda x: x[::-1].copy()[::-1],
    "lists": lambda x: x.tolist(),
    "read-only": lambda x: (x.setflags(write=False), x)[1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(problem, solver, layout):
    expected = solver(*(x.copy() for x in problem), reg=0.05, tol=TOL)
    inputs = [LAYOUTS[layout](x.copy()) for x in problem]
    kept = [np.array(x) for x in inputs]
    result = solver(*inputs, reg=0.05, tol=TOL)
    assert_array_equal(result.plan, expected.plan)
    for before, after in zip(kept, inputs, strict=True):
        assert_array_equal(before, np.array(after))


def test_single_precision_and_integers_are_converted(problem, solver):
    M, a, b = (x.astype(np.float32) for x in problem)
    assert solver(M, a, b, reg=0.05, tol=TOL).converged
    counts = np.arange(12).reshape(3, 4)
    result = solver(counts, [4, 4, 4], [3, 3, 3, 3], reg=1, tol=TOL)
    assert result.plan.sum() == pytest.approx(12, abs=TOL)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1)])
def test_one_row_or_one_column_leaves_no_choice(solver, shape):
    rng = np.random.default_rng(7)
    n, m = shape
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    result = solver(rng.random(shape), a, b, reg=0.05, tol=TOL)
    assert result.converged
    assert_allclose(result.plan, np.outer(a, b), atol=TOL)


def test_masses_left_out_are_uniform(problem, solver):
    M, a, _ = problem
    uniform = np.full(N, 1 / N)
    assert_array_equal(solver(M, reg=0.05).plan, solver(M, uniform, uniform, reg=0.05).plan)
    heavy = solver(M, 3 * a, reg=0.05)
    assert_allclose(heavy.plan.sum(axis=0), 3 / N, atol=1e-9)


def test_the_error_is_l1_and_of_both_sides(problem, solver):
    M, a, b = problem
    result = solver(M, a, b, reg=0.05, tol=1e-3)
    assert result.error == pytest.approx(l1(result.plan, a, b), abs=4 * N * np.finfo(float).eps)


# -- bad input and stopping short --------------------------------------------------------------------------------------

BAD = {
    "an empty cost": ({"M": np.zeros((0, 3))}, r"M: expected .* at least one entry, got shape \(0, 3\)"),
    "a cost that is a vector": ({"M": np.zeros(3)}, r"M: expected a matrix .* got shape \(3,\)"),
    "complex costs": ({"M": np.zeros((2, 2), dtype=complex)}, "M: expected a matrix of real numbers, got .*complex"),
    "words for costs": ({"M": [["a", "b"]]}, "M: expected a matrix of real numbers"),
    "masses of the wrong length": ({"a": [0.5, 0.5]}, "a: expected length 3, got length 2"),
    "masses that are NaN": ({"b": [np.nan, 1, 0]}, "b: expected finite entries, got nan at index 0"),
    "no mass at all": ({"a": [0, 0, 0]}, "a: expected masses with a positive finite sum, got sum 0"),
    "a regularisation of zero": ({"reg": 0}, "reg: expected a positive finite number, got 0"),
    "a negative regularisation": ({"reg": -1.0}, "reg: expected a positive finite number, got -1"),
    "an infinite regularisation": ({"reg": np.inf}, "reg: expected a positive finite number, got inf"),
    "a tolerance below zero": ({"tol": -1e-9}, "tol: expected a nonnegative finite number, got -1e-09"),
    "a tolerance that is NaN": ({"tol": np.nan}, "tol: expected a nonnegative finite number, got nan"),
    "half an iteration": ({"max_iter": 0.5}, "max_iter: expected an integer >= 1, got 0.5"),
    "a start of the wrong length": (
        {"init": (np.zeros(3), np.zeros(2))},
        r"init\[1\]: expected length 3, got length 2",
    ),
    "a start that is no pair": ({"init": 3.0}, "init: expected a pair"),
    "an unknown policy": ({"on_failure": "shout"}, "on_failure: expected 'warn', 'raise' or 'ignore', got 'shout'"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_by_name(solver, what):
    change, message = BAD[what]
    with pytest.raises(InvalidArgument, match=message):
        solver(**{"M": np.eye(3), "reg": 0.1, **change})


@pytest.mark.filterwarnings("ignore::sparsetheory.errors.ConvergenceWarning")
def test_stopping_short_returns_the_iterate_with_its_error(problem, solver):
    M, a, b = problem
    result = solver(M, a, b, reg=1e-3, tol=TOL, max_iter=4)
    assert result.status is Status.MAX_ITER
    assert not result.converged
    assert TOL < result.error < 2
    assert result.error == pytest.approx(l1(result.plan, a, b), abs=1e-13)


def test_stopping_short_warns_raises_or_keeps_quiet(problem, solver):
    M, a, b = problem
    arguments = {"reg": 1e-3, "tol": TOL, "max_iter": 4}
    with pytest.warns(ConvergenceWarning, match="iteration limit"):
        solver(M, a, b, **arguments)
    with pytest.raises(ConvergenceError, match="iteration limit") as error:
        solver(M, a, b, **arguments, on_failure="raise")
    assert error.value.result.status is Status.MAX_ITER
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solver(M, a, b, **arguments, on_failure="ignore")
