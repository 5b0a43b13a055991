"""Closed forms of kinks and jumps against brute force and differences of their own functions."""

import numpy as np
import pytest

from sparsetheory.bilevel import check_gradients
from sparsetheory.bilevel.known_failures import clipped, double_well

KNOWN = {
    "clipped": clipped(mu=1.3, c=0.7, radius=1.2, pull=0.9, a=0.3),
    "double well": double_well(k=1.3, m=0.9, c=0.4),
}


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("at", [-0.3, 0.2, 1.5])
def test_the_solution_minimises_and_psi_has_the_gradient(name, at):
    known, x, h = KNOWN[name], np.array([at]), 1e-5
    grid = np.linspace(*((-1.2, 1.2) if name == "clipped" else (-2.0, 2.0)), 40001)
    values = [known.problem.g(x, np.array([y])) for y in grid]
    assert known.solution(x)[0] == pytest.approx(grid[np.argmin(values)], abs=1e-4)
    slope = (known.psi(x + h) - known.psi(x - h)) / (2 * h)
    assert known.gradient(x)[0] == pytest.approx(slope, abs=1e-8)
    assert check_gradients(known.problem, x, np.array([0.7]), rng=np.random.default_rng(1)) < 1e-5


def test_the_slope_jumps_by_the_pull_at_the_bound():
    known, h = KNOWN["clipped"], 1e-9
    slopes = [known.gradient(np.array([1.2 + side * h]))[0] for side in (-1, 1)]
    assert slopes[1] - slopes[0] == pytest.approx(0.9, abs=1e-8)


def test_psi_jumps_where_the_wells_change_roles():
    known, h = KNOWN["double well"], 1e-9
    values = [known.psi(np.array([side * h])) for side in (-1, 0, 1)]
    assert values[2] - values[0] == pytest.approx(2 * 0.9 * 0.4, abs=1e-7)
    assert values[1] == pytest.approx(min(values), abs=1e-7)  # both wells are solutions: the one f likes
