"""Readers of source files, without Spark: nothing lost, nothing judged, faults with their row."""

import csv
import gzip
import io
import json

import pytest
import shapely
from hypothesis import given, strategies as st

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources import (
    find_files,
    read_batches,
    source_columns,
    source_schema,
)
from gridcontainer.container.sources.records import distinct
from gridcontainer.container.sources.text import blocks
from gridcontainer.errors import DeclarationError, SourceError

OWN = ("_file", "_row", "_fault", "_text", "_repair", "_geometry")


@pytest.fixture
def read(tmp_path, declare):
    """Write bytes, read them as declared: rows in order of ``_row``, own columns only if set."""

    def write_and_read(content: bytes, path: str = "places.csv", **keys) -> list[dict]:
        (tmp_path / path).write_bytes(content)
        declaration = declare(path, **keys)
        files = find_files(tmp_path, declaration)
        columns = source_columns(files, declaration)
        schema = source_schema(columns, declaration)
        rows = []
        for batch in read_batches(files[0], path, columns, declaration):
            assert batch.schema == schema
            rows += batch.to_pylist()
        assert all(row.pop("_file") == path for row in rows)
        rows.sort(key=lambda row: row["_row"])
        return [
            {name: value for name, value in row.items() if name not in OWN or value is not None}
            for row in rows
        ]

    return write_and_read


def as_rows(content: str, *names: str) -> list[dict]:
    """What Python's own reader makes of a text of sound rows."""
    lines = csv.reader(io.StringIO(content, newline=""))
    return [
        {"_row": number} | {n: cell or None for n, cell in zip(names, line, strict=True)}
        for number, line in enumerate(lines, start=1)
    ]


# Delimited text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "big5"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_text_is_read_in_any_encoding(read, encoding, line_end, packed):
    text = line_end.join(["地名,lon,lat", "上海,121.47,31.23", '"徐匯, 南",121.43,31.18', ""])
    content = text.encode(encoding)
    path = "places.csv.gz" if packed else "places.csv"
    rows = read(gzip.compress(content) if packed else content, path, encoding=encoding)
    assert rows == [
        {"_row": 1, "地名": "上海", "lon": "121.47", "lat": "31.23"},
        {"_row": 2, "地名": "徐匯, 南", "lon": "121.43", "lat": "31.18"},
    ]


def test_gb18030_holds_what_gbk_does_not(read):
    text = "name,lon,lat\n\u3447\u20087\U0002000b,1,2\n"
    assert read(text.encode("gb18030"), encoding="gb18030")[0]["name"] == text[13:17]
    with pytest.raises(SourceError, match=r"gbk.*Set source\.encoding \(gb18030"):
        read(text.encode("gb18030"), encoding="gbk")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
@pytest.mark.parametrize("header", ["id,lon,lat\n", '"id","lon","lat"\n', ""])
def test_a_byte_order_mark_is_no_part_of_the_first_cell(read, encoding, header):
    content = ("\ufeff" + header + "a,1,2\n").encode(encoding)
    keys = {} if header else {"header": False, "columns": ["id", "lon", "lat"]}
    rows = read(content, encoding=encoding, **keys)
    assert rows == [{"_row": 1, "id": "a", "lon": "1", "lat": "2"}]


@pytest.mark.parametrize("separator", ["\t", ";", "|", "\x01"])
def test_other_separators(read, separator):
    text = "id,lon,lat\n1,2,3\n4,5,6\n".replace(",", separator)
    rows = read(text.encode(), separator=separator)
    assert rows == [
        {"_row": 1, "id": "1", "lon": "2", "lat": "3"},
        {"_row": 2, "id": "4", "lon": "5", "lat": "6"},
    ]


def test_a_line_end_in_quotes_stays_in_its_cell(read):
    rows = read(b'id,lon,lat\r\n"a\r\nb",1,2\r\n"c\nd",3,4\r\n"say ""e""",5,6\r\n')
    assert [row["id"] for row in rows] == ["a\r\nb", "c\nd", 'say "e"']
    assert [row["_row"] for row in rows] == [1, 2, 3]


