r"""The Polyak-Lojasiewicz constant of a quadratic in the largest block of its gradient, singular matrices included.

For :math:`f(x) = \tfrac12 x^\top Q x - c^\top x` with :math:`c = Q x^*` it is the largest :math:`\mu` with
:math:`\tfrac12 \max_b \|\nabla_b f\|^2 \geq \mu (f - f^*)`,

.. math:: \mu = \min_{Q x \neq 0} \max_b \frac{\|(Q x)_b\|^2}{x^\top Q x} .

Weights :math:`w_b \geq 0` of sum 1 prove every number with :math:`Q W Q \succeq \mu Q`, :math:`W = diag(w_b I)`: the
largest block is at least the weighted average. The best weights solve a small semidefinite program.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..errors import InvalidArgument

__all__ = ["PLConstant", "pl_constant", "proves"]

_ROOMS = (1e-9, 1e-7, 1e-5, 1e-3)  # relative room that rounding may need below the best value
_RANK = 1e-11  # eigenvalues below this part of the largest are taken for zero; the proof does not rely on it
_SHRINK, _GAP = 0.2, 1e-6
_NEWTON = 50


@dataclass(frozen=True, kw_only=True)
class PLConstant:
    r"""A Polyak-Lojasiewicz constant between two numbers, each with what shows it.

    Attributes
    ----------
    lower : float
        Proved by `weights`.
    upper : float
        The quotient at `direction`.
    weights : tuple of Fraction
        One a block, nonnegative, of sum 1; :math:`Q W Q \succeq lower \, Q`, checked by exact pivots.
    direction : ndarray of shape (n,)
        The displacement from a minimiser where the quotient is `upper`.
    """

    lower: float
    upper: float
    weights: tuple[Fraction, ...]
    direction: np.ndarray


def proves(
    Q: np.ndarray, *, blocks: Sequence[Sequence[int]], weights: Sequence[Fraction], value: Fraction
) -> bool:  # fmt: skip
    r"""Return whether :math:`Q W Q - value \, Q` is positive semidefinite and the weights have sum 1, exactly.

    Parameters
    ----------
    Q : ndarray of shape (n, n)
        Floats are taken as the exact numbers that they are.
    blocks : sequence of index sequences
    weights : sequence of Fraction
    value : Fraction

    Examples
    --------
    >>> A = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]])
    >>> half = [Fraction(1, 2)] * 2
    >>> [proves(A.T @ A, blocks=[[0, 2], [1, 3]], weights=half, value=Fraction(v)) for v in (1, 2)]
    [True, False]
    """
    from ..verify.certify.rational import is_positive_semidefinite

    if min(weights) < 0 or sum(weights) != 1:
        return False
    entries, scale = _whole([Fraction(entry) for entry in np.asarray(Q, dtype=float).ravel().tolist()])
    shares, common = _whole(weights)
    whole, w = np.array(entries, dtype=object).reshape(np.shape(Q)), np.zeros(len(Q), dtype=object)
    for b, share in zip(blocks, shares, strict=True):
        w[list(b)] = share
    slack = value.denominator * (whole * w) @ whole - value.numerator * scale * common * whole  # a positive multiple
    return is_positive_semidefinite(slack.tolist())


def _whole(numbers: Sequence[Fraction]) -> tuple[list[int], int]:
    """Return whole numbers and the common denominator that they are to be divided by."""
    scale = math.lcm(*(x.denominator for x in numbers))
    return [x.numerator * (scale // x.denominator) for x in numbers], scale


def pl_constant(Q: np.ndarray, *, blocks: Sequence[Sequence[int]]) -> PLConstant:
    r"""Enclose the Polyak-Lojasiewicz constant of a quadratic in the largest block of its gradient.

    Parameters
    ----------
    Q : ndarray of shape (n, n)
        Positive semidefinite, not zero.
    blocks : sequence of index sequences
        A partition of the variables.

    Raises
    ------
    InvalidArgument
        Where the blocks are not a partition, or Q is zero.
    sparsetheory.verify.certify.NotCertified
        Where rounding exceeds the room for a proof, and where entries that were rounded have made a singular Q
        indefinite: it has to be a matrix of low rank exactly, such as ``A.T @ A`` for whole numbers.

    Examples
    --------
    Two rows seen twice: no strong convexity, and yet a constant.

    >>> A = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]])
    >>> found = pl_constant(A.T @ A, blocks=[[0, 2], [1, 3]])
    >>> round(found.lower, 6), round(found.upper, 6), [float(w) for w in found.weights]
    (1.0, 1.0, [0.5, 0.5])
    """
    Q = np.asarray(Q, dtype=float)
    if sorted(i for b in blocks for i in b) != list(range(len(Q))):
        raise InvalidArgument("blocks", f"a partition of range({len(Q)})", "a gap or an overlap")
    values, vectors = np.linalg.eigh(Q)
    kept = values > _RANK * values[-1]
    if not values[-1] > 0:
        raise InvalidArgument(
            "Q", "a positive semidefinite matrix that is not zero", f"largest eigenvalue {values[-1]}"
        )
    root = np.sqrt(values[kept])
    factor = vectors[:, kept] * root  # gradient = factor @ u at the displacement (vectors / root) @ u, error |u|^2 / 2
    C = np.array([factor[list(b)].T @ factor[list(b)] for b in blocks])
    w, primal = _best_weights(C / values[-1])
    u = _lowest(C, np.tensordot(w, C, 1), primal)
    weights, lower = _prove(Q, blocks, C, w)
    return PLConstant(
        lower=lower, upper=float(_largest_block(C, u[:, None])[0]), weights=weights,
        direction=(vectors[:, kept] / root) @ u,
    )  # fmt: skip


def _largest_block(C: np.ndarray, U: np.ndarray) -> np.ndarray:
    """Return max_b u' C_b u / u'u for every column u."""
    return np.asarray(np.einsum("ik,bij,jk->bk", U, C, U).max(axis=0) / (U * U).sum(axis=0))


def _best_weights(C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Maximise the smallest eigenvalue of :math:`\sum w_b C_b` over the simplex; return weights and a primal matrix.

    An interior-point method: Newton's method on ``t + nu (log det(sum w_b C_b - t I) + sum log w_b)`` with
    ``sum w = 1``, the weight nu of the barrier falling until the gap, ``nu`` times the number of constraints, is small.
    """
    m, r = len(C), C.shape[1]
    y = np.full(m + 1, 1.0 / m)  # the weights, then t
    start = float(np.linalg.eigvalsh(C.mean(axis=0))[0])
    y[m] = start - max(abs(start), 1e-3)
    slack = np.concatenate([C, -np.eye(r)[None]])  # its derivatives in y
    unit, system = np.ones(m + 1), np.zeros((m + 2, m + 2))
    nu = 1.0
    while True:
        for _ in range(_NEWTON):
            unit[:m] = y[:m]  # unknowns are relative changes of weights, and the change of t
            T = np.linalg.inv(np.tensordot(y, slack, 1)) @ (slack * unit[:, None, None])
            slope = np.trace(T, axis1=1, axis2=2) + 1.0
            slope[m] += 1.0 / nu - 1.0
            system[:-1, :-1] = np.einsum("aij,bji->ab", T, T)
            system[range(m), range(m)] += 1.0
            system[:m, -1] = system[-1, :m] = y[:m]
            step = np.linalg.solve(system, np.append(slope, 0.0))[:-1]
            decrement = max(float(slope @ step), 0.0)
            y += step * unit / (1.0 + np.sqrt(decrement))  # stays inside: the barrier is self-concordant
            if decrement < 1e-4:
                break
        if nu * (m + r) < _GAP * max(y[m], _GAP):
            return y[:m], nu * np.linalg.inv(np.tensordot(y, slack, 1))
        nu *= _SHRINK


