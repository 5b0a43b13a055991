"""Ours beside the paper's: values at iteration 500, and the order of the methods."""

from itertools import combinations

from .digitised import PAPER, STARTS
from .experiments import FIGURES, TIE_ITERATIONS, TIE_VALUES
from .records import HOME, path_of, read

__all__ = ["agreement", "better", "pages_of_tables", "reached"]


def reached(record):
    """Return what a run reached in the notation of the digitised values: iterations as int, else the value left."""
    return record["final"] if record["solved_at"] is None else record["solved_at"]


def better(a, b):
    """Return 1 where a is better than b, -1 where worse, 0 for a tie."""
    if isinstance(a, int) != isinstance(b, int):
        return 1 if isinstance(a, int) else -1
    tie = TIE_ITERATIONS if isinstance(a, int) else TIE_VALUES
    if max(a, b) <= tie * min(a, b):
        return 0
    return 1 if a < b else -1


def agreement(paper, ours):
    """Return how many pairs have the same order, the opposite one, and how many are a tie on one side only."""
    same = opposite = one_sided = 0
    for a, b in combinations(paper, 2):
        theirs, found = better(paper[a], paper[b]), better(ours[a], ours[b])
        same += theirs == found != 0
        opposite += theirs == -found != 0
        one_sided += (theirs == 0) != (found == 0)
    return same, opposite, one_sided


def _shown(value):
    return f"[{value}]" if isinstance(value, int) else f"{value:.2g}"


def _panels(figure):
    return [p for p in FIGURES[figure].panels if (figure, p.data, p.size) in PAPER]


def _name(panel):
    return f"{panel.data}, {panel.size}" if panel.size else panel.data


def values(figure, home=HOME):
    """Return a Markdown table: a row a method, a column a panel that was digitised, ours first."""
    panels = _panels(figure)
    lines = ["| | " + " | ".join(map(_name, panels)) + " |", "|---" * (len(panels) + 1) + "|"]
    for method in FIGURES[figure].methods:
        cells = []
        for panel in panels:
            record = read(home, figure, panel).get(method.label)
            theirs = PAPER[figure, panel.data, panel.size].get(method.label)
            own = "" if record is None else _shown(reached(record))
            cells.append(own if theirs is None else f"{own} / {_shown(theirs)}")
        lines.append(f"| {method.label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def orders(home=HOME):
    """Return a Markdown table: the order of the methods, panel by panel."""
    lines = ["| figure | panel | same order | opposite | tie on one side |", "|---|---|---|---|---|"]
    total = [0, 0, 0]
    for figure in FIGURES:
        for panel in _panels(figure):
            runs = read(home, figure, panel)
            counts = agreement(
                PAPER[figure, panel.data, panel.size], {label: reached(record) for label, record in runs.items()}
            )
            total = [t + c for t, c in zip(total, counts)]
            lines.append(f"| {figure} | {_name(panel)} | " + " | ".join(map(str, counts)) + " |")
    lines.append("| all | | " + " | ".join(map(str, total)) + " |")
    return "\n".join(lines)


def starts(home=HOME):
    """Return a Markdown table of f(0) - f*."""
    import json

    found = {}
    for figure in FIGURES:
        for panel in FIGURES[figure].panels:
            if path_of(home, figure, panel).exists():
                found[panel.data] = json.loads(path_of(home, figure, panel).read_text())["start"]
    names = [name for name in STARTS if name in found]
    rows = [["", *names], ["---"] * (len(names) + 1), ["ours", *(f"{found[k]:.3g}" for k in names)],
            ["paper", *(f"{STARTS[k]:.3g}" for k in names)]]  # fmt: skip
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def ours(figure, home=HOME):
    """Return a Markdown table of our values, for what the paper did not try."""
    panels = FIGURES[figure].panels
    lines = ["| | " + " | ".join(map(_name, panels)) + " |", "|---" * (len(panels) + 1) + "|"]
    for method in FIGURES[figure].methods:
        runs = [read(home, figure, panel).get(method.label) for panel in panels]
        lines.append(f"| {method.label} | " + " | ".join(_shown(reached(r)) if r else "" for r in runs) + " |")
    return "\n".join(lines)


def settled(home=HOME):
    """Return a Markdown table: the iteration after which the support stayed, where the run was solved."""
    figure = FIGURES["7"]
    lines = ["| | " + " | ".join(map(_name, figure.panels)) + " |", "|---" * (len(figure.panels) + 1) + "|"]
    for method in figure.methods:
        cells = []
        for panel in figure.panels:
            r = read(home, "7", panel)[method.label]
            cells.append("" if r["solved_at"] is None else f"{r['settled_at']} of {r['solved_at']}")
        lines.append(f"| {method.label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draws(figure, seeds=(0, 1, 2), home=HOME):
    """Return a Markdown table: the same methods on other draws of the data, the paper's last."""
    panels = _panels(figure)
    heads = [f"{_name(p)}: {s}" for p in panels for s in (*(f"draw {k}" for k in seeds), "paper")]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for method in FIGURES[figure].methods:
        cells = []
        for panel in panels:
            theirs = PAPER[figure, panel.data, panel.size].get(method.label)
            cells += [_shown(reached(read(home, figure, panel, seed)[method.label])) for seed in seeds]
            cells.append("" if theirs is None else _shown(theirs))
        lines.append(f"| {method.label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def pages_of_tables(home=HOME):
    """Return name -> table, what stands between the marks of the page."""
    tables = {f"figure {figure}": values(figure, home) for figure in FIGURES if _panels(figure)}
    tables |= {name: ours(name, home) for name in ("norms", "mixed", "pursuit", "ties")}
    return tables | {"order": orders(home), "starts": starts(home), "settled": settled(home),
                     "draws 6": draws("6", home=home), "draws 7": draws("7", home=home)}  # fmt: skip