def test_quotes_may_be_plain_characters(read):
    rows = read(b'id,lon,lat\n"a,1,2\nb",3,4\n', quote=None)
    assert [row["id"] for row in rows] == ['"a', 'b"']


def test_texts_stay_as_they_are_written_and_empty_ones_are_null(read):
    rows = read(b'id,lon,lat\n 007 ,1.500,+2e1\nNA,null,\n"",,-\n')
    assert rows == [
        {"_row": 1, "id": " 007 ", "lon": "1.500", "lat": "+2e1"},
        {"_row": 2, "id": "NA", "lon": "null", "lat": None},
        {"_row": 3, "id": None, "lon": None, "lat": "-"},
    ]


@pytest.mark.parametrize("block", [64, 8 << 20], ids=["many blocks", "one block"])
def test_rows_with_other_columns_are_faults_with_their_number_and_text(read, monkeypatch, block):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    monkeypatch.setattr(blocks, "HEAD_BYTES", block)
    lines = [
        f"{n},1" if n % 5 == 0 else f"{n},1,2,3" if n % 7 == 0 else f"{n},1,2"
        for n in range(1, 101)
    ]
    rows = read(("id,lon,lat\n" + "\n".join(lines)).encode())
    assert [row["_row"] for row in rows] == list(range(1, 101))
    for row, line in zip(rows, lines, strict=True):
        count = line.count(",") + 1
        if count == 3:
            assert row == {"_row": row["_row"], "id": str(row["_row"]), "lon": "1", "lat": "2"}
        else:
            assert row["_fault"] == f"{count} columns, not 3"
            assert row["_text"] == line
            assert row["id"] is None


def test_only_faults(read):
    assert [row["_text"] for row in read(b"id,lon,lat\n1\n2\n")] == ["1", "2"]


@pytest.mark.parametrize("header", [True, False])
def test_lines_above_the_names_are_skipped_and_do_not_count(read, header):
    names = b"id,lon,lat\n" if header else b""
    columns = {} if header else {"header": False, "columns": ["id", "lon", "lat"]}
    content = b"A title, and more, of it, all\nof the city\n" + names + b"1,121,31\n2,122\n"
    good, bad = read(content, skip_rows=2, **columns)
    assert good == {"_row": 1, "id": "1", "lon": "121", "lat": "31"}
    assert (bad["_row"], bad["_fault"]) == (2, "2 columns, not 3")


def test_blank_lines_are_no_rows_and_do_not_count(read):
    rows = read(b"id,lon,lat\n\n1,2,3\n\n\n4\n\n5,6,7\n\n")
    assert [(row["_row"], row["id"], row.get("_text")) for row in rows] == [
        (1, "1", None),
        (2, None, "4"),
        (3, "5", None),
    ]


def test_a_header_alone_has_no_rows(read):
    assert read(b"id,lon,lat\n") == []


@pytest.mark.parametrize("content", [b"", b"\n\nlon,lat\n", "\ufeff".encode(), b" , \n"])
def test_an_empty_file_is_told(read, content):
    with pytest.raises(SourceError, match=r"places\.csv is empty or .* the names of the col"):
        read(content)


def test_an_empty_file_without_a_header_has_no_rows(read):
    assert read(b"", header=False, columns=["lon", "lat"]) == []


def test_without_a_header_the_first_line_is_a_row(read):
    rows = read(b"a,1,2\nb,3\n", header=False, columns=["id", "lon", "lat"])
    assert rows[0] == {"_row": 1, "id": "a", "lon": "1", "lat": "2"}
    assert (rows[1]["_row"], rows[1]["_text"]) == (2, "b,3")


def test_columns_of_one_name_all_stay(read):
    (row,) = read(b"a,a,lon,lat,a_2,a,\n1,2,3,4,5,6,7\n")
    values = {"a": "1", "a_3": "2", "lon": "3", "lat": "4", "a_2": "5", "a_4": "6", "": "7"}
    assert row == {"_row": 1} | values


