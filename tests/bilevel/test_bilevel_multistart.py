"""Many starts: global solutions of nonconvex lower levels, the account of the search, the suite of the literature."""

import numpy as np
import pytest

from benchmarks.bilevel.literature.__main__ import attempt, fault
from benchmarks.bilevel.literature.catalogue import ENTRIES
from benchmarks.bilevel.literature.lower_minimum import solutions
from benchmarks.bilevel.literature.reference import load, reference
from sparsetheory import bilevel
from sparsetheory.errors import ConvergenceWarning, InvalidArgument

KNOWN = load()
QUICK = (
    "DempeEtal2012", "FalkLiu1995", "MitsosBarton2006Ex314", "MitsosBarton2006Ex318", "PaulaviciusAdjiman2017a",
    "Outrata1990Ex2a",
)  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_a_handful_of_the_literature(name):
    assert attempt(ENTRIES[name], KNOWN[name]["value"], 0, single=False)["fault"] == ""


def test_the_judge_refuses_local_lower_solutions_and_other_values():
    entry, best = ENTRIES["MitsosBarton2006Ex318"], KNOWN["MitsosBarton2006Ex318"]["value"]
    assert fault(entry, best, np.array([1.0]), np.array([0.0])) == ""
    assert "not a global" in fault(entry, best, np.array([1.0]), np.array([1.0]))
    assert "is reached" in fault(entry, best, np.array([0.6]), np.array([0.0]))
    assert "outside" in fault(entry, best, np.array([1.1]), np.array([0.0]))


@pytest.mark.parametrize("name", ["FalkLiu1995", "MitsosBarton2006Ex321"])
def test_stored_references_can_be_had_again(name):
    found = reference(ENTRIES[name])
    assert (
        found["value"] == pytest.approx(KNOWN[name]["value"], abs=1e-6) and found["regular"] == KNOWN[name]["regular"]
    )


@pytest.mark.parametrize("name", ENTRIES)
def test_reference_points_are_feasible_and_optimal_below(name):
    entry, known = ENTRIES[name], KNOWN[name]
    x, y = np.array(known["x"]), np.array(known["y"])
    assert max(entry.X.outside(x), entry.Y.outside(y)) < 1e-6
    assert float(entry.f(*x, *y)) == pytest.approx(known["value"], rel=1e-5, abs=1e-5)
    least, _ = solutions(entry, x, tie=0.0, y=y)
    assert float(entry.g(*x, *y)) - least <= 1e-6 * (1 + abs(least))


def test_wrong_printed_values():
    wrong = {name for name, record in KNOWN.items() if record["printed_is_wrong"]}
    assert wrong == {"FalkLiu1995", "MitsosBarton2006Ex318", "DempeLohse2011Ex31a", "Outrata1990Ex1e"}


def test_a_run_on_a_wrong_branch_is_found_out():
    """From (1, 1) `minimize` stays on the branch y = 1, which is not global at x = -1; the search leaves it."""
    entry = ENTRIES["PaulaviciusAdjiman2017b"]
    local = bilevel.minimize(entry.problem(), [1.0], [1.0], on_failure="ignore")
    found = bilevel.search_from_many_starts(entry.problem(), [1.0], [1.0], rng=np.random.default_rng(0))
    assert local.fun > found.fun + 1 and found.fun == pytest.approx(-2, abs=1e-6)
    assert found.verified and found.n_refused > 0 and found.n_restarts > 0 and found.n_runs > 20
    assert "not proved global" in found.message


def test_a_jump_is_not_called_stationary():
    entry = ENTRIES["MitsosBarton2006Ex314"]
    with pytest.warns(ConvergenceWarning, match="jump"):
        found = bilevel.search_from_many_starts(entry.problem(), [1.0], [1.0], rng=np.random.default_rng(0))
    assert not found.converged and found.verified and found.kind == "jump" and found.n_jumps > 0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"rng": None}, "rng"),
        ({"n_starts": 0}, "n_starts"),
        ({"around": (1.0, 0.0)}, "around"),
        ({"gap_tol": 0}, "gap_tol"),
    ],
)
def test_bad_input(change, name):
    problem = ENTRIES["DempeEtal2012"].problem()
    with pytest.raises(InvalidArgument) as caught:
        bilevel.search_from_many_starts(problem, [0.0], [1.0], **{"rng": np.random.default_rng(0), **change})
    assert caught.value.name == name


@pytest.mark.slow
def test_the_whole_suite():
    """At least 95 % of the problems regular at their solution, and 80 % of all."""
    solved = {name for name in ENTRIES if not attempt(ENTRIES[name], KNOWN[name]["value"], 0, single=False)["fault"]}
    regular = {name for name in ENTRIES if KNOWN[name]["regular"]}
    assert len(solved) >= 0.8 * len(ENTRIES) and len(solved & regular) >= 0.95 * len(regular)
