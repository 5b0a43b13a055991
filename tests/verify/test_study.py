from dataclasses import replace
from pathlib import Path

import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Broken, Budget, Grid
from sparsetheory.verify.loading import study_at

STUDY = study_at(Path(__file__).parent / "data" / "demo" / "simulations" / "mean.py")


@pytest.mark.parametrize(
    ("grid", "replicates", "name"),
    [
        (Grid(sizes=()), 20, "sizes"),
        (Grid(sizes=(3, 2)), 20, "sizes"),
        (Grid(sizes=(1, float("inf"))), 20, "sizes"),
        (Grid(strata=()), 20, "strata"),
        (Grid(strata=({"d": 2}, {"d": "2"})), 20, "strata"),  # the report could show one of them only
        (Grid(), 1, "replicates"),
        (Grid(), 20.0, "replicates"),
    ],
)
def test_budgets_that_cannot_be_spent_are_refused_before_a_run(grid, replicates, name):
    with pytest.raises(InvalidArgument, match=rf"demo\.mean: full\.(grid\.)?{name}"):
        replace(STUDY, full=Budget(grid=grid, replicates=replicates))


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_every_kind_of_control_is_asked_for(kind):
    with pytest.raises(InvalidArgument, match="at least one"):
        replace(STUDY, controls=[c for i, c in enumerate(STUDY.controls) if i != kind])


def test_a_broken_control_breaks_something():
    with pytest.raises(InvalidArgument, match="planted defect"):
        Broken(name="the study itself")
