"""Columns of a dense design in the metric of the sample weights, without their Gram matrix."""

import numpy as np

from .covariates import Covariates

__all__ = ["WeightedColumns"]


class WeightedColumns:
    """Columns times the root of the sample weights, orthogonal to the intercept if there is one; they grow."""

    def __init__(self, covariates: Covariates, v: np.ndarray, *, centred: bool) -> None:
        self.covariates, self.v, self.centred = covariates, v, centred
        self._rows, self._filled = np.empty((0, covariates.n)), 0

    def upto(self, members: np.ndarray) -> np.ndarray:
        """Return the columns as rows; the members asked for before come first."""
        old, k = self._filled, len(members)
        if k > len(self._rows):
            grown = np.empty((min(max(k, 2 * old), self.covariates.p), self.covariates.n))
            grown[:old] = self._rows[:old]
            self._rows = grown
        if k > old:
            new = self.covariates.rows(members[old:])
            if self.centred:
                new -= (new @ self.v)[:, None] / self.v.sum()
            np.multiply(new, np.sqrt(self.v), out=self._rows[old:k])
            self._filled = k
        return self._rows[:k]
