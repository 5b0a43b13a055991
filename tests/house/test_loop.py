import math
import time

import numpy as np
import pytest

from sparsetheory._loop import Chunk, run, settle
from sparsetheory.progress import compose, log_to, print_every, record
from sparsetheory.result import Status


class Halving:
    """Halves its error at each iteration; does at most `size` iterations a chunk."""

    def __init__(self, size=1, stop_at=None, error=1.0):
        self.error, self.size, self.stop_at, self.budgets = error, size, stop_at, []

    def __call__(self, budget):
        self.budgets.append(budget)
        n = min(self.size, budget)
        self.error *= 0.5**n
        stop = Status.STALLED if self.stop_at is not None and self.error <= self.stop_at else None
        return Chunk(n_iter=n, error=self.error, objective=-self.error, stop=stop, extra={"n": n})


def test_stops_at_the_tolerance_and_counts():
    outcome = run(Halving(), tol=1e-3, max_iter=100)
    assert outcome.status is Status.CONVERGED
    assert outcome.n_iter == len(outcome.trace) == 10
    assert list(outcome.trace.n_iter) == list(range(1, 11))


def test_never_exceeds_the_budget():
    step = Halving(size=7)
    outcome = run(step, tol=0.0, max_iter=20)
    assert outcome.status is Status.MAX_ITER
    assert outcome.n_iter == 20
    assert step.budgets == [20, 13, 6]


@pytest.mark.parametrize("error", [math.nan, math.inf])
def test_a_non_finite_error_never_passes(error):
    assert run(Halving(error=error), tol=1e300, max_iter=3).status is Status.NONFINITE


def test_reasons_of_the_step_and_of_the_callback():
    assert run(Halving(stop_at=0.1), tol=0.0, max_iter=50).status is Status.STALLED
    rows = []
    outcome = run(Halving(), tol=0.0, max_iter=50, callback=compose(record(rows), lambda p: p.n_iter == 3))
    assert outcome.status is Status.STOPPED
    assert [p.n_iter for p in rows] == [1, 2, 3]


def test_convergence_outranks_a_callback_that_stops_at_the_same_checkpoint():
    assert run(Halving(), tol=0.5, max_iter=9, callback=lambda p: True).status is Status.CONVERGED


def test_a_truthy_answer_that_is_not_true_goes_on():
    assert run(Halving(), tol=1e-2, max_iter=50, callback=lambda p: "yes").status is Status.CONVERGED


def test_numpys_true_stops_too():
    yes = lambda p: np.bool_(p.n_iter == 2)  # noqa: E731
    for callback in (yes, compose(lambda p: None, yes)):
        outcome = run(Halving(), tol=0.0, max_iter=50, callback=callback)
        assert (outcome.status, outcome.n_iter) == (Status.STOPPED, 2)


def test_time_in_the_callback_is_not_counted():
    outcome = run(Halving(), tol=0.0, max_iter=3, callback=lambda p: time.sleep(0.05))
    assert outcome.trace.elapsed[-1] < 0.05


def test_an_exception_in_the_callback_propagates():
    def fail(progress):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(Halving(), tol=0.0, max_iter=3, callback=fail)


def test_the_certificate_has_the_last_word():
    assert settle(Status.CONVERGED, 1e-3, 1e-9) is Status.STALLED
    assert settle(Status.CONVERGED, 1e-8, 1e-9, floor=1e-8) is Status.FLOOR
    assert settle(Status.MAX_ITER, 1e-10, 1e-9) is Status.CONVERGED
    assert settle(Status.MAX_ITER, 1e-8, 1e-9) is Status.MAX_ITER
    assert settle(Status.MAX_ITER, 1e-8, 1e-9, floor=1e-8) is Status.FLOOR
    assert settle(Status.MAX_ITER, 1e-8, 1e-9, floor=1e-10) is Status.MAX_ITER
    assert settle(Status.STOPPED, 1e-3, 1e-9) is Status.STOPPED
    assert settle(Status.STOPPED, 1e-8, 1e-9, floor=1e-8) is Status.STOPPED
    assert settle(Status.CONVERGED, math.nan, 1e-9) is Status.NONFINITE


def test_ready_callbacks(capsys, caplog):
    import logging

    logger = logging.getLogger("sparsetheory.test")
    with caplog.at_level(logging.INFO, "sparsetheory.test"):
        run(Halving(), tol=0.1, max_iter=50, callback=compose(print_every(2), log_to(logger)))
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert len(caplog.records) == 4


def test_progress_bar_takes_a_tolerance_of_zero():
    from sparsetheory.progress import progress_bar

    assert run(Halving(), tol=0.0, max_iter=50, callback=progress_bar("demo")).status is Status.MAX_ITER


def test_progress_bar_draws_and_ends(capsys):
    from sparsetheory.progress import progress_bar

    outcome = run(Halving(), tol=1e-3, max_iter=50, callback=progress_bar("demo"))
    assert outcome.status is Status.CONVERGED
    assert "demo" in capsys.readouterr().out
