"""The problem of the studies of schedules: its gradients, its noise, and runs of the library on it."""

import numpy as np
import pytest

from sparsetheory.bilevel.double_loop import DoubleLoop
from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.bilevel.sampled_problems import CENTRE, Noise, tails_and_bowls
from sparsetheory.bilevel.single_loop import SingleLoop
from sparsetheory.bilevel.stochastic_study import DIVERGED, Draw, Mean, Run

X, Y = np.linspace(-1.5, 2.0, 8), np.linspace(0.3, -2.0, 8)


def test_gradients_are_those_of_the_values():
    problem = tails_and_bowls(Noise()).problem
    for value, gradient in ((problem.f, problem.grad_f), (problem.g, problem.grad_g)):
        in_x, in_y = gradient(X, Y)
        for i, e in enumerate(1e-6 * np.eye(8)):
            assert (value(X + e, Y) - value(X - e, Y)) / 2e-6 == pytest.approx(in_x[i], abs=1e-7)
            assert (value(X, Y + e) - value(X, Y - e)) / 2e-6 == pytest.approx(in_y[i], abs=1e-7)


def test_bowls_are_stationary_where_the_docstring_says():
    known, sigma = tails_and_bowls(Noise()), 0.3
    x = np.ones(8)
    x[4:] = CENTRE * np.array([-1, 1, -1, 1]) / (2 + sigma)
    y = (x + sigma * np.array([0, 0, 0, 0, -CENTRE, CENTRE, -CENTRE, CENTRE])) / (1 + sigma)
    along = known.problem.grad_f(x, y)[0] + known.problem.grad_g(x, y)[0] / sigma
    np.testing.assert_allclose(along[4:], 0, atol=1e-12)
    np.testing.assert_allclose(np.abs(known.gradient(x)[4:]), CENTRE * sigma / (2 + sigma), rtol=1e-12)


def test_samples_are_unbiased_with_the_variance_they_say():
    known = tails_and_bowls(Noise(f=2.0))
    keys = np.random.default_rng(3).integers(2**63, size=20000)
    drawn = np.array([np.concatenate(known.problem.grad_f_at(X, Y, int(key))) for key in keys])
    exact = np.concatenate(known.problem.grad_f(X, Y))
    assert np.abs(drawn.mean(axis=0) - exact).max() < 4.5 * 2 / np.sqrt(len(keys))
    np.testing.assert_allclose(drawn.std(axis=0), 2.0, rtol=0.03)
    correlation = np.corrcoef(drawn.T) - np.eye(16)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(len(keys))


@pytest.mark.parametrize("smooth", [True, False])
def test_a_key_is_a_sample_only_where_noise_is_smooth(smooth):
    at = tails_and_bowls(Noise(g=1.0, relative=0.3, smooth=smooth)).problem.grad_g_at
    exact = tails_and_bowls(Noise()).problem.grad_g
    key, near = 12345678901234567, Y + 1e-6
    np.testing.assert_array_equal(at(X, Y, key), at(X, Y, key))
    moved = np.abs(np.array(at(X, Y, key)) - np.array(at(X, near, key)))
    assert (moved.max() <= 1.6 * np.abs(np.array(exact(X, Y)) - np.array(exact(X, near))).max()) == smooth


def test_the_mean_of_a_run_has_the_weights_of_its_steps():
    case = Draw(Noise(f=1.0))({"steps": 9}, np.random.default_rng(0))
    run, slopes = Run(F2SA, 3 / 5, {"lower_step": 0.4}), []

    class Spy(F2SA):
        def walk(self, first, n):
            found = super().walk(first, n)
            slopes.append(np.mean(case.known.gradient(self.upper) ** 2))
            return found

    outcome = Run(Spy, 3 / 5, run.options)(case, np.random.default_rng(1))
    assert outcome == run(case, np.random.default_rng(1))
    weights = np.arange(1, 10) ** -0.6
    assert len(slopes) == 9 and outcome.mean == pytest.approx(np.average(slopes, weights=weights), rel=0.02)
    assert Mean("N")(case, outcome).at == {"N": outcome.calls}


def test_runs_that_diverge_count_as_such():
    case = Draw(Noise(f=1.0, g=1.0, relative=0.3, smooth=False))({"steps": 2000}, np.random.default_rng(0))
    assert Run(SingleLoop, 3 / 5, {"lower_step": 0.4})(case, np.random.default_rng(1)).mean == DIVERGED


@pytest.mark.slow
@pytest.mark.parametrize("kind", [F2SA, SingleLoop, DoubleLoop])
def test_compiled_runs_are_the_plain_ones(kind):
    noise, steps = Noise(f=1.0, g=1.0, relative=0.3), 12
    plain, compiled = (
        Run(kind, 0.5)(Draw(noise, growth)({"steps": steps}, np.random.default_rng(0)), np.random.default_rng(1))
        for growth in (1.0, 4.0)
    )
    assert plain.calls == compiled.calls
    assert compiled.mean == pytest.approx(plain.mean, rel=1e-9)
