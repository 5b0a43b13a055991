"""The mechanisms of the family pass their audits, planted defects do not, at one level for all of them together."""

import numpy as np
import pytest

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument

CASES = ldp.audit_cases()
FAST = ("DiscreteGaussianVector of a Gram matrix", "PrivUnitG", "DuchiBall at epsilon 4",
        "half the noise", "no clipping, PrivUnitG", "binary64 Gaussian noise", "PrivUnitG at twice epsilon",
        "all clients share a seed", "classic formula at epsilon 16")  # fmt: skip


def verdict(index, *, n, seed=11):
    rng = np.random.default_rng((seed, index))
    return CASES[index].audit(n=n, level=0.01, audits=len(CASES), rng=rng)


@pytest.mark.parametrize("index", [i for i, case in enumerate(CASES) if case.name in FAST], ids=lambda i: CASES[i].name)
def test_some_cases_with_few_reports(index):
    assert verdict(index, n=20_000).flagged == CASES[index].defective


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(CASES)), ids=[case.name for case in CASES])
def test_every_case(index):
    found = verdict(index, n=50_000)
    assert found.flagged == CASES[index].defective, found


@pytest.mark.slow
def test_other_levels_and_sizes():
    cases = ldp.audit_cases(dim=4, epsilon=3.0, delta=1e-6)
    for index, case in enumerate(cases):
        if not case.defective:
            found = case.audit(n=50_000, audits=len(cases), rng=np.random.default_rng((5, index)))
            assert not found.flagged, found


def test_names_are_unique_and_private_cases_come_first():
    assert len({case.name for case in CASES}) == len(CASES)
    flags = [case.defective for case in CASES]
    assert flags == sorted(flags)
    assert sum(flags) >= 8


@pytest.mark.parametrize("changes", [{"dim": 2}, {"epsilon": 0.0}, {"delta": 0.0}])
def test_what_no_case_can_be_made_of(changes):
    with pytest.raises(InvalidArgument):
        ldp.audit_cases(**changes)
