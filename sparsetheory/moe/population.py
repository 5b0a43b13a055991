"""Quantities of the true density: samples from it, distances between two of them, Fisher information."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from .._validation import check_choice, check_generator, check_matrix
from ..errors import InvalidArgument
from .density import log_gate, log_joint, sample_scores
from .gate import Gate, make_gate
from .mixing_measure import MixingMeasure
from .parameters import Layout, Parameters

__all__ = ["DISTANCES", "density_distance", "gate_and_parameters", "information", "simulate"]

_REACH = 9.0  # standard deviations beyond the outermost means: what is left out has mass below 1e-18
_STEP = 0.125  # of the least standard deviation: halving it again moves smooth integrals by less than 1e-12
_MOST = 200_000  # points of a quadrature in y


def gate_and_parameters(G: MixingMeasure, X: Any, gate: dict[str, Any]) -> tuple[Gate, Parameters, np.ndarray]:
    """Return gate and parameters of a measure, and the checked covariates."""
    if not isinstance(G, MixingMeasure):
        raise InvalidArgument("G", "a MixingMeasure", type(G).__name__)
    X = check_matrix(X, "X")
    if X.shape[1] != G.n_features:
        raise InvalidArgument("X", f"{G.n_features} columns, as G has features", X.shape[1])
    name = gate.pop("gate", "softmax" if G.tau == 1.0 else "temperature")
    return make_gate(name, G.n_atoms, temperature=G.tau, **gate), Parameters.of(G), X


def simulate(G: MixingMeasure, X: Any, rng: np.random.Generator, **gate: Any) -> np.ndarray:
    r"""Draw a response for every row of covariates.

    .. math:: y_i \sim \sum_j \pi_j(x_i) N(a_j^\top x_i + b_j, v_j)

    Parameters
    ----------
    G : MixingMeasure
    X : array_like of shape (n, d)
    rng : numpy.random.Generator
    **gate
        ``gate``, ``top_k``, ``rank_by``, ``activation`` as in `sparsetheory.moe.maximize_likelihood`; the temperature
        is that of `G`.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import moe
    >>> G = moe.MixingMeasure([0, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.25])
    >>> moe.simulate(G, [[0.0], [1.0]], np.random.default_rng(0)).round(2).tolist()
    [-1.68, 3.05]
    """
    made, at, X = gate_and_parameters(G, X, gate)
    rng = check_generator(rng, "rng")
    reached = np.exp(log_gate(made, at, X)).cumsum(axis=1)
    chosen = (rng.random((len(X), 1)) * reached[:, -1:] >= reached[:, :-1]).sum(axis=1)
    means = (X * at.expert[chosen, :-1]).sum(axis=1) + at.expert[chosen, -1]
    return np.asarray(means + np.sqrt(at.variance[chosen]) * rng.standard_normal(len(X)))


def _hellinger(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    return 0.5 * (np.exp(0.5 * log_p) - np.exp(0.5 * log_q)) ** 2


def _total_variation(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    return 0.5 * np.abs(np.exp(log_p) - np.exp(log_q))


def _kullback_leibler(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    return np.exp(log_q) * (log_q - log_p)


#: Name of a distance -> (integrand of log p and log q, what is done with the mean over X).
DISTANCES: dict[str, tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "hellinger": (_hellinger, np.sqrt), "tv": (_total_variation, np.asarray), "kl": (_kullback_leibler, np.asarray),
}  # fmt: skip


def _grid(*models: tuple[Gate, Parameters], X: np.ndarray) -> np.ndarray:
    """Return points in y that cover every expert of the models at every row, evenly spaced."""
    means = np.concatenate([(X @ at.expert[:, :-1].T + at.expert[:, -1]).ravel() for _, at in models])
    deviations = np.sqrt(np.concatenate([at.variance for _, at in models]))
    low, high = means.min() - _REACH * deviations.max(), means.max() + _REACH * deviations.max()
    count = int(np.ceil((high - low) / (_STEP * deviations.min()))) + 1
    if count > _MOST:
        raise InvalidArgument("v", f"variances that {_MOST} points in y resolve", f"{count} points")
    return np.linspace(low, high, count)


def _log_density(gate: Gate, at: Parameters, row: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(logsumexp(log_joint(gate, at, np.broadcast_to(row, (len(y), len(row))), y), axis=1))


def density_distance(
    G: MixingMeasure, G_star: MixingMeasure, X: Any, *, kind: str = "hellinger", gate_star: Any = None, **gate: Any
) -> float:
    r"""Return the mean distance between two conditional densities over the rows of X.

    .. math:: h(p, q) = \Big(\tfrac12 \int (\sqrt p - \sqrt q)^2\Big)^{1/2}, \quad V = \tfrac12 \int |p - q|, \quad
        KL = \int q \log (q / p)

    with p that of G and q that of G_star; the mean of h is taken row by row.

    Parameters
    ----------
    G, G_star : MixingMeasure
        The fitted and the true measure.
    X : array_like of shape (n, d)
        Where the distance is averaged.
    kind : {"hellinger", "tv", "kl"}, default "hellinger"
    gate_star : dict, optional
        Options of the true gate, where it is another one.
    **gate
        Options of the gate, as in `simulate`.

    Returns
    -------
    float
        By the trapezoidal rule, nearly exact for "hellinger" and "kl", whose integrands are analytic, and to 1e-3 of
        the distance for "tv", whose integrand has kinks.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> G = moe.MixingMeasure([0], [0], a=[0], b=[0], v=[1])
    >>> H = moe.MixingMeasure([0], [0], a=[0], b=[2], v=[1])
    >>> round(moe.density_distance(G, H, [[0.0]], kind="kl"), 12)
    2.0
    """
    integrand, conclude = DISTANCES[check_choice(kind, "kind", DISTANCES)]
    made, at, X = gate_and_parameters(G, X, dict(gate))
    other, at_star, X = gate_and_parameters(G_star, X, dict(gate if gate_star is None else gate_star))
    y = _grid((made, at), (other, at_star), X=X)
    width = y[1] - y[0]
    rows = [integrand(_log_density(made, at, row, y), _log_density(other, at_star, row, y)).sum() * width for row in X]
    return float(np.mean(conclude(np.maximum(rows, 0.0))))


def information(G: MixingMeasure, X: Any, **gate: Any) -> np.ndarray:
    r"""Return the Fisher information of one observation, averaged over the rows of X.

    .. math:: I = \mathbb{E}_x \int \nabla \log p(y \mid x)\, \nabla \log p(y \mid x)^\top p(y \mid x)\, dy

    Parameters
    ----------
    G : MixingMeasure
    X : array_like of shape (n, d)
    **gate
        Options of the gate, as in `simulate`, and ``fit_temperature``: whether the temperature is a parameter. Here it
        may be one of a softmax gate too, where no data tell it.

    Returns
    -------
    ndarray of shape (p, p)
        In the order: gate rows (slopes, then intercept; without the last expert's, the reference), expert rows, log
        variances, log temperature if it is estimated. Singular where parameters cannot be told apart, as in
        over-specified measures.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> G = moe.MixingMeasure([0], [0], a=[0], b=[0], v=[1])
    >>> moe.information(G, [[1.0]]).round(6).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.5]]
    """
    free = bool(gate.pop("fit_temperature", False))
    made, at, X = gate_and_parameters(G, X, gate)
    layout = Layout(replace(made, free_temperature=free), X.shape[1])
    y = _grid((made, at), X=X)
    total = np.zeros((layout.n_free, layout.n_free))
    for row in X:
        repeated = np.broadcast_to(row, (len(y), len(row)))
        scores = sample_scores(layout, at, repeated, y)
        total += (scores.T * np.exp(_log_density(made, at, row, y))) @ scores
    return total * (y[1] - y[0]) / len(X)
