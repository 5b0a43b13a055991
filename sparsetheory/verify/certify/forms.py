"""Vectors and scalars of a performance-estimation problem, exact and linear in Gram entries and function values."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ...errors import InvalidArgument
from .rational import exact

__all__ = ["Relation", "Scalar", "Vector"]

#: A basis vector: the block of coordinates it lives in and its name.
Basis = tuple[int, str]
#: An entry of the Gram matrix of a block, names in order.
Entry = tuple[int, str, str]


def _sum(
    left: Mapping[Any, Fraction], right: Mapping[Any, Fraction], factor: Fraction | int = 1
) -> dict[Any, Fraction]:
    """Return left + factor * right without zeros; no arithmetic where there is nothing to add to."""
    total = dict(left)
    for key, value in right.items():
        term = value if factor == 1 else -value if factor == -1 else factor * value
        if key in total:
            term = total.pop(key) + term
        if term:
            total[key] = term
    return total


class Vector:
    """A vector of the space that the algorithm works in: a rational combination of basis vectors.

    ``x - g / L``, ``x @ y`` (inner product), ``x**2`` (squared norm) and ``x.block(b)`` (its coordinates of block b,
    zero elsewhere) are what mathematics means by them. Blocks are orthogonal.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Basis, Fraction]) -> None:
        self.terms = dict(terms)

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(_sum(self.terms, other.terms)) if isinstance(other, Vector) else NotImplemented

    def __sub__(self, other: "Vector") -> "Vector":
        return Vector(_sum(self.terms, other.terms, -1)) if isinstance(other, Vector) else NotImplemented

    def __neg__(self) -> "Vector":
        return Vector({}) - self

    def __mul__(self, factor: Any) -> "Vector":
        return Vector(_sum({}, self.terms, exact(factor, "factor")))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> "Vector":
        return self * (1 / exact(divisor, "divisor"))

    def __matmul__(self, other: "Vector") -> "Scalar":
        if not isinstance(other, Vector):
            return NotImplemented
        gram: dict[Entry, Fraction] = {}
        for (block, a), s in self.terms.items():
            for (other_block, b), t in other.terms.items():
                if block == other_block:
                    key = (block, a, b) if a <= b else (block, b, a)
                    gram[key] = gram[key] + s * t if key in gram else s * t
        return Scalar(gram={key: value for key, value in gram.items() if value})

    def __pow__(self, exponent: int) -> "Scalar":
        if exponent != 2:
            raise InvalidArgument("exponent", "2, for the squared norm", exponent)
        return self @ self

    def block(self, b: int) -> "Vector":
        """Return the part in block `b`."""
        return Vector({basis: value for basis, value in self.terms.items() if basis[0] == b})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __repr__(self) -> str:
        terms = " + ".join(f"{value}*{name}[{block}]" for (block, name), value in self.terms.items())
        return f"Vector({terms or 0})"


class Scalar:
    """A number that is linear in Gram entries and function values, plus a rational constant.

    ``<=`` and ``>=`` against numbers and other scalars make a `Relation`, and so does ``equals``.
    """

    __slots__ = ("constant", "gram", "values")

    def __init__(
        self,
        *,
        constant: Fraction = Fraction(0),
        values: Mapping[str, Fraction] | None = None,
        gram: Mapping[Entry, Fraction] | None = None,
    ) -> None:
        self.constant, self.values, self.gram = constant, dict(values or {}), dict(gram or {})

    def _plus(self, other: Any, factor: int) -> "Scalar":
        if not isinstance(other, Scalar):
            other = Scalar(constant=exact(other, "scalar"))
        return Scalar(
            constant=self.constant + factor * other.constant,
            values=_sum(self.values, other.values, factor),
            gram=_sum(self.gram, other.gram, factor),
        )

    def __add__(self, other: Any) -> "Scalar":
        return self._plus(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> "Scalar":
        return self._plus(other, -1)

    def __rsub__(self, other: Any) -> "Scalar":
        return -self + other

    def __neg__(self) -> "Scalar":
        return Scalar()._plus(self, -1)

    def __mul__(self, factor: Any) -> "Scalar":
        t = exact(factor, "factor")
        return Scalar(constant=t * self.constant, values=_sum({}, self.values, t), gram=_sum({}, self.gram, t))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> "Scalar":
        return self * (1 / exact(divisor, "divisor"))

    def __le__(self, other: Any) -> "Relation":
        return Relation(self - other, "<=")

    def __ge__(self, other: Any) -> "Relation":
        return Relation(-self + other, "<=")

    def equals(self, other: Any) -> "Relation":
        """Return the relation that both are the same number."""
        return Relation(self - other, "==")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scalar):
            return NotImplemented
        return (self.constant, self.values, self.gram) == (other.constant, other.values, other.gram)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = [f"{value}*{name}" for name, value in self.values.items()]
        parts += [f"{value}*<{a},{b}>[{block}]" for (block, a, b), value in self.gram.items()]
        return f"Scalar({' + '.join([*parts, str(self.constant)])})"


class Relation:
    """``form <= 0`` or ``form == 0``, with the name that its multiplier goes by."""

    __slots__ = ("form", "name", "sense")

    def __init__(self, form: Scalar, sense: str, name: str = "") -> None:
        self.form, self.sense, self.name = form, sense, name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Relation):
            return NotImplemented
        return (self.form, self.sense, self.name) == (other.form, other.sense, other.name)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("a relation between unknown scalars is neither true nor false; give it to subject_to")

    def __repr__(self) -> str:
        return f"Relation({self.name or 'unnamed'}: {self.form} {self.sense} 0)"
