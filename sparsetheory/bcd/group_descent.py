"""The quadratic model of a group lasso on its working set: sweeps find the groups, Newton steps end the search."""

import numpy as np

from ._group_descent import sweep
from .group_face import newton_step
from .group_norms import GroupNorms

__all__ = ["GroupBlocks"]

_SWEEPS = 10  # between looks at what is left
_PRICE = 500  # nonzero coefficients that make a Newton step as dear as so many sweeps more
_STEPS = 20  # Newton steps in a run
_PATIENCE = 3  # rounds that do not halve what is left: the floor of rounding


class GroupBlocks:
    """Groups of a Gram matrix that grows, each with the eigenvectors of its own block.

    Attributes
    ----------
    members : list of int
        The groups, in the order in which they came.
    """

    def __init__(self) -> None:
        self.members: list[int] = []
        self._starts, self._offsets = [0], [0]
        self._values, self._vectors = np.empty(0), np.empty(0)

    def extend(self, groups: np.ndarray, sizes: np.ndarray, gram: np.ndarray) -> None:
        """Take in groups, whose columns are the last ones of the Gram matrix so far."""
        values, vectors = [self._values], [self._vectors]
        for group, size in zip(groups, sizes, strict=True):
            a = self._starts[-1]
            own, rotation = np.linalg.eigh(gram[a : a + size, a : a + size])
            own[own <= 64 * size * np.finfo(float).eps * own[-1]] = 0.0  # rounding of what is singular
            values.append(own)
            vectors.append(rotation.ravel())
            self.members.append(int(group))
            self._starts.append(a + int(size))
            self._offsets.append(self._offsets[-1] + int(size) ** 2)
        self._values, self._vectors = np.concatenate(values), np.concatenate(vectors)

    def minimise(self, gram: np.ndarray, alpha: np.ndarray, w: np.ndarray, slope: np.ndarray, tol: float) -> int:
        r"""Minimise over w, in place, and keep ``slope = q - G w``; returns the sweeps done.

        .. math:: \min_w \tfrac12 w^\top G w - q^\top w + \sum_g \alpha_g \|w_g\|_2

        Ends when no group violates stationarity by more than tol, or when neither sweeps nor steps get closer.
        """
        starts = np.array(self._starts)
        penalty = GroupNorms(alpha, np.repeat(np.arange(len(alpha)), np.diff(starts)))
        scratch, done, least, idle = np.empty_like(w), 0, np.inf, 0
        blocks = starts, self._values, self._vectors, np.array(self._offsets)

        while idle <= _PATIENCE:
            for _ in range(1 + np.count_nonzero(w) // _PRICE):
                done += sweep(gram, *blocks, alpha, w, slope, scratch, _SWEEPS)
                if np.max(penalty.violation(w, slope), initial=0.0) <= tol:
                    return done
            now = self._newton(gram, penalty, w, slope, tol)
            if now <= tol or now != now:
                break
            idle = 0 if now < 0.5 * least else idle + 1
            least = min(least, now)
        return done

    @staticmethod
    def _newton(gram: np.ndarray, penalty: GroupNorms, w: np.ndarray, slope: np.ndarray, tol: float) -> float:
        """Take Newton steps for as long as they are whole and halve what is left, which is returned."""
        now = float(np.max(penalty.violation(w, slope), initial=0.0))
        for _ in range(_STEPS):
            whole, before = newton_step(gram, penalty, w, slope), now
            now = float(np.max(penalty.violation(w, slope), initial=0.0))
            if not whole or now <= tol or not now < 0.5 * before:
                break
        return now
