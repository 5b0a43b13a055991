"""The shared parts of the studies of rates: exact moments, noise of sums, estimates as the library makes them."""

import math

import numpy as np
import pytest

from sparsetheory import ldp
from sparsetheory.ldp.rate_study import (
    Y_BOUND,
    draw_sign_data,
    noisy_moments,
    pose,
    root_mean_square,
    sign_products,
    thresholded,
)
from sparsetheory.ldp.score_study import clipped_scores, kept_noise, plain_scores, pose_scores

CELL = {"n": 64 * 5000, "d": 6, "k": 2, "eps": 4.0}


def test_products_are_those_of_the_signs_behind_the_bits():
    n, columns = 64 * 5000, 5  # more words than a block holds
    rng, words = np.random.default_rng(3), []
    for block in (4096, 904):
        words.append(rng.integers(0, 2**64, size=(columns, block), dtype=np.uint64))
    bits = np.unpackbits(np.hstack(words).view(np.uint8), axis=1)
    signs = 1 - 2 * bits.astype(np.int64)
    np.testing.assert_array_equal(sign_products(n, columns, np.random.default_rng(3)), signs @ signs.T)


def test_moments_belong_to_bounded_responses():
    data = draw_sign_data(64 * 100, 6, 4, np.random.default_rng(0))
    assert np.linalg.norm(data.theta) == pytest.approx(1)
    assert np.abs(data.theta).sum() + 0.5 <= Y_BOUND
    np.testing.assert_allclose(data.cross, data.gram @ data.theta + data.noise, rtol=0, atol=1e-15)
    assert np.abs(data.noise).max() <= 0.5


@pytest.mark.parametrize(("mechanism", "delta"), [("privunitg", 0.0), ("gaussian", 1e-5)])
def test_noise_is_that_of_the_simulated_statistics(mechanism, delta):
    rng = np.random.default_rng(1)
    instance = pose(CELL, rng, mechanism=mechanism, delta=delta)
    data, d = instance.data, 6
    params = ldp.LDPParams(d, CELL["eps"], delta, x_radius=math.sqrt(d), y_bound=Y_BOUND, mechanism=mechanism)
    gram, cross = noisy_moments(data, instance.noise, 3000, rng)
    gram, cross = gram - data.gram, cross - data.cross
    stats = [
        ldp.simulate.gram_stats_from_moments(data.n * data.gram, data.n * data.cross, data.n, params, rng)
        for _ in range(400)
    ]
    grams = np.array([s.gram() - data.gram for s in stats])
    crosses = np.array([s.cross_moment() - data.cross for s in stats])
    off, on = np.triu_indices(d, 1), np.diag_indices(d)
    for ours, theirs in (
        (gram[:, *off], grams[:, *off]), (gram[:, *on], grams[:, *on]), (cross, crosses)
    ):  # fmt: skip
        assert ours.std() == pytest.approx(theirs.std(), rel=0.05)  # 4 standard errors, 1 % of grid
        assert abs(ours.mean()) < 5 * ours.std() / math.sqrt(ours.size)
    np.testing.assert_array_equal(gram, gram.transpose(0, 2, 1))


def test_estimates_are_the_library_s():
    instance = pose(CELL, np.random.default_rng(2), mechanism="privunitg")
    gram, cross = noisy_moments(instance.data, instance.noise, 32, np.random.default_rng(5))
    found = thresholded(instance, np.random.default_rng(5))
    for i in (0, 31):
        stats = (gram[i], cross[i], instance.noise.over(instance.data.n), instance.data.n)
        np.testing.assert_allclose(found[i], ldp.estimate(stats, lambda_min=1.0).coef, rtol=0, atol=1e-12)


def test_public_covariates_need_no_solve():
    instance = pose(CELL, np.random.default_rng(2), mechanism="privunitg", public_covariates=True)
    gram, _ = noisy_moments(instance.data, instance.noise, 2, np.random.default_rng(5))
    np.testing.assert_array_equal(gram[1], np.eye(6))


def test_root_mean_square():
    assert root_mean_square(np.array([[3.0, 4.0], [0.0, 1.0]]), np.zeros(2)) == pytest.approx(math.sqrt(13))


def test_noise_that_is_kept():
    squares = np.sort(np.random.default_rng(0).standard_normal((4000, 120)) ** 2, axis=1)
    assert kept_noise(8, 128) == pytest.approx(squares[:, -8:].sum(axis=1).mean(), rel=0.03)


@pytest.mark.parametrize("run", [clipped_scores, plain_scores])
def test_rounds_without_noise_end_at_the_parameter(run):
    residual = 1.0 if run is clipped_scores else np.inf
    cell = {"d": 12, "k": 2, "eps": 2.0, "n": 3 * 64 * 600}
    instance = pose_scores(cell, np.random.default_rng(0), randomizer=ldp.PrivUnitG, residual=residual, bound=1e-9)
    found = run(instance, np.random.default_rng(1))
    assert np.count_nonzero(found) <= 4
    assert np.linalg.norm(found - instance.theta) < 6 * 0.5 * math.sqrt(4 / 38400)
