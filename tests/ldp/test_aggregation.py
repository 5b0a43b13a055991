"""Chunks, files and clusters: whatever cuts the rows, the statistics are the same bits."""

import functools
import operator
import tracemalloc

import numpy as np
import pytest

from sparsetheory import ldp
from sparsetheory.errors import InvalidArgument

PARAMS = ldp.LDPParams(4, 1.0, x_radius=2.0, y_bound=3.0)


def rows(n, seed=0):
    return ldp.Population(4, 2).rows(n, np.random.default_rng(seed))


def chunked(X, y, size):
    return [(X[i : i + size], y[i : i + size]) for i in range(0, len(y), size)]


def test_shards_of_chunks_give_the_state_of_the_whole():
    X, y = rows(1000)
    whole = ldp.aggregate(chunked(X, y, 100), PARAMS, seed=3)
    parts = [ldp.privatize_chunk(*c, PARAMS, seed=3, first_user=100 * i) for i, c in enumerate(chunked(X, y, 100))]
    for order in (range(10), range(9, -1, -1), np.random.default_rng(0).permutation(10)):
        assert functools.reduce(operator.add, [parts[i] for i in order]) == whole
    assert whole != ldp.aggregate(chunked(X, y, 100), PARAMS, seed=4)
    assert len({part.to_bytes() for part in parts}) == 10  # no two chunks share their noise
    real = ldp.aggregate(chunked(X, y, 100), PARAMS)
    assert real.counts == whole.counts and not real.simulated
    assert real != ldp.aggregate(chunked(X, y, 100), PARAMS)


def test_files_are_read_in_chunks(tmp_path):
    X, y = rows(1000)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    np.savez(tmp_path / "both.npz", X=X, y=y)
    np.savez_compressed(tmp_path / "small.npz", X=X.astype(np.float32), y=y)
    expected = ldp.aggregate(chunked(X, y, 300), PARAMS, seed=1)
    sources = [(tmp_path / "X.npy", tmp_path / "y.npy"), (tmp_path / "both.npz",), (tmp_path / "small.npz",)]
    for source in sources[: 3 if np.array_equal(X, X.astype(np.float32)) else 2]:
        chunks = list(ldp.read_chunks(*source, rows=300))
        assert [len(c[1]) for c in chunks] == [300, 300, 300, 100]
        assert ldp.aggregate(chunks, PARAMS, seed=1) == expected
    np.savez(tmp_path / "bad.npz", X=X[:5], y=y)
    for source in [(tmp_path / "X.npy",), (tmp_path / "both.npz", tmp_path / "y.npy"), (tmp_path / "bad.npz",)]:
        with pytest.raises(InvalidArgument):
            list(ldp.read_chunks(*source))


def test_a_file_is_not_held_in_memory(tmp_path):
    n = 200_000
    np.savez(tmp_path / "many.npz", X=np.ones((n, 4)), y=np.ones(n))
    tracemalloc.start()
    total = sum(len(y) for _, y in ldp.read_chunks(tmp_path / "many.npz", rows=5000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == n and peak < 0.2 * 8 * 5 * n


def test_chunks_that_do_not_fit_are_refused():
    with pytest.raises(InvalidArgument, match="columns"):
        ldp.aggregate([(np.ones((3, 5)), np.ones(3))], PARAMS)
    with pytest.raises(InvalidArgument, match="y"):
        ldp.aggregate([(np.ones((3, 4)), np.ones(2))], PARAMS)
    with pytest.raises(InvalidArgument, match="users"):
        ldp.privatize_rows(np.ones((3, 4)), np.ones(3), PARAMS, users=[0, 1])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the cluster, on shutdown
def test_a_million_reports_through_a_cluster():
    distributed = pytest.importorskip("distributed")
    params = ldp.LDPParams(32, 1.0, 1e-5, x_radius=32**0.5, y_bound=3.0, mechanism="gaussian")
    starts = list(range(0, 1_000_000, 20_000))

    def shard(start):
        X, y = ldp.Population(32, 4).rows(20_000, np.random.default_rng(start))
        return ldp.privatize_chunk(X, y, params, seed=11, first_user=start)

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        parts = client.map(shard, starts)
        while len(parts) > 1:  # a tree, on the workers
            parts = [client.submit(operator.add, *pair) if len(pair) == 2 else pair[0]
                     for pair in (parts[i : i + 2] for i in range(0, len(parts), 2))]  # fmt: skip
        through_cluster = parts[0].result()
    here = functools.reduce(operator.iadd, map(shard, reversed(starts)))
    assert through_cluster == here and here.n == 1_000_000
