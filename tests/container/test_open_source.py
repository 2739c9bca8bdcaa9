"""The door of the sources: columns without parsing twice, pieces that are the whole, types."""

import json
import pickle
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from gridcontainer.container.sources import (
    formats,
    open_source,
    parsed_files,
    read_batches,
    read_piece,
    split,
)
from gridcontainer.container.sources.hex_text import to_hex
from gridcontainer.errors import SourceError

SHAPE = {"geometry": "geometry", "geometry_format": "wkb"}
TIME = datetime(2015, 4, 1, 8, 30, 5, 250_000, tzinfo=UTC)


def read(root, declaration, target_bytes=1 << 30, source=None):
    source = source or open_source(root, declaration)
    pieces = split(source, declaration, target_bytes=target_bytes)
    batches = [b for piece in pieces for b in read_piece(piece, source, declaration)]
    assert all(batch.schema == source.schema for batch in batches)
    return source, pieces, [row for batch in batches for row in batch.to_pylist()]


def own(rows):
    return [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows]


# Files that are parsed


@pytest.fixture
def three_files(tmp_path, declare):
    """A declaration and its many rows in JSON, GeoJSON or Excel, whose later rows have more."""

    def make(kind):
        rows = [{"lon": 121 + n / 1e5, "lat": 31, "id": n} for n in range(5_000)]
        rows[4_000]["more"] = "x"
        if kind == "json":
            (tmp_path / "p.json").write_text(json.dumps({"data": rows, "city": "海"}))
            return declare("p.json", format="json", records="data[]")
        if kind == "geojson":
            features = [{"type": "Feature", "properties": row, "geometry": None} for row in rows]
            value = {"type": "FeatureCollection", "features": features}
            (tmp_path / "p.geojson").write_text(json.dumps(value))
            return declare("p.geojson", format="geojson")
        pd.DataFrame(rows).to_excel(tmp_path / "p.xlsx", index=False)
        return declare("p.xlsx", format="excel")

    return make


@pytest.mark.parametrize("kind", ["json", "geojson", "excel"])
@pytest.mark.parametrize("in_memory", [64 << 20, 0])
def test_a_file_is_parsed_once_and_its_pieces_are_the_whole(
    tmp_path, monkeypatch, three_files, kind, in_memory
):
    declaration = three_files(kind)
    monkeypatch.setattr(parsed_files, "_BATCH_ROWS", 700)
    monkeypatch.setattr(parsed_files, "_IN_MEMORY", in_memory)
    name = {"json": "stream_json", "geojson": "stream_geojson", "excel": "open_excel"}[kind]
    calls, reader = [], getattr(parsed_files, name)
    monkeypatch.setattr(parsed_files, name, lambda *a: calls.append(1) or reader(*a))
    source, pieces, rows = read(tmp_path, declaration, target_bytes=40_000)
    # What stands behind the records and is a field of all: only then a second time.
    assert len(calls) == (2 if kind == "json" else 1)
    assert (len(pieces) > 1) == (in_memory == 0)
    assert [row["_row"] for row in rows] == list(range(1, 5_001))
    assert rows[4_000]["more"] == "x"
    assert kind != "json" or {row["outer.city"] for row in rows} == {"海"}
    again = [row for batch in read_batches(source.files[0], rows[0]["_file"],
             list(source.columns), declaration) for row in batch.to_pylist()]  # fmt: skip
    assert again == rows
    for piece in pieces[1:]:
        first = next(iter(read_piece(piece, source, declaration)))
        assert first.column("_row")[0].as_py() == piece.first_row


@pytest.mark.parametrize("kind", ["json", "geojson", "excel"])
@pytest.mark.parametrize("in_memory", [64 << 20, 0])
def test_another_process_reads_the_same(tmp_path, monkeypatch, three_files, kind, in_memory):
    declaration = three_files(kind)
    monkeypatch.setattr(parsed_files, "_BATCH_ROWS", 700)
    monkeypatch.setattr(parsed_files, "_IN_MEMORY", in_memory)
    source, _, rows = read(tmp_path, declaration, target_bytes=40_000)
    sent = pickle.loads(pickle.dumps(source))
    assert read(tmp_path, declaration, 40_000, sent)[2] == rows
    spool, sent.parsed._spool = sent.parsed._spool, "/nowhere"
    assert read(tmp_path, declaration, 40_000, sent)[2] == rows
    del source
    assert spool is None or not parsed_files.Path(spool).exists()


