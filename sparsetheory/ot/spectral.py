"""How fast Sinkhorn converges on a plan: the second singular value of the normalised coupling."""

from typing import Any

import numpy as np

from .._validation import check_cost
from ..errors import InvalidArgument

__all__ = ["contraction_factor", "coupling_spectrum"]


def coupling_spectrum(P: Any) -> np.ndarray:
    r"""Return the singular values of the normalised coupling, largest first.

    .. math:: 1 = \sigma_1 \ge \sigma_2 \ge \dots \quad\text{of}\quad
              S = \operatorname{diag}(r)^{-1/2} P \operatorname{diag}(c)^{-1/2},

    with ``r``, ``c`` the row and column sums of the plan. They are the correlations between functions of the row and
    functions of the column: all 0 but the first for an independent coupling, all 1 for a permutation.

    Parameters
    ----------
    P : array_like, shape (n, m)
        A nonnegative plan. Rows and columns without mass are left out.

    Returns
    -------
    ndarray, shape (min(n', m'),)
        Singular values of the part with mass.

    Raises
    ------
    InvalidArgument
        If `P` has negative or non-finite entries, or no mass at all.

    Examples
    --------
    >>> coupling_spectrum([[0.4, 0.1], [0.1, 0.4]]).round(12)
    array([1. , 0.6])
    """
    plan = check_cost(P, "P")
    if not np.isfinite(plan).all() or (plan < 0).any() or plan.sum() <= 0:
        raise InvalidArgument("P", "finite nonnegative entries with a positive sum", f"smallest entry {plan.min():.3g}")
    r, c = plan.sum(axis=1), plan.sum(axis=0)
    rows, columns = r > 0, c > 0
    normalised = plan[rows][:, columns] / np.sqrt(r[rows])[:, None] / np.sqrt(c[columns])
    return np.linalg.svd(normalised, compute_uv=False)


def contraction_factor(P: Any) -> float:
    r"""Return the factor by which Sinkhorn's error falls per full iteration near the optimal plan `P`.

    .. math:: \sigma_2^2\!\left(\operatorname{diag}(r)^{-1/2} P \operatorname{diag}(c)^{-1/2}\right)

    Claim ``ot.local_linear_rate``. About ``log(1/tol) / (1 - factor)`` iterations are needed; a factor next to 1 says
    that Newton steps, or a larger ``reg``, will pay.

    Parameters
    ----------
    P : array_like, shape (n, m)
        The entropic plan at the optimum (see `coupling_spectrum`).

    Returns
    -------
    float
        Between 0 and 1; 0 for a plan of rank one or with a single row or column.

    Raises
    ------
    InvalidArgument
        As `coupling_spectrum`.

    References
    ----------
    Knight, The Sinkhorn-Knopp algorithm: convergence and applications, SIAM J. Matrix Anal. Appl. 30 (2008).

    Examples
    --------
    >>> round(contraction_factor([[0.4, 0.1], [0.1, 0.4]]), 12)
    0.36
    """
    spectrum = coupling_spectrum(P)
    return float(min(spectrum[1] ** 2, 1.0)) if len(spectrum) > 1 else 0.0
