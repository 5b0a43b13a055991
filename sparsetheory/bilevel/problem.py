"""What is solved: two objectives as NumPy callables, their gradients, a set for each level."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidArgument

__all__ = ["Problem"]

Value = Callable[[np.ndarray, np.ndarray], Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    r"""A bilevel problem in its optimistic form, with constraints on both levels that do not couple them.

    .. math:: \min_{x \in X} \psi(x), \qquad \psi(x) = \min_{y \in S(x)} f(x, y), \qquad
              S(x) = \arg\min_{y \in Y} g(x, y)

    Parameters
    ----------
    f, g : callable (x, y) -> float
        Upper and lower objective; x has shape (p,), y shape (q,).
    grad_f, grad_g : callable (x, y) -> (array (p,), array (q,)), optional
        Their gradients in x and in y. Without them they are central differences, at ``2 (p + q)`` values a gradient
        and with half of the digits.
    grad_f_y, grad_g_y : callable (x, y) -> array (q,), optional
        The part in y alone, where that is cheaper: the inner loops need no other.
    grad_f_at, grad_g_at : callable (x, y, key) -> (array (p,), array (q,)), optional
        Unbiased samples of the gradients, for the stochastic methods. The key, an integer, says which sample: at two
        points with one key it is the same. Values and exact gradients are asked for at checkpoints only.
    hvp_yy : callable (x, y, v) -> array (q,), optional
        :math:`\nabla^2_{yy} g \, v`. Without it, differences of gradients.
    hvp_xy : callable (x, y, v) -> array (p,), optional
        :math:`\nabla^2_{xy} g \, v`. Without it, differences of gradients.
    X, Y : set, pairs (lower, upper), or callable, optional
        `Box`, `Ball`, `Simplex`, `Polyhedron`, `Product`, bounds as in SciPy, or the user's own projection; the whole
        space by default.

    Raises
    ------
    InvalidArgument
        Where something that should be callable is not.

    Notes
    -----
    Methods evaluate objectives at points of X and Y, and beside Y where derivatives are differences: by 1e-8 of
    1 + |y|, and by 2e-3 of it where those have to be accurate.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bilevel
    >>> problem = bilevel.Problem(
    ...     f=lambda x, y: 0.5 * np.sum((y - 1) ** 2) + 0.05 * np.sum(x**2),
    ...     g=lambda x, y: 0.5 * np.sum((y - x) ** 2),
    ...     grad_f=lambda x, y: (0.1 * x, y - 1),
    ...     grad_g=lambda x, y: (x - y, y - x),
    ... )
    >>> bilevel.minimize(problem, np.zeros(2), np.zeros(2)).x.round(6)
    array([0.909091, 0.909091])

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2024), On penalty methods for nonconvex bilevel optimization and first-order stochastic
    approximation, ICLR, problem (P).
    """

    f: Value
    g: Value
    grad_f: Callable[[np.ndarray, np.ndarray], Any] | None = None
    grad_g: Callable[[np.ndarray, np.ndarray], Any] | None = None
    grad_f_y: Callable[[np.ndarray, np.ndarray], Any] | None = None
    grad_g_y: Callable[[np.ndarray, np.ndarray], Any] | None = None
    grad_f_at: Callable[[np.ndarray, np.ndarray, int], Any] | None = None
    grad_g_at: Callable[[np.ndarray, np.ndarray, int], Any] | None = None
    hvp_yy: Callable[[np.ndarray, np.ndarray, np.ndarray], Any] | None = None
    hvp_xy: Callable[[np.ndarray, np.ndarray, np.ndarray], Any] | None = None
    X: Any = None
    Y: Any = None

    def __post_init__(self) -> None:
        for name in ("f", "g"):
            if not callable(getattr(self, name)):
                raise InvalidArgument(name, "a callable (x, y) -> float", repr(getattr(self, name)))
        for name in ("grad_f", "grad_g", "grad_f_y", "grad_g_y", "grad_f_at", "grad_g_at", "hvp_yy", "hvp_xy"):
            if getattr(self, name) is not None and not callable(getattr(self, name)):
                raise InvalidArgument(name, "a callable or None", repr(getattr(self, name)))
