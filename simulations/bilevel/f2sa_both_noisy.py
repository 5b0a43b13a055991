"""F2SA of the library with noise of unit variance in both levels, on tails and bowls."""

from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.bilevel.sampled_problems import Noise
from sparsetheory.bilevel.stochastic_study import LONG, MARGIN, SHORT, Run, schedule_study
from sparsetheory.verify import Bound, Broken

STEP = {"lower_step": 0.4}

STUDY = schedule_study(
    claim="bilevel.f2sa_both_noisy",
    noise=Noise(f=1.0, g=1.0),
    run=Run(F2SA, 5 / 7, STEP),
    symbol="K",
    wrong=Bound("K**(-2/7 - kappa)*(1 + log(K))", K="upper steps", kappa="exponent added"),
    kappa=0.8,
    margin=MARGIN,
    broken=(Broken(name="constant lower steps", run=Run(F2SA, 5 / 7, {"exponents": (5 / 7, 0.0), **STEP})),),
    quick=SHORT,
    full=LONG,
    notes=(
        r"Tails, along which the slope decays slowly, and bowls, whose stationary points depend on $\lambda$. With "
        r"constant lower steps, as for exact gradients, the noise grows with $\lambda$. One-sided: on "
        r"these problems the "
        r"noise of $\lambda_k (y_k - z_k)$ averages out, faster than its bound, and over the range a "
        r"logarithm weighs as "
        r"much as a power of $0.1$. A constant multiplier, whose mean levels off, falls only little too "
        r"slowly within the "
        r"range; a first run of this study, with other random numbers, could not tell."
    ),
)
