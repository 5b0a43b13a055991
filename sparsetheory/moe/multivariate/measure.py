"""MultivariateMeasure: the parameters of a mixture of experts with several responses."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._validation import check_matrix, check_positive, check_vector
from ...errors import InvalidArgument

__all__ = ["MultivariateMeasure"]


@dataclass(frozen=True, eq=False)
class MultivariateMeasure:
    r"""A finite sum of weighted atoms, one an expert, for q responses.

    .. math:: p(y \mid x) = \sum_j \mathrm{softmax}_j\big((\beta_{1j}^\top x + \beta_{0j}) / \tau\big)
        N(y; A_j x + b_j, \Sigma_j)

    Parameters
    ----------
    beta0 : array_like of shape (k,)
        Gate intercepts: logarithms of the weights (times tau).
    beta1 : array_like of shape (k, d)
        Gate slopes.
    A : array_like of shape (k, q, d)
        Slopes of the means.
    b : array_like of shape (k, q)
        Intercepts of the means.
    covariance : array_like of shape (k, q, q)
        Symmetric positive definite, in products of the units of y.
    tau : float, default 1
        Temperature > 0 of the gate.

    Raises
    ------
    InvalidArgument
        For non-finite entries, shapes that do not fit, covariances that are not symmetric and positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import moe
    >>> G = moe.MultivariateMeasure([0, 1], [[2], [0]], A=np.ones((2, 3, 1)), b=np.zeros((2, 3)),
    ...                             covariance=[np.eye(3), 2 * np.eye(3)])
    >>> G.n_atoms, G.n_features, G.n_responses
    (2, 1, 3)
    """

    beta0: Any
    beta1: Any
    A: Any
    b: Any
    covariance: Any
    tau: float = 1.0

    def __post_init__(self) -> None:
        beta0, beta1 = check_vector(self.beta0, "beta0"), check_matrix(self.beta1, "beta1")
        b = check_matrix(self.b, "b")
        (k, q), d = b.shape, beta1.shape[1]
        clean = {"beta0": beta0, "beta1": beta1, "b": b}
        for name, shape in (("A", (k, q, d)), ("covariance", (k, q, q))):
            clean[name] = _stack(getattr(self, name), name, shape)
        for name, rows in (("beta0", len(beta0)), ("beta1", len(beta1))):
            if rows != k:
                raise InvalidArgument(name, f"{k} rows, as b has", f"{rows}")
        _check_covariances(clean["covariance"])
        for name, value in clean.items():
            own = np.array(value)
            own.flags.writeable = False
            object.__setattr__(self, name, own)
        object.__setattr__(self, "tau", check_positive(self.tau, "tau"))

    @property
    def n_atoms(self) -> int:
        """Number of experts k."""
        return len(self.beta0)

    @property
    def n_features(self) -> int:
        """Dimension d of x."""
        return int(self.beta1.shape[1])

    @property
    def n_responses(self) -> int:
        """Dimension q of y."""
        return int(self.b.shape[1])


def _stack(value: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(name, f"an array of shape {shape}", type(value).__name__) from None
    if array.shape != shape:
        raise InvalidArgument(name, f"an array of shape {shape}", f"shape {array.shape}")
    if not np.isfinite(array).all():
        raise InvalidArgument(name, "finite entries", "nan or inf")
    return array


def _check_covariances(covariance: np.ndarray) -> None:
    for j, own in enumerate(covariance):
        scale = np.sqrt(np.abs(np.outer(np.diag(own), np.diag(own))))
        if (np.abs(own - own.T) > 1e-10 * scale).any() or np.linalg.eigvalsh(own)[0] <= 0:
            raise InvalidArgument("covariance", "symmetric positive definite matrices", f"another one, at index {j}")
