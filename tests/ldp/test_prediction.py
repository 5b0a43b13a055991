"""Closed forms against samples, against brute force, against each other."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp.hard_thresholding import iht_step
from sparsetheory.ldp.prediction import GRAM_MECHANISMS
from sparsetheory.ldp.thresholded_normal import hard_moments, soft_moments, survival

_spec = importlib.util.spec_from_file_location(
    "ldp_sparse_twin_p", Path(__file__).parents[1] / "reference" / "ldp_sparse.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

BOUNDS = {"x_radius": math.sqrt(32), "y_bound": 3.0}


@settings(max_examples=25, deadline=None)
@given(mean=st.floats(-4, 6), cut=st.floats(0, 5))
def test_moments_of_thresholded_normals_are_integrals(mean, cut):
    def integral(value):
        ends = ((mean - 10, -cut), (cut, mean + 10))
        return sum(quad(lambda x: value(x) * norm.pdf(x - mean), a, b)[0] for a, b in ends if a < b)

    soft = [integral(lambda x, p=p: (abs(x) - cut) ** p * np.sign(x) ** p) for p in (1, 2)]
    hard = [integral(lambda x, p=p: x**p) for p in (1, 2)]
    np.testing.assert_allclose(soft_moments(mean, cut), soft, atol=1e-8)
    np.testing.assert_allclose(hard_moments(mean, cut), hard, atol=1e-8)
    assert survival(mean, cut) == pytest.approx(integral(lambda x: 1.0), abs=1e-8)
    risk = float(ldp.soft_threshold_risk(mean, sd=1.0, threshold=max(cut, 1e-9)))
    assert risk == pytest.approx(soft[1] - 2 * mean * soft[0] + mean**2, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(r=st.floats(0.5, 20), tau=st.floats(0.2, 10), theta=st.floats(0.2, 3))
def test_weight_and_share_are_the_best(r, tau, theta):
    c = ldp.gaussian_weight(r, tau, theta)
    others = c * np.geomspace(0.5, 2, 201)
    variance = (r**2 + (others * tau) ** 2) ** 2 * (theta**2 + others**-2.0)
    assert variance.argmin() == 100
    assert c * tau <= r * (1 + 1e-12)  # the square of the response is then free (sensitivity)
    shares = np.linspace(0.001, 0.999, 999)
    variance = r**4 * theta**2 / (2 * shares) + r**2 * tau**2 / (1 - shares)
    assert abs(ldp.gram_share(r, tau, theta) - shares[variance.argmin()]) <= 0.001


def test_published_constants_are_those_of_the_paper():
    noise = ldp.gram_noise("published", 32, 0.5, 1e-6, **BOUNDS)
    scale = 32 * math.log(2.5e6) / 0.25
    np.testing.assert_allclose(np.square(noise), [scale * 32**2, scale * 32**2, scale * 32 * 1.0 * 9])
    other = ldp.gram_noise("published", 32, 0.5, 1e-6, coordinate_bound=2.0, **BOUNDS)
    assert other.cross == pytest.approx(2 * noise.cross)


def test_pure_noise_is_that_of_the_randomiser():
    """One report of the Gram matrix, one of the cross moment; shares of the users undo themselves."""
    noise, share = ldp.gram_noise("privunitg", 6, 2.0, x_radius=2.0, y_bound=3.0), ldp.gram_share(2.0, 3.0)
    rng = np.random.default_rng(0)
    gram = ldp.PrivUnitG(dim=21, epsilon=2.0, sensitivity=8.0).privatize(np.zeros((4000, 21)), rng)
    cross = ldp.PrivUnitG(dim=6, epsilon=2.0, sensitivity=12.0).privatize(np.zeros((10000, 6)), rng)
    assert noise.diagonal * math.sqrt(share) == pytest.approx(gram.std(), rel=0.02)
    assert noise.off_diagonal * math.sqrt(2 * share) == pytest.approx(gram.std(), rel=0.02)
    assert noise.cross * math.sqrt(1 - share) == pytest.approx(cross.std(), rel=0.02)


@pytest.mark.parametrize("mechanism", GRAM_MECHANISMS)
@pytest.mark.parametrize("ratio", [0.1, 0.25])
def test_errors_of_solved_noisy_moments_are_predicted(mechanism, ratio):
    d, k, draws = 24, 3, 60
    noise = ldp.gram_noise(mechanism, d, 1.0, 1e-5, x_radius=math.sqrt(d), y_bound=3.0)
    n = ldp.noise_to_eigenvalue(noise, 1.0, d) ** 2 / ratio**2
    theta, rng = np.zeros(d), np.random.default_rng(1)
    theta[:k] = np.array([1, -1, 1]) / math.sqrt(k)
    errors = []
    for _ in range(draws):
        gram, cross = twin.noisy_moments(theta, noise.over(n), rng)
        errors.append(np.linalg.norm(ldp.estimate((gram, cross, noise.over(n), n), lambda_min=1.0).coef - theta))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(ldp.predicted_error(noise, n, d, k), rel=0.12)


@pytest.mark.parametrize("threshold", ["hard", "soft"])
@pytest.mark.parametrize("n", [1e4, 1e5, 3e6])
def test_errors_of_a_step_are_predicted(threshold, n):
    d, k = 64, 4
    noise = ldp.score_noise("norm", d, 1.0, x_radius=8.0, y_bound=3.0, sparsity=k, threshold=threshold)
    theta, rng = np.zeros(d), np.random.default_rng(2)
    theta[:k] = 0.5
    sd = noise.entry / math.sqrt(n / 3)
    keep, level = (noise.keep, 0.0) if threshold == "hard" else (None, ldp.universal_threshold(sd, d))
    squares = []
    for _ in range(400):
        found = iht_step(theta, sd * rng.normal(size=d), step=1.0, keep=keep, level=level)
        squares.append(np.sum((found - theta) ** 2))
    assert np.sqrt(np.mean(squares)) == pytest.approx(ldp.predicted_error(noise, n, d, k), rel=0.1)


def test_the_operator_norm_is_that_of_the_semicircle():
    noise, rng = ldp.GramNoise(0.01, 0.01 * math.sqrt(2), 0.0), np.random.default_rng(3)
    gram, _ = twin.noisy_moments(np.zeros(100), noise, rng)
    assert np.linalg.norm(gram - np.eye(100), 2) == pytest.approx(ldp.noise_to_eigenvalue(noise, 1, 100), rel=0.1)


def test_first_order_deviations_are_those_of_small_noise():
    theta, rng = np.array([0.6, 0.0, -0.8]), np.random.default_rng(4)
    noise = ldp.GramNoise(1e-4, 3e-4, 2e-4)
    found = []
    for _ in range(4000):
        gram, cross = twin.noisy_moments(theta, noise, rng)
        found.append(np.linalg.solve(gram, cross))
    expected = [noise.coordinate(1.0, theta_j=t) for t in theta]
    np.testing.assert_allclose(np.std(found, axis=0), expected, rtol=0.05)


@settings(max_examples=25, deadline=None)
@given(
    mechanism=st.sampled_from(GRAM_MECHANISMS), d=st.integers(2, 80), epsilon=st.floats(0.1, 6),
    target=st.floats(0.05, 0.7), public=st.booleans(), low=st.floats(0.2, 1),
)  # fmt: skip
def test_users_needed_are_where_the_error_is_met(mechanism, d, epsilon, target, public, low):
    k = min(d, 3)
    options = {"x_radius": math.sqrt(d), "y_bound": 2.0, "public_covariates": public}
    noise = ldp.gram_noise(mechanism, d, epsilon, 1e-5, **options)
    n = ldp.n_required(target, d, k, noise=noise, lambda_min=low)
    assert ldp.predicted_error(noise, n, d, k, lambda_min=low) <= target * (1 + 1e-6)
    assert ldp.noise_to_eigenvalue(noise, n, d, lambda_min=low) <= 0.3 * (1 + 1e-6)
    fewer = 0.99 * n
    assert (
        ldp.predicted_error(noise, fewer, d, k, lambda_min=low) > target
        or ldp.noise_to_eigenvalue(noise, fewer, d, lambda_min=low) > 0.3
        or n <= 100
    )
    more_private = ldp.gram_noise(mechanism, d, epsilon / 2, 1e-5, **options)
    assert all(a >= b for a, b in zip(more_private, noise))


def test_without_noise_there_is_no_error():
    assert ldp.predicted_error(ldp.GramNoise(0.0, 0.0, 0.0), 10, 5, 2) == 0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ldp.gram_noise("laplace", 4, 1.0, x_radius=1, y_bound=1), "mechanism"),
        (lambda: ldp.gram_noise("gaussian", 4, 1.0, x_radius=1, y_bound=1), "delta"),
        (lambda: ldp.gram_noise("privunitg", 4, 0.0, x_radius=1, y_bound=1), "epsilon"),
        (lambda: ldp.gram_noise("privunitg", 4, 1.0, x_radius=math.nan, y_bound=1), "x_radius"),
        (lambda: ldp.score_noise("l2", 4, 1.0, x_radius=1, y_bound=1, sparsity=1), "radius"),
        (lambda: ldp.n_required(1.0, 4, 1, noise=ldp.GramNoise(1, 1, 1)), "target"),
        (lambda: ldp.predicted_error(ldp.GramNoise(1, 1, 1), 10, 4, 5), "sparsity"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.name == name
