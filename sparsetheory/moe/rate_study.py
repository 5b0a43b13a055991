"""What the studies of rates of root n share: the fit, what it has to satisfy, the rule and its controls."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..verify.bound import Bound
from ..verify.rules import Drift
from ..verify.sample import Measurement
from ..verify.study import Broken, Budget, Positive, Study, WrongBound
from ..verify.verdict import Alternative
from .density import mean_log_density
from .known_mixtures import Instance
from .maximum import maximize_likelihood
from .mixing_measure import MixingMeasure
from .population import gate_and_parameters
from .result import MoEResult

__all__ = ["FLOOR", "ROUNDING", "check_maximum", "root_n_study", "fit", "log_likelihood", "maximum", "measured"]

#: Gradients of 1e-9 a sample leave errors of about 1e-7 where the information has eigenvalues of 1e-2.
FLOOR = 1e-6
#: Of means of log-densities.
ROUNDING = 1e-12
#: The rate of root n with an exponent added.
STEEPER = Bound("n**(-1/2 - kappa)", n="sample size", kappa="exponent added")


def fit(instance: Instance, **options: Any) -> MoEResult:
    """Maximise the likelihood itself, without penalties, from the start; a fit that does not converge is a failure."""
    return maximize_likelihood(
        instance.X, instance.y, instance.start.n_atoms, init=instance.start, variance_penalty=0.0, gate_ridge=0.0,
        on_failure="raise", **{**instance.setting.gate, **options},
    )  # fmt: skip


def log_likelihood(G: MixingMeasure, instance: Instance) -> float:
    """Return the mean of log p(y | x) under a measure, computed apart from the fit."""
    gate, at, _ = gate_and_parameters(G, instance.X, dict(instance.setting.gate))
    return mean_log_density(gate, at, instance.X, instance.y, np.ones(len(instance.y)))


def maximum(instance: Instance, **options: Any) -> MixingMeasure:
    """Return where the fit ends; below the likelihood of the truth it is no maximiser, which is a failure as well."""
    G = fit(instance, **options).measure
    check_maximum(instance, G)
    return G


def check_maximum(instance: Instance, G: MixingMeasure) -> None:
    """Raise where the truth is more likely, beyond rounding."""
    gap = log_likelihood(instance.setting.truth, instance) - log_likelihood(G, instance)
    if gap > ROUNDING:
        raise ArithmeticError(f"the search ended {gap:.2g} a sample below the likelihood of the truth")


def measured(value: Any, instance: Instance, **conditions: tuple[float, float]) -> Measurement:
    """Return the measurement of an error at the sample size."""
    named = {name.replace("_", " "): condition for name, condition in conditions.items()}
    return Measurement(value=value, at={"n": len(instance.y)}, floor=FLOOR, must_vanish=named)


def root_n_study(
    *, claim: str, generate: Any, run: Any, measure: Any, quick: Budget, full: Budget, broken: Sequence[Broken],
    quantity: str, notes: str, alternative: Alternative = "two-sided", correction: float | None = -0.5,
    wrong: Bound = STEEPER, kappa: float = 0.5,
) -> Study:  # fmt: skip
    """Return the study of an error that falls like the inverse root of n; by default neither faster nor slower.

    `correction` is that of `Drift`: over less than two decades its column is hardly told from the rate, and decides
    nothing.
    """
    return Study(
        claim=claim,
        generate=generate,
        run=run,
        measure=measure,
        rule=Drift(alternative=alternative, margin=0.1, correction=correction, quantity=quantity),
        quick=quick,
        full=full,
        controls=(
            WrongBound(
                bound=wrong, neutral=0.0, kappa=kappa,
                scan=(0.05, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0),
            ),
            *broken,
            Positive(),
        ),
        cost_exponent=1.0,
        notes=notes,
    )  # fmt: skip
