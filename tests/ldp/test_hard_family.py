"""The hard family of the lower bounds, and what a report tells on it."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from sparsetheory.ldp.hard_family import draw_trial, information_limit, one_round, two_rounds
from sparsetheory.verify.certify.private_information import trace


def test_the_model_is_linear():
    rng = np.random.default_rng(0)
    trial = draw_trial(200_000, 8, 2, 1.0, rng, delta=0.3, empty=0.0, signed=True)
    assert sorted(np.abs(trial.theta[trial.theta != 0]).tolist()) == [0.3, 0.3]
    assert np.count_nonzero(trial.theta[:4]) == 1
    moments = (trial.X * trial.y[:, None]).mean(axis=0)
    assert np.abs(moments - trial.theta).max() < 5 / math.sqrt(200_000)


def test_blocks_can_be_empty():
    rng = np.random.default_rng(0)
    thetas = [draw_trial(1, 8, 2, 1.0, rng, delta=0.3, empty=0.5, signed=False).theta for _ in range(2000)]
    assert abs(np.mean([np.count_nonzero(t) for t in thetas]) - 1) < 5 * math.sqrt(0.5 / 2000)
    assert min(t.min() for t in thetas) == 0


@pytest.mark.parametrize("protocol", [one_round, two_rounds])
def test_protocols_find_a_large_coefficient(protocol):
    rng = np.random.default_rng(1)
    trial = draw_trial(20_000, 8, 2, 4.0, rng, delta=0.45, empty=0.0, signed=True)
    assert np.linalg.norm(protocol(trial, rng) - trial.theta) < 0.3


def test_what_is_told_against_a_slow_twin():
    rng = np.random.default_rng(2)
    for d in (1, 2, 3):
        column = rng.uniform(0.2, 1.0, 2 ** (d + 1))
        ratio = column / column.mean()
        inputs = np.array(list(product((-1, 1), repeat=d + 1)))
        h = (ratio[:, None] * inputs[:, -1:] * inputs[:, :-1]).mean(axis=0)
        told, variance = trace([Fraction(float(q)) for q in column])
        assert float(told) == pytest.approx((h**2).sum(), rel=1e-12)
        assert float(variance) == pytest.approx(ratio.var(), rel=1e-12)
        epsilon = math.log(column.max() / column.min())
        assert float(told) <= float(variance) <= information_limit(epsilon) * (1 + 1e-12)
