"""The randomisers of vectors: unbiased, of the stated variance and privacy, deaf to what must not matter."""

import dataclasses
import json
import math
import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv, gammaln, ndtri

from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp import (
    DiscreteGaussianVector,
    DuchiBall,
    GaussianVector,
    PrivacyGuarantee,
    PrivUnit,
    PrivUnitG,
    SecureStream,
    composed_in_parallel,
)
from sparsetheory.ldp.csprng import NORMAL_ERROR, NumpyStream, open_stream
from tests.reference import ldp_privacy as slow

PURE = (DuchiBall, PrivUnit, PrivUnitG)
ALL = (*PURE, GaussianVector, DiscreteGaussianVector)


def make(kind, dim=5, epsilon=1.0, **options):
    return kind(dim, epsilon, delta=0.0 if kind in PURE else 1e-5, **{"sensitivity": 2.0, **options})


def values(mechanism, V, rng=None):
    return mechanism.decode(mechanism.report(V, rng))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(("dim", "epsilon"), [(1, 1.0), (2, 4.0), (7, 0.5), (40, 2.0)])
@pytest.mark.parametrize("secure", [True, False])
def test_reports_are_unbiased_and_vary_as_stated(kind, dim, epsilon, secure):
    mechanism = make(kind, dim, epsilon)
    rng = np.random.default_rng(dim)
    v = rng.standard_normal(dim)
    v *= 0.8 / np.linalg.norm(v)
    n = 400_000 // (dim + 4)
    reports = values(mechanism, np.tile(v, (n, 1)), None if secure else rng)
    variance = np.array([mechanism.variance_at(t) if kind in PURE else mechanism.variance for t in v])
    assert np.abs((reports.mean(axis=0) - v) / np.sqrt(variance / n)).max() < 5.5
    fourth = ((reports - v) ** 4).mean(axis=0)
    assert np.abs((reports.var(axis=0) - variance) / np.sqrt(fourth / n)).max() < 5.5
    assert (reports**2).sum(axis=1).mean() <= mechanism.second_moment * 1.02


@pytest.mark.parametrize("kind", ALL)
def test_the_second_moment_is_attained(kind):
    mechanism = make(kind, 6, 4.0)
    squares = (values(mechanism, np.tile(np.eye(6)[2], (60_000, 1)), np.random.default_rng(0)) ** 2).sum(axis=1)
    assert abs(squares.mean() - mechanism.second_moment) < 5.0 * squares.std() / math.sqrt(len(squares)) + 1e-12


@given(st.sampled_from([PrivUnit, PrivUnitG]), st.integers(1, 200), st.floats(0.05, 20.0))
def test_the_two_densities_stand_in_the_ratio(kind, dim, epsilon):
    tilt = make(kind, dim, epsilon).tilt
    assert tilt.above / tilt.below <= math.exp(epsilon) * (1 + 1e-12)
    assert tilt.above / tilt.below >= math.exp(epsilon) * (1 - 1e-8)
    assert tilt.p + tilt.below * (1.0 - tilt.tail) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("dim", "epsilon"), [(1, 0.5), (3, 2.0), (20, 8.0), (128, 1.0)])
def test_moments_agree_with_quadrature(dim, epsilon):
    d = dim + 1
    gauss, sphere = PrivUnitG(dim, epsilon), PrivUnit(dim, epsilon)
    normal = (-12.0, 12.0, lambda t: math.exp(-t * t / 2.0) / math.sqrt(2.0 * math.pi))
    mass, mean, square = slow.tilted_moments(gauss.tilt, normal)
    assert mass == pytest.approx(1.0, abs=1e-9)
    assert gauss.scale * mean == pytest.approx(1.0, rel=1e-8)  # radius 1: unbiased
    assert gauss.variance_at(1.0) - gauss.step**2 / 6.0 == pytest.approx(gauss.scale**2 * square - 1.0, rel=1e-7)
    constant = math.exp(gammaln(d / 2.0) - gammaln((d - 1) / 2.0)) / math.sqrt(math.pi)
    if d > 2:
        cap = (-1.0, 1.0, lambda t: constant * (1.0 - t * t) ** ((d - 3) / 2.0))
        mass, mean, square = slow.tilted_moments(sphere.tilt, cap)
        assert mass == pytest.approx(1.0, abs=1e-8)
        assert sphere.norm * mean == pytest.approx(1.0, rel=1e-7)
        second = sphere.norm**2 * square - 1.0
        assert sphere.variance_at(1.0) - sphere.step**2 / 6.0 == pytest.approx(second, rel=1e-6)


