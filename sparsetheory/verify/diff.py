"""Diff: two runs side by side, claim by claim. Reads what `verify` left behind, runs and judges nothing."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InvalidArgument
from .terminal import console, number, show_rows

__all__ = ["Comparison", "Difference", "Side", "compare", "show", "to_markdown"]

_HEAD = ("claim", "verdict", "estimate [interval]", "proof", "controls", "measurements")
#: What provenance says of code, libraries and machine; a difference is told where measurements differ.
_ORIGINS = ("sparsetheory", "git", "python", "numpy", "scipy", "numba", "blas", "cpu", "root_seed")
#: What a line of ``verdicts.json`` has to have to be compared.
_NEEDED = {
    "claim", "conclusion", "shown", "declared", "estimate", "interval", "proof", "controls", "digest", "replicates",
}  # fmt: skip
_SAME = (
    "Same measurements: the digests agree, so both runs stored the same numbers bit for bit, broken controls included. "
    "That says nothing of the code, bound, rule or machine behind them; a verdict may still differ."
)
_OTHER = "Other measurements: the digests differ, be it in one bit of one record; intervals tell how much it matters."


@dataclass(frozen=True, kw_only=True)
class Side:
    """One claim in one run.

    Attributes
    ----------
    line : mapping
        Its entry in ``verdicts.json``.
    origin : mapping
        Provenance of the records (hashes, versions, machine), empty where the records are not in the folder.
    """

    line: Mapping[str, Any]
    origin: Mapping[str, Any]

    @property
    def said(self) -> str:
        """What a run says of the study in words that a quick run, which concludes nothing, shares with a full one."""
        shown = self.line["shown"].removeprefix("smoke: ")
        return "as declared" if shown == self.line["declared"] else shown

    def disagrees(self, other: "Side") -> bool:
        """Whether another conclusion was drawn on the study, or the proof came out otherwise."""
        concluded = self.line["conclusion"], other.line["conclusion"]
        verdicts = (self.said, other.said) if None in concluded else concluded
        return verdicts[0] != verdicts[1] or self.line["proof"]["ok"] != other.line["proof"]["ok"]

    @property
    def cells(self) -> tuple[str, ...]:
        """Verdict, estimate, proof and controls as the table shows them."""
        line, proof = self.line, self.line["proof"]
        low, high = map(_number, line["interval"])
        fine = sum(control["ok"] for control in line["controls"])
        return (
            line["shown"],
            f"{_number(line['estimate'])} [{low}, {high}]",
            proof["badge"] if proof["ok"] else f"FAILED ({proof['badge']})",
            f"{fine}/{len(line['controls'])}",
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One claim in two runs; a side is None where its run does not have the claim."""

    claim: str
    before: Side | None
    after: Side | None

    @property
    def changed(self) -> bool:
        """Whether another conclusion is drawn than before, or none any more; a new claim changes nothing."""
        if self.before is None:
            return False
        return self.after is None or self.before.disagrees(self.after)

    @property
    def row(self) -> list[str]:
        """The claim's row of the table."""
        if self.before is None or self.after is None:
            side, where = (self.after, "B") if self.before is None else (self.before, "A")
            assert side is not None
            verdict, *rest = side.cells
            return [self.claim, f"only in {where}: {verdict}", *rest, "-"]
        pairs = zip(self.before.cells, self.after.cells, strict=True)
        same = self.before.line["digest"] == self.after.line["digest"]
        return [self.claim, *(_arrow(a, b) for a, b in pairs), "same" if same else "other"]

    def remarks(self) -> Iterator[str]:
        """Say what changed beside the table, a sentence each."""
        if self.before is None or self.after is None:
            return
        yield from _declarations(self.before, self.after)
        yield from _controls(self.before.line["controls"], self.after.line["controls"])
        yield from _numbers(self.before.line, self.after.line)
        yield from _measurements(self.before, self.after)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two runs, claim by claim."""

    before: Path
    after: Path
    differences: tuple[Difference, ...]

    @property
    def changed(self) -> bool:
        """Whether any claim has another conclusion in the later run, or none."""
        return any(d.changed for d in self.differences)

    @property
    def headline(self) -> str:
        """The comparison in a line."""
        both = [d for d in self.differences if d.before and d.after]
        parts = [f"{sum(d.changed for d in both)} of {len(both)} conclusions changed"]
        gone, new = (sum(getattr(d, side) is None for d in self.differences) for side in ("after", "before"))
        one_sided = ((gone, "A"), (new, "B"))
        parts += [f"{n} claim{'' if n == 1 else 's'} only in {name}" for n, name in one_sided if n]
        return ", ".join(parts)

    @property
    def legend(self) -> list[str]:
        """What equal and unequal digests mean, as far as there are any."""
        told = {d.row[-1] for d in self.differences}
        return [text for word, text in (("same", _SAME), ("other", _OTHER)) if word in told]


def compare(before: Path, after: Path) -> Comparison:
    """Compare the verdicts and records of two folders that ``sparsetheory verify`` wrote.

    Raises
    ------
    InvalidArgument
        If a folder has no readable ``verdicts.json``.
    """
    a, b = _sides(before, "A"), _sides(after, "B")
    differences = tuple(Difference(claim=id, before=a.get(id), after=b.get(id)) for id in {**a, **b})
    return Comparison(before=before, after=after, differences=differences)


def show(comparison: Comparison) -> None:
    """Print a comparison on the terminal."""
    differences = comparison.differences
    console.print(f"A = {comparison.before}, B = {comparison.after}: {comparison.headline}", markup=False)
    show_rows(_HEAD, [d.row for d in differences], [d.changed for d in differences])
    for line in (f"{d.claim}: {remark}" for d in differences for remark in d.remarks()):
        console.print(line, markup=False)
    for line in comparison.legend:
        console.print(line, markup=False)


def to_markdown(comparison: Comparison) -> str:
    """Return a comparison as Markdown: a table, remarks below it, changed conclusions in bold."""
    lines = [f"**{comparison.headline}** (A = `{comparison.before}`, B = `{comparison.after}`)", ""]
    lines += [_table_row(_HEAD), _table_row(["---"] * len(_HEAD))]
    for d in comparison.differences:
        claim, verdict, *rest = (cell.replace("|", r"\|") for cell in d.row)
        lines.append(_table_row([f"`{claim}`", f"**{verdict}**" if d.changed else verdict, *rest]))
    remarks = [f"- `{d.claim}`: {remark}" for d in comparison.differences for remark in d.remarks()]
    lines += ["", *remarks] if remarks else []
    return "\n".join(lines + [part for text in comparison.legend for part in ("", f"<sub>{text}</sub>")])


def _table_row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "-" if value is None else number(value)


def _arrow(a: Any, b: Any) -> str:
    return f"{a}" if a == b else f"{a} -> {b}"


def _sides(folder: Path, name: str) -> dict[str, Side]:
    """Return the claims of a run by id."""
    path = folder / "verdicts.json"
    expected = "verdicts.json as `sparsetheory verify` writes it"
    if not path.is_file():
        finished = "a folder that `sparsetheory verify` finished; `sparsetheory report` judges one that was interrupted"
        raise InvalidArgument(name, finished, f"{folder}, without verdicts.json")
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidArgument(name, expected, f"{path} ({error})") from None
    if not isinstance(lines, list) or not all(isinstance(line, dict) and line.keys() >= _NEEDED for line in lines):
        raise InvalidArgument(name, expected, f"{path}, without some of {', '.join(sorted(_NEEDED))}")
    return {line["claim"]: Side(line=line, origin=_origin(folder, line["claim"])) for line in lines}


def _origin(folder: Path, claim: str) -> dict[str, Any]:
    """Return the provenance of a claim's latest run, {} where the records are not there or cannot be read."""
    path = folder / "records" / f"{claim}.sqlite"
    if not path.is_file():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT facts FROM runs ORDER BY id DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        return {}
    return {} if row is None else json.loads(row[0]).get("provenance", {})


