"""The studies of graph claims measure what they say: their twins agree with the library where nothing is planted."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sparsetheory.bcd.forest import solve_forest
from sparsetheory.verify.claim import load_module

FOLDER = Path(__file__).parents[2] / "simulations" / "bcd"
forest, blocks = (load_module(FOLDER / f"{slug}.py") for slug in ("forest_linear_time", "two_block_rate"))


@pytest.mark.parametrize("kind", forest.PARENT)
def test_elimination_in_any_order_counts_the_claim_from_the_leaves(kind):
    instance = forest.generate({"kind": kind, "n": 20}, np.random.default_rng(1))
    factor = solve_forest(forest.sparse.csr_array(instance.A), instance.r).factor
    x, count = forest._eliminate(instance.A, instance.r, factor.order[::-1])
    assert count == 8 * 20 - 6 * factor.n_trees
    assert_allclose(x, np.linalg.solve(instance.A, instance.r), rtol=1e-10, atol=1e-12)
    assert forest._eliminate(instance.A, instance.r, factor.order)[1] > count


def test_a_star_from_its_centre_costs_a_cube():
    instance = forest.generate({"kind": "star", "n": 40}, np.random.default_rng(1))
    centre = int(np.count_nonzero(instance.A, axis=1).argmax())
    _, count = forest._eliminate(instance.A, instance.r, [centre, *(k for k in range(40) if k != centre)])
    assert count > 40**3 / 3


@pytest.mark.parametrize("kind", blocks.DRAW)
def test_the_library_alternates_as_the_textbook_does(kind):
    instance = blocks.generate({"kind": kind}, np.random.default_rng(3))
    expected = blocks._alternate(instance, np.linalg.solve, instance.steps)
    assert_allclose(blocks.run(instance, None), expected, rtol=1e-6)
    ratios = np.exp(np.diff(np.log(blocks._alternate(instance, np.linalg.solve, np.arange(1, 9)))))
    assert (ratios <= instance.rho * (1 + 1e-9)).all()
    assert (np.diff(ratios) >= -1e-9).all()