def test_the_levels_are_the_best():
    for kind in (PrivUnit, PrivUnitG):
        mechanism = make(kind, 32, 2.0)
        if kind is PrivUnit:
            norms = [1.0 / mechanism._mean(mechanism._tilt_at(x, 2.0)) for x in np.linspace(0.0, 0.9, 2001)]
            assert mechanism.norm <= min(norms) * (1 + 1e-6)
        assert {0.5: 25.2, 1.0: 6.33, 2.0: 1.617, 4.0: 0.435, 8.0: 0.133}[2.0] == pytest.approx(
            mechanism.variance, rel=0.03
        )


def test_published_constants_of_duchi():
    """B^2/d tends to (pi/2) coth^2(epsilon/2); for d = 1 the report is +-coth(epsilon/2): randomised response."""
    assert DuchiBall(512, 1.0).variance == pytest.approx(math.pi / 2.0 / math.tanh(0.5) ** 2, rel=0.01)
    one = DuchiBall(1, 1.0)
    reports = values(one, np.ones((50_000, 1)), np.random.default_rng(0))
    assert np.allclose(np.abs(reports), 1.0 / math.tanh(0.5), atol=one.step)
    assert (reports > 0).mean() == pytest.approx(math.e / (1.0 + math.e), abs=0.01)


@pytest.mark.parametrize("kind", ALL)
def test_long_vectors_are_shortened_without_overflow(kind):
    mechanism = make(kind, 3, 4.0)
    rng = np.random.default_rng(0)
    V = np.array([[3e307, 4e307, 0.0], [1.7e308, 1.7e308, 1.7e308], [5e-324, 0.0, 0.0], [0.0, 0.0, 0.0]])
    kept = V.copy()
    means = [values(mechanism, np.tile(v, (40_000, 1)), rng).mean(axis=0) for v in V]
    third = 1.0 / math.sqrt(3.0)
    expected = [[0.6, 0.8, 0.0], [third, third, third], [0.0] * 3, [0.0] * 3]
    assert np.abs(np.array(means) - expected).max() < 5.0 * math.sqrt(mechanism.variance / 30_000)
    assert np.array_equal(V, kept)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(kind, bad):
    V = np.zeros((3, 5))
    V[1, 2] = bad
    for rng in (None, np.random.default_rng(0)):
        with pytest.raises(InvalidArgument, match=r"finite.*row 1, column 2"):
            make(kind).privatize(V, rng)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("V", [np.zeros(4), np.zeros((2, 6)), 1.0, np.zeros((1, 2, 5)), ["a"] * 5, None, [1j] * 5])
def test_wrong_shapes_and_kinds_are_refused(kind, V):
    with pytest.raises(InvalidArgument, match="V"):
        make(kind).privatize(V)


@pytest.mark.parametrize("kind", ALL)
def test_shape_and_kind_of_reports_do_not_depend_on_the_data(kind):
    mechanism, rng = make(kind), np.random.default_rng(0)
    inputs = [np.zeros((3, 5)), np.full((3, 5), 1e308), np.full((3, 5), 5e-324), np.ones((3, 5), dtype=np.int32)]
    inputs.append(np.asfortranarray(rng.standard_normal((3, 5))))
    reports = [mechanism.report(V, rng) for V in inputs]
    assert {(r.dtype, r.shape) for r in reports} == {(np.dtype(np.int64), (3, 5))}
    assert mechanism.report(np.ones(5)).shape == (5,)
    assert mechanism.report(np.empty((0, 5))).shape == (0, 5)
    assert math.frexp(mechanism.step)[0] == 0.5


