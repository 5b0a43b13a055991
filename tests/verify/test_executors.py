import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.executors import Joblib, Serial, executor


def _square(k):
    return k * k


def _eigenvalues(seed):
    a = np.random.default_rng(seed).standard_normal((120, 120))
    return seed, np.linalg.eigvalsh(a + a.T).tobytes()


def _blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_serial_keeps_the_order():
    assert list(Serial().map(_square, range(5))) == [0, 1, 4, 9, 16]


def test_joblib_returns_everything_in_any_order_bit_for_bit():
    keys = list(range(12))
    serial = dict(Serial().map(_eigenvalues, keys))
    assert dict(Joblib(2).map(_eigenvalues, keys)) == serial


def test_nothing_to_do():
    assert list(Joblib(2).map(_square, [])) == []
    assert list(Serial().map(_square, [])) == []


def test_every_pool_is_held_to_one_thread():
    before = _blas_threads()
    assert set(Serial().threads().values()) == {1}
    assert set(Joblib(2).threads().values()) == {1}
    assert _blas_threads() == before


def test_serial_works_outside_of_the_main_thread():
    got = []
    worker = threading.Thread(target=lambda: got.extend(Serial().map(_square, [3])))
    worker.start()
    worker.join()
    assert got == [9]


def test_choice_of_an_executor():
    assert executor().name == "serial"
    assert (executor(jobs=3).name, executor(jobs=3).jobs) == ("joblib", 3)
    assert executor("joblib", 1).name == "joblib"
    with pytest.raises(InvalidArgument, match="--executor joblib"):
        executor("serial", 2)
    with pytest.raises(InvalidArgument, match="'serial' or 'joblib'"):
        executor("dask", 2)
    with pytest.raises(InvalidArgument, match="jobs"):
        executor(None, 0)
