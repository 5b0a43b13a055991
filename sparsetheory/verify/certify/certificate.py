"""The record of an exact bound: inequalities, rational multipliers, pivots, value; checked without any solver."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...errors import InvalidArgument
from .forms import Relation, Scalar
from .rational import exact, pivots

if TYPE_CHECKING:
    from .pep import Problem

__all__ = ["Certificate", "NotCertified", "Statement", "gram_matrix"]

FORMAT = "sparsetheory.certificate/1"


class NotCertified(RuntimeError):
    """No exact certificate came out: the message says at which step, and what may help."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A performance-estimation problem as data: maximise `objective` over Gram matrices and function values.

    Attributes
    ----------
    objective : Scalar
    relations : tuple of Relation
        What every run of the algorithm satisfies; names are unique.
    gram : tuple of tuple of str
        Names of the basis vectors, block by block: one positive semidefinite Gram matrix for each.
    interpolable : bool
        Whether the relations are also sufficient for a function and a run to exist in a space of high dimension.
        If not, a bound is valid and need not be tight.
    """

    objective: Scalar
    relations: tuple[Relation, ...]
    gram: tuple[tuple[str, ...], ...]
    interpolable: bool = True

    @property
    def forms(self) -> tuple[Scalar, ...]:
        """The forms of the relations, and the objective last."""
        return (*(relation.form for relation in self.relations), self.objective)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """Names of the unknown function values."""
        return tuple(dict.fromkeys(name for form in self.forms for name in form.values))

    @cached_property
    def loose(self) -> frozenset[tuple[int, str]]:
        """Basis vectors whose squared norm no relation bounds: their inner products are as free as function values.

        The slack matrix has a zero on the diagonal there, so that the whole row has to cancel.
        """
        squared = {(block, a) for form in self.forms for block, a, b in form.gram if a == b}
        return frozenset((k, name) for k, names in enumerate(self.gram) for name in names) - squared

    def linear(self, form: Scalar) -> dict[Any, Fraction]:
        """Return the coefficients of `form` that multipliers have to cancel: function values, loose inner products."""
        products = {(k, a, b): c for (k, a, b), c in form.gram.items() if {(k, a), (k, b)} & self.loose}
        return {**form.values, **products}


def gram_matrix(form: Scalar, names: tuple[str, ...], block: int) -> list[list[Fraction]]:
    """Return the symmetric matrix C with <C, G> = the Gram part of `form` in one block."""
    where = {name: k for k, name in enumerate(names)}
    matrix = [[Fraction(0)] * len(names) for _ in names]
    for (b, left, right), value in form.gram.items():
        if b == block:
            i, j = where[left], where[right]
            matrix[i][j] += value / 2  # half on either side; a square gets both halves
            matrix[j][i] += value / 2
    return matrix


@dataclass(frozen=True, kw_only=True)
class Certificate:
    r"""An exact proof that the objective of a statement never exceeds `value`.

    For rational multipliers $\lambda_k$ (nonnegative where relation k is an inequality) the identity

    $$value - objective = -\sum_k \lambda_k \, relation_k + \sum_b \langle S_b, G_b \rangle$$

    holds coefficient by coefficient, and every $S_b = L D L'$ has nonnegative pivots. Since relations are at most zero
    and Gram matrices positive semidefinite, the right-hand side is nonnegative.

    Attributes
    ----------
    statement : Statement
        Only the relations with a nonzero multiplier.
    multipliers : dict of str to Fraction
    value : Fraction
    pivots : tuple of tuple of Fraction
        D, block by block.
    """

    statement: Statement
    multipliers: dict[str, Fraction]
    value: Fraction
    pivots: tuple[tuple[Fraction, ...], ...] = field(repr=False)

    @classmethod
    def from_multipliers(cls, statement: Statement, multipliers: Mapping[str, Fraction]) -> "Certificate":
        """Build the record from multipliers, whatever they are; `check` decides what it is worth.

        Raises
        ------
        InvalidArgument
            For a name that the statement does not have.
        """
        used = {name: exact(value, name) for name, value in multipliers.items() if value}
        unknown = used.keys() - {relation.name for relation in statement.relations}
        if unknown:
            raise InvalidArgument("multipliers", "names of relations of the statement", sorted(unknown))
        kept = replace(statement, relations=tuple(r for r in statement.relations if r.name in used))
        identity = _remainder(kept, used)
        found = tuple(pivots(matrix) or () for matrix in _slacks(kept, identity))
        return cls(statement=kept, multipliers=used, value=identity.constant, pivots=found)

    def report(self) -> tuple[bool, str]:
        """Check every part exactly; return the outcome and what was seen, in the form that a `Step` asks for."""
        names = [relation.name for relation in self.statement.relations]
        if len(set(names)) < len(names) or set(names) != self.multipliers.keys():
            return False, "multipliers and relations do not go by the same names"
        for relation in self.statement.relations:
            if relation.sense != "==" and self.multipliers[relation.name] < 0:
                return False, f"the multiplier of {relation.name} is negative"
        identity = _remainder(self.statement, self.multipliers)
        if not all(_is_entry(entry, self.statement.gram) for entry in identity.gram):
            return False, "inner products of vectors that are not in the basis"
        if identity.values:
            return False, f"function values do not cancel: {', '.join(sorted(identity.values))}"
        if identity.constant != self.value:
            return False, f"the multipliers give {float(identity.constant):.10g}, not {float(self.value):.10g}"
        found = [pivots(matrix) for matrix in _slacks(self.statement, identity)]
        if None in found:
            return False, f"slack matrix {found.index(None)} is not positive semidefinite"
        if tuple(found) != self.pivots:
            return False, "the pivots are not those of the slack matrices"
        kind = "" if self.statement.interpolable else ", upper bound from necessary conditions"
        sizes = "+".join(str(len(block)) for block in self.statement.gram)
        return True, f"value {float(self.value):.10g}, {len(names)} multipliers, slack of order {sizes}{kind}"

    def check(self) -> bool:
        """Return whether the certificate proves its value. Integers and fractions only."""
        return self.report()[0]

    def proves(self, bound: Any) -> tuple[bool, str]:
        """Return whether the certificate is right and its value at most `bound` (an exact number), with the detail."""
        ok, detail = self.report()
        claimed = exact(bound, "bound")
        if ok and self.value > claimed:
            return False, f"{detail}: above {float(claimed):.10g}"
        return ok, detail

    def tightened(self, factor: Any = "0.999") -> "Certificate":
        """Return the same argument for `factor` times the value: it must not check, which is the anti-test.

        The multipliers of relations with a constant (initial conditions) are scaled, so that the identity still gives
        the smaller value; what breaks is the slack matrix.

        Raises
        ------
        InvalidArgument
            Where no relation has a constant.
        """
        t = exact(factor, "factor")
        constant = {relation.name for relation in self.statement.relations if relation.form.constant}
        if not constant:
            raise InvalidArgument("certificate", "a relation with a constant, to scale its multiplier", "none")
        scaled = {name: value * t if name in constant else value for name, value in self.multipliers.items()}
        return Certificate.from_multipliers(self.statement, scaled)

    def belongs_to(self, problem: "Problem") -> bool:
        """Return whether objective, relations and basis are those of `problem`: a file against its source."""
        other = problem.statement()
        theirs = {relation.name: relation for relation in other.relations}
        ours = self.statement
        same = ours.objective == other.objective and ours.gram == other.gram
        same = same and ours.interpolable == other.interpolable
        return same and all(theirs.get(relation.name) == relation for relation in ours.relations)

    def to_json(self) -> str:
        """Return everything that another checker needs, numbers as strings "p/q"."""
        relations = [
            {"name": r.name, "sense": r.sense, "multiplier": str(self.multipliers[r.name]), **_plain(r.form)}
            for r in self.statement.relations
        ]
        record = {
            "format": FORMAT,
            "claim": "objective <= value whenever all relations hold and all Gram matrices are positive semidefinite",
            "value": str(self.value),
            "interpolable": self.statement.interpolable,
            "gram": self.statement.gram,
            "objective": _plain(self.statement.objective),
            "relations": relations,
            "pivots": [[str(pivot) for pivot in block] for block in self.pivots],
        }
        return json.dumps(record, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Certificate":
        """Read what `to_json` wrote; nothing is trusted until `check`.

        Raises
        ------
        InvalidArgument
            For a text that is no such record.
        """
        try:
            record = json.loads(text)
            if record["format"] != FORMAT:
                raise ValueError(record["format"])
            return cls(
                statement=Statement(
                    objective=_scalar(record["objective"]),
                    relations=tuple(Relation(_scalar(r), _sense(r["sense"]), r["name"]) for r in record["relations"]),
                    gram=tuple(tuple(block) for block in record["gram"]),
                    interpolable=bool(record["interpolable"]),
                ),
                multipliers={r["name"]: Fraction(r["multiplier"]) for r in record["relations"]},
                value=Fraction(record["value"]),
                pivots=tuple(tuple(Fraction(pivot) for pivot in block) for block in record["pivots"]),
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise InvalidArgument("text", f"a record of format {FORMAT}", repr(error)) from None

    def __repr__(self) -> str:
        kind = "bound" if self.statement.interpolable else "upper bound from necessary conditions"
        return f"Certificate({kind} {float(self.value):.10g}, {len(self.multipliers)} multipliers)"


def _remainder(statement: Statement, multipliers: Mapping[str, Fraction]) -> Scalar:
    """Return objective - sum of multiplier * relation: its constant is the value, its Gram part is minus the slack."""
    objective = statement.objective
    constant, values, gram = objective.constant, dict(objective.values), dict(objective.gram)
    for relation in statement.relations:  # in place: adding hundreds of scalars one by one would copy each time
        factor = multipliers[relation.name]
        constant -= factor * relation.form.constant
        for name, value in relation.form.values.items():
            values[name] = values.get(name, Fraction(0)) - factor * value
        for entry, value in relation.form.gram.items():
            gram[entry] = gram[entry] - factor * value if entry in gram else -factor * value
    return Scalar(constant=constant, values={k: v for k, v in values.items() if v}, gram=gram)


def _is_entry(entry: tuple[int, str, str], gram: tuple[tuple[str, ...], ...]) -> bool:
    block, a, b = entry
    return block in range(len(gram)) and a in gram[block] and b in gram[block] and a <= b


def _slacks(statement: Statement, identity: Scalar) -> list[list[list[Fraction]]]:
    return [gram_matrix(-identity, names, block) for block, names in enumerate(statement.gram)]


def _plain(form: Scalar) -> dict[str, Any]:
    return {
        "constant": str(form.constant),
        "values": {name: str(value) for name, value in form.values.items()},
        "products": [[block, a, b, str(value)] for (block, a, b), value in form.gram.items()],
    }


def _scalar(record: Mapping[str, Any]) -> Scalar:
    gram = {(int(block), str(a), str(b)): Fraction(value) for block, a, b, value in record["products"]}
    values = {str(name): Fraction(value) for name, value in record["values"].items()}
    return Scalar(constant=Fraction(record["constant"]), values=values, gram=gram)


def _sense(sense: str) -> str:
    if sense not in ("<=", "=="):
        raise ValueError(sense)
    return sense
