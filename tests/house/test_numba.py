import sys

import numpy as np
import pytest

from sparsetheory import _numba


def test_normalisers_own_their_memory_and_fix_the_layout():
    source = np.asfortranarray(np.arange(6).reshape(2, 3))
    for clean in (_numba.as_float_matrix(source), _numba.as_float_vector(source[0])):
        assert clean.dtype == np.float64
        assert clean.flags.c_contiguous
        assert clean.flags.writeable
        assert not np.shares_memory(clean, source)


@pytest.mark.skipif("numba.core.registry" not in sys.modules, reason="compiled kernels are switched off")
def test_every_declared_signature_compiles_and_a_second_warm_up_finds_them_in_memory():
    rows = _numba.warm_up()
    assert rows, "no kernel module declares SIGNATURES"
    assert all(row.seconds < 0.5 for row in _numba.warm_up())
    assert _numba.cache_folder().is_dir()
