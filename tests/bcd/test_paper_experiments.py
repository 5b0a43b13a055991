"""The experiments of the paper: what the page shows is what the records hold, and how orders are compared."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sparsetheory import bcd

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def paper():
    """The package of the experiments; benchmarks are no part of an installation."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.bcd.paper import compare, data, digitised, experiments, records, run
    finally:
        sys.path.remove(str(ROOT))
    return {
        module.__name__.rsplit(".", 1)[1]: module for module in (compare, data, digitised, experiments, records, run)
    }


def test_the_page_shows_the_records(paper):
    page = (ROOT / "docs" / "bcd-paper.md").read_text()
    for name, table in paper["compare"].pages_of_tables().items():
        if name != "figure 13":
            assert f"<!-- {name} -->\n{table}\n<!-- end -->" in page, name


def test_every_method_that_was_digitised_was_run(paper):
    for (figure, data, size), values in paper["digitised"].PAPER.items():
        panel = paper["experiments"].Panel(data, size)
        assert panel in paper["experiments"].FIGURES[figure].panels
        assert set(values) <= set(paper["records"].read(paper["records"].HOME, figure, panel))


def test_what_is_better_and_what_ties(paper):
    better = paper["compare"].better
    assert [better(100, 111), better(111, 100), better(100, 109)] == [1, -1, 0]
    assert [better(1.0, 1.3), better(1.3, 1.0), better(1.0, 1.2)] == [1, -1, 0]
    assert [better(500, 1e-7), better(1e-7, 500)] == [1, -1]
    same = paper["compare"].agreement({"a": 10, "b": 20, "c": 1.0, "d": 1.1}, {"a": 10, "b": 10, "c": 1.0, "d": 3.0})
    # a and b before c and d; a and b tie on the second side only, c and d on the first only
    assert same == (4, 0, 2)


def test_a_run_records_what_minimize_does(paper):
    A, b = paper["data"].data_a(20, 80, np.random.default_rng(0))
    problem = bcd.LeastSquares(A, b)
    rules = paper["experiments"].Rules("GS-FB", "sort", "gs", "matrix")
    record = paper["run"].run(paper["data"].Case(problem), rules, 10, seed=0)
    result = bcd.minimize(problem, partition="sort", select="gs", update="matrix", block_size=10, max_iter=500, tol=0.0,
                          on_failure="ignore")  # fmt: skip
    assert record["curve"][0] == pytest.approx(0.5 * b @ b, rel=1e-3)
    assert record["curve"][1] == pytest.approx(result.objectives[1], rel=1e-3)
    assert record["solved_at"] == np.flatnonzero(result.objectives < 1e-8)[0]


def test_the_gap_of_a_graph_is_its_energy(paper):
    A, c, free = paper["data"].lattice_system(6, 4, np.random.default_rng(0))
    case = paper["data"].Case(bcd.Quadratic(A, c), solution=np.linalg.solve(A.toarray(), c), side=6, free=free)
    x = np.random.default_rng(1).normal(size=len(c))
    value = lambda v: 0.5 * v @ (A @ v) - c @ v  # noqa: E731
    assert case.gap(x) == pytest.approx(value(x) - value(case.solution), rel=1e-10)
    record = paper["run"].run(case, paper["experiments"].Rules("trees", "trees", "cyclic", "exact"), 0, seed=0)
    assert record["final"] < 1e-6 * record["curve"][0]
