"""What theory says of every problem: invariances of the plan, identities of the dual, limits, derivatives.

Tolerances come from `sparsetheory.testing` (conditioning times marginal errors, plus rounding) or from a formula beside
the test; u is the unit roundoff, and dual values are sums of n + m terms of the size of a potential.
"""

import numpy as np
import pytest
from hypothesis import assume, given, seed, settings
from hypothesis import strategies as st
from scipy.special import logsumexp, rel_entr

from sparsetheory import ot
from sparsetheory.testing import properties
from sparsetheory.testing.plans import marginal_error, rounding
from sparsetheory.testing.strategies import ot_problems

UNIT = np.finfo(float).eps / 2
TIGHT = 1e-12  # relative to the mass


def solve(M, a, b, reg):
    """The default solver, as tight as the data allow; a floor above TIGHT is not a failure here."""
    return ot.solve(M, a, b, reg=reg, tol=TIGHT * float(np.sum(a)), on_failure="ignore")


def literal(M, a, b, reg):
    """The paper's method, keeping everything: with less it may need more steps than it is given."""
    return ot.sinkhorn_newton_sparse(
        M, a, b, reg=reg, density=1.0, n_newton=200, tol=1e-9 * float(np.sum(a)), on_failure="ignore"
    )


PLAN_PROPERTIES = ["feasible", "potentials", "permutation", "transposition", "translation", "scaling", "large_reg",
                   "agrees_with_reference", "lp_value"]  # fmt: skip


@pytest.mark.parametrize("name", PLAN_PROPERTIES)
@seed(11)
@settings(max_examples=25, deadline=None)
@given(problem=ot_problems(max_side=12, zero_mass=(0, 1), reg=(0.5, 0.1, 0.02), mass=(1.0, 5.0)))
def test_the_default_solver_has(name, problem):
    finding = getattr(properties, name)(solve, problem, tol=1e-11)
    assert finding.ok is not False, str(finding)


@pytest.mark.parametrize("name", ["feasible", "potentials", "agrees_with_reference"])
@seed(12)
@settings(max_examples=25, deadline=None)
@given(problem=ot_problems(max_side=12, forbidden=(True,), reg=(0.5, 0.1, 0.02)))
def test_the_default_solver_with_forbidden_edges_has(name, problem):
    finding = getattr(properties, name)(solve, problem, tol=1e-11)
    assert finding.ok is not False, str(finding)


@pytest.mark.parametrize("name", ["feasible", "potentials", "transposition", "agrees_with_reference", "lp_value"])
@seed(13)
@settings(max_examples=20, deadline=None)
@given(problem=ot_problems(max_side=10, zero_mass=(0, 1), reg=(0.5, 0.1)))
def test_the_papers_solver_has(name, problem):
    finding = getattr(properties, name)(literal, problem, tol=1e-8)
    assert finding.ok is not False, str(finding)


def test_the_wrong_regularisation_is_noticed():
    """A control: the same properties must tell a solver of another problem."""
    from sparsetheory.testing import OTProblem

    problem = OTProblem.build(seed=3, n=6)
    wrong = lambda M, a, b, reg: solve(M, a, b, 1.01 * reg)  # noqa: E731
    assert properties.agrees_with_reference(wrong, problem, tol=1e-11).ok is False
    assert properties.potentials(wrong, problem, tol=1e-11).ok is False


def size(problem, f, g):
    """Largest sum that enters a dual value; rounding acts on it."""
    return problem.a @ np.abs(f) + problem.b @ np.abs(g) + problem.reg * problem.exact.mass


def plan_of(problem, f, g):
    return np.exp((f[:, None] + g - problem.M) / problem.reg)


def dual(problem, f, g):
    return problem.a @ f + problem.b @ g - problem.reg * plan_of(problem, f, g).sum()


def half_steps(problem, n_iter):
    """Sinkhorn in the open: yields (f, g) after every half-step."""
    reg, M = problem.reg, problem.M
    g = np.zeros(M.shape[1])
    for _ in range(n_iter):
        f = reg * (np.log(problem.a) - logsumexp((g - M) / reg, axis=1))
        yield f, g
        g = reg * (np.log(problem.b) - logsumexp((f[:, None] - M) / reg, axis=0))
        yield f, g


def divergence(p, q):
    return float((rel_entr(p, q) - p + q).sum())


PLAIN = ot_problems(min_side=2, max_side=10, reg=(0.5, 0.2, 0.1), uneven=(False,))


@seed(14)
@settings(max_examples=40, deadline=None)
@given(problem=PLAIN, steps=st.integers(1, 6))
def test_the_dual_gap_is_the_divergence_from_the_optimal_plan(problem, steps):
    """D* - D(f, g) = reg KL(P* | P(f, g))."""
    best = solve(problem.M, problem.a, problem.b, problem.reg)
    assume(best.converged)
    *_, (f, g) = half_steps(problem, steps)
    missing = dual(problem, *best.potentials) - dual(problem, f, g)
    # P* is known to its marginal error, which the logarithms of its distance to P multiply
    logs = (np.ptp(best.potentials[0] - f) + np.ptp(best.potentials[1] - g)) / problem.reg
    slack = problem.reg * best.error * (2 + logs) + 64 * UNIT * (sum(problem.M.shape)) * size(problem, f, g)
    assert abs(missing - problem.reg * divergence(best.plan, plan_of(problem, f, g))) <= slack


