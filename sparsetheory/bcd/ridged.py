"""A positive semidefinite system, solved by Cholesky; with a small ridge where it is singular."""

import numpy as np

__all__ = ["solve_ridged"]

_RIDGE = 1e-10  # of the diagonal


def solve_ridged(H: np.ndarray, diagonal: np.ndarray, g: np.ndarray) -> np.ndarray | None:
    """Solve ``A d = g``, where A is H with this diagonal; None where neither A nor A with the ridge can be factored.

    Where A is singular, or so nearly that a pivot is rounding, the ridge turns d along its null space.
    """
    from scipy.linalg.lapack import dpotrf, dpotrs

    for ridge in (0.0, _RIDGE):
        A = H.copy()
        np.fill_diagonal(A, diagonal * (1.0 + ridge))
        factor, info = dpotrf(A.T, lower=1, overwrite_a=1, clean=0)  # the transpose is in the order of LAPACK
        floor = 64 * len(A) * np.finfo(float).eps * diagonal
        if info == 0 and (ridge > 0 or (np.diagonal(factor) ** 2 > floor).all()):
            d, info = dpotrs(factor, g, lower=1)
            return d if info == 0 and np.isfinite(d).all() else None
    return None