@pytest.mark.parametrize("kind", ALL)
def test_equal_inputs_get_different_reports_whatever_the_global_seed(kind):
    mechanism, seen = make(kind, 32), set()
    for _ in range(6):
        np.random.seed(0)  # noqa: NPY002  (what must not matter)
        seen.add(mechanism.report(np.zeros(32)).tobytes())
    assert len(seen) == 6
    same = [mechanism.report(np.zeros(32), np.random.default_rng(7)).tobytes() for _ in range(2)]
    assert same[0] == same[1]


@pytest.mark.parametrize("kind", ALL)
def test_a_simulation_says_that_it_is_one(kind):
    mechanism = make(kind)
    assert mechanism.guarantee.numerics == ("lattice" if kind is DiscreteGaussianVector else "rounded-float")
    assert 0.0 < mechanism.guarantee.delta_arithmetic < 1e-7
    assert mechanism.simulated_guarantee.simulated
    assert mechanism.simulated_guarantee.pure == (kind in PURE)
    assert "protects nobody" in str(mechanism.simulated_guarantee)
    assert mechanism.radius == 1.0


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"dim": 0}, "dim"),
        ({"dim": 2.5}, "dim"),
        ({"epsilon": None}, "epsilon"),
        ({"epsilon": 0.0}, "epsilon"),
        ({"epsilon": math.nan}, "epsilon"),
        ({"epsilon": -1.0}, "epsilon"),
        ({"delta": 1.0}, "delta"),
        ({"delta": -0.1}, "delta"),
        ({"delta": math.nan}, "delta"),
        ({"sensitivity": 0.0}, "sensitivity"),
        ({"sensitivity": math.inf}, "sensitivity"),
        ({"sensitivity": 1e300}, "sensitivity"),
        ({"sensitivity": 1e-300}, "sensitivity"),
        ({"epsilon": 1e-30}, "epsilon"),
        ({"sensitivity": None}, "sensitivity"),
    ],
)
def test_bad_parameters_are_named(kind, options, name):
    with pytest.raises(InvalidArgument, match=name):
        kind(**{"dim": 3, "epsilon": 1.0, "delta": 1e-5, "sensitivity": 2.0, **options})


@pytest.mark.parametrize("kind", [GaussianVector, DiscreteGaussianVector])
def test_gaussian_noise_needs_a_delta(kind):
    with pytest.raises(InvalidArgument, match="delta"):
        kind(3, 1.0, sensitivity=1.0)


def test_a_privacy_beyond_the_arithmetic_is_refused_in_deployment_only():
    mechanism = PrivUnitG(500, 30.0)
    assert mechanism.report(np.zeros(500), np.random.default_rng(0)).shape == (500,)
    with pytest.raises(InvalidArgument, match="epsilon"):
        mechanism.report(np.zeros(500))


def test_anything_else_is_no_source_of_randomness():
    for rng in (0, np.random, "secure"):
        with pytest.raises(InvalidArgument, match="rng"):
            PrivUnitG(3, 1.0).privatize(np.zeros(3), rng)


