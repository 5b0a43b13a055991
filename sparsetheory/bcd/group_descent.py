"""The model of a group lasso on its working set: sweeps find the groups, Newton steps end the search."""

import numpy as np

from ._group_descent import sweep, sweep_columns
from .group_face import newton_step
from .group_norms import GroupNorms

__all__ = ["GroupModel"]

_SWEEPS = 10  # between looks at what is left
_PRICE = 500  # nonzero coefficients that make a Newton step as dear as so many sweeps more
_LOOKS = 10  # at sweeps without a Gram matrix, before one is worth its cost
_STEPS = 20  # Newton steps in a run
_PATIENCE = 3  # rounds that do not halve what is left: the floor of rounding


class GroupModel:
    r"""The model with groups that enter one after another, each with the eigenvectors of its own Gram matrix.

    .. math:: \min_w \tfrac12 w^\top G w - q^\top w + \sum_g \alpha_g \|w_g\|_2

    Attributes
    ----------
    penalty : GroupNorms
        Of the groups that are in, in the order in which they came.
    """

    def __init__(self) -> None:
        self.penalty = GroupNorms(np.empty(0), np.empty(0, dtype=np.intp))
        self._starts, self._offsets = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        self._values, self._vectors = np.empty(0), np.empty(0)

    def extend(self, alpha: np.ndarray, blocks: list[np.ndarray]) -> None:
        """Take in groups with these penalties and Gram matrices."""
        values, vectors = [self._values], [self._vectors]
        for block in blocks:
            own, rotation = np.linalg.eigh(block)
            own[own <= 64 * len(own) * np.finfo(float).eps * own[-1]] = 0.0  # rounding of what is singular
            values.append(own)
            vectors.append(rotation.ravel())
        self._values, self._vectors = np.concatenate(values), np.concatenate(vectors)
        sizes = np.array([len(block) for block in blocks], dtype=np.int64)
        self._starts = np.append(self._starts, self._starts[-1] + np.cumsum(sizes))
        self._offsets = np.append(self._offsets, self._offsets[-1] + np.cumsum(sizes**2))
        labels = np.repeat(np.arange(len(self._starts) - 1), np.diff(self._starts))
        self.penalty = GroupNorms(np.concatenate([self.penalty.alpha, alpha]), labels)

    def _left(self, w: np.ndarray, slope: np.ndarray) -> float:
        return float(np.max(self.penalty.violation(w, slope), initial=0.0))

    def sweep_columns(self, columns: np.ndarray, w: np.ndarray, residual: np.ndarray, tol: float) -> bool:
        """Sweep in place on the columns of G's factor, the rows of `columns`; ``columns @ residual`` is the slope.

        Cheaper than the Gram matrix where there are more columns than entries in one. Returns whether no group
        violates stationarity by more than tol.
        """
        for _ in range(_LOOKS):
            sweep_columns(
                columns, self._starts, self._values, self._vectors, self._offsets, self.penalty.alpha, w, residual,
                _SWEEPS,
            )  # fmt: skip
            if self._left(w, columns @ residual) <= tol:
                return True
        return False

    def minimise(self, gram: np.ndarray, w: np.ndarray, slope: np.ndarray, tol: float) -> None:
        """Minimise over w, in place, and keep ``slope = q - G w``, with G the leading block of `gram`.

        Ends when no group violates stationarity by more than tol, or when neither sweeps nor steps get closer.
        """
        least, idle = np.inf, 0
        while idle <= _PATIENCE:
            for _ in range(1 + np.count_nonzero(w) // _PRICE):
                sweep(
                    gram, self._starts, self._values, self._vectors, self._offsets, self.penalty.alpha, w, slope,
                    _SWEEPS,
                )  # fmt: skip
                if self._left(w, slope) <= tol:
                    return
            now = self._newton(gram, w, slope, tol)
            if now <= tol or now != now:
                return
            idle = 0 if now < 0.5 * least else idle + 1
            least = min(least, now)

    def _newton(self, gram: np.ndarray, w: np.ndarray, slope: np.ndarray, tol: float) -> float:
        """Take Newton steps for as long as they are whole and halve what is left, which is returned."""
        now = self._left(w, slope)
        for _ in range(_STEPS):
            whole, before = newton_step(gram, self.penalty, w, slope), now
            now = self._left(w, slope)
            if not whole or now <= tol or not now < 0.5 * before:
                break
        return now
