"""Two real regressions that one line cannot do, by mixtures of experts: crash tests, and the course of diabetes.

Motorcycle: head acceleration after an impact, which is flat at first, then dives, rebounds and settles, with a spread
that changes just as much. Every expert is a line with a noise of its own; the gate says where which of them holds.
Diabetes: progression after a year from ten covariates; two experts, their coefficients with standard errors.

Both are compared with one linear regression by the log density of held-out responses (nats a sample, 10 folds): four
experts are far better on the motorcycle data; on diabetes two are no better than one, and so says the BIC.

Run ``python examples/mixture_of_experts.py --out picture.png`` (needs matplotlib).
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold

from sparsetheory import moe

DATA = Path(__file__).parent / "data"
EXPERTS = {"motorcycle": (1, 2, 3, 4, 5), "diabetes": (1, 2, 3)}
DRAWN = {"motorcycle": 4, "diabetes": 2}
COLOURS = ("#17468a", "#d1393f", "#2f8f5b", "#c98a13")
PAPER = "#fbfaf7"


def motorcycle():
    """Milliseconds (133, 1) and accelerations in g."""
    table = np.loadtxt(DATA / "mcycle.csv", delimiter=",", skiprows=1)
    return table[:, :1], table[:, 1]


def diabetes():
    """Ten covariates (442, 10) in units of their standard deviation, and the progression."""
    X, y = load_diabetes(return_X_y=True)
    return X / X.std(axis=0), y


def held_out(X, y, n_experts, folds=10):
    """Mean log density of responses that the fit has not seen."""
    scores = [
        moe.GaussianMoE(n_experts, random_state=0).fit(X[train], y[train]).score_samples(X[test], y[test])
        for train, test in KFold(folds, shuffle=True, random_state=0).split(X)
    ]
    return float(np.concatenate(scores).mean())


def compare(name, X, y):
    """Print what each number of experts achieves; the first line is linear regression."""
    moe.GaussianMoE(1, random_state=0).fit(X, y)  # compile before timing
    print(f"{name}: {len(y)} samples, {X.shape[1]} covariates")
    print("experts   log-likelihood       BIC   held out, nats a sample   seconds")
    for k in EXPERTS[name]:
        start = time.perf_counter()
        model = moe.GaussianMoE(k, random_state=0).fit(X, y)
        spent = time.perf_counter() - start
        fitted = len(y) * model.score(X, y)
        print(f"{k:7d}   {fitted:14.2f}   {model.bic(X, y):7.1f}   {held_out(X, y, k):23.3f}   {spent:7.2f}")


def draw_motorcycle(figure, X, y):
    """Predictive density, data and experts above, gate weights below."""
    model = moe.GaussianMoE(DRAWN["motorcycle"], random_state=0).fit(X, y)
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
    """Coefficients of both experts with two standard errors."""
    model = moe.GaussianMoE(DRAWN["diabetes"], random_state=0).fit(X, y)
    errors = model.standard_errors(X, y)
    share = model.predict_proba(X).mean(axis=0)
    axes = figure.add_axes((0.68, 0.11, 0.3, 0.79), facecolor=PAPER)
    names = load_diabetes().feature_names
    for place, j in enumerate(np.argsort(model.variance_)):
        rows = np.arange(len(names)) + 0.24 * (place - 0.5)
        label = f"{100 * share[j]:.0f} %, noise {np.sqrt(model.variance_[j]):.0f}"
        bars = {"fmt": "o", "color": COLOURS[place], "markersize": 4, "linewidth": 1.2, "label": label}
        axes.errorbar(model.expert_coef_[j], rows, xerr=2 * errors.expert_coef[j], **bars)
    axes.axvline(0, color="#999999", linewidth=0.7, zorder=0)
    axes.set_yticks(np.arange(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlabel="change of progression per standard deviation")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.set_title("diabetes: two experts, two standard errors", fontsize=10, loc="left")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="mixture_of_experts.png", help="where the picture goes")
    args = parser.parse_args()
    compare("motorcycle", *motorcycle())
    compare("diabetes", *diabetes())
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(10.4, 4.8), facecolor=PAPER)
    draw_motorcycle(figure, *motorcycle())
    draw_diabetes(figure, *diabetes())
    figure.savefig(args.out, dpi=110, facecolor=PAPER, pil_kwargs={"optimize": True})
    plt.close(figure)
    print(f"picture: {args.out}")


if __name__ == "__main__":
    main()
