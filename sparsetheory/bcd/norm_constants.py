r"""Strong convexity of a quadratic in sums of block norms: the constants that decide the rates of selection rules.

For :math:`f(x) = \tfrac12 x^\top Q x` and :math:`N(x) = \sum_b \|x_b\|_{H_b}` the constant is

.. math:: \mu_N = \min_x \frac{x^\top Q x}{N(x)^2}, \qquad
          \frac1{\mu_N} = \max \{g^\top Q^{-1} g : g_b^\top H_b^{-1} g_b \leq 1\} .

With :math:`H_b = F_b F_b^\top` and :math:`C = F^\top Q^{-1} F` the maximum is over vectors u with unit blocks. For
single variables these are the sign vectors, all of which are looked at; otherwise the maximum is enclosed: from below
by ascent, from above by its semidefinite relaxation, whose dual weights prove :math:`Q \succeq diag(w_b H_b)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .._validation import check_vector
from ..errors import InvalidArgument

__all__ = ["NormConstant", "enumerate_signs", "norm_constant", "separable_constant", "shortfall"]

LARGEST_ENUMERATION = 24  # 2^23 numbers, 64 MB
_SWEEPS, _BETWEEN_CHECKS, _GAP = 2000, 25, 1e-6
_ROOMS = (1e-9, 1e-7, 1e-5, 1e-3)  # relative room that rounding may need below the dual weights


@dataclass(frozen=True, kw_only=True)
class NormConstant:
    r"""A constant :math:`\mu_N` between two numbers, each with what shows it.

    Attributes
    ----------
    lower : float
        No larger than the constant: for single variables the enumerated value less its rounding, otherwise `relaxed`.
    upper : float
        The quotient at an actual point; for single variables the enumerated value.
    relaxed : float
        The bound that `weights` prove, whether or not there is a better one: at least :math:`2/\pi` times the constant
        for single variables.
    weights : tuple of Fraction
        :math:`Q \succeq diag(w_b H_b)`, checked by exact pivots; ``relaxed`` is ``1 / sum(1 / w_b)``.
    gradient : ndarray of shape (n,)
        With :math:`N^*(g) = 1` and :math:`g^\top Q^{-1} g` equal to 1 / upper: where a rule is as slow as it can be.
    """

    lower: float
    upper: float
    relaxed: float
    weights: tuple[Fraction, ...]
    gradient: np.ndarray

    def over(self, factor: float) -> tuple[float, float]:
        """Return what is known of the constant divided by a number, for `shortfall`."""
        return self.lower / factor, self.upper / factor


def enumerate_signs(C: np.ndarray) -> tuple[float, np.ndarray]:
    r"""Return :math:`\max s^\top C s` over sign vectors and a maximiser.

    Both halves of the vector are listed and their interaction is one matrix product: ``2^(n-1)`` values, the first sign
    being fixed.

    Parameters
    ----------
    C : ndarray of shape (n, n)
        Symmetric, n at most 24.

    Raises
    ------
    InvalidArgument
        Where n is larger.

    Examples
    --------
    >>> value, signs = enumerate_signs(np.array([[1.0, -2.0], [-2.0, 1.0]]))
    >>> value, signs.tolist()
    (6.0, [1.0, -1.0])
    """
    n = len(C)
    if n > LARGEST_ENUMERATION:
        raise InvalidArgument("C", f"at most {LARGEST_ENUMERATION} rows", n)
    half = (n + 1) // 2
    first, second = _signs(half)[: 2 ** (half - 1)], _signs(n - half)
    values = 2.0 * (first @ C[:half, half:]) @ second.T
    values += np.einsum("ki,ij,kj->k", first, C[:half, :half], first, optimize=True)[:, None]
    values += np.einsum("ki,ij,kj->k", second, C[half:, half:], second, optimize=True)
    i, j = np.unravel_index(np.argmax(values), values.shape)
    return float(values[i, j]), np.concatenate([first[i], second[j]])


def _signs(n: int) -> np.ndarray:
    """Return all sign vectors of length n; those that start with +1 first."""
    return 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)[::-1]) & 1)


def separable_constant(curvatures: Any, scales: Any) -> float:
    r"""Return the constant of :math:`\tfrac12 \sum_i \lambda_i x_i^2` in :math:`\sum_i \sqrt{h_i} |x_i|`.

    It is :math:`1 / \sum_i h_i / \lambda_i`, the time that springs need working together.

    Parameters
    ----------
    curvatures : array_like of shape (n,)
        The lambda_i, positive.
    scales : array_like of shape (n,)
        The h_i; ones for the 1-norm.

    Examples
    --------
    One slow variable among fast ones: greedy selection is almost n times as fast as a random one.

    >>> round(separable_constant([1.0, 1.0, 1.0, 0.01], np.ones(4)), 5)
    0.00971
    """
    lam = check_vector(curvatures, "curvatures")
    return float(1.0 / np.sum(check_vector(scales, "scales", length=len(lam)) / lam))


def norm_constant(Q: np.ndarray, *, blocks: Sequence[Sequence[int]], metric: np.ndarray) -> NormConstant:
    r"""Enclose the constant of strong convexity of :math:`\tfrac12 x^\top Q x` in :math:`\sum_b \|x_b\|_{H_b}`.

    Parameters
    ----------
    Q : ndarray of shape (n, n)
        Positive definite.
    blocks : sequence of index sequences
        A partition of the variables.
    metric : ndarray of shape (n, n)
        Positive definite; its blocks are the H_b, the rest is ignored.

    Raises
    ------
    InvalidArgument
        Where the blocks are not a partition, or there are too many single variables to enumerate.
    sparsetheory.verify.certify.NotCertified
        Where Q is too nearly singular for weights to be proved.

    Examples
    --------
    Equal curvatures, so that the 1-norm gains nothing over random selection: the constant is 1/n.

    >>> found = norm_constant(np.eye(4), blocks=[[0], [1], [2], [3]], metric=np.eye(4))
    >>> found.upper, found.upper - found.lower < 1e-14, round(found.relaxed, 8)
    (0.25, True, 0.25)
    """
    order = np.concatenate([np.asarray(b, dtype=np.intp) for b in blocks])
    if not np.array_equal(np.sort(order), np.arange(len(Q))):
        raise InvalidArgument("blocks", f"a partition of range({len(Q)})", "a gap or an overlap")
    starts = np.cumsum([0, *(len(b) for b in blocks[:-1])])
    C, F = _scaled_inverse(Q, metric, order, starts)
    V, duals = _relax(C, starts)
    weights, relaxed = _prove(Q, blocks, metric, 1.0 / duals)
    single = len(blocks) == len(Q)
    value, u = enumerate_signs(C) if single else _ascend(C, np.column_stack([V.sum(axis=1), V, C]), starts)
    gradient = np.empty(len(Q))
    gradient[order] = F @ u
    return NormConstant(
        lower=max(relaxed, (1.0 - _noise(C)) / value) if single else relaxed,
        upper=1.0 / value, relaxed=relaxed, weights=weights,
        gradient=gradient,
    )  # fmt: skip


def _noise(C: np.ndarray) -> float:
    """Return what rounding of the inverse, of size eps times its condition, can do to a value, relatively."""
    return 4.0 * len(C) * float(np.finfo(float).eps * np.linalg.cond(C))


def _scaled_inverse(
    Q: np.ndarray, metric: np.ndarray, order: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return C = F' Q^{-1} F and F, block after block, with F F' the diagonal blocks of the metric."""
    F = np.zeros_like(Q)
    for start, stop in zip(starts, [*starts[1:], len(Q)]):
        part = slice(start, stop)
        F[part, part] = np.linalg.cholesky(metric[np.ix_(order[part], order[part])])
    root = np.linalg.solve(np.linalg.cholesky(Q[np.ix_(order, order)]), F)
    return root.T @ root, F


