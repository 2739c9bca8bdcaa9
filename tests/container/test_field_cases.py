"""What people in this job meet with their files: a right value or a reason, never silence.

Each case stands for a kind, and its other members are beside it.
"""

import json
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command import run
from delivered import Deliveries, points

from gridcontainer.errors import GridContainerError, SourceError

EIGHT = timezone(timedelta(hours=8))
NOON = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def made(tmp_path, city):
    def make(**keys) -> Deliveries:
        return Deliveries(tmp_path, city, keys)

    return make


def events(made, **time) -> Deliveries:
    return made(kind="events", time={"columns": ["t"]} | time)


def write_times(at: Deliveries, times, quote: str = "") -> None:
    rows = "".join(f"{i},121.4,31.2,{quote}{time}{quote}\n" for i, time in enumerate(times, 1))
    at.write("id,lon,lat,t\n" + rows)


# Times that name their own offset

SAME = [
    "2024-01-01T08:00:00+08:00",
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00+00:00",
    "2024-01-01T08:00:00+0800",
    "2024-01-01 08:00:00+08",
    "2023-12-31T19:00:00-05:00",
    "2024-01-01T05:45:00+05:45",
    "2024-01-01T08:00:00.000+08:00",
    "2024-01-01 08:00:00",
]


def test_a_time_that_names_its_offset_keeps_it(made):
    at = events(made)
    write_times(at, SAME)
    assert at.ingest().run.rows_quarantined == 0
    assert at.times() == ["2024-01-01 00:00:00"] * len(SAME)


@pytest.mark.parametrize("format", ["yyyy-MM-dd'T'HH:mm:ssXXX", "yyyy-MM-dd'T'HH:mm:ss[XXX]"])
def test_so_it_does_with_a_pattern(made, format):
    at = events(made, format=format)
    write_times(at, ["2024-01-01T08:00:00+08:00", "2024-01-01T00:00:00Z"])
    assert at.ingest().run.rows_quarantined == 0
    assert at.times() == ["2024-01-01 00:00:00"] * 2


def test_an_offset_that_the_pattern_does_not_have_is_no_silent_shift(made):
    at = events(made, format="yyyy-MM-dd'T'HH:mm:ss")
    write_times(at, ["2024-01-01T00:00:00Z", "2024-01-01T08:00:00"])
    at.ingest()
    assert set(at.times()) == {"2024-01-01 00:00:00"}  # read with its offset, or quarantined
    assert len(at.times()) + len(at.reasons()) == 2


def test_a_zone_of_the_declaration_is_for_times_that_name_none(made):
    at = events(made, zone="Europe/Berlin")
    write_times(at, ["2024-01-01T08:00:00+08:00", "2024-01-01 01:00:00"])
    at.ingest()
    assert at.times() == ["2024-01-01 00:00:00"] * 2


def test_offsets_in_a_column_of_their_own(made):
    at = made(kind="events", time={"columns": ["t", "o"], "format": "yyyy-MM-dd HH:mm:ss XXX"})
    at.write(
        "id,lon,lat,t,o\n1,121.4,31.2,2024-01-01 08:00:00,+08:00\n"
        "2,121.4,31.2,2024-01-01 00:00:00,Z\n"
    )
    assert at.ingest().run.rows_quarantined == 0
    assert at.times() == ["2024-01-01 00:00:00"] * 2


def test_offsets_in_json(made):
    at = events(made)
    rows = [{"lon": 121.4, "lat": 31.2, "t": time} for time in SAME]
    at.write(json.dumps({"rows": rows}), "places.json")
    at.ingest(source={"path": "places.json", "format": "json", "records": "rows[]"})
    assert at.times() == ["2024-01-01 00:00:00"] * len(SAME)


