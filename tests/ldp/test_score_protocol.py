"""One round of the interactive protocol: scores of the twin, one answer a user, rounds that do not mix."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp.records import ClippedRecords
from tests.reference import ldp_protocol as slow

THETA = np.array([0.6, 0.0, -0.3])
PARAMS = [
    ldp.ScoreParams(3, 1.0, x_radius=1.5, y_bound=2.0, radius=radius, randomizer=randomizer, keep=2)
    for radius, randomizer in [("norm", "privunitg"), ("published", "duchi"), (0.7, "privunit")]
]
every = pytest.mark.parametrize("params", PARAMS, ids=lambda p: p.randomizer)
wild = st.floats(allow_nan=False, allow_infinity=False)


@every
@given(x=arrays(float, 3, elements=wild), y=wild)
def test_scores_are_those_of_the_twin_and_inside_the_ball(params, x, y):
    scores = params.round(0, THETA).blocks[0].query.values(ClippedRecords(x, y, params))[0]
    assert np.linalg.norm(scores) <= 1 + 1e-14
    np.testing.assert_allclose(scores * params.clip, slow.score(x, y, THETA, params), rtol=1e-9, atol=1e-12)


@every
def test_a_round_is_unbiased_with_the_noise_that_is_announced(params):
    rng, n = np.random.default_rng(2), 40_000
    asked = params.round(3, THETA)
    X, y = np.tile([0.5, -0.4, 0.8], (n, 1)), np.full(n, 0.3)
    expected = slow.score(X[0], y[0], THETA, params)
    made = ldp.ScoreStats(asked, simulated=True)
    for batch in ldp.privatize_scores(X, y, asked, rng=rng):
        made.absorb_many(batch)
    for stats in (made, ldp.simulate.score_stats(X, y, asked, rng)):
        assert np.abs(stats.mean() - expected).max() < 5 * stats.noise
        assert (stats.n, stats.round, stats.params) == (n, 3, params)
    predicted = ldp.score_noise(
        params.radius, 3, 1.0, x_radius=1.5, y_bound=2.0, sparsity=1, keep=2, randomizer=params.randomizer
    )
    assert made.noise == pytest.approx(predicted.entry / n**0.5, rel=1e-9)


def test_a_client_answers_once_in_all_rounds():
    params = PARAMS[0]
    client, first, second = ldp.ScoreClient(params, user=4), params.round(0, np.zeros(3)), params.round(1, THETA)
    with pytest.raises(InvalidArgument):
        client.privatize([1.0, np.nan, 0.0], 1.0, first)
    with pytest.raises(InvalidArgument, match="agreed"):
        client.privatize([1.0, 0.0, 0.0], 1.0, PARAMS[1].round(0, np.zeros(3)))
    report = client.privatize([1.0, 0.0, 0.0], 1.0, first)
    for asked in (first, second):
        with pytest.raises(ldp.BudgetSpent):
            client.privatize([1.0, 0.0, 0.0], 1.0, asked)
    stats = ldp.ScoreStats(first, track_users=True).absorb(report)
    with pytest.raises(ldp.BudgetSpent):
        stats.absorb(report)
    with pytest.raises(ldp.ProtocolError, match="fingerprint"):
        ldp.ScoreStats(second).absorb(report)
    with pytest.raises(ldp.ProtocolError, match="fingerprint"):
        ldp.ScoreStats(params.round(0, THETA)).absorb(report)  # the same number, another iterate
    assert ldp.ScoreStats.from_bytes(stats.to_bytes()) == stats


@every
@pytest.mark.parametrize("size", [1e160, 1.7e308])
def test_an_iterate_that_overflows_is_answered_whatever_the_record(params, size):
    asked = params.round(0, [size, 0.0, -size])
    for x in ([4.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 4.0, 0.0], [1.0, 1.0, 1.0]):
        assert ldp.ScoreClient(params).privatize(x, 1.0, asked).payload.shape == (3,)


def test_parameters_that_do_not_say_enough_are_refused():
    good = {"dim": 3, "epsilon": 1.0, "x_radius": 1.0, "y_bound": 1.0}
    ldp.ScoreParams(**good)
    bad = [("x_radius", None), ("y_bound", None), ("radius", "coordinate"), ("radius", -1.0), ("randomizer", "laplace")]
    for name, value in bad:
        with pytest.raises(InvalidArgument, match=name):
            ldp.ScoreParams(**(good | {name: value}))
    with pytest.raises(InvalidArgument, match="keep"):
        ldp.ScoreParams(**good, radius="published")
    with pytest.raises(InvalidArgument, match="theta"):
        ldp.ScoreParams(**good).round(0, [np.nan, 0.0, 0.0])
