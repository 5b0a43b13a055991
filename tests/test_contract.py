"""Every solver in the table of its family keeps the contract that the package offers to other people's solvers."""

import re
from functools import partial

import numpy as np
import pytest

from sparsetheory import bcd, moe, ot
from sparsetheory.testing import check_solver

#: Method -> property -> why it is known to fail. An entry that no longer fails makes the test fail.
EXPECTED = {
    "sinkhorn": {"small_reg": "the linear rate falls with reg; it stops at max_iter and says so"},
    "sinkhorn_newton_sparse": {"small_reg": "Newton starts too far away; the status says so",
                               "all_at_once": "as small_reg"},
}  # fmt: skip
ALIASES = {
    name for name, solver in ot.SOLVERS.items() if name == "auto" and list(ot.SOLVERS.values()).count(solver) > 1
}


@pytest.mark.parametrize("method", sorted(set(ot.SOLVERS) - ALIASES))
def test_every_solver_keeps_the_contract(method):
    report = check_solver(ot.SOLVERS[method], tol=1e-9, expected_failures=EXPECTED.get(method, {}))
    assert report.passed, report.to_markdown()
    assert "unsupported" not in {entry.status for entry in report.entries}, report.to_markdown()


def test_the_door_hands_through():
    report = check_solver(ot.solve, tol=1e-9)
    assert report.passed, report.to_markdown()


def _estimator(X, y, *, alpha, kind):
    return kind(alpha, fit_intercept=False, tol=1e-9).fit(X, y)


#: The contract is without intercept.
LASSO = {
    "lasso": partial(bcd.lasso, fit_intercept=False, tol=1e-9),
    "Lasso": partial(_estimator, kind=bcd.Lasso),
}


@pytest.mark.parametrize("name", LASSO)
def test_lasso_solvers_keep_the_contract(name):
    report = check_solver(LASSO[name], contract="lasso", tol=1e-9)
    assert report.passed, report.to_markdown()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", LASSO)
def test_lasso_solvers_keep_the_contract_under_pressure(name):
    report = check_solver(LASSO[name], contract="lasso", tol=1e-9, level="deep")
    assert report.passed, report.to_markdown()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("method", sorted(set(ot.SOLVERS) - ALIASES))
def test_every_solver_keeps_the_contract_under_pressure(method):
    report = check_solver(ot.SOLVERS[method], tol=1e-9, level="deep", expected_failures=EXPECTED.get(method, {}))
    assert report.passed, report.to_markdown()


def mixture(solver):
    """Fit of a mixture of experts; the ridge on the gate is what the tolerances below leave room for.

    Iterations without second derivatives do not reach the default tolerance on every problem; without it, the variance
    penalty stays.
    """
    return partial(moe.maximize_likelihood, solver=solver, n_init=4, tol=1e-7)


def test_mixtures_of_experts_keep_the_contract():
    report = check_solver(partial(moe.maximize_likelihood, n_init=2), "moe_mle", tol=1e-6)
    assert {entry.status for entry in report.entries} == {"passed"}, report.to_markdown()


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "squarem"])
def test_other_iterations_reach_the_same_height(solver):
    report = check_solver(mixture(solver), "moe_mle", tol=1e-5, only=["no_lower_than_reference", "honest_status"])
    assert {entry.status for entry in report.entries} == {"passed"}, report.to_markdown()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("solver", sorted(set(moe.SOLVERS)))
def test_mixtures_of_experts_keep_the_contract_under_pressure(solver):
    report = check_solver(mixture(solver), "moe_mle", tol=1e-5, level="default")
    assert report.passed, report.to_markdown()


def test_what_is_expected_names_solvers_that_exist():
    assert set(EXPECTED) <= set(ot.SOLVERS)
    assert all(re.match(r"\w", reason) for reasons in EXPECTED.values() for reason in reasons.values())


#: Rules of `bcd.minimize` on blocks of three; blocks of all variables would solve these problems in one step.
RULES = {
    "cyclic exact": {"partition": "order", "select": "cyclic", "update": "exact"},
    "default": {},
    "variable gsq": {"partition": "variable", "select": "gsq", "update": "matrix"},
    "random": {"partition": "random", "select": "random", "update": "matrix"},
    "permuted": {"partition": "perm", "select": "permuted", "update": "newton"},
    "prox-newton": {"partition": "hsort", "select": "gsl-q", "update": "prox-newton"},
    "two-metric": {"partition": "average", "select": "gsl-r", "update": "two-metric"},
    "gradient": {"partition": "sort", "select": "gsl", "update": "gradient"},
    "adaptive": {"partition": "order", "select": "gs", "update": "adaptive"},
}
#: Steps with one number for a block feel its scales, as theory says; 5000 of them do not get there.
SCALED = ("gradient", "adaptive")


def by_rules(name):
    def solver(A, c, init=None):
        return bcd.minimize(
            bcd.Quadratic(A, c), block_size=min(3, np.size(c)), init=init, tol=1e-9, max_iter=5000,
            rng=np.random.default_rng(0), on_failure="ignore", **RULES[name],
        )  # fmt: skip

    return solver


def test_block_descent_keeps_the_contract_of_quadratics():
    report = check_solver(by_rules("cyclic exact"), "bcd_quadratic")
    assert report.passed, report.to_markdown()
    assert {entry.status for entry in report.entries} == {"passed"}, report.to_markdown()


@pytest.mark.parametrize("name", [name for name in RULES if name != "cyclic exact"])
def test_every_rule_of_block_descent_passes_where_scales_are_even(name):
    names = ["ties", "one_variable", "null"] + ["diagonal", "free_variables"] * (name not in SCALED)
    report = check_solver(by_rules(name), "bcd_quadratic", only=names)
    assert {entry.status for entry in report.entries} == {"passed"}, report.to_markdown()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name in RULES if name not in SCALED])
def test_block_descent_keeps_the_contract_under_pressure(name):
    report = check_solver(by_rules(name), "bcd_quadratic", level="default")
    assert {entry.status for entry in report.entries} == {"passed"}, report.to_markdown()
