"""Rounding onto the transport polytope: exact marginals, the factor 3/2, and a control without the last step."""

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.ot.rounding import repair_on_support, round_plan, rounding

EPS = np.finfo(float).eps


@st.composite
def plans(draw):
    """A nonnegative matrix over many orders of magnitude, and masses with zeros, of any total."""
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    P = 10.0 ** rng.uniform(-draw(st.sampled_from([1, 8, 300])), 0, (n, m)) * (rng.random((n, m)) < 0.8)
    a = rng.dirichlet(np.full(n, 0.3)) * (rng.random(n) < 0.8)
    b = rng.dirichlet(np.full(m, 0.3)) * (rng.random(m) < 0.8)
    a[0], b[-1] = a[0] + 0.1, b[-1] + 0.1
    mass = 10.0 ** draw(st.integers(-6, 6))
    return P * mass, a * (mass / a.sum()), b * (mass / b.sum())


def l1(P, a, b):
    return np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum()


@seed(2)
@settings(max_examples=300, deadline=None)
@given(plans())
def test_marginals_are_exact_and_the_move_is_at_most_three_halves_of_the_error(case):
    P, a, b = case
    Q = round_plan(P, a, b)
    assert (Q >= 0).all()
    # each of n + m sums of at most max(n, m) terms is rounded, each term by a handful of operations
    unit = (sum(P.shape) + 8) * EPS * a.sum()
    assert l1(Q, a, b) <= unit
    assert np.abs(P - Q).sum() <= 1.5 * l1(P, a, b) + unit + (sum(P.shape) + 8) * EPS * P.sum()
    assert (Q[a == 0] == 0).all()
    assert (Q[:, b == 0] == 0).all()


def test_without_the_rank_one_correction_the_marginals_miss():
    rng = np.random.default_rng(0)
    P, a, b = rng.random((5, 6)) / 30, np.full(5, 0.2), np.full(6, 1 / 6)
    factors = rounding(P.__matmul__, P.T.__matmul__, a, b)
    scaled_only = factors._replace(row_gap=np.zeros(5))
    assert l1(scaled_only(P), a, b) > 1e-3
    assert l1(factors(P), a, b) < 20 * EPS


@pytest.mark.parametrize("off", [1e-2, 1e-6, 1e-12])
def test_a_plan_close_to_the_polytope_gets_there(off):
    rng = np.random.default_rng(4)
    P = rng.random((20, 30))
    a, b = P.sum(axis=1), P.sum(axis=0)
    Q = round_plan(P * (1 + off * rng.standard_normal(P.shape)), a, b)
    assert l1(Q, a, b) <= (50 + 8) * EPS * a.sum()


def test_a_feasible_plan_stays():
    P = np.outer([0.25, 0.75], [0.5, 0.5])
    np.testing.assert_array_equal(round_plan(P, [0.25, 0.75], [0.5, 0.5]), P)


def test_an_empty_plan_becomes_the_product():
    np.testing.assert_allclose(round_plan(np.zeros((2, 2)), [1, 3], [2, 2]), [[0.5, 0.5], [1.5, 1.5]], rtol=4 * EPS)


@pytest.mark.parametrize("order", ["rows", "columns"])
def test_blocks_of_rows_give_the_same_rounding(order):
    rng = np.random.default_rng(1)
    P, a, b = rng.random((6, 4)), rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(4))
    if order == "columns":
        P, a, b = P.T, b, a
    factors = rounding(P.__matmul__, P.T.__matmul__, a, b)
    half = slice(len(a) // 2, None)
    np.testing.assert_array_equal(factors(P)[half], factors(P[half], half))


def test_lists_and_integers_are_accepted_and_left_alone():
    P = np.array([[2, 0], [0, 1]])
    round_plan(P, [1, 1], [1, 1])
    np.testing.assert_array_equal(P, [[2, 0], [0, 1]])


@pytest.mark.parametrize(
    ("P", "a", "b", "named"),
    [
        ([[1.0, -1.0]], [1.0], [0.5, 0.5], "P: expected nonnegative"),
        ([[1.0, np.inf]], [1.0], [0.5, 0.5], "P: expected nonnegative finite"),
        ([[1.0, np.nan]], [1.0], [0.5, 0.5], "P: "),
        ([[1.0, 1.0]], [1.0, 1.0], [0.5, 0.5], "a: expected length 1, got length 2"),
        ([[1.0, 1.0]], [1.0], [0.5, 0.6], "b: expected the mass of a"),
        ([[1.0, 1.0]], [1.0], [1.5, -0.5], "b: expected nonnegative masses, got -0.5"),
    ],
)
def test_bad_input_is_refused_by_name(P, a, b, named):
    with pytest.raises(InvalidArgument) as error:
        round_plan(P, a, b)
    assert str(error.value).startswith(named)


@pytest.mark.parametrize("shape", [(12, 9), (9, 12)])
def test_repair_keeps_the_support_and_fixes_the_marginals(shape):
    rng = np.random.default_rng(3)
    P = rng.random(shape) * (rng.random(shape) < 0.7)
    a, b = P.sum(axis=1), P.sum(axis=0)
    repaired = repair_on_support(P * (1 + 0.05 * rng.standard_normal(shape)), a, b)
    assert repaired is not None
    assert l1(repaired, a, b) <= sum(shape) * EPS * a.sum()
    assert ((repaired > 0) == (P > 0)).all()


def test_repair_in_components():
    P = np.array([[0.26, 0.0, 0.0], [0.0, 0.36, 0.1], [0.0, 0.21, 0.1]])
    repaired = repair_on_support(P, np.array([0.25, 0.45, 0.3]), np.array([0.25, 0.55, 0.2]))
    assert repaired is not None
    assert l1(repaired, np.array([0.25, 0.45, 0.3]), np.array([0.25, 0.55, 0.2])) <= 6 * EPS


def test_repair_says_so_when_the_support_has_no_plan():
    assert repair_on_support(np.diag([0.5, 0.5]), np.array([0.4, 0.6]), np.array([0.5, 0.5])) is None
