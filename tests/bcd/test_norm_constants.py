"""Strong convexity in sums of block norms, against enumeration, a semidefinite program, and closed forms."""

import importlib.util
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sparsetheory.bcd.known_quadratics import MATRICES, block_diagonal, block_scales, cut, draw_matrix, spread
from sparsetheory.bcd.norm_constants import enumerate_signs, norm_constant, separable_constant, shortfall
from sparsetheory.bcd.rational_step import two_blocks
from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.certify import NotCertified, norm_convexity

_spec = importlib.util.spec_from_file_location(
    "bcd_norm_constants_twin", Path(__file__).parents[1] / "reference" / "bcd_norm_constants.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

KINDS = tuple(MATRICES)


def metrics(Q, blocks):
    """Those of GS, GSL, GSD and GSQ."""
    sizes = np.repeat([len(b) for b in blocks], [len(b) for b in blocks])
    return {
        "GS": np.eye(len(Q)), "GSL": spread(block_scales(Q, blocks), blocks),
        "GSD": np.diag(sizes * np.diagonal(Q)), "GSQ": block_diagonal(Q, blocks),
    }  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 3, 6, 9])
def test_enumeration_agrees_with_gray_codes(n):
    rng = np.random.default_rng(n)
    for _ in range(5):
        root = rng.standard_normal((n, n))
        C = root @ root.T
        value, signs = enumerate_signs(C)
        np.testing.assert_allclose(value, twin.largest_form_by_gray_code(C), rtol=1e-12)
        np.testing.assert_allclose(signs @ C @ signs, value, rtol=1e-12)
        assert set(np.abs(signs)) == {1.0}


def test_enumeration_refuses_what_does_not_fit():
    with pytest.raises(InvalidArgument, match="at most 24 rows"):
        enumerate_signs(np.eye(25))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 3])
def test_enclosures_hold_in_every_metric(kind, size):
    rng = np.random.default_rng(size)
    Q = draw_matrix(rng, 7, (kind,))
    blocks = cut(7, size)
    for metric in metrics(Q, blocks).values():
        found = norm_constant(Q, blocks=blocks, metric=metric)
        assert found.relaxed <= found.lower * (1 + 1e-12)
        assert found.lower <= found.upper
        assert found.upper <= twin.quotients(Q, blocks, metric, rng, 200).min() * (1 + 1e-9)
        # the weights prove the bound: exact pivots, nothing else is trusted
        proved = norm_convexity(Q, blocks=blocks, H=metric, weights=found.weights)
        assert proved.check()
        assert 0 <= proved.value - Fraction(found.relaxed) < Fraction(found.relaxed) / 10**15
        assert not proved.tightened(Fraction(101, 100)).check()
        # the gradient attains the upper end and has dual norm one
        g = found.gradient
        np.testing.assert_allclose(g @ np.linalg.solve(Q, g), 1 / found.upper, rtol=1e-7)
        duals = [g[b] @ np.linalg.solve(metric[np.ix_(b, b)], g[b]) for b in map(list, blocks)]
        np.testing.assert_allclose(duals, 1.0, rtol=1e-9)


