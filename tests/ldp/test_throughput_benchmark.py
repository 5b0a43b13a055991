"""The throughput benchmark measures what it names: every contender of ours returns private vectors, and time counts."""

import time

import numpy as np

from benchmarks.ldp import throughput


def test_contenders_answer_with_vectors_of_the_shape_asked_for():
    V = np.full((6, 4), 0.5)
    for name, vectors, call in throughput.ours(V):
        answer = call()
        assert answer.shape == ((4,) if vectors == 1 else (6, 4)), name
        assert not np.array_equal(answer, call()), name


def test_a_window_is_the_time_of_one_call(monkeypatch):
    monkeypatch.setattr(throughput, "WINDOW", 0.02)

    def burn():
        start = time.process_time()
        while time.process_time() - start < 0.004:
            pass

    assert 0.004 <= throughput.window(burn) < 0.012


def test_the_table_divides_by_the_floor(capsys):
    rows = [
        {"name": throughput.FLOOR, "dim": 8, "vectors_per_second": 200.0},
        {"name": "other", "dim": 8, "vectors_per_second": 50.0},
    ]
    throughput.show(rows)
    assert "| other | 50 | 4e+02 | 0.25 |" in capsys.readouterr().out
