"""What the studies of rates rest on: the certified independence of scores, the penalised likelihood, the settings."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.known_mixtures import CENTRED, PAPER, TANH, TEMPERED, TOP_2
from sparsetheory.moe.over_specified import best_maximum, objective, split_starts
from sparsetheory.moe.rate_study import check_maximum, fit, log_likelihood, maximum
from sparsetheory.moe.regularity import log_density, named
from sparsetheory.verify.certify.independence import independent, independent_scores

SETTINGS = {"paper": PAPER, "centred": CENTRED, "tanh": TANH, "tempered": TEMPERED, "top 2": TOP_2}
T = sp.Symbol("t")


@pytest.mark.parametrize("count", [2, 3, 4])
def test_exponentials_are_independent_and_copies_are_not(count):
    points = [{T: Fraction(k, 3)} for k in range(count)]
    assert independent([sp.exp(k * T) for k in range(count)], points).proved
    copies = [sp.exp(k * T) for k in range(count - 1)] + [sum(sp.exp(k * T) for k in range(count - 1))]
    assert not independent(copies, points).proved


def test_the_determinant_is_that_of_floats():
    points = [{T: 0}, {T: 1}, {T: 2}]
    functions = [1 + T, T**2, sp.sin(T)]
    found = independent(functions, points)
    matrix = np.array([[float(f.subs(point)) for point in points] for f in functions])
    scaled = matrix / 2.0 ** np.frexp(np.abs(matrix).max(axis=1))[1][:, None]
    assert float(found.determinant.strip("[").split(" ")[0]) == pytest.approx(np.linalg.det(scaled), rel=1e-3)


def test_a_zero_function_and_floats_are_no_proof():
    assert not independent([sp.Integer(0), T], [{T: 1}, {T: 2}]).proved
    with pytest.raises(InvalidArgument):
        independent([T], [{T: 0.5}])
    with pytest.raises(InvalidArgument):
        independent([T, T**2], [{T: 1}])


def test_scores_are_the_derivatives_that_the_library_uses():
    names = named(CENTRED.truth, sp.Symbol)
    x, y = sp.symbols("x y")
    scores = [slope * x + intercept for slope, intercept in names.gates]
    density = log_density(scores, names.experts, x, y, exp=sp.exp, log=sp.log)
    instance = CENTRED.draw(4, np.random.default_rng(3))
    values = [density.subs(names.values).subs({x: a, y: b}) for a, b in zip(instance.X[:, 0], instance.y)]
    ours = float(sum(values)) / 4 - 0.5 * np.log(2 * np.pi)
    assert log_likelihood(CENTRED.truth, instance) == pytest.approx(ours, rel=1e-12)


@pytest.mark.parametrize("pinned", [True, False])
def test_one_row_of_the_gate_has_to_be_pinned(pinned):
    names = named(CENTRED.truth, sp.Symbol, pinned=pinned)
    x, y = sp.symbols("x y")
    scores = [slope * x + intercept for slope, intercept in names.gates]
    density = log_density(scores, names.experts, x, y, exp=sp.exp, log=sp.log)
    points = [{x: a, y: b} for a, b in names.points(("-2/3", "1/3", "4/5"), Fraction(1, 2))][: len(names.values)]
    wide = [{x: a, y: b} for a, b in names.points(("-2/3", "1/3"), Fraction(1, 2))][: len(names.values)]
    assert independent_scores(density, names.values, wide if pinned else points).proved is pinned


@pytest.mark.parametrize("name", SETTINGS)
def test_starts_keep_their_distance_and_their_reference(name):
    setting = SETTINGS[name]
    distances = []
    for n in (50, 5000):
        start = setting.draw(n, np.random.default_rng(1)).start
        assert start.beta0[-1] == setting.truth.beta0[-1]
        assert (start.beta1[-1] == setting.truth.beta1[-1]).all()
        distances.append(np.linalg.norm(np.concatenate([start.a - setting.truth.a, start.beta1 - setting.truth.beta1])))
    assert distances[0] == pytest.approx(distances[1], rel=1e-12)


def test_fits_below_the_truth_are_failures():
    instance = CENTRED.draw(400, np.random.default_rng(0))
    check_maximum(instance, maximum(instance))
    worse = moe.MixingMeasure(CENTRED.truth.beta0, CENTRED.truth.beta1, a=[0, 0], b=[2, -2], v=[0.25, 0.25])
    with pytest.raises(ArithmeticError, match="below the likelihood"):
        check_maximum(instance, worse)


def test_the_penalty_has_the_derivatives_of_differences():
    likelihood = objective(CENTRED.draw(300, np.random.default_rng(2)))
    at = next(split_starts(CENTRED.truth, np.random.default_rng(0)))
    found, layout, h = likelihood.derivatives(at), likelihood.layout, 1e-5
    for i in range(layout.n_free):
        step = h * np.eye(layout.n_free)[i]
        after, before = (likelihood.derivatives(layout.moved(at, sign * step)) for sign in (1, -1))
        assert found.gradient[i] == pytest.approx((after.value - before.value) / (2 * h), abs=1e-7)
        assert found.hessian[i] == pytest.approx((after.gradient - before.gradient) / (2 * h), abs=1e-6)


def test_one_expert_too_many_ends_above_the_truth_with_every_expert_in_use():
    instance = CENTRED.draw(2000, np.random.default_rng(5))
    G = best_maximum(instance, np.random.default_rng(0))
    assert log_likelihood(G, instance) >= log_likelihood(fit(instance).measure, instance)
    assert np.exp(G.beta0 - np.logaddexp.reduce(G.beta0)).min() > 0.05
    assert sorted(len(cell) for cell in moe.voronoi_cells(G, CENTRED.truth)) == [1, 2]


@pytest.mark.slow
def test_errors_of_an_activation_gate_have_the_spread_of_the_information():
    """Relative standard deviations of an estimated deviation from 60 fits are 9 per cent."""
    X = np.linspace(-3, 3, 401)[1::2, None]
    covariance = np.linalg.inv(moe.information(TANH.truth, X, fit_temperature=True, **TANH.gate))
    n, found = 20_000, []
    for seed in range(60):
        instance = TANH.draw(n, np.random.default_rng(seed))
        G = fit(replace(instance, start=TANH.truth), temperature=TANH.truth.tau, fit_temperature=True).measure
        found.append([G.beta1[0, 0], G.beta0[0], np.log(G.tau)])
    spread = np.std(found, axis=0, ddof=1) * np.sqrt(n)
    assert spread == pytest.approx(np.sqrt(np.diag(covariance))[[0, 1, -1]], rel=0.3)


@pytest.mark.slow
def test_the_switch_of_a_gate_ranked_by_scores_is_found_at_rate_n():
    """Errors times n stay where they are; times the root of n they would fall by the root of 10 between the sizes."""
    setting = replace(TOP_2, gate={**TOP_2.gate, "rank_by": "score"})
    typical = []
    for n in (300, 3000):
        errors = []
        for seed in range(40):
            G = fit(setting.draw(n, np.random.default_rng([n, seed]))).measure
            errors.append(abs((G.beta0[2] - G.beta0[0]) / (G.beta1[0, 0] - G.beta1[2, 0])))
        typical.append(np.median(errors))
    slope = np.log(typical[1] / typical[0]) / np.log(10)
    assert -1.35 < slope < -0.7
