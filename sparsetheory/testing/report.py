"""What `check_solver` found: one entry a property, in words and as Markdown."""

from dataclasses import dataclass

from .finding import Finding

__all__ = ["Entry", "Report"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One property of a contract and how it came out.

    Attributes
    ----------
    finding : Finding
        The shrunk failure, or the passing example that used most of its tolerance.
    required : bool
        Optional properties are reported and decide nothing.
    reason : str or None
        Why a failure was expected; None where none was.
    n_examples, n_decided : int
        Problems tried, and those on which the property could have failed.
    script : str
        Three lines that show a failure again; empty where there is none.
    """

    finding: Finding
    required: bool
    reason: str | None
    n_examples: int
    n_decided: int
    script: str = ""

    @property
    def status(self) -> str:
        """Return "passed", "failed", "unsupported", "expected failure", "unexpected pass" or "not exercised"."""
        if self.finding.ok is False:
            if self.reason is not None:
                return "expected failure"
            return "failed" if self.required else "unsupported"
        if self.n_decided == 0:
            return "not exercised"
        return "passed" if self.reason is None else "unexpected pass"

    @property
    def acceptable(self) -> bool:
        """Whether the solver keeps the contract here; an expected failure that passes is out of date and does not."""
        return self.status in ("passed", "unsupported", "expected failure") or (
            self.status == "not exercised" and not self.required and self.reason is None
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Report:
    """Everything that a contract found about a solver.

    Attributes
    ----------
    solver, contract, level : str
        What was checked against what, and how hard.
    tol : float
        What the solver was taken to promise; the contract says of what.
    entries : tuple of Entry
        One for each property, in the order of the contract.
    """

    solver: str
    contract: str
    level: str
    tol: float
    entries: tuple[Entry, ...]

    @property
    def passed(self) -> bool:
        """Whether every property came out as it had to."""
        return all(entry.acceptable for entry in self.entries)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The finding of each property."""
        return tuple(entry.finding for entry in self.entries)

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of a property by its name."""
        for entry in self.entries:
            if entry.finding.name == name:
                return entry
        raise KeyError(name)

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for entry in self.entries:
            counts[entry.status] = counts.get(entry.status, 0) + 1
        word = "passed" if self.passed else "FAILED"
        lines = [f"{self.solver}: {word} {self.contract} at level {self.level}, tol {self.tol:g}"]
        lines.append("  " + ", ".join(f"{count} {status}" for status, count in counts.items()))
        lines += [f"  {e.status}: {e.finding}" for e in self.entries if not e.acceptable]
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """Return a table of all properties, then every failure with a script that shows it again."""
        word = "passed" if self.passed else "failed"
        lines = [f"## `{self.solver}`: contract `{self.contract}` {word}", ""]
        lines += [f"Level `{self.level}`, tolerance {self.tol:g}.", ""]
        lines += ["| property | status | examples (decided) | measured | tolerance |", "|---|---|---|---|---|"]
        for e in self.entries:
            f = e.finding
            name = f.name if e.required else f"{f.name} (optional)"
            numbers = f"{f.measured:.2e} | {f.tolerance:.2e}"
            lines.append(f"| {name} | {e.status} | {e.n_examples} ({e.n_decided}) | {numbers} |")
        for e in self.entries:
            if e.finding.ok is False or e.status == "unexpected pass":
                why = f" ({e.reason})" if e.reason else ""
                lines += ["", f"### {e.finding.name}: {e.status}{why}", "", e.finding.message + "."]
                if e.finding.tolerance_formula:
                    lines += ["", f"Tolerance: {e.finding.tolerance_formula}."]
                if e.script:
                    lines += ["", "```python", e.script, "```"]
        return "\n".join(lines) + "\n"
