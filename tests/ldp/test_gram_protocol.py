"""The non-interactive protocol: what clients clip and send, and what parameters refuse."""

import dataclasses
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp.records import ClippedRecords
from tests.reference import ldp_protocol as slow

MECHANISMS = [
    {"mechanism": m, "delta": 0.0 if m == "privunitg" else 1e-5, "public_covariates": p}
    for m in ("privunitg", "gaussian", "published")
    for p in (False, True)
]
every = pytest.mark.parametrize("how", MECHANISMS, ids=lambda h: f"{h['mechanism']}-{h['public_covariates']}")
wild = st.floats(allow_nan=False, allow_infinity=False)


def params_of(how, dim=3, epsilon=1.0, x_radius=1.5, y_bound=2.0):
    return ldp.LDPParams(dim, epsilon, x_radius=x_radius, y_bound=y_bound, **how)


PARAMS = [params_of(how) for how in MECHANISMS]


@every
@given(x=arrays(float, 3, elements=wild), y=wild)
def test_answers_are_those_of_the_twin_and_inside_the_ball(how, x, y):
    params = PARAMS[MECHANISMS.index(how)]
    expected = slow.answers(x, y, params)
    records = ClippedRecords(x, y, params)
    for block in params.blocks:
        answer = block.query.values(records)[0]
        np.testing.assert_allclose(answer, expected[block.name], rtol=1e-12, atol=1e-14)
        assert np.linalg.norm(answer) <= block.query.reach * (1 + 1e-14)
        np.testing.assert_allclose(block.query.answer(records.moments()), answer, rtol=1e-12, atol=1e-14)


@given(x=arrays(float, 4, elements=wild), y=wild)
def test_clipping_keeps_direction_and_is_idempotent(x, y):
    params = params_of({}, dim=4)
    once = ClippedRecords(x, y, params)
    inside = once.unit[0] * params.x_radius
    assert np.linalg.norm(inside) <= params.x_radius * (1 + 1e-15)
    twice = ClippedRecords(inside, once.response * params.y_bound, params)
    np.testing.assert_allclose(twice.unit, once.unit, rtol=1e-15, atol=1e-300)
    top = np.argmax(np.abs(x))
    if x[top] != 0:
        np.testing.assert_allclose(inside / inside[top] if inside[top] else 0 * x, x / x[top], rtol=1e-12, atol=1e-12)


@every
@settings(max_examples=40)
@given(
    X=arrays(float, (2, 3), elements=st.floats(-3, 3)), y=arrays(float, 2, elements=st.floats(-3, 3)),
)  # fmt: skip
def test_no_two_answers_are_farther_apart_than_the_sensitivity(how, X, y):
    params = PARAMS[MECHANISMS.index(how)]
    records = ClippedRecords(X, y, params)
    for block in params.blocks:
        first, second = block.query.values(records)
        assert np.linalg.norm(first - second) <= block.query.sensitivity * (1 + 1e-14)
        assert block.randomizer.sensitivity >= block.query.sensitivity


@every
def test_sensitivity_is_attained(how):
    params = params_of(how)
    r, tau, corner = params.x_radius, params.y_bound, np.full(3, params.x_radius / 3**0.5)
    w = getattr(params.blocks[0].query, "weight", 0.0) * tau / r
    tilted = np.array([[np.cos(a), s * np.sin(a), 0.0] for a in [0.5 * np.arccos(w**2)] for s in (1, -1)]) * r
    axes = np.eye(3)[:2] * r
    pairs = [(tilted, [tau, -tau]), (axes, [tau, -tau]), (np.array([corner, corner]), [tau, -tau])]
    for block in params.blocks:
        apart = [np.linalg.norm(np.subtract(*block.query.values(ClippedRecords(X, y, params)))) for X, y in pairs]
        if block.name != "published":  # its two parts are never extreme at once
            assert max(apart) == pytest.approx(block.query.sensitivity, rel=1e-6)
        assert max(apart) <= block.query.sensitivity * (1 + 1e-14)


