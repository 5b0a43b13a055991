"""The estimate from moments: the slow twin's answer without noise, symmetries, and what happens under too much."""

import dataclasses
import importlib.util
import math
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsetheory import ldp
from sparsetheory.errors import ConvergenceWarning, InvalidArgument

_spec = importlib.util.spec_from_file_location(
    "ldp_sparse_twin_e", Path(__file__).parents[1] / "reference" / "ldp_sparse.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

SILENT = ldp.GramNoise(0.0, 0.0, 0.0)


def noise_of(ratio, d):
    """Noise of operator norm `ratio` in a matrix with eigenvalues one."""
    s = ratio / (2 * math.sqrt(d))
    return ldp.GramNoise(s, math.sqrt(2) * s, s)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), d=st.integers(1, 9), lam=st.floats(0, 1), ridge=st.sampled_from([0.0, 0.3]))
def test_the_elementary_estimator_is_the_slow_one(seed, d, lam, ridge):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(40, d)), rng.normal(size=40)
    kept = X.copy(), y.copy()
    found = ldp.elementary_estimator(X, y, lam, ridge=ridge)
    np.testing.assert_allclose(found, twin.elementary(X, y, lam, ridge), atol=1e-10)
    np.testing.assert_array_equal((X, y)[0], kept[0])
    gram, cross = X.T @ X / 40 + ridge * np.eye(d), X.T @ y / 40
    own = ldp.estimate((gram, cross, SILENT, 40), threshold=lam)  # without noise the private one is the same
    np.testing.assert_allclose(own.coef, found, atol=1e-10)
    assert own.noise_to_eigenvalue == 0 and own.repair == "none"


def test_a_singular_design_is_refused():
    X = np.ones((5, 2))
    with pytest.raises(InvalidArgument, match="full rank"):
        ldp.elementary_estimator(X, np.ones(5), 0.1)
    assert ldp.elementary_estimator(X, np.ones(5), 0.0, ridge=1e-3) == pytest.approx([0.49975, 0.49975], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), ratio=st.sampled_from([0.1, 0.5, 2.0]), repair=st.sampled_from(["floor", "ridge"]),
    threshold=st.sampled_from(["auto", None, 0.05]),
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::sparsetheory.errors.ConvergenceWarning")
def test_permuted_and_flipped_coordinates_permute_and_flip_the_estimate(seed, ratio, repair, threshold):
    rng, d = np.random.default_rng(seed), 7
    noise, theta = noise_of(ratio, d), rng.normal(size=d) / 3
    gram, cross = twin.noisy_moments(theta, noise, rng)
    order, sign = rng.permutation(d), rng.choice([-1.0, 1.0], d)
    found, moved = (
        ldp.estimate((g, c, noise, 1000), threshold=threshold, on_indefinite=repair)
        for g, c in ((gram, cross), ((gram * np.outer(sign, sign))[np.ix_(order, order)], (cross * sign)[order]))
    )
    np.testing.assert_allclose(moved.coef, (found.coef * sign)[order], atol=1e-9)
    assert moved.n_required == pytest.approx(found.n_required, rel=1e-6)


