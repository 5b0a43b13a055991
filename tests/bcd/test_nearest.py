"""The index against GSL, block by block: ties, zero columns, scales, sparse data, the table's refusals."""

import gc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sparsetheory import bcd
from sparsetheory.bcd import nearest as module
from sparsetheory.bcd.nearest import Directions
from sparsetheory.bcd.penalty import bind
from sparsetheory.bcd.state import State
from sparsetheory.errors import InvalidArgument


def cosines(rows, query):
    """Return |a_i . q| / |a_i| by the formula, 0 for a zero column."""
    norms = np.linalg.norm(rows, axis=1)
    return np.abs(rows @ query) / np.where(norms > 0, norms, 1.0)


def data(seed=0, samples=6, n=80, scales=2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(samples, n)) * 10.0 ** rng.uniform(-scales, scales, n), rng.normal(size=samples)


def runs(problem, **rules):
    """Return the runs of GSL and of the index; they stop before scores are rounding, at the same checkpoints."""
    rules = {"partition": "variable", "check_every": 5, "on_failure": "ignore"} | rules
    return [bcd.minimize(problem, select=select, **rules) for select in ("gsl", "nearest")]


@pytest.mark.parametrize("update", ["gradient", "exact", "adaptive"])
@pytest.mark.parametrize("size", [1, 4])
def test_the_index_picks_what_gsl_picks_at_every_iteration(size, update):
    X, y = data(samples=12)
    gsl, index = runs(bcd.LeastSquares(X, y), block_size=size, update=update, max_iter=150)
    assert len(gsl.visited) == len(index.visited) >= 10
    for a, b in zip(gsl.visited, index.visited, strict=True):
        assert_array_equal(a, b)
    norms = np.linalg.norm(X, axis=0)  # gathered columns sum in another order, and columns differ in scale
    assert_allclose(gsl.x * norms, index.x * norms, atol=1e-12 * np.linalg.norm(y))


def test_logistic_slopes_are_a_query_as_well():
    X, y = data(seed=1, samples=5)
    gsl, index = runs(bcd.Logistic(X, np.sign(y)), block_size=1, update="newton", max_iter=60)
    assert [b.tolist() for b in gsl.visited] == [b.tolist() for b in index.visited]