@given(st.lists(st.sampled_from(["a", "b", "a_2", "a_3", "a_2_2", ""]), max_size=8))
def test_distinct_names_are_distinct_and_unique_ones_stay(names):
    result = distinct(names)
    assert len(set(result)) == len(names) == len(result)
    assert all(new.startswith(old) for old, new in zip(names, result, strict=True))
    for name in set(names):
        assert result[names.index(name)] == name  # the first of a name keeps it


@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
                 min_size=3, max_size=3),
        max_size=20,
    )
)  # fmt: skip
def test_whatever_is_written_is_read(tmp_path_factory, declare_once, rows):
    path = tmp_path_factory.mktemp("any") / "places.csv"
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    path.write_bytes(buffer.getvalue().encode())
    columns = source_columns([path], declare_once)
    found = [row for b in read_batches(path, "p", columns, declare_once) for row in b.to_pylist()]
    got = [[row[name] or "" for name in ("id", "lon", "lat")] for row in found]
    assert got == rows
    assert [row["_row"] for row in found] == list(range(1, len(rows) + 1))


@pytest.fixture(scope="module")
def declare_once():
    return Declaration.model_validate(
        {
            "dataset": "places",
            "department": "planning",
            "title": "",
            "kind": "points",
            "source": {
                "path": "p",
                "format": "csv",
                "header": False,
                "columns": ["id", "lon", "lat"],
            },
            "position": {"lon": "lon", "lat": "lat"},
        }
    )


def test_another_encoding_is_told_with_the_remedy(read):
    content = "id,lon,lat\n上海,1,2\n".encode("gb18030")
    with pytest.raises(
        SourceError, match=r"places\.csv cannot be read as utf-8 .*\(gb18030"
    ) as caught:
        read(content)
    assert "\n" not in str(caught.value)
    with pytest.raises(SourceError, match="cannot be read as utf-8"):  # in the header already
        read("编号,lon,lat\n1,1,2\n".encode("gb18030"))


def test_a_missing_column_is_told_with_those_that_are_there(read):
    with pytest.raises(
        SourceError, match=r"no column lat, lon in .*; there are a;b\. Is source\.sep"
    ):
        read(b"a;b\n1;2\n")
    with pytest.raises(SourceError, match=r"no column naem in .*there are lon, lat, name"):
        read(b"lon,lat,name\n1,2,3\n", label="naem")
    with pytest.raises(SourceError, match=r"no column id in "):
        read(b"lon,lat,name\n1,2,3\n", key=["id"])
    with pytest.raises(SourceError, match=r"no column phone in "):
        read(b"lon,lat,name\n1,2,3\n", sensitivity={"phone": "confidential"})
    described = {
        "units": {"price": "CNY"},
        "mend": [{"reason": "zero position", "set": {"x": "`y`"}}],
        "relations": [{"columns": ["street"], "dataset": "streets", "to": ["id"]}],
    }
    with pytest.raises(SourceError, match="no column price, street, x in "):
        read(b"lon,lat,name\n1,2,3\n", **described)
    with pytest.raises(DeclarationError, match=r"totals: '`nome` = 1': no column nome; .* name"):
        read(b"lon,lat,name\n1,2,3\n", totals="`nome` = 1")


def test_a_column_with_a_name_of_the_readers_own_is_told(read):
    with pytest.raises(
        SourceError, match=r"_row in places\.csv is a name that the readers .* rename"
    ):
        read(b"lon,lat,_row\n1,2,3\n")


def test_a_missing_file_is_told_with_what_lies_there(tmp_path, declare):
    (tmp_path / "plaices.csv").write_bytes(b"")
    with pytest.raises(SourceError, match=r"places: no file .*/places\.csv; .* holds plaices\.csv"):
        find_files(tmp_path, declare())
    with pytest.raises(SourceError, match=r"there is no folder .*/traffic"):
        find_files(tmp_path, declare("traffic/*.csv"))


