"""What the strategies draw: valid problems, every decoration, failures that shrink and paste back."""

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import OTProblem
from sparsetheory.testing import strategies as S

FIND = settings(database=None, derandomize=True, max_examples=500)


def same(p, q):
    return all(np.array_equal(getattr(p, k), getattr(q, k)) for k in ("M", "a", "b")) and p.reg == q.reg


EVERYTHING = {"zero_mass": (0, 1, 2), "forbidden": (False, True), "shift": (0.0, 1e6), "mass": (1.0, 3.0, 0.25)}


@given(S.ot_problems(**EVERYTHING))
def test_every_problem_is_valid_and_its_masses_agree_to_the_last_bit(p):
    assert p.a.sum() == p.b.sum() == p.decorations.get("mass", 1.0)
    assert min(p.a.min(), p.b.min()) >= 0
    assert np.isfinite(p.M).any(axis=1).all()
    assert np.isfinite(p.M).any(axis=0).all()
    assert np.array_equal(p.a, p.a.astype(np.float32))  # float32 tests see the same masses


@given(S.ot_problems(**EVERYTHING))
def test_the_repr_builds_the_problem_again(p):
    assert same(eval(repr(p), {"OTProblem": OTProblem}), p)
    assert "\n" not in repr(p)


@given(S.ot_problems(style="elements"))
def test_element_wise_problems_stay_small_and_paste_back(p):
    assert p.M.size <= S.MAX_ELEMENTS
    assert p.seed is None
    assert same(eval(repr(p), {"OTProblem": OTProblem}), p)
    subnormal = (p.M != 0) & (np.abs(p.M) < np.finfo(float).tiny)
    assert not subnormal.any()


def test_a_problem_with_forbidden_edges_pastes_back():
    p = OTProblem(M=[[0.0, np.inf], [1.0, 0.0]], a=[0.5, 0.5], b=[0.5, 0.5], reg=1.0)
    assert same(eval(repr(p), {"OTProblem": OTProblem}), p)


def test_decorations_shrink_to_off():
    assert repr(find(S.ot_problems(**EVERYTHING), lambda p: True, settings=FIND)) == "OTProblem.build(seed=0, n=1, m=1)"
    sparse = find(S.ot_problems(**EVERYTHING), lambda p: np.isinf(p.M).any(), settings=FIND)
    assert set(sparse.decorations) == {"forbidden"}
    assert sparse.M.size <= 4


@pytest.mark.parametrize("name", sorted({**S.DECORATIONS, **EVERYTHING}))
def test_every_decoration_is_drawn_and_changes_the_problem(name):
    on = find(S.ot_problems(min_side=3, **EVERYTHING), lambda p: name in p.decorations, settings=FIND)
    off = {k: v for k, v in on.decorations.items() if k != name}
    assert not same(on, OTProblem.build(seed=on.seed, n=len(on.a), m=len(on.b), **off))


def test_switching_a_decoration_off_leaves_the_rest():
    plain, zero = OTProblem.build(seed=7, n=5), OTProblem.build(seed=7, n=5, zero_mass=2)
    assert np.array_equal(plain.M, zero.M)
    assert ((zero.a == 0).sum(), (zero.b == 0).sum()) == (2, 2)
    both = OTProblem.build(seed=7, n=5, duplicates=True)
    assert np.array_equal(both.M[0], both.M[-1])
    assert np.array_equal(both.M[:, 0], both.M[:, -1])


def test_large_problems_are_common_enough():
    seen = []

    @settings(max_examples=100, database=None, derandomize=True, phases=[Phase.generate])
    @given(S.ot_problems())
    def draw(p):
        seen.append(p.M.size >= 150)

    draw()
    assert sum(seen) >= 10


@given(st.data(), st.integers(1, 30), st.sampled_from((0, 1, 5)))
def test_histograms(data, n, zeros):
    a = data.draw(S.histograms(n, zeros=(zeros,), min_mass=1e-4))
    assert a.sum() == a[::-1].sum() == 1.0
    assert (a == 0).sum() == min(zeros, n - 1)
    assert a[a > 0].min() >= 1e-4
    rounded = data.draw(S.histograms(n, exact_sum=False))
    assert abs(rounded.sum() - 1) <= 4 * n * np.finfo(float).eps


@given(S.cost_matrices(6, 6, kind="metric", scale=(0, 0)))
def test_a_metric_cost_is_a_metric(C):
    assert np.array_equal(C, C.T)
    assert not C.diagonal().any()
    slack = C[:, :, None] + C[None, :, :] - C[:, None, :]
    assert slack.min() >= -4 * np.finfo(float).eps


@given(S.cost_matrices(4, 7))
def test_costs_have_the_shape_and_scale_asked_for(C):
    assert C.shape == (4, 7)
    assert np.isfinite(C).all()
    assert 0 <= C.min() <= C.max() <= 2000


@pytest.mark.parametrize(
    "make",
    [
        lambda: S.ot_problems(zeros=(1,)),
        lambda: S.ot_problems(style="bare"),
        lambda: S.histograms(3, min_mass=0.5).example(),
        lambda: OTProblem.build(seed=0, n=2, kind="cosine"),
        lambda: OTProblem.build(seed=0, n=2, colour="red"),
        lambda: OTProblem(M=[[1.0]], a=[1.0], b=[2.0], reg=1.0),
        lambda: OTProblem(M=[[np.inf]], a=[1.0], b=[1.0], reg=1.0),
        lambda: OTProblem(M=[[1.0]], a=[1.0], b=[1.0], reg=0.0),
    ],
)
@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_what_cannot_be_built_is_refused(make):
    with pytest.raises(InvalidArgument):
        make()


def test_arrays_of_a_problem_are_read_only_copies():
    M = np.ones((2, 2))
    p = OTProblem(M=M, a=[0.5, 0.5], b=[0.5, 0.5], reg=1.0)
    M[:] = 0
    assert p.M.all()
    with pytest.raises(ValueError, match="read-only"):
        p.M[0, 0] = 2.0


def test_exact_facts_of_a_problem_by_hand():
    p = OTProblem(M=[[0.0, 2.0], [3.0, 1.0]], a=[0.75, 0.25], b=[0.5, 0.5], reg=1.0)
    assert p.exact.lp_value == pytest.approx(0.25 * 2 + 0.25 * 1, abs=1e-12)
    assert (p.exact.mass, p.exact.spread, p.exact.magnitude) == (1.0, 3.0, 3.0)
    assert np.array_equal(p.exact.independent, [[0.375, 0.375], [0.125, 0.125]])
    rows, columns = np.array([1, 0]), np.array([0, 1])
    assert np.array_equal(p.exact.permuted(rows, columns).M, [[3.0, 1.0], [0.0, 2.0]])
    assert np.array_equal(p.exact.transposed().M, p.M.T)
    assert np.array_equal(p.exact.transposed().a, p.b)
