"""What scikit-learn hands to an estimator, turned into what families take; and the warning of both libraries."""

from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning as SklearnConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight

from .errors import ConvergenceWarning

__all__ = ["FitWarning", "as_generator", "as_weights"]


class FitWarning(ConvergenceWarning, SklearnConvergenceWarning):
    """A fit that stopped before its tolerance; filters for either library's warning catch it."""


def as_weights(sample_weight: Any, X: np.ndarray) -> np.ndarray:
    """Return one nonnegative weight a row, ones for None."""
    return np.asarray(_check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True))


def as_generator(random_state: Any) -> np.random.Generator:
    """Return a generator from what scikit-learn takes, or from a generator."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    legacy = check_random_state(random_state)
    return np.random.default_rng(legacy.randint(2**31, size=4))
