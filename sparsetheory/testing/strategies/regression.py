"""Sparse vectors, regression data and lasso problems."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ...errors import InvalidArgument
from ..lasso.problem import LASSO_OFF, LassoProblem
from ..regression import REGRESSION_OFF, SIGNS, RegressionProblem, SparseVector
from .drawing import MAX_ELEMENTS, check_choices, decorations, seeds
from .matrices import DESIGN_DECORATIONS

__all__ = ["LASSO_DECORATIONS", "REGRESSION_DECORATIONS", "lasso_problems", "regression_problems", "sparse_vectors"]

#: What `regression_problems` draws from, unless told otherwise; the first value is where shrinking ends.
REGRESSION_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "k": (1, 0, 2, 4),
    "snr": (10.0, 2.0, 1000.0),  # at 1 a single sample may cancel its own noise, and y be rounding
    "heavy_tail": (False, True),
    **DESIGN_DECORATIONS,
}

#: The same for `lasso_problems`.
LASSO_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "alpha": (0.1, 0.5, 0.9, 0.02),
    "log_scale": (0, 1, -1, 3, -3),
    **REGRESSION_DECORATIONS,
    "decades": (0, 0, 2),
}


@st.composite
def sparse_vectors(
    draw: st.DrawFn, p: int, *, k: Sequence[int] = (1, 0, 2, 4), min_abs: float = 0.5, signs: Sequence[str] = SIGNS
) -> SparseVector:
    """Draw a vector of length p with few entries.

    Parameters
    ----------
    p : int
    k : sequence of int, default (1, 0, 2, 4)
        How many entries may be other than zero; shrinks to the first.
    min_abs : float, default 0.5
        Their least size; the largest is below twice that.
    signs : sequence of {"mixed", "positive", "negative"}
    """
    on = decorations(draw, {"k": k, "signs": signs})
    return SparseVector.build(seed=draw(seeds()), p=p, min_abs=min_abs, **on)


def regression_problems(
    *, max_samples: int = 16, max_features: int = 16, **choices: Sequence[Any]
) -> st.SearchStrategy[RegressionProblem]:
    """Return a strategy of regression data with a planted sparse vector.

    Parameters
    ----------
    max_samples, max_features : int, default 16
    **choices : sequences
        Decoration of `RegressionProblem.build` -> the values it may take, instead of those in
        ``REGRESSION_DECORATIONS``.
    """
    check_choices(choices, REGRESSION_OFF)
    table = {**REGRESSION_DECORATIONS, **choices}
    return _by_seed(RegressionProblem, (1, max_samples), (1, max_features), table)


def lasso_problems(
    *, samples: tuple[int, int] = (1, 16), features: tuple[int, int] = (1, 16), style: str = "seed",
    **choices: Sequence[Any],
) -> st.SearchStrategy[LassoProblem]:  # fmt: skip
    """Return a strategy of lasso problems.

    Parameters
    ----------
    samples, features : (int, int), default (1, 16)
        Ranges of n and p.
    style : {"seed", "elements"}
        "seed": arrays come from a seed and decorations. "elements": every entry is drawn by hypothesis, at most
        64 of them.
    **choices : sequences
        Decoration of `LassoProblem.build` -> the values it may take, instead of those in `LASSO_DECORATIONS`; the first
        value is where shrinking ends.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.lasso_problems(), lambda p: p.exact.twins, settings=settings(database=None))
    LassoProblem.build(seed=0, n=1, p=2, duplicates=1)
    """
    check_choices(choices, LASSO_OFF)
    if style == "elements":
        return _by_elements(samples, features, choices.get("alpha", LASSO_DECORATIONS["alpha"]))
    if style != "seed":
        raise InvalidArgument("style", "'seed' or 'elements'", repr(style))
    return _by_seed(LassoProblem, samples, features, {**LASSO_DECORATIONS, **choices})


@st.composite
def _by_seed(
    draw: st.DrawFn, kind: Any, samples: tuple[int, int], features: tuple[int, int], table: Mapping[str, Sequence[Any]]
) -> Any:
    n, p = draw(st.integers(*samples)), draw(st.integers(*features))
    on = decorations(draw, table)
    return kind.build(seed=draw(seeds()), n=n, p=p, **on)


@st.composite
def _by_elements(
    draw: st.DrawFn, samples: tuple[int, int], features: tuple[int, int], alphas: Sequence[float]
) -> LassoProblem:
    n = draw(st.integers(samples[0], min(samples[1], MAX_ELEMENTS)))
    p = draw(st.integers(features[0], max(features[0], min(features[1], MAX_ELEMENTS // n))))
    unit = st.floats(-1.0, 1.0, allow_subnormal=False)
    X = np.array([[draw(unit) for _ in range(p)] for _ in range(n)])
    y = np.array([draw(unit) for _ in range(n)])
    top = float(np.abs(X.T @ y).max()) / n
    return LassoProblem(X=X, y=y, alpha=draw(st.sampled_from(tuple(alphas))) * max(top, 2.0**-20))
