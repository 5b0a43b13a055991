"""Sparse gates: the exact partition, the line search across cells, Newton's method in a cell, and whole fits."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsetheory import moe
from sparsetheory.moe._intervals import best_intervals
from sparsetheory.moe.cells import active_experts, faces_met, multipliers, normals, ranking, room
from sparsetheory.moe.density import log_joint, mean_log_density
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.likelihood import Likelihood
from sparsetheory.moe.parameters import Layout, Parameters
from sparsetheory.moe.partition import best_partition
from sparsetheory.moe.segments import best_segments
from sparsetheory.moe.sweep import swept
from sparsetheory.moe.top_k import CellNewton

_spec = importlib.util.spec_from_file_location(
    "moe_partition_twin", Path(__file__).parents[1] / "reference" / "moe_partition.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

THREE = moe.MixingMeasure([0, 0.5, 0], [3, 0, -3], a=[1, 0, -1], b=[2, 0, -2], v=[0.1, 0.1, 0.1])


def drawn(n, seed, *, top_k, rank_by="score", G=THREE):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 1))
    return X, moe.simulate(G, X, rng, top_k=top_k, rank_by=rank_by)


def case(seed, *, k=3, d=2, n=60, top_k=2, rank_by="score", ridge=0.0):
    rng = np.random.default_rng(seed)
    gate = make_gate("softmax", k, top_k=top_k, rank_by=rank_by)
    layout = Layout(gate, d)
    X = rng.normal(size=(n, d))
    y = np.abs(X[:, 0]) + 0.3 * rng.normal(size=n)
    likelihood = Likelihood(X, y, rng.uniform(0.5, 2, n), gate, layout, penalty=1 / np.sqrt(n), scale=1.0, ridge=ridge)
    at = Parameters(rng.normal(size=(k, d + 1)), rng.normal(size=(k, d + 1)), rng.uniform(0.2, 1, k))
    return likelihood, layout.referred(at)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 7), k=st.integers(1, 4))
def test_intervals_against_trying_all(seed, n, k):
    terms = np.random.default_rng(seed).normal(size=(n, k))
    order, cuts = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.int64)
    value = best_intervals(terms, order, cuts)
    assert value == pytest.approx(twin.best_sum(terms), abs=1e-12)
    used = order[order >= 0]
    assert len(set(used.tolist())) == len(used)
    ends = [*cuts[: len(used)].tolist(), n]
    assert ends[0] == 0
    assert sum(terms[a:b, j].sum() for j, a, b in zip(used, ends[:-1], ends[1:])) == pytest.approx(value, abs=1e-12)


@given(seed=st.integers(0, 10_000), k=st.integers(2, 4), ties=st.booleans())
def test_best_partition_is_a_gate_with_that_value(seed, k, ties):
    likelihood, at = case(seed, k=k, d=1, n=8, top_k=1)
    if ties:
        likelihood.Z[0] = np.round(likelihood.Z[0])
    log_f = likelihood.log_experts(at)
    found = best_partition(likelihood, at, log_f)
    places, group = np.unique(likelihood.Z[0], return_inverse=True)
    terms = np.zeros((len(places), k))
    np.add.at(terms, group, likelihood.weight[:, None] * log_f)
    expected = twin.best_sum(terms) / likelihood.total
    off = likelihood.value(at) - likelihood.weight @ log_of(likelihood, at) / likelihood.total
    assert likelihood.value(found) - off == pytest.approx(expected, abs=1e-12)


def log_of(likelihood, at):
    Z, q = likelihood.Z, likelihood.layout.q
    joint = log_joint(likelihood.gate, at, Z[: q - 1].T, Z[q])
    return np.logaddexp.reduce(joint, axis=1)


@pytest.mark.parametrize("rank_by", ["score", "slope"])
@pytest.mark.parametrize("top_k", [1, 2])
def test_line_search_raises_the_likelihood_and_ends_where_no_coordinate_does(top_k, rank_by):
    likelihood, at = case(3, k=3, top_k=top_k, rank_by=rank_by)
    start, total = likelihood.value(at), 0.0
    for _ in range(30):
        at, gain = swept(likelihood, at)
        total += gain
        if gain == 0:
            break
    assert gain == 0
    assert total > 0
    assert likelihood.value(at) == pytest.approx(start + total, abs=1e-12)
    if top_k == 1:  # every value along every coordinate was looked at: so no random step is better
        rng = np.random.default_rng(0)
        for _ in range(300):
            rows = np.array(at.gate)
            rows[rng.integers(3), rng.integers(2 if rank_by == "slope" else 3)] += rng.standard_cauchy()
            assert likelihood.value(Parameters(rows, at.expert, at.variance)) <= likelihood.value(at) + 1e-10


@given(seed=st.integers(0, 10_000), top_k=st.integers(1, 2), rank_by=st.sampled_from(["score", "slope"]))
def test_room_is_the_first_switch(seed, top_k, rank_by):
    likelihood, at = case(seed, n=30, top_k=top_k, rank_by=rank_by)
    rows = np.random.default_rng(seed + 1).normal(size=(3, 3))
    rank = ranking(likelihood, at.gate)
    active = active_experts(rank, top_k)
    length, face = room(likelihood, rank, active, rows)
    if face is None:
        return
    before = active_experts(ranking(likelihood, at.gate + 0.999 * length * rows), top_k)
    after = active_experts(ranking(likelihood, at.gate + (1.001 * length + 1e-6) * rows), top_k)
    assert (before == active).all()
    assert (after[face.sample] != active[face.sample]).any()


def at_the_best_point_of_the_cell(seed, rank_by):
    likelihood, at = case(seed, n=80, rank_by=rank_by)
    active = active_experts(ranking(likelihood, at.gate), 2)
    newton = CellNewton(likelihood, at, tol=1e-12)
    values = [newton.found.value]
    while newton.step():
        values.append(newton.found.value)
    assert (np.diff(values) >= -1e-14).all()
    assert (active_experts(ranking(likelihood, newton.at.gate), 2) == active).all()
    return likelihood, newton


@pytest.mark.parametrize("rank_by", ["score", "slope"])
def test_newton_stays_in_its_cell_and_ends_at_its_best_point(rank_by):
    held = 0
    for seed in range(6):
        likelihood, newton = at_the_best_point_of_the_cell(seed, rank_by)
        assert newton.error < 1e-10
        push, left = multipliers(likelihood, newton.at, newton.found.gradient)
        assert (push >= 0).all()
        assert np.abs(left).max() < 1e-10
        held += np.abs(newton.found.gradient).max() > 1e-4  # then a plain gradient would say nothing
        inward = normals(likelihood, faces_met(likelihood, newton.at))
        rng = np.random.default_rng(0)
        for _ in range(100):  # no step into the cell is better
            step = 1e-4 * rng.normal(size=likelihood.layout.n_free)
            if (inward @ step >= 0).all():
                assert likelihood.value(likelihood.layout.moved(newton.at, step)) <= newton.found.value + 1e-13
    assert held > 0


def test_all_experts_active_is_the_dense_gate():
    X, y = drawn(300, 1, top_k=3)
    dense, same = moe.maximize_likelihood(X, y, 3, n_init=2), moe.maximize_likelihood(X, y, 3, top_k=3, n_init=2)
    assert dense.log_likelihood == same.log_likelihood
    assert (dense.parameters.gate == same.parameters.gate).all()


@pytest.mark.parametrize(("top_k", "rank_by"), [(1, "score"), (1, "slope"), (2, "score"), (2, "slope")])
def test_sparse_fits_beat_the_truth_and_are_certified(top_k, rank_by):
    X, y = drawn(300, 2, top_k=top_k, rank_by=rank_by)
    fit = moe.maximize_likelihood(X, y, 3, top_k=top_k, rank_by=rank_by, n_init=3)
    at = Parameters(np.column_stack([THREE.beta1, THREE.beta0]), np.column_stack([THREE.a, THREE.b]), np.array(THREE.v))
    assert fit.converged
    assert fit.error <= 1e-9
    assert fit.n_switches >= 0
    assert fit.log_likelihood > mean_log_density(fit.gate, at, X, y, np.ones(300))


def test_top_one_finds_the_breakpoint():
    """The published setting: one expert left of 0.32 and the other right of it."""
    G = moe.MixingMeasure([-8, 0], [25, 0], a=[-20, 20], b=[15, -5], v=[0.09, 0.16])
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, (400, 1))
    y = moe.simulate(G, X, rng, top_k=1)
    fit = moe.maximize_likelihood(X, y, 2, top_k=1, n_init=2)
    slope, intercept = fit.parameters.gate[0] - fit.parameters.gate[1]
    gap = np.sort(X[:, 0])[np.searchsorted(np.sort(X[:, 0]), 0.32) + np.array([-1, 0])]
    assert gap[0] - 1e-12 <= -intercept / slope <= gap[1] + 1e-12
    parts = [X[:, 0] < 0.32, X[:, 0] >= 0.32]
    for part in parts:
        line = np.polyfit(X[part, 0], y[part], 1)
        assert np.abs(fit.parameters.expert - line).max(axis=1).min() < 1e-8


def test_a_solver_that_ignores_the_jumps_is_not_called_converged():
    X, y = drawn(200, 3, top_k=2)
    fit = moe.maximize_likelihood(X, y, 3, top_k=2, n_init=1, solver="em", on_failure="ignore")
    better = moe.maximize_likelihood(X, y, 3, top_k=2, n_init=1)
    assert better.converged
    assert fit.log_likelihood <= better.log_likelihood + 1e-12


def best_split_value(likelihood, x, y, s, cut):
    """Penalised value of two regressions, each as NumPy fits it and with its best variance."""
    total, a = 0.0, likelihood.penalty
    for part in (slice(0, cut), slice(cut, len(x))):
        line = np.polyfit(x[part], y[part], 1, w=np.sqrt(s[part]))
        squares = s[part] @ (y[part] - np.polyval(line, x[part])) ** 2
        variance = (squares + 2 * a * likelihood.scale) / (s[part].sum() + 2 * a)
        total += -0.5 * (squares / variance + s[part].sum() * np.log(2 * np.pi * variance))
        total -= a * (likelihood.scale / variance + np.log(variance))
    return total / likelihood.total


@pytest.mark.parametrize("seed", range(4))
def test_best_segments_against_trying_all_splits(seed):
    likelihood, _ = case(seed, k=2, d=1, n=40, top_k=1)
    found = best_segments(likelihood)
    order = np.argsort(likelihood.Z[0])
    x, y, s = likelihood.Z[0][order], likelihood.Z[2][order], likelihood.weight[order]
    best = max(best_split_value(likelihood, x, y, s, cut) for cut in range(3, 38))
    assert likelihood.value(found) == pytest.approx(best, abs=1e-10)
    _, gain = swept(likelihood, found)
    assert gain < 1e-12


def test_top_one_in_one_dimension_is_the_best_of_all_starts():
    X, y = drawn(200, 4, top_k=2)
    fit = moe.maximize_likelihood(X, y, 3, top_k=1, n_init=2)
    for style in ("kmeans", "lines"):
        other = moe.maximize_likelihood(X, y, 3, top_k=1, n_init=4, init=style)
        assert fit.log_likelihood >= other.log_likelihood - 1e-9
