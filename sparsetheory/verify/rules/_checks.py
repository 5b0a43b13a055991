"""What every rule checks of its declaration, the phrases of every sentence, and the verdict of one without numbers."""

import math
from typing import Protocol

from ..._validation import check_choice, check_positive
from ...errors import InvalidArgument
from ..estimate import wilson
from ..panel import Panel
from ..verdict import SENSITIVITY, Decision, Reason, Verdict, spell

ALTERNATIVES = ("upper", "lower", "two-sided")


def check_rule(margin: float, alpha: float, alternative: str) -> None:
    """Refuse a margin that is not positive, a level that decides nothing and an unknown alternative."""
    check_positive(margin, "margin")
    if not 0 < check_positive(alpha, "alpha") < 0.5:
        raise InvalidArgument("alpha", "a level in (0, 0.5)", alpha)
    check_choice(alternative, "alternative", ALTERNATIVES)


def claimed(target: str, margin: float, alternative: str) -> str:
    """Write a claim with its margin: ``claim <= -0.5 + 0.1``."""
    if alternative == "upper":
        return f"claim <= {target} + {margin:g}"
    if alternative == "lower":
        return f"claim >= {target} - {margin:g}"
    return f"claim {target} +- {margin:g}"


def spanning(axis: str, low: float, high: float) -> str:
    """Write what sizes a sentence is about: ``, n in [10, 1000]``; a study without an axis has the single size 1."""
    if low < high:
        return f", {axis} in [{low:g}, {high:g}]"
    return "" if low == 1 else f", {axis} = {low:g}"


def left_out(n_floored: int) -> str:
    """Write how many sizes the floor has cost."""
    return f", {n_floored} sizes near the floor left out" if n_floored else ""


def outcome(decision: Decision, alpha: float, needed: int | None = None) -> str:
    """Write how a claim came out: ``supported at 5%``, ``inconclusive(underpowered), replicates needed: about 300``."""
    if decision[1] is None:
        return f"{decision[0]} at {alpha:.0%}"
    if decision[1] != "underpowered":
        return spell(*decision)
    return f"{spell(*decision)}, replicates needed: " + ("not to be foretold" if needed is None else f"about {needed}")


class _Declared(Protocol):
    """What a rule for drifts declares."""

    @property
    def margin(self) -> float: ...
    @property
    def alpha(self) -> float: ...
    @property
    def quantity(self) -> str: ...


def silent(rule: _Declared, panel: Panel, reason: Reason | None, sentence: str) -> Verdict:
    """Return an inconclusive verdict on a drift, without numbers."""
    return Verdict(
        label="inconclusive",
        reason=reason,
        sentence=sentence,
        estimand=f"drift of log({rule.quantity}/bound)",
        estimate=math.nan,
        interval=(-math.inf, math.inf),
        level=1 - rule.alpha,
        margin=rule.margin,
        n_replicates=panel.n_replicates,
        n_failures=panel.n_failures,
        failure_interval=wilson(panel.n_failures, panel.n_records),
        tightness=panel.tightness,
        sensitivity={f * rule.margin: spell("inconclusive", reason) for f in SENSITIVITY},
    )
