"""Audits of PrivUnitG: lower confidence bounds of epsilon for random inputs, in the ball and outside."""

from sparsetheory.ldp import PrivUnitG
from sparsetheory.ldp.privacy_study import Audited, as_it_is, audit_study, pair_of_inputs
from sparsetheory.verify import Broken

DIM, RADIUS = 4, 2.0


def _ball(epsilon):
    return PrivUnitG(DIM, epsilon, sensitivity=2 * RADIUS)


def generate(cell, rng):
    """Draw two inputs for a mechanism of the ball of radius 2."""
    return Audited(_ball(cell["epsilon"]), pair_of_inputs(DIM, RADIUS, cell["kind"], rng))


def twice_epsilon(case, rng):
    """Draw with twice the budget."""
    return as_it_is(case, rng, drawn_by=_ball(2 * case.randomizer.epsilon))


STUDY = audit_study(
    claim="ldp.privunitg_privacy",
    generate=generate,
    weaker=Broken(name="run at twice epsilon", run=twice_epsilon),
    symbol="epsilon",
    epsilons=(0.5, 1.0, 2.0, 4.0),
    quick=1.0,
    notes="Dimension 4.",
)
