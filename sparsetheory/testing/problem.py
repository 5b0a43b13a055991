"""A small transport problem that is built from a seed and a few named decorations, and knows exact facts of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._validation import check_cost, check_histogram, check_positive
from ..errors import InvalidArgument
from .building import complete, frozen, one_line, streams
from .interface import read_array

__all__ = ["KINDS", "Facts", "OTProblem", "build_cost", "build_masses"]

KINDS = ("random", "sqeuclid", "metric", "ties")

#: Masses are whole multiples of 1/UNITS: sums are exact in any order, and float32 holds every mass exactly.
UNITS = 2**20

#: What a decoration is when it is off; a repr names only what is on.
OFF: Mapping[str, Any] = {
    "reg": 0.5, "kind": "random", "duplicates": False, "zero_mass": 0, "uneven": False, "forbidden": False,
    "log_scale": 0, "shift": 0.0, "mass": 1.0,
}  # fmt: skip


def build_cost(rng: np.random.Generator, n: int, m: int, kind: str = "random") -> np.ndarray:
    """Return an (n, m) cost of order one: uniform, squared distances or distances in the unit square, or quarters."""
    if kind not in KINDS:
        raise InvalidArgument("kind", f"one of {KINDS}", repr(kind))
    if kind == "random":
        return rng.random((n, m))
    if kind == "ties":
        return rng.integers(0, 5, (n, m)) / 4.0
    # one cloud serves both sides of a metric, so that the matrix is a piece of a true distance matrix
    points = rng.random((max(n, m), 2))
    others = points if kind == "metric" else rng.random((m, 2))
    squared = ((points[:n, None, :] - others[None, :m, :]) ** 2).sum(axis=2)
    return np.sqrt(squared) if kind == "metric" else squared


def _share(weights: np.ndarray, *, least: int = 1) -> np.ndarray:
    """Split UNITS in proportion to nonnegative weights, at least `least` to each positive one, exactly."""
    alive = weights > 0
    spare = UNITS - least * int(alive.sum())
    counts = np.where(alive, least + np.floor(weights / weights.sum() * spare), 0.0)
    counts[np.argmax(counts)] += UNITS - counts.sum()
    return counts


def build_masses(
    rng: np.random.Generator, n: int, *, zeros: int = 0, uneven: bool = False, min_mass: float = 0.0
) -> np.ndarray:
    """Return n masses of sum exactly one, `zeros` of them zero (one always stays), over six decades if `uneven`."""
    weights = rng.integers(1, 16, n).astype(float)
    if uneven:
        weights = rng.permutation(np.logspace(0.0, -6.0, n))
    weights[rng.permutation(n)[: min(zeros, n - 1)]] = 0.0
    return _share(weights, least=max(1, int(np.ceil(min_mass * UNITS)))) / UNITS


def _masses_on(rng: np.random.Generator, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the marginals of a plan that is positive exactly on `allowed`: a scaling with that support then exists."""
    plan = _share((rng.integers(1, 16, allowed.shape) * allowed).ravel()).reshape(allowed.shape) / UNITS
    return plan.sum(axis=1), plan.sum(axis=0)


