from dataclasses import replace

import pytest


@pytest.mark.parametrize(
    ("changes", "conclusion"),
    [
        ({}, "supported"),
        ({"expected": "refuted"}, "supported"),
        ({"expected": "not-contradicted"}, "not-contradicted"),
        ({"status": "conjecture", "expected": "not-contradicted"}, "not-contradicted"),
        ({"status": "conjecture", "expected": "refuted"}, "not-contradicted"),
    ],
)
def test_what_a_supported_study_may_conclude(outcomes, changes, conclusion):
    supported = outcomes["supported"]
    outcome = replace(supported, claim=replace(supported.claim, **changes))
    assert outcome.conclusion == conclusion
    assert outcome.as_declared == (conclusion == outcome.claim.expected)
    assert "supported" not in replace(outcome, mode="quick").shown
