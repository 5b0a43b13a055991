"""From noisy moments to a sparse parameter: a linear solve, a threshold, and an account of the noise."""

import math
import warnings
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from .._validation import check_choice, check_matrix, check_nonnegative, check_positive, check_vector
from ..errors import ConvergenceWarning, InvalidArgument
from .elementary import soft_threshold, solve_positive
from .errors import InsufficientUsers
from .prediction import SAFE_RATIO, GramNoise, n_required, noise_to_eigenvalue, universal_threshold

__all__ = ["LDPResult", "OnIndefinite", "conclude", "estimate"]

OnIndefinite = Literal["raise", "floor", "ridge"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LDPResult:
    """A private estimate with what is known of its error.

    Attributes
    ----------
    coef : ndarray of shape (d,)
        The thresholded estimate.
    linear : ndarray of shape (d,)
        The estimate before the threshold.
    threshold : float
        0 where there is none.
    noise_sd : float
        Standard deviation of the privacy noise of a coordinate before the threshold; computed from public numbers and
        the smallest eigenvalue.
    noise_to_eigenvalue : float
        Operator norm of the noise in the Gram matrix over its smallest eigenvalue; 0 with public covariates.
    n, n_required : int
        Users there are, and users for whom the noise would be at most 0.3 of the smallest eigenvalue and the predicted
        error at most half of that of the zero vector.
    predicted_error : float
        Closed form of the l2 error for a parameter of as many entries as `coef` has, all above the threshold, and of
        what a repair takes away at most; compare with `zero_error`.
    zero_error : float
        The largest l2 error of the zero vector: the public bound on the norm of the parameter.
    repair : {"none", "floor", "ridge"}
        What was done to the noisy Gram matrix before the solve.
    guarantee : PrivacyGuarantee or None
        What the reports guarantee, None for plain arrays.
    """

    coef: np.ndarray
    linear: np.ndarray
    threshold: float
    noise_sd: float
    noise_to_eigenvalue: float
    n: int
    n_required: int
    predicted_error: float
    zero_error: float
    repair: str
    guarantee: Any

    @property
    def reliable(self) -> bool:
        """Whether nothing was repaired and the predicted error is below that of the zero vector."""
        return self.repair == "none" and self.predicted_error < self.zero_error

    @property
    def message(self) -> str:
        """What the user should know, in a sentence or two."""
        errors = (f"predicted l2 error {self.predicted_error:.2g}, against at most {self.zero_error:.2g} "
                  "for the zero vector")  # fmt: skip
        if self.repair != "none":
            return (
                f"The noise in the Gram matrix is {self.noise_to_eigenvalue:.2g} of its smallest eigenvalue: repaired "
                f"by a {self.repair}, which biases the estimate ({errors}). About {self.n_required:.2g} users or more "
                f"are needed, there are {self.n:.2g}."
            )
        if not self.reliable:
            return (
                f"Too few users for an estimate better than zero ({errors}): about {self.n_required:.2g} are needed, "
                f"there are {self.n:.2g}."
            )
        return f"The noise is small enough to be solved with ({errors})."

    def __repr__(self) -> str:
        return (
            f"LDPResult: {np.count_nonzero(self.coef)} of {len(self.coef)} coefficients, threshold {self.threshold:.3g}"
            f"\n  noise {self.noise_sd:.3g} a coordinate, {self.noise_to_eigenvalue:.2g} of the smallest eigenvalue, "
            f"{self.n} users"
            f"\n  {self.message}"
        )


class Moments(NamedTuple):
    """What the estimate is computed from."""

    gram: np.ndarray
    cross: np.ndarray
    noise: GramNoise
    n: int
    theta_norm: float
    guarantee: Any


def estimate(
    stats: Any, *, threshold: str | float | None = "auto", public_gram: Any = None,
    on_indefinite: OnIndefinite = "raise", lambda_min: float | None = None, theta_norm: float | None = None,
) -> LDPResult:  # fmt: skip
    r"""Estimate a sparse parameter from privately reported moments.

    .. math:: \hat\theta = S_\lambda( \hat\Sigma^{-1} \hat b )

    Parameters
    ----------
    stats : GramStats or tuple (gram, cross, noise, n)
        Aggregated reports; or a symmetric (d, d) matrix, a vector of length d, the `GramNoise` of their entries (of
        the means, not of a user) and the number of users.
    threshold : "auto", float or None, default "auto"
        "auto" is :math:`s \sqrt{2 \log d}` with s the noise of a coordinate, known from public numbers. None returns
        the linear estimate.
    public_gram : array_like of shape (d, d), optional
        Second moment of public covariates, clipped as the private ones are. The private one is then not used.
    on_indefinite : {"raise", "floor", "ridge"}, default "raise"
        What to do where the noise in the Gram matrix is more than its smallest eigenvalue: `InsufficientUsers`, or
        raise eigenvalues to the operator norm of the noise, or add that to all, with a warning. Between 0.3 and 1
        there is the repair with a warning ("floor" for "raise"); below 0.3 there is none.
    lambda_min : float, optional
        A public lower bound on the smallest eigenvalue of the second moment of covariates. By default it is read
        off the noisy matrix, whose smallest eigenvalue plus the norm of the noise is about that.
    theta_norm : float, optional
        Public bound on the norm of the parameter: that of the statistics' parameters by default, 1 for plain arrays.

    Returns
    -------
    LDPResult

    Raises
    ------
    InsufficientUsers
        With the users that would do.

    Notes
    -----
    Everything here is computed from reports: it costs no privacy. The raw inverse of an indefinite matrix is never
    returned: its error is many times that of the zero vector.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> noise = ldp.GramNoise(off_diagonal=0.01, diagonal=0.014, cross=0.02)
    >>> ldp.estimate((np.eye(3), np.array([0.8, 0.0, 0.01]), noise, 10**6)).coef.round(2).tolist()
    [0.77, 0.0, 0.0]
    """
    result = solve_moments(
        stats, threshold=threshold, public_gram=public_gram, on_indefinite=on_indefinite, lambda_min=lambda_min,
        theta_norm=theta_norm,
    )  # fmt: skip
    return conclude(result, ConvergenceWarning, stacklevel=3)


def conclude(result: LDPResult, category: type[Warning], *, stacklevel: int) -> LDPResult:
    """Return the result, with a warning where it is not reliable."""
    if not result.reliable:
        warnings.warn(result.message, category, stacklevel=stacklevel)
    return result


def solve_moments(
    stats: Any, *, threshold: str | float | None, public_gram: Any, on_indefinite: str, lambda_min: float | None,
    theta_norm: float | None,
) -> LDPResult:  # fmt: skip
    """Return the result of `estimate` without its warning."""
    check_choice(on_indefinite, "on_indefinite", ("raise", "floor", "ridge"))
    level = threshold if threshold is None or threshold == "auto" else check_nonnegative(threshold, "threshold")
    known = None if lambda_min is None else check_positive(lambda_min, "lambda_min")
    moments = _moments(stats, public_gram, theta_norm)
    noise, d = moments.noise, len(moments.cross)
    size = 2 * math.sqrt(d) * noise.off_diagonal
    smallest = _smallest_eigenvalue(moments.gram, size, known)
    ratio = noise_to_eigenvalue(noise, 1.0, d, lambda_min=smallest) if smallest > 0 else (math.inf if size else 0.0)
    needed = _needed(moments, smallest)
    if ratio > 1 and on_indefinite == "raise":
        raise _insufficient(moments, ratio, needed, smallest)
    repair = "none" if ratio <= SAFE_RATIO else ("ridge" if on_indefinite == "ridge" else "floor")
    gram, solvable = _repaired(moments.gram, size, smallest, repair)
    lost = 1 - min(max(smallest, 0.0) / solvable, 1.0) if solvable > 0 else 0.0  # of the parameter, by the repair
    linear = solve_positive(gram, moments.cross)
    if linear is None:
        raise InvalidArgument("stats", "a positive definite second moment of the covariates", "a singular one")
    sd = noise.coordinate(moments.theta_norm, solvable)
    cut = universal_threshold(sd, d) if level == "auto" else float(level or 0.0)
    coef = soft_threshold(linear, cut)
    kept = max(int(np.count_nonzero(coef)), 1)
    return LDPResult(
        coef=coef, linear=linear, threshold=cut, noise_sd=sd, noise_to_eigenvalue=ratio, n=moments.n, n_required=needed,
        predicted_error=math.sqrt(kept * (cut**2 + sd**2) + (lost * moments.theta_norm) ** 2),
        zero_error=moments.theta_norm, repair=repair, guarantee=moments.guarantee,
    )  # fmt: skip


def _moments(stats: Any, public_gram: Any, theta_norm: float | None) -> Moments:
    """Return checked moments; a public Gram matrix takes the place of the private one and of its noise."""
    guarantee, bound = None, 1.0
    if isinstance(stats, tuple):
        if len(stats) != 4:
            raise InvalidArgument("stats", "GramStats or (gram, cross, noise, n)", f"a tuple of {len(stats)}")
        gram, cross, noise, n = stats
    else:
        gram = None if public_gram is not None else stats.gram()
        cross, noise, n = stats.cross_moment(), stats.noise, stats.n
        guarantee, bound = stats.guarantee, stats.params.theta_norm
    cross = check_vector(cross, "cross")
    noise = GramNoise(*(check_nonnegative(s, "noise") for s in noise))
    if public_gram is not None:
        gram, noise = public_gram, noise._replace(off_diagonal=0.0, diagonal=0.0)
    name = "gram" if public_gram is None else "public_gram"
    gram = check_matrix(gram, name)
    if gram.shape != (len(cross), len(cross)) or not np.allclose(gram, gram.T, rtol=1e-9, atol=1e-12):
        raise InvalidArgument(name, f"a symmetric matrix of shape {(len(cross), len(cross))}", f"shape {gram.shape}")
    bound = bound if theta_norm is None else check_positive(theta_norm, "theta_norm")
    return Moments(gram, cross, noise, int(check_positive(n, "n")), bound, guarantee)


def _smallest_eigenvalue(gram: np.ndarray, size: float, known: float | None) -> float:
    """Return the smallest eigenvalue before noise, as far as one can tell.

    Noise of operator norm `size` lowers the smallest eigenvalue of a multiple of the identity by `size`; the mean of
    the eigenvalues is hardly moved, and is a bound.
    """
    if known is not None:
        return known
    lowest = float(np.linalg.eigvalsh(gram)[0])
    return min(lowest + size, float(np.trace(gram)) / len(gram)) if size else lowest


def _needed(moments: Moments, smallest: float) -> int:
    """Return the users for whom the noise is 0.3 of the eigenvalue and the error half of that of the zero vector.

    Where noise hides the smallest eigenvalue its mean stands in for it, and the number is a lower bound.
    """
    d = len(moments.cross)
    mean = float(np.trace(moments.gram)) / d
    low = smallest if smallest > 0 else (mean if mean > 0 else 1.0)
    if moments.noise.cross == 0:
        return 1
    user = moments.noise.over(1 / moments.n)  # what one user contributes
    return n_required(
        0.5 * moments.theta_norm, d, 1, noise=user, theta_norm=moments.theta_norm, lambda_min=low
    )  # fmt: skip


def _insufficient(moments: Moments, ratio: float, needed: int, smallest: float) -> InsufficientUsers:
    size = "more than" if math.isinf(ratio) else f"{ratio:.2g} times"
    sd = moments.noise.coordinate(moments.theta_norm, smallest) if smallest > 0 else math.inf
    return InsufficientUsers(
        f"The noise in the Gram matrix is {size} its smallest eigenvalue with {moments.n:.3g} users; 0.3 of it needs "
        f"about {needed:.2g} or more. The inverse would have an l2 error of {sd * math.sqrt(len(moments.cross)):.2g} "
        f"or more, the zero vector has at most {moments.theta_norm:.2g}. More users, public covariates "
        "(public_gram), a larger epsilon or the interactive protocol help; on_indefinite='ridge' returns a "
        "biased estimate.",
        moments.n, needed, ratio,
    )  # fmt: skip


def _repaired(gram: np.ndarray, size: float, smallest: float, repair: str) -> tuple[np.ndarray, float]:
    """Return the matrix that is solved with, and its smallest eigenvalue before noise."""
    if repair == "ridge":
        lift = size - min(float(np.linalg.eigvalsh(gram)[0]), 0.0)
        return gram + lift * np.eye(len(gram)), max(smallest, 0.0) + size
    if repair == "floor":
        values, vectors = np.linalg.eigh(gram)
        return (vectors * np.maximum(values, size)) @ vectors.T, max(smallest, size)
    return gram, smallest