def test_single_variables_are_enumerated_and_the_relaxation_is_within_two_over_pi():
    rng = np.random.default_rng(0)
    worst = 1.0
    for kind in KINDS:
        Q = draw_matrix(rng, 8, (kind,))
        found = norm_constant(Q, blocks=cut(8, 1), metric=np.eye(8))
        np.testing.assert_allclose(1 / found.lower, twin.largest_form_by_gray_code(np.linalg.inv(Q)), rtol=1e-6)
        assert found.upper * (1 - 1e-8) <= found.lower <= found.upper
        worst = min(worst, found.relaxed / found.lower)
    assert 2 / np.pi <= worst <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["equal", "families", "separable"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_relaxation_agrees_with_a_semidefinite_program(kind, size):
    Q = draw_matrix(np.random.default_rng(size), 6, (kind,))
    blocks = cut(6, size)
    for metric in metrics(Q, blocks).values():
        found = norm_constant(Q, blocks=blocks, metric=metric)
        assert found.relaxed == pytest.approx(twin.relaxed_by_semidefinite_program(Q, blocks, metric), rel=1e-5)


def test_relaxation_needs_room_only_where_enumeration_shows_a_gap():
    """A cycle of three that disagrees: no sign vector, but the relaxation, satisfies all pairs equally."""
    C = np.full((3, 3), -1.0) + 3.001 * np.eye(3)
    Q = np.linalg.inv(C)
    found = norm_constant((Q + Q.T) / 2, blocks=cut(3, 1), metric=np.eye(3))
    assert found.relaxed < 0.95 * found.lower
    assert found.relaxed == pytest.approx(1 / np.linalg.eigvalsh(C)[-1] / 3, rel=1e-5)  # equal weights, by symmetry


@pytest.mark.parametrize("n", [1, 4, 9])
def test_closed_form_of_separable_functions(n):
    rng = np.random.default_rng(n)
    lam, scales = 10.0 ** rng.uniform(-3, 0, n), rng.uniform(0.5, 2, n)
    found = norm_constant(np.diag(lam), blocks=cut(n, 1), metric=np.diag(scales))
    assert found.lower == pytest.approx(separable_constant(lam, scales), rel=1e-12)


def test_one_slow_variable_is_where_greedy_gains_most_and_equal_ones_where_it_gains_nothing():
    alpha, beta, n = 1.0, 1e-3, 12
    slow = separable_constant([beta] + [alpha] * (n - 1), np.ones(n))
    assert slow == pytest.approx(alpha * beta / (alpha + (n - 1) * beta))
    assert slow / (beta / n) > 0.98 * n  # against a random coordinate
    assert separable_constant([alpha] * n, np.ones(n)) == pytest.approx(alpha / n)


def test_two_blocks_have_the_constant_that_is_known():
    F = [
        [[Fraction(1), Fraction(0)], [Fraction(2), Fraction(1)]],
        [[Fraction(3), Fraction(0)], [Fraction(0), Fraction(1)]],
    ]
    Q, blocks = two_blocks(F, Fraction(1, 4))
    floats = np.array([[float(entry) for entry in row] for row in Q])
    found = norm_constant(floats, blocks=blocks, metric=floats)
    assert found.lower == pytest.approx(3 / 8, rel=1e-6)
    assert found.upper == pytest.approx(3 / 8, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_relations_between_the_constants(kind):
    rng = np.random.default_rng(5)
    for _ in range(5):
        Q = draw_matrix(rng, 8, (kind,))
        blocks = cut(8, 3)
        L = block_scales(Q, blocks)
        mu = norm_constant(Q, blocks=[range(8)], metric=np.eye(8))
        assert mu.lower == pytest.approx(np.linalg.eigvalsh(Q)[0], rel=1e-5)
        of = {name: norm_constant(Q, blocks=blocks, metric=metric) for name, metric in metrics(Q, blocks).items()}
        one = norm_constant(Q, blocks=cut(8, 1), metric=np.eye(8))
        assert shortfall(mu.over(8), one.over(1), mu.over(1)) <= 1e-9
        assert shortfall(mu.over(3), of["GS"].over(1), mu.over(1)) <= 1e-9
        assert shortfall(mu.over(L.sum()), of["GSL"].over(1), of["GS"].over(L.min())) <= 1e-9
        assert shortfall(of["GS"].over(L.max()), of["GSL"].over(1), of["GSQ"].over(1)) <= 1e-9
        assert shortfall(of["GSD"].over(1), of["GSQ"].over(1)) <= 1e-9


def test_shortfall_sees_a_wrong_order_also_between_distant_members():
    assert shortfall((1, 2), (3, 4), (0.5, 0.9)) == pytest.approx(3 / 0.9 - 1)
    assert shortfall((1.0, 1.0)) == 0.0


def test_units_and_order_of_the_variables_do_not_matter():
    rng = np.random.default_rng(3)
    Q = draw_matrix(rng, 6, ("families",))
    blocks, order = cut(6, 2), rng.permutation(6)
    place = np.argsort(order)
    found = norm_constant(Q, blocks=blocks, metric=block_diagonal(Q, blocks))
    moved = norm_constant(
        1e6 * Q[np.ix_(order, order)],
        blocks=[[int(place[i]) for i in b] for b in blocks],
        metric=Q[np.ix_(order, order)],
    )
    assert moved.lower == pytest.approx(1e6 * found.lower, rel=1e-5)


def test_what_cannot_be_proved_is_refused():
    with pytest.raises(InvalidArgument, match="a partition"):
        norm_constant(np.eye(3), blocks=[[0], [1]], metric=np.eye(3))
    with pytest.raises(NotCertified):
        norm_convexity(np.eye(2), weights=[1, 2])
