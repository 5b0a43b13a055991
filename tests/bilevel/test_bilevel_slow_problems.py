"""Slow problems: closed forms against their own functions, and that they are as slow as they say."""

import numpy as np
import pytest
from scipy.integrate import quad

from sparsetheory.bilevel import check_gradients
from sparsetheory.bilevel.slow_problems import ramp, soft_tail

PROBLEMS = {
    "tail": soft_tail(height=5.0, power=0.2),
    "tail, three lower variables": soft_tail(height=5.0, power=0.2, curvature=(1.0, 0.4, 0.1)),
    "ramp": ramp(slope=0.3, width=0.5),
    "ramp, two lower variables": ramp(slope=0.3, width=0.5, curvature=(1.0, 0.2)),
}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("at", [-1.7, 0.4, 2.3])
def test_closed_forms_are_those_of_the_functions(name, at):
    known, x, h = PROBLEMS[name], np.array([at]), 1e-5
    assert known.psi(x) == pytest.approx(known.problem.f(x, known.solution(x)))
    slope = (known.psi(x + h) - known.psi(x - h)) / (2 * h)
    assert known.gradient(x)[0] == pytest.approx(slope, abs=1e-9)
    assert known.problem.grad_g(x, known.solution(x))[1] == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("name", PROBLEMS)
def test_callables_have_the_gradients_they_claim(name):
    known = PROBLEMS[name]
    m = len(known.solution(np.zeros(1)))
    y = np.linspace(-0.5, 0.9, m)
    assert check_gradients(known.problem, np.array([0.3]), y, rng=np.random.default_rng(1)) < 1e-6


def test_curvatures_stay_below_what_is_said():
    grid, h = np.linspace(-9, 9, 4001), 1e-4
    for known, largest in ((PROBLEMS["tail"], 1.0), (PROBLEMS["ramp"], 0.3 / 2.0)):
        slopes = [known.gradient(np.array([u]))[0] for u in grid]
        ends = [known.gradient(np.array([u + h]))[0] for u in grid]
        assert 0.999 * largest < np.abs(np.subtract(ends, slopes) / h).max() < largest * (1 + 1e-6)


@pytest.mark.parametrize("power", [0.1, 0.5])
def test_gradient_flow_takes_the_time_that_is_said(power):
    known, eps = soft_tail(height=2.0, power=power), 1e-5
    far = (2.0 * power / eps) ** (1 / (power + 1))
    time = quad(lambda u: 1 / abs(known.gradient(np.array([u]))[0]), 1.0, far, limit=400, points=[10.0, 1e3])[0]
    said = (2.0 * power) ** (1 / (power + 1)) * eps ** (-(power + 2) / (power + 1)) / (power + 2)
    assert time == pytest.approx(said, rel=1e-3)
