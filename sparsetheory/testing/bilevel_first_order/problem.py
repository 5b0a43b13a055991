"""A bilevel problem as a first-order solver gets it: values, gradients, boxes and starts, nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from ..bilevel import BILEVEL_OFF, BilevelInstance
from ..building import complete, frozen, one_line, streams
from ..finding import SolverFailed
from ..interface import read_array

__all__ = ["PROBLEM_OFF", "BilevelProblem", "Change"]

#: What the decorations of a problem are when they are off.
PROBLEM_OFF: Mapping[str, Any] = {**BILEVEL_OFF, "coupled": False}


@dataclass(frozen=True, kw_only=True, eq=False)
class Change:
    """Another way to state a problem: the same solutions, in other names, units and origins.

    Attributes
    ----------
    g_scale : float, default 1
        The lower objective times a number.
    f_added, g_added : float, default 0
        A constant on top of each.
    slope : ndarray, shape (n,), or 0.0
        slope'x on top of g: what depends on x alone moves no lower solution.
    x_order, y_order : ndarray of int, or None
        The coordinates in another order.
    x_origin, y_origin : ndarray or 0.0
        The point that is called zero.
    """

    g_scale: float = 1.0
    f_added: float = 0.0
    g_added: float = 0.0
    slope: Any = 0.0
    x_order: Any = None
    y_order: Any = None
    x_origin: Any = 0.0
    y_origin: Any = 0.0


def _renamed(v: np.ndarray, order: Any, origin: Any) -> np.ndarray:
    moved = (v.T - origin).T
    return moved if order is None else moved[order]


def _named_back(v: Any, order: Any, origin: Any) -> np.ndarray:
    v = np.asarray(v, dtype=np.float64)
    return (v if order is None else v[np.argsort(order)]) + origin


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BilevelProblem:
    r"""Minimise :math:`\psi(x) = \min_{y \in S(x)} f(x, y)` over a box X; S(x) minimises :math:`g(x, \cdot)` over Y.

    Attributes
    ----------
    levels : BilevelInstance
        Both objectives and the box Y, with everything in closed form.
    X : ndarray, shape (n, 2)
        Rows (lower, upper), finite: psi need not be convex, and has a minimum.
    x0, y0 : ndarray
        Starts in X and Y; read-only, as is `X`.
    seed : int
    decorations : mapping
        The decorations that are on.
    change : Change
        How the problem is stated to a solver.

    Examples
    --------
    >>> from sparsetheory.testing import BilevelProblem
    >>> problem = BilevelProblem.build(seed=3, n=2, m=4, coupled=True)
    >>> problem
    BilevelProblem.build(seed=3, n=2, m=4, coupled=True)
    >>> list(problem.arguments)
    ['f', 'grad_f', 'g', 'grad_g', 'X', 'Y', 'x0', 'y0']
    """

    levels: BilevelInstance
    X: np.ndarray
    x0: np.ndarray
    y0: np.ndarray
    seed: int
    decorations: Mapping[str, Any] = field(default_factory=dict)
    change: Change = field(default_factory=Change)

    @classmethod
    def build(cls, *, seed: int, n: int, m: int, **decorations: Any) -> Self:
        """Build the problem.

        Parameters
        ----------
        seed, n, m : int
            Of x and of y there are n and m.
        coupled : bool, default False
            f has the term x'R y, and psi need not be convex.
        constrained, multi_solution, cond
            As in `sparsetheory.testing.BilevelInstance.build`. The curvature of f in x is larger by one than there.
        """
        d, on = complete(decorations, PROBLEM_OFF)
        levels = BilevelInstance.build(seed=seed, n=n, m=m, **{name: d[name] for name in BILEVEL_OFF})
        levels = replace(levels, P=frozen(levels.P + np.eye(n)),
                         R=levels.R if d["coupled"] else frozen(np.zeros((n, m))))  # fmt: skip
        box, start = streams(seed, 7)[5:]
        half = box.uniform(0.5, 2.0, n)
        return cls(
            levels=levels, X=frozen(np.column_stack([-half, half])), x0=frozen(half * start.uniform(-1, 1, n)),
            y0=frozen(np.clip(start.standard_normal(m), levels.low, levels.high)), seed=seed, decorations=on,
        )  # fmt: skip

    def __repr__(self) -> str:
        """One line that builds the same problem again."""
        n, m = self.levels.R.shape
        return one_line("BilevelProblem", seed=self.seed, sizes={"n": n, "m": m}, on=self.decorations)

    @property
    def Y(self) -> np.ndarray:
        """Rows (lower, upper), infinite where there is no bound."""
        return frozen(np.column_stack([self.levels.low, self.levels.high]))

    def stated(self, **change: Any) -> Self:
        """Return the same problem, stated to solvers with a `Change`; answers are brought back."""
        return replace(self, change=Change(**change))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What a solver is given."""
        c, q = self.change, self.levels
        in_x, in_y = (c.x_order, c.x_origin), (c.y_order, c.y_origin)

        def at(oracle: Callable[..., Any]) -> Callable[[Any, Any], Any]:
            def asked(x: Any, y: Any) -> Any:
                return oracle(_named_back(x, *in_x), _named_back(y, *in_y))

            return asked

        def gradient(of_x: np.ndarray, of_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return _renamed(of_x, c.x_order, 0.0), _renamed(of_y, c.y_order, 0.0)

        def grad_f(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return gradient(*q.grad_f(x, y))

        def grad_g(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            of_x, of_y = q.grad_g(x, y)
            return gradient(c.g_scale * of_x + c.slope, c.g_scale * of_y)

        return {
            "f": at(lambda x, y: q.f(x, y) + c.f_added),
            "grad_f": at(grad_f),
            "g": at(lambda x, y: c.g_scale * q.g(x, y) + c.g_added + float(np.sum(c.slope * x))),
            "grad_g": at(grad_g),
            "X": _renamed(self.X, *in_x), "Y": _renamed(self.Y, *in_y),
            "x0": _renamed(self.x0, *in_x), "y0": _renamed(self.y0, *in_y),
        }  # fmt: skip

    def read(self, result: Any) -> np.ndarray:
        """Return x and y in one array, as the problem itself names them, or raise `SolverFailed`.

        A result is a pair (x, y) or an object with ``.x`` and ``.y``.
        """
        pair = (result.x, result.y) if hasattr(result, "x") and hasattr(result, "y") else result
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise SolverFailed(f"returned {type(result).__name__}: neither a pair (x, y) nor an object with .x and .y")
        x, y = (
            read_array(v, attribute="", shape=start.shape) for v, start in zip(pair, (self.x0, self.y0), strict=True)
        )
        c = self.change
        return np.concatenate([_named_back(x, c.x_order, c.x_origin), _named_back(y, c.y_order, c.y_origin)])

    def split(self, both: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of what was read."""
        return both[: len(self.x0)], both[len(self.x0) :]
