"""The double loop of the library with a constant upper step, by samples, on tails and bowls."""

from sparsetheory.bilevel.double_loop import DoubleLoop
from sparsetheory.bilevel.sampled_problems import Noise
from sparsetheory.bilevel.stochastic_study import MARGIN, Hasty, Run, schedule_study
from sparsetheory.verify import Bound, Broken, Budget, Grid

START = {"inner_steps": 1, "batch": 1, "upper_step": 0.5, "sigma_exponent": 0.5, "upper_exponent": 0.0}

STUDY = schedule_study(
    claim="bilevel.double_loop_constant",
    noise=Noise(f=1.0, g=1.0),
    growth=3.0,
    run=Run(DoubleLoop, 0.0, START),
    symbol="N",
    wrong=Bound("N**(-1/3 - kappa)*(1 + log(N))", N="samples", kappa="exponent added"),
    kappa=0.5,
    margin=MARGIN,
    broken=(Broken(name="constant numbers of steps and samples", run=Run(Hasty, 0.0, START)),),
    quick=Budget(grid=Grid(axis="steps", sizes=(4, 6, 9, 14)), replicates=3),
    full=Budget(grid=Grid(axis="steps", sizes=(5, 9, 16, 30, 55)), replicates=8),
    notes=(
        r"$\psi_\sigma$ of tails and bowls is as smooth as $\psi$ for every $\sigma$. The same remark on the range as "
        r"for falling upper steps."
    ),
)