@seed(15)
@settings(max_examples=40, deadline=None)
@given(problem=PLAIN)
def test_the_entropic_value_at_the_optimum_is_the_dual_value(problem):
    best = solve(problem.M, problem.a, problem.b, problem.reg)
    f, g = best.potentials
    slack = (best.error * (np.abs(f).max() + np.abs(g).max() + problem.reg)
             + 64 * UNIT * sum(problem.M.shape) * size(problem, f, g))  # fmt: skip
    assert abs(best.value_entropic - dual(problem, f, g)) <= slack


@seed(16)
@settings(max_examples=12, deadline=None)
@given(problem=PLAIN)
def test_the_divergences_of_all_half_steps_add_up_to_the_first_gap(problem):
    """S1: sum of KL(a | r) + KL(b | c) over Sinkhorn = KL(P* | P_0), an identity in the limit and a bound before."""
    reg, a, b = problem.reg, problem.a, problem.b
    best = solve(problem.M, a, b, reg)
    assume(best.converged)
    path = list(half_steps(problem, 400))
    f, g = path[0]
    total, objective = 0.0, []
    for k, (f_k, g_k) in enumerate(path):
        P = plan_of(problem, f_k, g_k)
        objective.append(a @ f_k + b @ g_k - reg * P.sum())
        total += divergence(b, P.sum(axis=0)) if k % 2 == 0 else divergence(a, P.sum(axis=1))
    first = divergence(best.plan, plan_of(problem, f, g))
    slack = 64 * UNIT * sum(problem.M.shape) * size(problem, f, g) / reg
    assert total <= first + len(path) * slack
    if marginal_error(P, problem) <= TIGHT:  # else the sum is a bound that is still growing
        assert abs(total - first) <= len(path) * slack + 1e-9 * first
    # every half-step maximises over one block
    assert (np.diff(objective) >= -slack * reg).all()


@seed(17)
@settings(max_examples=30, deadline=None)
@given(problem=ot_problems(max_side=10, zero_mass=(0, 1), reg=(0.5, 0.1)))
def test_sinkhorns_dual_never_falls(problem):
    trace = ot.sinkhorn(problem.M, problem.a, problem.b, reg=problem.reg, tol=0.0, max_iter=5, on_failure="ignore")
    again = ot.sinkhorn(problem.M, problem.a, problem.b, reg=problem.reg, tol=0.0, max_iter=9, on_failure="ignore")
    rounding_of_a_sum = 64 * UNIT * sum(problem.M.shape) * (size(problem, *again.potentials))
    assert again.trace.objective[-1] >= trace.trace.objective[-1] - rounding_of_a_sum


@seed(18)
@settings(max_examples=25, deadline=None)
@given(problem=ot_problems(min_side=2, max_side=8, reg=(0.5, 0.2), uneven=(False,), log_scale=(0,), mass=(1.0, 5.0)))
def test_derivatives_are_those_of_finite_differences(problem):
    M, a, b, reg = problem.M, problem.a, problem.b, problem.reg
    best = solve(M, a, b, reg)
    rng = np.random.default_rng(problem.seed)
    da, db = (d - d.sum() * w / w.sum() for d, w in ((rng.uniform(-1, 1, len(w)) * w, w) for w in (a, b)))
    dM = rng.uniform(-1, 1, M.shape)
    h = 1e-4
    for gradient, (da_, db_, dM_) in (
        (best.grad_a @ da, (da, 0.0, 0.0)), (best.grad_b @ db, (0.0, db, 0.0)),
        ((best.grad_cost * dM).sum(), (0.0, 0.0, reg * dM)),
    ):  # fmt: skip
        gradient = gradient * (reg if np.ndim(dM_) else 1.0)
        ahead, behind = (solve(M + s * dM_, a + s * da_, b + s * db_, reg).value for s in (h, -h))
        # truncation: relative moves of size h, third order, so reg h^2 times a modest conditioning; rounding: 1e-12/h
        assert abs((ahead - behind) / (2 * h) - gradient) <= problem.exact.mass * (1e3 * h**2 + 10 * TIGHT / h)


@seed(19)
@settings(max_examples=30, deadline=None)
@given(problem=ot_problems(max_side=12, zero_mass=(0, 1), forbidden=(False, True), reg=(0.5, 0.1, 0.02)))
@pytest.mark.parametrize("solver", [ot.solve, ot.sinkhorn, ot.sinkhorn_newton_sparse])
def test_a_solution_is_a_start_that_needs_one_pass(solver, problem):
    arguments = {"reg": problem.reg, "on_failure": "ignore"}
    tol = (1e-9 + 4 * rounding(problem)) * problem.exact.mass
    best = ot.solve(problem.M, problem.a, problem.b, tol=tol / 4, **arguments)
    assume(best.converged)
    again = solver(problem.M, problem.a, problem.b, tol=tol, init=best, **arguments)
    assert again.converged
    assert again.n_iter == 1


@seed(20)
@settings(max_examples=30, deadline=None)
@given(problem=ot_problems(max_side=10, zero_mass=(0, 1), forbidden=(False, True), reg=(0.5, 0.1, 0.02)),
       max_iter=st.sampled_from([1, 2, 5, 1000]))  # fmt: skip
def test_the_certificate_brackets_the_linear_program_at_any_iterate(problem, max_iter):
    result = ot.sinkhorn(problem.M, problem.a, problem.b, reg=problem.reg, max_iter=max_iter, on_failure="ignore")
    lower, upper = result.certificate()
    value = problem.exact.lp_value
    slack = 1e-9 * problem.exact.mass * problem.exact.magnitude  # HiGHS, asked for 1e-10
    assert lower - slack <= value <= upper + slack
    assert result.gap >= 0
