"""A million private reports on a cluster: every worker privatises and adds up its own rows, sums travel, rows do not.

python examples/private_cluster.py [users]        (needs dask.distributed)
"""

import functools
import operator
import sys

import numpy as np
from dask.distributed import Client, LocalCluster

from sparsetheory import ldp

CHUNK = 20_000
PARAMS = ldp.LDPParams(8, 4.0, x_radius=8**0.5, y_bound=3.0)
USERS = ldp.Population(8, 2)


def shard(first_user: int, seed: int | None) -> ldp.GramStats:
    """Return the statistics of one worker's rows; a cluster of yours would read them from its disk."""
    X, y = USERS.rows(CHUNK, np.random.default_rng(first_user))
    return ldp.privatize_chunk(X, y, PARAMS, seed=seed, first_user=first_user)


def collect(client: Client, users: int, seed: int | None) -> ldp.GramStats:
    """Return the statistics of all shards, merged on the workers in pairs."""
    parts = client.map(functools.partial(shard, seed=seed), range(0, users, CHUNK), pure=False)
    while len(parts) > 1:
        pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
        parts = [client.submit(operator.add, *pair, pure=False) if len(pair) == 2 else pair[0] for pair in pairs]
    return parts[0].result()


def main() -> None:
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        stats = collect(client, users, seed=None)
        print(stats)
        estimate = ldp.estimate(stats)
        print("estimate", estimate.coef.round(3), "truth", USERS.theta.round(3))
        simulated = [collect(client, users, seed=0) for _ in range(2)]
    here = functools.reduce(operator.add, [shard(user, 0) for user in reversed(range(0, users, CHUNK))])
    print("bit for bit the same on the cluster, twice, and here in reverse:", simulated[0] == simulated[1] == here)


if __name__ == "__main__":
    main()
