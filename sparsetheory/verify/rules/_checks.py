"""What every rule checks of its declaration, and the phrases of every sentence."""

from ..._validation import check_choice, check_positive
from ...errors import InvalidArgument
from ..verdict import Decision, spell

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
