"""Every rule against its textbook formula: scores, guaranteed progress, descent, ties, the table of refusals."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sparsetheory import bcd
from sparsetheory.bcd import table
from sparsetheory.bcd.graph_partition import GRAPH_PARTITIONS
from sparsetheory.bcd.partition import build
from sparsetheory.bcd.penalty import bind
from sparsetheory.bcd.state import State
from sparsetheory.errors import InvalidArgument

SMOOTH = ("gs", "gsl", "gsd", "gsd-rows", "gsq", "gsn")
COMPOSITE = ("gs-s", "gs-r", "gs-q", "gsl-r", "gsl-q", "gsd-r", "gsd-q")
PROMISING = ("gradient", "diagonal", "matrix", "exact")
BLOCKS = [[0, 3], [1], [2, 5, 6, 7, 8], [4]]


def state_at(problem, x, penalty=None, blocks=BLOCKS):
    covered = {i for b in blocks for i in b}
    used = [np.array([i for i in b if i < problem.n]) for b in blocks]
    used += [np.array([i]) for i in range(problem.n) if i not in covered]
    used = [b for b in used if len(b)]
    problem, bound = bind(problem, penalty)
    return State(problem, bound, used, 3, x.copy(), np.random.default_rng(0))


@pytest.mark.parametrize("rule", SMOOTH)
def test_scores_of_blocks_are_the_textbooks(kind, make, textbook, rule):
    problem, (_, grad, hess, H) = make(kind)
    x = np.random.default_rng(4).normal(size=problem.n) * 0.2
    state = state_at(problem, x)
    expected = textbook.block_scores(rule, grad(x), state.blocks, H, hess(x))
    got = bcd.SELECTIONS[rule].fixed(state)
    assert_allclose(got, expected, rtol=1e-7)


@pytest.mark.parametrize("rule", COMPOSITE)
def test_composite_scores_are_the_textbooks(kind, make, textbook, rule):
    problem, (_, grad, _, H) = make(kind)
    x = np.random.default_rng(5).normal(size=problem.n) * (np.arange(problem.n) % 2)
    alpha = 0.5 * np.abs(grad(x)).max()
    state = state_at(problem, x, bcd.L1(alpha))
    expected = textbook.composite_scores(rule, x, grad(x), state.blocks, H, alpha)
    assert_allclose(bcd.SELECTIONS[rule].fixed(state), expected, rtol=1e-8, atol=1e-9 * expected.max())


def test_gsq_q_is_the_best_decrease_of_the_model(make):
    import cvxpy as cp

    problem, (_, grad, _, H) = make("least_squares")
    x, alpha = np.array([0.0, 1.0, -1.0, 0.0, 2.0, 0.0, 0.5]), 3.0
    state = state_at(problem, x, bcd.L1(alpha))
    for b, got in zip(state.blocks, bcd.SELECTIONS["gsq-q"].fixed(state)):
        d = cp.Variable(len(b))
        factor = np.linalg.cholesky(H(b))
        model = grad(x)[b] @ d + 0.5 * cp.sum_squares(factor.T @ d) + alpha * cp.norm1(x[b] + d)
        best = alpha * np.abs(x[b]).sum() - cp.Problem(cp.Minimize(model)).solve(solver="CLARABEL")
        assert_allclose(got, best, rtol=1e-5)


@pytest.mark.parametrize("update", PROMISING)
@pytest.mark.parametrize("select", ["gsl", "gsq", "cyclic"])
def test_every_step_makes_the_progress_that_its_rule_promises(kind, make, textbook, update, select):
    problem, (f, grad, _, H) = make(kind)
    x, iterates = np.zeros(problem.n), []
    result = bcd.minimize(
        problem, partition="sort", block_size=3, select=select, update=update, tol=0.0, max_iter=40, check_every=1,
        callback=lambda p: iterates.append(p.solution), on_failure="ignore",
    )  # fmt: skip
    noise = 1e-13 * (np.abs(result.objectives).max() + abs(problem.total_lipschitz) * result.x @ result.x)
    for new, b in zip(iterates, result.visited):
        floor = textbook.progress_floor(update, grad(x)[b], H(b), problem.lipschitz[b])
        assert f(x) - f(new) >= floor * (1 - 1e-9) - noise
        x = new


@pytest.mark.parametrize("update", bcd.UPDATES)
def test_no_update_ever_lets_the_objective_rise(kind, make, update):
    problem, _ = make(kind)
    for penalty in (None, bcd.L1(1.0), bcd.Box(-0.1, 0.2)):
        if penalty and bcd.UPDATES[update].penalty == "none":
            continue  # refused; the table is held against runs below
        result = bcd.minimize(problem, penalty=penalty, update=update, block_size=3, max_iter=60, tol=0.0,
                              on_failure="ignore")  # fmt: skip
        scale = np.abs(result.objectives).max()
        assert np.diff(result.objectives).max() <= 1e-13 * scale
        assert result.objectives[-1] < result.objectives[0]


def test_the_adaptive_estimate_never_exceeds_twice_the_block_constant(make):
    problem, _ = make("least_squares")
    state = state_at(problem, np.zeros(problem.n))
    for _ in range(30):
        for k, b in enumerate(state.blocks):
            block = state.fixed(k)
            state.apply(block, bcd.UPDATES["adaptive"].step(state, block))
            assert state.estimates[b].max() <= max(1.0, 2 * state.largest(block)) * (1 + 1e-12)


def test_equal_scores_go_to_the_lowest_index():
    problem = bcd.Quadratic(np.eye(6), np.ones(6))
    result = bcd.minimize(problem, partition="order", select="gs", block_size=2, update="exact")
    assert [b.tolist() for b in result.visited] == [[0, 1], [2, 3], [4, 5]]
    result = bcd.minimize(problem, partition="variable", select="gs", block_size=4, update="exact")
    assert result.visited[0].tolist() == [0, 1, 2, 3]


def test_variable_blocks_take_the_largest_scores(make):
    problem, (_, grad, _, H) = make("least_squares")
    g, diagonal = grad(np.zeros(problem.n)), np.diag(H(range(problem.n)))
    for rule, key in {"gs": np.abs(g), "gsl": g**2 / diagonal, "gsd": g**2 / diagonal}.items():
        result = bcd.minimize(problem, partition="variable", select=rule, block_size=3, max_iter=1, on_failure="ignore")
        assert set(result.visited[0]) == set(np.argsort(-key)[:3])


def test_hard_thresholding_is_never_worse_than_separate_scores_and_can_be_better():
    better = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(30, 12)) + rng.normal(size=(30, 1))  # every two columns correlate
        problem, falls = bcd.LeastSquares(X, X @ rng.normal(size=12)), {}
        for rule in ("gsd", "gsq", "gsn"):
            run = bcd.minimize(problem, partition="variable", select=rule, block_size=4, max_iter=1, update="exact",
                               on_failure="ignore")  # fmt: skip
            falls[rule] = run.objectives[0] - run.objectives[1]
        assert falls["gsq"] >= falls["gsd"] * (1 - 1e-12) > 0
        assert falls["gsn"] == pytest.approx(falls["gsq"], rel=1e-9)  # one Hessian
        better += falls["gsq"] > falls["gsd"] * (1 + 1e-3)
    assert better >= 10, better


def test_lipschitz_sampling_draws_in_proportion():
    problem = bcd.Quadratic(np.diag([1.0, 2.0, 0.0, 7.0]), [1.0, 1.0, 0.0, 1.0])
    blocks = [[0], [1], [2], [3]]
    state = State(*bind(problem, None), [np.array(b) for b in blocks], 1, np.zeros(4), np.random.default_rng(0))
    drawn = np.bincount([bcd.SELECTIONS["lipschitz"].fixed(state) for _ in range(4000)], minlength=4) / 4000
    assert_allclose(drawn, [0.1, 0.2, 0.0, 0.7], atol=0.03)  # four standard deviations
    state = State(*bind(problem, None), None, 2, np.zeros(4), np.random.default_rng(0))
    pairs = [tuple(bcd.SELECTIONS["lipschitz"].variable(state)) for _ in range(200)]
    assert all(2 not in pair for pair in pairs)


@pytest.mark.parametrize("name", [p for p in bcd.PARTITIONS if p not in ("variable", "groups", *GRAPH_PARTITIONS)])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_partitions_cover_once_and_the_last_block_is_shorter(make, name, size):
    problem, _ = make("least_squares", n=7)
    blocks = build(name, *bind(problem, None), size, np.random.default_rng(0))
    assert sorted(np.concatenate(blocks)) == list(range(7))
    assert sorted(map(len, blocks), reverse=True) == [size] * (7 // size) + [7 % size] * (7 % size > 0)


def test_sorted_blocks_have_ordered_constants_and_averaged_ones_mix(make):
    problem, _ = make("least_squares", n=8)
    L = problem.lipschitz
    blocks = build("sort", *bind(problem, None), 2, np.random.default_rng(0))
    assert all(L[a].max() <= L[b].min() for a, b in pairwise(blocks))
    ranks = np.argsort(np.argsort(L))
    blocks = build("average", *bind(problem, None), 2, np.random.default_rng(0))
    assert [sorted(ranks[b]) for b in blocks] == [[0, 7], [1, 6], [2, 5], [3, 4]]


def test_clustered_blocks_hold_correlated_columns():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(50, 3))
    X = np.repeat(base, 2, axis=1)[:, [0, 2, 4, 1, 3, 5]] + 0.05 * rng.normal(size=(50, 6))
    blocks = build("clustered", *bind(bcd.LeastSquares(X, base[:, 0]), None), 2, rng)
    assert [b.tolist() for b in blocks] == [[0, 3], [1, 4], [2, 5]]


def test_perm_visits_every_variable_once_a_sweep_and_cuts_afresh(make):
    problem, _ = make("least_squares", n=7)
    result = bcd.minimize(problem, partition="perm", select="cyclic", block_size=3, max_iter=9, tol=0.0,
                          rng=np.random.default_rng(0), on_failure="ignore")  # fmt: skip
    sweeps = [result.visited[k : k + 3] for k in (0, 3, 6)]
    assert all(sorted(np.concatenate(s)) == list(range(7)) for s in sweeps)
    assert not np.array_equal(sweeps[0][0], sweeps[1][0])


@pytest.mark.parametrize("approximate", [bcd.Multiplicative(0.5), bcd.Additive(2.0), bcd.Sampled(3)])
def test_approximate_rules_pick_within_their_error(approximate):
    scores = np.array([1.0, 9.0, 5.0, 8.0, 4.0])
    rng = np.random.default_rng(0)
    picked = {approximate.pick(scores, rng) for _ in range(200)}
    expected = {bcd.Multiplicative: {1, 2, 3}, bcd.Additive: {1, 3}, bcd.Sampled: {1, 3, 2}}[type(approximate)]
    assert picked == expected


def outcome(problem, **rules):
    """Return None when the run went through, what was said when it was refused."""
    try:
        bcd.minimize(problem, **rules, block_size=2, max_iter=2, rng=np.random.default_rng(0), on_failure="ignore")
    except InvalidArgument as refused:
        return str(refused)
    return None


def test_every_cell_of_the_table_is_what_a_run_does():
    for title, (problem, penalty) in table.examples().items():
        for (partition, select, update), reason in table.cells(problem, penalty).items():
            if "sparse" in title and partition not in GRAPH_PARTITIONS and not select.endswith(("tree", "tree-scaled")):
                continue  # the same code as for a dense matrix
            said = outcome(problem, partition=partition, select=select, update=update, penalty=penalty)
            split = said is not None and "do not split" in said  # decided when the blocks are cut
            assert split or (said is None) == (reason is None), (title, partition, select, update, said)
            assert split or said is None or reason in said


def test_the_page_of_rules_is_current():
    page = Path(__file__).parents[2] / "docs" / "bcd-rules.md"
    assert page.read_text() == table.page(), "run python -m sparsetheory.bcd.table"
