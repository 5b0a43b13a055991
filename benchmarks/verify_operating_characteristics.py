"""How often the rules support, refute or abstain, truth by truth: the tables of docs/operating-characteristics.md.

    python benchmarks/verify_operating_characteristics.py [TABLE...] [--studies 1000] [--write FILE]

Without a table all of them. Every study draws fresh errors and is judged by the shipped rules; the entries are
deterministic. With ``--write`` a table replaces what stands between its marks in a Markdown file.
"""

import argparse
import re
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from sparsetheory.verify import Drift, Joint, Logarithm, Sequential, confidence_sequence
from sparsetheory.verify.estimate import slope_weights, student, wilson
from sparsetheory.verify.panel import Panel

LABELS = ("supported", "refuted", "inconclusive")
TRUTHS = {
    "n^-.5 clean": lambda n: n**-0.5,
    "n^-.5 (1 + 5 n^-1/2)": lambda n: n**-0.5 * (1 + 5 * n**-0.5),
    "n^-.5 (1 + 5 n^-1/4)": lambda n: n**-0.5 * (1 + 5 * n**-0.25),
    "n^-.5, 10% failed fits": lambda n: n**-0.5,
    "n^-.5, 2% missing": lambda n: n**-0.5,
    "n^-.40 (edge)": lambda n: n**-0.4,
    "n^-.35": lambda n: n**-0.35,
    "n^-.25": lambda n: n**-0.25,
    "n^-.25 disguised by (1 + 5 n^-1/4)": lambda n: n**-0.25 * (1 + 5 * n**-0.25),
    "n^-.5 log n, the log left out": lambda n: n**-0.5 * np.log(n),
}
#: decades, sizes, replicates, alternative
DESIGNS = {
    "2 decades, J=7, R=100": (2, 7, 100, "two-sided"),
    "3 decades, J=7, R=100 (default)": (3, 7, 100, "two-sided"),
    "3 decades, J=10, R=100": (3, 10, 100, "two-sided"),
    "3 decades, J=10, R=400": (3, 10, 400, "two-sided"),
    "one-sided, 3 decades, J=10, R=100": (3, 10, 100, "upper"),
}
DEFAULT = "3 decades, J=7, R=100 (default)"
STOPPED = {
    "n^-.40 (edge)": TRUTHS["n^-.40 (edge)"],
    "n^-.50": TRUTHS["n^-.5 clean"],
    "n^-.45": lambda n: n**-0.45,
    "n^-.35": TRUTHS["n^-.35"],
    "n^-.25": TRUTHS["n^-.25"],
    "n^-.5 (1 + 5 n^-1/4)": TRUTHS["n^-.5 (1 + 5 n^-1/4)"],
    "n^-.5 log n, the log left out": TRUTHS["n^-.5 log n, the log left out"],
}
STOPPING = Sequential(max=800)
LOGARITHMS = {
    "1/log n": lambda n: 1 / np.log(n),
    "n^-.13, its twin on 1e2..1e5": lambda n: n**-0.13,
    "1/sqrt(log n)": lambda n: np.log(n) ** -0.5,
}
#: first and last size, replicates, log-sd of the lognormal noise
RANGES = {
    "1e2..1e5, R=100": (1e2, 1e5, 100, 0.5),
    "10..1e7, R=100": (1e1, 1e7, 100, 0.5),
    "10..1e7, R=100, log-sd 1.11": (1e1, 1e7, 100, 1.11),
}
FACTORS = {"n": np.geomspace(100, 10_000, 4), "d": np.array([5.0, 10, 20, 40]), "1/eps": np.array([0.5, 1, 2, 4])}
#: true drifts along the factors
DRIFTS = {
    "none": (0.0, 0.0, 0.0),
    "n at the edge": (0.1, 0.0, 0.0),
    "d at the edge": (0.0, 0.1, 0.0),
    "all at the edge": (0.1, 0.1, 0.1),
    "d off by 0.2": (0.0, 0.2, 0.0),
    "d off by 0.3": (0.0, 0.3, 0.0),
    "n by 0.15 and d by -0.15": (0.15, -0.15, 0.0),
}


# --- studies -------------------------------------------------------------------------------------------------------


def draw(truth, sizes, replicates, rng):
    """Errors of one study, ``truth(n) * |N(0, 1)|``, replicates by sizes."""
    shape = (TRUTHS | STOPPED)[truth]
    errors = shape(sizes) * np.abs(rng.standard_normal((replicates, len(sizes))))
    lost = rng.random(errors.shape)
    if "failed" in truth:  # unnoticed: the fit returns an error that does not fall with n
        failed = np.abs(rng.standard_normal(errors.shape)) * sizes[0] ** -0.5
        errors = np.where(lost < 0.1, failed, errors)
    if "missing" in truth:  # noticed: there is no number
        errors = np.where(lost < 0.02, np.nan, errors)
    return errors


