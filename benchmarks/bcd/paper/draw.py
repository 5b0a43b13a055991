"""The pictures: F - F* against the iteration, a plot a panel; rings are what the paper's curves reach."""

import json
from pathlib import Path

from .digitised import PAPER
from .experiments import FIGURES, ITERATIONS, SOLVED
from .records import HOME, path_of

__all__ = ["PICTURES", "draw"]

#: File -> the figures in it, a row of plots for each block size or figure.
PICTURES = {
    "bcd_paper_gradient.png": (["4"], 5), "bcd_paper_matrix.png": (["5"], 5),
    "bcd_paper_huge.png": (["6"], 2), "bcd_paper_nonnegative.png": (["7", "13"], 3),
    "bcd_paper_adaptive.png": (["9"], 5), "bcd_paper_partitions.png": (["10"], 3),
    "bcd_paper_newton.png": (["12"], 4),
}  # fmt: skip
_COLOURS = ("#17468a", "#d1393f", "#2f8f4e", "#c98a00", "#7a4fa3", "#5b6770", "#0f8b8d", "#b04a86", "#000000")
_PAPER = "#fbfaf7"


def _styles(methods):
    """Solid where blocks are variable, dashed where they are fixed; a colour a rule."""
    stems = [m.label.removesuffix("-VB").removesuffix("-FB") for m in methods]
    colours = dict(zip(dict.fromkeys(stems), _COLOURS))
    return {m.label: (colours[stem], "--" if m.label.endswith("-FB") else "-") for m, stem in zip(methods, stems)}


def _plot(axes, figure, panel, styles, home):
    from matplotlib.ticker import NullFormatter

    held = json.loads(path_of(home, figure, panel).read_text())
    known = PAPER.get((figure, panel.data, panel.size), {})
    lowest = held["start"]
    for record in held["runs"]:
        colour, dash = styles[record["label"]]
        curve = [max(v, SOLVED / 10) for v in record["curve"]]
        axes.plot(held["iterations"], curve, dash, color=colour, linewidth=1.1)
        lowest = min(lowest, *curve)
    for label, value in known.items():
        at, height = (value, SOLVED) if isinstance(value, int) else (ITERATIONS, value)
        axes.plot([at], [height], "o", color=styles[label][0], markersize=4.5, markerfacecolor="none",
                  markeredgewidth=1, clip_on=False)  # fmt: skip
        lowest = min(lowest, height)
    axes.set(yscale="log", xlim=(0, ITERATIONS), ylim=(max(lowest / 2, SOLVED), 2 * held["start"]))
    title = f"data {panel.data}" + (f", blocks of {panel.size}" if panel.size else "")
    axes.set_title(title, fontsize=8, loc="left")
    axes.tick_params(labelsize=7)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.spines[["top", "right"]].set_visible(False)


def _order(figures, columns):
    """Return (figure, panel) in reading order: blocks of one size side by side."""
    found = [(f, p) for f in figures for p in FIGURES[f].panels]
    by_row = len(figures) == 1 and len(found) > columns
    return sorted(found, key=lambda fp: fp[1].size) if by_row else found


def draw(name, *, home=HOME, folder):
    """Draw one picture from the records."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    figures, columns = PICTURES[name]
    panels = _order(figures, columns)
    rows = -(-len(panels) // columns)
    width = 2.3 * columns + 0.6
    sheet, axes = plt.subplots(rows, columns, figsize=(width, 1.75 * rows + 0.75), facecolor=_PAPER, squeeze=False)
    styles = _styles(FIGURES[figures[0]].methods)
    for ax in axes.flat:
        ax.set_facecolor(_PAPER)
    for ax, (figure, panel) in zip(axes.flat, panels):
        _plot(ax, figure, panel, styles, home)
        if len(figures) > 1:
            ax.set_title(
                ("greedy, " if figure == "7" else "random, ") + ax.get_title(loc="left"), fontsize=8, loc="left"
            )
    lines = [Line2D([], [], color=c, linestyle=d, label=label) for label, (c, d) in styles.items()]
    sheet.legend(
        handles=lines, loc="lower center", ncols=min(len(lines), int(width / 1.25)), fontsize=7.5, frameon=False
    )
    rows_of_legend = -(-len(lines) // min(len(lines), int(width / 1.25)))
    sheet.tight_layout(rect=(0, 0.22 * rows_of_legend / (1.75 * rows + 0.75), 1, 1))
    sheet.savefig(Path(folder) / name, dpi=100, facecolor=_PAPER)
    plt.close(sheet)
    _fewer_colours(Path(folder) / name)


def _fewer_colours(path):
    """Store with a palette: a third of the bytes, and no difference to see."""
    from PIL import Image

    Image.open(path).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