def test_offsets_in_excel(made):
    at = events(made)
    rows = pd.DataFrame({"lon": 121.4, "lat": 31.2, "t": [*SAME, datetime(2024, 1, 1, 8)]})
    rows.to_excel(at.folder / "places.xlsx", index=False)
    at.ingest(source={"path": "places.xlsx", "format": "excel"})
    assert at.times() == ["2024-01-01 00:00:00"] * (len(SAME) + 1)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(
    ("zone", "said"), [("UTC", 0), ("Asia/Shanghai", 0), ("+08:00", 0), ("America/New_York", 0),
                       (None, 8)]
)  # fmt: skip
def test_timestamps_of_parquet_with_a_zone_are_instants_and_without_one_are_local(
    made, unit, zone, said
):
    at = events(made)
    value = NOON if zone else NOON.replace(tzinfo=None) + timedelta(hours=said)
    table = pa.table(
        {"lon": [121.4], "lat": [31.2], "t": pa.array([value], pa.timestamp(unit, zone))}
    )
    pq.write_table(table, at.folder / "places.parquet", coerce_timestamps=None)
    at.ingest(source={"path": "places.parquet", "format": "parquet"})
    assert at.times() == ["2024-01-01 00:00:00"]


def test_texts_of_parquet_with_offsets(made):
    at = events(made)
    n = len(SAME)
    table = pa.table({"lon": [121.4] * n, "lat": [31.2] * n, "t": SAME})
    pq.write_table(table, at.folder / "places.parquet")
    at.ingest(source={"path": "places.parquet", "format": "parquet"})
    assert at.times() == ["2024-01-01 00:00:00"] * n


# Hours past midnight, counts since 1970


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("25:30:00", "2024-01-01 17:30:00"),
        ("24:00:00", "2024-01-01 16:00:00"),
        ("47:59:59", "2024-01-02 15:59:59"),
        ("00:00:00", "2023-12-31 16:00:00"),
    ],
)
def test_hours_past_midnight_are_read_where_declared_and_quarantined_where_not(made, text, instant):
    time = {"columns": ["day", "t"], "format": "yyyyMMdd HH:mm:ss"}
    at = made(kind="events", time=time)
    at.write(f"id,lon,lat,day,t\n1,121.4,31.2,20240101,{text}\n")
    at.ingest()
    plain = [instant] if text == "00:00:00" else []
    assert (at.times(), len(at.reasons())) == (plain, 1 - len(plain))
    for hours in ("past_midnight", "service_day"):
        at.ingest(time=time | {"hours": hours})
        assert at.times() == [instant]


@pytest.mark.parametrize("form", ["unix", "unix_ms", "unix_us", "unix_ns"])
def test_counts_since_1970_in_every_unit_and_the_wrong_unit_is_a_reason(made, form):
    one = {"unix": 1, "unix_ms": 1_000, "unix_us": 1_000_000, "unix_ns": 1_000_000_000}
    at = events(made, format=form)
    others = [size for name, size in one.items() if name != form]
    write_times(at, [n * size for n, size in [(1_704_067_200, one[form]), (-86_400, one[form])]]
                + [1_704_067_200 * size for size in others])  # fmt: skip
    at.ingest()
    assert at.times() == ["2024-01-01 00:00:00", "1969-12-31 00:00:00"]
    assert set(at.reasons().values()) == {"time cannot be read"}
    assert len(at.reasons()) == 3


# Quotes

RECORDS = "id,lon,lat,name\n{}4,121.44,31.24,Tower D\n5,121.45,31.25,Tower E\n"
SWALLOWING = {
    "a quote that is never closed": '1,121.41,31.21,"Tower A\n2,121.42,31.22,B\n3,121.43,31.23,C\n',
    "closed in a later record": '1,121.41,31.21,"Tower A\n2,121.42,31.22,B\n3,121.43,31.23,"C"\n',
    "closed at the end of a later record": (
        '1,121.41,31.21,"Tower A\n2,121.42,31.22,Tower B\n3,121.43,31.23,Tower C"\n'
    ),
    "doubled inside": '1,121.41,31.21,"Tower ""A\n2,121.42,31.22,B\n3,121.43,31.23,C"\n',
}


