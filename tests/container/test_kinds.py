"""Tables without position, and rows with a time."""

from datetime import UTC, datetime

import pytest
from deltalake import DeltaTable

from gridcontainer.container.judge import reasons as check
from gridcontainer.container.query import find_in_codes
from gridcontainer.container.storage import Storage

EVENTS = {"kind": "events", "key": ["id"]}


@pytest.fixture
def table(tmp_path):
    def rows(department: str = "planning", name: str = "places"):
        path = Storage(str(tmp_path / "container")).dataset(department, name)
        return DeltaTable(path).to_pyarrow_table().sort_by("source_row")

    return rows


def test_a_table_keeps_its_rows_without_cells(tmp_path, declare, ingest, table):
    (tmp_path / "places.csv").write_text("code,jobs\nA,1\nB,2\nA,3\n,4\n5\n")
    run = ingest(declare(kind="table", position=None, key=["code"])).run
    assert (run.rows_in, run.rows_out) == (5, 2)
    assert run.reasons == {check.REPEATED: 1, check.NO_KEY: 1, check.BROKEN: 1}
    kept = table()
    assert kept.column_names == [
        "object_id", "source_file", "source_row", "run_id", "code", "jobs",
    ]  # fmt: skip
    assert kept.column("jobs").to_pylist() == ["1", "2"]


def test_a_query_by_cell_passes_over_tables_without_position(tmp_path, declare, ingest):
    (tmp_path / "places.csv").write_text("id,lon,lat\n1,121.5,31.2\n")
    ingest(declare())
    ingest(declare(dataset="numbers", kind="table", position=None))
    found = find_in_codes(Storage(str(tmp_path / "container")), ["N51H"])
    assert [(part.dataset, part.rows.num_rows) for part in found] == [("places", 1)]


def test_times_are_kept_in_utc_and_bad_ones_set_aside(tmp_path, declare, ingest, table):
    (tmp_path / "places.csv").write_text(
        "id,lon,lat,day,hour\n"
        "1,121.5,31.2,2015-04-01,00:30:00\n"
        "2,121.5,31.2,2015-04-01,\n"
        "3,121.5,31.2,2015-13-01,00:30:00\n"
        "4,121.5,31.2,2015-04-31,00:30:00\n"
        "5,0,0,never,never\n"
    )
    time = {"columns": ["day", "hour"], "format": "yyyy-MM-dd HH:mm:ss"}
    run = ingest(declare(time=time, **EVENTS)).run
    assert run.reasons == {check.NO_TIME: 1, check.NOT_A_TIME: 2, check.ZERO: 1}
    at_shanghai = datetime(2015, 3, 31, 16, 30, tzinfo=UTC)
    assert table().column("event_time").to_pylist() == [at_shanghai]


def test_seconds_since_1970_and_another_zone(tmp_path, declare, ingest, table):
    (tmp_path / "places.csv").write_text("id,lon,lat,t\n1,121.5,31.2,1492128000\n2,121,31.2,1e9\n")
    run = ingest(declare(time={"columns": ["t"], "format": "unix"}, **EVENTS)).run
    assert run.reasons == {check.NOT_A_TIME: 1}
    assert table().column("event_time").to_pylist() == [datetime(2017, 4, 14, tzinfo=UTC)]
    (tmp_path / "utc.csv").write_text("id,lon,lat,t\n1,121.5,31.2,2020-01-01 08\n")
    time = {"columns": ["t"], "format": "yyyy-MM-dd HH", "zone": "UTC"}
    ingest(declare("utc.csv", dataset="other", time=time, **EVENTS))
    in_utc = table(name="other").column("event_time").to_pylist()
    assert in_utc == [datetime(2020, 1, 1, 8, tzinfo=UTC)]


def test_a_table_may_have_a_time_too(tmp_path, declare, ingest, table):
    (tmp_path / "places.csv").write_text("t,pm25\n2015-01-01 00,7\n")
    time = {"columns": ["t"], "format": "yyyy-MM-dd HH"}
    ingest(declare(kind="table", position=None, time=time, key=["t"]))
    assert "event_time" in table().column_names
