"""``python -m benchmarks.ldp.users_needed [--d 32] [--k 4] [--epsilon 1] [--target 0.1] [--draws 41] [--json PATH]``.

Users needed for an l2 error, predicted from public numbers and measured: on a grid of users around the prediction the
median error over draws of data and noise, a line through their logarithms, and where it crosses the target. The
interval is that of the crossing over resampled draws.
"""

import argparse
import json
import os
import zlib

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

GRID = (0.5, 0.7, 1.0, 1.4, 2.0)  # of the predicted number


def crossing(users, errors, target):
    """The number of users at which the line through the medians of log errors meets the target."""
    import numpy as np

    slope, level = np.polyfit(np.log(users), np.log(np.median(errors, axis=0)), 1)
    return float(np.exp((np.log(target) - level) / slope))


def measure(name, d, k, epsilon, target, draws):
    """A row of the table."""
    import numpy as np

    from benchmarks.ldp.protocols import PROTOCOLS, predicted, truth
    from sparsetheory import ldp

    theta, rng = truth(d, k), np.random.default_rng([zlib.crc32(name.encode()), d, k])
    expected = ldp.n_required(target, d, k, noise=predicted(name, d, k, epsilon))
    users = [round(share * expected) for share in GRID]
    errors = np.array([[PROTOCOLS[name](theta, epsilon, n, rng) for n in users] for _ in range(draws)])
    found = crossing(users, errors, target)
    again = [crossing(users, errors[rng.integers(0, draws, draws)], target) for _ in range(400)]
    low, high = np.quantile(again, [0.025, 0.975])
    return {"protocol": name, "predicted": expected, "measured": found, "low": low, "high": high,
            "ratio": found / expected}  # fmt: skip


def main(argv=None):
    from benchmarks.ldp.protocols import PROTOCOLS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--d", type=int, default=32)
    parser.add_argument("--k", type=int, default=4)
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--target", type=float, default=0.1)
    parser.add_argument("--draws", type=int, default=41)
    parser.add_argument("--protocols", nargs="+", default=list(PROTOCOLS))
    parser.add_argument("--json")
    args = parser.parse_args(argv)
    print(f"users for an l2 error of {args.target:g}, d={args.d}, k={args.k}, epsilon={args.epsilon:g}")
    print("| protocol | predicted | measured | 95 % | measured / predicted |\n|---|---|---|---|---|")
    rows = []
    for name in args.protocols:
        row = measure(name, args.d, args.k, args.epsilon, args.target, args.draws)
        rows.append(row)
        print(f"| {name} | {row['predicted']:.3g} | {row['measured']:.3g} | {row['low']:.3g} to {row['high']:.3g} | "
              f"{row['ratio']:.2f} |", flush=True)  # fmt: skip
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"arguments": vars(args), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