@pytest.mark.parametrize("text", SWALLOWING.values(), ids=SWALLOWING)
def test_records_that_a_quote_swallows_do_not_disappear_in_a_field(made, text):
    at = made(key=["id"])
    at.write(RECORDS.format(text))
    try:
        at.ingest()
    except SourceError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert "line 2" in said
        return
    inside = {"".join(map(str, row)) for row in at.rows().to_numpy()}
    assert not any("121.42,31.22" in row or "121.43,31.23" in row for row in inside)
    told = "".join(f"{row['row']}{row['detail']}" for row in at.quarantined())
    everywhere = told + "".join(at.column("name"))
    for name in ("Tower D", "Tower E", "121.42", "121.43"):
        assert name in everywhere or name in "".join(inside)
    assert "line" in told or len(at.rows()) == 5


def test_a_text_that_runs_over_lines_and_is_no_record_goes_in(made):
    at = made(key=["id"])
    at.write('id,lon,lat,name\n1,121.41,31.21,"first line\nsecond line"\n2,121.42,31.22,B\n')
    assert at.ingest().run.rows_out == 2
    assert at.column("name") == ["first line\nsecond line", "B"]


# Broken bytes, shapes, nesting


@pytest.mark.parametrize(
    ("encoding", "bad"), [("gb18030", b"\xff"), ("utf-8", b"\xc3\x28"), ("gbk", b"\x80"),
                          ("big5", b"\xff")]
)  # fmt: skip
def test_bytes_that_are_not_of_the_encoding_break_their_record_only(made, encoding, bad):
    at = made(key=["id"], source={"encoding": encoding})
    lines = [f"{i},121.4,31.2,外灘\n".encode(encoding) for i in range(1, 30)]
    lines[4] = b"5,121.4,31.2," + bad + b"\n"
    at.write(b"id,lon,lat,name\n" + b"".join(lines))
    assert at.ingest().run.rows_out == 28
    (row,) = at.quarantined()
    assert (row["source_row"], row["reason"]) == (5, "broken row")
    assert "line 6" in row["detail"]


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("wkt", ["CURVEPOLYGON(CIRCULARSTRING(121.47 31.23,121.48 31.23,121.48 31.24,"
                 "121.47 31.24,121.47 31.23))", "CIRCULARSTRING(0 0,1 1,2 0)", "TIN EMPTY",
                 "COMPOUNDCURVE((0 0,1 1))", "POINT(", "MULTISURFACE(((0 0,1 0,1 1,0 0)))",
                 "POLYHEDRALSURFACE Z (((0 0 0,0 0 1,0 1 1,0 0 0)))", "POINT(1e400 1)", "点"]),
        ("geojson", ['{"type":"Circle","coordinates":[1,2]}', '{"type":"Point"}', "[]", "{", "1",
                     '{"type":"Point","coordinates":["a","b"]}',
                     '{"type":"Polygon","coordinates":[[]]}',
                     '{"type":"Point","coordinates":{}}', "[" * 3000]),
        ("wkb", ["00", "zz", "0108000000", "010A0000000100000001", "0101000000"]),
    ],
)  # fmt: skip
def test_a_shape_that_cannot_be_read_is_a_reason_of_its_record(made, form, values):
    good = {
        "wkt": "POINT(121.47 31.23)",
        "geojson": '{"type":"Point","coordinates":[121.47,31.23]}',
        "wkb": "0101000000AE47E17A145E5E407B14AE47E13A3F40",
    }[form]
    at = made(key=["id"], position={"geometry": "g", "geometry_format": form})
    rows = pd.DataFrame({"id": range(len(values) + 1), "g": [*values, good]})
    at.write(rows.to_csv(index=False))
    run = at.ingest().run
    assert (run.rows_in, run.rows_out) == (len(values) + 1, 1)
    for row in at.quarantined():
        assert row["reason"] in ("broken row", "missing position")
        assert row["reason"] == "missing position" or row["detail"]


# Shapes that say their CRS, and files that do


