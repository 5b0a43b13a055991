"""Relations that no certificate can use, found from signs alone: without them the dual has an interior."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from .certificate import Statement

__all__ = ["reduced"]


def reduced(statement: Statement) -> Statement:
    """Return the statement without inequalities whose multiplier has to be zero.

    What multipliers have to cancel (function values, inner products with a loose vector) and meets with one sign only,
    and is not in the objective, forces all these multipliers to zero. Dropping relations may make more vectors loose,
    so this goes on until nothing changes. It is always sound: a certificate may leave out any relation.
    """
    while True:
        signs: dict[Any, set[int]] = defaultdict(set)
        for key in statement.linear(statement.objective):
            signs[key] = {-1, 1}
        columns = {relation.name: statement.linear(relation.form) for relation in statement.relations}
        for relation in statement.relations:
            for key, value in columns[relation.name].items():
                signs[key] |= {-1, 1} if relation.sense == "==" else {1 if value > 0 else -1}
        one_sided = {key for key, seen in signs.items() if len(seen) == 1}
        kept = tuple(r for r in statement.relations if not one_sided & columns[r.name].keys())
        if len(kept) == len(statement.relations):
            return statement
        statement = replace(statement, relations=kept)
