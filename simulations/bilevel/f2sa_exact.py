"""F2SA of the library with exact gradients, on tails and bowls."""

from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.bilevel.sampled_problems import Noise
from sparsetheory.bilevel.stochastic_study import LONG, Run, schedule_study
from sparsetheory.verify import Bound, Broken, Budget, Grid

STEP = {"lower_step": 0.4}

STUDY = schedule_study(
    claim="bilevel.f2sa_exact",
    noise=Noise(),
    run=Run(F2SA, 1 / 3, STEP),
    symbol="K",
    wrong=Bound("K**(-2/3 - kappa)*(1 + log(K))", K="upper steps", kappa="exponent added"),
    kappa=0.8,
    margin=0.1,
    broken=(Broken(name="constant multiplier", run=Run(F2SA, 1 / 3, {"exponents": (1 / 3, 1 / 3), **STEP})),),
    quick=Budget(grid=Grid(axis="steps", sizes=(300, 600, 1200, 2400)), replicates=3),
    full=LONG,
    notes=(
        r"The problem of the study with noise in both levels, without noise; replicates differ by their starts. With a "
        r"constant multiplier the mean levels off."
    ),
)
