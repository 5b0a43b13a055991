"""Agreement with POT, an independent implementation: plans, values, exact optimum."""

import numpy as np
import pytest

from sparsetheory import ot
from sparsetheory.ot.problem import gaussian_clouds, pixel_grid, random_assignment, random_costs
from sparsetheory.testing.plans import conditioning

pot = pytest.importorskip("ot", reason="POT is not installed")

TOL = 1e-12


def images(p):
    rng = np.random.default_rng(9)
    return pixel_grid(5, p), rng.dirichlet(np.ones(25)), rng.dirichlet(np.ones(25))


PROBLEMS = {
    "random costs": (random_costs(20, 30, np.random.default_rng(1)), 0.05),
    "assignment": (random_assignment(25, np.random.default_rng(2)), 0.05),
    "Gaussian clouds": (gaussian_clouds(30, 2, np.random.default_rng(3)), 0.5),
    "images, L1": (images(1), 0.05),
    "images, squared Euclidean": (images(2), 0.05),
}
SOLVERS = [ot.solve, ot.sinkhorn, ot.sinkhorn_newton_sparse]


@pytest.fixture(params=PROBLEMS, scope="module")
def problem(request):
    (M, a, b), reg = PROBLEMS[request.param]
    theirs = pot.sinkhorn(a, b, M, reg, method="sinkhorn_log", stopThr=1e-13, numItermax=50_000)
    return M, a, b, reg, theirs


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_plan_is_that_of_pot(problem, solver):
    M, a, b, reg, theirs = problem
    ours = solver(M, a, b, reg=reg, tol=TOL)
    errors = ours.error + np.abs(theirs.sum(axis=1) - a).sum() + np.abs(theirs.sum(axis=0) - b).sum()
    # two plans of the entropic form differ by the conditioning times their marginal errors, and by rounding of C/reg
    assert np.abs(ours.plan - theirs).sum() <= 2 * conditioning(theirs) * errors + 32 * np.finfo(float).eps * (
        M.max() / reg + sum(M.shape)
    )


def test_values_are_those_of_pot(problem):
    M, a, b, reg, _ = problem
    ours = ot.solve(M, a, b, reg=reg, tol=TOL)
    answer = pot.solve(M, a, b, reg=reg, reg_type="KL", max_iter=50_000, tol=1e-13)
    # POT adds 1e-15 inside its logarithms: relative to the smallest product a_i b_j
    slack = 1e-15 / (a.min() * b.min()) + 1e-10
    assert ours.value_linear == pytest.approx(answer.value_linear, abs=slack)
    assert ours.value == pytest.approx(answer.value, abs=slack)


def test_the_certificate_brackets_the_network_simplex(problem):
    M, a, b, reg, _ = problem
    lower, upper = ot.solve(M, a, b, reg=reg / 50).certificate()
    exact = pot.emd2(a, b, M)
    unit = sum(M.shape) * np.finfo(float).eps * M.max()
    assert lower - unit <= exact <= upper + unit
    # bias: the entropic plan costs at most reg times the smaller entropy too much, the dual is as close
    assert upper - lower <= 2 * reg / 50 * np.log(M.size)


def test_gradients_by_the_masses_differ_from_pots_potentials_by_a_constant(problem):
    M, a, b, reg, _ = problem
    ours = ot.solve(M, a, b, reg=reg, tol=TOL)
    answer = pot.solve(M, a, b, reg=reg, reg_type="KL", max_iter=50_000, tol=1e-13)
    u = reg * np.asarray(answer.potentials[0])  # POT keeps log scalings of exp(-M/reg): f/reg
    difference = ours.potentials[0] - u
    assert np.ptp(difference) <= 1e-8


def test_a_perturbed_plan_would_be_noticed(problem):
    """A control for the tolerance of the first test: a plan at a regularisation off by 1e-6 is told apart."""
    M, a, b, reg, theirs = problem
    other = ot.solve(M, a, b, reg=reg * (1 + 1e-6), tol=TOL)
    errors = other.error + np.abs(theirs.sum(axis=1) - a).sum() + np.abs(theirs.sum(axis=0) - b).sum()
    limit = 2 * conditioning(theirs) * errors + 32 * np.finfo(float).eps * (M.max() / reg + sum(M.shape))
    assert np.abs(other.plan - theirs).sum() > limit
