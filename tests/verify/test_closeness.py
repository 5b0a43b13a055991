"""Closeness of order sigma is judged by `Drift` along ``1/sigma``: linear gaps hold, square roots do not."""

import numpy as np
import pytest

from sparsetheory.testing import BilevelInstance
from sparsetheory.verify import Bound, Drift, Grid, Measurement
from sparsetheory.verify.sample import Observation, Sample

#: The axis grows as sigma falls.
LEVELS = tuple(np.geomspace(10.0, 1e5, 7))
RULE = Drift(axis="1/sigma")


def closeness(gap, *, replicates=30, floor=0.0):
    """A sample of gaps, held against the bound sigma."""
    grid = Grid(axis="level", sizes=LEVELS)
    observations = [
        Observation(
            cell=cell,
            replicate=r,
            measurement=Measurement(
                value=gap(1 / level, np.random.default_rng((cell, r)), r), at={"sigma": 1 / level}, floor=floor
            ),
        )
        for cell, level in enumerate(LEVELS)
        for r in range(replicates)
    ]
    return Sample(grid=grid, observations=observations, bound=Bound("sigma", sigma="weight of the upper objective"))


@pytest.mark.parametrize(
    ("power", "label"), [(1.0, "supported"), (0.5, "refuted"), (0.75, "refuted"), (2.0, "supported")]
)
def test_noisy_gaps_of_a_known_power(power, label):
    verdict = RULE.judge(closeness(lambda s, rng, r: 3 * s**power * np.exp(0.3 * rng.standard_normal())))
    assert verdict.label == label
    assert verdict.estimate == pytest.approx(1 - power, abs=0.05)


def test_two_sided_closeness_refuses_a_faster_one():
    rule = Drift(axis="1/sigma", alternative="two-sided")
    assert rule.judge(closeness(lambda s, rng, r: s * np.exp(0.3 * rng.standard_normal()))).label == "supported"
    assert rule.judge(closeness(lambda s, rng, r: s**2 * np.exp(0.3 * rng.standard_normal()))).label == "refuted"


@pytest.mark.parametrize("multi_solution", [False, True])
def test_the_penalty_of_a_bilevel_problem_is_close_of_order_sigma(multi_solution):
    problems = [BilevelInstance.build(seed=r, n=2, m=4, multi_solution=multi_solution) for r in range(30)]
    point = np.ones(2)
    verdict = RULE.judge(closeness(lambda s, rng, r: problems[r].exact.gap(point, s)))
    assert verdict.label == "supported"


def test_a_lower_level_without_an_error_bound_is_refuted():
    # g = (y - x)^4/4 and f = y^2/2: sigma y + (y - x)^3 = 0, and psi - psi_sigma is of order sigma^(1/3)
    def gap(sigma, rng, r):
        x = 1.0 + 0.1 * r
        y = next(v.real for v in np.roots([1.0, -3 * x, 3 * x**2 + sigma, -(x**3)]) if abs(v.imag) < 1e-9)
        return (x**2 - y**2) / 2 - (y - x) ** 4 / (4 * sigma)

    verdict = RULE.judge(closeness(gap))
    assert verdict.label == "refuted"
    assert verdict.estimate == pytest.approx(2 / 3, abs=0.05)


def test_gaps_below_their_cancellation_say_nothing():
    assert RULE.judge(closeness(lambda s, rng, r: s, floor=1e-2)).reason == "floor"
