"""Profile-likelihood intervals: closed forms, constrained maxima by SciPy on the slow twin, Wald, units, refusals."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.inference import RefusedWarning

_spec = importlib.util.spec_from_file_location(
    "moe_mixture_twin", Path(__file__).parents[1] / "reference" / "moe_mixture.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

TRUTH = moe.MixingMeasure([0.3, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.5])
ENTRIES = [
    ("gate_coef", (0, 0)), ("gate_intercept", 0), ("expert_coef", (1, 0)), ("expert_intercept", 0), ("variance", 1),
]  # fmt: skip


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 1)) + 0.3
    return X, moe.simulate(TRUTH, X, rng)


@pytest.fixture(scope="module")
def small():
    X, y = drawn(120)
    return X, y, moe.GaussianMoE(2, random_state=0, n_init=2).fit(X, y)


def test_one_expert_has_the_closed_form():
    """The profile of a slope is -n/2 log(S + t^2 s_xx), that of the variance -n/2 (log v + S/(n v))."""
    X, y = drawn(40)
    model = moe.GaussianMoE(1).fit(X, y)
    x = X[:, 0]
    line = np.polyfit(x, y, 1)
    S, n, quantile = ((y - np.polyval(line, x)) ** 2).sum(), 40, chi2.ppf(0.9, 1)
    reach = math.sqrt(S * math.expm1(quantile / n) / ((x - x.mean()) ** 2).sum())
    found = model.profile_interval(X, y, name="expert_coef", index=(0, 0), level=0.9)
    np.testing.assert_allclose(found, [line[0] - reach, line[0] + reach], rtol=1e-7)
    for v in model.profile_interval(X, y, name="variance", index=0, level=0.9):
        assert n * (math.log(v * n / S) + S / (n * v) - 1) == pytest.approx(quantile, rel=1e-6)


@pytest.mark.parametrize(("name", "index"), ENTRIES)
def test_limits_are_where_the_deviance_of_the_twin_has_its_quantile(small, name, index):
    X, y, model = small
    slot = {"gate_coef": 0, "gate_intercept": 1, "expert_coef": 4, "expert_intercept": 3, "variance": 7}[name]

    def loss(free):
        gate = np.vstack([free[:2], np.zeros(2)])
        weights = twin.gate_weights("softmax", gate, 1.0, X)
        joint = twin.log_joint(weights, free[2:6].reshape(2, 2), np.exp(free[6:]), X, y)
        return -float(np.logaddexp.reduce(joint, axis=1).sum())

    at = model.result_.parameters
    peak = np.concatenate([at.gate[0], at.expert.ravel(), np.log(at.variance)])
    rest = np.delete(np.arange(8), slot)
    top = -minimize(loss, peak, method="BFGS").fun
    low, high = model.profile_interval(X, y, name=name, index=index)
    assert low < getattr(model, f"{name}_")[index] < high
    for limit in (low, high):
        fixed = peak.copy()
        fixed[slot] = math.log(limit) if name == "variance" else limit

        def constrained(part, fixed=fixed):
            whole = fixed.copy()
            whole[rest] = part
            return loss(whole)

        value = -minimize(constrained, peak[rest], method="BFGS").fun
        assert 2 * (top - value) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-4)


def test_large_samples_have_walds_intervals():
    X, y = drawn(20_000)
    model = moe.GaussianMoE(2, init=TRUTH).fit(X, y)
    errors = model.standard_errors(X, y)
    for name, index in ENTRIES:
        centre, error = getattr(model, f"{name}_")[index], getattr(errors, name)[index]
        standard = (np.array(model.profile_interval(X, y, name=name, index=index)) - centre) / error
        np.testing.assert_allclose(standard, [-1.96, 1.96], atol=0.06)


def test_units_map_back(small):
    X, y, model = small
    other = moe.GaussianMoE(2, init="auto", random_state=0, n_init=2).fit(10 * X + 3, -5 * y + 1)
    label = 0 if np.sign(other.gate_coef_[0, 0]) == np.sign(model.gate_coef_[0, 0]) else 1
    low, high = model.profile_interval(X, y, name="expert_coef", index=(0, 0))
    found = other.profile_interval(10 * X + 3, -5 * y + 1, name="expert_coef", index=(label, 0))
    np.testing.assert_allclose(found, [-0.5 * high, -0.5 * low], rtol=1e-5)


def test_a_row_twice_is_a_weight_of_two(small):
    X, y, _ = small
    twice = np.repeat(X, 2, axis=0), np.repeat(y, 2)
    weighted = moe.GaussianMoE(2, init=TRUTH).fit(X, y, np.full(len(y), 2.0))
    repeated = moe.GaussianMoE(2, init=TRUTH).fit(*twice)
    own = weighted.profile_interval(X, y, np.full(len(y), 2.0), name="gate_intercept", index=0)
    np.testing.assert_allclose(own, repeated.profile_interval(*twice, name="gate_intercept", index=0), rtol=1e-6)


def test_it_is_refused_where_standard_errors_are(small):
    X, y, _ = small
    for options in ({"n_experts": 3}, {"top_k": 1}):
        model = moe.GaussianMoE(random_state=0, n_init=2, **options).fit(X, y)
        with pytest.warns(RefusedWarning):
            assert np.isnan(model.profile_interval(X, y, name="variance", index=0)).all()


def test_what_is_wrong_is_refused(small):
    X, y, model = small
    for name, index in (("expert_coef", (2, 0)), ("expert_coef", 0), ("gate_coef", (1, 0)), ("temperature", ()),
                        ("slope", 0), ("variance", "first")):  # fmt: skip
        with pytest.raises(InvalidArgument):
            model.profile_interval(X, y, name=name, index=index)
    for level in (0.0, 1.0, math.nan):
        with pytest.raises(InvalidArgument, match="level"):
            model.profile_interval(X, y, name="variance", index=0, level=level)
