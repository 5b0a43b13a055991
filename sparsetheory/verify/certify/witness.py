"""An exact feasible point of a performance-estimation problem: what no certificate can go below."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .certificate import NotCertified, Statement
from .forms import Scalar
from .rational import dyadic, pivots, repair

__all__ = ["Witness"]


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Rational function values and Gram matrices that satisfy every relation of a statement.

    Attributes
    ----------
    statement : Statement
    values : dict of str to Fraction
    gram : dict of (block, name, name) to Fraction
        Inner products, names in order.
    """

    statement: Statement
    values: dict[str, Fraction]
    gram: dict[tuple[int, str, str], Fraction]

    @property
    def value(self) -> Fraction:
        """The objective at this point."""
        return self._evaluate(self.statement.objective)

    def _evaluate(self, form: Scalar) -> Fraction:
        total = form.constant + sum(c * self.values[name] for name, c in form.values.items())
        return total + sum((c * self.gram[entry] for entry, c in form.gram.items()), Fraction(0))

    def report(self) -> tuple[bool, str]:
        """Check all relations and all Gram matrices exactly; return the outcome and what was seen."""
        for relation in self.statement.relations:
            value = self._evaluate(relation.form)
            if value > 0 or (value and relation.sense == "=="):
                return False, f"{relation.name} is violated by {float(value):.3g}"
        for block, names in enumerate(self.statement.gram):
            if pivots([[self.gram[_entry(block, a, b)] for b in names] for a in names]) is None:
                return False, f"Gram matrix {block} is not positive semidefinite"
        return True, f"value {float(self.value):.10g} at an exact point"

    def check(self) -> bool:
        """Return whether the point is feasible. Integers and fractions only."""
        return self.report()[0]

    @classmethod
    def rounded(cls, statement: Statement, point: Mapping[Any, float], *, bits: int, room: float) -> "Witness":
        """Round a floating-point point, restore equations exactly, complete the Gram matrices, and check.

        Raises
        ------
        NotCertified
            Where the rounded point is not feasible.
        """
        moved = _restored(statement, {key: dyadic(value, bits=bits) for key, value in point.items()})
        values = {name: moved[name] for name in statement.values}
        gram = {entry: value for entry, value in moved.items() if not isinstance(entry, str)}
        for b, names in enumerate(statement.gram):  # what no relation mentions
            for i, left in enumerate(names):
                for right in names[: i + 1]:
                    gram.setdefault(_entry(b, left, right), Fraction(0))
        witness = cls(statement=statement, values=values, gram=gram)
        for exponent in range(0, bits, 4) if statement.loose else ():  # long enough for any inner product
            if witness.check():
                break
            long = {(b, name, name): Fraction(1 << exponent) for b, name in statement.loose}
            witness = cls(statement=statement, values=values, gram=gram | long)
        ok, detail = witness.report()
        if not ok:
            raise NotCertified(f"{detail} (room {room:.1e}, try a larger deflation)")
        return witness


def _entry(block: int, a: str, b: str) -> tuple[int, str, str]:
    return (block, a, b) if a <= b else (block, b, a)


def _restored(statement: Statement, point: Mapping[Any, Fraction]) -> dict[Any, Fraction]:
    """Return the point moved onto the equations, largest unknowns first."""
    columns: dict[Any, dict[str, Fraction]] = {}
    residual: dict[str, Fraction] = {}
    for relation in statement.relations:
        if relation.sense == "==":
            coefficients: dict[Any, Fraction] = {**relation.form.values, **relation.form.gram}
            residual[relation.name] = -relation.form.constant - sum(c * point[k] for k, c in coefficients.items())
            for key, value in coefficients.items():
                columns.setdefault(key, {})[relation.name] = value
    change = repair(columns, residual, sorted(columns, key=lambda key: -abs(point[key])))
    if change is None:
        raise NotCertified("the equations contradict each other")
    return {key: value + change.get(key, 0) for key, value in point.items()}
