"""``python -m benchmarks.ldp.errors [--cells N,D,K ...] [--seeds 5] [--json PATH]``: l2 errors beside other methods.

Covariates N(0, I), theta of norm 1 with k equal entries, noise of deviation 0.5, bounds that are public numbers: the
0.99 quantile of |x| and 3 for y. Locally private rows privatise every row with secure integers or rounded floats, one
by one. Central methods see the rows; diffprivlib runs if it is installed and its models can be imported.
"""

import argparse
import json
import math
import os
import sys
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

CELLS = ((100_000, 8, 2), (100_000, 16, 4), (1_000_000, 16, 4), (1_000_000, 32, 4))
SIGMA, DELTA, Y_BOUND = 0.5, 1e-6, 3.0


def draw(n, d, k, rng):
    theta = np.zeros(d)
    theta[:k] = 1 / math.sqrt(k)
    X = rng.standard_normal((n, d))
    return X, X @ theta + SIGMA * rng.standard_normal(n), theta


def bounds(d):
    from scipy.stats import chi2

    return {"x_radius": math.sqrt(chi2.ppf(0.99, d)), "y_bound": Y_BOUND}


def level(X):
    return SIGMA * math.sqrt(2 * math.log(X.shape[1]) / len(X))


def ols(X, y, k, seed):
    return np.linalg.solve(X.T @ X, X.T @ y)


def lasso(X, y, k, seed):
    from sparsetheory import bcd

    return bcd.lasso(X, y, alpha=level(X), fit_intercept=False).coef


def elementary(X, y, k, seed):
    from sparsetheory import ldp

    return ldp.elementary_estimator(X, y, level(X))


def hard_thresholding(X, y, k, seed):
    from sparsetheory import ldp

    return ldp.iht(X, y, k)


def central_gaussian(epsilon):
    """Second moments with one draw of Gaussian noise for all rows, by a curator who is trusted."""

    def fit(X, y, k, seed):
        from sparsetheory import ldp

        n, d = X.shape
        params = ldp.LDPParams(d, epsilon, DELTA, mechanism="gaussian", **bounds(d))
        Z = np.column_stack([X, params.weight * np.clip(y, -Y_BOUND, Y_BOUND)])
        Z[:, :d] *= np.minimum(1, params.x_radius / np.linalg.norm(X, axis=1))[:, None]
        sigma = math.sqrt(params.blocks[0].randomizer.variance) * params.x_radius**2
        noise = np.random.default_rng(seed).standard_normal((d + 1, d + 1)) * sigma / math.sqrt(2)
        upper = np.triu(noise, 1)
        moments = (Z.T @ Z + upper + upper.T + math.sqrt(2) * np.diag(np.diag(noise))) / n
        return np.linalg.solve(moments[:d, :d], moments[:d, d] / params.weight)

    return fit


def diffprivlib(epsilon):
    def fit(X, y, k, seed):
        from diffprivlib.models import LinearRegression

        model = LinearRegression(epsilon=epsilon, bounds_X=(-3, 3), bounds_y=(-Y_BOUND, Y_BOUND), fit_intercept=False,
                                 random_state=seed)  # fmt: skip
        return model.fit(X, y).coef_

    return fit


def local(epsilon, mechanism, on_indefinite, **options):
    def fit(X, y, k, seed):
        from sparsetheory import ldp

        d = X.shape[1]
        delta = 0.0 if mechanism == "privunitg" else DELTA
        model = ldp.NLDPRegressor(epsilon, delta, mechanism=mechanism, on_indefinite=on_indefinite, random_state=seed,
                                  **bounds(d), **options)  # fmt: skip
        return model.fit(X, y).coef_

    return fit


def local_public(epsilon):
    """The second moment of as many public covariates, clipped the same way."""

    def fit(X, y, k, seed):
        other = np.random.default_rng([seed, 1]).standard_normal(X.shape)
        other *= np.minimum(1, bounds(X.shape[1])["x_radius"] / np.linalg.norm(other, axis=1))[:, None]
        return local(epsilon, "privunitg", "raise", public_gram=other.T @ other / len(X))(X, y, k, seed)

    return fit


def interactive(epsilon, **options):
    def fit(X, y, k, seed):
        from sparsetheory import ldp

        model = ldp.LDPIHTRegressor(epsilon, k, random_state=seed, **bounds(X.shape[1]), **options)
        return model.fit(X, y).coef_

    return fit


METHODS = {
    "OLS": ols,
    "Lasso, universal level": lasso,
    "soft-thresholded OLS (`elementary_estimator`)": elementary,
    "hard thresholding (`iht`)": hard_thresholding,
    "diffprivlib LinearRegression, central, eps=1": diffprivlib(1.0),
    "Gaussian sufficient statistics, central, eps=1": central_gaussian(1.0),
    "local, published constants, eps=2, ridge": local(2.0, "published", "ridge"),
    "local, published constants, eps=2": local(2.0, "published", "raise"),
    "local, tight Gaussian, eps=4, ridge": local(4.0, "gaussian", "ridge"),
    "local, tight Gaussian, eps=4": local(4.0, "gaussian", "floor"),
    "local, pure, eps=1": local(1.0, "privunitg", "floor"),
    "local, pure, eps=4": local(4.0, "privunitg", "floor"),
    "local, pure, public covariates, eps=1": local_public(1.0),
    "local, interactive, published, eps=1": interactive(1.0, radius="published", randomizer="duchi"),
    "local, interactive, norm clip, eps=1": interactive(1.0),
    "local, interactive, norm clip, 10/20/70 %, eps=1": interactive(1.0, schedule="uneven"),
    "local, interactive, norm clip, soft, eps=1": interactive(1.0, threshold="soft"),
}


def one(fit, cell, seed):
    """The l2 error; nan where the method refuses."""
    from sparsetheory import ldp

    n, d, k = cell
    X, y, theta = draw(n, d, k, np.random.default_rng([seed, n, d]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # estimates no better than zero warn, and are shown as they are
        try:
            return float(np.linalg.norm(fit(X, y, k, seed) - theta))
        except ldp.InsufficientUsers:
            return math.nan


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", nargs="+", default=[",".join(map(str, c)) for c in CELLS], help="N,D,K")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), help="substrings of their names")
    parser.add_argument("--json")
    args = parser.parse_args(argv)
    cells, rows = [tuple(int(float(x)) for x in c.split(",")) for c in args.cells], {}
    print("| |" + "|".join(f" n={n:.0e} d={d} k={k} " for n, d, k in cells) + "|\n|---|" + "---|" * len(cells))
    for name, fit in METHODS.items():
        if not any(part in name for part in args.methods):
            continue
        try:
            found = [[one(fit, cell, seed) for seed in range(args.seeds)] for cell in cells]
        except ImportError as missing:
            print(f"| {name} |" + " not run |" * len(cells), flush=True)
            print(f"{name}: {missing.msg.split(' (')[0]}", file=sys.stderr)
            continue
        rows[name] = found
        print(f"| {name} |" + "|".join(f" {np.median(e):.3g} " if np.isfinite(e).all() else " refused " for e in found)
              + "|", flush=True)  # fmt: skip
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"cells": cells, "errors": rows}, file, indent=1)


if __name__ == "__main__":
    main()
