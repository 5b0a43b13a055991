"""Lipschitz sampling: the conditional expectation of every iteration as an exact sum."""

import numpy as np

from sparsetheory.bcd.known_quadratics import block_scales, cut, draw_matrix, pose, spread
from sparsetheory.bcd.norm_constants import norm_constant
from sparsetheory.bcd.one_step import descend, expected_shares, off_candidates
from sparsetheory.bcd.one_step_study import ITERATIONS, measured, rate_study
from sparsetheory.verify import Bound, Broken

SIZES = {4: 1, 8: 2, 12: 3}  # variables a block; single coordinates among them


def generate(cell, rng):
    """Draw a matrix and cut it; the extremal start is along the eigenvector of the smallest eigenvalue."""
    Q = draw_matrix(rng, cell["n"])
    blocks = cut(len(Q), SIZES[len(Q)])
    scale = spread(block_scales(Q, blocks), blocks)
    constant = norm_constant(Q, blocks=[range(len(Q))], metric=np.eye(len(Q)))
    return pose(rng, Q, blocks=blocks, step=scale, constant=constant, start=cell["start"])


def run(instance, rng):
    """Minimise with the library: block b with probability L_b / sum, step 1/L_b."""
    return descend(instance, select="lipschitz", update="gradient", iterations=ITERATIONS, rng=rng)


def _measure(instance, points, power, **conditions):
    """Average with probabilities in proportion to a power of L_b."""
    L = block_scales(instance.Q, instance.blocks)
    removed = expected_shares(instance, points, L**power / (L**power).sum())
    return measured(removed, {"mu": instance.constant.lower, "S": L.sum()}, **conditions)


def measure(instance, points):
    """Average over the blocks that could have been drawn; the run itself took one of these steps."""
    off = {"step of the run among those averaged": (off_candidates(instance, points), 1.0)}
    return _measure(instance, points, 1.0, **off)


def uniform(instance, points):
    return _measure(instance, points, 0.0)


def reversed_constants(instance, points):
    return _measure(instance, points, -1.0)


STUDY = rate_study(
    claim="bcd.lipschitz_sampling_rate",
    generate=generate,
    run=run,
    measure=measure,
    wrong=Bound("kappa*mu/S", mu="strong convexity", S="sum of the L_b", kappa="factor"),
    kappa=1.05,
    broken=(
        Broken(name="equal probabilities with steps 1/L_b", measure=uniform),
        Broken(name="probabilities in proportion to 1/L_b", measure=reversed_constants),
    ),
    notes=(
        r"No Monte Carlo: given $x^k$, the expectation is a sum over the $m$ blocks. Single coordinates at $n = 4$, "
        r"blocks of two and three above. $\mu$ is certified by exact pivots. With single coordinates the bound is "
        r"attained along the eigenvector of the smallest eigenvalue. Equal probabilities fail where that direction "
        r"lies on "
        r"coordinates of large curvature, nearly collinear ones."
    ),
)
