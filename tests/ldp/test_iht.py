"""Iterative hard thresholding: the slow twin's iterates, and the server that gives the same from noiseless reports."""

import dataclasses
import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument

_spec = importlib.util.spec_from_file_location(
    "ldp_sparse_twin_i", Path(__file__).parents[1] / "reference" / "ldp_sparse.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

PARAMS = ldp.ScoreParams(6, 1.0, x_radius=3.0, y_bound=2.0)


@dataclass
class Scores:
    """Scores without noise, in the shape of aggregated reports."""

    total: np.ndarray
    n: int
    round: int
    fingerprint: str
    users: set = field(default_factory=set)
    noise: float = 0.0
    guarantee: object = None
    simulated: bool = False
    tracks_users: bool = True

    def mean(self):
        return self.total / self.n

    def copy(self):
        return Scores(self.total.copy(), self.n, self.round, self.fingerprint, set(self.users), self.noise)

    def __add__(self, other):
        users = self.users | other.users
        return Scores(self.total + other.total, self.n + other.n, self.round, self.fingerprint, users, self.noise)


def scores(theta, rnd, X, y, users=()):
    name = PARAMS.round(rnd, theta).fingerprint
    return Scores(((X @ theta - y)[:, None] * X).sum(axis=0), len(X), rnd, name, set(users))


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6))
    return X, X @ np.array([0.6, 0, 0, -0.5, 0, 0]) + 0.1 * rng.normal(size=120)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), keep=st.integers(1, 6), clip=st.sampled_from([None, 0.3, 2.0]))
def test_iterates_are_those_of_the_slow_twin(seed, keep, clip):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 6)), 2 * rng.normal(size=60)
    slow = {"keep": keep, "step": 0.5, "clip": np.inf if clip is None else clip}
    fast = {"keep": keep, "step": 0.5, "radius": clip}
    batches = [(X[:6], y[:6]), (X[6:18], y[6:18]), (X[18:], y[18:])]
    own = ldp.iht(X, y, 1, schedule=(0.1, 0.2, 0.7), **fast)
    np.testing.assert_allclose(own, twin.iterative_hard_thresholding(batches, **slow), atol=1e-12)
    own = ldp.iht(X, y, 1, rounds=4, **fast)
    np.testing.assert_allclose(own, twin.iterative_hard_thresholding([(X, y)] * 4, **slow), atol=1e-12)


def test_all_rows_in_every_round_find_the_support(data):
    X, y = data
    found = ldp.iht(X, y, 2, keep=2)
    least, *_ = np.linalg.lstsq(X[:, [0, 3]], y, rcond=None)
    np.testing.assert_allclose(found[[0, 3]], least, atol=1e-6)
    assert np.count_nonzero(found) == 2


@pytest.mark.parametrize("schedule", [None, "uneven", (0.5, 0.25, 0.25)])
def test_the_server_takes_the_steps_of_the_non_private_algorithm(data, schedule):
    X, y = data
    server = ldp.IHTServer(PARAMS, 2, schedule=schedule, lambda_max=1.5)
    ends = np.round(np.cumsum(server.schedule) * 120).astype(int)
    while not server.done:
        theta, rnd = server.query()
        rows = slice(0 if rnd == 0 else ends[rnd - 1], ends[rnd])
        half = (rows.start + rows.stop) // 2
        server.absorb(scores(theta, rnd, X[rows.start : half], y[rows.start : half]))
        server.absorb(scores(theta, rnd, X[half : rows.stop], y[half : rows.stop]))
        server.advance()
    expected = ldp.iht(X, y, 2, schedule=server.schedule, step=1 / 1.5)
    np.testing.assert_allclose(server.coef, expected, atol=1e-12)
    assert np.count_nonzero(server.coef) == 4
    assert server.schedule == {None: (1 / 3,) * 3, "uneven": (0.1, 0.2, 0.7)}.get(schedule, schedule)


