import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsetheory import _validation as v
from sparsetheory.errors import InvalidArgument


@pytest.mark.parametrize(
    ("check", "value", "says"),
    [
        (lambda x: v.check_vector(x, "a"), [1.0, np.nan], "nan at index 1"),
        (lambda x: v.check_vector(x, "a"), [[1.0]], r"shape \(1, 1\)"),
        (lambda x: v.check_vector(x, "a"), [], "at least one entry"),
        (lambda x: v.check_vector(x, "a"), ["x"], "real numbers"),
        (lambda x: v.check_vector(x, "a"), [1j], "complex"),
        (lambda x: v.check_vector(x, "a"), None, "a:"),
        (lambda x: v.check_vector(x, "a"), np.ma.masked_array([1.0, 2.0], mask=[True, False]), "without masked"),
        (lambda x: v.check_vector(x, "a"), np.array([1.0, "2"], dtype=object), "real numbers, got dtype object"),
        (lambda x: v.check_vector(x, "a"), [10**400, 1], "real numbers"),
        (lambda x: v.check_positive(x, "reg"), 10**400, "positive finite"),
        (lambda x: v.check_vector(x, "a", length=3), [1.0, 2.0], "length 3, got length 2"),
        (lambda x: v.check_histogram(x, "b", length=2), [1.0, -2.0], "-2.0 at index 1"),
        (lambda x: v.check_histogram(x, "b", length=2), [0.0, 0.0], "positive finite sum"),
        (lambda x: v.check_cost(x, "M"), [[1.0, -np.inf]], r"-inf at index \(0, 1\)"),
        (lambda x: v.check_cost(x, "M"), [[np.nan]], "nan at index"),
        (lambda x: v.check_cost(x, "M"), [1.0], "2-D"),
        (lambda x: v.check_positive(x, "reg"), 0, "reg: expected a positive finite number, got 0"),
        (lambda x: v.check_positive(x, "reg"), np.inf, "got inf"),
        (lambda x: v.check_positive(x, "reg"), np.nan, "got nan"),
        (lambda x: v.check_positive(x, "reg"), "1", "got '1'"),
        (lambda x: v.check_positive(x, "reg"), [1.0], "reg"),
        (lambda x: v.check_positive(x, "reg"), None, "None"),
        (lambda x: v.check_nonnegative(x, "tol"), -1e-9, "-1e-09"),
        (lambda x: v.check_count(x, "max_iter"), 0, ">= 1, got 0"),
        (lambda x: v.check_count(x, "max_iter"), 2.0, "integer"),
        (lambda x: v.check_count(x, "max_iter"), True, "integer"),
        (lambda x: v.check_choice(x, "method", ("auto", "sinkhorn")), "auot", "'auto', 'sinkhorn', got 'auot'"),
        (lambda x: v.check_choice(x, "method", ("auto",)), 3, "got 3"),
    ],
)
def test_what_is_refused_and_what_the_message_says(check, value, says):
    with pytest.raises(InvalidArgument, match=says):
        check(value)


@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from(["C", "F", "strided", "list", "float32", "int"]))
def test_every_layout_becomes_the_same_contiguous_doubles(n, m, layout):
    base = np.arange(n * m, dtype=float).reshape(n, m)
    given_ = {
        "C": base.copy(),
        "F": np.asfortranarray(base),
        "strided": np.repeat(base, 2, axis=1)[:, ::2],
        "list": base.tolist(),
        "float32": base.astype(np.float32),
        "int": base.astype(int),
    }[layout]
    clean = v.check_cost(given_, "M")
    assert clean.dtype == np.float64
    assert clean.flags.c_contiguous
    np.testing.assert_array_equal(clean, base)


def test_numbers_of_numpy_are_numbers():
    assert v.check_positive(np.float32(0.5), "reg") == 0.5
    assert v.check_positive(np.array(2.0), "reg") == 2.0
    assert v.check_count(np.int64(3), "n") == 3
