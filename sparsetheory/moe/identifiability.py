"""What can be told from data: temperatures of activation gates, and sparse fits with spare experts."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._validation import check_choice, check_count, check_matrix
from ..errors import InvalidArgument
from .density import activation_values
from .gate import ACTIVATIONS, RANKINGS
from .mixing_measure import MixingMeasure

__all__ = ["activation_independence", "representable"]


def activation_independence(activation: str, slope: Any, X: Any) -> float:
    r"""Return how far an activation is from making the temperature unidentifiable, at a slope and a sample.

    .. math:: \{x_u \varphi'(\beta^\top x)\}_u, \quad \varphi(\beta^\top x), \quad 1

    have to be linearly independent functions of x for the slope and the temperature of a gate to be told apart at
    first order. In one dimension the exceptions are :math:`\varphi(z) = A |z|^\kappa + B` and
    :math:`A \log |z| + B`: linear functions, powers, and ReLU piece by piece.

    Parameters
    ----------
    activation : str
        A key of `sparsetheory.moe.gate.ACTIVATIONS`.
    slope : array_like of shape (d,)
        The slope beta.
    X : array_like of shape (n, d)

    Returns
    -------
    float
        Smallest eigenvalue of the correlation matrix of the functions (uncentred), between 0 and 1; at rounding, 1e-12,
        they are dependent.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import moe
    >>> X = np.linspace(-3, 3, 101)[:, None]
    >>> moe.activation_independence("tanh", [1.5], X) > 1e-3, moe.activation_independence("identity", [1.5], X) < 1e-12
    (True, True)
    """
    code = ACTIVATIONS[check_choice(activation, "activation", ACTIVATIONS)]
    X = check_matrix(X, "X")
    slope = np.atleast_1d(np.asarray(slope, dtype=float))
    if slope.shape != X.shape[1:]:
        raise InvalidArgument("slope", f"length {X.shape[1]}", f"shape {slope.shape}")
    value, derivative = activation_values(code, X @ slope)
    functions = np.column_stack([X * derivative[:, None], value, np.ones(len(X))])
    norms = np.linalg.norm(functions, axis=0)
    scaled = functions / np.where(norms > 0, norms, 1.0)
    return float(np.linalg.svd(scaled, compute_uv=False)[-1] ** 2) if len(X) >= scaled.shape[1] else 0.0


def representable(
    G_star: MixingMeasure, X: Any, *, top_k: int, n_experts: int, fitted_top_k: int, rank_by: str = "slope"
) -> list[tuple[int, ...]]:
    r"""Return the ways in which a wider sparse mixture can be the true sparse density.

    A fit with finite parameters equals the truth only if its active experts are, everywhere, copies of the true active
    ones with the weights split: with m_j copies of expert j,

    .. math:: \sum_{j \in S} m_j = \bar K \text{ for every set } S \text{ of true experts active somewhere}.

    Parameters
    ----------
    G_star : MixingMeasure
        The truth.
    X : array_like of shape (n, d)
        Where active sets are looked at.
    top_k : int
        Active experts of the truth.
    n_experts, fitted_top_k : int
        Experts and active experts of the fit.
    rank_by : {"slope", "score"}, default "slope"
        What the gate ranks by. Spare experts that are active nowhere are not counted: under "score" they can hide with
        a score too low, under "slope" with a slope between those of others.

    Returns
    -------
    list of tuple of int
        The numbers of copies (m_1, ..., m_k*) that work; empty where no measure with bounded parameters has the true
        density.

    Examples
    --------
    Two true experts, one active at a time: three fitted ones with two active cannot be consistent.

    >>> from sparsetheory import moe
    >>> G = moe.MixingMeasure([0, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.25])
    >>> X = [[-1.0], [1.0]]
    >>> moe.representable(G, X, top_k=1, n_experts=3, fitted_top_k=2)
    []
    >>> moe.representable(G, X, top_k=1, n_experts=4, fitted_top_k=2)
    [(2, 2)]
    """
    X = check_matrix(X, "X")
    if X.shape[1] != G_star.n_features:
        raise InvalidArgument("X", f"{G_star.n_features} columns, as G_star has features", X.shape[1])
    true, active = G_star.n_atoms, check_count(top_k, "top_k")
    k, wide = check_count(n_experts, "n_experts", minimum=true), check_count(fitted_top_k, "fitted_top_k")
    if active > true or wide > k:
        raise InvalidArgument("top_k", f"at most {true}, and fitted_top_k at most {k}", (active, wide))
    rank = X @ G_star.beta1.T
    if check_choice(rank_by, "rank_by", RANKINGS) == "score":
        rank = rank + G_star.beta0
    order = np.argsort(-rank, axis=1, kind="stable")[:, :active]
    sets = {tuple(sorted(row)) for row in order.tolist()}
    return [copies for copies in _copies(true, k) if all(sum(copies[j] for j in S) == wide for S in sets)]


def _copies(true: int, k: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to write k as a sum of `true` numbers >= 1, in order."""
    for cuts in itertools.combinations(range(1, k), true - 1):
        ends = (0, *cuts, k)
        yield tuple(b - a for a, b in itertools.pairwise(ends))
