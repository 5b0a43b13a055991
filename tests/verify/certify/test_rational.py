from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.certify.rational import dyadic, exact, is_positive_semidefinite, pivots, repair

ENTRIES = st.fractions(min_value=-3, max_value=3, max_denominator=12)


def symmetric(n):
    return st.lists(ENTRIES, min_size=n * n, max_size=n * n).map(
        lambda flat: [[flat[min(i, j) * n + max(i, j)] for j in range(n)] for i in range(n)]
    )


def slow_twin(matrix):
    """All principal minors are nonnegative: the textbook criterion, exponential."""
    from itertools import combinations

    A = sympy.Matrix(matrix)
    n = A.rows
    return all(A.extract(list(s), list(s)).det() >= 0 for k in range(1, n + 1) for s in combinations(range(n), k))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4).flatmap(symmetric))
def test_semidefiniteness_agrees_with_all_principal_minors(matrix):
    assert is_positive_semidefinite(matrix) == slow_twin(matrix)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(st.just(n), st.lists(ENTRIES, min_size=2 * n, max_size=2 * n))))
def test_singular_gram_matrices_are_semidefinite(case):
    n, flat = case  # rank two at most
    rows = [flat[2 * i : 2 * i + 2] for i in range(n)]
    gram = [[sum(s * t for s, t in zip(v, w)) for w in rows] for v in rows]
    assert is_positive_semidefinite(gram)
    gram[n - 1][n - 1] -= 1 + gram[n - 1][n - 1]
    assert not is_positive_semidefinite(gram)


def test_pivots_are_those_of_the_factorisation():
    matrix = [[Fraction(4), Fraction(2), Fraction(1, 3)], [Fraction(2), Fraction(3), Fraction(0)],
              [Fraction(1, 3), Fraction(0), Fraction(5, 7)]]  # fmt: skip
    L, D = sympy.Matrix(matrix).LDLdecomposition()
    assert pivots(matrix) == tuple(Fraction(int(D[k, k].p), int(D[k, k].q)) for k in range(3))
    assert L[0, 0] == 1


def test_a_matrix_that_is_not_symmetric_is_refused():
    assert pivots([[Fraction(2), Fraction(1)], [Fraction(0), Fraction(2)]]) is None


@pytest.mark.parametrize("value", [0.5, True, "one third", "1/0", None, np.float64(1), 1j])
def test_what_is_not_exact_is_refused(value):
    with pytest.raises(InvalidArgument, match="exact number"):
        exact(value, "x")


@pytest.mark.parametrize("value", [3, np.int64(3), "3", "3.0", Fraction(3), sympy.Integer(3)])
def test_what_is_exact_is_taken(value):
    assert exact(value, "x") == 3
    assert type(exact(value, "x").numerator) is int


@given(st.floats(-1e6, 1e6))
def test_dyadic_rounding_is_nearest(value):
    assert abs(dyadic(value, bits=60) - Fraction(value)) <= Fraction(1, 2**61)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(ENTRIES, min_size=3, max_size=3), min_size=1, max_size=5), st.data())
def test_repair_solves_whatever_has_a_solution(flat, data):
    columns = {str(k): {i: v for i, v in enumerate(column) if v} for k, column in enumerate(flat)}
    weights = data.draw(st.lists(ENTRIES, min_size=len(flat), max_size=len(flat)))
    target = [sum(w * column[i] for w, column in zip(weights, flat)) for i in range(3)]
    change = repair(columns, dict(enumerate(target)), list(columns))
    assert change is not None
    assert [sum(x * flat[int(k)][i] for k, x in change.items()) for i in range(3)] == target
    outside = sympy.Matrix(flat).T.rank() < 3
    if outside:  # some unit vector is not in the span
        assert any(repair(columns, {i: Fraction(1)}, list(columns)) is None for i in range(3))
