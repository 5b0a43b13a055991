"""The double loop of the library with its own upper steps, by samples, on tails and bowls."""

from sparsetheory.bilevel.double_loop import DoubleLoop
from sparsetheory.bilevel.sampled_problems import Noise
from sparsetheory.bilevel.stochastic_study import MARGIN, Hasty, Run, schedule_study
from sparsetheory.verify import Bound, Broken, Budget, Grid

START = {"inner_steps": 1, "batch": 1, "upper_step": 0.5}

STUDY = schedule_study(
    claim="bilevel.double_loop_samples",
    noise=Noise(f=1.0, g=1.0),
    growth=7 / 3,
    run=Run(DoubleLoop, 1 / 3, START),
    symbol="N",
    wrong=Bound("N**(-2/7 - kappa)*(1 + log(N))", N="samples", kappa="exponent added"),
    kappa=0.5,
    margin=MARGIN,
    broken=(
        Broken(
            name="constant numbers of steps and samples, sigma k^(-1/2)",
            run=Run(Hasty, 1 / 3, {**START, "sigma_exponent": 0.5}),
        ),
    ),
    quick=Budget(grid=Grid(axis="steps", sizes=(5, 10, 18, 30)), replicates=5),
    full=Budget(grid=Grid(axis="steps", sizes=(6, 12, 25, 50, 100, 200)), replicates=16),
    notes=(
        r"Four decades of samples are less than a decade of the mean: the study cannot tell $\epsilon^{-7}$ "
        r"from $\epsilon^{-6}$, and only refutes what falls much more slowly. With constant "
        r"numbers of steps and samples $(w_y - w_z)/\sigma$ has an error of the order $1/\sigma$."
    ),
)
