"""Fits that begin on some of the samples, the gradient's own pass, and the logarithm of the kernels."""

import numpy as np
import pytest

from sparsetheory._kernels.logarithm import log
from sparsetheory.moe.automatic import Automatic, spread_rows
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.likelihood import Likelihood
from sparsetheory.moe.newton import Newton
from sparsetheory.moe.parameters import Layout, Parameters


def drawn(n=20_000):
    """Two overlapping experts in one covariate, a start, and the objective; samples sorted by the covariate."""
    rng = np.random.default_rng(0)
    X = np.sort(rng.uniform(-1, 1, (n, 1)), axis=0)
    first = rng.random(n) < 1 / (1 + np.exp(-2 * X[:, 0]))
    y = np.where(first, 1 + X[:, 0], -1 - X[:, 0]) + 0.7 * rng.standard_normal(n)
    gate = make_gate("softmax", 2)
    likelihood = Likelihood(X, y, np.ones(n), gate, Layout(gate, 1), penalty=0.0, scale=1.0, ridge=0.0)
    start = Parameters(np.array([[1.5, 0.2], [0, 0]]), np.array([[0.8, 1.2], [-0.8, -0.8]]), np.array([0.6, 0.4]))
    return likelihood, start


def finished(iteration, most=60):
    for _ in range(most):
        chunk = iteration.advance(1)
        if chunk.error <= 1e-10 or chunk.stop is not None:
            break
    return chunk


def test_the_part_leads_to_the_maximum_of_all_samples():
    likelihood, start = drawn()
    found, exact = finished(Automatic(likelihood, start)), finished(Newton(likelihood, start))
    assert found.objective == pytest.approx(exact.objective, abs=1e-13)
    assert found.error <= 1e-10


def test_a_start_that_is_better_than_the_end_of_the_part_stays():
    likelihood, start = drawn()
    newton = Newton(likelihood, start)
    finished(newton)
    iteration = Automatic(likelihood, newton.at)
    iteration.advance(1)
    np.testing.assert_array_equal(iteration.at.expert, newton.at.expert)


def test_gradient_pass_is_that_of_the_derivatives():
    likelihood, start = drawn(3_000)
    slope, exact = likelihood.slope(start), likelihood.derivatives(start)
    assert slope.value == exact.value
    np.testing.assert_allclose(slope.gradient, exact.gradient, atol=1e-14)


@pytest.mark.parametrize(("n", "stride"), [(10_000, 16), (1_001, 7), (5_000, 3)])
def test_rows_are_spread_over_samples_in_any_order(n, stride):
    rows = spread_rows(n, stride)
    assert (np.diff(rows) > 0).all() and rows[0] >= 0 and rows[-1] < n
    np.testing.assert_array_equal(rows // stride, np.arange(n // stride))
    counts = np.bincount(rows % stride, minlength=stride)
    golden = np.log((1 + np.sqrt(5)) / 2)
    discrepancy = 3 + (1 / golden + 1 / np.log(2)) * np.log(len(rows))  # Kuipers and Niederreiter
    assert np.abs(counts - counts.mean()).max() <= discrepancy


def test_logarithm():
    x = np.exp(np.linspace(-5, 5, 4001))
    np.testing.assert_allclose([log(value) for value in x], np.log(x), rtol=1e-15, atol=1e-15)
    assert np.isnan(log(np.nan))
