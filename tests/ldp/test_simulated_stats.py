"""Aggregated noise has the law of the sum of reports that are made one by one."""

import numpy as np
import pytest
from scipy import stats as dist

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp.population import _VALUES

HOWS = [("privunitg", 0.0), ("gaussian", 1e-5), ("published", 1e-5)]
every = pytest.mark.parametrize(("mechanism", "delta"), HOWS, ids=[h[0] for h in HOWS])


def params_of(mechanism, delta, dim=3):
    return ldp.LDPParams(dim, 2.0, delta, x_radius=dim**0.5, y_bound=2.0, mechanism=mechanism)


def entries(stats):
    return np.concatenate([stats.gram()[np.triu_indices(stats.params.dim)], stats.cross_moment()])


def made(X, y, params, rng):
    stats = ldp.GramStats(params, simulated=True)
    for batch in ldp.privatize_rows(X, y, params, rng=rng):
        stats.absorb_many(batch)
    return stats


def compare(params, X, y, repeats, rng):
    """Return p-values: two-sample by entry, and of the variance of the simulated against the announced."""
    one_by_one = np.array([entries(made(X, y, params, rng)) for _ in range(repeats)])
    at_once = np.array([entries(ldp.simulate.gram_stats(X, y, params, rng)) for _ in range(repeats)])
    values = [dist.ks_2samp(a, b).pvalue for a, b in zip(one_by_one.T, at_once.T)]
    noise = ldp.simulate.gram_stats(X, y, params, rng).noise
    rows, columns = np.triu_indices(params.dim)
    sd = np.r_[np.where(rows == columns, noise.diagonal, noise.off_diagonal), np.full(params.dim, noise.cross)]
    for sample in (one_by_one, at_once):
        q = dist.chi2(repeats - 1).cdf((repeats - 1) * sample.var(axis=0, ddof=1) / sd**2)
        values += (2 * np.minimum(q, 1 - q)).tolist()
    return np.array(values), (one_by_one.mean(axis=0) - at_once.mean(axis=0)) / sd * (repeats / 2) ** 0.5


@every
def test_law_of_sums_is_that_of_reports(mechanism, delta):
    rng = np.random.default_rng(7)
    X, y = ldp.Population(3, 1).rows(64, rng)
    values, z = compare(params_of(mechanism, delta), X, y, 150, rng)
    assert values.min() > 1e-3 / len(values) and np.abs(z).max() < 4.5


@pytest.mark.slow
@every
def test_law_of_sums_is_that_of_reports_at_length(mechanism, delta):
    rng = np.random.default_rng(8)
    X, y = ldp.Population(6, 2).rows(500, rng)
    values, z = compare(params_of(mechanism, delta, 6), X, y, 2000, rng)
    assert values.min() > 1e-3 / len(values) and np.abs(z).max() < 4.5


def test_a_wrong_law_is_seen():
    """The comparison has the power it needs: noise that is 20 % short is refused."""
    rng, params = np.random.default_rng(9), params_of("gaussian", 1e-5)
    X, y = ldp.Population(3, 1).rows(64, rng)
    cut = ldp.LDPParams(3, 2.0 / 0.8, 1e-5, x_radius=3**0.5, y_bound=2.0, mechanism="gaussian")
    wrong = np.array([entries(ldp.simulate.gram_stats(X, y, cut, rng)) for _ in range(150)])
    sd = ldp.simulate.gram_stats(X, y, params, rng).noise.diagonal
    assert dist.chi2(149).cdf(149 * wrong[:, 0].var(ddof=1) / sd**2) < 1e-3


@pytest.mark.parametrize("epsilon", [0.5, 2.0, 8.0])
def test_isotropic_noise_against_the_covariance_of_the_pure_mechanism(epsilon):
    """A report of v has covariance s^2 (I + (E a^2 - 1) v v') - v v'; the isotropic law is s^2 I."""
    ball, rng, n, dim = ldp.PrivUnitG(6, epsilon), np.random.default_rng(4), 60_000, 6
    V = rng.standard_normal((n, dim))
    V /= np.linalg.norm(V, axis=1)[:, None]
    V[:, 0] *= np.sign(V[:, 0])
    reports = ball.privatize(V, rng)
    S = V.T @ V / n
    extra = ball.variance_at(1.0) - ball.variance_at(0.0)
    exact = ball.variance * np.eye(dim) + extra * S
    measured = (reports - V).T @ (reports - V) / n
    assert np.abs(measured - exact).max() < 6 * ball.variance * (2 / n) ** 0.5
    assert -0.4 * ball.variance < extra < 0  # so the isotropic law has a little too much noise, never too little


@every
def test_moments_give_what_rows_give(mechanism, delta):
    params, n = params_of(mechanism, delta), 4000
    X, y = ldp.Population(3, 1).rows(n, np.random.default_rng(1))
    rows = ldp.simulate.gram_stats(X, y, params, np.random.default_rng(2))
    sums = ldp.simulate.gram_stats_from_moments(X.T @ X, X.T @ y, n, params, np.random.default_rng(2), square_sum=y @ y)
    for name, count in rows.counts.items():
        assert abs(sums.counts[name] - count) <= 1
    tolerance = 0.1 if mechanism == "privunitg" else 1e-3  # groups of users have their own sampling error
    np.testing.assert_allclose(entries(sums), entries(rows), atol=tolerance)
    with pytest.raises(InvalidArgument, match="gram_sum"):
        ldp.simulate.gram_stats_from_moments(np.eye(2), X.T @ y, n, params, np.random.default_rng(2))


@pytest.mark.parametrize("covariates", ["signs", "normal"])
def test_a_population_is_what_it_says(covariates):
    users, rng = ldp.Population(6, 3, covariates, noise=0.5, theta_norm=2.0), np.random.default_rng(0)
    assert np.linalg.norm(users.theta) == pytest.approx(2.0) and np.count_nonzero(users.theta) == 3
    X, y = users.rows(50_000, rng)
    assert np.abs(X.T @ X / len(X) - np.eye(6)).max() < 5 / len(X) ** 0.5 * 2**0.5
    rest = y - X @ users.theta
    assert np.abs(rest).max() <= 0.5 and rest.var() == pytest.approx(1 / 12, rel=0.03)
    if covariates == "signs":
        assert set(np.unique(X)) == {-1.0, 1.0}


def test_many_users_are_streamed(monkeypatch):
    monkeypatch.setattr("sparsetheory.ldp.population._VALUES", 1000)
    users, params = ldp.Population(4, 2), params_of("privunitg", 0.0, 4)
    assert max(len(y) for _, y in users.chunks(1001, np.random.default_rng(0))) == 250 < _VALUES
    stats = users.gram_stats(2001, params, np.random.default_rng(0))
    X, y = users.rows(2001, np.random.default_rng(5))
    counts = ldp.simulate.gram_stats(X, y, params, np.random.default_rng(0)).counts
    assert stats.counts == counts and stats.simulated
    assert np.abs(stats.cross_moment() - users.theta).max() < 5 * (stats.noise.cross + 2 / 30)
