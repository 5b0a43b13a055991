import json
import sqlite3

import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.store import Record, Store, canonical, digest, write_atomically


def _record(cell, replicate, *, variant="study", status="ok", payload="1", seconds=0.0):
    return Record(variant=variant, cell=cell, replicate=replicate, status=status, payload=payload, seconds=seconds)


def test_appended_records_come_back_in_the_order_of_their_keys(tmp_path):
    records = [_record(c, r, payload=canonical([c, r])) for c in (1, 0) for r in (2, 0, 1)]
    with Store(tmp_path / "a.sqlite") as store:
        store.append("now", records)
    with Store(tmp_path / "a.sqlite") as store:
        back = store.records("now", "study")
    assert [(r.cell, r.replicate) for r in back] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert [json.loads(r.payload) for r in back] == [[r.cell, r.replicate] for r in back]


def test_a_failure_is_superseded_but_kept(tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        store.append("now", [_record(0, 0, status="error", payload='{"message":"no"}')])
        assert [r.status for r in store.records("now", "study")] == ["error"]
        store.append("now", [_record(0, 0)])
        assert [r.status for r in store.records("now", "study")] == ["ok"]
    with sqlite3.connect(tmp_path / "a.sqlite") as db:
        assert db.execute("SELECT count(*) FROM records").fetchone() == (2,)
    db.close()


def test_records_of_another_fingerprint_are_kept_counted_and_not_used(tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        store.append("before", [_record(0, 0), _record(0, 1)])
        store.append("now", [_record(0, 0)])
        assert len(store.records("now", "study")) == 1
        assert store.stale("now") == 2
        assert store.stale("before") == 1


def test_variants_do_not_mix(tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        store.append("now", [_record(0, 0), _record(0, 0, variant="stale residual", payload="2")])
        assert [r.payload for r in store.records("now", "study")] == ["1"]
        assert [r.payload for r in store.records("now", "stale residual")] == ["2"]


def test_the_journal_is_a_write_ahead_log(tmp_path):
    with Store(tmp_path / "a.sqlite"), sqlite3.connect(tmp_path / "a.sqlite") as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


def test_digest_sees_values_and_statuses_but_neither_order_nor_time():
    records = [_record(c, r, payload=canonical(c + r)) for c in range(3) for r in range(4)]
    slow = [_record(r.cell, r.replicate, payload=r.payload, seconds=9.0) for r in reversed(records)]
    assert digest(records) == digest(slow)
    assert digest(records) != digest(records[:-1])
    assert digest([*records[:-1], _record(2, 3, payload="99")]) != digest(records)
    assert digest([_record(0, 0, status="error", payload="a")]) == digest([_record(0, 0, status="error", payload="b")])
    assert digest([_record(0, 0, status="error")]) != digest([_record(0, 0, status="timeout")])


def test_last_run_is_the_latest(tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        assert store.last_run() is None
        store.add_run({"n": 1})
        store.add_run({"n": 2})
        assert store.last_run() == {"n": 2}


def test_canonical_text_is_unique_and_exact():
    assert canonical({"b": 0.1, "a": [1, 2.0]}) == '{"a":[1,2.0],"b":0.1}'
    assert json.loads(canonical(0.1 + 0.2)) == 0.1 + 0.2
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_atomic_write_replaces_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "deep" / "verdicts.json"
    write_atomically(path, "old")
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path):
    path = tmp_path / "records.sqlite"
    path.write_bytes(b"years of measurements, in a format of their own" * 100)
    before = path.read_bytes()
    with pytest.raises(InvalidArgument, match=r"records\.sqlite: expected a SQLite file"):
        Store(path)
    assert path.read_bytes() == before