def test_the_header_of_a_sheet_is_its_columns_even_without_rows(tmp_path, declare):
    pd.DataFrame({"lon": [], "lat": []}).to_excel(tmp_path / "p.xlsx", index=False)
    source, _, rows = read(tmp_path, declare("p.xlsx", format="excel"))
    assert (source.columns, rows) == (("lon", "lat"), [])


def test_times_and_durations_of_a_sheet(tmp_path, declare):
    book = openpyxl.Workbook()
    sheet = book.active
    values = [time(8, 30), timedelta(hours=25, minutes=30), timedelta(0, 1, 500_000),
              -timedelta(hours=6), datetime(2024, 1, 1, 8), date(2024, 1, 1)]  # fmt: skip
    sheet.append([])
    sheet.append([None, "lon", "lat", *[f"c{n}" for n in range(len(values))]])
    sheet.append([None, 121, 31, *values])
    sheet.cell(3, 7).number_format = "[h]:mm"
    book.save(tmp_path / "p.xlsx")
    source, _, rows = read(tmp_path, declare("p.xlsx", format="excel", skip_rows=1))
    assert source.columns[0] == "column_1"
    assert [rows[0][f"c{n}"] for n in range(len(values))] == [
        "08:30:00", "25:30:00", "0:00:01.500000", "-6:00:00", "2024-01-01T08:00:00", "2024-01-01",
    ]  # fmt: skip


# Parquet

PLAIN = pa.table(
    {
        "id": pa.array([1, 2, None, 4, 5], pa.int16()),
        "lon": [121.5, 121.6, None, 0.0, 1.0],
        "lat": pa.array([31.0] * 5, pa.float32()),
        "name": ["a", None, "c", "", "e"],
        "is_open": [True, None, False, True, True],
        "day": [date(2020, 1, 1)] * 5,
        "price": pa.array([Decimal("1.50")] * 5, pa.decimal128(9, 2)),
        "at": pa.array([TIME] * 5, pa.timestamp("ms", "Asia/Shanghai")),
        "local": pa.array([TIME.replace(tzinfo=None)] * 5, pa.timestamp("us")),
        "place": [{"road": {"name": "x", "no": 1}, "ok": True}, None] + [{"road": None}] * 3,
    }
)
TYPES = {
    "id": pa.int16(), "lon": pa.float64(), "lat": pa.float32(), "name": pa.string(),
    "is_open": pa.bool_(), "day": pa.date32(), "price": pa.decimal128(9, 2),
    "at": pa.timestamp("us", "UTC"), "local": pa.timestamp("us"),
    "place.ok": pa.bool_(), "place.road.name": pa.string(), "place.road.no": pa.int64(),
}  # fmt: skip


