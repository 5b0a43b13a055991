"""Which of 64 measurements say how diabetes will progress: a lasso path with a certificate at every point.

scikit-learn's diabetes data: 442 patients, ten measurements and the progression a year later. With all squares and
products there are 64 columns, standardised. The lasso is solved from the alpha at which nothing is left down to a
thousandth of it, each fit from the one before; ten folds say which alpha predicts best, and which is the largest that
is within one standard error of it. Every fit carries a duality gap, computed from the data: no fit can be better by
more than that.

Run ``python examples/sparse_diabetes.py --out picture.png`` (needs matplotlib).
"""

import argparse
import time

import numpy as np

from sparsetheory import bcd

N_ALPHAS = 60
FOLDS = 10
SPAN = 1e-3
TOL = 1e-9


def load():
    """Columns, progression and the names of the columns."""
    from sklearn.datasets import load_diabetes
    from sklearn.preprocessing import PolynomialFeatures

    data = load_diabetes(scaled=False)
    names = ["age", "sex", "bmi", "pressure", "total-chol.", "ldl", "hdl", "chol./hdl", "log-triglyc.", "glucose"]
    centred = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    powers = PolynomialFeatures(2, include_bias=False).fit(centred)
    X = powers.transform(centred)
    words = powers.get_feature_names_out(names)
    kept = words != "sex^2"  # two values: its square is a constant
    return X[:, kept], data.target, [w.replace(" ", " x ") if w not in names else w for w in words[kept]]


def standardise(train, *others):
    """Columns of mean zero and variance one on the training part."""
    mean, scale = train.mean(axis=0), train.std(axis=0)
    return [(X - mean) / scale for X in (train, *others)]


def path(X, y, alphas):
    """Fitted models, each started at the one before."""
    models, model = [], bcd.Lasso(tol=TOL, warm_start=True)
    for alpha in alphas:
        model.set_params(alpha=alpha).fit(X, y)
        models.append((model.coef_.copy(), model.intercept_, model.dual_gap_))
    return models


def cross_validate(X, y, alphas, rng):
    """Mean squared errors on the part left out: array (len(alphas), FOLDS)."""
    errors = np.empty((len(alphas), FOLDS))
    for k, out in enumerate(np.array_split(rng.permutation(len(y)), FOLDS)):
        kept = np.setdiff1d(np.arange(len(y)), out)
        train, test = standardise(X[kept], X[out])
        for a, (coef, intercept, _) in enumerate(path(train, y[kept], alphas)):
            errors[a, k] = np.mean((test @ coef + intercept - y[out]) ** 2)
    return errors


def choose(errors):
    """Index of the best alpha, and of the largest within one standard error of it."""
    mean, standard_error = errors.mean(axis=1), errors.std(axis=1, ddof=1) / np.sqrt(FOLDS)
    best = int(mean.argmin())
    return best, int(np.flatnonzero(mean <= mean[best] + standard_error[best])[0])


def apart(heights, gap):
    """Ascending heights of labels, moved as little as a few sweeps find so that neighbours are `gap` apart."""
    heights = heights.copy()
    for _ in range(200):
        short = np.maximum(gap - np.diff(heights), 0) / 2
        heights[:-1] -= short
        heights[1:] += short
    return heights


def draw_path(axes, alphas, coefs, chosen, names, colours):
    """Coefficients against alpha; those chosen by one standard error in colour, with their names."""
    for j, name in enumerate(names):
        shown = name in chosen
        axes.plot(alphas, coefs[:, j], color=colours.get(name, "#b9bdc4"), linewidth=1.6 if shown else 0.6,
                  zorder=2 if shown else 1)  # fmt: skip
    ends = sorted((coefs[-1, names.index(name)], name) for name in chosen)
    heights = apart(np.array([end for end, _ in ends]), 0.05 * np.ptp(coefs))
    for height, (end, name) in zip(heights, ends):
        axes.annotate(name, (alphas[-1], end), (alphas[-1] / 1.5, height), fontsize=8, va="center",
                      color=colours[name], annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colours[name], "linewidth": 0.5})  # fmt: skip


