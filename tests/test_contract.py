"""Every solver in the table of its family keeps the contract that the package offers to other people's solvers."""

import re

import pytest

from sparsetheory import ot
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


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("method", sorted(set(ot.SOLVERS) - ALIASES))
def test_every_solver_keeps_the_contract_under_pressure(method):
    report = check_solver(ot.SOLVERS[method], tol=1e-9, level="deep", expected_failures=EXPECTED.get(method, {}))
    assert report.passed, report.to_markdown()


def test_what_is_expected_names_solvers_that_exist():
    assert set(EXPECTED) <= set(ot.SOLVERS)
    assert all(re.match(r"\w", reason) for reasons in EXPECTED.values() for reason in reasons.values())