def test_a_glob_finds_its_files_in_order_and_columns_are_those_of_all(tmp_path, declare):
    (tmp_path / "b.csv").write_bytes(b"lon,lat,more\n1,2,3\n")
    (tmp_path / "a.csv").write_bytes(b"lat,lon\n4,5\n")
    declaration = declare("*.csv")
    files = find_files(tmp_path, declaration)
    assert [path.name for path in files] == ["a.csv", "b.csv"]
    columns = source_columns(files, declaration)
    assert columns == ["lat", "lon", "more"]
    (batch,) = read_batches(files[0], "a.csv", columns, declaration)
    (row,) = batch.to_pylist()
    assert (row["lat"], row["lon"], row["more"], row["_file"]) == ("4", "5", None, "a.csv")


@pytest.mark.parametrize("path", ["places.csv.gz", "places.json.gz"])
@pytest.mark.parametrize("cut", [30, 5, 0])
def test_gzip_that_is_cut_short_or_none_is_told(read, path, cut):
    kind = "json" if "json" in path else "csv"
    row = b'{"lon": 1, "lat": 2},' if kind == "json" else b"1,2\n"
    whole = gzip.compress(b"lon,lat\n" + row * 1000)
    with pytest.raises(SourceError, match=rf"{path} cannot be read: .*Fetch it again"):
        read(whole[:cut] or b"this is no gzip", path, format=kind)


def test_a_folder_of_the_right_name_is_no_file(tmp_path, declare):
    (tmp_path / "places.csv").mkdir()
    with pytest.raises(SourceError, match="no file"):
        find_files(tmp_path, declare())


# JSON


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_json_records_and_what_is_inside_them(read):
    records = [
        {"lon": 121.47, "lat": "31.23", "name": "上海", "tel": None, "at": {"road": "a", "no": 7}},
        {"lon": -1, "lat": True, "tags": ["a", "b"], "at": {}},
    ]
    assert read(as_json(records), format="json") == [
        {"_row": 1, "lon": "121.47", "lat": "31.23", "name": "上海", "tel": None, "tags": None,
         "at.road": "a", "at.no": "7", "at": None},
        {"_row": 2, "lon": "-1", "lat": "true", "name": None, "tel": None, "tags": '["a", "b"]',
         "at.road": None, "at.no": None, "at": "{}"},
    ]  # fmt: skip


def test_json_that_is_no_record_is_a_fault_with_its_text(read):
    rows = read(as_json([{"lon": 1, "lat": 2}, 5, [1], None, "a"]), format="json")
    assert [(row["_row"], row.get("_fault"), row.get("_text")) for row in rows] == [
        (1, None, None),
        (2, "not an object", "5"),
        (3, "not an object", "[1]"),
        (4, "not an object", None),
        (5, "not an object", "a"),
    ]


LINES = {
    "city": "海",
    "lines": [
        {"name": "1", "colour": {"rgb": 255}, "stops": [{"name": "a", "lon": 1, "lat": 2}]},
        None,
        {"name": "2", "stops": [{"lon": 3, "lat": 4}, {"name": "c", "lon": 5, "lat": 6}]},
        {"name": "3", "stops": None},
    ],
}


def test_records_inside_records_come_with_the_plain_fields_above_them(read):
    rows = read(as_json(LINES), format="json", records="lines[].stops[]")
    got = [
        (r["_row"], r["outer.city"], r["outer.lines.name"], r["name"], r["lon"], r["lat"])
        for r in rows
    ]
    assert got == [
        (1, "海", "1", "a", "1", "2"),
        (2, "海", "2", None, "3", "4"),
        (3, "海", "2", "c", "5", "6"),
    ]
    assert "outer.lines.colour.rgb" not in rows[0]  # an object beside the way is no plain field


def test_lists_without_names_are_opened_one_by_one_and_null_is_none(read):
    value = [None, [{"name": "1", "stops": [{"id": 1, "lon": 1, "lat": 2}]}], [], None]
    rows = read(as_json(value), format="json", records="[].[].stops[]")
    assert rows == [{"_row": 1, "outer.name": "1", "id": "1", "lon": "1", "lat": "2"}]