@pytest.mark.parametrize("groups", [1, 2, 5])
def test_plain_columns_keep_their_types_and_structs_are_opened(tmp_path, declare, groups):
    pq.write_table(PLAIN, tmp_path / "p.parquet", row_group_size=groups)
    declaration = declare("p.parquet", format="parquet")
    source, pieces, rows = read(tmp_path, declaration, target_bytes=1)
    assert dict(zip(source.columns, source.schema.types[5:], strict=True)) == TYPES
    assert len(pieces) == -(-5 // groups)
    assert [row["_row"] for row in rows] == [1, 2, 3, 4, 5]
    assert [piece.first_row for piece in pieces] == list(range(1, 6, groups))
    assert rows[0]["at"] == TIME
    assert rows[0]["local"] == TIME.replace(tzinfo=None)
    assert [row["place.road.no"] for row in rows] == [1, None, None, None, None]
    assert [row["id"] for row in rows] == PLAIN.column("id").to_pylist()
    assert read(tmp_path, declaration)[2] == rows


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Shanghai", "+08:00"])
@pytest.mark.parametrize("int96", [False, True])
def test_a_time_of_any_writer_keeps_its_instant(tmp_path, declare, unit, zone, int96):
    value = pa.scalar(TIME.replace(microsecond=0), pa.timestamp("us", "UTC"))
    column = pa.array([value.as_py()], pa.timestamp("us", zone)).cast(pa.timestamp(unit, zone))
    table = pa.table({"lon": [1.0], "lat": [2.0], "t": column})
    pq.write_table(table, tmp_path / "p.parquet", use_deprecated_int96_timestamps=int96)
    source, _, (row,) = read(tmp_path, declare("p.parquet", format="parquet"))
    kind = source.schema.field("t").type
    if unit == "ns" and not int96:
        assert kind == pa.string()
        found = pd.Timestamp(row["t"])
        found = found if found.tzinfo else found.tz_localize("UTC")
        assert found == TIME.replace(microsecond=0)
    else:
        assert kind == pa.timestamp("us", "UTC" if zone or int96 else None)
        found = row["t"] if row["t"].tzinfo else row["t"].replace(tzinfo=UTC)
        assert found == TIME.replace(microsecond=0)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array([b"\x00\xff", None]), ["00ff", None]),
        (pa.array([b"\x01\xfe", None], pa.binary(2)), ["01fe", None]),
        (pa.array([[1, 2], None]), ["[1, 2]", None]),
        (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8())), ['[["a", 1]]', None]),
        (pa.array([2**64 - 1, None], pa.uint64()), ["18446744073709551615", None]),
        (pa.array([time(8, 30), None], pa.time64("us")), ["08:30:00.000000", None]),
        (pa.array([timedelta(1), None], pa.duration("us")), ["1 day, 0:00:00", None]),
        (pa.array([1.5, None], pa.float16()), ["1.5", None]),
        (pa.nulls(2), [None, None]),
        (pa.array(["a", None]).dictionary_encode(), ["a", None]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
    ],
)
def test_what_has_no_plain_type_is_text(tmp_path, declare, column, text):
    pq.write_table(pa.table({"lon": [1.0, 2.0], "lat": [1.0, 2.0], "x": column}),
                   tmp_path / "p.parquet")  # fmt: skip
    _, _, rows = read(tmp_path, declare("p.parquet", format="parquet"))
    assert [row["x"] for row in rows] == text or column.type == pa.duration("us")


def test_files_that_differ_are_read_as_text_and_lack_what_they_lack(tmp_path, declare):
    pq.write_table(PLAIN, tmp_path / "a.parquet")
    pq.write_table(PLAIN.drop(["name", "lat"]), tmp_path / "b.parquet")
    source, _, rows = read(tmp_path, declare("*.parquet", format="parquet"))
    assert set(source.schema.types[5:]) == {pa.string()}
    assert rows[0]["at"] == "2015-04-01 16:30:05.250+0800"
    assert [row["_fault"] for row in rows] == [None] * 5 + ["its file has no column lat"] * 5


def test_a_wrong_path_is_told_with_what_there_is(tmp_path, declare):
    table = pa.table({"id": [1], "location": [{"lat": 31.0, "lon": 121.0}], "tags": [["a"]]})
    pq.write_table(table, tmp_path / "p.parquet")
    position = {"lon": "location.lng", "lat": "location.lat"}
    with pytest.raises(SourceError) as caught:
        open_source(tmp_path, declare("p.parquet", format="parquet", position=position))
    assert str(caught.value).endswith("there are id, location {lat, lon}, tags.")


def test_a_text_that_is_no_utf8_is_a_fault_of_its_row(tmp_path, declare):
    names = pa.Array.from_buffers(pa.string(), 3, pa.array([b"ok", b"\xff\xfe", b""]).buffers())
    table = pa.table({"lon": [1.0] * 3, "lat": [1.0] * 3, "name": names})
    pq.write_table(table, tmp_path / "p.parquet")
    _, _, rows = read(tmp_path, declare("p.parquet", format="parquet"))
    assert [row["_fault"] for row in rows] == [None, "name holds bytes that are not UTF-8", None]
    assert [row["name"] for row in rows] == ["ok", r"\xff\xfe", ""]


