"""The NumPy side of the mixture, which certifies fits, against the compiled one."""

import numpy as np
import pytest

from sparsetheory.moe.density import log_gate, mean_log_density, recomputed, sample_scores
from sparsetheory.moe.gate import ACTIVATIONS, make_gate
from sparsetheory.moe.likelihood import Likelihood
from sparsetheory.moe.parameters import Layout, Parameters

SMOOTH = [("softmax", "tanh"), ("temperature", "tanh"), ("laplace", "tanh"), ("stablemax", "tanh")]
SMOOTH += [("activation", name) for name in ACTIVATIONS]


@pytest.mark.parametrize(("name", "activation"), SMOOTH)
@pytest.mark.parametrize("variance", ["free", "tied", 0.5])
def test_value_and_gradient(name, activation, variance):
    rng = np.random.default_rng(3)
    n, d, k = 20_000, 2, 3
    free = name == "activation" and activation != "identity"
    gate = make_gate(
        name, k, activation=activation, temperature=1.0 if name == "softmax" else 0.7, fit_temperature=free
    )
    layout = Layout(gate, d, variance)
    at = layout.referred(
        Parameters(rng.normal(size=(k, 3)), rng.normal(size=(k, 3)), np.full(k, 0.5), 1.0 if name == "softmax" else 0.7)
    )
    if gate.n_rows < k:
        at.gate[-1] = 0.0
    X, y, weight = rng.normal(size=(n, d)), rng.normal(size=n), rng.uniform(0.5, 2, n)
    compiled = Likelihood(X, y, weight, gate, layout, penalty=0.0, scale=1.0, ridge=0.0)
    assert mean_log_density(gate, at, X, y, weight) == pytest.approx(compiled.value(at), rel=1e-13)
    value, gradient, masses = recomputed(layout, at, X, y, weight)
    assert value == pytest.approx(compiled.value(at), rel=1e-13)
    moments = compiled.expectation(at).moments
    np.testing.assert_allclose(masses, moments[:, layout.q - 1, layout.q - 1], rtol=1e-12)
    np.testing.assert_allclose(gradient, compiled.derivatives(at).gradient, atol=1e-13)
    np.testing.assert_allclose(weight @ sample_scores(layout, at, X, y) / weight.sum(), gradient, atol=1e-13)


@pytest.mark.parametrize("rank_by", ["score", "slope"])
def test_as_many_experts_are_active_as_asked_for(rank_by):
    rng = np.random.default_rng(0)
    gate = make_gate("softmax", 4, top_k=2, rank_by=rank_by)
    at = Parameters(rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), np.ones(4))
    weights = np.exp(log_gate(gate, at, rng.normal(size=(50, 2))))
    assert ((weights > 0).sum(axis=1) == 2).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
