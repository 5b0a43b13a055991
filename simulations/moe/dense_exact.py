"""Maximum likelihood with the true number of experts: the Voronoi loss falls like the inverse root of n."""

from dataclasses import replace

from sparsetheory.moe import voronoi_loss
from sparsetheory.moe.known_mixtures import CENTRED, PAPER
from sparsetheory.moe.rate_study import fit, maximum, measured, root_n_study
from sparsetheory.verify import Broken, Budget, Grid

SETTINGS = {"switch": PAPER, "overlap": CENTRED}
CURVATURE = 0.5


def generate(cell, rng):
    """Draw a sample and a start whose distance from the truth does not depend on n."""
    return SETTINGS[cell["gate"]].draw(cell["n"], rng)


def run(instance, rng):
    """Fit with the library."""
    return maximum(instance)


def measure(instance, G):
    """The Voronoi loss, at its best translation."""
    return measured(voronoi_loss(G, instance.setting.truth, kind="exact"), instance)


def curved(cell, rng):
    """Bend the experts: the truth is none of the model."""
    instance = generate(cell, rng)
    return replace(instance, y=instance.y + CURVATURE * instance.X[:, 0] ** 2)


def unchecked(instance, rng):
    """Fit without holding the likelihood against that of the truth."""
    return fit(instance).measure


def merged(instance, rng):
    """Fit one expert to two."""
    return fit(replace(instance, start=instance.start.merged(0, 1))).measure


def cubed(instance, G):
    """The third power of the loss, which is of another order."""
    right = measure(instance, G)
    return replace(right, value=right.value**3, floor=right.floor**3)


STUDY = root_n_study(
    claim="moe.dense_exact",
    generate=generate,
    run=run,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(300, 800, 2000, 5000), strata=({"gate": "overlap"},)), replicates=14),
    full=Budget(
        grid=Grid(axis="n", sizes=(300, 1000, 3000, 10_000, 30_000), strata=tuple({"gate": gate} for gate in SETTINGS)),
        replicates=60,
    ),
    quantity="loss",
    broken=(
        Broken(name="truth with curved experts", generate=curved, run=unchecked),
        Broken(name="one expert for two", run=merged),
        Broken(name="third power of the loss", measure=cubed),
    ),
    notes=(
        r"Two settings with two experts and one covariate, the published one with a gate almost like a switch and one "
        r"where both experts count everywhere. A start is $0.3$ off in every entry of the gate and in $\log v$ and "
        r"$0.2$ in every coefficient, whatever $n$; Newton's method then ends with a gradient of $10^{-9}$ a sample. "
        r"The fit is the local maximum next to the truth, which the claim speaks of; that searches find it is tested "
        r"elsewhere. A fit that does not converge, or is less likely than the truth, counts as a failure. "
        r"The published bound allows a factor $(\log n)^{1/2}$; there is none in the regular case."
    ),
)
