"""The page on property testing runs from top to bottom, and what it says of a peer holds."""

import re
import warnings
from pathlib import Path

import ot as pot
import pytest

from sparsetheory.testing import check_solver, properties
from sparsetheory.testing.entropic_ot import ENTROPIC_OT

PAGE = (Path(__file__).parents[2] / "docs" / "property-testing.md").read_text()


def test_the_page_runs_from_top_to_bottom():
    scope = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.S):
            exec(compile(block, "property-testing.md", "exec"), scope)


def test_the_page_names_every_property():
    named = [r.name for r in ENTROPIC_OT.requirements if f"`{r.name}`" in PAGE or r.name.startswith("refuses_")]
    assert named == [r.name for r in ENTROPIC_OT.requirements]
    assert all(hasattr(properties, r.property.__name__) for r in ENTROPIC_OT.requirements)


@pytest.mark.parametrize(
    "name", ["small_reg", "zero_mass", "refuses_negative_mass", "refuses_unequal_masses", "refuses_nonfinite"]
)
def test_the_contract_finds_what_is_known_of_an_exp_domain_peer(name):
    entry = check_solver(pot.sinkhorn, only=[name]).entries[0]
    assert entry.status == "failed", str(entry.finding)


def test_the_peer_is_right_where_it_is_right():
    names = ["feasible", "potentials", "agrees_with_reference", "permutation", "translation", "inputs_untouched"]
    assert check_solver(pot.sinkhorn, only=names, tol=1e-7).passed