@pytest.mark.parametrize("dim", [1, 2, 5, 40, 528])
def test_quantiles_are_as_exact_as_the_bounds_assume(dim):
    """One Newton step from each quantile, in many digits, is far shorter than what is set aside for it."""
    import mpmath as mp

    uniforms = np.concatenate([np.linspace(0.02, 0.5, 6), 10.0 ** -np.arange(2.0, 9.0, 2.0)])
    with mp.workdps(40):
        for u in uniforms:
            z = float(ndtri(u))
            assert abs((mp.ncdf(z) - mp.mpf(u)) / mp.npdf(z)) < 16 * 2.0**-53 * (1.0 + abs(z))
            a = mp.mpf(dim) / 2
            x = mp.mpf(float(betaincinv(dim / 2.0, dim / 2.0, u)))
            series, term, k = mp.mpf(0), mp.mpf(1), 0  # I_x(a, a) by its series of positive terms
            while term > mp.mpf("1e-45") * (1 + series) and k < 20_000:
                series += term
                term *= (2 * a + k) * x / (a + 1 + k)
                k += 1
            front = x**a * (1 - x) ** a / mp.beta(a, a)
            slope = front / (x * (1 - x))
            assert abs(front / a * series - mp.mpf(u)) / slope < 2e-14


def test_secure_normals_are_as_near_as_stated():
    """The words of normals through the definition in many digits."""
    import mpmath as mp

    class Words(SecureStream):
        """Words whose first ones are extreme: the ends of the uniforms, and every eighth of a turn."""

        def words(self, n):
            self.last = super().words(n)
            self.last[:4] = 0, 2**64 - 1, 2**12, 2**63
            self.last[half : half + 9] = np.minimum(np.arange(9, dtype=object) * 2**61, 2**64 - 1).astype(np.uint64)
            return self.last

    half = 300
    stream = Words()
    normals = stream.normals(2 * half)
    with mp.workdps(40):
        uniforms = [((w >> 12) + mp.mpf(1) / 2) / 2**52 for w in stream.last.tolist()]
        for i in range(half):
            radius, angle = mp.sqrt(-2 * mp.log(uniforms[i])), 2 * mp.pi * uniforms[half + i]
            assert abs(radius * mp.cos(angle) - normals[i]) < NORMAL_ERROR / 2
            assert abs(radius * mp.sin(angle) - normals[half + i]) < NORMAL_ERROR / 2
    draws = SecureStream().normals(200_001)
    assert abs(draws.mean()) < 5.0 / math.sqrt(len(draws))
    assert abs(draws.var() - 1.0) < 5.0 * math.sqrt(2.0 / len(draws))


def test_streams_do_not_repeat():
    one, two = SecureStream(), SecureStream()
    parts = [one.words(3), one.words(5), two.words(8)]
    assert len({int(w) for part in parts for w in part}) == 16
    copy = pickle.loads(pickle.dumps(one))
    assert not np.intersect1d(copy.words(8), np.concatenate(parts)).size
    assert isinstance(open_stream(None), SecureStream)
    assert isinstance(open_stream(np.random.default_rng(0)), NumpyStream)
    uniforms = one.uniforms(10_000)
    assert 0.0 < uniforms.min() < uniforms.max() < 1.0
    assert one.words(0).shape == (0,)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_draws_other_words():
    stream = SecureStream()
    stream.words(1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, stream.words(4).tobytes())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = np.frombuffer(os.read(read, 32), dtype=np.uint64)
    os.close(read)
    os.close(write)
    assert not np.intersect1d(theirs, stream.words(4)).size


def test_guarantees_are_values():
    promise = PrivacyGuarantee(1.0, 1e-5, mu=0.2, delta_arithmetic=1e-9)
    assert PrivacyGuarantee.from_json(promise.to_json()) == promise
    assert json.loads(promise.to_json())["relation"] == "replace-one"
    assert len({promise, dataclasses.replace(promise)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        promise.epsilon = 2.0
    pure = PrivacyGuarantee(2.0, numerics="float-simulation")
    both = composed_in_parallel([promise, pure])
    assert (both.epsilon, both.delta, both.mu, both.simulated) == (2.0, 1e-5, None, True)
    for bad in ({"epsilon": 0.0}, {"delta": 2.0}, {"numerics": "exact"}, {"delta_arithmetic": 0.5}, {"mu": -1.0}):
        with pytest.raises(InvalidArgument):
            PrivacyGuarantee(**{"epsilon": 1.0, **bad})
