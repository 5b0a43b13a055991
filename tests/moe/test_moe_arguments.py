"""What a fit refuses, and what it says."""

import warnings

import numpy as np
import pytest

from sparsetheory import moe
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = X[:, 0] + RNG.normal(size=60)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"X": np.where(X > 1, np.nan, X)}, "X"), ({"y": np.where(Y > 1, np.inf, Y)}, "y"), ({"y": Y[:-1]}, "y"),
        ({"y": np.full(60, 3.0)}, "y"), ({"X": X[:10], "y": Y[:10]}, "X"), ({"n_experts": 0}, "n_experts"),
        ({"top_k": 3}, "top_k"), ({"top_k": 0}, "top_k"), ({"top_k": 1, "gate": "laplace"}, "top_k"),
        ({"temperature": 0.0, "gate": "temperature"}, "temperature"), ({"temperature": -1.0}, "temperature"),
        ({"temperature": 2.0}, "temperature"), ({"fit_temperature": True}, "fit_temperature"),
        ({"fit_temperature": True, "gate": "temperature"}, "fit_temperature"),
        ({"fit_temperature": True, "gate": "activation", "activation": "identity"}, "fit_temperature"),
        ({"fit_temperature": True, "gate": "activation", "solver": "em"}, "solver"), ({"gate": "relu"}, "gate"),
        ({"gate": "activation", "activation": "relu"}, "activation"), ({"rank_by": "order"}, "rank_by"),
        ({"sample_weight": -np.ones(60)}, "sample_weight"), ({"sample_weight": np.zeros(60)}, "sample_weight"),
        ({"variance": -1.0}, "variance"), ({"variance": "one"}, "variance"),
        ({"variance_penalty": -1}, "variance_penalty"), ({"variance_penalty": "none"}, "variance_penalty"),
        ({"gate_ridge": -1.0}, "gate_ridge"),
        ({"solver": "adam"}, "solver"), ({"n_init": 0}, "n_init"), ({"init": "grid"}, "init"), ({"tol": -1}, "tol"),
        ({"max_iter": 0}, "max_iter"), ({"n_threads": 0}, "n_threads"), ({"rng": 3}, "rng"),
        ({"on_failure": "print"}, "on_failure"),
        ({"init": moe.MixingMeasure([0, 0], [1, 0], a=[1, 0], b=[0, 1], v=[1, 1])}, "init"),
    ],
)  # fmt: skip
def test_refused_with_the_name(change, name):
    arguments = {"X": X, "y": Y} | change
    with pytest.raises(InvalidArgument) as caught:
        moe.maximize_likelihood(arguments.pop("X"), arguments.pop("y"), **arguments)
    assert caught.value.name == name


def test_constant_where_it_counts():
    """A response that varies only in rows of weight zero is constant."""
    y = np.r_[np.ones(50), Y[50:]]
    with pytest.raises(InvalidArgument, match="varies"):
        moe.maximize_likelihood(X, y, sample_weight=np.r_[np.ones(50), np.zeros(10)])


def test_limits_are_reported():
    with pytest.warns(ConvergenceWarning, match="iteration limit"):
        moe.maximize_likelihood(X, Y, max_iter=1, n_init=1)
    with pytest.raises(ConvergenceError):
        moe.maximize_likelihood(X, Y, max_iter=1, n_init=1, on_failure="raise")


def test_temperature_that_the_data_cannot_tell():
    """Two places of x: on them x phi'(x), phi(x) and 1 span no more than two dimensions."""
    rng = np.random.default_rng(1)
    binary = rng.integers(2, size=(200, 1)).astype(float)
    y = np.where(rng.random(200) < 0.3 + 0.4 * binary[:, 0], 2.0, -2.0) + 0.3 * rng.normal(size=200)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        moe.maximize_likelihood(binary, y, gate="activation", fit_temperature=True, n_init=1, max_iter=20)
    said = [str(each.message) for each in caught if each.category is ConvergenceWarning]
    assert any("temperature is not identified" in message for message in said)


def test_callback_sees_and_stops():
    seen = []

    def stop(progress):
        seen.append(progress)
        return len(seen) >= 3

    fit = moe.maximize_likelihood(X, Y, init=moe.MixingMeasure([0, 0], [[1, 0], [0, 0]], a=[[1, 0], [0, 0]], b=[0, 1],
                                  v=[1, 1]), callback=stop, on_failure="ignore")  # fmt: skip
    assert len(seen) >= 3
    assert fit.status.code in ("stopped", "converged")


@pytest.mark.parametrize("scale", [1e154, 1e-300])
def test_responses_whose_squares_are_no_floats_are_refused(scale):
    with pytest.raises(InvalidArgument, match=r"^y: expected a range"):
        moe.maximize_likelihood(X, Y * scale)


def test_far_responses_and_covariates_give_no_nan():
    model = moe.GaussianMoE(2, n_init=2, random_state=0).fit(X, Y)
    with pytest.raises(InvalidArgument, match=r"^y: "):
        model.responsibilities(X[:2], [0.0, 1e200])
    assert model.score_samples(X[:2], [0.0, 1e200])[1] == -np.inf
    assert np.isfinite(model.predict_dist(1e200 * X[:2]).var()).all()
