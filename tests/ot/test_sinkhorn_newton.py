"""Sinkhorn-Newton-Sparse against its dense twin, its conduct, and the rate it has when too little is kept."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

from sparsetheory import ot
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.ot.problem import gaussian_clouds, random_assignment, random_costs
from sparsetheory.result import Status

_SPEC = importlib.util.spec_from_file_location(
    "ot_sinkhorn_newton_twin", Path(__file__).parents[1] / "reference" / "ot_sinkhorn_newton.py"
)
twin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(twin)


def paper_start(m):
    return None, np.zeros(m)


@pytest.mark.parametrize(("n", "m"), [(12, 12), (9, 15), (15, 9), (1, 4)])
@pytest.mark.parametrize("density", [0.15, 0.4, 1.0])
def test_every_step_is_that_of_the_twin(n, m, density):
    M, a, b = random_costs(n, m, np.random.default_rng(n + m))
    reg, n_newton = 0.05, 4
    f, g, errors = twin.sinkhorn_newton_sparse(M, a, b, reg, 5, n_newton, int(np.ceil(density * n * m)))
    result = ot.sinkhorn_newton_sparse(
        M, a, b, reg=reg, n_sinkhorn=5, n_newton=n_newton, density=density, cg_tol=1e-11, tol=0.0,
        init=paper_start(m), on_failure="ignore",
    )  # fmt: skip
    newton = ~np.isnan(result.trace.extra["cg"]) if "cg" in result.trace.extra else np.zeros(len(result.trace), bool)
    measured = result.trace.error[newton]
    # both are the same numbers up to CG's 1e-11 and rounding, amplified by the Hessian: compare where errors are large
    far = errors[1 : len(measured) + 1] > 1e-9
    np.testing.assert_allclose(measured[far], errors[1 : len(measured) + 1][far], rtol=1e-5)
    assert (measured[~far] < 1e-8).all()
    plan = np.exp((f[:, None] + g - M) / reg)
    assert np.abs(result.plan - plan).max() < 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_steps_that_go_too_far_are_halved_as_in_the_twin(seed):
    M, a, b = random_costs(10, 12, np.random.default_rng(seed))
    with np.errstate(over="ignore"):  # the twin overflows where the step is refused
        _, _, errors = twin.sinkhorn_newton_sparse(M, a, b, 0.02, 1, 5, 60)
    result = ot.sinkhorn_newton_sparse(
        M, a, b, reg=0.02, n_sinkhorn=1, n_newton=5, density=0.5, cg_tol=1e-12, tol=0.0, init=paper_start(12),
        on_failure="ignore",
    )  # fmt: skip
    assert np.nanmin(result.trace.extra["step"]) < 1
    np.testing.assert_allclose(result.trace.error[1:], errors[1:], rtol=1e-5)


def test_what_is_kept_and_dropped_is_recorded():
    M, a, b = random_costs(20, 30, np.random.default_rng(0))
    result = ot.sinkhorn_newton_sparse(M, a, b, reg=0.02, density=0.1)
    extra = result.trace.extra
    newton = ~np.isnan(extra["cg"])
    assert newton.any()
    np.testing.assert_array_equal(extra["density"][newton], np.ceil(0.1 * 600) / 600)
    assert (extra["cg"][newton] >= 1).all()
    assert ((extra["dropped"][newton] > 0) & (extra["dropped"][newton] < 1)).all()
    assert (extra["step"][newton] > 0).all()
    assert (extra["empty"][newton] >= 0).all()


def test_the_objective_never_falls():
    M, a, b = gaussian_clouds(60, 2, np.random.default_rng(1))
    result = ot.sinkhorn_newton_sparse(M, a, b, reg=0.02 * float(np.median(M)), n_newton=40, on_failure="ignore")
    objective = result.trace.objective
    assert len(objective) > 10
    # the objective is a sum of n + m terms of the size of the costs
    assert (np.diff(objective) >= -120 * np.finfo(float).eps * M.max()).all()


def test_a_fixed_density_converges_linearly_and_a_sufficient_one_quadratically():
    M, a, b = random_assignment(200, np.random.default_rng(3))
    few = ot.sinkhorn_newton_sparse(M, a, b, reg=1 / 300, density=2 / 200, n_newton=200, on_failure="ignore")
    enough = ot.sinkhorn_newton_sparse(M, a, b, reg=1 / 300, density=15 / 200)
    assert enough.converged
    assert enough.n_iter < few.n_iter
    ratios = few.trace.error[-5:] / few.trace.error[-6:-1]
    assert (ratios > 0.05).all()  # no acceleration at the end
    assert enough.trace.error[-1] < 0.05 * enough.trace.error[-2]


def test_sinkhorn_alone_is_sinkhorn():
    M, a, b = random_costs(10, 8, np.random.default_rng(4))
    ours = ot.sinkhorn_newton_sparse(M, a, b, reg=0.1, n_sinkhorn=10, n_newton=0, tol=0.0, on_failure="ignore")
    plain = ot.sinkhorn(M, a, b, reg=0.1, max_iter=10, tol=0.0, on_failure="ignore")
    assert ours.n_iter == plain.n_iter == 10
    np.testing.assert_allclose(ours.plan, plain.plan, rtol=1e-12)


def test_a_warm_start_returns_in_one_pass():
    M, a, b = random_costs(30, 20, np.random.default_rng(5))
    first = ot.sinkhorn_newton_sparse(M, a, b, reg=0.01)
    again = ot.sinkhorn_newton_sparse(M, a, b, reg=0.01, tol=2e-9, init=first)
    assert (first.status, again.status, again.n_iter) == (Status.CONVERGED, Status.CONVERGED, 1)


def test_newton_steps_alone_from_a_warm_start():
    M, a, b = random_costs(30, 20, np.random.default_rng(6))
    rough = ot.sinkhorn(M, a, b, reg=0.05, tol=1e-2)
    exact = ot.sinkhorn_newton_sparse(M, a, b, reg=0.05, n_sinkhorn=0, density=1.0, init=rough)
    assert exact.converged
    assert exact.n_iter < 10


def test_limits_and_failure_policies():
    M, a, b = random_assignment(40, np.random.default_rng(7))
    arguments = {"reg": 1e-3, "n_sinkhorn": 3, "n_newton": 2}
    with pytest.warns(ConvergenceWarning, match="iteration limit"):
        stopped = ot.sinkhorn_newton_sparse(M, a, b, **arguments)
    assert (stopped.status, stopped.n_iter) == (Status.MAX_ITER, 5)
    with pytest.raises(ConvergenceError) as error:
        ot.sinkhorn_newton_sparse(M, a, b, **arguments, on_failure="raise")
    assert error.value.result.error == stopped.error
    assert ot.sinkhorn_newton_sparse(M, a, b, **arguments, max_iter=2, on_failure="ignore").n_iter == 2
    assert ot.sinkhorn_newton_sparse(M, a, b, **arguments, max_iter=9, on_failure="ignore").n_iter == 5


def test_the_default_number_of_newton_steps_gives_way_to_max_iter():
    M, a, b = random_assignment(100, np.random.default_rng(7))
    slow = {"reg": 1 / 1200, "density": 1 / 100, "tol": 1e-9, "on_failure": "ignore"}
    assert ot.sinkhorn_newton_sparse(M, a, b, **slow).n_iter == 120
    assert ot.sinkhorn_newton_sparse(M, a, b, **slow, max_iter=150).n_iter == 150


def test_a_callback_sees_both_stages_and_can_stop():
    M, a, b = random_assignment(40, np.random.default_rng(8))
    seen = []
    result = ot.sinkhorn_newton_sparse(
        M, a, b, reg=1e-2, tol=1e-12, on_failure="ignore", callback=lambda p: seen.append(p.n_iter) or len(seen) == 4
    )
    assert seen == [10, 20, 21, 22]
    assert result.status is Status.STOPPED


@pytest.mark.parametrize(
    ("name", "value"),
    [("density", 0.0), ("density", 1.5), ("density", "all"), ("n_sinkhorn", -1), ("n_newton", 2.5), ("cg_tol", 0.0),
     ("tol", -1.0), ("max_iter", 0), ("on_failure", "shout"), ("reg", 0.0)],
)  # fmt: skip
def test_bad_settings_are_refused_by_name(name, value):
    with pytest.raises(InvalidArgument, match=f"^{name}: expected"):
        ot.sinkhorn_newton_sparse(np.eye(3), **{"reg": 0.1, name: value})


def test_a_system_without_curvature_ends_the_solve_in_silence():
    """Far from the solution every entry of the plan may underflow: conjugate gradients then divide by zero."""
    rng = np.random.default_rng(5)
    C = rng.integers(0, 4, (3, 3)).astype(float)
    start = 10 * rng.standard_normal(3), 10 * rng.standard_normal(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = ot.sinkhorn_newton_sparse(C, reg=1e-3, init=start, on_failure="ignore")
    assert np.isfinite(result.plan).all()
    assert not result.converged