def test_little_noise_is_silent_and_the_threshold_is_known():
    rng, d = np.random.default_rng(0), 16
    noise, theta = noise_of(0.1, d), np.r_[0.8, -0.6, np.zeros(14)]
    gram, cross = twin.noisy_moments(theta, noise, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ldp.estimate((gram, cross, noise, 10**6), lambda_min=1.0)
    sd = math.sqrt(noise.cross**2 + noise.off_diagonal**2)
    assert found.noise_sd == pytest.approx(sd)
    assert found.threshold == pytest.approx(sd * math.sqrt(2 * math.log(d)))
    np.testing.assert_allclose(found.linear, np.linalg.solve(gram, cross), atol=1e-10)
    np.testing.assert_allclose(found.coef, twin.soft(found.linear, found.threshold), atol=1e-12)
    assert set(np.flatnonzero(found.coef)) >= {0, 1} and found.reliable
    assert len(repr(found).splitlines()) == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.coef = None


@pytest.mark.parametrize("on_indefinite", ["raise", "floor", "ridge"])
def test_more_noise_is_repaired_with_a_warning(on_indefinite):
    rng, d = np.random.default_rng(1), 16
    noise, theta = noise_of(0.6, d), np.r_[0.8, -0.6, np.zeros(14)]
    gram, cross = twin.noisy_moments(theta, noise, rng)
    with pytest.warns(ConvergenceWarning, match="repaired") as caught:
        found = ldp.estimate((gram, cross, noise, 1000), on_indefinite=on_indefinite, threshold=None)
    assert caught[0].filename == __file__
    values, vectors = np.linalg.eigh(gram)
    lifted = values + 0.6 if on_indefinite == "ridge" else np.maximum(values, 0.6)
    np.testing.assert_allclose(found.linear, vectors @ ((vectors.T @ cross) / lifted), atol=1e-9)
    assert 0.3 < found.noise_to_eigenvalue < 1 and not found.reliable
    assert found.n_required == pytest.approx(1000 * (found.noise_to_eigenvalue / 0.3) ** 2, rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_too_much_noise_is_refused_or_repaired_but_never_inverted(seed):
    """The raw inverse would have many times the error of the zero vector."""
    rng, d = np.random.default_rng(seed), 16
    noise, theta = noise_of(3.0, d), np.r_[0.8, -0.6, np.zeros(14)]
    gram, cross = twin.noisy_moments(theta, noise, rng)
    data = (gram, cross, noise, 1000)
    with pytest.raises(ldp.InsufficientUsers, match="zero vector") as caught:
        ldp.estimate(data)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.n, again.n_required) == (1000, caught.value.n_required) and again.n_required > 20_000
    for repair in ("floor", "ridge"):
        with pytest.warns(ConvergenceWarning):
            found = ldp.estimate(data, on_indefinite=repair, threshold=None)
        assert np.linalg.norm(found.linear) <= np.linalg.norm(cross) / 3.0 * (1 + 1e-9)


def test_the_noise_is_seen_where_a_public_bound_hides_nothing():
    """Read off the matrix, the ratio is about the true one."""
    rng, d = np.random.default_rng(2), 100
    for ratio in (0.2, 0.8, 2.0):
        noise = noise_of(ratio, d)
        gram, cross = twin.noisy_moments(np.zeros(d), noise, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ldp.estimate((gram, cross, noise, 1000), on_indefinite="floor")
        assert found.noise_to_eigenvalue == pytest.approx(ratio, rel=0.2)


def test_public_covariates_replace_the_private_matrix():
    public = np.array([[2.0, 0.5], [0.5, 1.0]])
    noise = ldp.GramNoise(1.0, 1.0, 0.01)
    found = ldp.estimate((np.zeros((2, 2)), [1.0, 0.0], noise, 10**5), public_gram=public, threshold=None)
    np.testing.assert_allclose(found.coef, np.linalg.solve(public, [1.0, 0.0]))
    assert found.noise_sd == pytest.approx(0.01 / np.linalg.eigvalsh(public)[0])
    with pytest.raises(InvalidArgument, match="definite"):
        ldp.estimate((None, [1.0, 0.0], noise, 10), public_gram=[[1.0, 1.0], [1.0, 1.0]])


def test_an_estimate_no_better_than_zero_says_so():
    noise = ldp.GramNoise(0.0, 0.0, 0.9)
    with pytest.warns(ConvergenceWarning, match="Too few users"):
        found = ldp.estimate((np.eye(4), np.zeros(4), noise, 100))
    assert not found.coef.any() and found.predicted_error > found.zero_error and found.n_required > 100


@pytest.mark.parametrize(
    ("stats", "options", "name"),
    [
        ((np.eye(2), [1.0, 0.0], SILENT), {}, "stats"),
        ((np.eye(3), [1.0, 0.0], SILENT, 5), {}, "gram"),
        (([[1.0, 0.3], [0.0, 1.0]], [1.0, 0.0], SILENT, 5), {}, "gram"),
        ((np.eye(2), [1.0, math.nan], SILENT, 5), {}, "cross"),
        ((np.eye(2), [1.0, 0.0], SILENT, 5), {"threshold": -1.0}, "threshold"),
        ((np.eye(2), [1.0, 0.0], SILENT, 5), {"threshold": "universal"}, "threshold"),
        ((np.eye(2), [1.0, 0.0], SILENT, 5), {"on_indefinite": "ignore"}, "on_indefinite"),
        ((np.eye(2), [1.0, 0.0], SILENT, 0), {}, "n"),
        ((np.eye(2), [1.0, 0.0], (0.1, 0.1, -1.0), 5), {}, "noise"),
    ],
)
def test_bad_arguments_are_named(stats, options, name):
    with pytest.raises(InvalidArgument) as caught:
        ldp.estimate(stats, **options)
    assert caught.value.name == name
