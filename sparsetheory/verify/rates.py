"""rate(): judge the rate of people's own errors, with the rule that judges the claims of this package."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .._validation import _numeric, _refuse_where, check_vector
from ..errors import InvalidArgument
from .bound import Bound
from .rules import Drift
from .rules.drift import LEAST_SIZES
from .sample import Grid, Measurement, Observation, Sample
from .verdict import Alternative, Verdict

__all__ = ["rate"]


def rate(
    sizes: Any,
    errors: Any,
    *,
    claimed: float | None = None,
    bound: Bound | Callable[[np.ndarray], Any] | None = None,
    margin: float = 0.1,
    alternative: Alternative | None = None,
    alpha: float = 0.05,
    correction: float | None = -0.5,
    floor: Any = 0.0,
    quantity: str = "error",
) -> Verdict:
    r"""Judge whether errors shrink (or grow) with size as claimed.

    The estimand is the exponent of the typical error (geometric mean over replicates),

    .. math:: \text{error}_{r}(n) \approx C_r\, n^{p}, \qquad \text{or } C_r\, \text{bound}(n),

    and the answer an equivalence test with three outcomes: ``supported``, ``refuted``, ``inconclusive`` with a reason.
    "No significant difference from the claim" is never support.

    Parameters
    ----------
    sizes : array_like, shape (J,)
        Positive, distinct, at least four; seven over three decades are a good choice.
    errors : array_like, shape (R, J)
        Nonnegative, a row an independent replicate, a column a size. Columns may depend on each other (nested data,
        common instances). NaN, inf or a mask marks a failed run. A single row, also of shape (J,), says nothing about
        noise: the verdict is ``inconclusive(underpowered)``. Rows that agree to rounding are one run written down
        several times, and count as one.
    claimed : float, optional
        Claimed exponent p, -0.5 if neither it nor `bound` is given. Judged in both directions by default.
    bound : Bound or callable, optional
        Instead of `claimed`: the claimed shape as a `Bound` in one symbol or a function of the array of sizes; its
        constant does not matter. Judged as an upper bound by default.
    margin : float, default 0.1
        Deviation of the exponent that still counts as the claim; declare it before looking.
    alternative : {"two-sided", "upper", "lower"}, optional
        Which deviations count: ``"upper"`` asks that the errors do not grow against the claim.
    alpha : float, default 0.05
        Level of each one-sided test.
    correction : float or None, default -0.5
        Exponent of the correction column of the companion fit, see `Drift`.
    floor : float or array_like of shape (J,), default 0
        Round-off floor of the errors; sizes whose errors come within a factor 1000 of it are left out.
    quantity : str, default "error"
        What the errors are, for the sentence.

    Returns
    -------
    Verdict

    Raises
    ------
    InvalidArgument
        If shapes, signs or declarations cannot be used.

    See Also
    --------
    sparsetheory.verify.Drift : the rule, which also reads other axes and strata.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import verify
    >>> rng = np.random.default_rng(0)
    >>> sizes = np.geomspace(100, 100_000, 7)
    >>> errors = np.abs(rng.standard_normal((100, 7))) / np.sqrt(sizes)
    >>> verdict = verify.rate(sizes, errors, claimed=-0.5)
    >>> print(verdict)
    supported
    >>> print(verify.rate(sizes, errors, claimed=-1.0))
    refuted
    >>> print(verify.rate(sizes, errors[:5], claimed=-0.5))
    inconclusive(underpowered)
    """
    places, table, floors = _check_data(sizes, errors, floor)
    if claimed is not None and bound is not None:
        raise InvalidArgument("bound", "either claimed or bound", "both")
    formula, at, constants = _claim(places, claimed, bound)
    rule = Drift(
        margin=margin, alternative=alternative or ("two-sided" if bound is None else "upper"), alpha=alpha,
        correction=correction, quantity=quantity,
    )  # fmt: skip
    observations = [
        Observation(cell=j, replicate=r, failure="not finite")
        if not np.isfinite(table[r, j])
        else Observation(cell=j, replicate=r, measurement=Measurement(value=table[r, j], at=at[j], floor=floors[j]))
        for j in range(len(places))
        for r in range(len(table))
    ]
    grid = Grid(axis="n", sizes=tuple(places))
    return rule.judge(Sample(grid=grid, observations=observations, bound=formula, constants=constants))


def _check_data(sizes: Any, errors: Any, floor: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sizes in increasing order, errors (R, J) and floors (J,) in the same order."""
    places = check_vector(sizes, "sizes")
    _refuse_where(places <= 0, places, "sizes", "positive sizes")
    if len(places) < LEAST_SIZES:
        raise InvalidArgument("sizes", f"at least {LEAST_SIZES} sizes", f"{len(places)}")
    if len(np.unique(places)) < len(places):
        raise InvalidArgument("sizes", "distinct sizes", "a size twice")
    table = _check_errors(errors)
    if table.shape[1] != len(places):
        raise InvalidArgument("errors", f"{len(places)} columns, one a size", f"shape {table.shape}")
    _refuse_where(table < 0, table, "errors", "nonnegative errors, NaN for a failed run")
    floors = check_vector(
        np.broadcast_to(floor, places.shape) if np.ndim(floor) == 0 else floor, "floor", length=len(places)
    )
    _refuse_where(floors < 0, floors, "floor", "nonnegative floors")
    order = np.argsort(places)
    return places[order], table[:, order], floors[order]


def _check_errors(errors: Any) -> np.ndarray:
    """Return errors (R, J); one row where all rows are the same, since an interval of no width would be made up."""
    if isinstance(errors, np.ma.MaskedArray):
        errors = np.ma.filled(errors.astype(float), np.nan)
    try:
        ndim = 1 if np.ndim(errors) == 1 else 2
    except ValueError:  # rows of different lengths, which `_numeric` refuses with the name of the argument
        ndim = 2
    table = np.atleast_2d(_numeric(errors, "errors", ndim))
    return table[:1] if np.allclose(table, table[0], rtol=1e-12, atol=0) else table


def _claim(
    places: np.ndarray, claimed: float | None, bound: Bound | Callable[[np.ndarray], Any] | None
) -> tuple[Bound, list[dict[str, float]], dict[str, float]]:
    """Return the claim as a formula, its symbols at every size, and its constants."""
    if bound is None:
        exponent = float(check_vector([-0.5 if claimed is None else claimed], "claimed")[0])
        formula = Bound("n**exponent", n="size", exponent="claimed exponent")
        return formula, [{"n": n} for n in places], {"exponent": exponent}
    if isinstance(bound, Bound):
        if len(bound.symbols) != 1:
            raise InvalidArgument("bound", "a Bound in one symbol, the size", sorted(bound.symbols))
        (symbol,) = bound.symbols
        _check_bound(bound(**{symbol: places}), places)
        return bound, [{symbol: n} for n in places], {}
    if not callable(bound):
        raise InvalidArgument("bound", "a Bound or a function of the sizes", type(bound).__name__)
    values = _check_bound(bound(places.copy()), places)
    formula = Bound("claimed", claimed="the caller's bound at this size")
    return formula, [{"claimed": value} for value in values], {}


def _check_bound(values: Any, places: np.ndarray) -> np.ndarray:
    """Return a bound's values at the sizes, positive; a constant one may be a single number."""
    row = values if np.ndim(values) else np.full(places.shape, values)
    row = check_vector(row, "bound(sizes)", length=len(places))
    _refuse_where(row <= 0, row, "bound(sizes)", "positive values")
    return row
