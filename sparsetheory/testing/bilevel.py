"""Bilevel problems with quadratic levels that are built from a seed; values and gradients are known in closed form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._validation import check_count, check_positive
from ..errors import InvalidArgument
from .building import complete, frozen, one_line, streams

__all__ = ["BILEVEL_OFF", "BilevelFacts", "BilevelInstance"]

#: What the decorations of a bilevel problem are when they are off.
BILEVEL_OFF: Mapping[str, Any] = {"constrained": False, "multi_solution": False, "cond": 1.0}

#: The factor of the lower Hessian has entries in eighths and its curvatures are multiples of 2**-20, so that the
#: Hessian is a product without rounding: a rank it lacks is lacking exactly.
CURVATURE_UNIT = 2.0**-20


def _factor(m: int, rng: np.random.Generator, *, diagonal: bool) -> np.ndarray:
    """Return an (m, m) lower triangular matrix in eighths, diagonal where asked for."""
    below = np.tril(rng.integers(-4, 5, size=(m, m)) / 8, -1)
    return np.diag(rng.integers(6, 13, size=m) / 8) + (0.0 if diagonal else below)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BilevelInstance:
    r"""Minimise :math:`\psi(x) = \min_{y \in S(x)} f(x, y)` with :math:`S(x) = \arg\min_{y \in Y} g(x, y)`.

    .. math::
        f &= \tfrac12 x^\top P x + p^\top x + x^\top R y + \tfrac12 (y - c)^\top T T^\top (y - c), \\
        g &= \tfrac12 y^\top H y - y^\top H (A x + a), \qquad H = T \operatorname{diag}(\lambda) T^\top,

    with Y a box, the whole space unless `constrained`.

    Attributes
    ----------
    P, p, R, c, A, a : ndarray
        Shapes (n, n), (n,), (n, m), (m,), (m, n), (m,).
    T : ndarray, shape (m, m)
        Diagonal where Y is bounded: then the problem in y falls apart into coordinates.
    curvature : ndarray, shape (m,)
        lambda, nonnegative; a zero leaves the lower level many solutions.
    low, high : ndarray, shape (m,)
        The box Y. All arrays are read-only.
    seed : int
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory.testing import BilevelInstance
    >>> problem = BilevelInstance.build(seed=3, n=2, m=4, multi_solution=True)
    >>> problem, int(np.linalg.matrix_rank(problem.H))
    (BilevelInstance.build(seed=3, n=2, m=4, multi_solution=True), 2)
    >>> x = np.ones(2)
    >>> 0 <= problem.exact.gap(x, 1e-3) <= 1e-3 * problem.exact.closeness(x)
    True

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2024), On penalty methods for nonconvex bilevel optimization and first-order stochastic
    approximation, ICLR, Theorems 3.2 and 3.6.
    """

    P: np.ndarray
    p: np.ndarray
    R: np.ndarray
    c: np.ndarray
    A: np.ndarray
    a: np.ndarray
    T: np.ndarray
    curvature: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seed: int
    decorations: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, *, seed: int, n: int, m: int, **decorations: Any) -> Self:
        """Build the problem.

        Parameters
        ----------
        seed, n, m : int
            Of x and of y there are n and m.
        constrained : bool, default False
            Y is a box of which some bounds are active for most x, and T is diagonal.
        multi_solution : bool, default False
            Half of the curvatures, rounded up, are zero: H is singular and S(x) an affine set cut by Y.
        cond : float, default 1
            Positive curvatures lie between 1/cond and 1, evenly spaced on a logarithmic scale; from 1 to 1e4.
        """
        n, m = check_count(n, "n"), check_count(m, "m")
        d, on = complete(decorations, BILEVEL_OFF)
        if not 1 <= check_positive(d["cond"], "cond") <= 1e4:
            raise InvalidArgument("cond", "a number between 1 and 1e4", d["cond"])
        upper, lower, factor, box, flat = streams(seed, 5)
        W = upper.standard_normal((n, n))
        curvature = CURVATURE_UNIT * np.rint(np.geomspace(1 / d["cond"], 1.0, m) / CURVATURE_UNIT)
        if d["multi_solution"]:
            curvature[flat.permutation(m)[: (m + 1) // 2]] = 0.0
        half = box.uniform(0.3, 1.0, m) if d["constrained"] else np.full(m, np.inf)
        arrays = {
            "P": W @ W.T / n, "p": upper.standard_normal(n), "R": upper.standard_normal((n, m)),
            "c": upper.standard_normal(m), "A": lower.standard_normal((m, n)), "a": lower.standard_normal(m),
            "T": _factor(m, factor, diagonal=d["constrained"]), "curvature": curvature, "low": -half, "high": half,
        }  # fmt: skip
        return cls(**{name: frozen(array) for name, array in arrays.items()}, seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same problem again."""
        n, m = self.R.shape
        return one_line("BilevelInstance", seed=self.seed, sizes={"n": n, "m": m}, on=self.decorations)

    @cached_property
    def H(self) -> np.ndarray:
        """Hessian of g in y, without rounding."""
        return frozen(self.T * self.curvature @ self.T.T)

    def f(self, x: np.ndarray, y: np.ndarray) -> float:
        """Upper objective."""
        away = self.T.T @ (y - self.c)
        return float(x @ self.P @ x / 2 + self.p @ x + x @ self.R @ y + away @ away / 2)

    def g(self, x: np.ndarray, y: np.ndarray) -> float:
        """Lower objective."""
        return float(y @ self.H @ y / 2 - y @ self.H @ (self.A @ x + self.a))

    def grad_f(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient of the upper objective in x and in y."""
        return self.P @ x + self.p + self.R @ y, self.R.T @ x + self.T @ (self.T.T @ (y - self.c))

    def grad_g(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient of the lower objective in x and in y."""
        return -self.A.T @ (self.H @ y), self.H @ (y - self.A @ x - self.a)

    @cached_property
    def exact(self) -> "BilevelFacts":
        """What is known of the problem without solving it."""
        return BilevelFacts(self)


@dataclass(frozen=True, eq=False, repr=False)
class BilevelFacts:
    """Exact facts of a bilevel problem, up to the rounding of a closed form.

    In the coordinates w = T'y both levels fall apart: f is |w - u|^2 / 2 and g is sum_i lambda_i (w_i - t_i)^2 / 2 up
    to terms in x alone, with u = T'c - T^-1 R'x and t = T'(A x + a).

    Attributes
    ----------
    problem : BilevelInstance
    """

    problem: BilevelInstance

    def _place(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return u, t, the optimistic solution z of the lower level, and the box, all in the coordinates w."""
        q = self.problem
        u = q.T.T @ q.c - np.linalg.solve(q.T, q.R.T @ x)
        t = q.T.T @ (q.A @ x + q.a)
        scale = np.diag(q.T)  # the box is finite only where T is diagonal
        low, high = scale * q.low, scale * q.high
        return u, t, np.clip(np.where(q.curvature > 0, t, u), low, high), low, high

    def _step(self, x: np.ndarray, sigma: float) -> np.ndarray:
        """Return by how much the minimiser of sigma f + g differs from z, without cancellation."""
        lam = self.problem.curvature
        u, t, z, low, high = self._place(x)
        return np.clip((lam * (t - z) + check_positive(sigma, "sigma") * (u - z)) / (lam + sigma), low - z, high - z)

    def _y(self, w: np.ndarray) -> np.ndarray:
        return np.linalg.solve(self.problem.T.T, w)

    def solution(self, x: np.ndarray) -> np.ndarray:
        """Return the solution of the lower level that is best for the upper one."""
        return self._y(self._place(x)[2])

    def penalised_solution(self, x: np.ndarray, sigma: float) -> np.ndarray:
        """Return the minimiser of sigma f(x, y) + g(x, y) over Y."""
        return self._y(self._place(x)[2] + self._step(x, sigma))

    def psi(self, x: np.ndarray) -> float:
        """Return min f(x, y) over the solutions y of the lower level."""
        return self.problem.f(x, self.solution(x))

    def gap(self, x: np.ndarray, sigma: float) -> float:
        """Return psi(x) - psi_sigma(x), nonnegative, with a relative error that stays small as sigma does."""
        u, t, z, _, _ = self._place(x)
        step, lam = self._step(x, sigma), self.problem.curvature / sigma
        return float(np.sum(step * (u - z) - (1 + lam) * step**2 / 2 + lam * step * (t - z)))

    def psi_sigma(self, x: np.ndarray, sigma: float) -> float:
        """Return min over y in Y of f(x, y) + (g(x, y) - min g(x, .)) / sigma."""
        return self.psi(x) - self.gap(x, sigma)

    def grad_psi(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient of psi, where x lies on no kink."""
        q = self.problem
        u, t, z, low, high = self._place(x)
        free = (q.curvature > 0) & (low < t) & (t < high)
        return q.grad_f(x, self._y(z))[0] + q.A.T @ (q.T @ (free * (z - u)))

    def grad_psi_sigma(self, x: np.ndarray, sigma: float) -> np.ndarray:
        """Return the gradient of psi_sigma; it exists at every x."""
        q = self.problem
        step = self._step(x, sigma)
        return q.grad_f(x, self.penalised_solution(x, sigma))[0] - q.A.T @ (q.T @ (q.curvature * step / sigma))

    def lower_gap(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return g(x, y) - min g(x, .) for a y in Y, without cancellation."""
        q = self.problem
        _, t, z, _, _ = self._place(x)
        away = q.T.T @ y - z
        return float(q.curvature @ (away * (away / 2 + z - t)))

    def pieces(self, x: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
        """Return G and V, shape (n, k), such that the gradients of psi near x are G + V s with some s in [0, 1]^k.

        Near is where sigma times the slope of f moves a coordinate of the lower solution over a bound; V has a column
        for each that it can.
        """
        q = self.problem
        u, t, z, low, high = self._place(x)
        bent = q.curvature > 0
        reach = sigma * (1 + abs(u - z)) / np.where(bent, q.curvature, 1.0)
        near = bent & (np.minimum(abs(t - low), abs(high - t)) <= reach)
        through = (q.A.T @ q.T) * (z - u)
        free = bent & ~near & (low < t) & (t < high)
        return q.grad_f(x, self._y(z))[0] + through @ free.astype(float), through[:, near]

    def closeness(self, x: np.ndarray) -> float:
        """Return C(x) with psi - psi_sigma <= C(x) sigma for every sigma; the limit of the quotient without a box."""
        u, _, z, _, _ = self._place(x)
        bent = self.problem.curvature > 0
        return float(np.sum((u - z)[bent] ** 2 / self.problem.curvature[bent]) / 2)

    def kink(self, x: np.ndarray) -> float:
        """Return how far the free solution of the lower level is from a bound; psi has kinks where this is 0."""
        _, t, _, low, high = self._place(x)
        bent = self.problem.curvature > 0
        return float(np.minimum(abs(t - low), abs(high - t))[bent].min(initial=np.inf))