def _allowed(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Forbid about a third of the edges; every row and column keeps one."""
    allowed = rng.random((n, m)) > 1 / 3
    k = np.arange(max(n, m))
    allowed[k % n, k % m] = True
    return allowed


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OTProblem:
    """An entropic transport problem: min <M,P> + reg sum P(log P - 1) over P >= 0 with P1 = a, P'1 = b.

    Attributes
    ----------
    M : ndarray, shape (n, m)
        Cost; +inf marks a forbidden edge. Read-only, as are the masses.
    a, b : ndarray, shapes (n,) and (m,)
        Masses of equal sum.
    reg : float
        Regularisation, in the units of the cost.
    seed : int or None
        What the arrays were built from; None when they were given.
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> from sparsetheory.testing import OTProblem
    >>> OTProblem.build(seed=3, n=2, zero_mass=1)
    OTProblem.build(seed=3, n=2, m=2, zero_mass=1)
    """

    M: np.ndarray
    a: np.ndarray
    b: np.ndarray
    reg: float
    seed: int | None = None
    decorations: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        M = check_cost(self.M, "M")
        a, b = check_histogram(self.a, "a", length=M.shape[0]), check_histogram(self.b, "b", length=M.shape[1])
        if abs(a.sum() - b.sum()) > 1e-12 * a.sum():
            raise InvalidArgument("b", f"masses of sum {a.sum()}, as a", f"sum {b.sum()}")
        if (np.isinf(M).all(axis=1) & (a > 0)).any() or (np.isinf(M).all(axis=0) & (b > 0)).any():
            raise InvalidArgument("M", "an allowed edge for every mass", "a row or column of +inf")
        for name, value in (("M", M), ("a", a), ("b", b)):
            object.__setattr__(self, name, frozen(value))
        object.__setattr__(self, "reg", check_positive(self.reg, "reg"))

    @classmethod
    def build(cls, *, seed: int, n: int, m: int | None = None, **decorations: Any) -> Self:
        """Build the arrays from a seed.

        Parameters
        ----------
        seed : int
        n, m : int
            Sides; `m` is `n` when left out.
        reg : float, default 0.5
            Regularisation relative to the scale of the cost.
        kind : {"random", "sqeuclid", "metric", "ties"}
            Family of the cost.
        duplicates : bool
            The last row and column repeat the first ones.
        zero_mass : int
            How many masses are zero on each side (one always stays positive).
        uneven : bool
            Masses over six decades.
        forbidden : bool
            About a third of the edges cost +inf. The masses are then those of a plan that is positive on every allowed
            edge, and neither `zero_mass` nor `uneven` changes them.
        log_scale : int
            The cost and `reg` are multiplied by ten to this power.
        shift : float
            Added to every cost, in units of the scale.
        mass : float
            Total mass.
        """
        m = n if m is None else m
        d, on = complete(decorations, OFF)
        cost, left, right, edges = streams(seed, 4)
        M = build_cost(cost, n, m, d["kind"])
        if d["duplicates"]:
            M[-1, :], M[:, -1] = M[0, :], M[:, 0]
            M[-1, -1] = M[0, 0]
        a = build_masses(left, n, zeros=d["zero_mass"], uneven=d["uneven"])
        b = build_masses(right, m, zeros=d["zero_mass"], uneven=d["uneven"])
        M = 10.0 ** d["log_scale"] * (M + d["shift"])
        if d["forbidden"]:
            allowed = _allowed(edges, n, m)
            M[~allowed] = np.inf
            a, b = _masses_on(edges, allowed)
        reg = d["reg"] * 10.0 ** d["log_scale"]
        return cls(M=M, a=d["mass"] * a, b=d["mass"] * b, reg=reg, seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same problem again."""
        if self.seed is None:
            M, a, b = (str(x.tolist()).replace("inf", "float('inf')") for x in (self.M, self.a, self.b))
            return f"OTProblem(M={M}, a={a}, b={b}, reg={self.reg!r})"
        sizes = {"n": len(self.a), "m": len(self.b)}
        return one_line("OTProblem", seed=self.seed, sizes=sizes, on=self.decorations)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What a solver is given."""
        return {"M": self.M, "a": self.a, "b": self.b, "reg": self.reg}

    def read(self, result: Any) -> np.ndarray:
        """Return the plan of a result, an array or its ``.plan``; raise `SolverFailed` where there is none."""
        return read_array(result, attribute="plan", shape=self.M.shape)

    @cached_property
    def exact(self) -> "Facts":
        """What is known of the answer without solving the entropic problem."""
        return Facts(self)


@dataclass(frozen=True, eq=False, repr=False)
class Facts:
    """Exact facts of a problem, each computed when asked for.

    Attributes
    ----------
    problem : OTProblem
    """

    problem: OTProblem

    @property
    def mass(self) -> float:
        """Total mass."""
        return float(self.problem.a.sum())

    @property
    def spread(self) -> float:
        """Largest minus smallest finite cost."""
        finite = self.problem.M[np.isfinite(self.problem.M)]
        return float(np.ptp(finite))

    @property
    def magnitude(self) -> float:
        """Largest absolute finite cost: what rounding acts on."""
        return float(np.abs(self.problem.M[np.isfinite(self.problem.M)]).max())

    @property
    def independent(self) -> np.ndarray:
        """The limit of the plan as reg grows: a b' / mass."""
        return np.outer(self.problem.a, self.problem.b) / self.mass

    @cached_property
    def lp_value(self) -> float:
        """The unregularised transport cost, by SciPy's HiGHS (meant for at most some hundred edges)."""
        from scipy.optimize import linprog

        p = self.problem
        n, m = p.M.shape
        edges = np.isfinite(p.M).ravel()
        rows = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])[:, edges]
        unit = max(self.magnitude, np.finfo(float).tiny)
        tight: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        demand = np.concatenate([p.a, p.b]) / self.mass
        answer: Any = linprog(p.M.ravel()[edges] / unit, A_eq=rows, b_eq=demand, method="highs", options=tight)
        return float(answer.fun) * unit * self.mass

    def transposed(self) -> OTProblem:
        """The twin with the two sides exchanged; its plan is the transposed plan."""
        p = self.problem
        return OTProblem(M=p.M.T, a=p.b, b=p.a, reg=p.reg)

    def permuted(self, rows: np.ndarray, columns: np.ndarray) -> OTProblem:
        """The twin with rows and columns reordered; its plan is the reordered plan."""
        p = self.problem
        return OTProblem(M=p.M[np.ix_(rows, columns)], a=p.a[rows], b=p.b[columns], reg=p.reg)
