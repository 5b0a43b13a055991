"""Two real regressions that one line cannot do, by mixtures of experts: crash tests, and the course of diabetes.

Motorcycle: head acceleration after an impact, which is flat at first, then dives, rebounds and settles, with a spread
that changes just as much. Every expert is a line with a noise of its own; the gate says where which of them holds.
Diabetes: progression after a year from body mass and a serum value (bmi, s5); one expert is quiet, the other is not.

Numbers of experts are compared by the BIC and by the log density of held-out responses (nats a sample, 10 folds); one
expert is linear regression. With all ten covariates of the diabetes data a second expert does not pay.

Run ``python examples/mixture_of_experts.py --out picture.png`` (needs matplotlib).
"""

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold

from sparsetheory import moe

DATA = Path(__file__).parent / "data"
COLOURS = ("#17468a", "#d1393f", "#2f8f5b", "#c98a13")
PAPER = "#fbfaf7"


def motorcycle():
    """Milliseconds (133, 1) and accelerations in g."""
    table = np.loadtxt(DATA / "mcycle.csv", delimiter=",", skiprows=1)
    return table[:, :1], table[:, 1]


def diabetes(*names):
    """The named covariates in units of their standard deviation, all ten if none is named, and the progression."""
    found = load_diabetes()
    chosen = [found.feature_names.index(name) for name in names or found.feature_names]
    return (found.data / found.data.std(axis=0))[:, chosen], found.target


def held_out(X, y, n_experts, folds=10):
    """Mean log density of responses that the fit has not seen."""
    scores = [
        moe.GaussianMoE(n_experts, random_state=0).fit(X[train], y[train]).score_samples(X[test], y[test])
        for train, test in KFold(folds, shuffle=True, random_state=0).split(X)
    ]
    return float(np.concatenate(scores).mean())


def compare(name, X, y, experts):
    """Print what each number of experts achieves; the first line is linear regression."""
    moe.GaussianMoE(1, random_state=0).fit(X, y)  # compile before timing
    print(f"{name}: {len(y)} samples, {X.shape[1]} covariates")
    print("experts   log-likelihood       BIC   held out, nats a sample   seconds")
    for k in experts:
        start = time.perf_counter()
        model = moe.GaussianMoE(k, random_state=0).fit(X, y)
        spent = time.perf_counter() - start
        fitted = len(y) * model.score(X, y)
        print(f"{k:7d}   {fitted:14.2f}   {model.bic(X, y):7.1f}   {held_out(X, y, k):23.3f}   {spent:7.2f}")


def draw_motorcycle(figure, X, y):
    """Predictive density, data and experts above, gate weights below."""
    model = moe.GaussianMoE(4, random_state=0).fit(X, y)
    grid = np.linspace(0, 60, 601)[:, None]
    share, predicted = model.predict_proba(grid), model.predict_dist(grid)
    order = np.argsort(grid[:, 0] @ share / share.sum(axis=0))  # colours from left to right
    above = figure.add_axes((0.08, 0.36, 0.5, 0.54), facecolor=PAPER)
    for low, high, alpha in ((0.025, 0.975, 0.13), (0.1, 0.9, 0.13), (0.25, 0.75, 0.16)):
        ends = predicted.ppf(np.array([[low], [high]]))
        above.fill_between(grid[:, 0], *ends, color="#555555", alpha=alpha, linewidth=0)
    colours = np.array(COLOURS)[np.argsort(order)]
    for j, colour in enumerate(colours):
        line = model.expert_coef_[j, 0] * grid[:, 0] + model.expert_intercept_[j]
        above.plot(grid[:, 0], line, color=colour, linewidth=0.7, alpha=0.35)
        above.plot(grid[:, 0], np.where(share[:, j] > 0.1, line, np.nan), color=colour, linewidth=2.4)
    belongs = colours[model.responsibilities(X, y).argmax(axis=1)]
    above.scatter(X[:, 0], y, s=14, c=belongs, edgecolors=PAPER, linewidths=0.5, zorder=3)
    above.set(xlim=(0, 60), ylim=(-150, 100), ylabel="head acceleration, g")
    above.set_xticklabels([])
    above.set_title("motorcycle: four experts, 50, 80 and 95 % bands", fontsize=10, loc="left")
    below = figure.add_axes((0.08, 0.11, 0.5, 0.2), facecolor=PAPER)
    below.stackplot(grid[:, 0], share.T[order], colors=COLOURS, alpha=0.75, linewidth=0)
    below.set(
        xlim=(0, 60), ylim=(0, 1), xlabel="milliseconds after the impact", ylabel="gate weights", yticks=(0, 0.5, 1)
    )
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)


def draw_diabetes(figure, X, y):
    """The plane of both covariates: who holds where, and the mean response."""
    model = moe.GaussianMoE(2, random_state=0).fit(X, y)
    quiet, loud = np.argsort(model.variance_)
    low, high = X.min(axis=0) - 0.2, X.max(axis=0) + 0.2
    first, second = np.meshgrid(*(np.linspace(*ends, 200) for ends in zip(low, high)))
    plane = np.column_stack([first.ravel(), second.ravel()])
    share = model.predict_proba(plane)[:, loud].reshape(first.shape)
    axes = figure.add_axes((0.67, 0.11, 0.32, 0.79), facecolor=PAPER)
    ramp = LinearSegmentedColormap.from_list("experts", COLOURS[:2])
    axes.imshow(share, origin="lower", extent=(low[0], high[0], low[1], high[1]), aspect="auto", cmap=ramp, alpha=0.3)
    mean = model.predict(plane).reshape(first.shape)
    means = axes.contour(first, second, mean, linewidths=0.7, levels=6, colors="#444444")
    axes.clabel(means, fontsize=7, fmt="%.0f")
    belongs = model.responsibilities(X, y)[:, loud]
    axes.scatter(*X.T, s=0.12 * y, c=belongs, cmap=ramp, vmin=0, vmax=1, edgecolors=PAPER, linewidths=0.4)
    axes.set(xlabel="bmi, standard deviations", ylabel="s5, standard deviations")
    noise = np.sqrt(model.variance_)
    axes.set_title(f"diabetes: two experts, noise {noise[quiet]:.0f} and {noise[loud]:.0f}", fontsize=10, loc="left")
    errors = model.standard_errors(X, y)
    for name, j in (("quiet", quiet), ("loud", loud)):
        terms = [f"{b:5.1f} +- {e:.1f}" for b, e in zip(model.expert_coef_[j], errors.expert_coef[j])]
        print(f"the {name} expert: bmi {terms[0]}, s5 {terms[1]} a standard deviation")


def main():
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="mixture_of_experts.png", help="where the picture goes")
    args = parser.parse_args()
    compare("motorcycle", *motorcycle(), (1, 2, 3, 4, 5))
    compare("diabetes, bmi and s5", *diabetes("bmi", "s5"), (1, 2, 3))
    compare("diabetes, all covariates", *diabetes(), (1, 2))
    figure = plt.figure(figsize=(10.4, 4.8), facecolor=PAPER)
    draw_motorcycle(figure, *motorcycle())
    draw_diabetes(figure, *diabetes("bmi", "s5"))
    figure.savefig(args.out, dpi=110, facecolor=PAPER, pil_kwargs={"optimize": True})
    plt.close(figure)
    print(f"picture: {args.out}")


if __name__ == "__main__":
    main()
