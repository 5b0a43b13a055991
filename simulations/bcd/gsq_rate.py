"""Gauss-Southwell with a quadratic model: blocks with a bound H_b above the Hessian, against the certified constant."""

import numpy as np

from sparsetheory.bcd.known_quadratics import block_scales, cut, draw_matrix, draw_rows, pose, spread
from sparsetheory.bcd.norm_constants import norm_constant, shortfall
from sparsetheory.bcd.one_step import shares
from sparsetheory.bcd.one_step_study import BLOCK_SIZES, FUNCTIONS, Descent, Smallest, measured, misjudged, rate_study
from sparsetheory.verify import Bound, Broken

RUN = Descent("gsq", "matrix")


def generate(cell, rng):
    """Draw a matrix, cut it, and draw rows whose squares make up what H, all the rule knows, is above Q."""
    Q = draw_matrix(rng, cell["n"])
    blocks = cut(cell["n"], BLOCK_SIZES[cell["n"]])
    rows = draw_rows(rng, Q)
    H = Q + rows.T @ rows
    constant = norm_constant(Q, blocks=blocks, metric=H)
    sizes = np.repeat([len(b) for b in blocks], [len(b) for b in blocks])
    diagonal = norm_constant(Q, blocks=blocks, metric=np.diag(sizes * np.diagonal(H)))
    scalar = norm_constant(Q, blocks=blocks, metric=spread(block_scales(H, blocks), blocks))
    return pose(
        rng, Q, blocks=blocks, bound=H, step=H, constant=constant, start=cell["start"], others=(diagonal, scalar),
        rows=rows if cell["f"] == "log cosh" else None,
    )  # fmt: skip


def halved(instance, rng):
    """Believe in H/2, which is not above the Hessian."""
    return RUN(misjudged(instance, instance.step / 2), rng)


def measure(instance, points):
    """Compare shares with mu_H, and mu_H with the constants of coarser metrics above H_b."""
    found, (diagonal, scalar) = instance.constant, instance.others
    return measured(
        shares(instance, points), {"mu_H": found.lower}, diagonal.over(1.0), found.over(1.0),
        **{"not below the rate of GSL": (shortfall(scalar.over(1.0), found.over(1.0)), 1e-8)},
    )  # fmt: skip


STUDY = rate_study(
    claim="bcd.gsq_rate",
    generate=generate,
    run=RUN,
    measure=measure,
    strata=FUNCTIONS,
    wrong=Bound("kappa*mu_H", mu_H="strong convexity in the sum of H-norms of blocks", kappa="factor"),
    kappa=1.5,
    broken=(
        Broken(name="half of H", run=halved),
        Broken(name="smallest score", run=Descent("gsq", "matrix", Smallest())),
    ),
    notes=(
        r"$H = Q + R^T R$ with $R^T R$ a thousandth of $Q$ up to its size; the rule knows $H_b$ only. $f$ is the "
        r"quadratic "
        r"of $Q$, or that plus $\sum_k \log \cosh r_k^T (x - x^*)$, whose Hessians lie between $Q$ and $H$ and whose "
        r"minimiser is known. The bound uses the certified lower end of $\mu_H$. On every instance $\mu_H \geq \mu_D$ "
        r"with $D_i = |b| H_{ii}$ and $\mu_H \geq \mu_L$ with $L_b = \lambda_{max}(H_b)$. On quadratics the bound "
        r"is met "
        r"up to the slack of $H_b \succeq Q_{bb}$ from the extremal start."
    ),
)
