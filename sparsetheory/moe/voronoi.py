"""Voronoi losses: how far a fitted measure is from the true one, with the exponents that the theory gives each part."""

from collections.abc import Callable

import numpy as np

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from .comparison import Comparison
from .losses import LOSSES, Loss
from .mixing_measure import MixingMeasure
from .polynomials import rbar as rbar_of

__all__ = ["voronoi_cells", "voronoi_loss"]


def voronoi_cells(G: MixingMeasure, G_star: MixingMeasure) -> list[np.ndarray]:
    r"""Return, for every true atom, the fitted atoms that are nearest to it.

    .. math:: \mathcal{A}_j = \{ i : \|\theta_i - \theta^*_j\| \le \|\theta_i - \theta^*_l\| \text{ for all } l \},
        \qquad \theta = (\beta_1, a, b, v)

    Parameters
    ----------
    G, G_star : MixingMeasure
        The fitted and the true measure, of the same dimension. They are taken as they are: translate first.

    Returns
    -------
    list of ndarray
        One index array an atom of `G_star`, which together hold every atom of `G` once; ties go to the lowest index.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> truth = moe.MixingMeasure([0, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.25])
    >>> [cell.tolist() for cell in moe.voronoi_cells(truth.split(1), truth)]
    [[0], [1, 2]]
    """
    _check_pair(G, G_star)
    nearest = np.argmin(((_points(G)[:, None] - _points(G_star)) ** 2).sum(axis=2), axis=1)
    return [np.flatnonzero(nearest == j) for j in range(G_star.n_atoms)]


def voronoi_loss(
    G: MixingMeasure,
    G_star: MixingMeasure,
    *,
    kind: str = "over",
    translation: str = "inf",
    top_k: int | None = None,
    order: float = 1.0,
    rbar: Callable[[int], float] = rbar_of,
) -> float:
    r"""Return the Voronoi loss between a fitted measure and the true one.

    .. math:: \inf_{t_0, t_1} \sum_j \Big\{ \sum_{i \in \mathcal{A}_j} w_i D_j(\theta_i - (t_1, 0, 0, 0), \theta^*_j)
        + \Big| \sum_{i \in \mathcal{A}_j} w_i - w^*_j \Big| \Big\}, \qquad w_i = e^{\beta_{0i} / \tau - t_0}

    where D_j sums norms of differences with the exponents of the kind, which depend on whether the cell has one atom
    or more. Kinds that speak of the temperature add the difference of the two, once; "exact", "over" and the sparse
    kinds compare slopes and intercepts over tau. Without the infimum over translations the loss of an over-specified
    fit has a floor that no amount of data removes.

    Parameters
    ----------
    G, G_star : MixingMeasure
        The fitted and the true measure, of the same dimension.
    kind : str, default "over"
        A key of `LOSSES`: "exact" and "over" for dense gates, "topk" and "topk_over" for sparse ones, "temperature",
        "activation", "activation_over", "laplace_over".
    translation : {"inf", "pinned"}, default "inf"
        Whether to minimise over translations of the gate, or to compare the two measures as they are.
    top_k : int, optional
        How many true experts are active at a time, for the sparse kinds: the maximum over subsets of that size.
    order : float, default 1
        The exponent r >= 1 of the kind "temperature".
    rbar : callable, default `sparsetheory.moe.rbar`
        Exponent of a cell as a function of its number of atoms.

    Returns
    -------
    float
        The loss, >= 0. While the cells stay as they are, it is a convex function of the translation, which is
        minimised. In one dimension all ways to form cells are enumerated and the infimum is exact. In more they are
        those where some fitted atom meets some true one, and those that minimisers lead to: from above. For sparse
        kinds the slopes minimise the sum over all cells, at most k*/K times the infimum.

    Raises
    ------
    InvalidArgument
        For measures of different dimensions, weights that overflow, and a `top_k` that is missing or out of range.

    References
    ----------
    Nguyen, Nguyen, Ho, NeurIPS 2023 ("exact", "over"); Nguyen, Akbarian, Yan, Ho, ICLR 2024 ("topk", "topk_over");
    Nguyen, Akbarian, Ho, ICML 2024 ("temperature", "activation"). Weights are divided by e^t0 here, which makes the
    loss exactly invariant and differs from theirs by bounded factors.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> truth = moe.MixingMeasure([0, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.25])
    >>> moved = truth.split(1).translated(slope=3.0, intercept=-1.0)
    >>> round(moe.voronoi_loss(moved, truth), 12), round(moe.voronoi_loss(moved, truth, translation="pinned"), 3)
    (0.0, 32.166)
    """
    _check_pair(G, G_star)
    loss = LOSSES[check_choice(kind, "kind", LOSSES)]
    check_choice(translation, "translation", ("inf", "pinned"))
    if check_positive(order, "order") < 1:
        raise InvalidArgument("order", "a number >= 1", order)
    count = _active(loss, top_k, G_star.n_atoms)
    if loss.at_temperature_one:
        G, G_star = G.effective, G_star.effective
    problem = Comparison(G, G_star, loss, count, float(order), rbar)
    found = problem.pinned() if translation == "pinned" else problem.infimum()
    return found + problem.between_temperatures(abs(G.tau - G_star.tau))


def _check_pair(G: MixingMeasure, G_star: MixingMeasure) -> None:
    for value, name in ((G, "G"), (G_star, "G_star")):
        if not isinstance(value, MixingMeasure):
            raise InvalidArgument(name, "a MixingMeasure", type(value).__name__)
    if G.n_features != G_star.n_features:
        raise InvalidArgument("G", f"{G_star.n_features} features, as G_star has", G.n_features)


def _active(loss: Loss, top_k: int | None, n_true: int) -> int:
    """Return how many cells count."""
    if not loss.sparse:
        if top_k is not None:
            raise InvalidArgument("top_k", "None for a kind that is not sparse", top_k)
        return n_true
    if top_k is None:
        raise InvalidArgument("top_k", "the number of active experts, for a sparse kind", None)
    count = check_count(top_k, "top_k")
    if count > n_true:
        raise InvalidArgument("top_k", f"at most the number of true experts, {n_true}", count)
    return count


def _points(G: MixingMeasure) -> np.ndarray:
    """Return the atoms as rows (beta1, a, b, v)."""
    return np.hstack([G.beta1, G.a, G.b[:, None], G.v[:, None]])
