"""Problems of every class with their textbook twins."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sparsetheory import bcd

_spec = importlib.util.spec_from_file_location(
    "bcd_descent_twin", Path(__file__).parents[1] / "reference" / "bcd_descent.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)


def instance(kind, seed=0, n=7, samples=25, l2=0.3):
    """Return (problem, textbook functions) with column scales over two decades."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, n)) * 10.0 ** rng.uniform(-1, 1, n)
    y = X @ rng.normal(size=n) + rng.normal(size=samples)
    if kind == "least_squares":
        return bcd.LeastSquares(X, y, l2=l2), twin.least_squares(X, y, l2)
    if kind == "logistic":
        labels = np.where(y > 0, 1.0, -1.0)
        return bcd.Logistic(X, labels, l2=l2), twin.logistic(X, labels, l2)
    if kind == "softmax":
        classes = rng.integers(0, 3, samples)
        classes[:3] = 0, 1, 2
        return bcd.Softmax(X[:, :3], classes, l2=l2), twin.softmax(X[:, :3], classes, l2)
    shift = 0.5 * y @ y
    f, *rest = twin.least_squares(X, y, l2)
    return bcd.Quadratic(X.T @ X, X.T @ y, l2=l2), (lambda x: f(x) - shift, *rest)


KINDS = ("least_squares", "logistic", "softmax", "quadratic")


@pytest.fixture
def textbook():
    return twin


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def make():
    return instance
