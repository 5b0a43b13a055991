"""What the studies of fits with the true number of experts share: the fit, what it has to satisfy, and the rule."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..verify.bound import Bound
from ..verify.rules import Drift
from ..verify.sample import Measurement
from ..verify.study import Broken, Budget, Positive, Study, WrongBound
from .density import mean_log_density
from .known_mixtures import Instance
from .maximum import maximize_likelihood
from .mixing_measure import MixingMeasure
from .population import _model
from .result import MoEResult

__all__ = ["FLOOR", "exact_study", "fit", "measured", "shortfall"]

#: Gradients of 1e-9 a sample leave errors of about 1e-7 where the information has eigenvalues of 1e-2.
FLOOR = 1e-6
#: Likelihoods a sample are compared to the rounding of a mean.
ROUNDING = 1e-12


def fit(instance: Instance, **options: Any) -> MoEResult:
    """Maximise the likelihood itself, without penalties, from the start; a fit that does not converge is a failure."""
    return maximize_likelihood(
        instance.X, instance.y, instance.start.n_atoms, init=instance.start, variance_penalty=0.0, gate_ridge=0.0,
        on_failure="raise", **{**instance.setting.gate, **options},
    )  # fmt: skip


def log_likelihood(G: MixingMeasure, instance: Instance) -> float:
    """Return the mean of log p(y | x) under a measure, computed apart from the fit."""
    gate, at, _ = _model(G, instance.X, dict(instance.setting.gate))
    return mean_log_density(gate, at, instance.X, instance.y, np.ones(len(instance.y)))


def shortfall(instance: Instance, G: MixingMeasure) -> tuple[float, float]:
    """Return by how much the likelihood of an estimate falls short of the truth's, which a maximum does not."""
    gap = log_likelihood(instance.setting.truth, instance) - log_likelihood(G, instance)
    return max(gap, 0.0), ROUNDING


def measured(value: Any, instance: Instance, **conditions: tuple[float, float]) -> Measurement:
    """Return the measurement of an error at the sample size."""
    named = {name.replace("_", " "): condition for name, condition in conditions.items()}
    return Measurement(value=value, at={"n": len(instance.y)}, floor=FLOOR, must_vanish=named)


def exact_study(
    *, claim: str, generate: Any, run: Any, measure: Any, quick: Budget, full: Budget, broken: Sequence[Broken],
    quantity: str, notes: str,
) -> Study:  # fmt: skip
    """Return the study of an error that falls like the inverse root of n, neither faster nor slower."""
    return Study(
        claim=claim,
        generate=generate,
        run=run,
        measure=measure,
        rule=Drift(alternative="two-sided", margin=0.1, quantity=quantity),
        quick=quick,
        full=full,
        controls=(
            WrongBound(
                bound=Bound("n**(-1/2 - kappa)", n="sample size", kappa="exponent added"), neutral=0.0, kappa=0.5,
                scan=(0.05, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7),
            ),
            *broken,
            Positive(),
        ),
        cost_exponent=1.0,
        notes=notes,
    )  # fmt: skip
