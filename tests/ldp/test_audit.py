"""Audits: exact bounds, planted defects that have nothing to do with this package's mechanisms, and no false alarms."""

import math
import struct

import numpy as np
import pytest
from scipy.stats import binom

from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp.audit_scores import lowest_exponent
from sparsetheory.ldp.auditing import audit, clopper_pearson
from sparsetheory.testing import PrivateChannel

MU, EPS, DELTA = 0.2681, 1.0, 1e-5  # Gaussian noise of this mu is (1, 1e-5)-private
ZERO, ONE = np.zeros(4), np.eye(4)[0]


def gaussian(scale, *, step=2.0**-20):
    def mechanism(v, n, rng):
        reports = v + scale / MU * rng.standard_normal((n, 4))
        return np.round(reports / step) * step if step else reports

    return mechanism


def of_channel(channel):
    return lambda x, n, rng: rng.choice(channel.Q.shape[1], size=n, p=channel.Q[x] / channel.Q[x].sum())


def shared_seed(v, n, rng):
    """All clients of a run start from one seed."""
    return np.repeat(gaussian(1.0)(v, 1, rng), n, axis=0)


def neighbours_share(v, n, rng):
    """Every two clients start from one seed."""
    return np.repeat(gaussian(1.0)(v, (n + 1) // 2, rng), 2, axis=0)[:n]


def fixed_seed(v, n, rng):
    """Each run starts from the same seed."""
    return gaussian(1.0)(v, n, np.random.default_rng(7))


def constant_entry(v, n, rng):
    reports = gaussian(1.0)(v, n, rng)
    reports[:, 2] = v[2] + v[0]
    return reports


def rare_leak(v, n, rng):
    """One client in a hundred sends what it has."""
    reports = gaussian(1.0)(v, n, rng)
    reports[rng.random(n) < 0.01] = v
    return reports


DEFECTS = {
    "half the noise": (gaussian(0.5), "discriminant|direction|projection"),
    "noise less by a root of two": (gaussian(math.sqrt(0.5)), "discriminant|projection"),
    "binary64": (gaussian(1.0, step=0.0), "lowest set bit"),
    "shared seed": (shared_seed, ""),
    "neighbours share a seed": (neighbours_share, "neighbouring"),
    "fixed seed": (fixed_seed, "two runs"),
    "constant entry": (constant_entry, ""),
    "rare leak": (rare_leak, "value of entry|norm of the report"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_defects_are_found_and_named(name):
    mechanism, where = DEFECTS[name]
    found = audit(mechanism, ZERO, ONE, epsilon=EPS, delta=DELTA, mu=MU, rng=np.random.default_rng(3))
    assert found.flagged
    assert any(part in found.where for part in where.split("|")), found
    assert "FLAGGED" in repr(found)


def test_what_is_private_passes():
    found = audit(gaussian(1.0), ZERO, ONE, epsilon=EPS, delta=DELTA, mu=MU, rng=np.random.default_rng(3))
    assert not found.flagged
    assert 0.8 * MU < found.mu_lower < MU  # and the bound is not an empty one


def test_only_mu_sees_a_root_of_two():
    found = audit(gaussian(math.sqrt(0.5)), ZERO, ONE, epsilon=EPS, delta=DELTA, rng=np.random.default_rng(3))
    assert found.mu_lower is None
    assert not found.flagged


@pytest.mark.parametrize("kind", ["response", "extremal", "mixture"])
def test_channels_with_known_level(kind):
    """At the level itself no flag, below it one: for laws whose level is known in rational arithmetic."""
    for seed in range(4):
        channel = PrivateChannel.build(seed=seed, alphabet=3, kind=kind, split=1)
        one, other, _ = channel.exact.worst
        level = channel.exact.epsilon
        found = audit(of_channel(channel), one, other, epsilon=level, rng=np.random.default_rng(seed))
        assert not found.flagged
        assert found.epsilon_lower > 0.8 * level
        below = audit(of_channel(channel), one, other, epsilon=0.8 * level, rng=np.random.default_rng(seed))
        assert below.flagged


def test_false_alarms_stay_below_the_level():
    """At a level of 20 % a mechanism exactly at its bound is flagged at most so often: binomial with 99.9 %."""
    runs, response = 150, of_channel(PrivateChannel.build(seed=0, alphabet=2))
    flags = sum(
        audit(response, 0, 1, epsilon=1.0, n=600, level=0.2, rng=np.random.default_rng(k)).flagged for k in range(runs)
    )
    assert flags <= binom.ppf(0.999, runs, 0.2)


def test_many_audits_share_a_level():
    alone = audit(gaussian(1.0), ZERO, ONE, epsilon=EPS, delta=DELTA, mu=MU, rng=np.random.default_rng(0))
    many = audit(gaussian(1.0), ZERO, ONE, epsilon=EPS, delta=DELTA, mu=MU, audits=100, rng=np.random.default_rng(0))
    assert many.mu_lower < alone.mu_lower


@pytest.mark.parametrize("n", [1, 7, 200])
def test_clopper_pearson_inverts_the_binomial(n):
    """Slow twin: the bounds are where binomial tails reach the level."""
    for count in {0, 1, n // 2, n - 1, n}:
        low, high = clopper_pearson(count, n, 0.01)
        if count > 0:
            assert binom.sf(count - 1, n, low) == pytest.approx(0.01, rel=1e-9)
        if count < n:
            assert binom.cdf(count, n, high) == pytest.approx(0.01, rel=1e-9)
    assert clopper_pearson(0, n, 0.01)[0] == 0
    assert clopper_pearson(n, n, 0.01)[1] == 1


def test_lowest_bits_are_those_of_the_representation():
    values = np.concatenate([np.random.default_rng(0).standard_normal(200) * 10.0 ** np.arange(-100, 100),
                             [1.0, -2.5, 3e-300, 0.1]])  # fmt: skip
    for value, found in zip(values, lowest_exponent(values), strict=True):
        bits = struct.unpack("<Q", struct.pack("<d", value))[0]
        mantissa, exponent = (bits & (2**52 - 1)) | 2**52, (bits >> 52 & 0x7FF) - 1075
        assert found == exponent + (mantissa & -mantissa).bit_length() - 1


def different_lengths(v, n, rng):
    return np.zeros((n, 1 + int(v)))


@pytest.mark.parametrize(
    ("mechanism", "changes"),
    [
        (different_lengths, {}),
        (lambda v, n, rng: np.full(n, np.nan), {}),
        (lambda v, n, rng: np.zeros(n - 1), {}),
        (lambda v, n, rng: np.array(["no"] * n), {}),
        (of_channel(PrivateChannel.build(seed=0, alphabet=2)), {"epsilon": -1.0}),
        (of_channel(PrivateChannel.build(seed=0, alphabet=2)), {"mu": 0.0}),
        (of_channel(PrivateChannel.build(seed=0, alphabet=2)), {"n": 10}),
        (of_channel(PrivateChannel.build(seed=0, alphabet=2)), {"level": 1.0}),
        (of_channel(PrivateChannel.build(seed=0, alphabet=2)), {"rng": 0}),
    ],
)
def test_what_cannot_be_audited_is_refused(mechanism, changes):
    with pytest.raises(InvalidArgument):
        audit(mechanism, 0, 1, **{"epsilon": 1.0, "rng": np.random.default_rng(0)} | changes)
