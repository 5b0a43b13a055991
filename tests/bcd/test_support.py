"""Variable blocks that hold the support: what is in them, when they cannot, and that they terminate."""

import numpy as np
import pytest

from sparsetheory import bcd
from sparsetheory.bcd.penalty import bind
from sparsetheory.bcd.state import State
from sparsetheory.errors import InvalidArgument


def chosen(problem, penalty, x, size, select="gsl-q-support"):
    state = State(*bind(problem, penalty), None, size, np.array(x, dtype=float), np.random.default_rng(0))
    return bcd.SELECTIONS[select].variable(state).tolist()


def ranked(problem, penalty, x):
    """Variables by the fall of their models, minimised over all kinks, bounds and stationary points."""
    gradient, lower, upper, alpha = problem.gradient(x, problem.image(x)), *penalty
    best = []
    for i, L in enumerate(problem.lipschitz):
        points = [0.0, lower, upper, x[i] - (gradient[i] + alpha) / L, x[i] - (gradient[i] - alpha) / L]
        d = np.array([p for p in points if np.isfinite(p) and lower <= p <= upper]) - x[i]
        best.append(-(gradient[i] * d + L / 2 * d**2 + alpha * (np.abs(x[i] + d) - np.abs(x[i]))).min())
    return np.argsort(-np.round(best, 9), kind="stable")  # equal falls differ by rounding


@pytest.mark.parametrize(
    ("penalty", "plain"), [(bcd.L1(2.0), (-np.inf, np.inf, 2.0)), (bcd.Box(0.0, 1.5, alpha=2.0), (0.0, 1.5, 2.0))]
)
def test_the_block_is_the_support_and_the_best_of_the_others(make, penalty, plain):
    problem, _ = make("least_squares", n=12, samples=20)
    rng = np.random.default_rng(1)
    for _ in range(20):
        x = np.clip(rng.normal(size=12), *plain[:2]) * (rng.random(12) < 0.4)
        inside = set(np.flatnonzero((x != 0) & (x != plain[0]) & (x != plain[1])))
        got, ranking = chosen(problem, penalty, x, 7), ranked(problem, plain, x)
        others = [i for i in ranking if i not in inside][: 7 - len(inside)]
        assert set(got) == (inside | set(others) if len(inside) < 7 else set(ranking[:7]))


def test_a_support_without_room_for_a_newcomer_is_not_forced(make):
    problem, _ = make("least_squares", n=12, samples=20)
    x = np.zeros(12)
    x[:5] = np.random.default_rng(0).normal(size=5)
    for size in (1, 4, 5):
        assert chosen(problem, bcd.L1(2.0), x, size) == chosen(problem, bcd.L1(2.0), x, size, "gsl-q")
    assert set(range(5)) < set(chosen(problem, bcd.L1(2.0), x, 6))


def test_without_a_penalty_it_is_gsl(make):
    problem, _ = make("logistic", n=9)
    x = np.random.default_rng(0).normal(size=9) * 0.1
    assert chosen(problem, None, x, 4) == chosen(problem, None, x, 4, "gsl")


def falls_after_identification(seed, select, update):
    """Return how far F is above its minimum from the identification on, and the floor of that."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 200)) * 10.0 ** rng.uniform(-1, 1, 200) + rng.normal(size=(80, 1))
    problem = bcd.LeastSquares(X, X[:, :12] @ rng.normal(size=12) + rng.normal(size=80))
    penalty = bcd.L1(0.05 * np.abs(X.T @ problem.y).max())

    def descend(select, block_size):
        return bcd.minimize(
            problem, penalty=penalty, partition="variable", select=select, update=update, block_size=block_size,
            tol=1e-15, max_iter=200, on_failure="ignore",
        )  # fmt: skip

    best = descend("gsl-q-support", 100)
    run = descend(select, len(best.support) + 1)
    assert np.array_equal(run.support, best.support)
    return run.objectives[run.identified_at :] - best.objective, 1e-13 * best.objective


@pytest.mark.parametrize("update", ["two-metric", "prox-newton"])
def test_one_step_on_the_support_is_the_last_where_plain_blocks_may_take_more(update):
    slow = 0
    for seed in range(6):
        error, floor = falls_after_identification(seed, "gsl-q-support", update)
        assert (error[1:] <= floor).all()
        slow += (falls_after_identification(seed, "gsl-q", update)[0][1:] > floor).any()
    assert slow >= 1  # support variables that score 0 for a moment lose their place


def test_fixed_blocks_and_groups_are_refused(make):
    problem, _ = make("least_squares")
    with pytest.raises(InvalidArgument, match="cannot follow the support"):
        bcd.minimize(problem, penalty=bcd.L1(1.0), partition="sort", select="gsl-q-support")
    with pytest.raises(InvalidArgument, match="split a group"):
        bcd.minimize(problem, penalty=bcd.GroupL1(1.0, 2), partition="variable", select="gsl-q-support")
