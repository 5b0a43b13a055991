"""The judge of the benchmark: its gap is primal minus dual, bounds what is lacking, and refuses what is bad."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from sparsetheory import bcd

ROOT = str(Path(__file__).resolve().parents[2])


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, ROOT)
    try:
        from benchmarks.bcd import instance, judge
    finally:
        sys.path.remove(ROOT)
    return instance.Instance, judge


KINDS = {
    "lasso": {}, "nonnegative": {"positive": True}, "groups": {"group": 3}, "logistic": {"loss": "logistic"},
}  # fmt: skip


def build(bench, kind, fraction=0.2):
    Instance, judge = bench
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 12))
    y = X[:, :3].sum(axis=1) + rng.normal(size=30)
    y = np.sign(y) if kind == "logistic" else y
    instance = Instance(name=kind, X=X, y=y, alphas=(), **KINDS[kind])
    return dataclasses.replace(instance, alphas=(fraction * judge.largest_alpha(instance),))


def solve(instance):
    quiet = {"fit_intercept": False, "tol": 1e-12}
    if instance.loss == "logistic":
        return bcd.SparseLogisticRegression(instance.alpha, **quiet).fit(instance.X, instance.y).coef_[0]
    if instance.group > 1:
        return bcd.GroupLasso(instance.alpha, groups=instance.group, **quiet).fit(instance.X, instance.y).coef_
    return bcd.Lasso(instance.alpha, positive=instance.positive, **quiet).fit(instance.X, instance.y).coef_


def primal(instance, w):
    z, norm = instance.X @ w, np.linalg.norm(w.reshape(-1, instance.group), axis=1).sum()
    if instance.loss == "logistic":
        return np.logaddexp(0, -instance.y * z).mean() + instance.alpha * norm
    return ((instance.y - z) ** 2).mean() / 2 + instance.alpha * norm


def dual(instance, w):
    """The textbook dual objective at the scaled residual."""
    X, y, n = instance.X, instance.y, len(instance.y)
    logistic = instance.loss == "logistic"
    r = y / (1 + np.exp(y * (X @ w))) if logistic else y - X @ w
    c = np.linalg.norm((X.T @ r / n).reshape(-1, instance.group), axis=1) if instance.group > 1 else X.T @ r / n
    r = r * min(1, instance.alpha / (c if instance.positive else np.abs(c)).max())
    if logistic:
        u = y * r
        return -np.mean(u * np.log(u) + (1 - u) * np.log(1 - u))
    return (y @ y - (y - r) @ (y - r)) / (2 * n)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gap_is_primal_minus_dual(bench, kind):
    judge, instance = bench[1], build(bench, kind)
    solution = solve(instance)
    assert 0 <= judge.relative_gap(solution, instance) <= 1e-11
    for size in (1.0, 1e-2, 1e-4):
        w = solution + size * np.abs(np.random.default_rng(1).normal(size=len(solution)))
        gap = judge.gap(w, instance, instance.alpha)
        assert gap == pytest.approx(primal(instance, w) - dual(instance, w), abs=1e-13)
        assert gap >= primal(instance, w) - primal(instance, solution) - 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_zero_is_the_solution_from_the_largest_alpha_on(bench, kind):
    judge = bench[1]
    zero = np.zeros(12)
    assert judge.relative_gap(zero, build(bench, kind, 1.0)) <= 1e-15
    assert judge.relative_gap(zero, build(bench, kind, 0.9)) > 1e-3
    assert judge.value_at_zero(build(bench, kind)) == pytest.approx(primal(build(bench, kind), zero))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_bad_never_passes(bench, kind):
    judge, instance = bench[1], build(bench, kind)
    assert np.isnan(judge.relative_gap(np.full(12, np.nan), instance))
    if kind == "nonnegative":
        assert judge.relative_gap(np.full(12, -1e-9), instance) == np.inf


def test_a_path_is_as_good_as_its_worst_alpha(bench):
    judge, instance = bench[1], build(bench, "lasso")
    top = judge.largest_alpha(instance)
    path = dataclasses.replace(instance, alphas=(top, 0.2 * top))
    rows = np.stack([np.zeros(12), solve(instance)])
    assert judge.relative_gap(rows, path) <= 1e-11
    assert judge.relative_gap(rows[::-1], path) > 1e-3
