"""The default solver: problems others find hard, its branches, its starts, its door."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from sparsetheory import ot
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.ot import annealing, hessian
from sparsetheory.ot.problem import Problem, gaussian_clouds, pixel_grid, random_assignment, random_costs
from sparsetheory.progress import record
from sparsetheory.result import Status


def l1(P, a, b):
    return np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum()


def digits():
    """Two 8 x 8 digits on 28 x 28 pixels over 1 % of background."""
    from sklearn.datasets import load_digits

    at = np.arange(28) * 8 // 28
    images = [image[np.ix_(at, at)].ravel() for image in load_digits().images[:2]]
    return [0.99 * image / image.sum() + 0.01 / 28**2 for image in images]


# -- problems that plain iterations do not solve; sweeps are counted because time depends on the machine -------------


@pytest.mark.parametrize("seed", range(12))
def test_random_assignments_at_a_twelve_hundredth(seed):
    M, a, b = random_assignment(500, np.random.default_rng(seed))
    result = ot.solve(M, a, b, reg=1 / 1200)
    assert l1(result.plan, a, b) <= 1e-9
    assert result.n_iter <= 40


@pytest.mark.parametrize(("dim", "level", "sweeps"), [(2, 1e-1, 30), (2, 1e-2, 40), (2, 1e-3, 80), (10, 1e-1, 25),
                                                      (10, 1e-2, 45), (10, 1e-3, 80)])  # fmt: skip
def test_gaussian_clouds(dim, level, sweeps):
    M, a, b = gaussian_clouds(400, dim, np.random.default_rng(0))
    result = ot.solve(M, a, b, reg=level * np.median(M))
    assert l1(result.plan, a, b) <= 1e-9
    assert result.n_iter <= sweeps


@pytest.mark.slow
@pytest.mark.parametrize("dim", [2, 10])
@pytest.mark.parametrize("level", [1e-1, 1e-2, 1e-3])
@pytest.mark.parametrize("seed", range(3))
def test_gaussian_clouds_of_a_thousand_points(dim, level, seed):
    M, a, b = gaussian_clouds(1000, dim, np.random.default_rng(seed))
    result = ot.solve(M, a, b, reg=level * np.median(M))
    assert l1(result.plan, a, b) <= 1e-9
    assert result.n_iter <= 100


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("reg", [1e-2, 1 / 1200])
def test_images_on_a_grid(p, reg):
    a, b = digits()
    result = ot.solve(pixel_grid(28, p), a, b, reg=reg)
    assert l1(result.plan, a, b) <= 1e-9
    assert result.n_iter <= 80


@pytest.mark.parametrize("level", [1e-5, 1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("weights", ["uniform", "dirichlet"])
def test_small_reg_ends_at_the_linear_program(level, weights):
    rng = np.random.default_rng(1)
    M, a, b = random_assignment(30, rng) if weights == "uniform" else random_costs(30, 25, rng)
    n, m = M.shape
    result = ot.solve(M, a, b, reg=level, on_failure="ignore")
    assert result.status in (Status.CONVERGED, Status.FLOOR)
    assert l1(result.plan, a, b) <= max(1e-9, 5 * result.floor)
    rows = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    exact = linprog(M.ravel(), A_eq=np.vstack(rows), b_eq=np.concatenate([a, b]), method="highs").fun
    lower, upper = result.certificate()
    slack = 1e-8  # HiGHS solves to its feasibility tolerance
    assert lower - slack <= exact <= upper + slack
    assert abs(result.value_linear - exact) <= level * np.log(n) + result.error * M.max() + slack


@pytest.mark.parametrize("seed", range(8))
def test_masses_over_twelve_decades(seed):
    rng = np.random.default_rng(seed)
    a, b = (10 ** rng.uniform(-12, 0, size) for size in (35, 25))
    a, b = a / a.sum(), b / b.sum()
    reg = 10 ** rng.uniform(-7, -2)
    result = ot.solve(rng.random((35, 25)), a, b, reg=reg, on_failure="ignore")
    assert l1(result.plan, a, b) <= max(1e-9, 5 * result.floor)


@pytest.mark.parametrize("mass", [1e-100, 1e-12, 1e-3, 1e6, 1e12, 1e100])
@pytest.mark.parametrize("method", sorted(set(ot.SOLVERS) - {"auto"}))
def test_the_tolerance_is_a_share_of_the_mass(method, mass):
    M, a, b = random_costs(20, 15, np.random.default_rng(20))
    plain = ot.solve(M, a, b, reg=0.05, method=method)
    result = ot.solve(M, mass * a, mass * b, reg=0.05, method=method)
    assert result.converged
    assert result.error <= result.tol == 1e-9 * result.problem.mass
    assert result.trace.error[-1] <= result.tol
    # the same iterates, up to the rounding of an exponent that log(mass) enters
    assert_allclose(result.plan / mass, plain.plan, rtol=1e-11)
    assert_allclose(np.array(result.certificate()) / mass, plain.certificate(), rtol=1e-11)


def test_the_floor_knows_what_the_mass_costs():
    """The exponents of a plan of mass 1e100 are larger by 230, and so is their rounding."""
    M, a, b = random_costs(20, 15, np.random.default_rng(20))
    for mass in (1.0, 1e12, 1e100, 1e300):
        result = ot.solve(M, mass * a, mass * b, reg=0.05, tol=0.0, on_failure="ignore")
        assert result.status is Status.FLOOR
        assert result.floor / 50 < result.error < 2 * result.floor


def test_potentials_of_any_size_are_no_floor_of_the_data():
    """Rounding of potentials of 1e100 explains every error, but it is not what double precision can reach."""
    M, a, b = random_costs(20, 15, np.random.default_rng(20))
    start = (1e100 * np.random.default_rng(21).standard_normal(20), None)
    result = ot.solve(M, a, b, reg=0.05, init=start, method="sinkhorn_newton_sparse", on_failure="ignore")
    assert not result.converged
    assert result.status is not Status.FLOOR


def two_blocks(imbalance):
    inside = np.repeat([0, 1], 10)
    M = np.random.default_rng(2).random((20, 20)) + 5.0 * (inside[:, None] != inside)
    b = np.where(inside == 0, 1 + imbalance, 1 - imbalance) / 20
    return M, np.full(20, 1 / 20), b


@pytest.mark.parametrize("imbalance", [0.0, 1e-7, 1e-4, 0.1])
@pytest.mark.parametrize("reg", [0.2, 0.01, 1e-4])
def test_nearly_disconnected_blocks_exchange_what_they_must(imbalance, reg):
    M, a, b = two_blocks(imbalance)
    result = ot.solve(M, a, b, reg=reg)
    assert l1(result.plan, a, b) <= 1e-9
    assert_allclose(result.plan[10:, :10].sum() - result.plan[:10, 10:].sum(), imbalance / 2, atol=1e-9)


def test_what_a_loose_walk_leaves_behind_needs_a_tighter_one(monkeypatch):
    M, a, b = two_blocks(1e-4)
    assert ot.solve(M, a, b, reg=1e-4).converged
    monkeypatch.setattr(annealing, "_WALKS", annealing._WALKS[:1])
    monkeypatch.setattr(annealing, "_PATIENCE", 3)
    assert not ot.solve(M, a, b, reg=1e-4, on_failure="ignore").converged


def test_light_atoms_that_must_cross_a_wide_gap():
    """Between the clusters the plan is e^-180000: nothing tells a light atom on the wrong side which way to go."""
    x, y = np.array([0.1, 0.2, 29.8, 30.1]), np.array([0.15, 0.2, 0.6, 29.7, 30.2])
    M = (x[:, None] - y) ** 2
    a = np.array([2e-37, 1.0, 8e-8, 2e-14])
    b = np.array([0.9626, 0.0371, 6e-17, 3e-4, 1e-8])
    a, b = a / a.sum(), b / b.sum()
    for reg in (0.1, 0.005, 1e-3):
        result = ot.solve(M, a, b, reg=reg)
        assert l1(result.plan, a, b) <= 1e-9
        assert_allclose(result.plan[:2, 3:].sum(), b[3:].sum() - a[2:].sum(), atol=1e-9)


# -- branches --------------------------------------------------------------------------------------------------------


def test_every_linear_solver_leads_to_the_same_plan(monkeypatch):
    M, a, b = random_costs(60, 50, np.random.default_rng(3))
    expected = ot.solve(M, a, b, reg=0.01, tol=1e-12).plan
    for name, value in (("_DENSE", 0.0), ("_DENSE", 2.0), ("_CG_LIMIT", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(hessian, name, value)
            assert_allclose(ot.solve(M, a, b, reg=0.01, tol=1e-12).plan, expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(8, 50), (50, 8)])
def test_the_smaller_side_carries_the_unknowns(shape):
    M, a, b = random_costs(*shape, np.random.default_rng(4))
    seen = []
    result = ot.solve(M, a, b, reg=0.01, callback=record(seen))
    assert {p.solution.shape for p in seen} == {(8,)}
    assert l1(result.plan, a, b) <= 1e-9


def test_the_trace_says_what_was_done():
    M, a, b = random_assignment(100, np.random.default_rng(5))
    seen = []
    trace = ot.solve(M, a, b, reg=1e-3, callback=record(seen)).trace
    assert len(trace) == len(seen)
    at_target = trace.extra["reg"] == 1e-3
    assert_allclose(trace.error[~at_target], 2.0)
    assert np.isfinite(trace.objective[at_target]).all()
    assert (np.diff(trace.extra["reg"]) <= 0).all()
    assert trace.extra["newton_steps"][-1] > 0
    assert 0 < trace.extra["density"][-1] < 0.2


# -- starts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mass", [1.0, 7.0])
def test_a_solution_in_any_form_returns_in_one_sweep(mass):
    M, a, b = random_costs(40, 30, np.random.default_rng(6))
    M, a, b = M + 100.0, mass * a, mass * b
    result = ot.solve(M, a, b, reg=0.01, tol=1e-10)
    f, g = result.potentials
    for init in (result, (f, g), (f + 3.0, g - 3.0), (None, g), (f, None), [f.tolist(), g.tolist()]):
        again = ot.solve(M, a, b, reg=0.01, init=init)
        assert again.converged
        assert again.n_iter == 1
    assert ot.solve(M.T, b, a, reg=0.01, init=(g, f)).n_iter == 1
    assert ot.sinkhorn(M, a, b, reg=0.01, init=result).n_iter == 1


def test_a_useless_start_does_no_harm():
    M, a, b = random_costs(40, 30, np.random.default_rng(7))
    cold = ot.solve(M, a, b, reg=1e-4)
    for init in ((np.zeros(40), np.zeros(30)), (None, 1e3 * np.random.default_rng(8).standard_normal(30))):
        warm = ot.solve(M, a, b, reg=1e-4, init=init)
        assert warm.converged
        assert warm.n_iter <= 2 * cold.n_iter


@pytest.mark.parametrize("init", [3.0, (None, None), (np.zeros(3), None), (None, np.full(4, np.nan)), (1, 2, 3)])
def test_a_start_that_is_none_is_refused_by_name(init):
    with pytest.raises(InvalidArgument, match="init"):
        ot.solve(np.ones((4, 4)), reg=1.0, init=init)


@pytest.mark.parametrize("shape", [(7, 9), (1, 30), (40, 1), (1, 1)])
@pytest.mark.parametrize("method", sorted(set(ot.SOLVERS) - {"auto"}))
def test_the_solution_of_a_problem_of_another_shape_is_refused(shape, method):
    M, a, b = random_costs(40, 30, np.random.default_rng(17))
    other = ot.solve(np.random.default_rng(18).random(shape), reg=0.1)
    with pytest.raises(InvalidArgument, match=r"init\[[01]\]: expected length"):
        ot.solve(M, a, b, reg=0.01, init=other, method=method)


@pytest.mark.parametrize("method", sorted(set(ot.SOLVERS) - {"auto"}))
def test_a_callback_cannot_reach_the_iterate(method):
    def scribble(progress):
        with pytest.raises(ValueError, match="read-only"):
            progress.solution[:] = np.nan
        progress.solution.flags.writeable = True  # a copy: even this does no harm
        progress.solution[:] = np.nan

    M, a, b = random_costs(20, 15, np.random.default_rng(19))
    assert ot.solve(M, a, b, reg=0.1, method=method, callback=scribble).converged


# -- the door --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", sorted(ot.SOLVERS))
def test_every_method_of_the_table_solves(method):
    M, a, b = random_costs(15, 12, np.random.default_rng(9))
    result = ot.solve(M, a, b, reg=0.1, method=method)
    assert l1(result.plan, a, b) <= 1e-9


@pytest.mark.parametrize(("argument", "value"), [("method", "magic"), ("n_threads", 2), ("n_threads", 0), ("tol", -1.0),
                                                 ("max_iter", 0), ("on_failure", "panic"), ("reg", 0.0),
                                                 ("reg", np.nan)])  # fmt: skip
def test_settings_that_cannot_be_used_are_refused_by_name(argument, value):
    with pytest.raises(InvalidArgument, match=argument):
        ot.solve(np.ones((3, 3)), **{"reg": 1.0, argument: value})


def test_stopping_short_is_said_in_the_policy_asked_for():
    M, a, b = random_assignment(50, np.random.default_rng(10))
    with pytest.warns(ConvergenceWarning, match="iteration limit") as caught:
        result = ot.solve(M, a, b, reg=1e-3, max_iter=8)
    assert caught[0].filename == __file__
    assert result.error == pytest.approx(l1(result.plan, a, b))
    assert result.error < 1.0  # rows exact at the target reg, whatever level it stopped on
    with pytest.raises(ConvergenceError) as raised:
        ot.solve(M, a, b, reg=1e-3, max_iter=8, on_failure="raise")
    assert raised.value.result.status is Status.MAX_ITER
    stopped = ot.solve(M, a, b, reg=1e-3, callback=lambda progress: progress.n_iter >= 5, on_failure="ignore")
    assert stopped.status is Status.STOPPED


def test_the_floor_estimate_bounds_what_is_reached():
    for reg in (1e-1, 1e-3, 1e-5):
        M, a, b = random_costs(50, 40, np.random.default_rng(11))
        result = ot.solve(M, a, b, reg=reg, tol=0.0, on_failure="ignore")
        assert result.status is Status.FLOOR
        assert result.floor / 50 < result.error < 2 * result.floor
        assert f"{result.floor:.1e}" in result.message


# -- the problem -----------------------------------------------------------------------------------------------------


def test_a_problem_is_a_read_only_copy():
    M, a = np.random.default_rng(12).random((4, 3)), np.full(4, 0.25)
    problem = Problem.validated(M, a, None, reg=0.1)
    M[:], a[:] = 0.0, 0.0
    assert problem.cost.all()
    assert problem.a.all()
    with pytest.raises(ValueError, match="read-only"):
        problem.cost[0, 0] = 1.0


def test_sums_that_differ_by_rounding_are_reconciled_and_others_refused():
    M, a, b = random_costs(30, 20, np.random.default_rng(13))
    problem = Problem.validated(M, a.astype(np.float32), b * (1 + 5e-7), reg=0.1)
    assert problem.b.sum() == pytest.approx(problem.a.sum(), rel=1e-15)
    with pytest.raises(InvalidArgument, match="sum"):
        Problem.validated(M, a, b * (1 + 2e-6), reg=0.1)


@pytest.mark.parametrize(
    ("M", "reg"), [([[1e308, -1e308]], 1.0), ([[1e308, 0.0]], 1e-3), ([[1.0, 0.0]], 1e-310), ([[1.0, 0.0]], 1e308)]
)
def test_scales_that_overflow_are_refused(M, reg):
    with pytest.raises(InvalidArgument, match="overflow"):
        Problem.validated(M, reg=reg)


@pytest.mark.parametrize("big", [1e6, 1e12])
def test_a_large_number_in_place_of_infinity_forbids_an_edge_too(big):
    M, a, b = random_costs(20, 20, np.random.default_rng(15))
    rows, columns = np.nonzero(np.random.default_rng(16).random(M.shape) < 0.3)
    far, forbidden = M.copy(), M.copy()
    far[rows, columns], forbidden[rows, columns] = big, np.inf
    assert_allclose(ot.solve(far, a, b, reg=0.01).plan, ot.solve(forbidden, a, b, reg=0.01).plan, atol=1e-9)


def test_reduction_and_restoration_keep_the_plan():
    rng = np.random.default_rng(14)
    M, a, b = random_costs(6, 5, rng)
    a[2] = b[4] = 0.0
    problem = Problem.validated(M, 3 * a / a.sum(), 3 * b / b.sum(), reg=0.1)
    reduced = problem.reduce()
    assert reduced.cost.shape == (5, 4)
    assert (reduced.cost.min(axis=0) == 0).all()
    f, g = rng.standard_normal(5), rng.standard_normal(4)
    full_f, full_g = reduced.restore(f, g)
    plan = np.exp((full_f[:, None] + full_g - M) / 0.1)
    assert_allclose(plan[np.ix_(reduced.rows, reduced.columns)], 3 * np.exp((f[:, None] + g - reduced.cost) / 0.1))
    assert full_f[2] == pytest.approx((M[2] - full_g)[:4].min())
