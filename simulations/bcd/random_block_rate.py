"""Random blocks with step 1/L: the conditional expectation of every iteration as an exact sum."""

import numpy as np

from sparsetheory.bcd.known_quadratics import block_scales, cut, draw_matrix, pose
from sparsetheory.bcd.norm_constants import norm_constant
from sparsetheory.bcd.one_step import descend, expected_shares, off_candidates, shares
from sparsetheory.bcd.one_step_study import ITERATIONS, measured, rate_study
from sparsetheory.verify import Bound, Broken

SIZES = {4: 1, 8: 2, 12: 3}  # variables a block; single coordinates among them


def generate(cell, rng):
    """Draw a matrix and cut it; the extremal start is along the eigenvector of the smallest eigenvalue."""
    Q = draw_matrix(rng, cell["n"])
    blocks = cut(len(Q), SIZES[len(Q)])
    L = block_scales(Q, blocks).max() * np.eye(len(Q))
    constant = norm_constant(Q, blocks=[range(len(Q))], metric=np.eye(len(Q)))
    return pose(rng, Q, blocks=blocks, bound=L, step=L, constant=constant, start=cell["start"])


def run(instance, rng):
    """Minimise with the library: a block at random, step 1/L."""
    return descend(instance, select="random", update="gradient", iterations=ITERATIONS, rng=rng)


def _at(instance):
    return {"mu": instance.constant.lower, "m": len(instance.blocks), "L": instance.step[0, 0]}


def _expected(instance, points, weights):
    return expected_shares(instance, points, np.asarray(weights) / np.sum(weights))


def measure(instance, points):
    """Average over the blocks that could have been drawn; the run itself took one of these steps."""
    return measured(
        _expected(instance, points, np.ones(len(instance.blocks))), _at(instance),
        **{"step of the run among those averaged": (off_candidates(instance, points), 1.0)},
    )  # fmt: skip


def favoured(instance, points):
    """Average with probabilities in proportion to L_b, and steps 1/L all the same."""
    return measured(_expected(instance, points, block_scales(instance.Q, instance.blocks)), _at(instance))


def in_turn(instance, rng):
    return descend(instance, select="cyclic", update="gradient", iterations=ITERATIONS, rng=rng)


def realised(instance, points):
    """Read the shares of the run: nothing is averaged where nothing is drawn."""
    return measured(shares(instance, points), _at(instance))


STUDY = rate_study(
    claim="bcd.random_block_rate",
    generate=generate,
    run=run,
    measure=measure,
    wrong=Bound("kappa*mu/(m*L)", mu="strong convexity", m="number of blocks", L="largest L_b", kappa="factor"),
    kappa=1.05,
    broken=(
        Broken(name="probabilities in proportion to L_b with steps 1/L", measure=favoured),
        Broken(name="blocks in turn", run=in_turn, measure=realised),
    ),
    notes=(
        r"No Monte Carlo: given $x^k$, the expectation is a sum over the $m$ blocks. Single coordinates at $n = 4$, "
        r"blocks of two and three above. $\mu$ is certified by exact pivots. From the extremal start, along the "
        r"eigenvector of the smallest eigenvalue, the bound is attained where all $H_b = L I$."
    ),
)
