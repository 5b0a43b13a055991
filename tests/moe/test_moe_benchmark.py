"""The benchmark's judge holds against the textbook, and its peers solve what they say they solve."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

ROOT = str(Path(__file__).resolve().parents[2])


NAMES = ["instance", "judge", "measure", "mixture", "smooth", "problems.normal", "problems.overlap"]
NAMES += ["peers.numpy_em", "peers.scipy_lbfgs", "peers.squarem"]


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, ROOT)
    try:
        return {name.split(".")[-1]: import_module(f"benchmarks.moe.{name}") for name in NAMES}
    finally:
        sys.path.remove(ROOT)


def problem(bench, n=400):
    return next(bench["overlap"].instances(n))


def textbook(at, X, y):
    total = 0.0
    for x, response in zip(X, y, strict=True):
        scores = np.exp([row[:-1] @ x + row[-1] for row in at.gate])
        means = np.array([row[:-1] @ x + row[-1] for row in at.expert])
        densities = np.exp(-((response - means) ** 2) / (2 * at.variance)) / np.sqrt(2 * np.pi * at.variance)
        total += np.log(scores @ densities / scores.sum())
    return total / len(y)


def test_the_judge_is_the_textbook_and_its_gradient_the_slope(bench):
    judge, instance = bench["judge"], next(bench["normal"].instances(60))
    at, X, y = instance.start, instance.X, instance.y
    assert judge.log_likelihood(at, X, y) == pytest.approx(textbook(at, X, y), rel=1e-13)
    h, slopes = 1e-6, []
    for part in range(3):
        for index in np.ndindex(at[part].shape):
            ends = []
            for sign in (1, -1):
                moved = [np.array(values) for values in at]
                moved[part][index] = moved[part][index] * np.exp(sign * h) if part == 2 else at[part][index] + sign * h
                ends.append(judge.log_likelihood(bench["instance"].Theta(*moved), X, y))
            slopes.append((ends[0] - ends[1]) / (2 * h))
    assert judge.gradient_norm(at, X, y) == pytest.approx(np.abs(slopes).max(), rel=1e-6)


def test_what_has_no_density_never_passes(bench):
    judge, instance = bench["judge"], problem(bench)
    gate, expert, variance = instance.start
    Theta = bench["instance"].Theta
    assert judge.log_likelihood(Theta(gate, expert, -variance), instance.X, instance.y) == -np.inf
    assert np.isnan(judge.log_likelihood(Theta(gate * np.nan, expert, variance), instance.X, instance.y))


def test_a_row_counts_only_within_the_target(bench):
    measure, Peer = bench["measure"], bench["instance"].Peer
    instance = problem(bench, 100)
    peer = Peer(name="a", version="1", solve=bench["numpy_em"].solve)
    best = measure.run(peer, instance, 1e-14)
    rung = measure.climb(peer, instance, best, best.log_likelihood, 1e-8)
    looser = measure.run(peer, instance, rung.tol * np.sqrt(10.0))
    assert rung.within(best.log_likelihood, 1e-8) and not looser.within(best.log_likelihood, 1e-8)
    assert measure.climb(peer, instance, best, best.log_likelihood + 1e-6, 1e-8) is best
    best.log_likelihood = np.nan
    assert not best.within(-1.0, 1e-8)


def test_em_never_falls_and_its_peers_end_where_it_ends(bench):
    judge, instance = bench["judge"], problem(bench)
    mixture, at = bench["mixture"].Mixture(instance.X, instance.y), instance.start
    gate, values = mixture.gate(at.gate), []
    for _ in range(50):
        value, at, gate = mixture.em_map(at, gate)
        values.append(value)
    assert values[0] == pytest.approx(judge.log_likelihood(instance.start, instance.X, instance.y), rel=1e-13)
    assert (np.diff(values) > 0).all()
    ends = [bench[name].solve(instance, 1e-13) for name in ("numpy_em", "squarem", "scipy_lbfgs")]
    found = [judge.log_likelihood(end, instance.X, instance.y) for end in ends]
    assert max(found) - min(found) <= 1e-10
    assert all(judge.gradient_norm(end, instance.X, instance.y) <= 1e-5 for end in ends)


def test_the_way_to_other_units_and_back(bench):
    smooth, instance = bench["smooth"], problem(bench)
    units = np.array([0.3]), np.array([2.0]), -1.0, 3.0
    there = smooth.scaled(instance.start, *units)
    for before, after in zip(instance.start, smooth.unscaled(there, *units), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-13, atol=1e-14)
    X, y = (instance.X - 0.3) / 2, (instance.y + 1) / 3
    value = bench["judge"].log_likelihood(instance.start, instance.X, instance.y)
    assert bench["judge"].log_likelihood(there, X, y) == pytest.approx(value + np.log(3))
