"""Which edges can carry mass, held against one linear program per edge."""

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sparsetheory import ot
from sparsetheory.errors import InvalidArgument
from sparsetheory.ot.feasibility import apart, usable_edges


def largest_flows(allowed, a, b):
    """Maximise each P_ij by HiGHS; None when no plan exists."""
    n, m = allowed.shape
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    bounds = [(0, None if ok else 0) for ok in allowed.ravel()]
    best = np.zeros(n * m)
    for edge in np.flatnonzero(allowed.ravel()):
        cost = np.zeros(n * m)
        cost[edge] = -1.0
        lp = linprog(cost, A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([a, b]), bounds=bounds)
        if lp.status == 2:
            return None
        assert lp.status == 0
        best[edge] = -lp.fun
    return best.reshape(n, m)


@st.composite
def patterns(draw):
    """Small patterns with small integer masses: exact, and often with tight cuts."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    allowed = np.array(draw(st.lists(st.booleans(), min_size=n * m, max_size=n * m))).reshape(n, m)
    a = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), dtype=float)
    b = np.array(draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)), dtype=float)
    a[0] += max(0, b.sum() - a.sum())
    b[0] += max(0, a.sum() - b.sum())
    if a.sum() == 0:
        a[0] = b[0] = 1
    return allowed, a, b


@seed(1)
@settings(max_examples=80, deadline=None)
@given(patterns(), st.sampled_from([1.0, 1 / 3, 1e-9, 7e11]))
def test_agrees_with_one_linear_program_per_edge(pattern, scale):
    allowed, a, b = pattern
    best = largest_flows(allowed, a, b)
    if best is None or not allowed.any():
        with pytest.raises(InvalidArgument, match="M: expected finite costs"):
            usable_edges(allowed, a * scale, b * scale)
    else:
        # masses are integers, so a usable edge carries at least 1/(number of edges); HiGHS is exact to 1e-7
        np.testing.assert_array_equal(usable_edges(allowed, a * scale, b * scale), best > 1e-3)


@pytest.mark.parametrize("n", [2, 3, 7, 50])
def test_a_triangle_of_edges_forces_the_diagonal(n):
    """Hall-tight at every step: only the identity is a plan, though half of the edges are allowed."""
    uniform = np.full(n, 1 / n)
    usable = usable_edges(np.triu(np.ones((n, n), dtype=bool)), uniform, uniform)
    np.testing.assert_array_equal(usable, np.eye(n, dtype=bool))


@pytest.mark.parametrize("seed_", range(6))
def test_cuts_that_are_tight_up_to_rounding_are_tight(seed_):
    """Blocks whose masses agree only to the last bits: edges above the block diagonal stay empty."""
    rng = np.random.default_rng(seed_)
    shares = rng.dirichlet(np.ones(5))
    left = [rng.dirichlet(np.ones(k)) * w for k, w in zip(rng.integers(1, 30, 5), shares, strict=True)]
    right = [rng.dirichlet(np.ones(k)) * w for k, w in zip(rng.integers(1, 30, 5), shares, strict=True)]
    row_block = np.repeat(np.arange(5), [len(x) for x in left])
    column_block = np.repeat(np.arange(5), [len(x) for x in right])
    allowed = row_block[:, None] <= column_block
    usable = usable_edges(allowed, np.concatenate(left), np.concatenate(right))
    np.testing.assert_array_equal(usable, row_block[:, None] == column_block)


def test_a_tiny_atom_keeps_its_edges():
    a = np.array([1e-15, 0.5, 0.5 - 1e-15])
    allowed = np.ones((3, 3), dtype=bool)
    allowed[2, 0] = False
    np.testing.assert_array_equal(usable_edges(allowed, a, np.full(3, 1 / 3)), allowed)


def test_atoms_without_mass_use_no_edge():
    usable = usable_edges(np.ones((3, 2), dtype=bool), [0.5, 0.0, 0.5], [1.0, 0.0])
    np.testing.assert_array_equal(usable, [[True, False], [False, False], [True, False]])


def test_the_violated_cut_is_named():
    allowed = np.ones((4, 6), dtype=bool)
    allowed[:2, 3:] = False
    with pytest.raises(InvalidArgument, match=r"rows \[0, 1\] of mass 0.6 whose finite-cost columns hold only 0.5"):
        usable_edges(allowed, [0.3, 0.3, 0.2, 0.2], np.full(6, 1 / 6))


def test_the_inputs_stay_as_they_were():
    allowed, a = np.triu(np.ones((3, 3), dtype=bool)), np.full(3, 1 / 3)
    before = allowed.copy()
    usable_edges(allowed, a, a)
    np.testing.assert_array_equal(allowed, before)


def test_a_vector_of_edges_is_refused():
    with pytest.raises(InvalidArgument, match="allowed"):
        usable_edges([True, False], [1.0], [1.0])


@pytest.mark.parametrize("light", [1e-13, 1e-20, 1e-80, 1e-200])
def test_an_atom_lighter_than_the_flow_resolves_keeps_an_edge(light):
    """Its mass is below the resolution of the flow, on either side, and it has to go somewhere all the same."""
    M = np.array([[0.0, 1.0], [1.0, np.inf], [np.inf, 0.0]])
    a, b = np.array([0.5, light, 0.5 - light]), np.array([0.4, 0.6])
    for cost, left, right in ((M, a, b), (M.T, b, a)):
        usable = usable_edges(np.isfinite(cost), left, right)
        assert usable.any(axis=1).all()
        assert usable.any(axis=0).all()
        result = ot.solve(cost, left, right, reg=0.05)
        assert result.converged
        assert np.isfinite(result.plan).all()


@pytest.mark.parametrize("cost", [-1e9, -1e6, -1.0, 1e9])
def test_the_certificate_holds_for_edges_that_were_taken_for_unusable(cost):
    """Edge (0, 0) can carry 2e-13 of the mass, less than the flow resolves, and more cost than all the rest."""
    light = 2e-13
    a, b = np.array([0.5, 0.5]), np.array([0.5 + light, 0.5 - light])
    M = np.array([[cost, 0.0], [0.0, np.inf]])
    result = ot.solve(M, a, b, reg=1e-3)
    exact = cost * (b[0] - a[1])
    assert not result.used[0, 0]
    lower, upper = result.certificate()
    assert lower <= exact <= upper
    assert lower >= min(exact, 0.0) - 1e-14 * abs(cost)  # tight where the edge is worth taking
    swapped = ot.solve(M.T, b, a, reg=1e-3).certificate()
    assert swapped[0] <= exact <= swapped[1]


def test_components_are_moved_apart_along_a_chain():
    """Three components; the potential of the first must give way to both others."""
    slack = np.array([[0.0, -5.0, 1.0], [np.inf, 0.0, -7.0], [np.inf, np.inf, 0.0]])
    usable = np.eye(3, dtype=bool)
    s, t = apart(slack, usable)
    np.testing.assert_array_equal(s, [-12.0, -7.0, 0.0])
    np.testing.assert_array_equal(t, -s)
    assert (slack - s[:, None] - t >= 0).all()
