"""Carry one handwritten digit onto another: three solvers on real images, and a picture of the transport.

Two of scikit-learn's digits, upsampled to 28 x 28 pixels, with 1 % of the mass spread over the background, as in the
paper of Sinkhorn-Newton-Sparse; reg = 1/1200 and costs divided by their maximum:

    W1: |dx| + |dy|          W2: dx^2 + dy^2

Run ``python examples/transport_between_digits.py --out picture.png`` (needs matplotlib and rich).
"""

import argparse
import time
from itertools import pairwise

import numpy as np

from sparsetheory import ot
from sparsetheory.ot.problem import pixel_grid

SIDE = 28
REG = 1 / 1200
TOL = 1e-9
SINKHORN_CAP = 1500  # on purpose: to TOL it would need thousands, and a minute
#: cost -> power p, Sinkhorn and Newton steps and entries kept per row as published, entries per row that suffice
COSTS = {"W1": (1, 700, 77, 15, 50), "W2": (2, 20, 33, 5, 20)}


def digit_image(index):
    """A digit with mass 1 as a vector of 28 * 28 pixels."""
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    image = np.maximum(zoom(load_digits().images[index], SIDE / 8, order=1), 0.0).ravel()
    return 0.99 * image / image.sum() + 0.01 / image.size


def compare(a, b):
    """Run every solver on both costs; return the table's rows and the W2 plan."""
    rows, results = [], {}
    ot.solve(np.eye(8), reg=0.1)  # compile before timing
    ot.sinkhorn_newton_sparse(np.eye(8), reg=0.1)
    for name, (p, n_sinkhorn, n_newton, published, sufficient) in COSTS.items():
        M = pixel_grid(SIDE, p)
        runs = {"solve": (ot.solve, {}), f"sinkhorn, at most {SINKHORN_CAP}": (ot.sinkhorn, {"max_iter": SINKHORN_CAP})}
        for kept, what in ((published, "as published"), (sufficient, "denser")):
            settings = {"n_sinkhorn": n_sinkhorn, "n_newton": n_newton, "density": kept / SIDE**2}
            runs[f"sinkhorn_newton_sparse, {kept}/n, {what}"] = (ot.sinkhorn_newton_sparse, settings)
        for solver, (function, settings) in runs.items():
            start = time.perf_counter()
            result = function(M, a, b, reg=REG, tol=TOL, on_failure="ignore", **settings)
            rows.append((name, solver, result, time.perf_counter() - start))
            results.setdefault(name, result)
    return rows, results["W2"]


def show(rows):
    """Print the comparison."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"From a 0 to a 3, reg = 1/1200, L1 marginal error <= {TOL:g}")
    for column in (
        "cost",
        "solver",
        "iterations",
        "seconds",
        "error",
        "status",
        "cost of the plan",
        "exact optimum in",
    ):
        table.add_column(column, justify="right" if column in ("iterations", "seconds", "error") else "left")
    for name, solver, result, seconds in rows:
        lower, upper = result.certificate()
        table.add_row(
            name, solver, str(result.n_iter), f"{seconds:.2f}", f"{result.error:.1e}", str(result.status),
            f"{result.value_linear:.6f}", f"[{lower:.6f}, {upper:.6f}]",
        )  # fmt: skip
    Console(width=150).print(table)


def particles(plan, n_particles, rng):
    """Draw pairs (from, to) of points with the plan's probabilities, moved alike inside their pixels."""
    edge = rng.choice(plan.size, n_particles, p=plan.ravel() / plan.sum())
    i, j = np.divmod(edge, plan.shape[1])
    pixels = np.stack(np.divmod(np.arange(SIDE**2), SIDE)[::-1], axis=1).astype(float)  # (x, y)
    jitter = rng.uniform(-0.5, 0.5, (n_particles, 2))
    return pixels[i] + jitter, pixels[j] + jitter


def smooth(points, finer=8, margin=2):
    """Density of moving particles on a grid finer than the pixels, blurred by half a pixel, with a margin around."""
    from scipy.ndimage import gaussian_filter

    edges = np.linspace(-0.5 - margin, SIDE - 0.5 + margin, (SIDE + 2 * margin) * finer + 1)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=(edges, edges))
    counts = gaussian_filter(counts, 0.5 * finer)
    return np.maximum(counts - 0.02 * counts.max(), 0.0) ** 0.7, (edges[0], edges[-1], edges[-1], edges[0])


def draw(plan, path, n_frames=9):
    """The mass and its paths above, displacement interpolation below."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    rng = np.random.default_rng(0)
    paper, blue, red = "#fbfaf7", np.array(to_rgb("#17468a")), np.array(to_rgb("#d1393f"))
    ink = lambda t: (1 - t) * blue + t * red  # noqa: E731
    start, end = particles(plan, 400_000, rng)

    def show_mass(axes, t, alpha=1.0):
        mass, extent = smooth((1 - t) * start + t * end)
        ramp = LinearSegmentedColormap.from_list("ink", [(*ink(t), 0.0), (*ink(t), alpha)])
        axes.imshow(mass, cmap=ramp, extent=extent, interpolation="bilinear")
        axes.set(xticks=[], yticks=[], xlim=extent[:2], ylim=extent[2:])
        axes.spines[:].set_visible(False)

    figure = plt.figure(figsize=(9.0, 5.2), facecolor=paper)
    grid = {"hspace": 0.02, "wspace": 0.03, "left": 0.02, "right": 0.98}
    top = figure.add_gridspec(1, 3, top=0.9, bottom=0.33, width_ratios=(1, 1, 1), **grid)
    for column, (t, title) in enumerate([(0.0, "a zero"), (0.5, "the paths of its mass"), (1.0, "a three")]):
        axes = figure.add_subplot(top[column], facecolor=paper)
        axes.set_title(title, fontsize=12, color="#444444")
        if column != 1:
            show_mass(axes, t)
            continue
        show_mass(axes, 0.0, alpha=0.16)
        show_mass(axes, 1.0, alpha=0.16)
        some = slice(0, 1100)
        times = np.linspace(0, 1, 13)
        lines = [
            np.stack([(1 - s) * start[some] + s * end[some], (1 - t) * start[some] + t * end[some]], axis=1)
            for s, t in pairwise(times)
        ]
        colours = np.repeat([(*ink(t), 0.25 + 0.5 * t) for t in times[:-1]], 1100, axis=0)
        axes.add_collection(LineCollection(np.concatenate(lines), colors=colours, linewidths=0.8, capstyle="round"))
        axes.scatter(*end[some].T, s=2.0, color=red, linewidths=0, zorder=3)
    below = figure.add_gridspec(1, n_frames, top=0.29, bottom=0.05, **grid)
    for k, t in enumerate(np.linspace(0, 1, n_frames)):
        axes = figure.add_subplot(below[k], facecolor=paper)
        show_mass(axes, t)
        axes.set_xlabel(f"t = {t:.3g}", fontsize=8, color="#777777")
    figure.savefig(path, dpi=110, facecolor=paper, pil_kwargs={"optimize": True})
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="digits_transport.png", help="where the picture goes")
    args = parser.parse_args()
    rows, result = compare(digit_image(0), digit_image(3))
    show(rows)
    draw(result.plan, args.out)
    print(f"picture: {args.out}")


if __name__ == "__main__":
    main()
