"""Voronoi losses: how far a fitted measure is from the true one, with the exponents that the theory gives each part."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from .mixing_measure import MixingMeasure
from .polynomials import rbar as rbar_of

__all__ = ["LOSSES", "voronoi_cells", "voronoi_loss"]

_FIELDS = ("beta1", "a", "b", "v")


class Part(NamedTuple):
    """The norm of the differences of some fields, raised to an exponent; "rbar" is r of the cell, "rbar/2" its half."""

    fields: tuple[str, ...]
    exponent: float | str


class Loss(NamedTuple):
    """What differs from atom to atom of a cell with one atom, of a cell with more, and what is fixed otherwise."""

    single: tuple[Part, ...]
    several: tuple[Part, ...]
    sparse: bool = False  # the K largest cells count, not all
    slopes_move: bool = True  # whether adding a linear function to the gate leaves the density as it is
    tau_exponent: float | str | None = None  # the difference of the temperatures, once


def _each(*exponents: float | str) -> tuple[Part, ...]:
    return tuple(Part((name,), exponent) for name, exponent in zip(_FIELDS, exponents))


_JOINT = (Part(_FIELDS, 1),)
_ORDER = _each("order", "order", "order", "order")

#: Name of a loss -> its exponents.
LOSSES = {
    "exact": Loss(_JOINT, _JOINT),
    "over": Loss(_JOINT, (Part(("beta1", "b"), "rbar"), Part(("a", "v"), "rbar/2"))),
    "topk": Loss(_each(1, 1, 1, 1), _each(1, 1, 1, 1), sparse=True),
    "topk_over": Loss(_each(1, 1, 1, 1), _each("rbar", "rbar/2", "rbar", "rbar/2"), sparse=True),
    "temperature": Loss(_ORDER, _ORDER, tau_exponent="order"),
    "activation": Loss(_each(1, 1, 1, 1), _each(1, 1, 1, 1), slopes_move=False, tau_exponent=1),
    "activation_over": Loss(
        _each(1, 1, 1, 1), _each(2, 2, "rbar", "rbar/2"), slopes_move=False, tau_exponent=1,
    ),
    "laplace_over": Loss(_each(1, 1, 1, 1), _each(2, 2, "rbar", "rbar/2"), slopes_move=False),
}  # fmt: skip


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
    return _cells(_points(G), _points(G_star))


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
    or more. Without the infimum over translations the loss of an over-specified fit has a floor that no amount of
    data removes.

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
        The loss, >= 0. The infimum is taken over the translations at which some fitted atom meets some true one, each
        improved by a convex minimisation with its cells held: from above, and exact where the cells at the minimum
        are among those.

    Raises
    ------
    InvalidArgument
        For measures of different dimensions, and where `top_k` is missing or out of range.

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
    problem = _Comparison(G, G_star, loss, count, float(order), rbar)
    if translation == "pinned":
        return problem.at(np.zeros(G.n_features), scaled=False)
    return min(problem.at(t, scaled=True) for t in problem.translations())


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


def _cells(fitted: np.ndarray, true: np.ndarray) -> list[np.ndarray]:
    nearest = np.argmin(((fitted[:, None] - true) ** 2).sum(axis=2), axis=1)
    return [np.flatnonzero(nearest == j) for j in range(len(true))]


class _Comparison:
    """One loss between two measures, as a function of the translation."""

    def __init__(
        self, G: MixingMeasure, G_star: MixingMeasure, loss: Loss, count: int, order: float,
        rbar: Callable[[int], float],
    ) -> None:  # fmt: skip
        self.loss, self.count, self.order, self.rbar = loss, count, order, rbar
        self.d = G.n_features
        self.fitted, self.true = _points(G), _points(G_star)
        self.weights, self.true_weights = G.weights, G_star.weights
        self.tau_difference = abs(G.tau - G_star.tau)
        d = self.d
        self.columns = {"beta1": range(d), "a": range(d, 2 * d), "b": [2 * d], "v": [2 * d + 1]}

    def translations(self) -> Iterator[np.ndarray]:
        """Yield slopes worth trying: where a fitted atom meets a true one, and the minimisers for those cells."""
        if not self.loss.slopes_move:
            yield np.zeros(self.d)
            return
        for start in (self.fitted[:, None, : self.d] - self.true[:, : self.d]).reshape(-1, self.d):
            yield start
            yield self._improved(start)

    def at(self, t: np.ndarray, *, scaled: bool) -> float:
        """Return the loss at a translation of the slopes, at the best scale of the weights if asked for."""
        cells = self._cells_at(t)
        masses = np.array([self.weights[cell].sum() for cell in cells])
        parts = np.array([self._part(cell, j, t) for j, cell in enumerate(cells)])

        def total(u: float) -> float:
            terms = u * parts + np.abs(u * masses - self.true_weights)
            return float(np.sort(terms)[len(terms) - self.count :].sum())

        once = self._tau_term()
        if not scaled:
            return total(1.0) + once
        return _least(total, self.true_weights[masses > 0] / masses[masses > 0], kinked=self.count < len(parts)) + once

    def _cells_at(self, t: np.ndarray) -> list[np.ndarray]:
        return _cells(self._moved(t), self.true)

    def _moved(self, t: np.ndarray) -> np.ndarray:
        moved = self.fitted.copy()
        moved[:, : self.d] -= t
        return moved

    def _part(self, cell: np.ndarray, j: int, t: np.ndarray) -> float:
        """Return the weighted sum of the differences in one cell, which may be empty."""
        if len(cell) == 0:
            return 0.0
        differences = self._moved(t)[cell] - self.true[j]
        return float(self.weights[cell] @ self._powers(differences, len(cell)))

    def _powers(self, differences: np.ndarray, size: int) -> np.ndarray:
        total = np.zeros(len(differences))
        for part in self.loss.single if size == 1 else self.loss.several:
            columns = [c for name in part.fields for c in self.columns[name]]
            total += np.sqrt((differences[:, columns] ** 2).sum(axis=1)) ** self._exponent(part.exponent, size)
        return total

    def _exponent(self, exponent: float | str, size: int) -> float:
        if not isinstance(exponent, str):
            return exponent
        if exponent == "order":
            return self.order
        return self.rbar(size) / (2 if exponent == "rbar/2" else 1)

    def _tau_term(self) -> float:
        if self.loss.tau_exponent is None:
            return 0.0
        return self.tau_difference ** self._exponent(self.loss.tau_exponent, 1)

    def _improved(self, start: np.ndarray) -> np.ndarray:
        """Minimise over the slopes with the cells of `start` held: a convex problem, since exponents are >= 1."""
        from scipy.optimize import minimize

        cells = self._cells_at(start)

        def parts(t: np.ndarray) -> float:
            return sum(self._part(cell, j, t) for j, cell in enumerate(cells))

        return np.asarray(minimize(parts, start).x)


def _least(total: Callable[[float], float], kinks: np.ndarray, *, kinked: bool) -> float:
    """Return the infimum over u > 0 of a convex, piecewise linear function whose terms turn at `kinks`.

    A sum of such terms has its minimum at a kink or in the limit at zero; the sum of the largest few also turns where
    terms cross, and is searched between its kinks.
    """
    best = min(map(total, [0.0, *kinks]))
    if not kinked:
        return best
    from scipy.optimize import minimize_scalar

    return min(best, float(minimize_scalar(total, bounds=(0.0, float(kinks.max())), method="bounded").fun))
