"""Mixtures of experts from a seed: the density is one, the data are drawn from it, and it knows its symmetries."""

import math

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import MoEInstance
from sparsetheory.testing import strategies as S
from sparsetheory.testing.moe import GATES, NEAR
from sparsetheory.testing.strategies.moe import MOE_DECORATIONS

FIND = settings(database=None, derandomize=True, max_examples=500)
NAMES = ("beta1", "beta0", "a", "b", "v")


@given(S.moe_instances(samples=(2, 8)))
def test_the_density_is_the_textbook_sum(data):
    t = data.truth
    for x, y, logarithm in zip(data.X, data.y, t.log_density(data.X, data.y), strict=True):
        weights = np.exp(t.beta1 @ x + t.beta0)
        expected = weights / weights.sum() @ norm.pdf(y, t.a @ x + t.b, np.sqrt(t.v))
        assert data.exact.density(x, y)[0] == pytest.approx(expected, rel=1e-10)
        assert math.exp(logarithm) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("near_equal", [False, True])
def test_the_density_integrates_to_one_and_has_the_moments_it_says(gate, near_equal):
    data = MoEInstance.build(seed=8, n=3, d=2, experts=3, gate=gate, near_equal=near_equal)
    means, variances = data.truth.moments(data.X)
    for x, mean, variance in zip(data.X, means, variances, strict=True):

        def integral(function, x=x):
            centres = data.truth.means(x[None])[0]
            ends = centres.min() - 12.0, centres.max() + 12.0  # at least 16 standard deviations
            return quad(lambda v: function(v) * data.exact.density(x, v)[0], *ends, points=sorted(centres), limit=200)[
                0
            ]

        assert integral(lambda v: 1.0) == pytest.approx(1.0, abs=1e-9)
        assert integral(lambda v: v) == pytest.approx(mean, abs=1e-8)
        assert integral(lambda v, m=mean: (v - m) ** 2) == pytest.approx(variance, abs=1e-8)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("seed", range(3))
def test_samples_have_the_moments_of_the_density(seed, gate):
    data = MoEInstance.build(seed=seed, n=20_000, d=2, experts=3, gate=gate)
    mean, variance = data.truth.moments(data.X)
    gates = np.exp(data.truth.log_gate(data.X))
    rows = np.arange(len(data.y))
    z = (data.y - data.truth.means(data.X)[rows, data.labels]) / np.sqrt(data.truth.v[data.labels])
    # each has mean zero given X: frequencies of the experts, alone and along x; first and second moments
    zero = [
        *((data.labels[:, None] == np.arange(3)) - gates).T,
        *(((data.labels[:, None] == np.arange(3)) - gates) * data.X[:, :1]).T,
        data.y - mean, (data.y - mean) * data.X[:, 0], (data.y - mean) ** 2 - variance, z, z**2 - 1,
    ]  # fmt: skip
    for values in zero:
        assert abs(values.mean()) <= 4.5 * values.std() / math.sqrt(len(values))


@given(S.moe_instances(experts=(2, 4)), st.data())
def test_label_switching_translation_and_splitting_leave_the_density(data, draws):
    X, y, truth = data.X, data.y, data.truth
    order = draws.draw(st.permutations(range(len(truth))))
    shift = np.linspace(-3, 2, X.shape[1])
    here = truth.log_density(X, y)
    for other in (
        truth.relabelled(order), truth.translated(shift, 5.0), truth.split(len(truth) - 1, 0.3), data.exact.embedded
    ):  # fmt: skip
        assert other.log_density(X, y) == pytest.approx(here, rel=1e-9, abs=1e-9)
    assert np.array_equal(truth.relabelled(order).b, truth.b[list(order)])
    assert len(data.exact.embedded) == data.exact.experts_to_fit
    # and what is no symmetry changes it
    moved = truth.split(0, 0.3)
    moved = type(moved)(**{**{name: getattr(moved, name) for name in NAMES}, "b": moved.b + 0.1})
    assert np.abs(moved.log_density(X, y) - here).max() > 1e-6


@given(S.moe_instances())
def test_the_likelihood_is_that_of_the_data(data):
    logs = [math.log(data.exact.density(x, v)[0]) for x, v in zip(data.X, data.y, strict=True)]
    assert data.exact.log_likelihood == pytest.approx(sum(logs), rel=1e-10, abs=1e-10)


