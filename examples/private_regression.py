"""Regression on answers that nobody can read: real data that are too few, then as many users as it takes.

scikit-learn's diabetes data: 442 patients, ten measurements, the progression a year later. Under local differential
privacy each patient would randomise an own report, so that nobody, the analyst included, learns much about one. 442
are far too few for that: the library refuses, says how many would do, and what is estimated anyway is no better than
the zero vector.
What privacy costs is then shown on up to ten million users who are drawn from those patients: covariates whitened by
the 442, which are taken to be public, responses from a known sparse parameter. Every protocol is measured against the
closed form of its error; the noise of millions of reports is added to streamed sums, which a simulation may and a
server cannot.

Run ``python examples/private_regression.py --out picture.png`` (needs matplotlib; half a minute).
"""

import argparse
import math
import warnings

import numpy as np
from sklearn.base import clone

from sparsetheory import ldp
from sparsetheory.ldp.records import ClippedRecords

EPSILON, DELTA = 1.0, 1e-6
#: Public numbers, not computed from anybody's data: the 0.99 quantile of the norm of ten normals, and three deviations.
BOUNDS = {"x_radius": 4.82, "y_bound": 3.0}
THETA = np.array([0, 0, 0.8, 0, 0, 0, 0, 0, -0.6, 0])
K, NOISE, CHUNK, DRAWS = 2, 0.5, 2**17, 25


def load():
    """Covariates of variance one, and the progression in deviations of 77 around 152."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    return data.data * math.sqrt(len(data.data)), (data.target - 152) / 77, data.feature_names


def too_few(X, y):
    """Print what 442 patients allow; return rows (name, distance from least squares)."""
    least = np.linalg.solve(X.T @ X, X.T @ y)
    level = 0.7 * math.sqrt(2 * math.log(X.shape[1]) / len(y))
    rows = [("soft-thresholded\nleast squares, no privacy", ldp.elementary_estimator(X, y, level)),
            ("hard thresholding,\nno privacy", ldp.iht(X, y, 3, rounds=200))]  # fmt: skip
    try:
        ldp.NLDPRegressor(EPSILON, **BOUNDS).fit(X, y)
    except ldp.InsufficientUsers as refused:
        print(f"non-interactive protocol, epsilon {EPSILON:g}: {refused}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        deployed = ldp.LDPIHTRegressor(EPSILON, 3, **BOUNDS).fit(X, y)
    print(f"interactive protocol: {caught[0].message}\n   guarantee: {deployed.privacy_guarantee_}")
    found = [(name, float(np.linalg.norm(coef - least))) for name, coef in [*rows, ("zero vector", 0 * least)]]
    found += [(name, many(model, X, y, least)) for name, model in (
        ("private reports, ridge", ldp.NLDPRegressor(EPSILON, on_indefinite="ridge", **BOUNDS)),
        ("private rounds", ldp.LDPIHTRegressor(EPSILON, 3, **BOUNDS)))]  # fmt: skip
    for name, distance in found:
        print(f"   {name.replace(chr(10), ' '):45s} {distance:.2f} from least squares")
    return found


def many(model, X, y, least):
    """Median distance over seeds: simulations, whose noise anybody could predict."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each says that there are too few users
        fits = [clone(model).set_params(random_state=seed).fit(X, y) for seed in range(DRAWS)]
    return float(np.median([np.linalg.norm(fit.coef_ - least) for fit in fits]))


def whitened(X):
    """The patients' covariates with mean zero and covariance I: what the new users are drawn from."""
    centred = X - X.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(X))
    return centred @ (vectors / np.sqrt(values)) @ vectors.T


def users(pool, n, rng):
    """Chunks of n users."""
    while n > 0:
        m = min(n, CHUNK)
        X = pool[rng.integers(0, len(pool), m)]
        yield X, X @ THETA + NOISE * rng.standard_normal(m)
        n -= m


def streamed_sums(pool, sizes, rng):
    """Sums of moments of the first n users, of clipped records, for every n of `sizes`: one pass, chunk by chunk."""
    params, sums, done = ldp.LDPParams(10, EPSILON, **BOUNDS), (np.zeros((10, 10)), np.zeros(10)), 0
    for n in sizes:
        for X, y in users(pool, n - done, rng):
            moments = ClippedRecords(X, y, params).moments()
            sums = (sums[0] + moments.gram, sums[1] + moments.cross)
        done = n
        yield n, sums


def reports(mechanism, public_gram=None):
    """Error of one run of the non-interactive protocol, from sums."""
    delta = 0.0 if mechanism == "privunitg" else DELTA
    params = ldp.LDPParams(10, EPSILON, delta, mechanism=mechanism, public_covariates=public_gram is not None, **BOUNDS)

    def run(n, sums, pool, rng):
        stats = ldp.simulate.gram_stats_from_moments(*sums, n, params, rng)
        return ldp.estimate(stats, public_gram=public_gram, on_indefinite="floor").coef

    return run


def rounds(schedule, **options):
    """Error of one run of the interactive protocol; scores of a round are a mean over a chunk at most."""
    params = ldp.ScoreParams(10, EPSILON, keep=2 * K, **BOUNDS, **options)

    def run(n, sums, pool, rng):
        server = ldp.IHTServer(params, K, schedule=schedule)
        while not server.done:
            m = round(n * server.schedule[server.round])
            X, y = next(users(pool, min(m, CHUNK), rng))
            values = server.asked.blocks[0].query.values(ClippedRecords(X, y, params))
            stats = ldp.simulate.score_stats_from_mean(values.mean(axis=0) * params.clip, m, server.asked, rng)
            server.absorb(stats)
            server.advance()
        return server.coef

    return run