def draw(alphas, models, errors, names, y, out):
    """The path, the error of cross-validation and the certificate, over the same alphas."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    paper, blue, red = "#fbfaf7", "#17468a", "#d1393f"
    palette = (blue, red, "#2f8f4e", "#c98a00", "#7a4fa3", "#0f8b8d", "#b04a86", "#5b6770", "#8c5a2b",
               "#3aa0ff", "#7d8b00")  # fmt: skip
    coefs = np.array([coef for coef, _, _ in models])
    best, simple = choose(errors)
    chosen = [names[j] for j in np.flatnonzero(coefs[simple])]
    colours = {name: palette[k % len(palette)] for k, name in enumerate(chosen)}
    figure = plt.figure(figsize=(9.6, 4.6), facecolor=paper)
    left = figure.add_axes((0.05, 0.12, 0.36, 0.78), facecolor=paper)
    right = figure.add_axes((0.60, 0.42, 0.38, 0.48), facecolor=paper, sharex=left)
    below = figure.add_axes((0.60, 0.12, 0.38, 0.2), facecolor=paper, sharex=left)
    draw_path(left, alphas, coefs, chosen, names, colours)
    left.set_title("coefficients; in colour what is left at the dotted line", fontsize=10, loc="left")
    mean, band = errors.mean(axis=1), errors.std(axis=1, ddof=1) / np.sqrt(FOLDS)
    right.fill_between(alphas, mean - band, mean + band, color=blue, alpha=0.15, linewidth=0)
    right.plot(alphas, mean, color=blue)
    right.set_title(f"squared error of {FOLDS} folds, +- one standard error", fontsize=10, loc="left")
    for at, text, shift in ((best, "best", 40), (simple, "largest alpha within one s.e.", 75)):
        words = f"{text}: {np.count_nonzero(coefs[at])} columns"
        right.annotate(words, (alphas[at], mean[at]), (12, shift), textcoords="offset points", fontsize=8,
                       va="center", arrowprops={"arrowstyle": "-", "color": "#5b6770", "linewidth": 0.7,
                                                "relpos": (0, 0.5)})  # fmt: skip
        right.plot(alphas[at], mean[at], "o", color=blue, markersize=4)
    for axes in (left, right, below):
        axes.axvline(alphas[simple], color="#5b6770", linewidth=0.7, linestyle=":")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    gaps = np.array([gap for _, _, gap in models]) / (0.5 * y.var())
    below.plot(alphas, np.maximum(gaps, 1e-17), "o", color=red, markersize=2.5)
    below.axhline(TOL, color=red, linewidth=0.8)
    below.annotate("asked for", (alphas[0], TOL), (6, 3), textcoords="offset points", fontsize=8, color=red)
    below.set(yscale="log", ylim=(1e-18, 1e-5))
    below.set_title("duality gap, relative to the objective at zero", fontsize=10, loc="left")
    left.set(xscale="log", xlim=(alphas[0], alphas[-1]), xlabel="alpha")
    below.set_xlabel("alpha", fontsize=9)
    right.tick_params(labelbottom=False)
    figure.savefig(out, dpi=100, facecolor=paper, pil_kwargs={"optimize": True})
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="sparse_diabetes.png", help="where the picture goes")
    args = parser.parse_args()
    X, y, names = load()
    (Z,) = standardise(X)
    top = np.abs(Z.T @ (y - y.mean())).max() / len(y)
    alphas = top * np.geomspace(1, SPAN, N_ALPHAS)
    start = time.perf_counter()
    models = path(Z, y, alphas)
    errors = cross_validate(X, y, alphas, np.random.default_rng(0))
    print(f"{N_ALPHAS * (FOLDS + 1)} fits in {time.perf_counter() - start:.2f} s")
    worst = max(gap for _, _, gap in models) / (0.5 * y.var())
    print(f"{Z.shape[0]} patients, {Z.shape[1]} columns; largest duality gap {worst:.1e} of the objective at zero")
    for word, at in zip(("best", "within one standard error"), choose(errors)):
        coef, mean = models[at][0], errors[at].mean()
        print(f"{word}: alpha {alphas[at]:.3g}, squared error {mean:.0f} (variance {y.var():.0f}), columns:")
        order = np.argsort(-np.abs(coef))[: np.count_nonzero(coef)]
        print("   " + ", ".join(f"{names[j]} {coef[j]:+.1f}" for j in order))
    draw(alphas, models, errors, names, y, args.out)
    print(f"picture: {args.out}")


if __name__ == "__main__":
    main()