def test_the_truth_is_more_likely_than_its_neighbours():
    data = MoEInstance.build(seed=3, n=20_000, d=1, experts=2)
    for name in NAMES[2:]:
        for sign in (-1, 1):
            fields = {other: np.array(getattr(data.truth, other)) for other in NAMES}
            fields[name][0] += 0.05 * sign
            other = type(data.truth)(**fields)
            assert other.log_density(data.X, data.y).sum() < data.exact.log_likelihood


def test_decorations_do_what_they_say():
    plain = MoEInstance.build(seed=5, n=40, d=2, experts=3)
    near = MoEInstance.build(seed=5, n=40, d=2, experts=3, near_equal=True).truth
    for name in ("a", "b", "v"):
        values = getattr(near, name)
        assert values[-1] - values[0] == pytest.approx(NEAR)
        assert np.array_equal(values[:-1], getattr(plain.truth, name)[:-1])
    collinear = MoEInstance.build(seed=5, n=40, d=2, experts=3, collinear=True)
    assert np.linalg.matrix_rank(collinear.X) == 1
    assert np.ptp(MoEInstance.build(seed=5, n=40, d=1, experts=3, collinear=True).X) == 0
    sharp, constant = (MoEInstance.build(seed=5, n=400, d=2, experts=3, gate=g).truth for g in ("sharp", "constant"))
    assert np.ptp(constant.log_gate(plain.X), axis=0).max() == 0
    assert np.median(np.exp(sharp.log_gate(plain.X)).max(axis=1)) > 0.99
    over = MoEInstance.build(seed=5, n=40, d=2, experts=3, over_specified=2)
    assert np.array_equal(over.y, plain.y)
    assert (len(over.truth), over.exact.experts_to_fit) == (3, 5)


@given(S.moe_instances())
def test_every_mixture_builds_itself_again(data):
    assert "\n" not in repr(data)
    again = eval(repr(data), {"MoEInstance": MoEInstance})
    assert np.array_equal(again.X, data.X)
    assert np.array_equal(again.y, data.y)
    assert all(np.array_equal(getattr(again.truth, name), getattr(data.truth, name)) for name in NAMES)
    assert not any(getattr(data.truth, name).flags.writeable for name in NAMES)


def test_a_mixture_shrinks_to_off():
    simple = find(S.moe_instances(), lambda data: True, settings=FIND)
    assert repr(simple) == "MoEInstance.build(seed=0, n=1, d=1, experts=1)"


@pytest.mark.parametrize("name", MOE_DECORATIONS)
def test_every_decoration_of_a_mixture_is_drawn_and_changes_it(name):
    sizes = {"experts": (2, 4), "samples": (8, 64)}
    on = find(S.moe_instances(**sizes), lambda data: name in data.decorations, settings=FIND)
    off = {k: v for k, v in on.decorations.items() if k != name}
    n, d = on.X.shape
    plain = MoEInstance.build(seed=on.seed, n=n, d=d, experts=len(on.truth), **off)
    if name == "over_specified":
        assert on.exact.experts_to_fit > plain.exact.experts_to_fit
    else:
        assert on.exact.log_likelihood != plain.exact.log_likelihood  # few y may come from the same experts


@pytest.mark.parametrize(
    "make",
    [
        lambda: MoEInstance.build(seed=0, n=1, d=1, experts=0),
        lambda: MoEInstance.build(seed=0, n=1, d=1, experts=1, gate="laplace"),
        lambda: MoEInstance.build(seed=0, n=1, d=1, experts=1, over_specified=-1),
        lambda: MoEInstance.build(seed=0, n=1, d=1, experts=1, noise=2.0), lambda: S.moe_instances(noise=(2.0,)),
        lambda: MoEInstance.build(seed=0, n=1, d=1, experts=2).truth.relabelled([0, 0]),
        lambda: MoEInstance.build(seed=0, n=1, d=1, experts=2).truth.split(0, 1.0),
    ],
)  # fmt: skip
def test_what_is_no_mixture_is_refused(make):
    with pytest.raises(InvalidArgument):
        make()