def _lowest(C: np.ndarray, average: np.ndarray, primal: np.ndarray) -> np.ndarray:
    """Return the best u with a small largest block: signed sums of the primal's leading vectors, and eigenvectors."""
    values, vectors = np.linalg.eigh(primal)
    leading = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1][:, :4]
    signs = 1.0 - 2.0 * ((np.arange(8)[None, :] >> np.arange(leading.shape[1])[:, None]) & 1)
    candidates = np.concatenate([leading @ signs, np.linalg.eigh(average)[1], np.linalg.eigh(C.sum(axis=0))[1]], axis=1)
    best = candidates[:, int(np.argmin(_largest_block(C, candidates)))]
    return np.asarray(best / np.linalg.norm(best))


def _prove(
    Q: np.ndarray, blocks: Sequence[Sequence[int]], C: np.ndarray, w: np.ndarray
) -> tuple[tuple[Fraction, ...], float]:
    """Lower the value by as little as rounding needs; return it with the weights that prove it."""
    from ..verify.certify import NotCertified

    shares = [Fraction(max(float(x), 0.0)) for x in w]
    weights = tuple(x / sum(shares) for x in shares)
    best = float(np.linalg.eigvalsh(np.tensordot([float(x) for x in weights], C, 1))[0])
    for room in _ROOMS:
        value = best * (1.0 - room)
        if proves(Q, blocks=blocks, weights=weights, value=Fraction(value)):
            return weights, value
    raise NotCertified(f"no room of {_ROOMS[-1]:g} below {best:.6g} suffices")
