"""What was run, on disk: a JSON file a panel, a record a method; a method that is there is not run again."""

import json
from dataclasses import asdict
from pathlib import Path

from .data import case
from .experiments import FIGURES
from .run import KEPT, run
from .scores import register

__all__ = ["HOME", "fill", "path_of", "read"]

HOME = Path(__file__).parent / "records"


def path_of(home, figure, panel, seed=0):
    """Return where a panel is kept."""
    return Path(home) / f"figure{figure}-{panel.data}-{panel.size}{f'-seed{seed}' if seed else ''}.json"


def read(home, figure, panel, seed=0):
    """Return the records of a panel by label, empty where nothing was run."""
    path = path_of(home, figure, panel, seed)
    return {} if not path.exists() else {r["label"]: r for r in json.loads(path.read_text())["runs"]}


def _write(home, figure, panel, start, seed, runs):
    head = {"figure": figure, "panel": asdict(panel), "seed": seed, "start": start, "iterations": KEPT.tolist()}
    lines = [json.dumps(r) for r in runs.values()]
    text = json.dumps(head)[:-1] + ', "runs": [\n' + ",\n".join(lines) + "\n]}\n"
    path = path_of(home, figure, panel, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def fill(figures, *, home=HOME, seed=0, only=None, say=lambda line: None):
    """Run what is missing; panels of the same data together, since drawing them is slow."""
    register()
    tasks = [(f, p) for f in figures for p in FIGURES[f].panels if only is None or p.data in only]
    for figure, panel in sorted(tasks, key=lambda task: task[1].data):
        runs = read(home, figure, panel, seed)
        for method in FIGURES[figure].methods:
            if method.label in runs:
                continue
            drawn = case(panel.data, seed)
            runs[method.label] = run(drawn, method, panel.size, seed=seed)
            _write(home, figure, panel, drawn.start, seed, runs)
            done = runs[method.label]
            say(f"figure {figure} {panel.data} {panel.size:3d} {method.label:22} {done['final']:9.2e} "
                f"solved {done['solved_at']} {done['seconds']:6.1f} s")  # fmt: skip