def test_the_crs_of_a_shape_is_its_datum(made):
    at = made(position={"geometry": "g", "geometry_format": "wkt"})
    at.write(
        'g\n"SRID=4326;POINT(121.4737 31.2304)"\n"SRID=3857;POINT(13522391.2 3661895.4)"\n'
        '"SRID=4490;POINT(121.4737 31.2304)"\n"SRID=999999;POINT(121.4737 31.2304)"\n'
    )
    at.ingest()
    assert [round(value, 3) for value in at.column("lon")] == [121.474] * 3
    assert list(at.reasons()) == [4]


# Deliveries in one glob

DAYS = {
    "snap_20240101.csv": (
        "id,lon,lat,v\n1,121.41,31.21,old\n2,121.42,31.22,same\n3,121.43,31.23,gone\n"
    ),
    "snap_20240102.csv": (
        "id,lon,lat,v\n1,121.51,31.31,new\n2,121.42,31.22,same\n4,121.44,31.24,come\n"
    ),
}


def write_days(at: Deliveries) -> None:
    for name, text in DAYS.items():
        at.write(text, name)


def held(at: Deliveries) -> dict[str, str]:
    rows = at.rows()
    if "valid_to" in rows:
        rows = rows[rows["valid_to"].isna()]
    return dict(zip(rows["id"], rows["v"], strict=True))


GLOB = {"path": "snap_*.csv"}


def notes_on_keys(done):
    """The notes without the one on renamed columns, which these sources always cause."""
    return tuple(note for note in done.notes if "stored under other names" not in note)


@pytest.mark.parametrize("absent", ["keep", "delete"])
@pytest.mark.parametrize("history", [False, True])
def test_dated_deliveries_as_declared(made, absent, history):
    at = made(key=["id"], absent=absent, history=history)
    write_days(at)
    first = at.ingest(source=GLOB)
    assert held(at) == {"1": "old", "2": "same", "3": "gone", "4": "come"}
    (note,) = notes_on_keys(first)
    assert "2 keys are in several files" in note
    second = at.ingest(source=GLOB, keep="last")
    assert held(at) == {"1": "new", "2": "same", "3": "gone", "4": "come"}
    assert notes_on_keys(second) == ()
    newest = at.ingest(source=GLOB | {"deliveries": "newest"}, most_removed=0.25)
    kept = {"3": "gone"} if absent == "keep" else {}
    assert held(at) == {"1": "new", "2": "same", "4": "come"} | kept
    assert notes_on_keys(newest) == ()
    assert (newest.run.rows_in, newest.run.kept + newest.run.deleted) == (3, 1)


def test_keys_repeated_inside_one_file_give_no_such_warning(made):
    at = made(key=["id"])
    at.write(points(3) + "1,121.5,31.3\n", "snap_1.csv")
    at.write(points(3, first=7), "snap_2.csv")
    assert notes_on_keys(at.ingest(source=GLOB)) == ()
    assert at.reasons() == {4: "repeated key"}


def test_the_newest_of_dated_deliveries_is_the_last_by_name(made):
    at = made(key=["id"], source=GLOB | {"deliveries": "newest"})
    at.write("id,lon,lat,v\n1,121.4,31.2,a\n", "snap_2024-01-09.csv")
    at.write("id,lon,lat,v\n1,121.4,31.2,b\n", "snap_2024-01-10.csv")
    at.write("id,lon,lat,v\n1,121.4,31.2,c\n", "snap_2023-12-31.csv")
    at.ingest()
    assert at.column("v") == ["b"]


# Texts that mean missing


@pytest.mark.parametrize(
    "text", ["-", "--", "—", "null", "NULL", "None", "", "  ", " - ", "\u3000"]
)
def test_texts_that_mean_missing_mean_it_in_positions_keys_and_times(made, text):
    at = made(key=["id"], kind="events", time={"columns": ["t"]})
    at.write(
        f"id,lon,lat,t\n1,{text},31.2,2024-01-01\n2,121.4,{text},2024-01-01\n"
        f"{text},121.4,31.2,2024-01-01\n4,121.4,31.2,{text}\n5,121.4,31.2,2024-01-01\n"
    )
    at.ingest()
    assert at.reasons() == {
        1: "missing position",
        2: "missing position",
        3: "missing key",
        4: "missing time",
    }


