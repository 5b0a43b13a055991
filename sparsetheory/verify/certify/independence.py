"""Linear independence of functions: balls around their determinant at points, away from zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import frexp
from typing import Any

from ..._validation import check_count
from ...errors import InvalidArgument
from .enclosure import _ball, _function, _side

__all__ = ["Independence", "independent", "independent_scores"]


@dataclass(frozen=True, kw_only=True)
class Independence:
    """What balls say of the determinant of functions at as many points.

    Attributes
    ----------
    proved : bool
        Whether the ball around the determinant lies away from zero. Otherwise nothing is known.
    determinant : str
        The ball, with rows scaled to a largest entry of about one.
    size : int
        Number of functions.
    """

    proved: bool
    determinant: str
    size: int

    def report(self) -> tuple[bool, str]:
        """Return whether it is proved and what was seen, in the form that a `Step` asks for."""
        return self.proved, f"determinant {self.determinant} of {self.size} functions at {self.size} points"


def independent(functions: Sequence[Any], points: Sequence[Mapping[Any, Any]], *, precision: int = 256) -> Independence:
    r"""Prove that functions are linearly independent.

    .. math:: \det \big( f_i(z_j) \big)_{i, j \leq p} \neq 0 \quad \Rightarrow \quad \sum_i c_i f_i \equiv 0
        \text{ only for } c = 0

    Parameters
    ----------
    functions : sequence of sympy expressions
        p functions, without floats.
    points : sequence of mapping of symbol to number
        p points with exact coordinates: integers, Fractions, strings such as "1/3".
    precision : int, default 256
        Bits.

    Returns
    -------
    Independence

    Examples
    --------
    >>> import sympy as sp
    >>> x = sp.Symbol("x")
    >>> independent([sp.exp(x), sp.exp(2 * x)], [{x: 0}, {x: 1}]).proved
    True
    >>> independent([sp.exp(x), sp.exp(x + 1)], [{x: 0}, {x: 1}]).proved
    False
    """
    from flint import arb_mat, ctx

    if len(points) != len(functions) or not points:
        raise InvalidArgument("points", f"as many as functions, {len(functions)}", len(points))
    before, ctx.prec = ctx.prec, check_count(precision, "precision", minimum=24)
    try:
        names = [str(symbol) for symbol in points[0]]
        sides = [[_ball(*_side(str(key), (value, value))) for key, value in point.items()] for point in points]
        rows = [[compiled(*at) for at in sides] for compiled in (_function(f, names) for f in functions)]
        determinant = arb_mat([_scaled(row) for row in rows]).det()
        return Independence(proved=not determinant.contains(0), determinant=determinant.str(4), size=len(rows))
    finally:
        ctx.prec = before


def _scaled(row: Sequence[Any]) -> list[Any]:
    """Return a row over a power of two near its largest entry."""
    from flint import arb

    exponent = frexp(max(abs(float(entry.mid())) for entry in row))[1]
    return [entry * arb(2) ** -exponent for entry in row]


def independent_scores(
    log_density: Any, truth: Mapping[Any, Any], points: Sequence[Mapping[Any, Any]], *, precision: int = 256
) -> Independence:
    r"""Prove that the scores of a model are linearly independent at a parameter.

    The derivatives of the log-density by the parameters, :math:`\partial_i \log p_\theta(z)`, at theta = `truth`, as
    functions of z. They are continuous; the Fisher information :math:`I`, for a law of z that charges every
    neighbourhood of the points, is then positive definite: :math:`c^\top I c = E (\sum_i c_i \partial_i \log p)^2`.

    Parameters
    ----------
    log_density : sympy expression
        In the parameters and the coordinates of z.
    truth : mapping of symbol to exact number
        Parameter by which to differentiate -> its value.
    points : sequence of mapping of symbol to exact number
        As many as parameters.
    precision : int, default 256
        Bits.

    Returns
    -------
    Independence

    Examples
    --------
    A mean and a variance; a mean that is written as a sum of two parameters.

    >>> import sympy as sp
    >>> m, s, v, y = sp.symbols("m s v y")
    >>> normal = -((y - m) ** 2) / (2 * v) - sp.log(v) / 2
    >>> independent_scores(normal, {m: 0, v: 1}, [{y: 0}, {y: 1}]).proved
    True
    >>> independent_scores(normal.subs({m: m + s, v: 1}), {m: 0, s: 0}, [{y: 0}, {y: 1}]).proved
    False
    """
    import sympy as sp

    values = {symbol: sp.Rational(str(value)) for symbol, value in truth.items()}
    scores = [sp.diff(log_density, symbol) for symbol in truth]
    full = [{**values, **point} for point in points]
    return independent(scores, full, precision=precision)
