"""Cards: what the report says of each claim, as plain values that both templates print."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .bound import Bound
from .figures.svg import Drawing
from .outcome import Outcome
from .proof import holds

__all__ = ["card", "heading", "interval", "number"]

_ICONS = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "not-contradicted": "○"}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BOUND_HEADINGS = {
    "upper": "Measured at most", "lower": "Measured at least", "tight": "Measured at most, and attained",
    "rate": "Measured of the order of", "identity": "Measured equal to",
}  # fmt: skip


def number(value: float | None, *, digits: int = 3) -> str:
    """Return a number as people write it: −1.2·10⁻⁵, ∞, or a dash for none.

    Examples
    --------
    >>> number(-1.25e-5), number(0.5), number(float("nan"))
    ('−1.25·10⁻⁵', '0.5', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = f"10{str(int(exponent)).translate(_SUPERSCRIPT)}"
        text = power if mantissa == "1" else f"{mantissa}·{power}"
    return text.replace("-", "−")


def interval(ends: Sequence[float]) -> str:
    """Return an interval, open where it is unbounded; nothing for one that is not a number."""
    low, high = ends
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"{'(' if math.isinf(low) else '['}{number(low)}, {number(high)}{')' if math.isinf(high) else ']'}"


def heading(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what stands at the head of the page."""
    modes = sorted({outcome.mode for outcome in outcomes})
    good = sum(outcome.as_declared and outcome.proof_ok for outcome in outcomes)
    claims = "claim" if len(outcomes) == 1 else "claims"
    summary = f"{len(outcomes)} {claims}: {good} as declared before the run, {len(outcomes) - good} not."
    ends = [str(outcome.provenance["ended"]) for outcome in outcomes if outcome.provenance.get("ended")]
    date = max(ends) if ends else datetime.now(UTC).isoformat(timespec="minutes")
    return {
        "title": "sparsetheory: verification report",
        "heading": "Theorems held against measurements",
        "summary": summary,
        "mode": " and ".join(modes),
        "smoke": "quick" in modes,
        "date": f"{' and '.join(modes) or 'no'} run, {date[:16].replace('T', ' ')} UTC",
        "machine": _machine(outcomes[0].provenance if outcomes else {}),
    }


def _machine(facts: Mapping[str, Any]) -> str:
    words = [str(facts["cpu"])] if facts.get("cpu") else []
    words += [f"{facts['cores']} cores"] if facts.get("cores") else []
    words += [f"{k} {facts[k]}" for k in ("sparsetheory", "python", "numpy", "scipy", "numba") if facts.get(k)]
    return ", ".join(words)


def card(outcome: Outcome, panels: Sequence[Drawing]) -> dict[str, Any]:
    """Return everything that the page says of one claim."""
    claim, raw = outcome.claim, outcome.raw
    label = outcome.conclusion.split("(")[0]
    return {
        "id": claim.id, "anchor": claim.id.replace(".", "-"), "md_anchor": claim.id.replace(".", ""),
        "title": claim.title, "statement": claim.statement, "kind": claim.kind, "status": claim.status,
        "source": claim.source, "assumptions": claim.assumptions, "notes": outcome.notes,
        "bound": _latex(claim.bound), "bound_heading": _BOUND_HEADINGS[claim.kind], "symbols": _symbols(claim.bound),
        "bound_hash": claim.bound.hash,
        "tone": label, "icon": _ICONS[label], "shown": _spaced(outcome.shown), "smoke": outcome.mode == "quick",
        "surprise": _declared(outcome),
        "estimand": raw.estimand, "estimate": f"{number(raw.estimate)} {interval(raw.interval)}".strip(),
        "margin": number(raw.margin), "tightness": number(raw.tightness), "failures": _failures(outcome),
        "failure_list": [f"cell {o.cell}, replicate {o.replicate}: {o.failure}" for o in outcome.sample.failures[:20]],
        "replicates": raw.n_replicates, "range": _range(outcome),
        "controls": outcome.controls, "controls_ok": outcome.controls_ok and bool(outcome.controls),
        "controls_count": f"{sum(c.ok for c in outcome.controls)}/{len(outcome.controls)}",
        "sentence": f"{raw.sentence.rstrip('.')}; {_controls_sentence(outcome)}.",
        "facts": _facts(outcome), "panels": panels, "kappa": _kappa(outcome),
        "companions": [(name, number(v[0]), interval(v[1:])) for name, v in raw.companions.items()],
        "strata": [(name, _spaced(str(v)), f"{number(v.estimate)} {interval(v.interval)}", number(v.tightness))
                   for name, v in raw.strata.items()],
        "sensitivity": [(number(margin), _spaced(word)) for margin, word in raw.sensitivity.items()],
        "steps": outcome.proof, "badge": _badge(outcome), "declared_badge": claim.badge, "proof_ok": outcome.proof_ok,
        "proof_note": _proof_note(outcome),
        "provenance": list(_flat(outcome.provenance)), "command": outcome.command, "digest": outcome.digest,
    }  # fmt: skip


def _spaced(verdict: str) -> str:
    return verdict.replace("(", " (")


def _declared(outcome: Outcome) -> str:
    """Return what stands beside the verdict where it is not the usual one."""
    if not outcome.as_declared:
        return f"declared: {outcome.claim.expected}"
    return "as declared" if outcome.claim.expected != "supported" and outcome.mode == "full" else ""


def _badge(outcome: Outcome) -> str:
    if outcome.proof is None:
        return "not run"
    if not holds(outcome.proof):
        return "proof fails"
    return outcome.badge or outcome.claim.badge


def _proof_note(outcome: Outcome) -> str:
    if outcome.proof is None or outcome.proof_ok:
        return ""
    if not holds(outcome.proof):
        return "A step does not hold, or an anti-test did not fail."
    return f"Declared to reach {outcome.claim.badge!r}, reaches {outcome.badge!r}."


def _controls_sentence(outcome: Outcome) -> str:
    negative = [c for c in outcome.controls if c.expected == "refuted"]
    positive = [c for c in outcome.controls if c.expected == "supported"]
    said = f"controls refuted {sum(c.ok for c in negative)}/{len(negative)}"
    return said + (f", positive control supported {sum(c.ok for c in positive)}/{len(positive)}" if positive else "")


def _kappa(outcome: Outcome) -> str:
    if not any(c.kind == "wrong bound" for c in outcome.controls):
        return ""
    if outcome.smallest_refuted_kappa is None:
        return "No wrong bound on the declared scan was refuted: the study cannot see an error of that size."
    neutral = "" if outcome.neutral_kappa is None else f" (the claim's own value is {number(outcome.neutral_kappa)})"
    return f"Smallest refuted kappa on the declared scan: {number(outcome.smallest_refuted_kappa)}{neutral}."


def _failures(outcome: Outcome) -> str:
    return f"{outcome.raw.n_failures} of {len(outcome.sample.observations)}"


def _range(outcome: Outcome) -> str:
    grid = outcome.sample.grid
    sizes = f"{grid.axis} {number(grid.sizes[0])} to {number(grid.sizes[-1])}" if len(grid.sizes) > 1 else ""
    strata = f"{len(grid.strata)} strata" if len(grid.strata) > 1 else ""
    return ", ".join(filter(None, (sizes, strata))) or "one size"


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
    raw = outcome.raw
    facts = [
        (raw.estimand, number(raw.estimate)),
        (f"{raw.level:.0%} interval", interval(raw.interval) or "–"),
        ("claimed", number(raw.target)),
        ("margin, declared", number(raw.margin)),
        ("tightness", number(raw.tightness)),
        ("failures", f"{_failures(outcome)}, rate in {interval(raw.failure_interval)}"),
        ("replicates", str(raw.n_replicates)),
        ("range", _range(outcome)),
    ]
    if raw.replicates_needed is not None:
        facts.append(("replicates that would decide", f"about {raw.replicates_needed}"))
    return facts


def _names(bound: Bound) -> dict[Any, str]:
    """Return how the symbols of a bound are printed: words upright, Greek and single letters slanted."""
    import sympy

    printed = {}
    for symbol in bound.expression.free_symbols:
        latex = sympy.latex(symbol)
        printed[symbol] = rf"\mathrm{{{latex}}}" if latex.isalpha() and len(latex) > 1 else latex
    return printed


def _latex(bound: Bound) -> str:
    import sympy

    return sympy.latex(bound.expression, symbol_names=_names(bound))


def _symbols(bound: Bound) -> list[tuple[str, str]]:
    names = {str(symbol): latex for symbol, latex in _names(bound).items()}
    return [(names.get(name, rf"\mathrm{{{name}}}"), words) for name, words in bound.symbols.items()]


def _flat(facts: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Yield provenance as lines, nested mappings with their path."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}: ")
        else:
            words = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
            yield prefix + str(key).replace("_", " "), words
