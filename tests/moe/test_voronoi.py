"""Voronoi losses: invariances, the formula by hand and by brute force, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.losses import LOSSES
from sparsetheory.moe.weber import Powers

DENSE = [kind for kind, loss in LOSSES.items() if not loss.sparse]
CENTRED = moe.MixingMeasure([0.3, 0.0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.3])


def measure(seed, k, d=1, spread=1.0):
    """Return k random atoms."""
    rng = np.random.default_rng(seed)
    return moe.MixingMeasure(
        rng.normal(size=k), spread * rng.normal(size=(k, d)), a=rng.normal(size=(k, d)), b=3 * rng.normal(size=k),
        v=rng.uniform(0.1, 0.5, k),
    )  # fmt: skip


def arguments(kind):
    return {"kind": kind} | ({"top_k": 1} if LOSSES[kind].sparse else {})


def loss_by_hand(G, truth, t0, t1):
    """L_over at one translation, written with loops."""
    moved = G.translated(slope=-np.asarray(t1), intercept=-t0)
    total = 0.0
    for j, cell in enumerate(moe.voronoi_cells(moved, truth)):
        r = 2 * len(cell)
        for i in cell:
            gate, b = moved.beta1[i] - truth.beta1[j], moved.b[i] - truth.b[j]
            a, v = moved.a[i] - truth.a[j], moved.v[i] - truth.v[j]
            if len(cell) == 1:
                size = np.sqrt(gate @ gate + b * b + a @ a + v * v)
            else:
                size = (gate @ gate + b * b) ** (r / 2) + (a @ a + v * v) ** (r / 4)
            total += moved.weights[i] * size
        total += abs(moved.weights[cell].sum() - truth.weights[j])
    return total


@given(seed=st.integers(0, 1000), k=st.integers(1, 4), d=st.integers(1, 2))
def test_pinned_loss_is_the_formula(seed, k, d):
    G, truth = measure(seed, k, d), measure(seed + 1, 2, d)
    expected = loss_by_hand(G, truth, 0.0, np.zeros(d))
    assert moe.voronoi_loss(G, truth, translation="pinned") == pytest.approx(expected)


def least_by_hand(G, truth, t1):
    """L_over at one slope and the best intercept: where the weights of some cell agree, or at minus infinity."""
    cells = moe.voronoi_cells(G.translated(slope=-t1, intercept=0.0), truth)
    turns = [np.log(G.weights[cell].sum() / truth.weights[j]) for j, cell in enumerate(cells) if len(cell)]
    return min(truth.weights.sum(), *(loss_by_hand(G, truth, t0, t1) for t0 in turns))


@pytest.mark.parametrize("seed", range(6))
def test_infimum_is_that_of_a_fine_grid_of_translations(seed):
    G, truth = measure(seed, 3), measure(seed + 100, 2)
    found, step = moe.voronoi_loss(G, truth), 0.008
    values = [least_by_hand(G, truth, np.array([t1])) for t1 in np.arange(-4, 4, step)]
    assert found <= min(values) + 1e-12
    assert min(values) < found * 1.01
    assert found <= moe.voronoi_loss(G, truth, translation="pinned")


@pytest.mark.parametrize("kind", ["topk", "topk_over"])
def test_scale_of_the_weights_is_the_best_one(kind):
    """Sums of the largest terms turn where terms cross as well."""
    for seed in range(3):
        G, truth = measure(seed, 4), measure(seed + 50, 3)
        G = moe.MixingMeasure(G.beta0, np.zeros(4), a=G.a, b=G.b, v=G.v)  # no slope to choose
        truth = moe.MixingMeasure(truth.beta0, np.zeros(3), a=truth.a, b=truth.b, v=truth.v)
        scales = np.linspace(-8, 4, 801)
        grid = min(
            moe.voronoi_loss(G.translated(slope=0.0, intercept=t), truth, kind=kind, top_k=2, translation="pinned")
            for t in scales
        )
        found = moe.voronoi_loss(G, truth, kind=kind, top_k=2)
        assert found <= grid + 1e-12
        assert grid < found * 1.01


@pytest.mark.parametrize("kind", LOSSES)
def test_zero_at_the_truth_and_at_its_splits(kind):
    assert moe.voronoi_loss(CENTRED, CENTRED, **arguments(kind)) == pytest.approx(0.0, abs=1e-12)
    split = CENTRED.split(1, 0.3).split(0, 0.6)
    assert moe.voronoi_loss(split, CENTRED, **arguments(kind)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("kind", LOSSES)
@given(seed=st.integers(0, 1000))
def test_nonnegative_and_blind_to_labels_and_translations(kind, seed):
    G, truth = measure(seed, 3), measure(seed + 1, 2)
    loss = moe.voronoi_loss(G, truth, **arguments(kind))
    assert loss > 0
    assert moe.voronoi_loss(G.relabelled([2, 0, 1]), truth, **arguments(kind)) == pytest.approx(loss, rel=1e-6)
    slope = 1.7 if LOSSES[kind].slopes_move else 0.0
    moved = G.translated(slope=slope, intercept=-0.8)
    assert moe.voronoi_loss(moved, truth, **arguments(kind)) == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("kind", DENSE)
def test_shrinks_with_the_distance(kind):
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(4, 2))

    def near(t):
        return moe.MixingMeasure(
            CENTRED.beta0, CENTRED.beta1 + t * steps[0][:, None], a=CENTRED.a + t * steps[1][:, None],
            b=CENTRED.b + t * steps[2], v=CENTRED.v * np.exp(t * steps[3]),
        )  # fmt: skip

    losses = [moe.voronoi_loss(near(t), CENTRED, kind=kind) for t in (0.1, 0.01, 0.001)]
    assert losses[0] > losses[1] > losses[2] > 0
    assert losses[2] < 0.05


def test_over_specified_without_the_infimum_has_a_floor():
    """The reason for the infimum: a pinned spare atom adds its weight, whatever the data say."""
    fitted = CENTRED.split(1, 0.5).translated(slope=0.0, intercept=-float(CENTRED.split(1, 0.5).beta0[-1]))
    assert moe.voronoi_loss(fitted, CENTRED) == pytest.approx(0.0, abs=1e-12)
    assert moe.voronoi_loss(fitted, CENTRED, translation="pinned") > 0.9


#: Kind -> what moving two copies of an atom apart costs in (beta1, a, b, v), as theory has it; rbar(2) = 4.
EXPONENTS = {
    "exact": (1, 1, 1, 1), "over": (4, 2, 4, 2), "topk": (1, 1, 1, 1), "topk_over": (4, 2, 4, 2),
    "temperature": (3, 3, 3, 3), "activation": (1, 1, 1, 1), "activation_over": (2, 2, 4, 2),
    "laplace_over": (2, 2, 4, 2),
}  # fmt: skip


@pytest.mark.parametrize("kind", LOSSES)
def test_exponents_are_those_of_the_cell(kind):
    """The two copies of an atom move apart by t, and the loss is a power of t."""

    def spread(name, t):
        split = CENTRED.split(1)
        moved = np.array(getattr(split, name))
        moved[1] += t
        moved[2] -= t
        fields = {f: getattr(split, f) for f in ("beta0", "beta1", "a", "b", "v")} | {name: moved}
        order = {"order": 3.0} if kind == "temperature" else {}
        return moe.voronoi_loss(moe.MixingMeasure(**fields), CENTRED, **arguments(kind), **order)

    for name, exponent in zip(("beta1", "a", "b", "v"), EXPONENTS[kind]):
        slope = np.log(spread(name, 0.02) / spread(name, 0.01)) / np.log(2)
        assert slope == pytest.approx(exponent, abs=0.02)


def test_an_atom_alone_costs_its_distance():
    for kind in ("over", "topk_over", "activation_over", "laplace_over"):
        moved = moe.MixingMeasure(
            CENTRED.beta0, CENTRED.beta1, a=CENTRED.a, b=CENTRED.b + np.array([0.0, 0.01]), v=CENTRED.v
        )
        assert moe.voronoi_loss(moved, CENTRED, **arguments(kind), translation="pinned") == pytest.approx(0.01)


def test_sparse_kinds_take_the_worst_subset():
    G, truth = measure(3, 3), measure(4, 3)
    losses = [moe.voronoi_loss(G, truth, kind="topk", top_k=k, translation="pinned") for k in (1, 2, 3)]
    assert losses[0] < losses[1] < losses[2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "other"}, "kind"),
        ({"translation": "free"}, "translation"),
        ({"kind": "topk"}, "top_k"),
        ({"kind": "topk", "top_k": 5}, "top_k"),
        ({"kind": "exact", "top_k": 1}, "top_k"),
        ({"kind": "temperature", "order": 0.5}, "order"),
    ],
)
def test_bad_arguments(change, message):
    with pytest.raises(InvalidArgument, match=message):
        moe.voronoi_loss(CENTRED, CENTRED, **change)
    with pytest.raises(InvalidArgument, match="G"):
        moe.voronoi_loss(measure(0, 2, d=2), CENTRED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"v": [0.1, 0.0]}, "v"),
        ({"v": [0.1, -1.0]}, "v"),
        ({"b": [1.0]}, "b"),
        ({"a": [[1.0, 2.0], [1.0, 2.0]]}, "a"),
        ({"beta1": [1.0, np.nan]}, "beta1"),
        ({"tau": 0.0}, "tau"),
        ({"beta0": [np.inf, 0.0]}, "beta0"),
    ],
)
def test_measures_that_are_none(change, message):
    fields = {"beta0": [0, 0], "beta1": [2, 0], "a": [1, -1], "b": [2, -2], "v": [0.25, 0.25]}
    with pytest.raises(InvalidArgument, match=message):
        moe.MixingMeasure(**(fields | change))


def test_dense_kinds_do_not_see_the_flat_direction_of_the_temperature():
    """Scores (beta1 x + beta0) / tau stay as they are when all three are multiplied; "temperature" says they moved."""
    G, truth = measure(1, 3), measure(2, 2)
    scaled = moe.MixingMeasure(2.5 * G.beta0, 2.5 * G.beta1, a=G.a, b=G.b, v=G.v, tau=2.5)
    for kind in ("exact", "over", "topk"):
        args = arguments(kind)
        assert moe.voronoi_loss(scaled, truth, **args) == pytest.approx(moe.voronoi_loss(G, truth, **args), rel=1e-10)
    assert moe.voronoi_loss(scaled, truth, kind="temperature") > moe.voronoi_loss(G, truth, kind="temperature") + 1


def test_temperature_term_by_hand():
    moved = moe.MixingMeasure(CENTRED.beta0, CENTRED.beta1, a=CENTRED.a, b=CENTRED.b, v=CENTRED.v, tau=1.25)
    weights = np.abs(moved.weights - CENTRED.weights).sum()
    assert moe.voronoi_loss(moved, CENTRED, kind="activation", translation="pinned") == pytest.approx(weights + 0.25)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_geometric_median_and_powers(d):
    """Against a general optimiser; points with kinks that are the answer, and points that are not."""
    from scipy.optimize import minimize

    for seed in range(20):
        rng = np.random.default_rng(seed)
        k = int(rng.integers(1, 6))
        f = Powers(
            rng.normal(size=(k, d)), rng.choice([0.0, 1e-4, 1.0], k), rng.choice([1.0, 2.0, 4.0, 6.0], k),
            np.exp(rng.normal(size=k)),
        )  # fmt: skip
        found = f.terms(f.minimiser()).sum()
        starts = [*f.points, f.points.mean(axis=0)]
        peer = min(minimize(lambda t, f=f: f.terms(t).sum(), s, method="Nelder-Mead").fun for s in starts)
        assert found <= peer * (1 + 1e-9)


def test_weights_that_overflow_are_refused():
    huge = moe.MixingMeasure([800.0, 0.0], CENTRED.beta1, a=CENTRED.a, b=CENTRED.b, v=CENTRED.v)
    with pytest.raises(InvalidArgument, match="weights"):
        moe.voronoi_loss(huge, CENTRED)


def test_merging_undoes_a_split():
    merged = CENTRED.split(1, 0.3).merged(1, 2)
    assert moe.voronoi_loss(merged, CENTRED, kind="exact") == pytest.approx(0.0, abs=1e-12)
    assert merged.n_atoms == 2