def test_members_of_an_object_are_records_with_their_names(read):
    value = {"南京路1号": {"lon": "1", "lat": "2"}, "外滩": {"lon": "3", "lat": "4"}, "空": {}}
    rows = read(as_json(value), format="json", records="{address}", key=["address"])
    assert [(r["_row"], r["address"], r["lon"], r["lat"]) for r in rows] == [
        (1, "南京路1号", "1", "2"),
        (2, "外滩", "3", "4"),
        (3, "空", None, None),
    ]


def test_members_may_stand_on_the_way(read):
    value = {"data": {"浦东": {"head": "x", "at": [{"lon": 1, "lat": 2}]}, "徐汇": {"at": []}}}
    rows = read(as_json(value), format="json", records="data.{district}.at[]")
    wanted = {"outer.data.district": "浦东", "outer.data.head": "x", "lon": "1", "lat": "2"}
    assert rows == [{"_row": 1} | wanted]


def test_members_of_one_name_all_stay(read):
    content = b'{"a": {"lon": 1, "lat": 2, "lat": 3}, "b": {"lon": 4, "lat": 5}, "a": {"lon": 6}}'
    rows = read(content, format="json", records="{id}")
    assert [(r["id"], r["lon"], r["lat"], r["lat_2"]) for r in rows] == [
        ("a", "1", "2", "3"),
        ("b", "4", "5", None),
        ("a_2", "6", None, None),
    ]


def test_plain_values_are_records_with_one_value(read):
    value = {"days": [{"day": "1", "places": ["a", "b"]}]}
    position = {"lon": "value", "lat": "outer.days.day"}
    rows = read(as_json(value), format="json", records="days[].places[]", position=position)
    assert [(r["value"], r["outer.days.day"]) for r in rows] == [("a", "1"), ("b", "1")]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ("routes[]", "has no 'routes' where source.records leads"),
        ("lines[].halts[]", "has no 'halts' where source.records leads"),
        ("city[]", r"has no list where source\.records says \[\]"),
        ("lines.{name}", r"has no object where source\.records says \{name\}"),
        ("[]", r"has no list where source\.records says \[\]"),
    ],
)
def test_records_that_lead_nowhere_are_told(read, records, said):
    with pytest.raises(SourceError, match=said):
        read(as_json(LINES), format="json", records=records)


@pytest.mark.parametrize("path", ["places.json", "places.json.gz"])
def test_json_that_is_cut_short_is_told_with_its_place(read, path):
    cut = b'[{"lon": 1,\n "lat": 2},\n {"lon": 3, "la'
    content = gzip.compress(cut) if path.endswith("gz") else cut
    with pytest.raises(SourceError, match=rf"{path} is not JSON from line 3, column 13.*cut short"):
        read(content, path, format="json")


@pytest.mark.parametrize("kind", ["json", "jsonlines", "geojson"])
def test_json_in_another_encoding_is_told(read, kind):
    with pytest.raises(SourceError, match=r"is not utf-8: .* at byte \d+\. Set source\.encoding"):
        read('[{"lon": 1, "name": "上海"}]'.encode("gbk"), format=kind)


def test_json_may_be_gbk_and_have_a_byte_order_mark(read):
    text = '[{"lon": 1, "lat": 2, "name": "上海"}]'
    assert read(text.encode("gbk"), format="json", encoding="gbk")[0]["name"] == "上海"
    assert read(("\ufeff" + text).encode(), format="json")[0]["name"] == "上海"


@pytest.mark.parametrize(("kind", "content"), [("json", b"[]"), ("jsonlines", b"\n\n")])
def test_no_records_is_told(read, kind, content):
    with pytest.raises(SourceError, match=r"places\.csv holds no records"):
        read(content, format=kind)


