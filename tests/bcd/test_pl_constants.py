"""Polyak-Lojasiewicz constants against a semidefinite program, a grid of directions, and the strongly convex case."""

from fractions import Fraction

import numpy as np
import pytest

from sparsetheory.bcd.norm_constants import norm_constant
from sparsetheory.bcd.pl_constants import pl_constant, proves
from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.certify import NotCertified


def matrix(seed, rows, n):
    """Whole eighths: products are exact, so that A'A is singular exactly."""
    return np.round(8 * np.random.default_rng(seed).normal(size=(rows, n))) / 8


BLOCKS = {5: [[0, 1], [2], [3, 4]], 8: [[0, 1, 2], [3, 4, 5], [6, 7]]}


@pytest.mark.parametrize(("seed", "rows", "n"), [(0, 3, 5), (1, 2, 5), (2, 6, 8), (3, 7, 8)])
def test_the_bound_is_the_optimum_of_the_semidefinite_program(seed, rows, n):
    import cvxpy as cp

    A, blocks = matrix(seed, rows, n), BLOCKS[n]
    found = pl_constant(A.T @ A, blocks=blocks)
    basis = np.linalg.qr(A)[0]  # of the range of A, which here is everything
    U, t = cp.Variable((rows, rows), PSD=True), cp.Variable()
    largest = [cp.trace(basis.T @ A[:, b] @ A[:, b].T @ basis @ U) <= t for b in blocks]
    cp.Problem(cp.Minimize(t), [cp.trace(U) == 1, *largest]).solve(solver="CLARABEL")
    assert found.lower == pytest.approx(float(t.value), rel=1e-5)
    assert found.lower <= found.upper


def test_no_direction_goes_below_and_one_attains_the_upper_end():
    A, blocks = matrix(1, 2, 5), BLOCKS[5]
    Q = A.T @ A
    found = pl_constant(Q, blocks=blocks)
    angles = np.linspace(0, np.pi, 100_001)
    u = np.stack([np.cos(angles), np.sin(angles)])  # residuals of length one: error 1/2
    quotients = np.max([((A[:, b].T @ u) ** 2).sum(axis=0) for b in blocks], axis=0)
    assert found.lower <= quotients.min() <= found.upper * (1 + 1e-4)  # the grid misses the kink
    g = Q @ found.direction
    attained = max((g[b] ** 2).sum() for b in blocks) / (found.direction @ g)
    assert attained == pytest.approx(found.upper, rel=1e-9)


def test_it_is_strong_convexity_in_the_sum_of_block_norms_where_there_is_any():
    Q = matrix(4, 9, 5)
    Q = Q.T @ Q
    for blocks in ([[i] for i in range(5)], BLOCKS[5]):
        found, strong = pl_constant(Q, blocks=blocks), norm_constant(Q, blocks=blocks, metric=np.eye(5))
        assert found.lower == pytest.approx(strong.relaxed, rel=1e-5)
        assert found.lower <= strong.upper * (1 + 1e-8)


def test_one_block_has_the_smallest_nonzero_eigenvalue():
    A = matrix(5, 3, 5)
    found = pl_constant(A.T @ A, blocks=[range(5)])
    assert found.lower == pytest.approx(np.linalg.eigvalsh(A @ A.T)[0], rel=1e-6)
    assert found.weights == (1,)


def test_the_proof_is_about_exactly_that_number_and_these_weights():
    A, blocks = matrix(0, 3, 5), BLOCKS[5]
    Q = A.T @ A
    found = pl_constant(Q, blocks=blocks)
    assert sum(found.weights) == 1
    assert proves(Q, blocks=blocks, weights=found.weights, value=Fraction(found.lower))
    assert not proves(Q, blocks=blocks, weights=found.weights, value=Fraction(found.lower) * Fraction(1001, 1000))
    more = [w * Fraction(11, 10) for w in found.weights]
    assert not proves(Q, blocks=blocks, weights=more, value=Fraction(found.lower))
    assert not proves(Q, blocks=blocks, weights=[Fraction(2), Fraction(-1), Fraction(0)], value=Fraction(0))


def test_a_singular_matrix_that_was_rounded_is_not_proved():
    A = np.random.default_rng(0).normal(size=(3, 5))
    with pytest.raises(NotCertified):
        pl_constant(A.T @ A, blocks=BLOCKS[5])


def test_bad_blocks_and_a_zero_matrix_are_refused():
    with pytest.raises(InvalidArgument, match="blocks"):
        pl_constant(np.eye(3), blocks=[[0, 1]])
    with pytest.raises(InvalidArgument, match="not zero"):
        pl_constant(np.zeros((2, 2)), blocks=[[0], [1]])
