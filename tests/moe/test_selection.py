"""How many experts: criteria by hand, merging that undoes splitting, symmetries, and orders that are found."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.merging import merged_pairs, merging_path
from sparsetheory.moe.parameters import Parameters

TWO = moe.MixingMeasure([0.3, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.5])
THREE = moe.MixingMeasure([0, 0.5, 0], [3, 0, -3], a=[2, 0, -2], b=[0, 2, -1], v=[0.1, 0.2, 0.1])


def drawn(truth=TWO, n=600, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, truth.n_features))
    return X, moe.simulate(truth, X, rng)


def path(G, X, y, weight=None):
    at = Parameters(np.column_stack([G.beta1, G.beta0]), np.column_stack([G.a, G.b]), np.array(G.v), G.tau)
    gate = make_gate("softmax" if G.tau == 1 else "temperature", G.n_atoms, temperature=G.tau)
    return merging_path(gate, at, X, y, np.ones(len(y)) if weight is None else weight)


def log_likelihood(G, X, y):
    """From the definition."""
    scores = (X @ G.beta1.T + G.beta0) / G.tau
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    density = np.exp(-((y[:, None] - X @ G.a.T - G.b) ** 2) / (2 * G.v)) / np.sqrt(2 * np.pi * G.v)
    return np.log((weights * density).sum(axis=1)).mean(), weights * density


@pytest.mark.parametrize(
    ("options", "p"),
    [({}, 2 + 4 + 2), ({"variance": "tied"}, 2 + 4 + 1), ({"variance": 0.3}, 2 + 4), ({"gate": "laplace"}, 3 + 4 + 2),
     ({"n_experts": 1}, 2 + 1)],
)  # fmt: skip
def test_criteria_by_hand(options, p):
    X, y = drawn()
    model = moe.GaussianMoE(**{"n_experts": 2, **options}, random_state=0, n_init=2, tol=1e-8).fit(X, y)
    deviance = -2 * model.score_samples(X, y).sum()
    R = model.responsibilities(X, y)
    entropy = -np.sum(R * np.log(np.maximum(R, 1e-300)))
    assert model.aic(X, y) == pytest.approx(deviance + 2 * p, rel=1e-12)
    assert model.bic(X, y) == pytest.approx(deviance + p * np.log(600), rel=1e-12)
    assert model.icl(X, y) == pytest.approx(deviance + p * np.log(600) + 2 * entropy, rel=1e-9)


def test_merging_undoes_splitting():
    X, y = drawn(THREE)
    split = THREE.split(0, 0.3).split(2, 0.9)
    found = path(split, X, y)
    assert found.orders.tolist() == [5, 4, 3, 2, 1]
    np.testing.assert_allclose(found.heights[:2], 0.0, atol=1e-12)
    assert found.heights[2] > 0.01
    assert np.isnan(found.heights[4])
    expected = log_likelihood(THREE, X, y)[0]
    np.testing.assert_allclose(found.log_likelihoods[:3], expected, rtol=1e-10)
    merged = found.measures[2]
    order = np.argsort(merged.b)
    np.testing.assert_allclose(merged.b[order], np.sort(THREE.b), atol=1e-10)
    # the gate too, up to the translation that changes nothing
    shift = merged.beta1[order] - THREE.beta1[np.argsort(THREE.b)]
    np.testing.assert_allclose(shift - shift[0], 0.0, atol=1e-10)
    assert found.best == 3


def test_every_level_is_what_it_says():
    X, y = drawn(THREE)
    found = path(THREE.split(1, 0.5), X, y)
    for order, measure, value in zip(found.orders, found.measures, found.log_likelihoods, strict=True):
        assert measure.n_atoms == order
        assert value == pytest.approx(log_likelihood(measure, X, y)[0], rel=1e-10)
    np.testing.assert_allclose(found.criterion[:-1], -(found.heights + np.log(600) * found.log_likelihoods)[:-1])


def test_one_merge_by_hand():
    """The formula, written out: weights are means of the gate, units those where data have variance one."""
    X, y = drawn(TWO)
    found = path(TWO, X, y)
    scores = X @ TWO.beta1.T + TWO.beta0
    w = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).mean(axis=0)
    sx, sy, mx = X.std(), y.std(), X.mean()
    gate, slope = 2 * sx, 2 * sx / sy
    intercept, variance = (4 + 2 * mx) / sy, 0.25 / sy**2
    far = w[0] * w[1] / w.sum() * (gate**2 + intercept**2 + np.hypot(slope, variance))
    assert found.heights[0] == pytest.approx(far, rel=1e-10)
    np.testing.assert_allclose(found.measures[1].a[0], w @ TWO.a, rtol=1e-10)
    np.testing.assert_allclose(found.measures[1].v, w @ TWO.v, rtol=1e-10)
    np.testing.assert_allclose(found.measures[1].b, w @ TWO.b, rtol=1e-9)


def test_the_path_knows_no_labels_translations_or_units():
    X, y = drawn(THREE)
    split = THREE.split(0, 0.3)
    first = path(split, X, y)
    others = [
        path(split.relabelled([3, 1, 0, 2]), X, y),
        path(split.translated(slope=[4.0], intercept=-3.0), X, y),
        path(moe.MixingMeasure(split.beta0 - 5 * split.beta1[:, 0] / 2, split.beta1 / 2, a=split.a / 2,
                               b=split.b - 5 * split.a[:, 0] / 2, v=split.v), 2 * X + 5, y),
        path(moe.MixingMeasure(split.beta0, split.beta1, a=10 * split.a, b=10 * split.b + 1, v=100 * split.v),
             X, 10 * y + 1),
        path(split, np.repeat(X, 2, axis=0), np.repeat(y, 2)),
        path(split, X, y, np.full(len(y), 2.0)),
    ]  # fmt: skip
    for other in others:
        np.testing.assert_allclose(other.heights, first.heights, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(others[0].log_likelihoods, first.log_likelihoods, rtol=1e-10)


def test_merged_pairs_are_all_pairs_and_start_with_the_path():
    X, y = drawn(THREE)
    at = Parameters(np.column_stack([THREE.beta1, THREE.beta0]), np.column_stack([THREE.a, THREE.b]), np.array(THREE.v))
    pairs = list(merged_pairs(make_gate("softmax", 3), at, X, y, np.ones(600)))
    assert [G.n_atoms for G in pairs] == [2, 2, 2]
    np.testing.assert_array_equal(pairs[0].b, path(THREE, X, y).measures[1].b)
    assert len({tuple(np.sort(G.b)) for G in pairs}) == 3


@pytest.mark.parametrize(("truth", "n"), [(TWO, 800), (THREE, 1000)])
def test_the_order_is_found_from_one_fit_with_too_many(truth, n):
    """Three samples each: BIC in all of them; the path alone, and ICL, which pays for steps of the gate, in most."""
    right = {"bic": 0, "icl": 0, "merge": 0}
    for seed in range(3):
        X, y = drawn(truth, n, seed)
        model = moe.GaussianMoE(truth.n_atoms + 1, random_state=0, n_init=2).fit(X, y)
        for criterion in right:
            right[criterion] += model.select_order(X, y, criterion=criterion) == truth.n_atoms
    assert right["bic"] == 3
    assert min(right["merge"], right["icl"]) >= 2


def test_one_expert_is_found_where_there_is_one():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (500, 2))
    y = X @ [1, -1] + rng.normal(size=500)
    assert moe.GaussianMoE(3, random_state=0, n_init=2).fit(X, y).select_order(X, y) == 1
    assert moe.GaussianMoE(1).fit(X, y).select_order(X, y, criterion="merge") == 1


def test_what_has_no_path_is_refused():
    X, y = drawn()
    for options in ({"gate": "laplace", "tol": 1e-7}, {"top_k": 1}):
        with pytest.raises(InvalidArgument, match="gate"):
            moe.GaussianMoE(2, random_state=0, n_init=1, **options).fit(X, y).select_order(X, y)
    with pytest.raises(InvalidArgument, match="criterion"):
        moe.GaussianMoE(1).fit(X, y).select_order(X, y, criterion="dic")
    with pytest.raises(NotFittedError):
        moe.GaussianMoE().bic(X, y)
