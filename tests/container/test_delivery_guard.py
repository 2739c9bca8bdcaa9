"""A delivery that takes away too much is refused, and the table stays as it is."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from delivered import Deliveries, points
from hypothesis import given, strategies as st

from gridcontainer.container.ingest.guard import Guard
from gridcontainer.errors import DeliveryError, SourceError

SHARES = st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0])


@pytest.fixture
def made(tmp_path, city):
    def make(**keys) -> Deliveries:
        return Deliveries(tmp_path, city, keys)

    return make


def is_refused(ask) -> bool:
    try:
        ask()
    except DeliveryError as error:
        said = str(error)
    else:
        return False
    assert "\n" not in said
    assert "--accept-removal" in said
    return True


# The rule


@given(share=SHARES, removed=st.integers(0, 50), more=st.integers(0, 50))
def test_what_may_be_removed_is_a_share_of_the_table_or_a_person_agrees(share, removed, more):
    before = removed + more
    guard = Guard("places", share)
    refused = is_refused(lambda: guard.require_removal(removed=removed, rows_before=before))
    assert refused == (removed > 0 and share < 1 and (removed > share * before or more == 0))
    Guard("places", share, is_accepted=True).require_removal(removed=removed, rows_before=before)


@given(share=SHARES, before=st.integers(0, 50), now=st.integers(0, 50))
def test_a_delivery_without_records_is_refused_where_the_last_one_had_some(share, before, now):
    guard = Guard("places", share)
    refused = is_refused(lambda: guard.require_rows(rows_in=now, rows_before=before))
    assert refused == (now == 0 and before > 0 and share < 1)


def test_the_count_and_the_way_to_agree_are_told():
    with pytest.raises(DeliveryError) as told:
        Guard("places", 0.2).require_removal(removed=1_234, rows_before=5_000)
    assert str(told.value) == (
        "places: would remove 1,234 of 5,000 rows, more than most_removed: 0.2 allows; the table "
        "stays as it is. If that is right, agree to it once: gridcontainer ingest places "
        "--accept-removal"
    )


def test_columns_in_which_the_table_has_no_values_may_vanish():
    guard = Guard("places", 0.2)
    guard.require_columns({"never": 0}, rows=100)
    with pytest.raises(DeliveryError, match="no column name, note any more"):
        guard.require_columns({"note": 1, "name": 100, "never": 0}, rows=100)
    Guard("places", 1).require_columns({"name": 100}, rows=100)
    Guard("places", 0.2, is_accepted=True).require_columns({"name": 100}, rows=100)


def test_where_only_records_name_columns_one_with_few_values_may_be_missing():
    guard = Guard("places", 0.2, all_name_columns=False)
    guard.require_columns({"note": 20}, rows=100)
    with pytest.raises(DeliveryError, match="no column note any more"):
        guard.require_columns({"note": 21}, rows=100)


# Deliveries without a record

EMPTY = {
    "header only": "id,lon,lat\n",
    "header and blank lines": "id,lon,lat\n\n\n",
}
KINDS = {
    "keyed, kept": {"key": ["id"]},
    "keyed, deleted": {"key": ["id"], "absent": "delete"},
    "history": {"key": ["id"], "history": True},
    "history, deleted": {"key": ["id"], "history": True, "absent": "delete"},
    "without a key": {},
    "table without position": {"kind": "table", "key": ["id"]},
    "table without position or key": {"kind": "table"},
}


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("keys", KINDS.values(), ids=KINDS)
def test_a_delivery_of_a_header_is_refused_and_nothing_is_written(made, keys, text):
    at = made(**keys)
    at.write(points(5))
    at.ingest()
    before = at.state()
    at.write(text)
    for _ in range(2):
        with pytest.raises(DeliveryError, match="lacks 5 of 5 records"):
            at.ingest()
        assert at.state() == before
    at.ingest(accepts=True)
    assert len(at.rows()) == (5 if at.declaration().absent is None and at.declaration().key else
                              5 if keys.get("history") else 0)  # fmt: skip


def write_excel(at: Deliveries, count: int) -> None:
    rows = {"id": range(count), "lon": [121.4] * count, "lat": [31.2] * count}
    pd.DataFrame(rows).to_excel(at.folder / "places.xlsx", index=False)


def write_parquet(at: Deliveries, count: int) -> None:
    rows = {"id": range(count), "lon": [121.4] * count, "lat": [31.2] * count}
    schema = pa.schema({"id": pa.int64(), "lon": pa.float64(), "lat": pa.float64()})
    pq.write_table(pa.table(rows, schema), at.folder / "places.parquet")


def write_geojson(at: Deliveries, count: int) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"id": str(i)},
            "geometry": {"type": "Point", "coordinates": [121.4, 31.2]},
        }
        for i in range(count)
    ]
    at.write(json.dumps({"type": "FeatureCollection", "features": features}), "places.geojson")


def write_json(at: Deliveries, count: int) -> None:
    rows = [{"id": i, "lon": 121.4, "lat": 31.2} for i in range(count)]
    at.write(json.dumps({"rows": rows}), "places.json")


def write_json_lines(at: Deliveries, count: int) -> None:
    rows = [json.dumps({"id": i, "lon": 121.4, "lat": 31.2}) for i in range(count)]
    at.write("".join(f"{row}\n" for row in rows), "places.jsonl")


SHAPE = {"position": {"geometry": "geometry"}}
FORMATS = {
    "excel": (write_excel, {"source": {"path": "places.xlsx", "format": "excel"}}),
    "parquet": (write_parquet, {"source": {"path": "places.parquet", "format": "parquet"}}),
    "geojson": (write_geojson, {"source": {"path": "places.geojson", "format": "geojson"}} | SHAPE),
    "json": (
        write_json,
        {"source": {"path": "places.json", "format": "json", "records": "rows[]"}},
    ),
    "jsonlines": (write_json_lines, {"source": {"path": "places.jsonl", "format": "jsonlines"}}),
}


@pytest.mark.parametrize("absent", ["keep", "delete"])
@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_delivery_in_any_format_leaves_the_table(made, form, absent):
    write, keys = FORMATS[form]
    at = made(key=["id"], absent=absent, **keys)
    write(at, 4)
    at.ingest()
    before = at.state()
    write(at, 0)
    with pytest.raises(DeliveryError, match="lacks 4 of 4 records"):
        at.ingest()
    assert at.state() == before
    assert len(at.rows()) == 4
    run = at.ingest(accepts=True).run
    gone = 4 if absent == "delete" else 0
    assert (run.rows_in, run.deleted, run.kept, len(at.rows())) == (0, gone, 4 - gone, 4 - gone)
    write(at, 4)
    assert at.ingest().run.rows_out == 4


@pytest.mark.parametrize("form", ["json", "jsonlines", "geojson"])
def test_a_first_delivery_without_a_record_goes_in_where_that_is_expected(made, form):
    write, keys = FORMATS[form]
    at = made(key=["id"], **keys)
    write(at, 0)
    with pytest.raises(SourceError, match="holds no records"):
        at.ingest()
    assert at.ingest(may_be_empty=True).run.rows_in == 0
    write(at, 3)
    assert at.ingest().run.rows_out == 3


def test_a_first_delivery_of_a_header_makes_an_empty_table(made):
    at = made(key=["id"])
    at.write("id,lon,lat\n")
    result = at.ingest()
    assert (result.run.rows_in, len(at.rows())) == (0, 0)
    at.write(points(3))
    assert at.ingest().run.inserted == 3


# Shorter deliveries


@pytest.mark.parametrize(("left", "refused"), [(100, False), (80, False), (79, True), (1, True)])
@pytest.mark.parametrize("keys", [{"key": ["id"], "absent": "delete"}, {}, {"kind": "table"}],
                         ids=["keyed", "without a key", "table"])  # fmt: skip
def test_more_than_a_fifth_may_not_go(made, keys, left, refused):
    at = made(**keys)
    at.write(points(100))
    at.ingest()
    at.write(points(left))
    if not refused:
        at.ingest()
        assert len(at.rows()) == left
        return
    before = at.state()
    with pytest.raises(DeliveryError, match=f"would remove {100 - left} of 100 rows"):
        at.ingest()
    assert at.state() == before
    run = at.ingest(accepts=True).run
    assert (run.rows_out, len(at.rows())) == (left, left)
    assert at.ingest().changed is False


def test_a_shorter_delivery_of_a_set_that_keeps_removes_nothing_and_says_how_many(made):
    at = made(key=["id"])
    at.write(points(10))
    at.ingest()
    at.write(points(2))
    run = at.ingest().run
    assert (run.kept, run.deleted, len(at.rows())) == (8, 0, 10)


def test_a_delivery_of_which_nothing_is_sound_takes_nothing_away_where_rows_are_deleted(made):
    at = made(key=["id"], absent="delete")
    at.write(points(10))
    at.ingest()
    at.write(points(10).replace("121.", "0."))
    with pytest.raises(DeliveryError, match="would remove 10 of 10 rows"):
        at.ingest()
    assert len(at.rows()) == 10


def test_rows_that_history_would_close_are_counted_and_closed_ones_are_not(made):
    at = made(key=["id"], absent="delete", history=True, most_removed=0.5)
    at.write(points(10))
    at.ingest()
    at.write(points(6))
    assert at.ingest().run.deleted == 4
    at.write(points(2))
    with pytest.raises(DeliveryError, match="would remove 4 of 6 rows"):
        at.ingest()


def test_most_removed_of_one_allows_all(made):
    at = made(key=["id"], absent="delete", most_removed=1)
    at.write(points(10))
    at.ingest()
    at.write("id,lon,lat\n")
    assert at.ingest().run.deleted == 10


def test_another_key_is_no_removal(made):
    at = made()
    at.write("id,code,lon,lat\n" + "".join(f"{i},c{i},121.4,31.2\n" for i in range(10)))
    at.ingest(key=["id"], absent="delete")
    at.ingest(key=["code"], absent="delete")
    assert len(at.rows()) == 10


# Columns that vanish

WIDE = "id,lon,lat,name,note\n" + "".join(f"{i},121.4,31.2,n{i},\n" for i in range(5))


@pytest.mark.parametrize("keys", [{"key": ["id"]}, {"key": ["id"], "absent": "delete"}, {},
                                  {"key": ["id"], "history": True}])  # fmt: skip
def test_a_plain_column_that_vanishes_is_refused_and_one_without_values_is_not(made, keys):
    at = made(**keys)
    at.write(WIDE)
    at.ingest()
    before = at.state()
    at.write("id,lon,lat,note\n" + "".join(f"{i},121.4,31.2,\n" for i in range(5)))
    with pytest.raises(DeliveryError, match="no column name any more"):
        at.ingest()
    assert at.state() == before
    at.write("id,lon,lat,name\n" + "".join(f"{i},121.4,31.2,n{i}\n" for i in range(5)))
    at.ingest()
    assert at.column("name") == [f"n{i}" for i in range(5)]


def test_a_renamed_column_is_one_that_vanished(made):
    at = made(key=["id"])
    at.write(WIDE)
    at.ingest()
    at.write(WIDE.replace("name", "名称"))
    with pytest.raises(DeliveryError, match="no column name any more"):
        at.ingest()
    at.ingest(accepts=True)
    assert at.column("名称") == [f"n{i}" for i in range(5)]


@pytest.mark.parametrize("column", ["id", "lon", "when"])
def test_a_declared_column_that_vanishes_is_told_by_its_name(made, column):
    at = made(key=["id"], kind="events", time={"columns": ["when"]})
    text = "id,lon,lat,when\n1,121.4,31.2,2024-01-01 00:00:00\n"
    at.write(text)
    at.ingest()
    before = at.state()
    at.write(text.replace(column, "other", 1))
    with pytest.raises(Exception, match=f"no column {column}"):
        at.ingest()
    assert at.state() == before
