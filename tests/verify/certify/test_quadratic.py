from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import certify


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def positive(rng, n, low=0.2):
    A = rng.normal(size=(n, n))
    Q = A @ A.T + low * np.eye(n)
    return (Q + Q.T) / 2


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_extreme_eigenvalues_are_enclosed(n, rng):
    A = rng.normal(size=(n, n))
    A = A + A.T
    values = np.linalg.eigvalsh(A)
    for found, value in [(certify.largest_eigenvalue(A), values[-1]), (certify.smallest_eigenvalue(A), values[0])]:
        assert found.check()
        assert found.lower - 1e-12 <= value <= found.upper + 1e-12
        assert found.upper - found.lower < 4e-9 * np.abs(values).max()
        assert not found.tightened().check()


def test_generalised_eigenvalues(rng):
    A, B = positive(rng, 5), positive(rng, 5)
    found = certify.largest_eigenvalue(A, B=B)
    assert found.check()
    assert float(found.upper) == pytest.approx(np.linalg.eigvals(np.linalg.solve(B, A)).real.max(), rel=1e-7)
    assert not replace(found, B=tuple(tuple(-b for b in row) for row in found.B)).check()


def test_exact_matrices_stay_exact():
    third = Fraction(1, 3)
    found = certify.largest_eigenvalue([[third, 0], [0, 0]])
    assert found.lower == third
    assert found.A[0][0] == third


def test_tiny_and_huge_scales(rng):
    A = positive(rng, 4)
    for scale in (2.0**-120, 2.0**120):
        assert certify.largest_eigenvalue(A * scale).check()


@pytest.mark.parametrize("A", [[[1, 2], [3, 4]], [[1, 2]], [[np.nan]], [], "A", [[1j]]])
def test_what_is_no_symmetric_matrix_is_refused(A):
    with pytest.raises(InvalidArgument):
        certify.largest_eigenvalue(A)
    with pytest.raises(InvalidArgument):
        certify.norm_convexity(A)


def test_a_metric_that_is_not_positive_definite_is_refused():
    with pytest.raises(InvalidArgument, match="positive definite"):
        certify.largest_eigenvalue(np.eye(2), B=np.diag([1.0, -1.0]))
    with pytest.raises(InvalidArgument, match="shape"):
        certify.largest_eigenvalue(np.eye(2), B=np.eye(3))


def test_convexity_in_the_one_norm_against_enumeration(rng):
    """1/mu_1 is the largest s' Q^-1 s over sign vectors; the certificate is a lower bound within 2/pi of it."""
    for n in (2, 5, 8):
        Q = positive(rng, n)
        inverse = np.linalg.inv(Q)
        mu = 1 / max(np.array(s) @ inverse @ np.array(s) for s in product((-1.0, 1.0), repeat=n))
        found = certify.norm_convexity(Q)
        assert found.check()
        assert 2 / np.pi * mu * (1 - 1e-5) <= found.value <= mu * (1 + 1e-12)
        assert not found.tightened().check()


def test_separable_quadratics_are_exact():
    spectrum = [1, 10, 100]
    found = certify.norm_convexity(np.diag(spectrum).astype(float))
    assert float(found.value) == pytest.approx(1 / sum(1 / s for s in spectrum), rel=2e-6)
    assert found.value < 1 / sum(Fraction(1, s) for s in spectrum)


@pytest.mark.parametrize("kind", ["identity", "constants", "blocks"])
def test_block_norms_hold_at_any_vector(kind, rng):
    Q, blocks = positive(rng, 6), [[0, 3], [1, 2, 4], [5]]
    L = [np.linalg.norm(Q[np.ix_(b, b)], 2) for b in blocks]
    H = {"identity": np.eye(6), "constants": np.zeros((6, 6)), "blocks": 1.1 * Q}[kind]
    if kind == "constants":
        for b, value in zip(blocks, L):
            H[b, b] = value
    found = certify.norm_convexity(Q, blocks=blocks, H=H)
    assert found.check()
    ratios = []
    for x in rng.normal(size=(2000, 6)):
        norm = sum(np.sqrt(x[b] @ H[np.ix_(b, b)] @ x[b]) for b in blocks)
        ratios.append(x @ Q @ x / norm**2)
    assert float(found.value) <= min(ratios)
    assert not found.tightened().check()


def test_a_changed_weight_block_or_matrix_fails(rng):
    found = certify.norm_convexity(positive(rng, 4))
    raised = (found.weights[0] * 2, *found.weights[1:])
    for broken in (
        replace(found, weights=raised),
        replace(found, weights=(-found.weights[0], *found.weights[1:])),
        replace(found, weights=found.weights[1:]),
        replace(found, blocks=((0,), (0,), (2,), (3,))),
        replace(found, Q=tuple(tuple(q / 2 for q in row) for row in found.Q)),
        replace(found, H=tuple(tuple(-h for h in row) for row in found.H)),
    ):
        assert not broken.check()


def test_singular_quadratics_are_not_certified():
    with pytest.raises(certify.NotCertified, match="positive definite"):
        certify.norm_convexity(np.ones((3, 3)))
    with pytest.raises(InvalidArgument, match="partition"):
        certify.norm_convexity(np.eye(3), blocks=[[0], [1]])
