"""Private channels from a seed: stochastic, as private as they say, and no more."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import PrivateChannel
from sparsetheory.testing import strategies as S
from sparsetheory.testing.strategies.channels import CHANNEL_DECORATIONS

FIND = settings(database=None, derandomize=True, max_examples=500)
UNIT = np.finfo(float).eps


@given(S.private_channels())
def test_rows_are_laws_and_the_level_is_that_of_every_pair(channel):
    Q = channel.Q
    assert Q.min() >= 0
    assert np.abs(Q.sum(axis=1) - 1).max() <= 4 * UNIT * Q.shape[1]
    reached = Q[:, Q.any(axis=0)]
    assert reached.min() > 0
    assert Q.shape[1] - reached.shape[1] == channel.decorations.get("unreachable", 0)
    # every ratio in turn, without rounding: none is larger than the fact, and one is the fact
    exact = [[Fraction(v) for v in row] for row in reached.tolist()]
    ratios = [p / q for one, two in product(exact, exact) for p, q in zip(one, two, strict=True)]
    assert max(ratios) == channel.exact.ratio
    assert channel.exact.epsilon == pytest.approx(math.log(max(ratios)), rel=1e-12)
    assert channel.exact.epsilon <= channel.eps + channel.exact.rounding
    x, other, y = channel.exact.worst
    assert Fraction(float(Q[x, y])) == channel.exact.ratio * Fraction(float(Q[other, y]))


@given(S.private_channels(kind=("response", "extremal"), eps=(1.0, 1e-6, 0.1, 20.0)))
def test_response_and_extremal_channels_attain_their_level(channel):
    assert channel.exact.attained
    reached = channel.Q[:, channel.Q.any(axis=0)]
    # each output that is reached has two likelihoods, and their ratio is the level
    logs = np.log(reached.max(axis=0)) - np.log(reached)
    assert np.minimum(np.abs(logs), np.abs(logs - channel.eps)).max() <= 1e-12
    assert (logs.max(axis=0) > channel.eps / 2).all()


def test_randomised_response_is_the_textbook_matrix():
    Q = PrivateChannel.build(seed=5, alphabet=4, eps=math.log(3.0)).Q
    assert pytest.approx((2 * np.eye(4) + 1) / 6, abs=1e-15) == Q


def test_a_mixture_is_at_least_as_private_as_its_parts():
    channels = [PrivateChannel.build(seed=s, alphabet=4, kind="mixture") for s in range(40)]
    levels = np.array([channel.exact.epsilon for channel in channels])
    assert (levels <= 1 + 1e-14).all()
    assert 4 <= (levels < 0.99).sum() <= 36  # both happen
    assert [channel.exact.attained for channel in channels] == (np.abs(levels - 1) < 1e-14).tolist()


@given(st.integers(0, 50), st.sampled_from(("response", "extremal", "mixture")))
def test_reporting_under_two_names_leaves_the_level(seed, kind):
    plain = PrivateChannel.build(seed=seed, alphabet=5, kind=kind)
    split = PrivateChannel.build(seed=seed, alphabet=5, kind=kind, split=2, unreachable=3)
    assert split.Q.shape[1] == plain.Q.shape[1] + 5
    assert split.exact.epsilon == pytest.approx(plain.exact.epsilon, abs=plain.exact.rounding)


def test_a_channel_that_rules_an_input_out_has_no_level():
    channel = PrivateChannel(Q=np.array([[0.5, 0.5], [1.0, 0.0]]), eps=1.0, seed=0)
    assert channel.exact.epsilon == math.inf
    assert channel.exact.worst == (0, 1, 1)
    assert not channel.exact.attained


def test_a_channel_beyond_its_level_is_seen():
    Q = np.array(PrivateChannel.build(seed=0, alphabet=3).Q)
    Q[0, 0] += 1e-12
    Q[0, 1] -= 1e-12
    wrong = PrivateChannel(Q=Q, eps=1.0, seed=0)
    assert wrong.exact.epsilon > wrong.eps + wrong.exact.rounding
    assert not wrong.exact.attained


@given(S.private_channels())
def test_every_channel_builds_itself_again(channel):
    assert "\n" not in repr(channel)
    again = eval(repr(channel), {"PrivateChannel": PrivateChannel})
    assert np.array_equal(again.Q, channel.Q)
    assert not channel.Q.flags.writeable


def test_a_channel_shrinks_to_off():
    simple = find(S.private_channels(), lambda channel: True, settings=FIND)
    assert repr(simple) == "PrivateChannel.build(seed=0, alphabet=2)"


@pytest.mark.parametrize("name", CHANNEL_DECORATIONS)
def test_every_decoration_of_a_channel_is_drawn_and_changes_it(name):
    on = find(S.private_channels(alphabet=(3, 8)), lambda channel: name in channel.decorations, settings=FIND)
    off = {k: v for k, v in on.decorations.items() if k != name}
    assert not np.array_equal(on.Q, PrivateChannel.build(seed=on.seed, alphabet=len(on.Q), **off).Q)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PrivateChannel.build(seed=0, alphabet=1), lambda: PrivateChannel.build(seed=0, alphabet=3, eps=0.0),
        lambda: PrivateChannel.build(seed=0, alphabet=3, kind="laplace"),
        lambda: PrivateChannel.build(seed=0, alphabet=3, split=-1),
        lambda: PrivateChannel.build(seed=0, alphabet=3, delta=0.1), lambda: S.private_channels(delta=(0.1,)),
    ],
)  # fmt: skip
def test_what_is_no_private_channel_is_refused(make):
    with pytest.raises(InvalidArgument):
        make()