def test_late_reports_second_answers_and_empty_rounds_are_refused(data):
    X, y = data
    server = ldp.IHTServer(PARAMS, 2, rounds=2)
    with pytest.raises(ldp.ProtocolError, match="no reports"):
        server.advance()
    theta, rnd = server.query()
    server.absorb(scores(theta, rnd, X[:9], y[:9], users=range(9)))
    with pytest.raises(ldp.BudgetSpent, match="answered before"):
        server.absorb(scores(theta, rnd, X[:9], y[:9], users=[8, 20]))
    with pytest.raises(ldp.ProtocolError, match="round 1 in round 0"):
        server.absorb(scores(theta, 1, X, y))
    with pytest.raises(ldp.ProtocolError, match="open"):
        server.result()
    with pytest.raises(ldp.ProtocolError, match="another iterate"):
        server.absorb(scores(theta + 0.1, rnd, X[9:], y[9:]))
    server.advance()
    with pytest.raises(ldp.ProtocolError, match="late"):
        server.absorb(scores(theta, 0, X, y))
    theta, rnd = server.query()
    with pytest.raises(ldp.BudgetSpent, match="1 users"):  # of the round before
        server.absorb(scores(theta, rnd, X, y, users=[3, 30]))
    server.absorb(scores(theta, rnd, X[9:], y[9:], users=range(9, 120)))
    server.advance()
    assert server.done
    for again in (server.query, server.advance, lambda: server.absorb(scores(theta, rnd, X, y))):
        with pytest.raises(ldp.ProtocolError, match="over"):
            again()


@pytest.mark.parametrize(("kind", "word"), [({"simulated": True}, "mix"), ({"tracks_users": False}, "twice")])
def test_rounds_of_two_kinds_are_refused(data, kind, word):
    server = ldp.IHTServer(PARAMS, 2, rounds=2)
    server.absorb(scores(*server.query(), *data))
    for _ in range(2):  # in the same round, and in the next
        with pytest.raises(ldp.ProtocolError, match=word):
            server.absorb(dataclasses.replace(scores(*server.query(), *data), **kind))
        if server.round == 0:
            server.advance()


def test_what_goes_out_is_a_copy(data):
    server = ldp.IHTServer(PARAMS, 1)
    server.query()[0][:] = 7.0
    assert not server.coef.any()


def test_soft_thresholds_are_the_noise_of_the_round(data):
    X, y = data
    server = ldp.IHTServer(PARAMS, 2, rounds=1, threshold="soft", lambda_max=2.0)
    stats = scores(np.zeros(6), 0, X, y)
    stats.noise = 0.05
    server.absorb(stats)
    server.advance()
    level = 0.5 * 0.05 * np.sqrt(2 * np.log(6))
    np.testing.assert_allclose(server.coef, twin.soft(0.5 * X.T @ y / 120, level), atol=1e-12)
    found = server.result()
    assert found.threshold == pytest.approx(level) and found.n == 120 and found.noise_sd == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("options", "name"),
    [({"sparsity": 7}, "sparsity"), ({"sparsity": 0}, "sparsity"), ({"keep": 1}, "keep"),
     ({"schedule": "even"}, "schedule"), ({"schedule": (0.6, 0.6)}, "schedule"), ({"rounds": 0}, "rounds"),
     ({"threshold": "none"}, "threshold"), ({"lambda_max": 0.0}, "lambda_max")],
)  # fmt: skip
def test_bad_arguments_are_named(options, name):
    with pytest.raises(InvalidArgument) as caught:
        ldp.IHTServer(PARAMS, **{"sparsity": 2, **options})
    assert caught.value.name == name


def test_a_parameter_outside_the_unit_ball_is_refused():
    """Projections on the unit ball would shorten it without a word."""
    with pytest.raises(InvalidArgument, match="scale y"):
        ldp.IHTServer(ldp.ScoreParams(6, 1.0, x_radius=3.0, y_bound=2.0, theta_norm=1.5), 2)