def test_sparse_columns_are_indexed_like_dense_ones():
    X, y = data(seed=2)
    X *= np.random.default_rng(3).random(X.shape) < 0.5
    dense, thin = (
        bcd.minimize(bcd.LeastSquares(form, y), select="nearest", partition="variable", block_size=2, update="exact")
        for form in (X, sp.csc_matrix(X))
    )
    assert [b.tolist() for b in dense.visited] == [b.tolist() for b in thin.visited]
    assert dense.converged


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**16), n=st.integers(1, 40), m=st.integers(1, 5), count=st.integers(1, 45),
    zeros=st.booleans(), duplicates=st.booleans(), opposite=st.booleans(), scale=st.sampled_from([1e-160, 1.0, 1e150]),
)  # fmt: skip
def test_candidates_hold_the_best_and_every_tie(seed, n, m, count, zeros, duplicates, opposite, scale):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-2, 3, size=(n, m)) * scale
    if zeros:
        rows[rng.random(n) < 0.3] = 0.0
    if duplicates:
        rows[n // 2 :] = rows[: n - n // 2]
    if opposite:
        rows[: n // 3] *= -1.0
    query = rng.integers(-3, 4, size=m).astype(float)
    index = Directions(rows)
    found = index.candidates(query, count)
    assert np.all(np.any(rows[found], axis=1))
    assert sorted([*index.zero]) == np.flatnonzero(~rows.any(axis=1)).tolist()
    scores = cosines(rows / scale, query)[np.any(rows, axis=1)]
    if count < len(scores):
        assert set(np.flatnonzero(cosines(rows / scale, query) > np.sort(scores)[-count] * (1 + 1e-9))) <= set(found)
        tied = np.any(rows, axis=1) & (cosines(rows / scale, query) >= np.sort(scores)[-count] * (1 + 1e-12))
        assert set(np.flatnonzero(tied)) <= set(found)
    else:
        assert len(found) == len(scores)


def test_the_index_looks_at_few_columns():
    rows = np.random.default_rng(0).normal(size=(5000, 4))
    assert len(Directions(rows).candidates(np.ones(4), 3)) == 3


def test_equal_scores_go_to_the_lowest_index():
    # every column is +- 2^k times one of three: scores tie exactly, in pairs and in the opposite direction
    base = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    rows = np.concatenate([base, -base, 4.0 * base, 0.5 * base])
    for query, best in {(2.0, 1.0): 2, (2.0, 0.5): 0, (-0.25, 1.0): 1}.items():
        problem = bcd.LeastSquares(rows.T, -np.array(query))
        for size in (1, 2, 4):
            result = bcd.minimize(problem, select="nearest", partition="variable", block_size=size, max_iter=1,
                                  tol=0.0, on_failure="ignore")  # fmt: skip
            assert result.visited[0].tolist() == [best, best + 3, best + 6, best + 9][:size]


def test_zero_columns_come_last_and_in_order():
    X = np.zeros((3, 6))
    X[:, 2], X[:, 5] = [1.0, 2.0, 0.0], [0.0, 1.0, -1.0]
    problem = bcd.LeastSquares(X, [1.0, 0.0, 1.0])
    for size in range(1, 7):
        gsl, index = runs(problem, block_size=size, update="exact", max_iter=1)
        assert_array_equal(index.visited[0], gsl.visited[0])
    assert index.x[[0, 1, 3, 4]].tolist() == [0.0] * 4


def test_at_a_perfect_fit_there_is_nothing_to_look_for():
    X, _ = data(n=9)
    problem = bcd.LeastSquares(X, X[:, 3])
    start = np.eye(9)[3]
    result = bcd.minimize(problem, select="nearest", partition="variable", block_size=2, init=start)
    assert result.converged
    state = State(*bind(problem, None), None, 2, start, np.random.default_rng(0))
    assert module.nearest(state).tolist() == bcd.SELECTIONS["gsl"].variable(state).tolist() == [0, 1]


def test_no_gradient_is_computed_between_checkpoints(monkeypatch):
    X, y = data()
    problem, calls = bcd.LeastSquares(X, y), []
    whole = bcd.LeastSquares.gradient
    monkeypatch.setattr(bcd.LeastSquares, "gradient", lambda self, x, z: calls.append(1) or whole(self, x, z))
    rules = {"partition": "variable", "block_size": 1, "update": "exact", "max_iter": 100, "tol": 0.0}
    bcd.minimize(problem, select="nearest", on_failure="ignore", **rules)
    assert len(calls) <= 6  # one for the unit, one a checkpoint, one for the certificate
    calls.clear()
    result = bcd.minimize(problem, select="gsl", check_every=1, on_failure="ignore", **rules)
    assert len(calls) >= result.n_iter > 20


def test_a_problem_keeps_its_index_as_long_as_it_lives():
    X, y = data()
    problem = bcd.LeastSquares(X, y)
    gc.collect()
    before = len(module._INDEX)
    for _ in range(2):
        bcd.minimize(problem, select="nearest", partition="variable", block_size=2)
        assert len(module._INDEX) == before + 1
    del problem
    gc.collect()
    assert len(module._INDEX) == before


def test_it_is_refused_with_a_reason_where_it_has_no_answer():
    X, y = data(n=4)
    for problem, rules, reason in (
        (bcd.LeastSquares(X, y), {"partition": "sort"}, "partition='variable'"),
        (bcd.LeastSquares(X, y, l2=0.1), {}, "with l2"),
        (bcd.Quadratic(np.eye(4), np.ones(4)), {}, "columns of LeastSquares or Logistic"),
        (bcd.LeastSquares(X, y), {"penalty": bcd.L1(0.1)}, "ignores the penalty"),
    ):
        with pytest.raises(InvalidArgument, match=reason):
            bcd.minimize(problem, **{"select": "nearest", "partition": "variable", "block_size": 1} | rules)
