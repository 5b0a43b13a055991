"""One expert too many: the loss with exponents 4 and 2 in the cell of two atoms falls like the inverse root of n."""

from dataclasses import replace

import numpy as np

from sparsetheory.moe import voronoi_loss
from sparsetheory.moe.known_mixtures import CENTRED
from sparsetheory.moe.over_specified import best_maximum
from sparsetheory.moe.rate_study import measured, root_n_study
from sparsetheory.verify import Bound, Broken, Budget, Grid

CURVATURE = 2.0


def generate(cell, rng):
    """Draw a sample."""
    return CENTRED.draw(cell["n"], rng)


def run(instance, rng):
    """Maximise from both splits, with starts whose distance does not depend on n."""
    return best_maximum(instance, rng)


def measure(instance, G):
    """The loss, with 4 for gate slopes and intercepts and 2 for the other parameters of two atoms in a cell."""
    return measured(voronoi_loss(G, CENTRED.truth, kind="over"), instance)


def _pinned(G, truth):
    """Return the fit with slopes where the atom alone in its cell has its own, weights where one of two has the true.

    The larger atom of the cell of two is given the weight of the true one, as a fit with a fixed row of the gate would.
    """
    near = np.argmin((G.b[:, None] - truth.b) ** 2, axis=1)
    single, double = np.argsort(np.bincount(near, minlength=truth.n_atoms))
    alone = int(np.flatnonzero(near == single)[0])
    pin = max(np.flatnonzero(near == double), key=lambda i: G.beta0[i])
    slope, intercept = truth.beta1[single] - G.beta1[alone], truth.beta0[double] - G.beta0[pin]
    return G.translated(slope=slope, intercept=float(intercept))


def pinned(instance, G):
    """The loss without the infimum over translations, pinned as above."""
    moved = _pinned(G, CENTRED.truth)
    return measured(voronoi_loss(moved, CENTRED.truth, kind="over", translation="pinned"), instance)


def curved(cell, rng):
    """Bend the experts: the truth is none of the model, with one expert more either."""
    instance = generate(cell, rng)
    return replace(instance, y=instance.y + CURVATURE * instance.X[:, 0] ** 2)


STUDY = root_n_study(
    claim="moe.dense_over",
    generate=generate,
    run=run,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(400, 1000, 2500, 6000)), replicates=11),
    full=Budget(grid=Grid(axis="n", sizes=(1000, 3000, 10_000, 30_000, 100_000)), replicates=25),
    quantity="loss",
    alternative="upper",
    wrong=Bound("(log(n)/n)**(1/2)*n**(-kappa)", n="sample size", kappa="exponent added"),
    kappa=1.0,
    broken=(
        Broken(name="no infimum over translations", measure=pinned),
        Broken(name="truth with curved experts", generate=curved),
    ),
    notes=(
        r"Three experts fitted to two that overlap. Starts split either true atom into halves $0.4$ off in the slope "
        r"of the gate and $0.5$ in the intercept of the mean, whatever $n$; Newton's method on the penalised "
        r"likelihood ends with a gradient below $10^{-9}$ a sample, and the higher of the two ends counts. A start "
        r"that does not converge makes the replicate a failure. The penalty, $3 \sum_j \log \pi_j(0)$ in all, keeps "
        r"the maximiser off the boundary of the parameter set, on which it otherwise lies in many replicates, with an "
        r"expert of hardly any weight far from the truth. Pinned to an atom of the cell of two the "
        r"same fits have a floor. Scored with exponents 2 and 1 the loss has the order $n^{-1/4}$ in the end; on these "
        r"sizes it falls faster than that, and is no control."
    ),
)
