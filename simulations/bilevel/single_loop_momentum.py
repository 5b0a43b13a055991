"""The single loop of the library with additive and multiplicative noise, on tails and bowls."""

from dataclasses import replace

from sparsetheory.bilevel.sampled_problems import Noise
from sparsetheory.bilevel.single_loop import SingleLoop
from sparsetheory.bilevel.stochastic_study import LONG, MARGIN, SHORT, Draw, Run, schedule_study
from sparsetheory.verify import Bound, Broken

STUDY = schedule_study(
    claim="bilevel.single_loop_momentum",
    noise=Noise(f=1.0, g=1.0, relative=0.3),
    run=Run(SingleLoop, 3 / 5, {"lower_step": 0.4}),
    symbol="K",
    wrong=Bound("K**(-2/5 - kappa)*(1 + log(K))", K="upper steps", kappa="exponent added"),
    kappa=0.8,
    margin=MARGIN,
    broken=(
        Broken(
            name="independent samples at the new and the old point",
            generate=Draw(Noise(f=1.0, g=1.0, relative=0.3, smooth=False)),
        ),
    ),
    quick=SHORT,
    full=replace(LONG, grid=replace(LONG.grid, sizes=LONG.grid.sizes[1:])),  # where the control has diverged
    notes=(
        r"Noise of unit variance, and of $30\,\%$ of each gradient as a whole: two points with one key differ in their "
        r"noise by $30\,\%$ of the difference of gradients. In the control a key at two points stands for two samples: "
        r"the estimates add up their noise, and the runs diverge, which counts as a mean of $10^6$."
    ),
)
