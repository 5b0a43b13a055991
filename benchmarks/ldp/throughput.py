"""``python -m benchmarks.ldp.throughput [--dims D ...] [--repeats 5] [--json PATH | --show PATH]``: private vectors.

Every mechanism gets float64 vectors of norm up to 1 and returns private ones at epsilon 1, delta 1e-5. Ours clip, round
and draw from AES-256 in counter mode; the floor is NumPy's normals alone, from a generator that can be predicted. CPU
seconds of one thread, the median of repeats that go round robin; libraries that are not installed are left out.
"""

import argparse
import json
import os
import statistics
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

EPSILON, DELTA = 1.0, 1e-5
VALUES = 1 << 17  # values a call of what works on many vectors
WINDOW = 0.2  # CPU seconds a repeat, at least
FLOOR = "NumPy normals (floor)"


def numpy_contenders(V):
    rng, out = np.random.default_rng(0), np.empty_like(V)
    yield FLOOR, len(V), lambda: rng.standard_normal(out=out)

    def add():
        rng.standard_normal(out=out)
        out.__imul__(7.46)
        out.__iadd__(V)

    yield "NumPy normals, scaled and added", len(V), add


def ours(V):
    from sparsetheory import ldp

    dim = V.shape[1]
    lattice = ldp.DiscreteGaussianVector(dim, EPSILON, delta=DELTA, sensitivity=2.0)
    yield "sparsetheory integer Gaussian", len(V), lambda: lattice.privatize(V)
    single = V[0]
    yield "same, a vector a call", 1, lambda: lattice.privatize(single)
    yield "same, noise alone", len(V), lambda: lattice.noise.sample(V.shape)
    rounded = ldp.GaussianVector(dim, EPSILON, delta=DELTA, sensitivity=2.0)
    yield "sparsetheory Gaussian, rounded floats", len(V), lambda: rounded.privatize(V)
    for kind in (ldp.PrivUnitG, ldp.PrivUnit, ldp.DuchiBall):
        mechanism = kind(dim, EPSILON)
        yield f"sparsetheory {kind.__name__}, pure", len(V), lambda m=mechanism: m.privatize(V)


def opendp(V):
    try:
        import opendp.prelude as dp
    except ImportError:
        return
    dp.enable_features("contrib")
    dim, one = V.shape[1], V[0]
    grid = np.round(one * 2**10).astype(np.int32).tolist()
    integers = dp.vector_domain(dp.atom_domain(T="i32"), dim), dp.l2_distance(T=float)
    floats = dp.vector_domain(dp.atom_domain(T=float, nan=False), dim), dp.l2_distance(T=float)
    exact = dp.m.make_gaussian(*integers, scale=3.73 * 2**11)
    yield "OpenDP Gaussian, integers", 1, lambda: exact(grid)
    fine = dp.m.make_gaussian(*floats, scale=7.46, k=-20)
    yield "OpenDP Gaussian, 2^-20 grid", 1, lambda: fine(one)
    default = dp.m.make_gaussian(*floats, scale=7.46)
    yield "OpenDP Gaussian, default grid", 1, lambda: default(one)


def diffprivlib(V):
    """Its mechanisms by themselves: the package as a whole does not import beside scikit-learn 1.9."""
    import importlib.util
    import types

    found = importlib.util.find_spec("diffprivlib") if "diffprivlib" not in sys.modules else None
    if found is not None:
        package = types.ModuleType("diffprivlib")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["diffprivlib"] = package
    try:
        from diffprivlib.mechanisms import GaussianAnalytic, GaussianDiscrete, Laplace
    except ImportError:
        return
    one, grid = V[0].tolist(), np.round(V[0]).astype(int).tolist()
    gaussian = GaussianAnalytic(epsilon=EPSILON, delta=DELTA, sensitivity=2.0)
    yield "diffprivlib GaussianAnalytic, scalar calls", 1, lambda: [gaussian.randomise(x) for x in one]
    laplace = Laplace(epsilon=EPSILON, sensitivity=2.0)
    yield "diffprivlib Laplace, scalar calls", 1, lambda: [laplace.randomise(x) for x in one]
    discrete = GaussianDiscrete(
        epsilon=EPSILON, delta=DELTA, sensitivity=2
    )  # its time grows with the scale: the coarsest grid
    yield "diffprivlib GaussianDiscrete, scalar calls", 1, lambda: [discrete.randomise(x) for x in grid]


def window(call) -> float:
    """CPU seconds of one call, the mean over a window."""
    count, start = 0, time.process_time()
    while True:
        call()
        count += 1
        spent = time.process_time() - start
        if spent >= WINDOW:
            return spent / count


def measure(dim: int, repeats: int) -> list[dict]:
    rng = np.random.default_rng(dim)
    V = rng.standard_normal((max(VALUES // dim, 1), dim))
    V /= np.maximum(np.linalg.norm(V, axis=1, keepdims=True), 1.0)
    contenders = [entry for source in (numpy_contenders, ours, opendp, diffprivlib) for entry in source(V)]
    for _, _, call in contenders:
        call()
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in contenders}
    for _ in range(repeats):
        for name, _, call in contenders:
            seconds[name].append(window(call))
    return [
        {"name": name, "dim": dim, "vectors_per_second": vectors / statistics.median(seconds[name])}
        for name, vectors, _ in contenders
    ]


def show(rows: list[dict]) -> None:
    """Vectors a second by dimension, then values a second and their ratio to the floor in the largest one."""
    dims = sorted({row["dim"] for row in rows})
    speed = {(row["name"], row["dim"]): row["vectors_per_second"] for row in rows}
    heads = [f"d={d}" for d in dims]
    print("| | " + " | ".join([*heads, f"values/s, d={dims[-1]}", *(f"of floor, {h}" for h in heads)]) + " |")
    print("|---" * (2 * len(dims) + 2) + "|")
    for name in dict.fromkeys(row["name"] for row in rows):
        cells = [f"{speed[name, d]:,.0f}" for d in dims] + [f"{speed[name, dims[-1]] * dims[-1]:.2g}"]
        cells += [f"{speed[name, d] / speed[FLOOR, d]:.2g}" for d in dims]
        print(f"| {name} | " + " | ".join(cells) + " |")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ldp.throughput", description=__doc__)
    parser.add_argument("--dims", type=int, nargs="+", default=[32, 128, 512])
    parser.add_argument("--repeats", type=int, default=5, help="windows of which the median counts")
    parser.add_argument("--json", help="write the rows to this file")
    parser.add_argument("--show", help="run nothing: the table of such a file")
    args = parser.parse_args(argv)
    if args.show:
        with open(args.show, encoding="utf-8") as file:
            rows = json.load(file)
    else:
        rows = [row for dim in args.dims for row in measure(dim, args.repeats)]
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