def test_other_texts_mean_it_where_declared(made):
    at = made(key=["id"], missing=["无", "N/A", "9999"])
    at.write("id,lon,lat\n无,121.4,31.2\nN/A,121.4,31.2\n3,9999,31.2\n4,121.4,无\n5,121.4,31.2\n")
    at.ingest()
    assert at.reasons() == {1: "missing key", 2: "missing key", 3: "missing position",
                            4: "missing position"}  # fmt: skip


def test_a_key_of_several_columns_is_missing_where_one_of_them_is(made):
    at = made(key=["a", "b"])
    at.write("a,b,lon,lat\n1,-,121.4,31.2\n1,2,121.4,31.2\n-,2,121.4,31.2\n")
    at.ingest()
    assert at.reasons() == {1: "missing key", 3: "missing key"}


# Coordinates as people write them


@pytest.mark.parametrize(
    ("lon", "lat", "keys"),
    [
        ("121.4737", "31.2304", {}),
        (" 121.4737\u00a0", "\u300031.2304", {}),
        ("１２１．４７３７", "３１．２３０４", {}),
        ("121.4737°", "31.2304°", {}),
        ("E121.4737", "N31.2304", {}),
        ("121.4737E", "31.2304°N", {}),
        ("东经121.4737", "北纬31.2304°", {}),
        ("121°28'25.32\"E", "31°13'49.44\"N", {}),
        ("121度28分25.32秒", "31度13分49.44秒", {}),
        ("121 28 25.32", "31 13 49.44", {"writing": "dms"}),
        ("12128.422", "3113.824", {"writing": "ddmm"}),
        ('"121,4737"', '"31,2304"', {"decimal": "comma"}),
        ("121473700", "31230400", {"units_per_degree": 1_000_000}),
        ("+121.4737", "+31.2304", {}),
        ("'121.4737", "'31.2304", {}),
    ],
)
def test_coordinates_as_people_write_them(made, lon, lat, keys):
    at = made(position={"lon": "lon", "lat": "lat"} | keys)
    quoted = lon if lon.startswith('"') else '"' + lon.replace('"', '""') + '"'
    at.write("lon,lat\n{},{}\n".format(quoted, lat if lat.startswith('"') else
                                       '"' + lat.replace('"', '""') + '"'))  # fmt: skip
    at.ingest()
    assert at.reasons() == {}
    assert at.column("lon") == pytest.approx([121.4737], abs=1e-6)
    assert at.column("lat") == pytest.approx([31.2304], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "order"),
    [("31.2304,121.4737", "lat_lon"), ("(31.2304, 121.4737)", "lat_lon"),
     ("31.2304 121.4737", "lat_lon"), ("121.4737;31.2304", "lon_lat"),
     ("N31.2304 E121.4737", "letters"), ("北纬31.2304，东经121.4737", "letters"),
     ("[121.4737, 31.2304]", "lon_lat")],
)  # fmt: skip
def test_both_coordinates_in_one_column(made, text, order):
    at = made(position={"lon": "p", "lat": "p", "order": order})
    at.write(f'p\n"{text}"\n')
    at.ingest()
    assert at.reasons() == {}
    assert (at.column("lon"), at.column("lat")) == ([121.4737], [31.2304])


# Columns that are renamed, nested columns


def test_nested_columns_of_parquet_are_reached_by_their_path(made):
    at = made(key=["properties.id"], position={"lon": "a.b.lon", "lat": "a.b.lat"},
              source={"path": "places.parquet", "format": "parquet"})  # fmt: skip
    rows = [
        {"properties": {"id": i}, "a": {"b": {"lon": 121.4, "lat": 31.2}}} for i in range(3)
    ] + [{"properties": {"id": 3}, "a": None}, {"properties": None, "a": {"b": None}}]
    pq.write_table(pa.Table.from_pylist(rows), at.folder / "places.parquet")
    run = at.ingest().run
    assert (run.rows_in, run.rows_out) == (5, 3)
    assert at.reasons() == {4: "missing position", 5: "missing position"}


