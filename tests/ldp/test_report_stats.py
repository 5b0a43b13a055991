"""Sums of reports: a commutative monoid, exact, and closed to what does not belong."""

import itertools
import pickle

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp.frames import frame, unframe, write_whole
from tests.reference import ldp_protocol as slow

PARAMS = ldp.LDPParams(2, 1.0, x_radius=1.5, y_bound=2.0)
OTHER = ldp.LDPParams(2, 1.1, x_radius=1.5, y_bound=2.0)


def reports(n, seed=0):
    """Return reports of n users, and who made them."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, 2)), rng.standard_normal(n)
    batches = list(ldp.privatize_rows(X, y, PARAMS, name_users=True))
    return [batch[i] for batch in batches for i in range(len(batch))]


MADE = reports(60)


@settings(max_examples=30)
@given(order=st.permutations(range(60)), cuts=st.lists(st.integers(0, 60), min_size=3, max_size=3), tree=st.booleans())
def test_any_order_shards_and_tree_give_the_same_bits(order, cuts, tree):
    whole, twin = ldp.GramStats(PARAMS, track_users=True).absorb_many(MADE), slow.Sums()
    for report in MADE:
        twin.absorb(report)
    edges = [0, *sorted(cuts), 60]
    parts = [
        ldp.GramStats(PARAMS, track_users=True).absorb_many(MADE[i] for i in order[a:b])
        for a, b in itertools.pairwise(edges)
    ]
    a, b, c, d = parts
    total = (a + b) + (c + d) if tree else d + (c + (b + a))
    assert total == whole and total.to_bytes() == whole.to_bytes()
    assert a + b == b + a and a + ldp.GramStats(PARAMS, track_users=True) == a
    assert total.counts == twin.counts and total.n == 60
    assert {name: sums.tolist() for name, sums in total._sums.items()} == twin.sums


@given(st.integers(0, 60))
def test_bytes_come_back(n):
    stats = ldp.GramStats(PARAMS, track_users=n % 2 == 0).absorb_many(MADE[:n])
    for back in (ldp.GramStats.from_bytes(stats.to_bytes()), pickle.loads(pickle.dumps(stats)), stats.copy()):
        assert back == stats and back is not stats and back.users == stats.users
        back.absorb(MADE[-1] if n < 60 else reports(61)[-1])
        assert back != stats
    if n:
        report = ldp.Report.from_bytes(MADE[n - 1].to_bytes())
        assert np.array_equal(report.payload, MADE[n - 1].payload)
        assert (report.user, report.block) == (MADE[n - 1].user, MADE[n - 1].block)


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_damaged_bytes_are_refused(at, bit):
    data = bytearray(ldp.GramStats(PARAMS).absorb_many(MADE).to_bytes())
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(InvalidArgument, match="data"):
        ldp.GramStats.from_bytes(data)
    with pytest.raises(InvalidArgument, match="data"):
        ldp.GramStats.from_bytes(data[: at % len(data)])
    with pytest.raises(InvalidArgument, match="gram statistics"):
        ldp.Report.from_bytes(ldp.GramStats(PARAMS).to_bytes())


def test_what_other_parameters_made_is_refused():
    foreign = ldp.GramClient(OTHER).privatize([1.0, 0.0], 1.0)
    stats = ldp.GramStats(PARAMS).absorb(MADE[0])
    before = stats.to_bytes()
    with pytest.raises(ldp.ProtocolError, match="fingerprint"):
        stats.absorb(foreign)
    with pytest.raises(ldp.ProtocolError, match="fingerprint"):
        stats.merge(ldp.GramStats(OTHER))
    with pytest.raises(InvalidArgument):
        stats.merge(ldp.ScoreStats(ldp.ScoreParams(2, 1.0, x_radius=1.5, y_bound=2.0).round(0, [0.0, 0.0])))
    header, arrays = unframe("gram statistics", before)
    header["agreement"]["epsilon"] = 0.5  # what a server may not rewrite
    with pytest.raises(ldp.ProtocolError, match="fingerprint"):
        ldp.GramStats.from_bytes(frame("gram statistics", header, arrays))
    header, arrays = unframe("gram statistics", before)
    with pytest.raises(InvalidArgument, match="every block"):
        ldp.GramStats.from_bytes(frame("gram statistics", header, arrays | {"gram": np.zeros(1, dtype=np.int64)}))
    assert stats.to_bytes() == before


def test_simulated_and_real_do_not_mix():
    rng = np.random.default_rng(0)
    simulated = ldp.simulate.gram_stats(np.ones((5, 2)), np.ones(5), PARAMS, rng)
    real = ldp.GramStats(PARAMS).absorb(MADE[0])
    for one, other in [(simulated, real), (real, simulated)]:
        with pytest.raises(ldp.ProtocolError, match="do not mix"):
            one.merge(other)
    batch = next(ldp.privatize_rows(np.ones((5, 2)), np.ones(5), PARAMS, rng=rng))
    with pytest.raises(ldp.ProtocolError, match="do not mix"):
        real.absorb_many(batch)
    with pytest.raises(ldp.ProtocolError, match="do not mix"):
        real.add_total("gram", np.zeros(3, dtype=np.int64), 1)
    assert simulated.guarantee.simulated and not real.guarantee.simulated
    assert "protects nobody" in repr(simulated) and "epsilon 1" in repr(real)


def test_a_user_counts_once_where_users_are_tracked():
    left = ldp.GramStats(PARAMS, track_users=True).absorb_many(MADE[:30])
    with pytest.raises(ldp.BudgetSpent, match="before"):
        left.absorb(MADE[3])
    right = ldp.GramStats(PARAMS, track_users=True).absorb_many(MADE[29:])
    with pytest.raises(ldp.BudgetSpent, match="both"):
        left + right
    batch = next(ldp.privatize_rows(np.ones((4, 2)), np.ones(4), PARAMS, users=[9, 8, 9, 8], name_users=True))
    with pytest.raises(ldp.BudgetSpent):
        ldp.GramStats(PARAMS, track_users=True).absorb_many(batch)
    with pytest.raises(ldp.ProtocolError, match="tracks users"):
        left + ldp.GramStats(PARAMS)
    with pytest.raises(ldp.ProtocolError, match="name theirs"):
        left.absorb(ldp.GramClient(PARAMS).privatize([1.0, 0.0], 1.0))
    assert left.n == 30 == len(left.users)


def test_impossible_reports_are_refused_whole():
    stats = ldp.GramStats(PARAMS).absorb_many(MADE)
    before = stats.to_bytes()
    good = next(ldp.privatize_rows(np.ones((5, 2)), np.ones(5), PARAMS))
    limit = next(b.limit for b in PARAMS.blocks if b.name == good.block)
    poisoned = good.payload.copy()
    poisoned[-1, 0] = int(limit) + 1
    length = poisoned.shape[1]
    for payload in (poisoned, np.full((1, length), np.iinfo(np.int64).min), np.zeros((1, length + 1), dtype=np.int64),
                    np.zeros((1, length))):  # fmt: skip
        with pytest.raises(ldp.ProtocolError):
            stats.absorb_many(ldp.ReportBatch(payload, good.block, good.fingerprint))
    with pytest.raises(ldp.ProtocolError, match="no block"):
        stats.absorb_many(ldp.ReportBatch(good.payload, "joint", good.fingerprint))
    assert stats.to_bytes() == before
    longest = max(
        np.linalg.norm(batch.payload, axis=1).max() / limit
        for batch in ldp.privatize_rows(np.tile([1.5, 0.0], (20_000, 1)), np.full(20_000, 2.0), PARAMS)
        if batch.block == good.block
    )
    assert 0.3 < longest < 1.0


def test_a_number_is_the_same_user_whatever_its_type():
    record = ([1.0, 0.0], 1.0)
    stats = ldp.GramStats(PARAMS, track_users=True).absorb(ldp.GramClient(PARAMS, user=3).privatize(*record))
    again = ldp.GramClient(PARAMS, user=np.int64(3)).privatize(*record)
    for report in (again, ldp.Report.from_bytes(again.to_bytes())):
        with pytest.raises(ldp.BudgetSpent):
            stats.absorb(report)
    assert stats.absorb(ldp.GramClient(PARAMS, user="3").privatize(*record)).n == 2
    with pytest.raises(InvalidArgument, match="user"):
        ldp.GramClient(PARAMS, user=1.5)
    batch = ldp.ReportBatch(again.payload[None], again.block, again.fingerprint, np.array([3.0]))
    with pytest.raises(ldp.ProtocolError, match="float"):
        stats.absorb_many(batch)


def test_sums_that_would_leave_64_bits_are_refused():
    stats = ldp.GramStats(PARAMS, simulated=True)
    limit = next(b.limit for b in PARAMS.blocks if b.name == "gram")
    zero = np.zeros(3, dtype=np.int64)
    with pytest.raises(ldp.ProtocolError, match="64-bit"):
        stats.add_total("gram", zero, int(2**63 / limit) + 1)
    half = ldp.GramStats(PARAMS, simulated=True).add_total("gram", zero, int(2**61 / limit))
    with pytest.raises(ldp.ProtocolError, match="64-bit"):
        half + half + half
    with pytest.raises(InvalidArgument, match="at least one report"):
        stats.gram()


def test_files_are_whole_or_as_before(tmp_path, monkeypatch):
    stats = ldp.GramStats(PARAMS).absorb_many(MADE)
    path = tmp_path / "shard"
    stats.save(path)
    assert ldp.GramStats.load(path) == stats
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        write_whole(path, b"half")
    monkeypatch.undo()
    assert ldp.GramStats.load(path) == stats and [p.name for p in tmp_path.iterdir()] == ["shard"]


def test_a_statistic_says_what_it_costs_in_bytes():
    params = ldp.LDPParams(128, 1.0, 1e-5, x_radius=11.3, y_bound=3.0, mechanism="gaussian")
    data = ldp.GramStats(params).to_bytes()
    assert len(data) < 8 * 129 * 130 // 2 + 2000
    assert unframe("gram statistics", data)[0]["counts"] == {"joint": 0}
