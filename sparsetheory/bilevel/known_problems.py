"""Bilevel problems whose psi is known in closed form, for studies and tests: with and without an error bound."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..testing import BilevelInstance
from .problem import Problem
from .sets import Box

__all__ = [
    "Known", "bilinear", "coupled", "cubic", "drawn", "flat", "linear_network", "rank_drop", "rippled", "sine",
    "tilted",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Known:
    """A problem with its hyperfunction.

    Attributes
    ----------
    problem : Problem
    psi : callable (x) -> float
    gradient : callable (x) -> ndarray (p,)
        Of psi, where it has one.
    solution : callable (x) -> ndarray (q,)
        The member of S(x) that is best for f.
    nearest : callable (x, y) -> ndarray (q,)
        The point of S(x) next to y; the same for every y where the lower level has one solution.
    mu : float
        g(x, y) - min g >= mu/2 dist(y, S(x))^2 on Y. Zero where nothing of the kind holds.
    """

    problem: Problem
    psi: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray]
    solution: Callable[[np.ndarray], np.ndarray]
    nearest: Callable[[np.ndarray, np.ndarray], np.ndarray]
    mu: float


def drawn(instance: BilevelInstance) -> Known:
    """Return a drawn problem with quadratic levels, with its second derivatives."""
    H, exact = instance.H, instance.exact
    values, vectors = np.linalg.eigh(H)
    bent = values > 1e-9 * values[-1]
    onto = vectors[:, bent] @ vectors[:, bent].T
    free = not np.isfinite(instance.high).any()

    def nearest(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        z = exact.solution(x)
        # with a box the problem falls apart into coordinates, and those without curvature are free in it
        return y - onto @ (y - z) if free else np.where(instance.curvature > 0, z, y)

    return Known(
        problem=Problem(
            f=instance.f, g=instance.g, grad_f=instance.grad_f, grad_g=instance.grad_g,
            hvp_yy=lambda x, y, v: H @ v, hvp_xy=lambda x, y, v: -instance.A.T @ (H @ v),
            Y=None if free else Box(instance.low, instance.high),
        ),
        psi=exact.psi, gradient=exact.grad_psi, solution=exact.solution, nearest=nearest,
        mu=float(values[bent][0]),
    )  # fmt: skip


def tilted(H: np.ndarray, A: np.ndarray, b: np.ndarray) -> Known:
    r"""Return :math:`f = b^\top y`, :math:`g = \frac12 (y - A x)^\top H (y - A x)`.

    :math:`\psi = b^\top A x`, :math:`y_\sigma = A x - \sigma H^{-1} b`.
    """
    return Known(
        problem=Problem(
            f=lambda x, y: b @ y, g=lambda x, y: 0.5 * (y - A @ x) @ H @ (y - A @ x),
            grad_f=lambda x, y: (np.zeros(len(x)), b),
            grad_g=lambda x, y: (-A.T @ H @ (y - A @ x), H @ (y - A @ x)),
            hvp_yy=lambda x, y, v: H @ v, hvp_xy=lambda x, y, v: -A.T @ (H @ v),
        ),
        psi=lambda x: float(b @ A @ x), gradient=lambda x: A.T @ b, solution=lambda x: A @ x,
        nearest=lambda x, y: A @ x, mu=float(np.linalg.eigvalsh(H)[0]),
    )  # fmt: skip


def coupled(U: np.ndarray, V: np.ndarray, c: np.ndarray, H: np.ndarray, A: np.ndarray) -> Known:
    r"""Return :math:`f = \frac12 |U x + V y - c|^2`, :math:`g = \frac12 (y - A x)^\top H (y - A x)`.

    :math:`\psi = \frac12 |(U + V A) x - c|^2`; mixed derivatives are :math:`U^\top V` and :math:`-A^\top H`.
    """
    B = U + V @ A

    def away(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return U @ x + V @ y - c

    def grad_f(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r = away(x, y)
        return U.T @ r, V.T @ r

    def grad_g(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        down = H @ (y - A @ x)
        return -A.T @ down, down

    return Known(
        problem=Problem(
            f=lambda x, y: float(away(x, y) @ away(x, y)) / 2, g=lambda x, y: 0.5 * (y - A @ x) @ H @ (y - A @ x),
            grad_f=grad_f, grad_g=grad_g, hvp_yy=lambda x, y, v: H @ v, hvp_xy=lambda x, y, v: -A.T @ (H @ v),
        ),
        psi=lambda x: float((B @ x - c) @ (B @ x - c)) / 2, gradient=lambda x: B.T @ (B @ x - c),
        solution=lambda x: A @ x, nearest=lambda x, y: A @ x, mu=float(np.linalg.eigvalsh(H)[0]),
    )  # fmt: skip


def sine(w: np.ndarray, A: np.ndarray, c: np.ndarray) -> Known:
    r"""Return :math:`f = \frac12 |y - c|^2`, :math:`g = \sum_i w_i (u_i^2 + 3 \sin^2 u_i)`, :math:`u = y - A x`.

    The lower level is not convex, and grows by :math:`\min_i w_i |u|^2` at least; :math:`\psi = \frac12 |A x - c|^2`.
    """

    def grad_g(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u = y - A @ x
        slope = w * (2 * u + 3 * np.sin(2 * u))
        return -A.T @ slope, slope

    def bend(x: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
        return w * (2 + 6 * np.cos(2 * (y - A @ x))) * v

    def lower(x: np.ndarray, y: np.ndarray) -> float:
        u = y - A @ x
        return float(w @ (u**2 + 3 * np.sin(u) ** 2))

    return Known(
        problem=Problem(
            f=lambda x, y: 0.5 * (y - c) @ (y - c), g=lower, grad_f=lambda x, y: (np.zeros(len(x)), y - c),
            grad_g=grad_g, hvp_yy=bend, hvp_xy=lambda x, y, v: -A.T @ bend(x, y, v),
        ),
        psi=lambda x: float(0.5 * (A @ x - c) @ (A @ x - c)), gradient=lambda x: A.T @ (A @ x - c),
        solution=lambda x: A @ x, nearest=lambda x, y: A @ x, mu=2 * float(w.min()),
    )  # fmt: skip


def cubic(*, mu: float, k: float, a: float, b: float = 0.0, e: float = 0.0, m: float = 0.0) -> Known:
    r"""Return :math:`f = -a y + \frac12 b y^2 + e x y`, :math:`g = \frac12 (\mu + m x) y^2 + \frac16 k y^3 - x y`.

    All numbers at least zero, for x near 0 and :math:`y \ge 0`. There the lower level has curvature mu and every
    constant that bounds the error of the hypergradient is one of the coefficients.
    """

    def solution(x: np.ndarray) -> np.ndarray:
        bend = mu + m * x
        return 2 * x / (bend + np.sqrt(bend**2 + 2 * k * x))

    def gradient(x: np.ndarray) -> np.ndarray:
        z = solution(x)
        return e * z + (-a + b * z + e * x) * (1 - m * z) / (mu + m * x + k * z)

    def upper(x: np.ndarray, y: np.ndarray) -> float:
        return float(-a * y[0] + b * y[0] ** 2 / 2 + e * x[0] * y[0])

    return Known(
        problem=Problem(
            f=upper,
            g=lambda x, y: float((mu + m * x[0]) * y[0] ** 2 / 2 + k * y[0] ** 3 / 6 - x[0] * y[0]),
            grad_f=lambda x, y: (e * y, -a + b * y + e * x),
            grad_g=lambda x, y: (m * y**2 / 2 - y, (mu + m * x) * y + k * y**2 / 2 - x),
            hvp_yy=lambda x, y, v: (mu + m * x + k * y) * v, hvp_xy=lambda x, y, v: (m * y - 1) * v,
        ),
        psi=lambda x: upper(x, solution(x)), gradient=gradient, solution=solution,
        nearest=lambda x, y: solution(x), mu=mu,
    )  # fmt: skip


def rippled(*, mu: float, height: float, period: float) -> Known:
    r"""Return :math:`f = -y`, :math:`g = \frac12 \mu u^2 + h \sin^2(\pi u / T)`, :math:`u = y - x`, all scalar.

    Growth of mu without convexity: the ripples vanish at multiples of the period T.
    """
    turn = np.pi / period

    def grad_g(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u = y - x
        slope = mu * u + height * turn * np.sin(2 * turn * u)
        return -slope, slope

    return Known(
        problem=Problem(
            f=lambda x, y: -float(y[0]),
            g=lambda x, y: float(mu * (y[0] - x[0]) ** 2 / 2 + height * np.sin(turn * (y[0] - x[0])) ** 2),
            grad_f=lambda x, y: (0 * x, -np.ones(1)), grad_g=grad_g,
        ),
        psi=lambda x: -float(x[0]), gradient=lambda x: -np.ones(1), solution=lambda x: x, nearest=lambda x, y: x, mu=mu,
    )  # fmt: skip


def bilinear(*, a: float, c: float, radius: float) -> Known:
    r"""Return :math:`f = \frac12 (a x^2 + c y^2)`, :math:`g = x y`, :math:`|y| \le R`: no error bound at x = 0.

    :math:`\psi = \frac12 (a x^2 + c R^2)`, but :math:`\psi(0) = 0`.
    """
    return Known(
        problem=Problem(
            f=lambda x, y: float(a * x[0] ** 2 + c * y[0] ** 2) / 2, g=lambda x, y: float(x[0] * y[0]),
            grad_f=lambda x, y: (a * x, c * y), grad_g=lambda x, y: (y, x), Y=Box(-radius, radius),
        ),
        psi=lambda x: float(a * x[0] ** 2 + c * radius**2 * (x[0] != 0)) / 2, gradient=lambda x: a * x,
        solution=lambda x: -radius * np.sign(x), nearest=lambda x, y: np.where(x == 0, y, -radius * np.sign(x)),
        mu=0.0,
    )  # fmt: skip


def rank_drop(*, alpha: float, beta: float, c: float, floor: float = 0.0) -> Known:
    r"""Return :math:`f = \frac12 \alpha (y - c)^2`, :math:`g = \frac12 (\beta x^2 + r) y^2`, scalar.

    With :math:`r = 0` (`floor`) the lower Hessian vanishes at x = 0: :math:`\psi = \frac12 \alpha c^2`, but
    :math:`\psi(0) = 0`. With r > 0 there is a uniform error bound.
    """

    def bend(x: np.ndarray) -> np.ndarray:
        return beta * x**2 + floor

    return Known(
        problem=Problem(
            f=lambda x, y: float(alpha * (y[0] - c) ** 2) / 2, g=lambda x, y: float(bend(x)[0] * y[0] ** 2) / 2,
            grad_f=lambda x, y: (0 * x, alpha * (y - c)), grad_g=lambda x, y: (beta * x * y**2, bend(x) * y),
            hvp_yy=lambda x, y, v: bend(x) * v, hvp_xy=lambda x, y, v: 2 * beta * x * y * v,
        ),
        psi=lambda x: alpha * c**2 / 2 * float(bend(x)[0] != 0), gradient=lambda x: 0 * x,
        solution=lambda x: np.where(bend(x) == 0, c, 0.0), nearest=lambda x, y: np.where(bend(x) == 0, y, 0.0),
        mu=floor,
    )  # fmt: skip


def flat(*, power: int, c: float) -> Known:
    r"""Return :math:`f = \frac12 c y^2`, :math:`g = |y - x|^p / p`, scalar: one solution, no error bound for p > 2.

    :math:`\psi = \frac12 c x^2`.
    """

    def grad_g(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = np.sign(y - x) * np.abs(y - x) ** (power - 1)
        return -slope, slope

    return Known(
        problem=Problem(
            f=lambda x, y: float(c * y[0] ** 2) / 2, g=lambda x, y: float(abs(y[0] - x[0]) ** power) / power,
            grad_f=lambda x, y: (0 * x, c * y), grad_g=grad_g,
        ),
        psi=lambda x: float(c * x[0] ** 2) / 2, gradient=lambda x: c * x, solution=lambda x: x,
        nearest=lambda x, y: x, mu=1.0 if power == 2 else 0.0,
    )  # fmt: skip


def linear_network(V: np.ndarray, t: np.ndarray, V_val: np.ndarray, t_val: np.ndarray) -> Known:
    r"""Return the choice of a Jacobian penalty for a two-layer linear network, by its loss on other data.

    The lower level is :math:`g = \frac12 |V u - t|^2 + \frac12 e^x |u|^2` with :math:`u = Q^\top s`, its variables
    :math:`Q` (square) and :math:`s` in one vector, and :math:`f = \frac12 |V' u - t'|^2`. The products are those of a
    ridge regression; :math:`(Q, s)` with the same :math:`u` are a manifold of solutions.
    """
    n = V.shape[1]

    def product(y: np.ndarray) -> np.ndarray:
        return y[: n * n].reshape(n, n).T @ y[n * n :]

    def pulled(y: np.ndarray, by_u: np.ndarray) -> np.ndarray:
        return np.concatenate([np.outer(y[n * n :], by_u).ravel(), y[: n * n].reshape(n, n) @ by_u])

    def grad_g(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u, penalty = product(y), np.exp(x)
        return penalty * (u @ u) / 2, pulled(y, V.T @ (V @ u - t) + penalty * u)

    def loss(u: np.ndarray) -> float:
        return float((V_val @ u - t_val) @ (V_val @ u - t_val)) / 2

    def ridge(x: np.ndarray) -> np.ndarray:
        return np.linalg.solve(V.T @ V + np.exp(x) * np.eye(n), V.T @ t)

    def gradient(x: np.ndarray) -> np.ndarray:
        u = ridge(x)
        away = np.linalg.solve(V.T @ V + np.exp(x) * np.eye(n), -np.exp(x) * u)
        return np.array([(V_val @ u - t_val) @ V_val @ away])

    def balanced(x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.diag(ridge(x)).ravel(), np.ones(n)])

    def lower(x: np.ndarray, y: np.ndarray) -> float:
        u = product(y)
        return float((V @ u - t) @ (V @ u - t) + np.exp(x[0]) * (u @ u)) / 2

    return Known(
        problem=Problem(
            f=lambda x, y: loss(product(y)), g=lower,
            grad_f=lambda x, y: (0 * x, pulled(y, V_val.T @ (V_val @ product(y) - t_val))), grad_g=grad_g,
        ),
        psi=lambda x: loss(ridge(x)), gradient=gradient, solution=balanced,
        nearest=lambda x, y: balanced(x), mu=0.0,
    )  # fmt: skip
