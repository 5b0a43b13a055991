"""The fused kernels against the formula, and their derivatives against differences."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest

from sparsetheory.moe import _mixture as kernels
from sparsetheory.moe.gate import ACTIVATIONS, make_gate
from sparsetheory.moe.likelihood import Likelihood
from sparsetheory.moe.parameters import Layout, Parameters

_spec = importlib.util.spec_from_file_location(
    "moe_mixture_twin", Path(__file__).parents[1] / "reference" / "moe_mixture.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

SMOOTH = [("softmax", "tanh"), ("temperature", "tanh"), ("laplace", "tanh"), ("stablemax", "tanh")]
SMOOTH += [("activation", name) for name in ACTIVATIONS]


def case(name, activation, *, k=3, d=2, n=600, seed=0, **options):
    """Return a likelihood and parameters away from its maximum."""
    rng = np.random.default_rng(seed)
    tau = 1.0 if name == "softmax" else 0.7
    gate = make_gate(name, k, activation=activation, temperature=tau, **options)
    X = rng.normal(size=(n, d))
    layout = Layout(gate, d)
    at = Parameters(rng.normal(size=(k, d + 1)), rng.normal(size=(k, d + 1)), rng.uniform(0.2, 1, k), tau)
    at = layout.referred(at) if name in ("softmax", "temperature") else at
    if gate.n_rows < k:
        at.gate[-1] = 0.0
    y = X @ rng.normal(size=d) + rng.normal(size=n)
    weight = rng.uniform(0.5, 2, n)
    return X, y, weight, gate, layout, at


def by_formula(X, y, gate, at, activation, top_k=None):
    weights = twin.gate_weights(gate.name, at.gate, at.tau, X, activation, top_k, gate.slopes_only)
    return twin.log_density(weights, at.expert, at.variance, X, y)


@pytest.mark.parametrize(("name", "activation"), SMOOTH)
def test_densities_of_smooth_gates(name, activation):
    X, y, weight, gate, layout, at = case(name, activation)
    likelihood = Likelihood(X, y, weight, gate, layout, penalty=0.0, scale=1.0, ridge=0.0)
    out = np.empty(len(y))
    kernels.log_densities(*likelihood.model(at), out)
    expected = by_formula(X, y, gate, at, activation)
    np.testing.assert_allclose(out, expected, rtol=1e-11, atol=1e-11)
    assert likelihood.value(at) == pytest.approx(weight @ expected / weight.sum(), rel=1e-13)


@pytest.mark.parametrize(("top_k", "rank_by"), [*itertools.product((1, 2), ("score", "slope"))])
def test_densities_of_sparse_gates(top_k, rank_by):
    X, y, weight, gate, layout, at = case("softmax", "tanh", top_k=top_k, rank_by=rank_by)
    likelihood = Likelihood(X, y, weight, gate, layout, penalty=0.0, scale=1.0, ridge=0.0)
    expected = by_formula(X, y, gate, at, "tanh", top_k)
    assert likelihood.value(at) == pytest.approx(weight @ expected / weight.sum(), rel=1e-13)


@pytest.mark.parametrize(("name", "activation"), SMOOTH)
def test_gradient_and_hessian_against_differences(name, activation):
    free = {"fit_temperature": True} if name == "activation" and activation != "identity" else {}
    X, y, weight, gate, layout, at = case(name, activation, **free)
    likelihood = Likelihood(X, y, weight, gate, layout, penalty=3.0, scale=0.8, ridge=2.0)
    exact, h = likelihood.derivatives(at), 1e-5
    for i, unit in enumerate(np.eye(layout.n_free)):
        above, below = layout.moved(at, h * unit), layout.moved(at, -h * unit)
        slope = (likelihood.value(above) - likelihood.value(below)) / (2 * h)
        assert slope == pytest.approx(exact.gradient[i], abs=2e-9)
        column = (likelihood.derivatives(above).gradient - likelihood.derivatives(below).gradient) / (2 * h)
        np.testing.assert_allclose(column, exact.hessian[:, i], atol=2e-8)


@pytest.mark.parametrize("variance", ["tied", 0.5])
def test_derivatives_with_fewer_variances(variance):
    X, y, weight, gate, _, at = case("softmax", "tanh")
    layout = Layout(gate, 2, variance)
    at = Parameters(at.gate, at.expert, np.full(3, 0.5))
    likelihood = Likelihood(X, y, weight, gate, layout, penalty=3.0, scale=0.8, ridge=2.0)
    exact, h = likelihood.derivatives(at), 1e-5
    assert layout.n_free == 2 * 3 + 3 * 3 + (variance == "tied")
    for i, unit in enumerate(np.eye(layout.n_free)):
        above, below = layout.moved(at, h * unit), layout.moved(at, -h * unit)
        assert (likelihood.value(above) - likelihood.value(below)) / (2 * h) == pytest.approx(
            exact.gradient[i], abs=2e-9
        )
        np.testing.assert_allclose(exact.hessian, exact.hessian.T, atol=1e-14)


@pytest.mark.parametrize("name", ["softmax", "laplace", "stablemax"])
def test_statistics_of_an_em_step(name):
    X, y, weight, gate, layout, at = case(name, "tanh")
    likelihood = Likelihood(X, y, weight, gate, layout, penalty=0.0, scale=1.0, ridge=0.0)
    found = likelihood.expectation(at)
    P = twin.gate_weights(name, at.gate, at.tau, X)
    joint = twin.log_joint(P, at.expert, at.variance, X, y)
    R = np.exp(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True))
    np.testing.assert_allclose(likelihood.gradient(at, found), likelihood.derivatives(at).gradient, atol=1e-12)
    for j in range(3):
        Z = np.column_stack([X, np.ones(len(y)), y - X @ at.expert[j, :-1] - at.expert[j, -1]])
        np.testing.assert_allclose(found.moments[j], (Z.T * (weight * R[:, j])) @ Z, rtol=1e-11, atol=1e-11)

    def expected_gate(gate_rows):
        return weight @ (R * np.log(twin.gate_weights(name, gate_rows, at.tau, X))).sum(axis=1)

    h, m = 1e-4, gate.n_rows
    for r, a in itertools.product(range(m), range(3)):
        up, down = np.array(at.gate), np.array(at.gate)
        up[r, a] += h
        down[r, a] -= h
        slope = (expected_gate(up) - expected_gate(down)) / (2 * h)
        bend = (expected_gate(up) - 2 * expected_gate(at.gate) + expected_gate(down)) / h**2
        assert slope == pytest.approx(found.gate_slope[3 * r + a], rel=1e-5, abs=1e-4)
        assert bend == pytest.approx(found.gate_bend[3 * r + a, 3 * r + a], rel=1e-4, abs=1e-3)


def test_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    n = 40_000
    X, y, weight = rng.normal(size=(n, 2)), rng.normal(size=n), np.ones(n)
    gate = make_gate("softmax", 2)
    layout = Layout(gate, 2)
    at = Parameters(np.zeros((2, 3)), rng.normal(size=(2, 3)), np.ones(2))
    results = [
        Likelihood(X, y, weight, gate, layout, penalty=0.0, scale=1.0, ridge=0.0, n_threads=t).derivatives(at)
        for t in (1, 2, 3)
    ]
    for other in results[1:]:
        assert other.value == results[0].value
        assert (other.gradient == results[0].gradient).all()
        assert (other.hessian == results[0].hessian).all()


def test_density_does_not_depend_on_the_reference():
    X, y, weight, gate, layout, at = case("softmax", "tanh")
    likelihood = Likelihood(X, y, weight, gate, layout, penalty=0.0, scale=1.0, ridge=0.0)
    moved = Parameters(at.gate + np.array([1.0, -2.0, 0.5]), at.expert, at.variance)
    assert likelihood.value(moved) == pytest.approx(likelihood.value(at), rel=1e-13)
    np.testing.assert_allclose(layout.referred(moved).gate, at.gate, atol=1e-14)
