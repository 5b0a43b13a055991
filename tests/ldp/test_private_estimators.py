"""The estimators: scikit-learn's own checks, what they promise, what they refuse, and how they are deployed."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning as SklearnWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsetheory import ldp
from sparsetheory.errors import ConvergenceWarning, InvalidArgument

BOUNDS = {"x_radius": 2.0, "y_bound": 2.0}
THETA = np.array([0.0, 0.8, -0.6, 0.0])


def signs(n, rng):
    X = rng.choice([-1.0, 1.0], size=(n, 4))
    return X, X @ THETA + rng.uniform(-0.5, 0.5, n)


@pytest.fixture(scope="module")
def data():
    return signs(40_000, np.random.default_rng(0))


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [ldp.NLDPRegressor(1.0, x_radius=5.0, y_bound=5.0, on_indefinite="ridge", random_state=0),
     ldp.LDPIHTRegressor(1.0, 1, x_radius=5.0, y_bound=5.0, random_state=0)],
)  # fmt: skip
def test_scikit_learn_accepts_it(estimator, check):
    """All checks; with few rows only because noise is repaired by a ridge instead of refused, which is the default."""
    check(estimator)


@pytest.mark.parametrize("mechanism", ["privunitg", "gaussian", "published"])
def test_the_noise_is_as_large_as_it_says(data, mechanism):
    """Estimates before the threshold, over draws of the noise; published noise is far larger, and seen with a floor."""
    delta = 0.0 if mechanism == "privunitg" else 1e-5
    model = ldp.NLDPRegressor(2.0, delta, mechanism=mechanism, lambda_min=1.0, on_indefinite="floor", **BOUNDS)
    X, y = data[0][:20_000], data[1][:20_000]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [clone(model).set_params(random_state=seed).fit(X, y) for seed in range(20)]
    errors = np.array([m.result_.linear - THETA for m in found])
    ratio = np.sqrt(np.mean(errors**2)) / found[0].noise_sd_
    assert (0.75 < ratio < 1.35) if mechanism == "privunitg" else ratio < 1.35


def test_both_find_the_support(data):
    X, y = data
    for model in (
        ldp.NLDPRegressor(4.0, random_state=1, **BOUNDS),
        ldp.LDPIHTRegressor(4.0, 2, keep=2, random_state=1, **BOUNDS),
    ):
        model.fit(X, y)
        assert model.coef_.nonzero()[0].tolist() == [1, 2]
        assert np.linalg.norm(model.coef_ - THETA) < 1.5 * model.result_.predicted_error + 0.05
        assert model.score(X, y) > 0.7 and model.intercept_ == 0.0 and model.n_features_in_ == 4
        np.testing.assert_allclose(model.predict(X[:5]), X[:5] @ model.coef_)
        assert 0 < model.n_required_ < 40_000 and model.noise_sd_ < 0.1
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.coef_, model.coef_)


@pytest.mark.parametrize("make", [
    lambda **o: ldp.NLDPRegressor(4.0, **BOUNDS, **o), lambda **o: ldp.LDPIHTRegressor(4.0, 2, **BOUNDS, **o),
])  # fmt: skip
def test_seeds_are_simulations_and_secure_noise_never_repeats(data, make):
    X, y = data[0][:20_000], data[1][:20_000]
    first, second = (make(random_state=3).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.coef_, second.coef_)
    assert first.privacy_guarantee_.numerics == "float-simulation"
    np.random.seed(0)  # noqa: NPY002 - nothing may depend on it
    third = make().fit(X, y)
    np.random.seed(0)  # noqa: NPY002
    fourth = make().fit(X, y)
    assert not np.array_equal(third.coef_, fourth.coef_)
    assert third.privacy_guarantee_.numerics != "float-simulation" and third.privacy_guarantee_.epsilon == 4.0
    assert np.linalg.norm(third.coef_ - THETA) < 0.5


def test_few_users_raise_and_say_how_many_would_do(data):
    X, y = data[0][:200], data[1][:200]
    with pytest.raises(ldp.InsufficientUsers, match="zero vector") as caught:
        ldp.NLDPRegressor(1.0, random_state=0, **BOUNDS).fit(X, y)
    assert caught.value.n == 200 and caught.value.n_required > 5000
    for category in (ConvergenceWarning, SklearnWarning):
        with pytest.warns(category, match="repaired") as seen:
            ldp.NLDPRegressor(1.0, on_indefinite="ridge", random_state=0, **BOUNDS).fit(X, y)
        assert seen[0].filename == __file__
    with pytest.warns(SklearnWarning, match="Too few users") as seen:
        ldp.LDPIHTRegressor(1.0, 2, random_state=0, **BOUNDS).fit(X[:30], y[:30])
    assert seen[0].filename == __file__


def test_public_covariates_need_fewer_users(data):
    X, y = data[0][:20_000], data[1][:20_000]
    private = ldp.NLDPRegressor(4.0, random_state=0, **BOUNDS).fit(X, y)
    public = ldp.NLDPRegressor(4.0, public_gram=np.eye(4), random_state=0, **BOUNDS).fit(X, y)
    assert public.noise_to_eigenvalue_ == 0 and public.n_required_ < private.n_required_
    assert [b.name for b in public.params(4).blocks] == ["cross"]


def test_clients_servers_and_shards_give_the_same_model(data):
    """The deployment: reports as bytes, two servers, their statistics added up."""
    X, y = data
    model = ldp.NLDPRegressor(6.0, random_state=None, on_indefinite="ridge", **BOUNDS)
    params = model.params(4)
    shards = [ldp.GramStats(params) for _ in range(2)]
    for user in range(400):
        report = ldp.GramClient(params, user=user).privatize(X[user], y[user])
        shards[user % 2].absorb(ldp.Report.from_bytes(report.to_bytes()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = (clone(model).fit_stats(s) for s in (shards[0] + shards[1], shards[1] + shards[0]))
    np.testing.assert_array_equal(one.coef_, other.coef_)
    assert one.result_.n == 400 and one.n_features_in_ == 4
    with pytest.raises(InvalidArgument, match="stats"):
        ldp.NLDPRegressor(5.0, **BOUNDS).fit_stats(shards[0])


def test_an_interactive_deployment(data):
    X, y = data[0][:300], data[1][:300]
    model = ldp.LDPIHTRegressor(6.0, 2, schedule="uneven", **BOUNDS)
    server, user = model.server(4), 0
    while not server.done:
        stats = ldp.ScoreStats(server.asked, track_users=True)
        for _ in range(round(300 * server.schedule[server.round])):
            client = ldp.ScoreClient(model.params(4), user=user)
            stats.absorb(client.privatize(X[user], y[user], server.asked))
            user += 1
        server.absorb(stats)
        with pytest.raises(ldp.BudgetSpent):
            server.absorb(stats)
        server.advance()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.fit_stats(server)
    assert user == 300 and found.result_.n == 300
    np.testing.assert_array_equal(found.coef_, server.coef)
    assert np.linalg.norm(found.coef_) <= 1 + 1e-12
    with pytest.raises(InvalidArgument, match="server"):
        clone(model).set_params(epsilon=1.0).fit_stats(server)


@pytest.mark.parametrize("kind", [ldp.NLDPRegressor, ldp.LDPIHTRegressor])
@pytest.mark.parametrize(
    ("change", "name"),
    [({"epsilon": None}, "epsilon"), ({"epsilon": 0}, "epsilon"), ({"epsilon": np.inf}, "epsilon"),
     ({"x_radius": None}, "x_radius"), ({"x_radius": -1.0}, "x_radius"), ({"y_bound": None}, "y_bound"),
     ({"delta": 1.0}, "delta")],
)  # fmt: skip
def test_there_is_no_default_privacy_and_no_default_bound(data, kind, change, name):
    options = {"epsilon": 1.0, **BOUNDS, **({"sparsity": 1} if kind is ldp.LDPIHTRegressor else {}), **change}
    with pytest.raises(InvalidArgument) as caught:
        kind(**options).fit(*data)
    assert caught.value.name == name


def test_it_sits_at_the_end_of_a_pipeline(data):
    X, y = data
    model = make_pipeline(FunctionTransformer(), ldp.NLDPRegressor(4.0, random_state=0, **BOUNDS)).fit(X, y)
    assert model.predict(X[:3]).shape == (3,)
