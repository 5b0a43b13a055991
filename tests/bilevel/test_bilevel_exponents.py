"""Exponents of schedules: published orders, agreement with enumeration of vertices, and certificates that refuse."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from sparsetheory.bilevel.exponent_balance import COST, Balance, Requirement, double_loop, single_loop

#: Abstracts of JMLR 26(109), of arXiv 2309.01753v2, and twice those of F2SA (ICML 2023), which counts squared norms.
PUBLISHED = {
    "F2BA": (double_loop(noise="none", uniform=True), 2),
    "F2BSA": (double_loop(noise="both", uniform=True), 6),
    "F2BSA, noise in f": (double_loop(noise="f", uniform=True), 4),
    "double loop": (double_loop(noise="both", uniform=False), 7),
    "double loop, exact": (double_loop(noise="none", uniform=False), 3),
    "single loop": (single_loop(noise="both", momentum=True), 5),
    "F2SA": (single_loop(noise="both", momentum=False), 7),
    "F2SA, noise in f": (single_loop(noise="f", momentum=False), 5),
    "F2SA, exact": (single_loop(noise="none", momentum=False), 3),
    "F3SA, noise in f": (single_loop(noise="f", momentum=True), 4),
    "F3SA, exact": (single_loop(noise="none", momentum=True), 3),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_balances_recover_published_orders(name):
    balance, order = PUBLISHED[name]
    best = balance.solve()
    assert balance.check(best)
    assert best.cost == order
    assert best.exponents["sigma"] == 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_vertices_enumerated_have_no_better_cost(name):
    balance, order = PUBLISHED[name]
    names = balance.names
    rows = np.array([[r.weights.get(v, 0) for v in names] for r in balance.requirements] + np.eye(len(names)).tolist())
    right = np.array([r.least for r in balance.requirements] + [0] * len(names), float)
    costs = []
    for chosen in map(list, combinations(range(len(rows)), len(names))):
        if abs(np.linalg.det(rows[chosen])) > 1e-9:
            vertex = np.linalg.solve(rows[chosen], right[chosen])
            if (rows @ vertex >= right - 1e-9).all():
                costs.append(vertex[names.index(COST)])
    assert min(costs) == pytest.approx(order, abs=1e-9)


def test_the_schedule_of_the_momentum_is_the_published_one():
    found = single_loop(noise="both", momentum=True).solve().exponents
    share = {v: found[v] / found[COST] for v in ("sigma", "inner", "forget", "step")}
    assert share == {"sigma": Fraction(1, 5), "inner": Fraction(2, 5), "forget": Fraction(4, 5), "step": Fraction(3, 5)}


def test_wrong_schedules_and_multipliers_prove_nothing():
    balance = double_loop(noise="both", uniform=False)
    best = balance.solve()
    cheaper = {**best.exponents, COST: best.cost - Fraction(1, 100)}
    assert not balance.feasible(cheaper)
    assert balance.proves({name: 2 * share for name, share in best.multipliers.items()}) is None
    assert balance.proves(dict.fromkeys(best.multipliers, Fraction(0))) == 0
    negative = {**best.multipliers, "bias": Fraction(-1)}
    assert balance.proves(negative) is None


def test_requirements_that_contradict_each_other_are_told():
    impossible = Balance((Requirement("at most -1", {COST: -1}, 1, "nothing"),))
    with pytest.raises(ArithmeticError, match="no schedule"):
        impossible.solve()
