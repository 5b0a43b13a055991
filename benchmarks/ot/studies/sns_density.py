"""Sinkhorn-Newton-Sparse at the published density, and the density that 1e-9 asks for.

For each problem with a published setting (N1 Sinkhorn iterations, N2 Newton steps, k entries kept per row):

``hard``       1 - sigma_2^2 of the solution: Sinkhorn's error falls by sigma_2^2 an iteration
``error``      reached with exactly N1 + N2 steps at density k/n;  ``tail`` is the factor of the last step
``steps``      Newton steps to `tol` at density k/n, of at most 500
``need``       the least k of `GRID` that reaches `tol` within N1 + N2 steps, and its seconds (``need s``)
``solve``      seconds and iterations of the default solver
``plain``      Sinkhorn's iterations and error within the time limit; ``predict`` extrapolates the iterations
All seconds are CPU seconds of one thread.
"""

import argparse
import math
import sys
import time
from typing import Any

import numpy as np

from benchmarks.ot.instance import Instance, instances
from benchmarks.ot.judge import hardness, marginal_error
from benchmarks.ot.limits import stop_after
from sparsetheory import ot

GRID = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 80, 120, 200)
COLUMNS = ["problem", "hard", "setting", "error", "tail", "sns s", "steps", "need", "need s", "solve s", "solve it",
           "solve err", "plain s", "plain it", "plain err", "predict"]  # fmt: skip


def timed(function: Any, instance: Instance, **settings: Any) -> tuple[Any, float, float]:
    """Return (result, seconds, L1 error by the judge)."""
    start = time.process_time()
    result = function(instance.M, instance.a, instance.b, reg=instance.reg, on_failure="ignore", **settings)
    error = marginal_error(result.plan, instance)
    return result, time.process_time() - start, error


def literal(instance: Instance, k: int, n_newton: int, tol: float) -> tuple[Any, float, float]:
    n_sinkhorn = instance.paper[0]
    return timed(
        ot.sinkhorn_newton_sparse, instance,
        n_sinkhorn=n_sinkhorn, n_newton=n_newton, density=min(1.0, k / max(instance.M.shape)), tol=tol,
    )  # fmt: skip


def study(instance: Instance, tol: float, limit: float) -> dict[str, Any]:
    n_sinkhorn, n_newton, k = instance.paper
    ours, ours_seconds, ours_error = timed(ot.solve, instance, tol=tol)
    hard = hardness(ours.plan, instance)
    published, published_seconds, published_error = literal(instance, k, n_newton, tol)
    errors = published.trace.error
    long, _, long_error = literal(instance, k, 500, tol)
    need, need_seconds = "-", math.nan
    for k_try in GRID:
        _, seconds, error = literal(instance, k_try, n_newton, tol)
        if error <= tol:
            need, need_seconds = str(k_try), seconds
            break
    plain, plain_seconds, plain_error = timed(
        ot.sinkhorn, instance, tol=tol, max_iter=10**7, callback=stop_after(limit)
    )
    predict = plain.n_iter + max(0.0, np.log(plain_error / tol)) / -np.log1p(-max(hard, 1e-16))
    return {
        "problem": instance.name, "hard": hard, "setting": f"{n_sinkhorn}+{n_newton}, {k}/n", "error": published_error,
        "tail": float(errors[-1] / errors[-2]), "sns s": published_seconds,
        "steps": long.n_iter - n_sinkhorn if long_error <= tol else f"> 500 ({long_error:.0e})",
        "need": need, "need s": need_seconds,
        "solve s": ours_seconds, "solve it": ours.n_iter, "solve err": ours_error,
        "plain s": plain_seconds, "plain it": plain.n_iter, "plain err": plain_error,
        "predict": float(predict),
    }  # fmt: skip


def run(args: argparse.Namespace) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    for solver in (ot.solve, ot.sinkhorn, ot.sinkhorn_newton_sparse):  # compilation apart
        for reg in (0.05, 1e-3):  # a dense plan and a sparse one: each has kernels of its own
            solver(rng.random((100, 100)), reg=reg, on_failure="ignore")
    rows = []
    for instance in instances(args.problems):
        if instance.paper is not None:
            rows.append(study(instance, args.tol, args.limit))
            print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), file=sys.stderr)
    return rows