def panel(errors, sizes, bound=None):
    """The errors against a bound, n^-1/2 unless said otherwise, as a rule sees them."""
    bound = np.broadcast_to(-0.5 * np.log(sizes) if bound is None else np.log(bound), errors.shape)
    return Panel(
        place=np.broadcast_to(sizes, errors.shape), ratio=np.log(errors) - bound, bound=bound,
        n_records=errors.size, n_failures=int(np.isnan(errors).sum()), n_floored=0,
        slot_sizes=tuple(sizes), tightness=np.nan,
    )  # fmt: skip


def stream(*names):
    """A stream of its own for every entry."""
    return np.random.default_rng([20240507, zlib.crc32("|".join(names).encode())])


def _label(rule, judge):
    """The label of a study; companions only ever take a verdict away, so without a verdict of the means they rest."""
    label = judge(replace(rule, companions=False)).label
    return judge(rule).label if rule.companions and label != "inconclusive" else label


def characteristics(truth, design, studies, *, companions=True):
    """Shares of (supported, refuted, inconclusive) among `studies` independent studies of fixed size."""
    decades, points, replicates, alternative = DESIGNS[design]
    rule = Drift(alternative=alternative, companions=companions)
    sizes = np.geomspace(100, 100 * 10.0**decades, points)
    rng = stream(truth, design)
    drawn = (panel(draw(truth, sizes, replicates, rng), sizes) for _ in range(studies))
    labels = [_label(rule, lambda rule, p=p: rule.judge_panel(p)) for p in drawn]
    return tuple(labels.count(label) / studies for label in LABELS)


OPEN = 9


def _side(lower, upper, margin):
    """0 where an interval lies inside the margin, +1 above it, -1 below it, OPEN where it decides nothing."""
    inside, above, below = (lower > -margin) & (upper < margin), lower > margin, upper < -margin
    return np.select([inside, above, below], [0, 1, -1], OPEN)


def _sequence(slopes, looks):
    """90% intervals that hold at all looks."""
    at = np.array(looks) - 1
    return tuple(ends[at] for ends in confidence_sequence(slopes, level=0.9))


def _repeated_t(slopes, looks):
    """Ordinary 90% intervals at every look: what the sequence is there to replace."""
    n = np.array(looks)
    mean = np.cumsum(slopes)[n - 1] / n
    error = np.array([slopes[:k].std(ddof=1) for k in looks]) / np.sqrt(n)
    half = np.array([student(k - 1, 0.9) for k in looks]) * error
    return mean - half, mean + half


def _stop(errors, sizes, kind, looks=STOPPING.looks):
    """Label and stopping time of one study that is looked at again and again.

    A support needs the main interval inside, a refutation the main and the corrected one outside on one side, so the
    whole rule is asked at those looks only; that this is the engine's own walk is tested.
    """
    rule = Drift(alternative="two-sided").sequential()
    whole = panel(errors, sizes)
    main = whole.ratio @ slope_weights(rule.abscissa(sizes))
    side = _side(*(_repeated_t if kind == "repeated t" else _sequence)(main, looks), rule.margin)
    if kind == "whole rule":
        corrected = whole.ratio @ slope_weights(rule.abscissa(sizes), rule.correction_column(sizes))
        side = np.where((side == 0) | (side == _side(*_sequence(corrected, looks), rule.margin)), side, OPEN)
    for k in np.flatnonzero(side != OPEN):
        label = "supported" if side[k] == 0 else "refuted"
        if kind == "whole rule":
            label = rule.judge_panel(panel(errors[: looks[k]], sizes)).label
        if label != "inconclusive":
            return label, looks[k]
    return "inconclusive", looks[-1]


def stopping(truth, decades, kind, studies):
    """Shares of (supported, refuted, inconclusive) and the mean stopping time of sequential studies."""
    sizes = np.geomspace(100, 100 * 10.0**decades, 7)
    rng = stream(truth, f"{decades} decades", "sequential")
    ends = [_stop(draw(truth, sizes, STOPPING.max, rng), sizes, kind) for _ in range(studies)]
    labels = [label for label, _ in ends]
    return tuple(labels.count(label) / studies for label in LABELS), float(np.mean([time for _, time in ends]))


def logarithm(truth, where, studies):
    """Shares of (supported, refuted, inconclusive) for the claim of order 1/log n."""
    first, last, replicates, spread = RANGES[where]
    sizes, rule, rng = np.geomspace(first, last, 10), Logarithm(), stream(truth, where)
    labels = []
    for _ in range(studies):
        errors = LOGARITHMS[truth](sizes) * np.exp(spread * rng.standard_normal((replicates, 10)))
        seen = panel(errors, sizes, bound=1 / np.log(sizes))
        labels.append(_label(rule, lambda rule, seen=seen: rule.judge_panel(seen)))
    return tuple(labels.count(label) / studies for label in LABELS)


