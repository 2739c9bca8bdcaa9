"""The ledger of steps, without Spark on a path and through Spark on a URI."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from gridcontainer.errors import StorageError
from gridcontainer.nightly.ledger import Entry, Ledger, latest_of, night_before
from gridcontainer.nightly.sessions import Session

NIGHT = date(2026, 11, 1)
BEGUN = Entry(
    NIGHT,
    "ingest",
    "homes",
    "started",
    datetime(2026, 11, 1, 1, tzinfo=UTC),
    "start",
    message="why",
)
DONE = replace(
    BEGUN, status="done", seconds=2.5, run_id="r", message="3 new", fingerprint="f", rows_in=4,
    rows_out=3, rows_aside=1, reasons={"zero position": 1},
)  # fmt: skip


def without_spark(root: Path) -> Ledger:
    def refuse(*_: object) -> None:
        raise AssertionError("no Spark is needed here")

    return Ledger(str(root), Session(refuse))


def test_the_last_entry_of_a_task_is_its_state(tmp_path):
    ledger = without_spark(tmp_path)
    assert ledger.read() == []
    other = replace(BEGUN, night=NIGHT - timedelta(days=3), status="failed")
    ledger.write([DONE])  # in whatever order they come to lie
    ledger.write([BEGUN, other])
    entries = ledger.read()
    assert sorted(entries, key=repr) == sorted([BEGUN, DONE, other], key=repr)
    assert latest_of(entries, NIGHT) == {("ingest", "homes"): DONE}
    assert night_before(entries, NIGHT) == other.night
    assert night_before(entries, other.night) is None


def test_a_ledger_that_cannot_be_written_is_told_in_one_line(tmp_path):
    (tmp_path / "ops").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match=r"the ledger of steps cannot be written: [^\n]*$"):
        without_spark(tmp_path).write([BEGUN])


@pytest.mark.spark
def test_on_a_uri_the_same_is_written_and_read(spark, tmp_path):
    session = Session(lambda started, process: None)
    ledger = Ledger(f"file://{tmp_path}", session)
    assert ledger.read() == []
    ledger.write([BEGUN])
    ledger.write([DONE])
    assert ledger.read() == [BEGUN, DONE]
    assert len(DeltaTable(str(tmp_path / "ops/steps")).to_pandas()) == 2