@pytest.mark.parametrize("offset", [0, 1, 3])
def test_bytes_as_hexadecimal_digits(offset):
    values = [b"", b"\x00\x01", None, bytes(range(256)), None, b"\xff"]
    array = pa.array(values, pa.binary())[offset:]
    assert to_hex(array).to_pylist() == [v if v is None else v.hex() for v in values[offset:]]
    assert to_hex(array[:0]).to_pylist() == []


# Vector files


def areas(count=5):
    points = [shapely.Point(121 + n / 100, 31) for n in range(count)]
    return gpd.GeoDataFrame({"n": range(count)}, geometry=points, crs="EPSG:4326")


def test_features_in_pieces_are_the_whole_and_nothing_is_read_at_opening(
    tmp_path, declare, monkeypatch
):
    areas(500).to_file(tmp_path / "p.gpkg")
    declaration = declare("p.gpkg", format="vector", position=SHAPE)
    source, pieces, rows = read(tmp_path, declaration, target_bytes=20_000)
    assert len(pieces) > 2
    assert [row["_row"] for row in rows] == list(range(1, 501))
    assert [row["n"] for row in rows] == [str(n) for n in range(500)]
    assert read(tmp_path, declaration)[2] == rows
    monkeypatch.setattr(formats, "read_vector", None)
    assert open_source(tmp_path, declaration).columns == source.columns == ("n", "geometry")


@pytest.mark.parametrize("name", ["p.gpkg", "p.fgb", "p.geojson"])
def test_a_time_with_an_offset_keeps_it(tmp_path, declare, name):
    frame = areas(2)
    frame["at"] = pd.to_datetime(["2024-01-01T08:00:00+08:00", None])
    frame["local"] = pd.to_datetime(["2024-01-01T08:00:00.000", "2024-01-01T08:00:00.250"])
    frame.to_file(tmp_path / name)
    _, _, rows = read(tmp_path, declare(name, format="vector", position=SHAPE))
    rows.sort(key=lambda row: row["n"])  # FlatGeobuf sorts its features by place
    assert [row["at"] for row in rows] == ["2024-01-01T08:00:00+08:00", None]
    assert rows[0]["local"].startswith("2024-01-01T08:00:00")
    assert "+" not in rows[0]["local"]
    assert rows[1]["local"].startswith("2024-01-01T08:00:00.250")


def test_a_null_shape_and_a_curve_stop_no_other(tmp_path, declare):
    frame = areas(4)
    frame.loc[0, "geometry"] = None
    frame.to_file(tmp_path / "p.gpkg")
    curve = (
        bytes.fromhex("010800000003000000")
        + shapely.to_wkb(shapely.LineString([(0, 0), (1, 1), (2, 0)]))[9:]
    )
    pyogrio.raw.write(
        tmp_path / "curves.gpkg", geometry=[None, curve, shapely.to_wkb(shapely.Point(1, 2))],
        field_data=[pd.array([1, 2, 3]).to_numpy()], fields=["n"], geometry_type="Unknown",
        crs="EPSG:4326",
    )  # fmt: skip
    _, _, rows = read(tmp_path, declare("p.gpkg", format="vector", position=SHAPE))
    assert [row["_geometry"] is None for row in rows] == [True, False, False, False]
    _, _, rows = read(tmp_path, declare("curves.gpkg", format="vector", position=SHAPE))
    assert [row["_fault"] for row in rows] == [
        None, "shape cannot be read: curves are not read", None,
    ]  # fmt: skip
    assert rows[2]["_geometry"] is not None


def test_a_feature_that_gdal_cannot_give_is_a_fault(tmp_path, declare, monkeypatch):
    areas(7).to_file(tmp_path / "p.gpkg")
    declaration = declare("p.gpkg", format="vector", position=SHAPE)
    vector = formats.read_vector.__globals__
    tables = vector["_tables"]

    def broken(path, source, layer, start, stop):
        for table in tables(path, source, layer, start, stop):
            if start <= 3 < (7 if stop is None else stop):
                raise RuntimeError("broken feature")
            yield table

    monkeypatch.setitem(vector, "_tables", broken)
    _, _, rows = read(tmp_path, declaration)
    assert [row["_row"] for row in rows] == list(range(1, 8))
    assert [row["_row"] for row in rows if row["_fault"]] == [4]
    assert rows[3]["_fault"] == "feature cannot be read: broken feature"
