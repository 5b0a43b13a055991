"""`check_solver`, its report, the pytest form, and how solvers are called."""

from types import SimpleNamespace

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import (
    Contract,
    Finding,
    OTProblem,
    Requirement,
    check_solver,
    parametrize_with_properties,
    properties,
    reference,
    strategies,
)
from sparsetheory.testing.contract import CONTRACTS, LEVELS
from sparsetheory.testing.entropic_ot import ENTROPIC_OT
from sparsetheory.testing.lasso.contract import LASSO
from sparsetheory.testing.moe_mle.contract import MOE_MLE


def correct(M, a, b, reg):
    return reference.solve(OTProblem(M=M, a=a, b=b, reg=reg)).plan


def independent(M, a, b, reg):
    return np.outer(a, b) / np.sum(b)


def test_the_report_says_what_happened_in_every_case():
    report = check_solver(
        independent, only=["feasible", "potentials", "deterministic", "honest_status", "shifted_cost"],
        expected_failures={"potentials": "ignores the cost", "deterministic": "an excuse that is out of date"},
    )  # fmt: skip
    statuses = {entry.finding.name: entry.status for entry in report.entries}
    assert statuses == {
        "feasible": "passed", "potentials": "expected failure", "deterministic": "unexpected pass",
        "honest_status": "not exercised", "shifted_cost": "unsupported",
    }  # fmt: skip
    assert not report.passed  # because of the unexpected pass alone
    assert [entry.finding.name for entry in report.entries if not entry.acceptable] == ["deterministic"]
    markdown = report.to_markdown()
    assert "### potentials: expected failure (ignores the cost)" in markdown
    assert "print(properties.solved(independent, problem, tol=1e-08))" in markdown
    assert repr(report).startswith("independent: FAILED entropic_ot at level quick, tol 1e-08")
    assert report["feasible"].n_examples == report["feasible"].n_decided == LEVELS["quick"]
    assert len(report.findings) == 5
    assert "unknown" not in statuses
    with pytest.raises(KeyError):
        report["unknown"]


def test_an_expected_failure_alone_passes():
    assert check_solver(independent, only=["potentials"], expected_failures={"potentials": "ignores the cost"}).passed


def test_a_required_property_that_decides_nothing_does_not_pass():
    status = Requirement("status", properties.honest_status, strategies.ot_problems())
    silent = Contract(name="silent", statement="says nothing", requirements=(status,))
    report = check_solver(independent, silent)
    assert report.entries[0].status == "not exercised"
    assert not report.passed


