"""Exact sensitivities: no pair of records is farther apart, and a known pair is as far."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp import (
    coordinate_cross_moment_sensitivity,
    cross_moment_sensitivity,
    gram_sensitivity,
    joint_sensitivity,
    published_score_radius,
    score_sensitivity,
)

seeds = st.integers(0, 2**32 - 1)


def records(seed, dim, r, tau, n=200):
    """Records on and inside the bounds, some aligned with one another."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, dim))
    x *= r * rng.choice([1.0, 0.7], (n, 1)) / np.linalg.norm(x, axis=1, keepdims=True)
    x[n // 2 :] = x[: n - n // 2] * rng.choice([-1.0, 1.0, 0.5], (n - n // 2, 1))
    return x, tau * rng.choice([-1.0, 1.0, 0.3], n)


def farthest(points):
    flat = points.reshape(len(points), -1)
    return max(np.linalg.norm(flat - p, axis=1).max() for p in flat)


@given(seeds, st.integers(1, 4), st.floats(0.1, 5.0), st.floats(0.1, 5.0), st.floats(0.0, 3.0))
def test_no_pair_is_farther_apart(seed, dim, r, tau, b):
    x, y = records(seed, dim, r, tau)
    gram, cross = x[:, :, None] * x[:, None, :], x * y[:, None]
    assert farthest(gram) <= gram_sensitivity(r) * (1 + 1e-12)
    assert farthest(cross) <= cross_moment_sensitivity(r, tau) * (1 + 1e-12)
    joint = np.concatenate([gram.reshape(len(x), -1), b * cross], axis=1)
    assert farthest(joint) <= joint_sensitivity(r, tau, cross_weight=b) * (1 + 1e-12)
    upper = gram[:, *np.triu_indices(dim)]
    assert farthest(upper) <= gram_sensitivity(r) * (1 + 1e-12)


@pytest.mark.parametrize(("r", "tau", "b"), [(1.0, 1.0, 0.5), (2.0, 1.0, 1.4), (1.0, 3.0, 2.0), (1.0, 1.0, 0.0)])
def test_a_pair_attains_them(r, tau, b):
    e, f = np.eye(2)
    gram = np.outer(r * e, r * e) - np.outer(r * f, r * f)
    assert np.linalg.norm(gram) == pytest.approx(gram_sensitivity(r), rel=1e-14)
    assert np.linalg.norm(r * tau * e + r * tau * e) == pytest.approx(cross_moment_sensitivity(r, tau), rel=1e-14)
    cosine = min((b * tau / r) ** 2 / 2.0, 1.0)
    other = r * (cosine * e + math.sqrt(1.0 - cosine**2) * f)
    apart = np.outer(r * e, r * e) - np.outer(other, other), b * tau * (r * e + other)
    distance = math.hypot(np.linalg.norm(apart[0]), np.linalg.norm(apart[1]))
    assert distance == pytest.approx(joint_sensitivity(r, tau, cross_weight=b), rel=1e-12)


def test_squares_of_the_response_are_free():
    """svec(z z^T) of z = (x, c y) has the sensitivity of its part without y^2 while c tau <= r."""
    r, tau, c = 4.0, 3.0, 0.8
    whole = gram_sensitivity(math.hypot(r, c * tau))
    assert joint_sensitivity(r, tau, cross_weight=math.sqrt(2.0) * c) == pytest.approx(whole, rel=1e-14)


def test_the_rest_are_products():
    assert score_sensitivity(3.0) == 6.0
    assert coordinate_cross_moment_sensitivity(9, 2.0, 5.0) == pytest.approx(2 * np.linalg.norm(np.full(9, 2.0)) * 5)
    assert published_score_radius(9, 4, 2.0, 5.0) == 3 * 2 * (2 * 2 + 5)
    assert joint_sensitivity(2.0, 3.0, gram_weight=0.0, cross_weight=1.0) == cross_moment_sensitivity(2.0, 3.0)


def test_bad_bounds_are_refused():
    for call in (
        lambda: gram_sensitivity(0.0),
        lambda: cross_moment_sensitivity(1.0, math.nan),
        lambda: joint_sensitivity(1.0, 1.0, cross_weight=-1.0),
        lambda: published_score_radius(0, 1, 1.0, 1.0),
        lambda: score_sensitivity(math.inf),
    ):
        with pytest.raises(InvalidArgument):
            call()
