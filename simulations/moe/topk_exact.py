"""Sparse gates with the true number of experts: the loss at rate root n, the place of the switch at rate n."""

from dataclasses import replace

from sparsetheory.moe import voronoi_loss
from sparsetheory.moe.known_mixtures import TOP_2
from sparsetheory.moe.rate_study import check_maximum, fit, measured, root_n_study
from sparsetheory.verify import Broken, Budget, Grid

TOP_K = TOP_2.gate["top_k"]
#: Most that n times the error of the switch may be; an exponential law with mean 5 exceeds it once in 2e8.
REACH = 100.0


def generate(cell, rng):
    """Draw a sample and a start whose distance from the truth does not depend on n."""
    instance = TOP_2.draw(cell["n"], rng)
    return replace(instance, setting=replace(TOP_2, gate={**TOP_2.gate, "rank_by": cell["rank_by"]}))


def run(instance, rng):
    """Fit with the library; ranked by scores from two starts, of which one is the fit ranked by slopes.

    The likelihood has a maximum in every cell, and searches can end in a wrong one: that is a failure.
    """
    found = fit(instance)
    if instance.setting.gate["rank_by"] == "score":
        second = fit(replace(instance, start=by_slope(instance, rng)))
        found = max(found, second, key=lambda end: end.log_likelihood)
    check_maximum(instance, found.measure)
    return found.measure


def switch(G):
    """Return where the first and the third expert have the same score."""
    return (G.beta0[2] - G.beta0[0]) / (G.beta1[0, 0] - G.beta1[2, 0])


def loss(G):
    return voronoi_loss(G, TOP_2.truth, kind="topk", top_k=TOP_K)


def switching(instance, G):
    """The loss, and the place of the switch, which is zero in truth."""
    return measured(loss(G), instance, error_of_the_switch=(switch(G), REACH / len(instance.y)))


def measure(instance, G):
    """The loss; ranked by scores, the place of the switch as well, which slopes do not move."""
    by_score = instance.setting.gate["rank_by"] == "score"
    return switching(instance, G) if by_score else measured(loss(G), instance)


def loss_alone(instance, G):
    """The loss without a condition on the switch."""
    return measured(loss(G), instance)


def dense(instance, rng):
    """Let all three experts be active."""
    return fit(instance, top_k=None).measure


def by_slope(instance, rng):
    """Rank by slopes, so that nothing holds the crossing of the scores where experts switch."""
    return fit(instance, rank_by="slope").measure


STUDY = root_n_study(
    claim="moe.topk_exact",
    generate=generate,
    run=run,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(300, 700, 1500, 3500), strata=({"rank_by": "slope"},)), replicates=10),
    full=Budget(
        grid=Grid(axis="n", sizes=(300, 1000, 3000, 10_000), strata=({"rank_by": "score"}, {"rank_by": "slope"})),
        replicates=30,
    ),
    quantity="loss",
    broken=(
        Broken(name="all experts active", run=dense, measure=loss_alone),
        Broken(name="crossing of the scores of a gate ranked by slopes", run=by_slope, measure=switching),
    ),
    notes=(
        r"Three experts, two active at a time: the first and the second for $x > 0$, the second and the third for $x < "
        r"0$. Slopes rank the same way for all parameters near the truth. Scores switch where the first and the third "
        r"cross, $x = (\beta_{03} - \beta_{01})/(\beta_{11} - \beta_{13})$; there the density jumps, and the "
        r"likelihood is maximised over polyhedra between which samples change sides. In every record $n$ times the "
        r"error of the switch stays below $100$: the first sample of the first expert right of zero, or of the third "
        r"left of it, is at a distance that $n$ times has an exponential law with mean about $5$. With an error of "
        r"order $n^{-1/2}$, as the crossing has in a gate ranked by slopes, it does not. Fits "
        r"ranked by scores start from two places, of which one is the fit ranked by slopes. An end less likely than "
        r"the truth is a maximum of another cell and counts as a failure, like one that does not converge. Quick runs "
        r"rank by slopes alone."
    ),
)
