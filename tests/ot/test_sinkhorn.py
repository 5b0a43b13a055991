"""Sinkhorn's iteration: the twin's iterates, its exact rate, and where it stops."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sparsetheory import ot
from sparsetheory.ot.problem import gaussian_clouds, random_costs
from sparsetheory.progress import record
from sparsetheory.result import Status

_spec = importlib.util.spec_from_file_location(
    "ot_sinkhorn_twin", Path(__file__).parents[1] / "reference" / "ot_sinkhorn.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)


@pytest.mark.parametrize("shape", [(12, 12), (5, 30), (30, 5)])
def test_the_plan_after_k_iterations_is_the_twins(shape):
    C, a, b = random_costs(*shape, np.random.default_rng(0))
    C = C - C.min(axis=1, keepdims=True)
    C -= C.min(axis=0)  # the solver starts from potentials 0 for this cost
    for k in (1, 2, 7, 40):
        result = ot.sinkhorn(C, a, b, reg=0.1, tol=0.0, max_iter=k, on_failure="ignore")
        f, g, errors = twin.sinkhorn(C, a, b, 0.1, k)
        assert_allclose(result.plan, np.exp((f[:, None] + g - C) / 0.1), rtol=1e-11)
        assert result.error == pytest.approx(errors[-1], rel=1e-8, abs=1e-13)
        assert (result.status, result.n_iter) == (Status.MAX_ITER, k)


def test_the_error_falls_by_the_second_singular_value_squared():
    C, a, b = gaussian_clouds(60, 2, np.random.default_rng(1))
    reg = 0.2 * np.median(C)
    P = ot.solve(C, a, b, reg=reg, tol=1e-13, on_failure="ignore").plan
    sigma = np.linalg.svd(P / np.sqrt(np.outer(a, b)), compute_uv=False)
    n = int(np.log(1e-6) / np.log(sigma[1] ** 2))
    errors = [
        ot.sinkhorn(C, a, b, reg=reg, tol=0.0, max_iter=k, on_failure="ignore").error for k in (n, n + 10)
    ]  # fmt: skip
    rate = (errors[1] / errors[0]) ** 0.1
    assert rate == pytest.approx(sigma[1] ** 2, rel=0.01)
    assert rate != pytest.approx(sigma[1], rel=0.05)


def test_checkpoints_do_not_change_the_iterates(monkeypatch):
    from sparsetheory.ot import sinkhorn_iteration

    C, a, b = random_costs(20, 20, np.random.default_rng(2))
    whole = ot.sinkhorn(C, a, b, reg=0.02)
    monkeypatch.setattr(sinkhorn_iteration, "_CHUNK_ENTRIES", 1)
    rows = []
    stepwise = ot.sinkhorn(C, a, b, reg=0.02, callback=record(rows))
    assert stepwise.n_iter == whole.n_iter == len(rows) == len(stepwise.trace)
    assert np.array_equal(stepwise.plan, whole.plan)
    assert (np.diff(stepwise.trace.objective) > -1e-14).all()


def test_a_tolerance_below_rounding_ends_at_the_iteration_limit_with_its_error():
    C, a, b = random_costs(20, 20, np.random.default_rng(3))
    result = ot.sinkhorn(C, a, b, reg=0.1, tol=0.0, max_iter=2000, on_failure="ignore")
    assert result.error < 5 * result.floor
    assert (result.status, result.n_iter) == (Status.FLOOR, 2000)


def test_the_default_solver_needs_a_fraction_of_the_sweeps():
    C, a, b = random_costs(40, 40, np.random.default_rng(4))
    slow = ot.sinkhorn(C, a, b, reg=0.01, max_iter=50_000)
    fast = ot.solve(C, a, b, reg=0.01)
    assert slow.converged
    assert fast.converged
    assert fast.n_iter < 0.05 * slow.n_iter
    assert_allclose(fast.value, slow.value, rtol=1e-8)