def test_columns_called_as_the_container_calls_its_own_go_in(made):
    names = ["_lon", "_lat", "_cell", "_time", "_key", "_reason", "_detail", "_repaired",
             "_original", "_first_reason", "order", "bucket", "content", "key", "winner", "cell",
             "object_id", "run_id", "source_row", "valid_to", "geometry", "dataset",
             "reason"]  # fmt: skip
    at = made(key=["id"])
    header = ",".join(["id", "lon", "lat", *names])
    values = ",".join(f"v{i}" for i in range(len(names)))
    at.write(f"{header}\n1,121.4,31.2,{values}\n1,121.4,31.2,{values}\n2,,,{values}\n")
    run = at.ingest().run
    assert run.reasons == {"repeated row": 1, "missing position": 1}
    row = at.rows().iloc[0]
    for i, name in enumerate(names):
        assert f"v{i}" in {row.get(name), row.get(f"source_{name}")}, name


# Encodings and wrong names


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("utf-16", points(3).encode("utf-16")),
        ("zip", b"PK\x03\x04\x14\x00" + b"\0" * 60),
        ("html", b"<html><table><tr><td>1</td></tr></table></html>"),
        ("nul", b"id,lon,lat\n" + b"\0" * 200),
        ("png", b"\x89PNG\r\n\x1a\n" + b"\0" * 60),
        ("parquet", b"PAR1" + b"\0" * 60),
        ("empty", b""),
        ("sqlite", b"SQLite format 3\0" + b"\0" * 60),
    ],
)
def test_files_that_are_something_else_are_named(made, name, data):
    at = made(key=["id"])
    at.write(data)
    try:
        result = at.ingest()
    except GridContainerError as error:
        said = str(error)
    else:
        assert (name, result.run.rows_out) == ("utf-16", 3)  # a right reading is right too
        return
    assert "places.csv" in said
    assert "\n" not in said


# Nothing sound


def command(at: Deliveries, *arguments: object):
    conf = at.folder / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "places.yaml").write_text(at.declaration().model_dump_json(exclude_defaults=True))
    city = at.folder / "city.yaml"
    city.write_text(at.city.model_dump_json())
    return run("ingest", *arguments, "--sources", at.folder, "--datasets", conf, "--city", city,
               "--container", at.folder / "container")  # fmt: skip


def test_a_delivery_of_which_all_is_quarantined_is_told_and_the_exit_code_is_not_0(made):
    at = made(key=["id"])
    at.write(points(3).replace("121.", "0."))
    for _ in range(2):
        result = command(at)
        assert result.exit_code == 1, result.output
        assert "all 3 records were quarantined" in " ".join(result.output.split())
    expected = made(key=["id"], may_be_empty=True)
    assert command(expected).exit_code == 0


def test_the_command_refuses_tells_the_count_and_takes_the_agreement_once(made):
    at = made(key=["id"], absent="delete")
    at.write(points(3))
    assert command(at).exit_code == 0
    at.write("id,lon,lat\n")
    before = at.state()
    for _ in range(2):
        refused = command(at)
        assert refused.exit_code == 1
        said = " ".join(refused.output.split())
        assert "3 of 3" in said
        assert "--accept-removal" in said
        assert at.state() == before
    assert command(at, "--accept-removal").exit_code == 2  # not for all datasets at once
    agreed = command(at, "places", "--accept-removal")
    assert "deleted" in agreed.output
    assert len(at.rows()) == 0


def test_what_a_run_deleted_and_what_its_source_no_longer_has_is_printed(made):
    at = made(key=["id"], absent="delete")
    at.write(points(30))
    command(at)
    at.write(points(28))
    said = command(at).output
    assert "no longer has" in said
    assert " 2 " in said