def protocols(pool):
    """Name -> (colour, run, noise of the closed form)."""
    public = pool * np.minimum(1, BOUNDS["x_radius"] / np.linalg.norm(pool, axis=1))[:, None]  # clipped as users are
    gram = public.T @ public / len(pool)
    about = {"x_radius": BOUNDS["x_radius"], "y_bound": BOUNDS["y_bound"]}

    def reported(mechanism, **options):
        return ldp.gram_noise(mechanism, 10, EPSILON, DELTA, **about, **options)

    return {
        "reports, published constants": ("#5b6770", reports("published"), reported("published")),
        "reports, Gaussian noise": ("#c98a13", reports("gaussian"), reported("gaussian")),
        "reports, pure privacy": ("#d1393f", reports("privunitg"), reported("privunitg")),
        "reports, public covariates": (
            "#2f8f5b", reports("privunitg", gram), reported("privunitg", public_covariates=True)),
        "three rounds": (
            "#17468a", rounds(None), ldp.score_noise("norm", 10, EPSILON, sparsity=K, **about)),
    }  # fmt: skip


def measure(pool, sizes, rng):
    """Quartiles of the error, (len(sizes), 3), of every protocol, and the error without privacy."""
    found, exact = protocols(pool), []
    errors = {name: np.empty((len(sizes), DRAWS)) for name in found}
    for row, (n, sums) in enumerate(streamed_sums(pool, sizes, rng)):
        exact.append(np.linalg.norm(np.linalg.solve(*sums) - THETA))
        for name, (_, run, _) in found.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # where there are too few users the error shows it
                errors[name][row] = [np.linalg.norm(run(n, sums, pool, rng) - THETA) for _ in range(DRAWS)]
    return {name: np.quantile(e, [0.25, 0.5, 0.75], axis=1).T for name, e in errors.items()}, np.array(exact)


def draw(rows, sizes, measured, exact, pool, out):
    """Left the patients, right the users."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    paper, grey = "#fbfaf7", "#5b6770"
    figure = plt.figure(figsize=(10.4, 4.8), facecolor=paper)
    left = figure.add_axes((0.16, 0.12, 0.2, 0.76), facecolor=paper)
    right = figure.add_axes((0.43, 0.12, 0.36, 0.76), facecolor=paper)
    zero = dict(rows)["zero vector"]
    left.barh([name for name, _ in rows][::-1], [value for _, value in rows][::-1], height=0.55,
              color=["#17468a" if "no privacy" in name else ("#b9bdc4" if name == "zero vector" else "#d1393f")
                     for name, _ in rows][::-1])  # fmt: skip
    left.axvline(zero, color=grey, linewidth=0.8, linestyle=":")
    left.set_title("442 patients: distance\nfrom least squares", fontsize=10, loc="left")
    grid, ends = np.geomspace(sizes[0], sizes[-1], 200), []
    for name, (colour, _, noise) in protocols(pool).items():
        low, middle, high = measured[name].T
        right.plot(grid, [ldp.predicted_error(noise, n, 10, K) for n in grid], color=colour, linewidth=1.1)
        right.errorbar(sizes, middle, (middle - low, high - middle), fmt="o", color=colour, markersize=3.5, linewidth=1)
        ends.append((math.log(middle[-1]), name, colour))
    right.plot(sizes, exact, "o", color="black", markersize=2.5)
    ends.append((math.log(exact[-1]), "least squares of clipped\ndata, no privacy", "black"))
    right.axhline(1, color=grey, linewidth=0.8, linestyle=":")
    right.annotate("zero vector", (sizes[0], 1), (2, 4), textcoords="offset points", fontsize=8, color=grey)
    height = -np.inf
    for at, name, colour in sorted(ends):
        height = max(at, height + 0.3)
        right.annotate(name, (sizes[-1] * 1.25, math.exp(height)), fontsize=8, color=colour, va="center",
                       annotation_clip=False)  # fmt: skip
    right.set(xscale="log", yscale="log", xlabel="users", xlim=(sizes[0] / 1.3, sizes[-1] * 1.15))
    right.set_title(f"l2 error, epsilon {EPSILON:g}, d = 10, k = {K}: lines are closed forms,\n"
                    f"dots medians of {DRAWS} runs with quartiles", fontsize=10, loc="left")  # fmt: skip
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    figure.savefig(out, dpi=100, facecolor=paper, pil_kwargs={"optimize": True})
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="private_regression.png", help="where the picture goes")
    parser.add_argument("--users", type=float, default=1e7, help="the largest number of users")
    args = parser.parse_args()
    X, y, _ = load()
    rows = too_few(X, y)
    pool, rng = whitened(X), np.random.default_rng(0)
    sizes = np.round(np.geomspace(1e4, args.users, 1 + round(2 * math.log10(args.users / 1e4)))).astype(int).tolist()
    measured, exact = measure(pool, sizes, rng)
    print(f"drawn users, epsilon {EPSILON:g}: how many an error of 0.1 needs, and the error of {sizes[-1]:.0e}")
    for name, (_, _, noise) in protocols(pool).items():
        needed = ldp.n_required(0.1, 10, K, noise=noise)
        print(f"   {name:32s} {needed:8.1e}   predicted {ldp.predicted_error(noise, sizes[-1], 10, K):.3f}, "
              f"measured {measured[name][-1, 1]:.3f}")  # fmt: skip
    draw(rows, sizes, measured, exact, pool, args.out)
    print(f"picture: {args.out}")


if __name__ == "__main__":
    main()
