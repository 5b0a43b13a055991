import pickle
import warnings

import numpy as np
import pytest

from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.result import Result, Status, Trace, check_on_failure, conclude


def result(status=Status.CONVERGED, error=1e-10, floor=0.0):
    trace = Trace.from_rows([{"n_iter": 1, "error": error, "objective": 0.0, "elapsed": 0.1, "density": 0.5}])
    return Result(status=status, n_iter=1, error=error, tol=1e-9, trace=trace, floor=floor)


def test_only_the_converged_status_is_success():
    assert [s for s in Status if result(s).converged] == [Status.CONVERGED]


def test_repr_is_three_lines_and_names_the_status():
    lines = repr(result(Status.MAX_ITER)).splitlines()
    assert len(lines) == 3
    assert "max_iter" in lines[0]


def test_the_floor_is_in_the_message():
    assert "floor about 1.0e-07" in result(Status.FLOOR, 2e-7, floor=1e-7).message


def test_result_and_error_survive_pickling():
    failed = result(Status.STALLED, 1.0)
    assert pickle.loads(pickle.dumps(failed)).status is Status.STALLED
    error = pickle.loads(pickle.dumps(ConvergenceError("short", failed)))
    assert error.result.error == 1.0
    argument = pickle.loads(pickle.dumps(InvalidArgument("reg", "a positive number", -1)))
    assert str(argument) == "reg: expected a positive number, got -1"


def test_results_are_compared_by_identity():
    one, other = result(), result()
    assert one == one
    assert one != other
    assert one.trace != other.trace
    assert len({one, other}) == 2


def test_trace_columns_are_read_only_and_of_one_length():
    trace = result().trace
    assert len(trace) == 1
    assert trace.extra["density"][0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        trace.error[0] = 0.0


def test_a_column_that_appears_late_is_nan_before():
    trace = Trace.from_rows([{"n_iter": 1, "error": 1.0}, {"n_iter": 2, "error": 0.5, "cg": 7}])
    np.testing.assert_array_equal(trace.extra["cg"], [np.nan, 7])


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.CONVERGED])
def test_failure_policies(status):
    failed = result(status, 1.0)
    with pytest.warns(ConvergenceWarning, match=r"error 1, tol 1e-09"):
        assert conclude(failed, "warn", stacklevel=2) is failed
    with pytest.raises(ConvergenceError) as caught:
        conclude(failed, "raise")
    assert caught.value.result is failed
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert conclude(failed, "ignore") is failed
    with pytest.raises(ConvergenceError):
        failed.raise_if_failed()


def test_success_is_silent():
    good = result()
    assert conclude(good, "raise") is good
    assert good.raise_if_failed() is good


def test_an_unknown_policy_is_refused():
    with pytest.raises(InvalidArgument, match="on_failure"):
        check_on_failure("quiet")
