"""Read 1797 handwritten digits from a handful of labels: label propagation on the graph of nearest neighbours.

Nodes are scikit-learn's digits, each joined to its 10 nearest with weight exp(-d^2 / s^2), s the median of those
distances. Some labels of every class are given; the other digits take the smoothest values on the graph, a column for
each class, and the largest column is the answer. Beside it: the nearest labelled digit, which has the same labels but
no graph.

Run ``python examples/label_propagation.py --out picture.png`` (needs matplotlib).
"""

import argparse
import time

import numpy as np
from scipy import sparse

from sparsetheory.bcd.graph import tree_partition
from sparsetheory.bcd.labels import propagate_labels

NEIGHBOURS = 10
PER_CLASS = (1, 2, 3, 5, 10, 20, 50)
DRAWS = 20


def digits_graph():
    """Images, classes and the weights of the graph."""
    from sklearn.datasets import load_digits
    from sklearn.neighbors import kneighbors_graph

    X, classes = load_digits(return_X_y=True)
    D = sparse.csr_array(kneighbors_graph(X, NEIGHBOURS, mode="distance"))
    W = D.copy()
    W.data = np.exp(-((D.data / np.median(D.data)) ** 2))
    return X, classes, sparse.csr_array(W.maximum(W.T))


def draw_labels(classes, per_class, rng):
    """Some nodes of every class."""
    return np.concatenate([rng.choice(np.flatnonzero(classes == k), per_class, replace=False) for k in range(10)])


def nearest_label(X, nodes):
    """The labelled node nearest to each node."""
    from sklearn.metrics import pairwise_distances_argmin

    return nodes[pairwise_distances_argmin(X, X[nodes])]


def accuracies(X, classes, W, rng):
    """Accuracy on the unlabelled digits: arrays (len(PER_CLASS), DRAWS) for the graph and for the nearest label."""
    graph, nearest = np.empty((2, len(PER_CLASS), DRAWS))
    for a, per_class in enumerate(PER_CLASS):
        for b in range(DRAWS):
            nodes = draw_labels(classes, per_class, rng)
            y = propagate_labels(W, nodes, np.eye(10)[classes[nodes]], tol=1e-6).y
            hidden = np.setdiff1d(np.arange(len(X)), nodes)
            graph[a, b] = np.mean(y[hidden].argmax(axis=1) == classes[hidden])
            nearest[a, b] = np.mean(classes[nearest_label(X, nodes)[hidden]] == classes[hidden])
    return graph, nearest


def doubtful(X, classes, W, rng, count=12):
    """Digits for which the two largest columns are closest, 10 labels a class: (image, answer, runner-up, truth)."""
    nodes = draw_labels(classes, 10, rng)
    y = propagate_labels(W, nodes, np.eye(10)[classes[nodes]]).y
    best = np.argsort(-y, axis=1)[:, :2]
    margin = np.take_along_axis(y, best, axis=1) @ [1.0, -1.0]
    margin[nodes] = np.inf
    return [(X[i].reshape(8, 8), *best[i], classes[i]) for i in np.argsort(margin)[:count]]


def draw(graph, nearest, cases, path):
    """Accuracy by number of labels, and the digits that the graph is least sure of."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    paper, blue, red = "#fbfaf7", "#17468a", "#d1393f"
    figure = plt.figure(figsize=(9.6, 4.2), facecolor=paper)
    axes = figure.add_axes((0.07, 0.14, 0.46, 0.74), facecolor=paper)
    for values, colour, name, offset in (
        (graph, blue, "label propagation", (0, 9)),
        (nearest, red, "nearest labelled digit", (0, -16)),
    ):
        low, middle, high = np.percentile(100 * values, [10, 50, 90], axis=1)
        axes.fill_between(PER_CLASS, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(PER_CLASS, middle, "o-", color=colour, markersize=4, label=name)
        for x, y in zip(PER_CLASS, middle):
            axes.annotate(f"{y:.0f}", (x, y), offset, textcoords="offset points", ha="center", color=colour, fontsize=8)
    axes.set(xscale="log", xlabel="labels a class", ylim=(50, 104))
    axes.set_xticks(PER_CLASS, [str(k) for k in PER_CLASS])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    axes.set_title(f"% right of the unlabelled, median and 10-90 % of {DRAWS} draws", fontsize=10, loc="left")
    grid = figure.add_gridspec(3, 4, left=0.59, right=0.98, top=0.82, bottom=0.06, hspace=0.45)
    for cell, (image, answer, runner_up, truth) in zip(grid, cases):
        small = figure.add_subplot(cell)
        small.imshow(image, cmap="gray_r", interpolation="bilinear")
        small.set(xticks=[], yticks=[])
        small.spines[:].set_visible(False)
        small.set_title(f"{answer} or {runner_up}?", fontsize=9, color=blue if answer == truth else red)
    figure.text(0.59, 0.905, "least sure of, 10 labels a class (red: wrong)", fontsize=10)
    figure.savefig(path, dpi=110, facecolor=paper, pil_kwargs={"optimize": True})
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="label_propagation.png", help="where the picture goes")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    X, classes, W = digits_graph()
    sizes = np.bincount(tree_partition(W))
    print(f"{len(X)} digits, {W.nnz // 2} edges; the graph falls into {len(sizes)} forests of {sizes.tolist()} nodes")
    start = time.perf_counter()
    graph, nearest = accuracies(X, classes, W, rng)
    print(f"{graph.size} times 10 columns in {time.perf_counter() - start:.1f} s")
    print("labels a class   label propagation   nearest labelled digit")
    for per_class, a, b in zip(PER_CLASS, np.median(graph, axis=1), np.median(nearest, axis=1)):
        print(f"{per_class:14d}   {100 * a:15.1f} %   {100 * b:20.1f} %")
    draw(graph, nearest, doubtful(X, classes, W, rng), args.out)
    print(f"picture: {args.out}")


if __name__ == "__main__":
    main()