@every
def test_reports_are_unbiased_with_the_variance_that_is_announced(how):
    params, rng = params_of(how), np.random.default_rng(3)
    n = 40_000
    X, y = np.tile([0.6, -0.9, 0.2], (n, 1)), np.full(n, 1.1)
    stats = ldp.GramStats(params, simulated=True)
    for batch in ldp.privatize_rows(X, y, params, rng=rng):
        stats.absorb_many(batch)
    noise = stats.noise
    assert np.abs(stats.cross_moment() - X[0] * 1.1).max() < 5 * noise.cross
    if how["public_covariates"]:
        assert noise[:2] == (0.0, 0.0)
        with pytest.raises(InvalidArgument, match="public_gram"):
            stats.gram()
    else:
        error = stats.gram() - np.outer(X[0], X[0])
        assert np.abs(np.diag(error)).max() < 5 * noise.diagonal
        assert np.abs(error[np.triu_indices(3, 1)]).max() < 5 * noise.off_diagonal
    predicted = ldp.gram_noise(
        params.mechanism, 3, 1.0, params.delta, x_radius=1.5, y_bound=2.0, public_covariates=params.public_covariates
    )
    np.testing.assert_allclose(noise, [s / n**0.5 for s in predicted], rtol=0.02)


def test_a_client_reports_once_and_not_where_the_record_is_bad():
    params = params_of({})
    client = ldp.GramClient(params, user="ada")
    for x, y in [([1.0, np.nan, 0.0], 1.0), ([1.0, 0.0, 0.0], np.inf), ([1.0, 0.0], 1.0), ([[1.0, 0.0, 0.0]] * 2, 1.0)]:
        with pytest.raises(InvalidArgument):
            client.privatize(x, y)
    report = client.privatize([1.0, 0.0, 0.0], 1.0)
    assert (report.user, report.simulated, report.payload.dtype) == ("ada", False, np.int64)
    with pytest.raises(ldp.BudgetSpent):
        client.privatize([1.0, 0.0, 0.0], 1.0)
    with pytest.raises(TypeError, match="copied"):
        pickle.dumps(client)


def test_of_two_threads_one_reports():
    params, before = params_of({}), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(100):
                client = ldp.GramClient(params, user=0)
                made = [pool.submit(client.privatize, [1.0, 0.0, 0.0], 1.0) for _ in range(4)]
                assert sorted(m.exception() is None for m in made) == [False, False, False, True]
    finally:
        sys.setswitchinterval(before)


def test_noise_does_not_follow_a_seed_or_repeat():
    params, payloads = params_of(MECHANISMS[2]), []
    for _ in range(3):
        np.random.seed(0)  # noqa: NPY002
        payloads.append(ldp.GramClient(params).privatize([1.0, 0.0, 0.0], 1.0).payload)
    assert not np.array_equal(payloads[0], payloads[1]) and not np.array_equal(payloads[1], payloads[2])


@pytest.mark.parametrize("x", [np.zeros(3), np.full(3, 1e308), np.full(3, 5e-324), [1e308, -5e-324, 0.0]])
@pytest.mark.parametrize("y", [0.0, -1e308, 5e-324])
def test_shape_and_type_of_a_report_do_not_tell(x, y):
    for params in PARAMS:
        report = ldp.GramClient(params, user=1).privatize(x, y)
        block = params.blocks[int(params.block_of([1])[0])]
        assert report.payload.shape == (block.query.length,) and report.payload.dtype == np.int64


