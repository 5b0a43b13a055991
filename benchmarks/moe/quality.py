"""Searches from nothing on real data: the log-likelihood that is found, and the CPU seconds of it.

``python -m benchmarks.moe.quality [--data NAME ...]``. Covariates and response have variance one; the log-likelihood is
the sum over all samples, by the judge. Ours runs with its defaults, for several seeds. The others get ten starts:
memberships by k-means on (x, y), nearly random ones, clusters of residuals, each with a seed of its own; their times
are those of the ten together. An end with a variance under 1e-6 has collapsed: it is counted and left out. cgmm has its
own ten starts, and no penalty.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

from benchmarks.moe.instance import Instance, Theta  # noqa: E402
from benchmarks.moe.judge import log_likelihood  # noqa: E402
from benchmarks.moe.mixture import Mixture  # noqa: E402
from benchmarks.moe.peers import numpy_em, scipy_lbfgs  # noqa: E402

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
CASES = {
    "tonedata": (2, 3), "mcycle": (3, 4), "faithful": (2,), "faithful, waiting first": (2,), "diabetes": (2,),
}  # fmt: skip
STARTS = 10
SEEDS = 5
COLLAPSED = 1e-6


def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Covariates and response with variance one."""
    if name == "diabetes":
        from sklearn.datasets import load_diabetes

        X, y = load_diabetes(return_X_y=True)
    else:
        table = np.loadtxt(DATA / f"{name.split(',')[0]}.csv", delimiter=",", skiprows=1)
        table = table[:, ::-1] if "," in name else table
        X, y = table[:, :1], table[:, 1]
    return (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()


def start(X: np.ndarray, y: np.ndarray, k: int, seed: int) -> Theta:
    """One M-step from drawn memberships, k-means, random or by residuals in turn."""
    from sklearn.cluster import KMeans

    rng, mixture = np.random.default_rng(seed), Mixture(X, y)
    if seed % 3 == 1:
        membership = rng.dirichlet(np.full(k, 0.5), len(y)).T
    else:
        residual = y - mixture.design @ np.linalg.lstsq(mixture.design, y, rcond=None)[0]
        points = np.column_stack([X, y]) if seed % 3 == 0 else residual[:, None]
        labels = KMeans(k, n_init=1, random_state=seed).fit_predict(points)
        membership = 0.9 * np.eye(k)[labels].T + 0.1 / k
    rows, gate = np.zeros((k, mixture.q)), mixture.gate(np.zeros((k, mixture.q)))
    for _ in range(3):
        rows, gate = mixture.gate_step(rows, gate, membership)
    return Theta(rows, *mixture.experts(membership))


def ours(X: np.ndarray, y: np.ndarray, k: int) -> list[Theta]:
    from sparsetheory import moe

    fits = [moe.maximize_likelihood(X, y, k, rng=np.random.default_rng(seed)) for seed in range(SEEDS)]
    return [Theta(fit.parameters.gate, fit.parameters.expert, fit.parameters.variance) for fit in fits]


def from_starts(solve: Callable[[Instance, float], Theta], tol: float) -> Callable[..., list[Theta]]:
    """Ends of the ten starts."""

    def ends(X: np.ndarray, y: np.ndarray, k: int) -> list[Theta]:
        found = []
        for seed in range(STARTS):
            instance = Instance(name="", X=X, y=y, start=start(X, y, k, seed))
            try:
                found.append(solve(instance, tol))
            except np.linalg.LinAlgError:  # an expert without samples
                found.append(instance.start._replace(variance=np.zeros(k)))
        return found

    return ends


def cgmm(X: np.ndarray, y: np.ndarray, k: int) -> list[Theta]:
    """The package's own starts; the best of ten is all that it returns."""
    from cgmm import MixtureOfExpertsRegressor

    model = MixtureOfExpertsRegressor(
        k, gating_penalty=0.0, reg_covar=0.0, tol=1e-10, max_iter=2000, n_init=STARTS, random_state=0
    )
    at = model.fit(X, y)._params
    rows = np.vstack([np.column_stack([at.W, at.c]), np.zeros(X.shape[1] + 1)])
    return [Theta(rows, np.column_stack([at.A[:, 0], at.b]), at.cov[:, 0, 0])]


def versions() -> dict[str, Callable[..., list[Theta]]]:
    """Everybody, without packages that are not installed."""
    solvers = {
        "sparsetheory": ours, "NumPy EM": from_starts(numpy_em.solve, 1e-10),
        "SciPy L-BFGS": from_starts(scipy_lbfgs.solve, 1e-7), "cgmm": cgmm,
    }  # fmt: skip
    try:
        import cgmm as _  # noqa: F401
    except ModuleNotFoundError:
        del solvers["cgmm"]
    return solvers


def cell(name: str, solve: Callable[..., list[Theta]], X: np.ndarray, y: np.ndarray, k: int) -> str:
    """Best / median / worst of the ends that did not collapse, how many did, and seconds."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        begun = time.process_time()
        ends = solve(X, y, k)
        spent = time.process_time() - begun
    sound = [end for end in ends if (end.variance >= COLLAPSED).all()]
    values = sorted(len(y) * log_likelihood(end, X, y) for end in sound)
    if not values:
        return f"- ({len(ends)} collapsed)"
    shown = [values[-1]] if len(ends) == 1 else [values[-1], float(np.median(values)), values[0]]
    gone = f", {len(ends) - len(sound)} collapsed" if len(sound) < len(ends) else ""
    each = spent / len(ends) if name == "sparsetheory" else spent
    return " / ".join(f"{value:.2f}" for value in shown) + f" ({each:.2g} s{gone})"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.moe.quality", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=CASES, default=list(CASES))
    args = parser.parse_args(argv)
    solvers = versions()
    if "sparsetheory" in solvers:
        ours(*load("faithful"), 2)  # compile
    print("Log-likelihood, best / median / worst (CPU seconds; ours a fit, others ten starts)\n")
    print(f"| data, experts | {' | '.join(solvers)} |\n|---{'|---' * len(solvers)}|")
    for data in args.data:
        X, y = load(data)
        for k in CASES[data]:
            cells = [cell(name, solve, X, y, k) for name, solve in solvers.items()]
            print(f"| {data} {k} | {' | '.join(cells)} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
