import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.streams import STAGES, stream

GOLDEN = (3929081997410719785, 3752301809992162874, 301566326505539147)


def _first(*key):
    return int(stream(*key).integers(2**62))


def test_golden_values_hold_on_every_machine():
    # a change here means that no stored study can be reproduced
    assert STAGES == ("data", "algorithm", "control")
    assert _first(20240507, "demo.mean", 0, 0, "data") == GOLDEN[0]
    assert _first(20240507, "demo.mean", 3, 17, "algorithm") == GOLDEN[1]
    assert _first(1, "ot.rounding", 2, 5, "control") == GOLDEN[2]


def test_every_part_of_the_key_counts():
    keys = [
        (root, claim, cell, replicate, stage)
        for root in (1, 2)
        for claim in ("a.b", "a.c")
        for cell in (0, 1)
        for replicate in (0, 1)
        for stage in STAGES
    ]
    assert len({_first(*key) for key in keys}) == len(keys)


def test_streams_do_not_depend_on_the_order_of_asking():
    keys = [("demo.mean", cell, replicate, "data") for cell in range(4) for replicate in range(5)]
    forward = {key: stream(7, *key).standard_normal(3) for key in keys}
    for key in reversed(keys):
        np.testing.assert_array_equal(stream(7, *key).standard_normal(3), forward[key])


def test_neighbouring_streams_are_uncorrelated():
    draws = np.array([stream(7, "demo.mean", 0, r, "data").standard_normal(2000) for r in range(20)])
    correlation = np.corrcoef(draws)[np.triu_indices(20, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)


def test_unknown_stage_is_refused():
    with pytest.raises(InvalidArgument, match="stage"):
        stream(1, "demo.mean", 0, 0, "dta")