def _block_norms(W: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm of every block of every column."""
    return np.sqrt(np.add.reduceat(W * W, starts, axis=0))


def _relax(C: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Solve :math:`\max tr(V^	op C V)` over unit blocks by ascent; return V and dual weights y, diag(y_b) >= C.

    C being positive semidefinite, ``V <- C V`` with its blocks normalised never goes down; with as many columns as
    rows it has no local maxima to stop at (Burer and Monteiro 2005), and the norms that are divided by tend to the
    dual weights. Wherever it ends, a common factor makes them feasible.
    """
    sizes = np.diff([*starts, len(C)])
    of = np.repeat(np.arange(len(sizes)), sizes)  # the block of each row
    V = np.eye(len(C)) / np.sqrt(sizes)[of, None]
    for sweep in range(_SWEEPS):
        W = C @ V
        norms = np.sqrt(np.add.reduceat((W * W).sum(axis=1), starts))
        if sweep % _BETWEEN_CHECKS == 0:
            scale = 1.0 / np.sqrt(norms[of])
            duals = norms * np.linalg.eigvalsh(C * scale[:, None] * scale)[-1]
            if len(starts) == 1 or duals.sum() <= (1.0 + _GAP) * (V * W).sum():
                break
        V = W / norms[of, None]
    return V, duals


def _ascend(C: np.ndarray, U: np.ndarray, starts: np.ndarray) -> tuple[float, np.ndarray]:
    r"""Ascend :math:`u^	op C u` over unit blocks from every column of U; return the best value and its vector."""
    if len(starts) == 1:
        values, vectors = np.linalg.eigh(C)
        return float(values[-1]), vectors[:, -1]
    of = np.repeat(np.arange(len(starts)), np.diff([*starts, len(C)]))
    U = U[:, (_block_norms(U, starts) > 0).all(axis=0)]
    previous = 0.0
    for sweep in range(_SWEEPS):
        U = U / _block_norms(U, starts)[of]
        W = C @ U
        values = (U * W).sum(axis=0)
        if sweep % _BETWEEN_CHECKS == 0:
            if values.max() <= (1.0 + 1e-12) * previous:
                break
            previous = values.max()
        U = W
    best = int(np.argmax(values))
    return float(values[best]), U[:, best]


def _prove(
    Q: np.ndarray, blocks: Sequence[Sequence[int]], metric: np.ndarray, weights: np.ndarray
) -> tuple[tuple[Fraction, ...], float]:
    """Shrink the weights by as little as rounding needs; return them with the constant they prove, rounded down."""
    from ..verify.certify import NotCertified, norm_convexity

    for room in _ROOMS:
        try:
            proved = norm_convexity(Q, blocks=blocks, H=metric, weights=list((1.0 - room) * weights))
        except NotCertified as error:
            failure = error
        else:
            return proved.weights, float(np.nextafter(float(proved.value), 0.0))
    raise failure


def shortfall(*enclosures: tuple[float, float]) -> float:
    """Return by how much, relatively, positive numbers that should ascend must fail to: 0 where they may ascend.

    Parameters
    ----------
    *enclosures : pairs (lower, upper)
        What is known of each number.

    Examples
    --------
    >>> shortfall((1.0, 2.0), (1.5, 1.8), (1.9, 1.9))
    0.0
    >>> shortfall((2.0, 3.0), (1.0, 1.5)).__round__(6)
    0.333333
    """
    worst = 0.0
    for k, (_, upper) in enumerate(enclosures):
        worst = max([worst, *(lower / upper - 1.0 for lower, _ in enclosures[:k])])
    return worst
