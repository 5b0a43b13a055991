"""Which measurements matter for diabetes: one ridge penalty a feature, chosen on patients that the fit has not seen.

Ten measurements of 442 patients, their squares and products: 64 features. A single penalty treats all of them alike; a
penalty each drops what does not help. Patients are split at random into training, validation and test halves and
quarters, twenty times; the test patients say what the freedom of 64 penalties is worth, and what it costs.

Run ``python examples/tune_ridge_penalties.py --out picture.png`` (needs matplotlib).
"""

import argparse
import time

import matplotlib
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import PolynomialFeatures

from sparsetheory import bilevel

BLUE, RED, GREY, PAPER = "#17468a", "#d1393f", "#8a8a8a", "#fbfaf7"


def diabetes():
    """Features (442, 64) with their names and the number of the measurement that each is made of, 0 for products."""
    found = load_diabetes()
    expand = PolynomialFeatures(2, include_bias=False)
    X = expand.fit_transform(found.data / found.data.std(axis=0))
    keep = X.std(axis=0) > 0
    names = [str(name) for name in expand.get_feature_names_out(found.feature_names)]
    keep &= np.array(["sex^2" not in name for name in names])  # a linear function of sex
    kind = np.array([" " in name or "^" in name for name in names])
    return X[:, keep], found.target, [n for n, k in zip(names, keep) if k], kind[keep]


def split(n, seed):
    """Indices of training, validation and test patients: a half and two quarters."""
    order = np.random.default_rng(seed).permutation(n)
    return order[: n // 2], order[n // 2 : 3 * n // 4], order[3 * n // 4 :]


def tuned(X, y, parts, groups):
    """The penalties, and the share of the variance that the model leaves on validation and on test patients."""
    train, val, test = parts
    found = bilevel.tune(X[train], y[train], X[val], y[val], groups=groups, on_failure="ignore")
    left = [np.mean((found.predict(X[part]) - y[part]) ** 2) / np.var(y[part]) for part in (val, test)]
    return found.raise_if_failed(), left


def compare(X, y, kind):
    """Print and return what each way of sharing leaves, over twenty splits."""
    ways = {"one penalty": np.zeros(len(kind)), "two: measurements, products": kind, "one a feature": None}
    table = {}
    print("penalties                      validation   test (share of variance left, mean of 20)   ms")
    for name, groups in ways.items():
        start = time.perf_counter()
        table[name] = np.array([tuned(X, y, split(len(y), seed), groups)[1] for seed in range(20)])
        spent = 1e3 * (time.perf_counter() - start) / 20
        val, test = table[name].mean(axis=0)
        print(f"{name:30s} {val:10.3f} {test:6.3f} {spent:41.0f}")
    return table


def draw(figure, X, y, names, kind, table):
    """Coefficients of one split with one penalty and with one each, and the loss on all splits."""
    parts = split(len(y), 0)
    own, _ = tuned(X, y, parts, None)
    one, _ = tuned(X, y, parts, np.zeros(len(kind)))
    scale = X[parts[0]].std(axis=0)
    order = np.argsort(-np.abs(own.coef * scale))[:20]
    left = figure.add_axes((0.13, 0.13, 0.42, 0.75), facecolor=PAPER)
    rows = np.arange(len(order))[::-1]
    left.hlines(rows, 0, (own.coef * scale)[order], color=BLUE, linewidth=3, label="a penalty each")
    left.plot((own.coef * scale)[order], rows, "o", color=BLUE, markersize=5)
    left.plot((one.coef * scale)[order], rows, "o", color=RED, markersize=5, label="one penalty for all")
    left.axvline(0, color=GREY, linewidth=0.8)
    left.set_yticks(rows, [names[j].replace(" ", " x ") for j in order], fontsize=8)
    left.set_xlabel("coefficient, of a feature with variance one")
    left.set_title(f"the 20 largest of {len(names)}; {int(own.at_upper.sum())} end at the largest penalty", fontsize=10)
    left.legend(frameon=False, fontsize=8, loc="lower right")
    right = figure.add_axes((0.66, 0.13, 0.32, 0.75), facecolor=PAPER)
    for k, (name, colour) in enumerate(zip(table, (RED, GREY, BLUE))):
        val, test = table[name].T
        right.scatter(np.full(20, k - 0.15), val, s=16, color=colour, alpha=0.35)
        right.scatter(np.full(20, k + 0.15), test, s=16, color=colour)
        right.hlines([val.mean()], k - 0.3, k, color=colour, alpha=0.5, linewidth=2)
        right.hlines([test.mean()], k, k + 0.3, color=colour, linewidth=2)
    right.set_xticks(range(3), ["one", "two", "a penalty\na feature"])
    right.set_ylabel("share of the variance left")
    right.set_title("validation (pale) and test, 20 splits", fontsize=10)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)


def main():
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="tune_ridge_penalties.png", help="where the picture goes")
    args = parser.parse_args()
    X, y, names, kind = diabetes()
    print(f"diabetes: {len(y)} patients, {len(names)} features")
    table = compare(X, y, kind)
    figure = plt.figure(figsize=(10.4, 4.8), facecolor=PAPER)
    draw(figure, X, y, names, kind, table)
    figure.savefig(args.out, dpi=110, facecolor=PAPER, pil_kwargs={"optimize": True})
    plt.close(figure)
    print(f"picture: {args.out}")


if __name__ == "__main__":
    main()
