"""Constants of quadratic forms with exact proofs: extreme eigenvalues, strong convexity in sums of block norms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..._validation import check_positive
from ...errors import InvalidArgument
from .certificate import NotCertified
from .program import solve
from .rational import dyadic, pivots

__all__ = ["Eigenvalue", "NormConvexity", "largest_eigenvalue", "norm_convexity", "smallest_eigenvalue"]

Matrix = tuple[tuple[Fraction, ...], ...]
BITS = 60


def _rational(A: Any, name: str) -> Matrix:
    """Return a symmetric matrix of finite numbers as Fractions; floats are the dyadic numbers that they are."""
    try:
        matrix = tuple(tuple(Fraction(entry) for entry in row) for row in (A.tolist() if hasattr(A, "tolist") else A))
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgument(name, "a matrix of finite real numbers", type(A).__name__) from None
    if not matrix or {len(row) for row in matrix} != {len(matrix)} or matrix != tuple(zip(*matrix)):
        raise InvalidArgument(
            name, "a symmetric matrix", f"{len(matrix)} rows, entries differ from their mirror images"
        )
    return matrix


def _floats(A: Matrix) -> np.ndarray:
    return np.array([[float(entry) for entry in row] for row in A])


def _combine(A: Matrix, factor: Fraction | int, B: Matrix) -> Matrix:
    return tuple(tuple(a + factor * b for a, b in zip(r, s)) for r, s in zip(A, B))


def _form(A: Matrix, x: Sequence[Fraction]) -> Fraction:
    return sum((s * sum(a * t for a, t in zip(row, x)) for s, row in zip(x, A)), Fraction(0))


@dataclass(frozen=True, kw_only=True)
class Eigenvalue:
    r"""An extreme eigenvalue between two rationals, proved from either side.

    `bound` is proved by pivots: $\sigma (bound \, B - A) \succeq 0$ with $\sigma = 1$ for the largest eigenvalue and
    $-1$ for the smallest. `attained` is the quotient $x^T A x / x^T B x$ at a rational vector.

    Attributes
    ----------
    A, B : tuple of tuple of Fraction
    sign : int
        1 for the largest, -1 for the smallest.
    bound : Fraction
    vector : tuple of Fraction
    """

    A: Matrix
    B: Matrix
    sign: int
    bound: Fraction
    vector: tuple[Fraction, ...]

    @property
    def attained(self) -> Fraction:
        """The quotient at `vector`."""
        return _form(self.A, self.vector) / _form(self.B, self.vector)

    @property
    def lower(self) -> Fraction:
        """A number that the eigenvalue is not below."""
        return self.attained if self.sign > 0 else self.bound

    @property
    def upper(self) -> Fraction:
        """A number that the eigenvalue is not above."""
        return self.bound if self.sign > 0 else self.attained

    def report(self) -> tuple[bool, str]:
        """Check both sides exactly; return the outcome and what was seen."""
        found = pivots(self.B)
        if found is None or not all(found):
            return False, "B is not positive definite"
        slack = _combine(tuple(tuple(self.sign * self.bound * b for b in row) for row in self.B), -self.sign, self.A)
        if pivots(slack) is None:
            return False, f"{float(self.bound):.10g} is no bound"
        return self.lower <= self.upper, f"in [{float(self.lower):.12g}, {float(self.upper):.12g}]"

    def check(self) -> bool:
        """Return whether both sides hold. Integers and fractions only."""
        return self.report()[0]

    def tightened(self, inflation: float = 1e-3) -> "Eigenvalue":
        """Return the same with the bound moved past the eigenvalue: it must not check, which is the anti-test."""
        step = Fraction(inflation) * max(abs(self.attained), abs(self.bound - self.attained))
        return replace(self, bound=self.attained - self.sign * step)


def _extreme(A: Any, B: Any, sign: int, inflation: float) -> Eigenvalue:
    from scipy.linalg import eigh

    matrix = _rational(A, "A")
    n = len(matrix)
    unit = tuple(tuple(Fraction(int(i == j)) for j in range(n)) for i in range(n))
    metric = unit if B is None else _rational(B, "B")
    if len(metric) != n:
        raise InvalidArgument("B", f"shape ({n}, {n}), that of A", f"{len(metric)} rows")
    try:
        values, vectors = eigh(_floats(matrix), _floats(metric))
    except np.linalg.LinAlgError:
        raise InvalidArgument("B", "a positive definite matrix", "one that is not") from None
    k = -1 if sign > 0 else 0
    room = check_positive(inflation, "inflation") * max(abs(values[0]), abs(values[-1]))
    scaled = vectors[:, k] / np.abs(vectors[:, k]).max()
    found = Eigenvalue(
        A=matrix,
        B=metric,
        sign=sign,
        bound=dyadic(values[k] + sign * room, bits=BITS) if room > 2.0**-BITS else Fraction(values[k] + sign * room),
        vector=tuple(dyadic(x, bits=BITS) for x in scaled),
    )
    ok, detail = found.report()
    if not ok:
        raise NotCertified(f"{detail}; try a larger inflation")
    return found


def largest_eigenvalue(A: Any, *, B: Any = None, inflation: float = 1e-9) -> Eigenvalue:
    r"""Enclose the largest $\lambda$ with $A x = \lambda B x$, that is $\max x^T A x / x^T B x$.

    Parameters
    ----------
    A : (n, n) symmetric matrix of integers, Fractions or floats
        Floats are taken as the exact numbers that they are.
    B : (n, n) positive definite matrix, default the identity
    inflation : float, default 1e-9
        Room of the bound, relative to the largest absolute eigenvalue.

    Raises
    ------
    InvalidArgument
        Where A is not symmetric or B not positive definite.
    NotCertified
        Where rounding exceeds the room.

    Examples
    --------
    >>> found = largest_eigenvalue([[2, 1], [1, 2]])
    >>> found.report()
    (True, 'in [3, 3.000000003]')
    >>> found.tightened().check()
    False
    """
    return _extreme(A, B, 1, inflation)


def smallest_eigenvalue(A: Any, *, B: Any = None, inflation: float = 1e-9) -> Eigenvalue:
    """Enclose the smallest eigenvalue of A, or of A x = lambda B x; see `largest_eigenvalue`.

    Examples
    --------
    >>> smallest_eigenvalue([[2, 1], [1, 2]]).report()
    (True, 'in [0.999999997, 1]')
    """
    return _extreme(A, B, -1, inflation)


@dataclass(frozen=True, kw_only=True)
class NormConvexity:
    r"""A proof of $x^T Q x \geq \mu \, (\sum_b \|x_b\|_{H_b})^2$ with $\mu = 1 / \sum_b 1/w_b$.

    The weights satisfy $Q \succeq diag(w_b H_b)$, proved by pivots; the rest is the Cauchy-Schwarz inequality
    $(\sum_b t_b)^2 \leq \sum_b 1/w_b \sum_b w_b t_b^2$.

    Attributes
    ----------
    Q, H : tuple of tuple of Fraction
        H is used block by block.
    blocks : tuple of tuple of int
    weights : tuple of Fraction
        One a block, positive.
    """

    Q: Matrix
    H: Matrix
    blocks: tuple[tuple[int, ...], ...]
    weights: tuple[Fraction, ...]

    @property
    def value(self) -> Fraction:
        r"""The constant $\mu$."""
        return 1 / sum((1 / w for w in self.weights), Fraction(0))

    def report(self) -> tuple[bool, str]:
        """Check weights, blocks and slack exactly; return the outcome and what was seen."""
        if sorted(i for block in self.blocks for i in block) != list(range(len(self.Q))):
            return False, "the blocks do not partition the coordinates"
        if len(self.weights) != len(self.blocks) or min(self.weights) <= 0:
            return False, "a weight is missing or not positive"
        slack = [list(row) for row in self.Q]
        for block, w in zip(self.blocks, self.weights):
            part = [[self.H[i][j] for j in block] for i in block]
            if pivots(part) is None:
                return False, f"the metric of block {block} is not positive semidefinite"
            for i, row in zip(block, part):
                for j, entry in zip(block, row):
                    slack[i][j] -= w * entry
        if pivots(slack) is None:
            return False, "Q does not dominate the weighted metric"
        return True, f"constant {float(self.value):.10g} in the sum of {len(self.blocks)} block norms"

    def check(self) -> bool:
        """Return whether the constant is proved. Integers and fractions only."""
        return self.report()[0]

    def tightened(self, factor: Fraction = Fraction(1001, 1000)) -> "NormConvexity":
        """Return the same with all weights, and so the constant, multiplied: it must not check (the anti-test)."""
        return replace(self, weights=tuple(w * factor for w in self.weights))


def norm_convexity(
    Q: Any, *, blocks: Sequence[Sequence[int]] | None = None, H: Any = None, weights: Sequence[Any] | None = None,
    deflation: float = 1e-6,
) -> NormConvexity:  # fmt: skip
    r"""Prove a constant of strong convexity of $\frac12 x^T Q x$ in the norm $\sum_b \|x_b\|_{H_b}$.

    The best constant of this kind, $\max_w 1 / \sum_b 1/w_b$ subject to $Q \succeq diag(w_b H_b)$, is a semidefinite
    program; for coordinates and $H = I$ it is within $2/\pi$ of the constant in the 1-norm, which decides the rate
    of greedy coordinate descent (Nutini et al. 2015).

    Parameters
    ----------
    Q : (n, n) positive definite matrix of integers, Fractions or floats
        Floats are taken as the exact numbers that they are.
    blocks : sequence of sequences of int, default single coordinates
    H : (n, n) matrix, default the identity
        Only its diagonal blocks count: diag(L_i) for the rule GSL, the blocks of an upper bound for GSQ.
    weights : sequence of numbers, one a block, optional
        The :math:`w_b`, where they are known; no solver is needed then.
    deflation : float, default 1e-6
        Relative room under the optimum that the solver found.

    Raises
    ------
    InvalidArgument
        Where Q is not symmetric, H has another shape, or the blocks do not partition the coordinates.
    NotCertified
        Where Q is not positive definite, or so nearly singular that rounding exceeds the room; where given weights do
        not hold.

    Examples
    --------
    For diagonal Q the constant is exactly 1 / (sum of 1/Q_ii):

    >>> found = norm_convexity([[1, 0], [0, 2]])
    >>> found.report()
    (True, 'constant 0.66666... in the sum of 2 block norms')
    >>> found.tightened().check()
    False
    """
    matrix = _rational(Q, "Q")
    n = len(matrix)
    unit = tuple(tuple(Fraction(int(i == j)) for j in range(n)) for i in range(n))
    metric = unit if H is None else _rational(H, "H")
    parts = tuple(tuple(int(i) for i in block) for block in (blocks or [[i] for i in range(n)]))
    if len(metric) != n or sorted(i for block in parts for i in block) != list(range(n)):
        raise InvalidArgument("blocks", f"a partition of range({n}), H of order {n}", f"{parts}, {len(metric)}")
    if weights is None:
        best = _best_weights(_floats(matrix), _floats(metric), parts) * (1 - check_positive(deflation, "deflation"))
        weights = [float(w) for w in best]
    found = NormConvexity(Q=matrix, H=metric, blocks=parts, weights=tuple(Fraction(w) for w in weights))
    ok, detail = found.report()
    if not ok:
        raise NotCertified(f"{detail}; is Q positive definite? Try a larger deflation")
    return found


def _best_weights(Q: np.ndarray, H: np.ndarray, blocks: Sequence[Sequence[int]]) -> np.ndarray:
    """Solve the semidefinite program in floating point."""
    import cvxpy as cp

    masks = np.zeros((len(blocks), *Q.shape))
    for mask, block in zip(masks, blocks):
        mask[np.ix_(block, block)] = H[np.ix_(block, block)]
    scale = np.trace(Q) / max(np.trace(H), 1e-300)  # weights of order one, whatever the units of Q
    w = cp.Variable(len(blocks))
    slack = Q / scale - sum(w[b] * mask for b, mask in enumerate(masks))
    try:
        solve(cp.Problem(cp.Minimize(cp.sum(cp.inv_pos(w))), [slack >> 0]), "the weights")
    except NotCertified as error:
        raise NotCertified(f"{error} Is Q positive definite?") from None
    return np.asarray(w.value) * scale
