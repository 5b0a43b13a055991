"""Packed symmetric matrices: inverse maps, isometry, the twin's order."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp import packed_length, svec, unsvec
from sparsetheory.ldp._packed import outer_rows
from sparsetheory.ldp.packed import pack, side_of, unpack
from tests.reference import ldp_protocol as slow

entries = st.floats(-1e6, 1e6)


@given(st.integers(1, 7).flatmap(lambda d: arrays(float, (2, d, d), elements=entries)))
def test_svec_is_an_isometry_with_an_inverse(pair):
    A, B = pair + np.swapaxes(pair, 1, 2)
    assert svec(A).tolist() == slow.svec(A.tolist())
    np.testing.assert_allclose(unsvec(svec(A)), A, rtol=1e-15, atol=0)
    scale = max(1.0, np.abs(A).max() * np.abs(B).max())
    assert svec(A) @ svec(B) == pytest.approx(np.sum(A * B), abs=1e-12 * scale * A.size)
    assert np.array_equal(unpack(pack(A)), A)
    assert len(pack(A)) == packed_length(len(A)) and side_of(packed_length(len(A))) == len(A)


@given(arrays(float, (3, 5), elements=entries))
def test_kernel_packs_outer_products(Z):
    out = np.empty((3, packed_length(5)))
    outer_rows(Z, 1.0, np.sqrt(2.0), out)
    for row, z in zip(out, Z):
        np.testing.assert_allclose(row, slow.svec(np.outer(z, z).tolist()), rtol=1e-15, atol=1e-300)


def test_stacks_and_refusals():
    A = np.arange(18.0).reshape(2, 3, 3)
    A = A + np.swapaxes(A, 1, 2)
    assert np.allclose(unsvec(svec(A)), A)
    with pytest.raises(InvalidArgument, match="square"):
        svec(np.ones((2, 3)))
    with pytest.raises(InvalidArgument, match="length"):
        unsvec(np.ones(5))
