import sys

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Proof, Step
from sparsetheory.verify.proof import EVIDENCE, holds


def _step(check=lambda: True, anti_test=lambda: False, evidence="identity"):
    return Step(name="a step", evidence=evidence, statement="$1 = 1$", check=check, anti_test=anti_test)


def _run(*steps):
    return Proof(claim="demo.mean", steps=steps).run()


def _crash():
    raise ZeroDivisionError("by zero")


def test_a_proof_holds_when_checks_pass_and_anti_tests_fail():
    results = _run(_step(), _step(check=lambda: (True, "42 = 42")))
    assert holds(results)
    assert [r.detail for r in results] == ["", "42 = 42"]
    assert all(r.anti_test_failed is True for r in results)


@pytest.mark.parametrize(
    "step",
    [
        _step(check=lambda: False),
        _step(check=_crash),
        _step(anti_test=lambda: True),
        _step(anti_test=_crash),  # an anti-test that crashes tells nothing
        _step(check=lambda: (False, "off by one")),
        _step(check=lambda: None),
        _step(check=lambda: (True, "two", "words")),
        _step(check=lambda: np.array([True, True])),  # neither true nor false, like an open inequality of sympy
        _step(anti_test=lambda: np.array([False, False])),
        _step(check=lambda: sys.exit(0)),
        _step(anti_test=lambda: sys.exit(0)),
    ],
)
def test_anything_else_does_not_hold(step):
    assert not holds(_run(_step(), step))


def test_a_crash_is_told():
    assert "ZeroDivisionError" in _run(_step(check=_crash))[0].detail


def test_the_badge_is_the_weakest_evidence():
    def badge(*kinds):
        return Proof(claim="demo.mean", steps=[_step(evidence=kind) for kind in kinds]).badge

    assert badge("identity") == "identity"
    assert badge("identity", "enclosure", "exact certificate") == "enclosure"
    assert badge(*EVIDENCE) == "numeric"


def test_an_argument_in_prose_needs_no_check_and_a_computation_does():
    prose = Step(name="induction", evidence="reduction", statement="by induction")
    assert holds(_run(prose))
    assert _run(prose)[0].anti_test_failed is None
    with pytest.raises(InvalidArgument, match="check"):
        Step(name="a step", evidence="identity", statement="s")


def test_no_check_goes_without_its_anti_test():
    with pytest.raises(InvalidArgument, match="anti_test"):
        _step(anti_test=None)
    with pytest.raises(InvalidArgument, match="anti_test"):
        Step(name="a step", evidence="cited", statement="s", anti_test=lambda: False)


def test_a_proof_without_steps_is_none():
    with pytest.raises(InvalidArgument, match="steps"):
        _run()


def test_unknown_evidence_is_refused():
    with pytest.raises(InvalidArgument, match="evidence"):
        _step(evidence="plot")
