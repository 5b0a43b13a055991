"""Cards: what the report says of each claim, as plain values that both templates print."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .bound import Bound
from .figures.svg import Drawing
from .outcome import Crash, Outcome
from .proof import holds
from .verdict import Verdict

__all__ = ["card", "crash_card", "heading", "interval", "number", "prose", "said"]

_ICONS = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "not-contradicted": "○"}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BOUND_HEADINGS = {
    "upper": "Upper bound", "lower": "Lower bound", "tight": "Bound, attained", "rate": "Rate",
    "identity": "Exact value",
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
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "−")
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = f"10{str(int(exponent)).translate(_SUPERSCRIPT)}"
        text = power if mantissa == "1" else f"{mantissa}·{power}"
    return text.replace("-", "−")


def interval(ends: Sequence[float], *, digits: int = 4) -> str:
    """Return an interval, open where it is unbounded; nothing for one that is not a number."""
    low, high = ends
    if math.isnan(low) or math.isnan(high):
        return ""
    left, right = "(" if math.isinf(low) else "[", ")" if math.isinf(high) else "]"
    return f"{left}{number(low, digits=digits)}, {number(high, digits=digits)}{right}"


def prose(sentence: str) -> str:
    """Return a generated sentence with the signs that people print, from a capital letter on.

    Examples
    --------
    >>> prose("the exponent is -0.5; claim <= -0.5 +- 0.1")
    'The exponent is −0.5; claim ≤ −0.5 ± 0.1'
    """
    for ascii_sign, sign in (("+-", "±"), ("<=", "≤"), (">=", "≥"), (" - ", " − ")):
        sentence = sentence.replace(ascii_sign, sign)
    sentence = re.sub(r"(?<![\w.])-(?=[\d.]|inf)", "−", sentence)
    return sentence[:1].upper() + sentence[1:]


def heading(outcomes: Sequence[Outcome], crashes: Sequence[Crash] = ()) -> dict[str, Any]:
    """Return what stands at the head of the page."""
    modes = sorted({outcome.mode for outcome in outcomes} | {crash.mode for crash in crashes})
    good = sum(outcome.as_declared and outcome.proof_ok for outcome in outcomes)
    ends = [str(outcome.provenance["ended"]) for outcome in outcomes if outcome.provenance.get("ended")]
    date = max(ends) if ends else datetime.now(UTC).isoformat(timespec="minutes")
    return {
        "title": "sparsetheory: verification report",
        "heading": "Theorems held against measurements",
        "summary": _summary(good, len(outcomes) + len(crashes)),
        "mode": " and ".join(modes),
        "smoke": "quick" in modes,
        "date": f"{' and '.join(modes) or 'no'} run, {date[:16].replace('T', ' ')} UTC",
        "machine": _machine(outcomes[0].provenance if outcomes else {}),
    }


def _summary(good: int, total: int) -> str:
    claims = "claim" if total == 1 else "claims"
    if good == total:
        return f"{'All ' if total > 1 else ''}{total} {claims} came out as declared before the run."
    return f"{good} of {total} {claims} came out as declared before the run; {total - good} did not."


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
        "estimand": raw.estimand, "point": number(raw.estimate, digits=4), "interval": interval(raw.interval),
        "margin": number(raw.margin), "tightness": number(raw.tightness), "failures": _failures(outcome),
        "failure_list": [f"cell {o.cell}, replicate {o.replicate}: {o.failure}" for o in outcome.sample.failures[:20]],
        "replicates": raw.n_replicates, "range": _range(outcome), "strata_count": _strata(outcome),
        "controls": [(c, said(outcome, c.verdict)) for c in outcome.controls],
        "controls_ok": outcome.controls_ok and bool(outcome.controls),
        "controls_count": f"{sum(c.ok for c in outcome.controls)}/{len(outcome.controls)}",
        "sentence": f"{said(outcome, raw).rstrip('.')}; {_controls_sentence(outcome)}.",
        "facts": _facts(outcome), "panels": panels, "kappa": _kappa(outcome),
        "companions": [(name, number(v[0], digits=4), interval(v[1:])) for name, v in raw.companions.items()],
        "strata": [_stratum(outcome, name, verdict) for name, verdict in raw.strata.items()],
        "sensitivity": [(number(margin), _label(outcome, word)) for margin, word in raw.sensitivity.items()],
        "steps": outcome.proof, "badge": _badge(outcome), "declared_badge": claim.badge, "proof_ok": outcome.proof_ok,
        "proof_note": _proof_note(outcome),
        "provenance": list(_flat(outcome.provenance)), "command": outcome.command, "digest": outcome.digest,
    }  # fmt: skip


def crash_card(crash: Crash) -> dict[str, Any]:
    """Return what the page says of a claim that could not be judged."""
    claim = crash.claim
    return {
        "id": claim.id, "anchor": claim.id.replace(".", "-"), "md_anchor": claim.id.replace(".", ""),
        "title": claim.title, "statement": claim.statement, "kind": claim.kind, "status": claim.status,
        "source": claim.source, "tone": "error", "icon": "!", "shown": "error", "smoke": False,
        "message": crash.message, "command": crash.command,
    }  # fmt: skip


def _stratum(outcome: Outcome, name: str, verdict: Verdict) -> tuple[str, ...]:
    estimate = f"{number(verdict.estimate, digits=4)} {interval(verdict.interval)}"
    return name, _label(outcome, str(verdict)), estimate, number(verdict.tightness), said(outcome, verdict)


def _label(outcome: Outcome, word: str) -> str:
    """Return a verdict's word; a quick run never says supported of its claim."""
    return "passes as smoke" if outcome.mode == "quick" and word == "supported" else _spaced(word)