def test_json_lines_and_a_bad_one(read):
    lines = [
        '{"lon": 1, "lat": 2, "t": "a\u2028b"}',
        "",
        '{"lon": 3, "la',
        "[4]",
        '{"lat": {"d": 5}}',
    ]
    rows = read("\r\n".join(lines).encode(), format="jsonlines")
    assert rows[0] == {"_row": 1, "lon": "1", "lat": "2", "t": "a\u2028b", "lat.d": None}
    assert rows[1]["_row"] == 2
    assert rows[1]["_fault"].startswith("not JSON: Unterminated string")
    assert rows[1]["_text"] == '{"lon": 3, "la'
    assert rows[2]["_fault"] == "not an object"
    assert rows[3]["lat.d"] == "5"


# Shapes

SHAPE = {"geometry": "geometry"}


def collection(*geometries: object) -> bytes:
    features = [
        {
            "type": "Feature",
            "id": number,
            "properties": {"name": f"n{number}"},
            "geometry": geometry,
        }
        for number, geometry in enumerate(geometries)
    ]
    return as_json({"type": "FeatureCollection", "features": features})


def polygon(*ring: tuple[float, float]) -> dict:
    return {"type": "Polygon", "coordinates": [list(ring)]}


def test_geojson_features_with_their_properties(read):
    point = {"type": "Point", "coordinates": [121.5, 31.25, 7.0]}
    first, second = read(collection(point, None), format="geojson", position=SHAPE)
    assert (first["_row"], first["id"], first["name"]) == (1, "0", "n0")
    assert shapely.from_wkb(first["_geometry"]) == shapely.Point(121.5, 31.25)
    assert json.loads(first["geometry"]) == point  # as it came
    assert second["geometry"] is None
    assert "_geometry" not in second
    assert "_fault" not in second  # to have no shape is no fault of the row


def test_a_polygon_that_crosses_itself_is_repaired(read):
    bow = polygon((0, 0), (2, 2), (2, 0), (0, 2), (0, 0))
    (row,) = read(collection(bow), format="geojson", position=SHAPE)
    shape = shapely.from_wkb(row["_geometry"])
    assert shape.is_valid
    assert shape.area == pytest.approx(2.0)
    assert shape.covers(shapely.Point(0.2, 1.0))
    assert not shape.covers(shapely.Point(1.0, 0.2))


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Blob", "coordinates": []},
        {"type": None, "coordinates": [1, 2]},
        {"coordinates": [1, 2]},
        {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Point"},
        {"type": "Point", "coordinates": [float("nan"), 1.0]},
        polygon((0, 0), (1, 1)),
        {"type": "Polygon", "coordinates": 5},
        7,
        "POINT (1 2)",
        [1, 2],
    ],
)
def test_what_is_no_shape_is_a_fault_of_its_row(read, geometry):
    good = {"type": "Point", "coordinates": [1, 2]}
    bad, sound = read(collection(geometry, good), format="geojson", position=SHAPE)
    assert bad["_fault"].startswith("shape cannot be read: ")
    assert bad["name"] == "n0"
    assert "_geometry" not in bad
    assert "_fault" not in sound


@pytest.mark.parametrize(
    "geometry",
    [{"type": "Point", "coordinates": []}, {"type": "GeometryCollection", "geometries": []}],
)
def test_an_empty_shape_is_none(read, geometry):
    (row,) = read(collection(geometry), format="geojson", position=SHAPE)
    assert "_geometry" not in row
    assert "_fault" not in row


def test_features_that_are_none_or_have_odd_properties(read):
    features = [7, {"type": "Feature", "properties": [1], "geometry": None}, {"geometry": None}]
    content = as_json({"type": "FeatureCollection", "features": features})
    rows = read(content, format="geojson", position=SHAPE)
    assert (rows[0]["_fault"], rows[0]["_text"]) == ("not a feature", "7")
    assert rows[1]["properties"] == "[1]"
    assert rows[2]["properties"] is None


@pytest.mark.parametrize("content", [b"[]", b'{"type": "Feature"}', b'{"features": 5}'])
def test_no_feature_collection_is_told(read, content):
    with pytest.raises(SourceError, match="is no GeoJSON FeatureCollection"):
        read(content, format="geojson", position=SHAPE)


