"""The certificate of the contract `lasso` against exact arithmetic, its reference, and the bounds that follow."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import LassoProblem
from sparsetheory.testing import strategies as S
from sparsetheory.testing.finding import UNIT
from sparsetheory.testing.lasso import reference
from sparsetheory.testing.lasso.certificate import coordinate_step, duality_gap, objective, promise, rounding
from sparsetheory.testing.lasso.fits import fit_distance

HARD = {"alpha": (0.1, 0.9, 0.01, 0.001), "correlation": (0.0, 0.99), "zero_cols": (0, 2), "duplicates": (0, 1, 8),
        "decades": (0, 4), "density": (1.0, 0.3)}  # fmt: skip
TINY = S.lasso_problems(samples=(1, 4), features=(1, 4), **HARD)


def exact_gap(problem, w):
    """Primal minus dual objective in rational numbers, at the rescaled residual."""
    X = [[Fraction(float(x)) for x in row] for row in problem.X]
    y, w, alpha = [Fraction(float(v)) for v in problem.y], [Fraction(float(v)) for v in w], Fraction(problem.alpha)
    n, p = len(y), len(w)
    r = [y[i] - sum(X[i][j] * w[j] for j in range(p)) for i in range(n)]
    c = [sum(X[i][j] * r[i] for i in range(n)) / n for j in range(p)]
    s = min(Fraction(1), alpha / max(*map(abs, c), alpha, alpha))
    primal = sum(v * v for v in r) / (2 * n) + alpha * sum(map(abs, w))
    dual = (sum(v * v for v in y) - sum((a - s * b) ** 2 for a, b in zip(y, r))) / (2 * n)
    return float(primal - dual)


@given(TINY, st.integers(-17, 0))
def test_the_gap_is_that_of_exact_arithmetic_up_to_rounding(p, power):
    noise = 10.0**power * np.random.default_rng(p.seed).uniform(-1, 1, p.X.shape[1])
    w = reference.solve(p).w * (1 + noise) + 0.1 * noise * np.sqrt(2 * p.exact.null_value) / (p.exact.longest or 1)
    exact = exact_gap(p, w)
    assert exact >= 0
    # a gap far from zero is itself only known relatively
    assert abs(duality_gap(p, w) - exact) <= rounding(p, w) + 64 * UNIT * exact


@given(S.lasso_problems(**HARD))
def test_the_reference_certifies_its_answer(p):
    answer = reference.solve(p)
    assert answer.certified
    assert duality_gap(p, answer.w) == answer.gap <= rounding(p, answer.w)
    assert not answer.w[p.exact.norms == 0].any()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300))
def test_the_reference_certifies_larger_and_harder_ones(seed):
    p = LassoProblem.build(seed=seed, n=24, p=32, alpha=1e-4, correlation=0.99, duplicates=4, decades=4, k=4)
    assert reference.solve(p).certified


def test_the_reference_does_not_claim_what_it_did_not_reach():
    p = LassoProblem.build(seed=3, n=12, p=16, alpha=0.001, correlation=0.99)
    assert not reference.solve(p, max_iter=1).certified
    assert reference.solve(p).certified


def test_one_feature_by_hand():
    p = LassoProblem(X=[[1.0], [2.0]], y=[3.0, 4.0], alpha=0.5)
    # x'y / n = 5.5 and |x|^2 / n = 2.5
    assert reference.solve(p).w == pytest.approx([5.0 / 2.5], rel=1e-15)
    assert (p.exact.alpha_max, p.exact.null_value) == (5.5, 6.25)
    assert duality_gap(p, np.zeros(1)) == pytest.approx(exact_gap(p, np.zeros(1)), rel=1e-15)


def test_agreement_with_a_general_optimiser_where_coefficients_are_not_unique():
    # for n = 1 the fit is the soft threshold of y by alpha / max|x|, and the l1 norm is the cheapest way to it
    p = LassoProblem(X=[[3.0, -3.0, 1.0]], y=[2.0], alpha=0.6)
    fit = 2.0 - 0.6 / 3.0
    cheapest = linprog(np.ones(6), A_eq=np.hstack([p.X, -p.X]), b_eq=[fit]).fun
    answer = reference.solve(p)
    assert p.X @ answer.w == pytest.approx([fit], rel=1e-14)
    assert np.abs(answer.w).sum() == pytest.approx(cheapest, rel=1e-9)
    assert reference.coefficient_distance(p, answer, 1e-12) == np.inf


@given(S.lasso_problems(**HARD), st.integers(-12, -1), st.integers(0, 2**16))
def test_the_gap_bounds_how_far_coefficients_and_fits_lie(p, power, seed):
    truth = reference.solve(p)
    rng = np.random.default_rng(seed)
    scale = np.abs(truth.w).max() or 1.0
    w = truth.w + 10.0**power * scale * rng.standard_normal(len(truth.w)) * (rng.random(len(truth.w)) < 0.5)
    gap, own = duality_gap(p, w) + rounding(p, w), truth.gap + rounding(p, truth.w)
    far = reference.coefficient_distance(p, truth, gap) + reference.coefficient_distance(p, truth, own)
    assert np.linalg.norm(w - truth.w) <= far
    assert objective(p, w) - objective(p, truth.w) <= gap + 64 * UNIT * objective(p, w)
    assert coordinate_step(p, w) <= np.sqrt(2 * gap)
    measured, limit, _ = fit_distance(p, w, truth.w, tol=1e6, what="moved")
    assert measured <= limit.value


def test_gaps_count_up_to_the_promise():
    p = LassoProblem.build(seed=1, n=5, p=3)
    zero, truth = np.zeros(3), reference.solve(p).w
    strict, loose = (fit_distance(p, zero, truth, tol=tol, what="").limit.value for tol in (1e-12, 1e-4))
    # the square root of the ratio of the two promises, and some rounding
    assert strict < 2e-4 * loose
    assert promise(p, truth, 1e-8).value == 1e-8 * p.exact.null_value + rounding(p, truth)
    assert rounding(p, truth, 2.0**-24) == pytest.approx(2.0**29 * rounding(p, truth), rel=1e-3)


def test_rounding_of_absurd_coefficients_is_that_of_sensible_ones():
    p = LassoProblem.build(seed=1, n=5, p=3)
    assert rounding(p, np.full(3, 1e300)) < 1e-10 * p.exact.null_value


@given(S.lasso_problems(**HARD, dtype=("float64", "float32"), order=("C", "F"), log_scale=(0, -9, 9)))
def test_the_repr_builds_the_problem_again(p):
    twin = eval(repr(p), {"LassoProblem": LassoProblem})
    assert all(np.array_equal(getattr(twin, name), getattr(p, name)) for name in ("X", "y"))
    assert (twin.alpha, twin.X.dtype, twin.X.flags.c_contiguous) == (p.alpha, p.X.dtype, p.X.flags.c_contiguous)


@given(S.lasso_problems(style="elements"))
def test_element_wise_problems_stay_small_and_paste_back(p):
    assert p.X.size <= S.MAX_ELEMENTS
    twin = eval(repr(p), {"LassoProblem": LassoProblem})
    assert np.array_equal(twin.X, p.X)
    assert twin.alpha == p.alpha
    assert reference.solve(p).certified


@pytest.mark.parametrize(
    "make",
    [
        lambda: LassoProblem(X=[[1.0]], y=[1.0], alpha=0.0),
        lambda: LassoProblem(X=[[np.inf]], y=[1.0], alpha=1.0),
        lambda: LassoProblem(X=[[np.nan]], y=[1.0], alpha=1.0),
        lambda: LassoProblem(X=[1.0], y=[1.0], alpha=1.0),
        lambda: LassoProblem(X=[[1.0]], y=[1.0, 2.0], alpha=1.0),
        lambda: LassoProblem.build(seed=0, n=2, p=2, colour="red"),
        lambda: S.lasso_problems(colour=("red",)),
        lambda: S.lasso_problems(style="bare"),
    ],
)
def test_what_cannot_be_built_is_refused(make):
    with pytest.raises(InvalidArgument):
        make()
