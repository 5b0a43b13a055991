"""The compiled loop against one iteration at a time: the same blocks, the same iterates, the same history."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sparsetheory import bcd
from sparsetheory.bcd import _quadratic_loop, quadratic_loop
from sparsetheory.bcd.run import Run
from sparsetheory.result import Status

SMOOTH = ("gs", "gsl", "gsd", "gsd-rows")
COMPOSITE = ("gs-s", "gs-r", "gs-q", "gsl-r", "gsl-q", "gsd-r", "gsd-q")
VISITS = ("cyclic", "permuted", "random", "lipschitz")


def problem(kind, seed=0, l2=0.1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 17)) * (rng.random((30, 17)) < 0.3) * 10.0 ** rng.uniform(-1, 1, 17)
    X[:, 5] = 0.0
    y = X @ rng.normal(size=17) + rng.normal(size=30)
    if kind == "least squares":
        return bcd.LeastSquares(sp.csc_array(X), y, l2=l2)
    if kind == "dense":
        return bcd.LeastSquares(X, y, l2=l2)
    return bcd.Quadratic(sp.csr_array(X.T @ X), X.T @ y, l2=l2)


def both(given, count=60, **rules):
    """Return the run one at a time and the compiled one."""
    rules = {"tol": 0.0, "max_iter": count, "on_failure": "ignore"} | rules
    slow = bcd.minimize(given, check_every=1, rng=np.random.default_rng(3), **rules)
    fast = bcd.minimize(given, check_every=25, rng=np.random.default_rng(3), **rules)
    return slow, fast


def assert_same(slow, fast):
    settled = np.flatnonzero(slow.trace.error < 1e-10)  # from there on rounding decides who is best
    n = min(slow.n_iter, fast.n_iter, settled[0] if settled.size else slow.n_iter)
    assert n >= 3
    for mine, theirs in zip(slow.visited[:n], fast.visited[:n]):
        assert_array_equal(mine, theirs)
    scale = np.abs(slow.objectives).max()
    assert_allclose(fast.objectives[: n + 1], slow.objectives[: n + 1], rtol=0, atol=1e-12 * scale)
    assert np.diff(fast.objectives).max() <= 1e-13 * scale
    if n == slow.n_iter == fast.n_iter:
        assert_allclose(fast.x, slow.x, atol=1e-9 * np.abs(slow.x).max())
        assert fast.identified_at == slow.identified_at


@pytest.fixture
def loops(monkeypatch):
    """Count the compiled chunks: a test that ran none would hold nothing."""
    seen = []
    inner = Run._iterate_compiled
    monkeypatch.setattr(Run, "_iterate_compiled", lambda self, *a: seen.append(1) or inner(self, *a))
    return seen


@pytest.mark.parametrize(
    ("kind", "select"),
    [(kind, select) for kind in ("least squares", "quadratic") for select in SMOOTH + COMPOSITE + VISITS]
    + [("dense", "gsl"), ("dense", "cyclic")],
)
def test_rules_pick_the_same_blocks_and_take_the_same_steps(loops, kind, select):
    given = problem(kind)
    for partition, size in (("sort", 1), ("sort", 4), ("variable", 1)):
        if partition == "variable" and select in VISITS:
            continue
        for update in ("gradient", "newton"):
            assert_same(*both(given, 25, partition=partition, block_size=size, select=select, update=update))
    assert loops


@pytest.mark.parametrize("penalty", [bcd.L1(3.0), bcd.Box(-0.2, 0.5, alpha=1.0), bcd.Box(), bcd.L1L2(2.0, 1.0)])
@pytest.mark.parametrize("kind", ["least squares", "quadratic"])
def test_penalties_and_bounds_are_those_of_single_iterations(loops, kind, penalty):
    given = problem(kind)
    for select in COMPOSITE + VISITS:
        for size in (1, 4):
            for update in ("prox-gradient", "diagonal") + ("prox-newton", "exact") * (size == 1):
                assert_same(*both(given, 25, block_size=size, select=select, update=update, penalty=penalty))
    assert loops


def test_runs_converge_and_say_so_at_the_floor(loops):
    for kind in ("least squares", "quadratic"):
        for select in ("gsl-q", "cyclic"):
            rules = {"select": select, "penalty": bcd.L1(1.0), "block_size": 1, "max_iter": 50_000}
            run = bcd.minimize(problem(kind), tol=1e-12, **rules)
            assert run.converged
            assert len(run.objectives) == run.n_iter + 1 == len(run.visited) + 1
            floor = bcd.minimize(problem(kind), tol=0.0, on_failure="ignore", **rules)
            assert floor.status is Status.FLOOR
    assert loops


def test_a_greedy_run_ends_where_the_best_block_does_not_move(loops):
    run = bcd.minimize(bcd.Quadratic(sp.eye_array(40).tocsr(), np.ones(40)), select="gs", block_size=1, tol=0.0)
    assert run.converged
    assert run.n_iter <= 41
    assert [b.item() for b in run.visited[:40]] == list(range(40))  # ties go to the lowest index
    assert loops


def test_many_steps_do_not_drift(loops):
    given = problem("quadratic", l2=0.0)
    rules = {"select": "gsl", "block_size": 1, "tol": 0.0, "max_iter": 30_000, "on_failure": "ignore"}
    run = bcd.minimize(given, check_every=30_000, **rules)
    assert_allclose(run.objectives[-1], given.value(run.x, given.image(run.x)), rtol=1e-13)
    assert run.error <= 4 * run.floor


def test_what_the_loop_does_not_serve_runs_one_at_a_time(loops):
    given = problem("least squares")
    logistic = bcd.Logistic(given.X, np.sign(given.y))
    for target, rules in (
        (logistic, {"select": "cyclic", "update": "gradient"}),
        (given, {"select": "gsq", "update": "matrix"}),
        (given, {"select": "cyclic", "update": "adaptive"}),
        (given, {"select": "cyclic", "update": "prox-newton", "penalty": bcd.L1(1.0)}),
        (given, {"select": "cyclic", "partition": "perm", "update": "gradient", "rng": np.random.default_rng(0)}),
        (given, {"select": "gsl", "partition": "variable", "update": "gradient"}),
        (given, {"select": "gs-s", "update": "prox-gradient", "penalty": bcd.MCP(1.0)}),
        (given, {"select": "gsl", "approximate": bcd.Sampled(2), "rng": np.random.default_rng(0)}),
    ):
        bcd.minimize(target, block_size=4, check_every=20, max_iter=40, on_failure="ignore", **rules)
    assert not loops


def test_a_loop_that_reads_a_stale_gradient_is_found_out(monkeypatch):
    """The control: scores that are not kept up to date pick other blocks."""
    inner = quadratic_loop.QuadraticLoop._call

    def stale(self, picked, changes, counts, s, g):
        return inner(self, picked, changes, counts, s, np.roll(g, 1))

    monkeypatch.setattr(quadratic_loop.QuadraticLoop, "_call", stale)
    with pytest.raises(AssertionError):
        assert_same(*both(problem("least squares"), 25, block_size=1, select="gsl", update="exact"))


def test_the_kernels_have_the_signatures_that_their_twin_declares():
    for name in ("gsl", "cyclic"):
        for given in (problem("least squares"), problem("dense"), problem("quadratic")):
            for size, update in ((1, "gradient"), (3, "matrix")):
                both(given, 25, select=name, block_size=size, update=update)
    for kernel, declared in _quadratic_loop.SIGNATURES.items():
        assert len(getattr(kernel, "signatures", [None])) == len(declared) == 1