SQUARE = [[31.0, 121.0], [31.0, 121.2], [31.1, 121.2], [31.1, 121.0]]
HOLE = [[31.04, 121.04], [31.04, 121.06], [31.06, 121.06], [31.06, 121.04]]
ISLAND = [[31.048, 121.048], [31.048, 121.052], [31.052, 121.052], [31.052, 121.048]]
RINGS = {"geometry": "rings", "geometry_format": "rings"}


@pytest.mark.parametrize("axis_order", ["lat_lon", "lon_lat"])
def test_rings_in_either_order_of_axes(read, axis_order):
    ring = SQUARE if axis_order == "lat_lon" else [pair[::-1] for pair in SQUARE]
    position = RINGS | {"axis_order": axis_order}
    (row,) = read(as_json([{"rings": [ring]}]), format="json", position=position)
    assert shapely.from_wkb(row["_geometry"]).equals(shapely.box(121.0, 31.0, 121.2, 31.1))


def test_a_ring_in_a_ring_is_a_hole_and_one_in_the_hole_an_island(read):
    position = RINGS | {"axis_order": "lat_lon"}
    far = [[lat + 1, lon] for lat, lon in SQUARE]
    content = as_json([{"rings": [ISLAND, SQUARE, far, HOLE]}])
    (row,) = read(content, format="json", position=position)
    shape = shapely.from_wkb(row["_geometry"])
    assert shape.area == pytest.approx(0.02 - 0.0004 + 0.000016 + 0.02)
    assert shape.covers(shapely.Point(121.05, 31.05))
    assert not shape.covers(shapely.Point(121.045, 31.05))
    assert shape.covers(shapely.Point(121.1, 32.05))


@pytest.mark.parametrize("rings", [5, [5], [[[31.0]]], "x", [[[31.0, "a"], [1, 2], [3, 4]]]])
def test_bad_rings_are_faults(read, rings):
    (row,) = read(as_json([{"rings": rings}]), format="json", position=RINGS)
    assert row["_fault"].startswith("shape cannot be read: ")


def test_wkt_and_hexadecimal_wkb_in_a_column(read):
    shape = shapely.box(121.0, 31.0, 121.2, 31.1)
    for kind, text in (("wkt", shape.wkt), ("wkb", shapely.to_wkb(shape, hex=True))):
        position = {"geometry": "shape", "geometry_format": kind}
        rows = read(f'shape\n"{text}"\nPOLYGON((\n'.encode(), position=position)
        assert shapely.from_wkb(rows[0]["_geometry"]).equals(shape)
        assert rows[1]["_fault"].startswith("shape cannot be read: ")


def test_shapes_are_converted_to_wgs84(read):
    shape = polygon((121.0, 31.0), (121.2, 31.0), (121.2, 31.1), (121.0, 31.0))
    (row,) = read(collection(shape), format="geojson", position=SHAPE, datum="GCJ02")
    west, south, _, _ = shapely.from_wkb(row["_geometry"]).bounds
    assert west == pytest.approx(121.0 - 0.0045, abs=5e-4)
    assert south == pytest.approx(31.0 + 0.0020, abs=5e-4)


@pytest.mark.parametrize("order", ["lon_lat", "lat_lon"])
def test_paths_are_lines_in_either_order(read, order):
    lines = [[[121.0, 31.0], [121.1, 31.0]], [[121.2, 31.2], [121.2, 31.3]]]
    written = [[pair[::-1] for pair in line] for line in lines] if order == "lat_lon" else lines
    position = {"geometry": "value", "geometry_format": "paths", "axis_order": order}
    content = json.dumps({"inner": written, "outer": [[[1.0, 2.0]]]}).encode()
    good, bad = read(content, "r.json", format="json", kind="lines", records="{road}",
                     position=position)  # fmt: skip
    assert good["road"] == "inner"
    assert shapely.from_wkb(good["_geometry"]).equals(shapely.MultiLineString(lines))
    assert bad["_fault"].startswith("shape cannot be read")