def test_what_users_report_is_decided_in_public_and_in_the_right_shares():
    params = params_of({})
    which = params.block_of(np.arange(10_000))
    for start in (0, 17, 5000):
        first = np.count_nonzero(which[start : start + 1000] == 0)
        assert abs(first - 1000 * params.share) <= 1
    names = [ldp.GramClient(params, user=f"user {i}").block.name for i in range(2000)]
    assert abs(names.count("gram") - 2000 * params.share) < 5 * (2000 * 0.25) ** 0.5
    assert names == [ldp.GramClient(params, user=f"user {i}").block.name for i in range(2000)]
    assert ldp.GramClient(params, block="gram").block.name == "gram"
    with pytest.raises(InvalidArgument, match="block"):
        ldp.GramClient(params, block="joint")


def test_parameters_without_bounds_or_budget_are_refused():
    good = {"dim": 3, "epsilon": 1.0, "x_radius": 1.0, "y_bound": 1.0}
    ldp.LDPParams(**good)
    for name, value in [("x_radius", None), ("y_bound", None), ("epsilon", 0.0), ("epsilon", None), ("y_bound", -1.0)]:
        with pytest.raises(InvalidArgument, match=name):
            ldp.LDPParams(**(good | {name: value}))
    for bad in [{"mechanism": "gaussian"}, {"mechanism": "laplace"}, {"coordinate_bound": 1.0}]:
        with pytest.raises(InvalidArgument):
            ldp.LDPParams(**good, **bad)
    published = good | {"mechanism": "published", "delta": 1e-5}
    ldp.LDPParams(**(published | {"epsilon": 2.0}))
    with pytest.raises(InvalidArgument, match="at most 2"):
        ldp.LDPParams(**(published | {"epsilon": 2.01}))
    with pytest.raises(InvalidArgument, match="at most 1"):
        ldp.LDPParams(**(published | {"epsilon": 1.01, "public_covariates": True}))


def test_published_noise_is_the_published_noise():
    params = ldp.LDPParams(4, 1.0, 1e-5, x_radius=2.0, y_bound=3.0, mechanism="published", coordinate_bound=0.7)
    block = params.blocks[0]
    noise = block.query.noise(block.randomizer.sigma)
    log = np.log(2.5 / 1e-5)
    assert noise.diagonal == noise.off_diagonal == pytest.approx((32 * 2.0**4 * log) ** 0.5, rel=0.015)
    assert noise.cross == pytest.approx((32 * 4 * (0.7 * 3.0) ** 2 * log) ** 0.5, rel=0.015)
    assert (noise.diagonal, noise.cross) > ((32 * 2.0**4 * log) ** 0.5, (32 * 4 * (0.7 * 3.0) ** 2 * log) ** 0.5)
    assert block.randomizer.guarantee.epsilon == 1.0 and block.randomizer.guarantee.delta < 1.001e-5


def test_fingerprints_differ_where_anything_does():
    params = params_of({})
    changed = [
        dataclasses.replace(params, **{name: value})
        for name, value in [
            ("dim", 4), ("epsilon", 1.5), ("delta", 1e-9), ("x_radius", 1.6), ("y_bound", 2.1), ("theta_norm", 0.5),
            ("public_covariates", True),
        ]
    ]  # fmt: skip
    prints = {p.fingerprint for p in [params, *changed, *PARAMS[2:]]}
    assert len(prints) == 1 + len(changed) + len(PARAMS) - 2
    assert (
        dataclasses.replace(params).fingerprint == params.fingerprint == pickle.loads(pickle.dumps(params)).fingerprint
    )


@pytest.mark.slow
@every
def test_unit_noise_of_reports_of_a_larger_run(how):
    params, rng = params_of(how, dim=8, x_radius=8**0.5, y_bound=3.0), np.random.default_rng(1)
    users = ldp.Population(8, 2)
    X, y = users.rows(200_000, rng)
    stats = ldp.aggregate([(X, y)], params, seed=5)
    noise, n = stats.noise, len(y)
    z = (stats.cross_moment() - X.T @ y / n) / noise.cross
    assert 8 * 0.1 < z @ z < 30  # chi-square of 8, beyond 1e-4 on both sides; the split adds about 1e-3 of it