def said(outcome: Outcome, verdict: Verdict) -> str:
    """Return a verdict's sentence for readers; strata that all agree are counted here and quoted in their own table."""
    if verdict.strata and all(part.label == "supported" for part in (verdict, *verdict.strata.values())):
        supported = _label(outcome, "supported").replace("passes", "passed")
        sentence = f"{supported} on each of {len(verdict.strata)} strata, {', '.join(verdict.strata)}"
        return prose(f"{sentence}; {verdict.n_replicates} replicates, {verdict.n_failures} failures")
    sentence = verdict.sentence
    if outcome.mode == "quick":
        sentence = sentence.replace(" supported at ", " passes as smoke at ")
    return prose(sentence)


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
    own = number(outcome.neutral_kappa)
    shown = [number(outcome.smallest_refuted_kappa, digits=digits) for digits in (3, 6, 9, 12)]
    told_apart = next((text for text in shown if text != own), shown[-1])
    neutral = "" if outcome.neutral_kappa is None else f" (the claim's own value is {own})"
    return f"Smallest refuted kappa on the declared scan: {told_apart}{neutral}."


def _failures(outcome: Outcome) -> str:
    return f"{outcome.raw.n_failures}/{len(outcome.sample.observations)}"


def _range(outcome: Outcome) -> str:
    grid = outcome.sample.grid
    return f"{grid.axis} {number(grid.sizes[0])} to {number(grid.sizes[-1])}" if len(grid.sizes) > 1 else "one size"


def _strata(outcome: Outcome) -> str:
    """Return how many strata there are, and which of them the numbers of the claim are those of."""
    raw, strata = outcome.raw, len(outcome.sample.grid.strata)
    if strata < 2:
        return ""
    name = next((n for n, v in raw.strata.items() if (v.label, v.interval) == (raw.label, raw.interval)), None)
    return f"{strata} strata" if name is None else f"worst of {strata} strata: {name}"


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
    raw = outcome.raw
    facts = [
        (raw.estimand, number(raw.estimate, digits=4)),
        (f"{raw.level:.0%} interval", interval(raw.interval) or "–"),
        ("claimed", number(raw.target)),
        ("margin, declared", number(raw.margin)),
        ("tightness", number(raw.tightness)),
        ("failures", f"{_failures(outcome)}, rate {interval(raw.failure_interval, digits=2)}"),
        ("replicates", str(raw.n_replicates)),
        ("range", ", ".join(filter(None, (_range(outcome), _strata(outcome))))),
    ]
    if raw.replicates_needed is not None:
        facts.append(("replicates that would decide", f"about {raw.replicates_needed}"))
    if changes := outcome.provenance.get("redeclared"):
        facts.append(("an earlier run in this folder declared otherwise", "; ".join(changes)))
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

    return sympy.latex(bound.expression, symbol_names=_names(bound), mul_symbol=r"\,")


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
