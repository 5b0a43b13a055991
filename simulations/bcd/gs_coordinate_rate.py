"""Gauss-Southwell on coordinates: what every iteration removes, against the enumerated constant in the 1-norm."""

import numpy as np

from sparsetheory.bcd.known_quadratics import cut, draw_matrix, draw_rows, pose
from sparsetheory.bcd.norm_constants import norm_constant, separable_constant
from sparsetheory.bcd.one_step import shares
from sparsetheory.bcd.one_step_study import FUNCTIONS, Descent, Smallest, measured, rate_study
from sparsetheory.verify import Bound, Broken


def generate(cell, rng):
    """Draw a matrix; the constant in the 1-norm is the best over all sign vectors."""
    Q = draw_matrix(rng, cell["n"])
    rows = draw_rows(rng, Q) if cell["f"] == "log cosh" else np.zeros((0, len(Q)))
    blocks, L = cut(len(Q), 1), np.diagonal(Q + rows.T @ rows).max() * np.eye(len(Q))
    constant = norm_constant(Q, blocks=blocks, metric=np.eye(len(Q)))
    return pose(
        rng, Q, blocks=blocks, bound=L, step=L, constant=constant, start=cell["start"], rows=rows if len(rows) else None
    )


def measure(instance, points):
    """Compare shares with mu_1/L, mu_1 with its neighbours, and with its closed form where Q is diagonal."""
    Q, found, mu = instance.Q, instance.constant, instance.euclidean
    diagonal = np.count_nonzero(Q) == len(Q)
    off = separable_constant(np.diagonal(Q), np.ones(len(Q))) / found.lower - 1.0 if diagonal else 0.0
    return measured(
        shares(instance, points), {"mu_1": found.lower, "L": instance.step[0, 0]},
        mu.over(len(Q)), found.over(1.0), mu.over(1.0),
        **{"closed form of a separable constant": (off, 1e-10),
           "relaxation below the enumerated constant": (max(0.0, found.relaxed / found.lower - 1.0), 1e-10),
           "relaxation above 2/pi of it": (max(0.0, 2 / np.pi - found.relaxed / found.lower), 1e-5)},
    )  # fmt: skip


STUDY = rate_study(
    claim="bcd.gs_coordinate_rate",
    generate=generate,
    run=Descent("gs", "gradient"),
    measure=measure,
    strata=FUNCTIONS,
    wrong=Bound("kappa*mu_1/L", mu_1="strong convexity in the 1-norm", L="largest L_i", kappa="factor"),
    kappa=1.05,
    broken=(
        Broken(name="a random coordinate", run=Descent("random", "gradient")),
        Broken(name="coordinates in turn", run=Descent("cyclic", "gradient")),
        Broken(name="smallest gradient entry", run=Descent("gs", "gradient", Smallest())),
    ),
    notes=(
        r"Quadratics with equal and with unequal $L_i$ (four decades), nearly collinear columns, families of "
        r"correlated "
        r"columns, and diagonal ones; and these plus $\sum_k \log \cosh r_k^T (x - x^*)$, with Hessians between "
        r"$Q$ and "
        r"$Q + R^T R$. $\mu_1$ is enumerated over all sign vectors; beside it stands the semidefinite bound, proved by "
        r"exact pivots. From the extremal start, where the gradient is the maximising sign vector, the first iteration "
        r"removes exactly $\mu_1/L$ if $L_i = L$."
    ),
)