def test_reports_are_the_same_every_time():
    first, second = (check_solver(independent, only=["potentials", "lp_value"]).to_markdown() for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"contract": "entropic"}, "contract"),
        ({"level": "heroic"}, "level"),
        ({"expected_failures": {"zero": ""}}, "expected_failures"),
        ({"only": ["zero"]}, "only"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones_before_any_work(options, name):
    def never(M, a, b, reg):
        raise AssertionError("called")

    with pytest.raises(InvalidArgument, match=f"{name}: expected one of '") as info:
        check_solver(never, **options)
    assert info.value.name == name


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda M: np.full(M.shape, np.nan), "entries that are not finite"),
        (lambda M: np.zeros((M.shape[0] + 1, M.shape[1])), "shape"),
        (lambda M: "a plan", "neither an array"),
        (lambda M: SimpleNamespace(plan=None), "shape ()"),
        (lambda M: -np.ones(M.shape), "negative mass"),
        (lambda M: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_what_is_no_plan_fails_with_what_it_was(returned, message):
    finding = properties.feasible(lambda M, a, b, reg: returned(M), OTProblem.build(seed=0, n=2))
    assert finding.ok is False
    assert message in finding.message or "not finite" in finding.message


def test_a_solver_is_called_by_name_where_it_has_the_names():
    p = OTProblem.build(seed=5, n=3, m=4)
    for solver in (
        lambda M, a, b, reg: correct(M, a, b, reg),
        lambda a, b, M, reg, more=None: correct(M, a, b, reg),
        lambda M, a, b, *, reg: correct(M, a, b, reg),
        lambda cost, p, q, *, reg: correct(cost, p, q, reg),
        lambda cost, p, q, eps: SimpleNamespace(plan=correct(cost, p, q, eps)),
        lambda *arguments: correct(*arguments),
    ):
        assert properties.feasible(solver, p).ok


def test_warnings_of_the_solver_are_its_own_affair():
    def noisy(M, a, b, reg):
        np.log(np.zeros(1))
        return correct(M, a, b, reg)

    assert properties.feasible(noisy, OTProblem.build(seed=0, n=2)).ok


def test_a_solver_that_fails_now_and_then_is_reported():
    calls = iter(range(10**6))

    def moody(M, a, b, reg):
        return independent(M, a, b, reg) * (2 if next(calls) % 7 == 6 else 1)

    entry = check_solver(moody, only=["feasible"]).entries[0]
    assert entry.status == "failed"
    assert "does not fail every time" in entry.finding.message


def test_a_finding_carries_its_tolerance_and_its_formula():
    finding = properties.feasible(correct, OTProblem.build(seed=0, n=2), tol=1e-3)
    assert isinstance(finding, Finding)
    assert finding.ok
    assert finding.tolerance == pytest.approx(1e-3, rel=1e-9)
    assert "tol max(1, mass)" in finding.tolerance_formula
    assert str(finding).endswith("on OTProblem.build(seed=0, n=2, m=2)")
    assert 0 <= finding.ratio < 1e-6


def test_a_tolerance_that_lets_anything_pass_decides_nothing():
    # two atoms that hardly exchange mass: the marginals do not determine the plan, so equal plans prove nothing
    p = OTProblem(M=[[0.0, 1.0], [1.0, 0.0]], a=[0.5, 0.5], b=[0.5, 0.5], reg=0.01)
    finding = properties.agrees_with_reference(lambda M, a, b, reg: correct(M, a, b, reg) * (1 + 1e-9), p)
    assert finding.ok is None


def test_every_requirement_has_a_name_of_its_own_and_a_statement():
    names = [r.name for r in ENTROPIC_OT.requirements]
    assert len(set(names)) == len(names)
    assert all(r.property.__doc__ for r in ENTROPIC_OT.requirements)
    assert set(CONTRACTS) == {
        ENTROPIC_OT.name, LASSO.name, "bcd_quadratic", "bilevel_first_order", MOE_MLE.name, "ldp_mechanism"
    }  # fmt: skip
    used = {r.property.__name__ for r in ENTROPIC_OT.requirements}
    assert used == set(properties.__all__)


IGNORES = (
    "potentials", "agrees_with_reference", "lp_value", "zero_mass", "small_reg", "refuses_nonfinite",
    "refuses_negative_mass", "refuses_unequal_masses", "refuses_bad_shape", "refuses_bad_reg",
)  # fmt: skip


@parametrize_with_properties(independent, expected_failures=dict.fromkeys(IGNORES, "ignores the cost"))
def test_the_pytest_form(check):
    check()


@pytest.mark.parametrize("entry", [0.0, 1e300, -1.0, 5e-324])
def test_a_constant_plan_fails_without_an_accident(entry):
    entries = check_solver(lambda M, a, b, reg: np.full(np.shape(M), entry)).entries
    failed = {entry.finding.name for entry in entries if entry.finding.ok is False}
    assert {"feasible", "potentials", "zero_mass", "small_reg", "large_reg"} <= failed


def test_a_buffer_that_is_used_again_hides_nothing():
    buffer = {}

    def reuse(M, a, b, reg):
        out = buffer.setdefault(np.shape(M), np.zeros(np.shape(M)))
        out[...] = independent(M, a, b, reg) + len(buffer.setdefault("calls", [])) * 1e-9
        buffer["calls"].append(1)
        return out

    assert check_solver(reuse, only=["deterministic"]).entries[0].status == "failed"


def test_a_solver_that_returns_nothing_fails_without_an_accident():
    entries = check_solver(lambda M, a, b, reg: None).entries
    # None has no status to be honest about
    assert {entry.finding.name for entry in entries if entry.finding.ok is not False} == {"honest_status"}