def _declarations(a: Side, b: Side) -> Iterator[str]:
    """What was declared otherwise: such a change can change a verdict without any other measurement."""
    hashes = [str(side.origin.get("bound", "")) for side in (a, b)]
    if "" in hashes:
        yield "whether the bound is the same is not known: there are no records beside the verdicts"
    elif hashes[0] != hashes[1]:
        yield f"the bound changed (hash {hashes[0][:12]} -> {hashes[1][:12]})"
    for key, what in (("mode", "mode"), ("margin", "margin"), ("declared", "declared verdict"), ("target", "target")):
        if a.line.get(key) != b.line.get(key):
            yield f"the {what} changed: {a.line.get(key)} -> {b.line.get(key)}"
    if a.line.get("mode") != b.line.get("mode"):
        yield "a quick run concludes nothing: what is compared is what its rule says, with a wider margin"
    if a.line["proof"]["declared"] != b.line["proof"]["declared"]:
        yield f"the declared proof changed: {a.line['proof']['declared']} -> {b.line['proof']['declared']}"


def _controls(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Iterator[str]:
    """Which controls came, went, or came out otherwise."""
    old, new = ({(c["kind"], c["name"]): c for c in controls} for controls in (a, b))
    for kind, name in {**old, **new}:
        verdicts = [known[kind, name]["verdict"] if (kind, name) in known else "not there" for known in (old, new)]
        if verdicts[0] != verdicts[1]:
            yield f"control '{name}' ({kind}): {verdicts[0]} -> {verdicts[1]}"


def _numbers(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    """Which numbers moved beside estimate and interval, and whether the intervals still meet."""
    ends = [end for line in (a, b) for end in line["interval"]]
    if None not in ends and (ends[1] < ends[2] or ends[3] < ends[0]):
        yield "the intervals do not overlap"
    for key, what in (
        ("estimand", "estimand"), ("tightness", "tightness"), ("smallest_refuted_kappa", "smallest refuted kappa"),
        ("replicates", "replicates"), ("failures", "failures"),
    ):  # fmt: skip
        old, new = (_number(v) if isinstance(v, float) or v is None else str(v) for v in (a.get(key), b.get(key)))
        if old != new:
            yield f"{what}: {old} -> {new}"


def _measurements(a: Side, b: Side) -> Iterator[str]:
    """Say what equal and unequal digests come from, as far as the records tell."""
    same = a.line["digest"] == b.line["digest"]
    prints = [side.origin.get("fingerprint") for side in (a, b)]
    if None in prints:
        if not same:
            yield "other measurements; what they come from is not known without the records"
        return
    origins = [(key, a.origin.get(key), b.origin.get(key)) for key in _ORIGINS]
    moved = ", ".join(f"{key} {_arrow(old, new)}" for key, old, new in origins if old != new)
    if same:
        if prints[0] != prints[1]:
            yield "same measurements, though what they depend on (code, bound, grid, seed, versions) is not the same"
    elif prints[0] != prints[1]:
        yield f"other measurements from other code, bound, grid, seed or versions{f' ({moved})' if moved else ''}"
    elif a.line["replicates"] == b.line["replicates"]:
        yield (
            "other measurements from the same code, grid, seed and versions: "
            + (f"{moved}, " if moved else "")
            + "failures that came otherwise, or a study that is not deterministic"
        )
