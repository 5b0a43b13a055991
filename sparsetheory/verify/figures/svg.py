"""Figures as SVG that lives in a page: roles of colour instead of colours, ids of its own, text as text."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

__all__ = [
    "DANGER", "FLOOR", "INK", "MUTED", "SERIES", "THEORY", "Drawing", "canvas", "cloud", "dark_css", "finish", "pretty",
]  # fmt: skip

INK, MUTED, GRID, FLOOR, THEORY, DANGER = "#1f2430", "#5a6270", "#dfe2e8", "#8d94a0", "#b3470b", "#c4232e"
#: Okabe and Ito's colours, which colour-blind readers can tell apart; vermilion is kept for theory.
SERIES = ("#0072b2", "#009e73", "#a8568b", "#56b4e9", "#e69f00", "#7f6a3f")

#: Every colour is a CSS variable of the page with this value as its fallback, so that a figure follows dark mode.
_ROLES = {
    INK: "ink", MUTED: "muted", GRID: "grid", FLOOR: "floor", THEORY: "theory", DANGER: "danger",
    **{colour: f"s{k}" for k, colour in enumerate(SERIES)},
}  # fmt: skip
#: The same roles on a dark page.
_DARK = {
    "ink": "#e7e9ee", "muted": "#a5adba", "grid": "#343944", "floor": "#7d8592", "theory": "#ff9a5c",
    "danger": "#ff7b72", "s0": "#62b0ee", "s1": "#3fcf9f", "s2": "#dd94c4", "s3": "#9fd4f5", "s4": "#f2bf4a",
    "s5": "#c8b480",
}  # fmt: skip
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Drawing:
    """One drawing of a figure: its SVG and what it shows, in words."""

    name: str
    svg: str
    alt: str


def dark_css(selector: str) -> str:
    """Return the style sheet that gives figures their dark colours where the reader asks for a dark page."""
    rules = "".join(f"--fig-{role}:{colour};" for role, colour in _DARK.items())
    return f"@media screen and (prefers-color-scheme: dark) {{ {selector} {{ {rules} }} }}"


@contextmanager
def canvas(width: float, height: float, *, size: float = 11.5, left: float = 62, bottom: float = 42) -> Iterator[Any]:
    """Yield (figure, axes) of that many points, drawn in the house style; no window system is touched.

    The margins are given, in points: measuring them would take longer than the drawing.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        "font.size": size, "axes.titlesize": size + 1, "axes.labelsize": size, "legend.fontsize": size - 1,
        "xtick.labelsize": size - 1, "ytick.labelsize": size - 1, "svg.fonttype": "none", "svg.hashsalt": "st",
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": FLOOR, "xtick.color": MUTED, "ytick.color": MUTED,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.which": "major",
        "grid.color": GRID, "grid.linewidth": 0.8, "axes.axisbelow": True, "axes.titlelocation": "left",
        "axes.titlepad": 10, "legend.frameon": False, "legend.handlelength": 1.6, "legend.borderaxespad": 0.2,
        "lines.linewidth": 1.8, "xtick.major.size": 3, "ytick.major.size": 3, "xtick.minor.size": 0,
        "ytick.minor.size": 0, "axes.linewidth": 0.8, "axes.unicode_minus": True, "path.simplify": False,
    }  # fmt: skip
    with mpl.rc_context(style):
        figure = Figure(figsize=(width / 72, height / 72), facecolor="none")
        FigureCanvasSVG(figure)
        box = (left / width, bottom / height, 1 - (left + 14) / width, 1 - (bottom + 30) / height)
        axes = figure.add_axes(box, facecolor="none")
        axes.yaxis.label.set_rotation_mode("anchor")  # else the label is placed by a width the reader's font has not
        yield figure, axes


def finish(figure: Any, name: str, alt: str) -> Drawing:
    """Turn a figure into a panel."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]+>", _rounded, svg)
    svg = re.sub(r'\b(id|xlink:href|href)="(#?)', rf'\1="\2{name}-', svg).replace("url(#", f"url(#{name}-")
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r"font:\s*([\d.]+)px [^;\"]*", r"font-size: \1px; font-family: inherit", svg)
    svg = re.sub(r"font-family:\s*'[^;\"]*", "font-family: inherit", svg)
    for colour, role in _ROLES.items():
        svg = svg.replace(colour, f"var(--fig-{role}, {colour})")
    box = re.search(r'viewBox="[^"]*"', svg)
    assert box is not None
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box[0]} role="img" aria-label="{escape(alt, quote=True)}" '
        f'class="panel" font-family="Helvetica, Arial, sans-serif">'
    )
    body = re.sub(r"\n\s*", "\n", svg[svg.index(">") + 1 :])
    return Drawing(name, head + body.strip(), alt)


def _rounded(tag: re.Match[str]) -> str:
    """Round the coordinates inside a tag to a hundredth of a point; what stands between tags is text for readers."""
    return re.sub(r"\d+\.\d{3,}", lambda digits: f"{float(digits[0]):.2f}".rstrip("0").rstrip("."), tag[0])


def cloud(axes: Any, x: np.ndarray, y: np.ndarray, *, colour: str, size: float = 3.2, alpha: float = 0.3) -> None:
    """Draw many dots as one path of round-capped points: a tenth of the bytes of as many markers."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not len(x):
        return
    vertices = np.repeat(np.column_stack([x, y]), 2, axis=0)
    codes = np.tile([Path.MOVETO, Path.LINETO], len(x))
    path = Path(vertices, codes)
    path.should_simplify = False
    style = {"edgecolor": colour, "linewidth": size, "alpha": alpha, "zorder": 2.5}
    axes.add_patch(PathPatch(path, facecolor="none", capstyle="round", **style))
    axes.update_datalim(vertices)
    axes.autoscale_view()


def pretty(value: float, _position: int = 0, *, powers: bool = False) -> str:
    """Return a number for a tick: plain where that is short, else (or with `powers`) a power of ten in superscripts."""
    if value == 0 or not np.isfinite(value) or (1e-3 <= abs(value) < 1e5 and not powers):
        return f"{value:g}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return power if float(mantissa) == 1 else f"{float(mantissa):g}·{power}".replace("-", "−")
