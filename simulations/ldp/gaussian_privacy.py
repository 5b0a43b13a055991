"""Audits of GaussianVector: lower confidence bounds of mu for random inputs, in the ball and outside."""

from sparsetheory.ldp import GaussianVector
from sparsetheory.ldp.privacy_study import Audited, as_it_is, audit_study, pair_of_inputs
from sparsetheory.verify import Broken

DIM, RADIUS, DELTA = 4, 2.0, 1e-5


def _noise(epsilon, part=1.0):
    return GaussianVector(DIM, epsilon, delta=DELTA, sensitivity=2 * RADIUS * part, radius=RADIUS)


def generate(cell, rng):
    """Draw two inputs for noise that hides a ball of radius 2."""
    return Audited(_noise(cell["epsilon"]), pair_of_inputs(DIM, RADIUS, cell["kind"], rng))


def half_the_noise(case, rng):
    """Take the radius for the sensitivity."""
    return as_it_is(case, rng, drawn_by=_noise(case.randomizer.epsilon, 0.5))


STUDY = audit_study(
    claim="ldp.gaussian_privacy",
    generate=generate,
    weaker=Broken(name="radius in place of the sensitivity", run=half_the_noise),
    symbol="mu",
    epsilons=(1.0, 2.0, 4.0, 8.0),
    quick=8.0,
    notes=r"Dimension 4, $\delta = 10^{-5}$, noise in floating point, rounded to a coarse grid.",
)