def joint(truth, replicates, studies):
    """Shares of (supported, refuted, inconclusive) of a claim in three parameters, 64 cells, half-normal noise."""
    rule, rng = Joint(factors=tuple(FACTORS), alternative="two-sided"), stream(truth, str(replicates))
    places = dict(zip(FACTORS, (axis.ravel() for axis in np.meshgrid(*FACTORS.values())), strict=True))
    mean = np.prod([place**drift for place, drift in zip(places.values(), DRIFTS[truth], strict=True)], axis=0)
    labels = []
    for _ in range(studies):
        errors = mean * np.abs(rng.standard_normal((replicates, len(mean))))
        panels = {factor: panel(errors, place, bound=np.ones_like(mean)) for factor, place in places.items()}
        labels.append(_label(rule, lambda rule, panels=panels: rule.judge_panels(panels)))
    return tuple(labels.count(label) / studies for label in LABELS)


# --- tables --------------------------------------------------------------------------------------------------------


def _share(x):
    return f"{x:.2f}".removeprefix("0")


def _cell(shares):
    return "/".join(map(_share, shares))


def _with_interval(share, studies):
    """A share with its 95% Monte Carlo interval."""
    low, high = wilson(round(share * studies), studies)
    return f"{share:.3f} [{low:.3f}, {high:.3f}]"


def fixed(studies):
    """Yield the rows of the table of the default rule at fixed sizes."""
    yield ["truth", *DESIGNS, "default design, main interval only"]
    for truth in TRUTHS:
        alone = characteristics(truth, DEFAULT, studies, companions=False)
        yield [truth, *(_cell(characteristics(truth, design, studies)) for design in DESIGNS), _cell(alone)]


def errors(studies):
    """Yield the wrong verdicts of the default rule with Monte Carlo intervals."""
    yield ["truth", "design", "what is wrong", "share [95% interval]"]
    for truth, wrong in (
        ("n^-.40 (edge)", "supported"), ("n^-.35", "supported"), ("n^-.25", "supported"),
        ("n^-.40 (edge)", "refuted"), ("n^-.5 clean", "refuted"), ("n^-.5 (1 + 5 n^-1/4)", "refuted"),
        ("n^-.5 log n, the log left out", "refuted"),
    ):  # fmt: skip
        for design in ("2 decades, J=7, R=100", DEFAULT):
            share = characteristics(truth, design, studies)[LABELS.index(wrong)]
            yield [truth, design, wrong, _with_interval(share, studies)]


def sequential(studies):
    """Yield the rows of the table of studies that stop by themselves."""
    kinds = ("repeated t", "main interval", "whole rule")
    yield ["truth", "decades", *(f"{kind}: supported, refuted; mean R" for kind in kinds)]
    for decades in (2, 3):
        for truth in STOPPED:
            row = []
            for kind in kinds:
                shares, time = stopping(truth, decades, kind, studies)
                row.append("; ".join([*(_with_interval(share, studies) for share in shares[:2]), f"{time:.0f}"]))
            yield [truth, str(decades), *row]


def logarithms(studies):
    """Yield the rows of the table of a rate slower than any polynomial."""
    yield ["truth", *RANGES]
    for truth in LOGARITHMS:
        yield [truth, *(_cell(logarithm(truth, where, studies)) for where in RANGES)]


def joints(studies):
    """Yield the rows of the table of several parameters at once."""
    yield ["true drift", "supported", "refuted"]
    for truth in DRIFTS:
        yield [truth, *(_with_interval(share, studies) for share in joint(truth, 50, studies)[:2])]


TABLES = {"fixed": fixed, "errors": errors, "sequential": sequential, "logarithm": logarithms, "joint": joints}


def _write(path, name, lines):
    """Replace what stands between the marks of a table."""
    text = path.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marks.search(text):
        raise SystemExit(f"{path} has no marks '<!-- table {name} -->' and '<!-- end -->'")
    path.write_text(marks.sub(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--write", type=Path, help="Markdown file whose tables are replaced")
    options = parser.parse_args()
    for name in options.tables or TABLES:
        lines = []
        for row in TABLES[name](options.studies):
            lines.append(f"| {' | '.join(row)} |")
            print(lines[-1], flush=True)
            if len(lines) == 1:
                lines.append("|---" * len(row) + "|")
                print(lines[-1], flush=True)
        print()
        if options.write:
            _write(options.write, name, lines)


if __name__ == "__main__":
    main()
