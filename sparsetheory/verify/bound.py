"""Bound: one formula string from which the NumPy callable, the sympy expression, the LaTeX and the hash all come."""

import ast
import functools
import hashlib
import json
from typing import Any

import numpy as np

from ..errors import InvalidArgument

__all__ = ["Bound"]

_FUNCTIONS: dict[str, Any] = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "Abs": np.abs, "Min": np.minimum, "Max": np.maximum,
    "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "ceiling": np.ceil, "floor": np.floor,
}  # fmt: skip
_CONSTANTS: dict[str, float] = {"pi": np.pi, "E": np.e}
_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load, ast.Constant,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd,
)  # fmt: skip


class Bound:
    r"""A theorem's bound as data: a formula with declared symbols.

    Parameters
    ----------
    formula : str
        An expression in the declared symbols, numbers, ``+ - * / **``, the constants ``pi`` and ``E`` and the functions
        ``exp log sqrt Abs Min Max tanh sin cos ceiling floor`` (names as in sympy).
    **symbols : str
        What each symbol means, in words; a symbol of the formula that is not declared is refused.

    Raises
    ------
    InvalidArgument
        If the formula does not parse, uses anything else, or symbols and formula disagree.

    Examples
    --------
    >>> from sparsetheory.verify import Bound
    >>> bound = Bound("6*n**2*exp(-eta*gap)", n="atoms a side", eta="1/reg", gap="vertex gap")
    >>> round(float(bound(n=2, eta=10.0, gap=1.0)), 8)
    0.0010896
    >>> bound.latex
    '6 n^{2} e^{- \\eta gap}'
    """

    def __init__(self, formula: str, /, **symbols: str) -> None:
        self.formula, self.symbols = formula, dict(symbols)
        try:
            tree = ast.parse(formula, mode="eval")
        except SyntaxError as error:
            raise InvalidArgument("formula", "a Python expression", f"{formula!r} ({error.msg})") from None
        names, called = set(), set()
        for node in ast.walk(tree):
            if not isinstance(node, _ALLOWED):
                raise InvalidArgument(
                    "formula", "arithmetic in declared symbols", f"{type(node).__name__} in {formula!r}"
                )
            if isinstance(node, ast.Constant) and not isinstance(node.value, (int, float)):
                raise InvalidArgument("formula", "numbers only", f"{node.value!r} in {formula!r}")
            if isinstance(node, ast.Call):
                if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS or node.keywords:
                    raise InvalidArgument("formula", f"calls of {', '.join(_FUNCTIONS)}", ast.unparse(node))
                called.add(node.func.id)
            if isinstance(node, ast.Name):
                names.add(node.id)
        used = names - called - set(_CONSTANTS)
        if used != set(symbols):
            raise InvalidArgument("symbols", f"exactly the symbols of {formula!r}: {sorted(used)}", sorted(symbols))

    def __call__(self, **values: Any) -> Any:
        """Evaluate in NumPy; every symbol is a number or an array, broadcast against each other."""
        if set(values) != set(self.symbols):
            raise InvalidArgument("values", f"exactly {sorted(self.symbols)}", sorted(values))
        arrays = {name: np.asarray(value, dtype=float) for name, value in values.items()}
        return eval(self._code, {"__builtins__": {}}, _FUNCTIONS | _CONSTANTS | arrays)

    @functools.cached_property
    def _code(self) -> Any:
        return compile(ast.parse(self.formula, mode="eval"), "<bound>", "eval")

    @functools.cached_property
    def expression(self) -> Any:
        """The same formula as a sympy expression in real symbols; rational constants stay exact."""
        import sympy

        names = {name: sympy.Symbol(name, real=True) for name in self.symbols}
        return sympy.sympify(self.formula, locals=names, rational=True)

    @functools.cached_property
    def latex(self) -> str:
        """The formula for a page."""
        import sympy

        return sympy.latex(self.expression)

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 of the formula's syntax tree and its symbols: kept with every record, so a changed bound shows."""
        tree = ast.dump(ast.parse(self.formula, mode="eval"))
        return hashlib.sha256(json.dumps([tree, sorted(self.symbols)]).encode()).hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        return {"formula": self.formula, "symbols": self.symbols}  # compiled code does not pickle

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bound) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"Bound({self.formula!r})"
