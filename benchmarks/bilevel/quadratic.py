"""Quadratic bilevel problems from a seed, and callables that count how often they are asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class Quadratic:
    """f = |y - c|^2 / 2 + a |x|^2 / 2 and g = y'Hy / 2 - y'(Bx + b), H = Q diag(curvature) Q', |y_i| <= half."""

    name: str
    Q: np.ndarray
    curvature: np.ndarray
    B: np.ndarray
    b: np.ndarray
    c: np.ndarray
    a: float = 0.1
    half: float = np.inf

    @property
    def d(self) -> int:
        return len(self.b)

    @property
    def bounded(self) -> bool:
        return bool(np.isfinite(self.half))

    @property
    def H(self) -> np.ndarray:
        return self.Q * self.curvature @ self.Q.T

    @property
    def inverse(self) -> np.ndarray:
        """The pseudo-inverse of H."""
        flat = self.curvature == 0
        return self.Q * np.where(flat, 0.0, 1 / np.where(flat, 1.0, self.curvature)) @ self.Q.T

    @property
    def steepest(self) -> float:
        """Lipschitz constant of the gradient of psi where no bound is active; what the references are told."""
        return self.a + float(np.linalg.norm(self.inverse @ self.B, 2)) ** 2


def quadratic(seed: int, d: int, *, cond: float = 10.0, flat: int = 0, half: float = np.inf) -> Quadratic:
    """Draw a problem with curvatures from 1 / cond to 1, `flat` zeros among them; diagonal where y is bounded."""
    rng = np.random.default_rng([seed, d])
    Q = np.eye(d) if np.isfinite(half) else np.linalg.qr(rng.standard_normal((d, d)))[0]
    curvature = rng.permutation(np.append(np.zeros(flat), np.geomspace(1 / cond, 1.0, d - flat)))
    H = Q * curvature @ Q.T  # lower solutions are A x + a where they are unique: psi does not get worse with H
    A, a, c = rng.standard_normal((d, d)) / np.sqrt(d), rng.standard_normal(d), rng.standard_normal(d)
    kind = "box" if np.isfinite(half) else "flat" if flat else "ill" if cond > 10 else "well"
    name = f"{kind} d={d} seed={seed}"
    return Quadratic(name=name, Q=Q, curvature=curvature, B=H @ A, b=H @ a, c=c, half=half)


@dataclass(eq=False)
class Oracle:
    """The callables of a problem; a gradient at a point is one call, a product with a second derivative two."""

    problem: Quadratic
    calls: int = 0
    H: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.H = self.problem.H

    def f(self, x: np.ndarray, y: np.ndarray) -> float:
        away = y - self.problem.c
        return float(away @ away + self.problem.a * (x @ x)) / 2

    def g(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(y @ (self.H @ y)) / 2 - float(y @ (self.problem.B @ x + self.problem.b))

    def grad_f(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.calls += 1
        return self.problem.a * x, y - self.problem.c

    def grad_f_y(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        self.calls += 1
        return y - self.problem.c

    def grad_g(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.calls += 1
        return -self.problem.B.T @ y, self.H @ y - self.problem.B @ x - self.problem.b

    def grad_g_y(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        self.calls += 1
        return self.H @ y - self.problem.B @ x - self.problem.b

    def hvp_yy(self, x: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
        self.calls += 2
        return self.H @ v

    def hvp_xy(self, x: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
        self.calls += 2
        return -self.problem.B.T @ v


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A solver; ``solve(oracle, x, y, tol)`` returns x. `counted` says whether it uses the oracle's callables."""

    name: str
    version: str
    solve: Callable[[Oracle, np.ndarray, np.ndarray, float], Any]
    counted: bool = True
    warm_up: bool = False  # compiles for every shape
