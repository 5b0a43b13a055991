"""F2SA of the library with noise of unit variance in f alone, on tails and bowls."""

from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.bilevel.sampled_problems import Noise
from sparsetheory.bilevel.stochastic_study import LONG, MARGIN, SHORT, Draw, Run, schedule_study
from sparsetheory.verify import Bound, Broken

STEP = {"lower_step": 0.4}

STUDY = schedule_study(
    claim="bilevel.f2sa_upper_noisy",
    noise=Noise(f=1.0),
    run=Run(F2SA, 3 / 5, STEP),
    symbol="K",
    wrong=Bound("K**(-2/5 - kappa)*(1 + log(K))", K="upper steps", kappa="exponent added"),
    kappa=0.8,
    margin=MARGIN,
    broken=(
        Broken(
            name="noise in g, constant lower steps",
            generate=Draw(Noise(f=1.0, g=1.0)),
            run=Run(F2SA, 3 / 5, {"exponents": (3 / 5, 0.0), **STEP}),
        ),
    ),
    quick=SHORT,
    full=LONG,
    notes=(
        r"The problem of the study with noise in both levels, without that of $g$. With it and this schedule the mean "
        r"falls like $\gamma_k^2/\alpha_k = k^{-1/5}$, with its noise: over the range that is too close to "
        r"$k^{-2/5} \log k$, and a first run of this study, with other random numbers, could not tell. "
        r"The control has constant lower "
        r"steps, with which the noise grows."
    ),
)
