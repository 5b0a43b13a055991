"""Which partition, selection, update and penalty go together, and the reason where they do not."""

from .graph_partition import GRAPH_PARTITIONS, without_graph
from .penalty import Bound, Groupwise
from .problem import Problem
from .selection import SELECTIONS, Greedy, Visit
from .update import UPDATES

__all__ = ["refusal"]

_VISITS_ALL = ("cyclic", "permuted")


def _selection_refusal(variable: bool, fresh: bool, select: str, problem: Problem, penalty: Bound) -> str | None:
    rule = SELECTIONS[select]
    if fresh and select not in _VISITS_ALL:
        return "'perm' cuts afresh once all its blocks were visited: select='cyclic' or 'permuted'"
    if variable and isinstance(rule.variable, str):
        return rule.variable
    if not variable and isinstance(rule.fixed, str):
        return rule.fixed
    if isinstance(rule, Visit):
        return rule.refuses(problem)
    if not penalty.smooth and not rule.penalty:
        return "the score ignores the penalty and would pick variables held at a kink for ever; use 'gsl-q'"
    if rule.convex and not penalty.convex:
        return "needs a convex penalty: the model of a block may have several minima"
    if rule.separable and not penalty.separable:
        return "needs a penalty of single variables: the prox of a norm has no closed form in a metric"
    return rule.refuses(problem)


def _update_refusal(update: str, penalty: Bound) -> str | None:
    rule = UPDATES[update]
    if penalty.smooth:
        return None
    if rule.penalty == "none" or (rule.penalty == "separable" and not penalty.separable):
        return rule.reason
    return None if penalty.convex or not rule.convex else rule.convex


def refusal(
    *, partition: str, variable: bool, select: str, update: str, problem: Problem, penalty: Bound,
    approximate: bool = False,
) -> tuple[str, str] | None:  # fmt: skip
    """Return the argument at fault and the reason, or None when the combination runs.

    `partition` is its name, empty for blocks that were given; `variable` whether the selection picks variables.
    """
    if partition == "groups" and not isinstance(penalty, Groupwise):
        return "partition", "only GroupL1 and SparseGroupL1 have groups"
    if partition in GRAPH_PARTITIONS and (reason := without_graph(problem)):
        return "partition", reason
    if variable and isinstance(penalty, Groupwise):
        return "partition", "picking single variables would split a group; use partition='groups'"
    if reason := _selection_refusal(variable, partition == "perm", select, problem, penalty):
        return "select", reason
    if reason := _update_refusal(update, penalty):
        return "update", reason
    if approximate and (variable or not isinstance(SELECTIONS[select], Greedy)):
        return "approximate", "only greedy rules on fixed blocks have scores of blocks to be near of"
    return None
