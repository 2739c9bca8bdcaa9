"""The list of what goes wrong with a city's data, and what the container says of each.

A row that cannot go in has one reason; a file that cannot be read is one clear line; what can be
repaired is repaired, and said so.
"""

import gzip
import json
import os
import re

import pandas as pd
import pyarrow as pa
import pytest
import shapely
from judged import judge_rows, raw_rows, reasons_of

from gridcontainer.container.judge import reasons as check
from gridcontainer.container.sources import (
    find_files,
    read_batches,
    snapshot,
    source_columns,
    source_schema,
)
from gridcontainer.container.sources.snapshot import require_unchanged, take_snapshot
from gridcontainer.errors import DeclarationError, SourceError

HEAD = "id,source_lon,source_lat,day\n"
POSITION = {"lon": "source_lon", "lat": "source_lat"}  # as the container stores lon, lat
TIMED = {"kind": "events", "time": {"columns": ["day"], "format": "yyyy-MM-dd"}}


@pytest.fixture
def read(tmp_path):
    """Rows of the files that a declaration finds, as the readers give them."""

    def rows(declaration) -> pd.DataFrame:
        files = find_files(tmp_path, declaration)
        columns = source_columns(files, declaration)
        found = [
            row
            for path in files
            for batch in read_batches(path, path.name, columns, declaration)
            for row in batch.to_pylist()
        ]
        return pd.DataFrame(found, columns=source_schema(columns, declaration).names, dtype=object)

    return rows


@pytest.fixture
def judge(city, declare, read, tmp_path):
    """The reason of each row of ``places.csv``, in their order."""

    def reasons(content: str, **keys) -> list[str | None]:
        (tmp_path / "places.csv").write_text(content, encoding="utf-8")
        declaration = declare(**({"position": POSITION} | keys))
        rows = read(declaration)
        raw = raw_rows(list(rows.columns), list(rows.itertuples(index=False, name=None)))
        order = rows["_row"].argsort(kind="stable").to_numpy()
        names = {name: name for name in rows.columns if not name.startswith("_")}
        return reasons_of(judge_rows(raw.take(pa.array(order)), declaration, city, names))

    return reasons


# Rows

ROWS = {  # what is wrong: the row, its reason
    "nothing": ("a,121.47,31.23,2020-01-01", None),
    "a column is missing": ("b,121.47,31.23", check.BROKEN),
    "a column too many": ("c,121.47,31.23,2020-01-01,x", check.BROKEN),
    "no position": ("d,,31.23,2020-01-01", check.MISSING),
    "a dash": ("e,121.47,-,2020-01-01", check.MISSING),
    "a long dash": ("f,—,31.23,2020-01-01", check.MISSING),
    "text in numbers": ("g,约121,31.23,2020-01-01", check.NOT_A_NUMBER),
    "NaN": ("h,NaN,31.23,2020-01-01", check.NOT_A_NUMBER),
    "infinite": ("i,121.47,inf,2020-01-01", check.NOT_A_NUMBER),
    "a number too big": ("j,1e400,31.23,2020-01-01", check.NOT_A_NUMBER),
    "(0,0)": ("k,0,0,2020-01-01", check.ZERO),
    "longitude and latitude swapped": ("l,31.23,121.47,2020-01-01", check.SWAPPED),
    "pixels for degrees": ("m,812,455,2020-01-01", check.NOT_DEGREES),
    "metres for degrees": ("n,351000.5,3456000.5,2020-01-01", check.NOT_DEGREES),
    "outside the city": ("o,116.4,39.9,2020-01-01", check.OUTSIDE),
    "no time": ("p,121.47,31.23,", check.NO_TIME),
    "no such day": ("q,121.47,31.23,2020-02-30", check.NOT_A_TIME),
    "no key": (",121.47,31.23,2020-01-01", check.NO_KEY),
    "the same key": ("a,121.48,31.23,2020-01-01", check.REPEATED),
    "the same row": ("a,121.47,31.23,2020-01-01", check.REPEATED_ROW),
}


def test_each_row_has_its_reason(judge):
    content = HEAD + "\n".join(row for row, _ in ROWS.values())
    found = dict(zip(ROWS, judge(content, key=["id"], **TIMED), strict=True))
    assert found == {what: reason for what, (_, reason) in ROWS.items()}


def test_rows_outside_the_city_are_kept_where_that_is_declared(judge):
    rows = "a,116.4,39.9,\nb,31.23,121.47,\nc,812,455,\n"
    assert judge(HEAD + rows, outside_city="keep") == [None, check.SWAPPED, check.NOT_DEGREES]


def test_totals_among_the_parts_are_set_aside_as_declared(judge):
    rows = "合计,30\n东区,10\n西区,20\n,5\n"
    found = judge("name,people\n" + rows, kind="table", position=None, totals="`name` = '合计'")
    assert found == [check.TOTAL, None, None, None]  # a null name is no total


def test_totals_that_are_neither_true_nor_false_are_none(judge):
    assert judge("name\nx\n", kind="table", position=None, totals="name") == [None]
    assert judge("name\ntrue\n", kind="table", position=None, totals="name") == [check.TOTAL]


def test_totals_of_a_column_that_is_not_there_are_told(judge):
    told = r"^places: totals: 'nmae = 1': no column nmae; the nearest are name$"
    with pytest.raises(DeclarationError, match=told):
        judge("name\nx\n", kind="table", position=None, totals="nmae = 1")


def test_repeated_rows_without_a_key_stay_and_nulls_are_told_from_blanks(judge):
    rows = "a,121.47,31.23,\na,121.47,31.23,\n"
    assert judge(HEAD + rows) == [None, None]
    (first, again) = judge("id,x,y\na,,1\na,1,\n", kind="table", position=None, key=["id"])
    assert (first, again) == (None, check.REPEATED)


# Shapes

CLOSED = "POLYGON ((121 31, 121.2 31, 121.2 31.1, 121 31))"
OPEN = "POLYGON ((121 31, 121.2 31, 121.2 31.1))"
BOW = "POLYGON ((121 31, 121.2 31.2, 121.2 31, 121 31.2, 121 31))"


def as_geojson(wkt: str) -> str:
    pairs = [[float(x) for x in pair.split()] for pair in re.findall(r"[\d.]+ [\d.]+", wkt)]
    return json.dumps({"type": "Polygon", "coordinates": [pairs]})


@pytest.mark.parametrize("form", ["wkt", "geojson"])
def test_open_and_crossing_polygons_are_repaired_and_that_is_said(tmp_path, declare, read, form):
    texts = [t if form == "wkt" else as_geojson(t) for t in (CLOSED, OPEN, BOW, "POLYGON ((1 1))")]
    pd.DataFrame({"shape": texts}).to_csv(tmp_path / "places.csv", index=False)
    position = {"geometry": "shape", "geometry_format": form}
    rows = read(declare(kind="polygons", position=position))
    closed, opened, bow, none = rows.to_dict("records")
    assert (closed["_repair"], closed["_fault"]) == (None, None)
    assert opened["_repair"] == "ring closed"
    assert shapely.from_wkb(opened["_geometry"]).equals(shapely.from_wkt(CLOSED))
    assert bow["_repair"] == "self-crossing polygon repaired (Self-intersection[121.1 31.1])"
    assert shapely.from_wkb(bow["_geometry"]).area == pytest.approx(0.02)  # two triangles
    assert none["_fault"].startswith("shape cannot be read: ")
    assert none["_geometry"] is None
    assert rows["shape"].tolist() == texts  # as they came


# Files: what is wrong, the file, how it is declared, what is said

PARQUET = pd.DataFrame({"lon": [121.5] * 500, "lat": [31.2] * 500})
FILES = {
    "missing": (None, {}, r"places: no file .*places\.csv"),
    "empty": (b"", {}, r"places\.csv is empty"),
    "another encoding": ("lon,lat,名\n1,2,名\n".encode("gbk"), {}, r"Set source\.encoding \(gb18"),
    "a quote never closed": (b'lon,lat\n1,"2\n' + b"3,4\n" * 9, {}, "a quote is not closed"),
    "another separator": (b"lon;lat\n1;2\n", {}, r"no column lat, lon .*Is source\.separator"),
    "a missing column": (b"lon,name\n1,2\n", {}, "no column lat in .*there are lon, name"),
    "truncated gzip": (gzip.compress(b"lon,lat\n" + b"1,2\n" * 99)[:30], {"path": "places.csv.gz"},
                       "Is it whole"),
    "truncated Parquet": (PARQUET.to_parquet()[:300], {"format": "parquet"}, "Is it whole"),
    "truncated JSON": (b'[{"lon": 1, "la', {"format": "json"}, "line 1, column 13.*cut short"),
    "JSON nested too deeply": (b"[" * 99_999, {"format": "json"}, "nested too deeply"),
    "Excel that is none": (b"lon,lat\n", {"format": "excel"}, "is no Excel workbook"),
    "a damaged workbook": (b"PK\x03\x04" + b"\0" * 99, {"format": "excel"}, "is no Excel workbook"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "keys", "said"), FILES.values(), ids=FILES)
def test_each_file_is_told_in_one_line(tmp_path, declare, read, content, keys, said):
    declaration = declare(**keys)
    if content is not None:
        (tmp_path / declaration.source.path).write_bytes(content)
    with pytest.raises(SourceError, match=said) as caught:
        read(declaration)
    assert "\n" not in str(caught.value)
    assert "places" in str(caught.value)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_of_several_that_lacks_a_column_is_told_in_each_row(tmp_path, declare, read, form):
    whole = pd.DataFrame({"lon": ["121.5"], "lat": ["31.2"], "extra": ["x"]})
    for name, frame in (("a", whole), ("b", whole[["lon"]]), ("c", whole[["lon", "lat"]])):
        path = tmp_path / f"{name}.{form}"
        frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    rows = read(declare(f"*.{form}", format=form))
    assert rows["_fault"].tolist() == [None, "its file has no column lat", None]
    assert rows["lon"].tolist() == ["121.5"] * 3  # nothing is lost
    assert rows["extra"].tolist() == ["x", None, None]  # a column more, or less, is no fault


@pytest.mark.parametrize("change", ["longer", "same size", "touched", "gone"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, change):
    path = tmp_path / "places.csv"
    path.write_bytes(b"lon,lat\n1,2\n")
    before = take_snapshot([path])
    require_unchanged(before)
    if change == "longer":
        path.write_bytes(b"lon,lat\n1,2\n3,4\n")
    elif change == "same size":
        path.write_bytes(b"lon,lat\n1,3\n")
        os.utime(path, ns=(before[0].modified, before[0].modified))  # as a careless copy leaves it
    elif change == "touched":
        os.utime(path, ns=(before[0].modified + 1, before[0].modified + 1))
    else:
        path.unlink()
    with pytest.raises(SourceError, match=r"places\.csv changed while it was read.*run again"):
        require_unchanged(before)


def test_readers_notice_it_themselves(tmp_path, declare):
    path = tmp_path / "places.csv"
    path.write_bytes(b"lon,lat\n1,2\n")
    batches = read_batches(path, "places.csv", ["lon", "lat"], declare())
    next(batches)
    path.write_bytes(b"lon,lat\n1,2\n3,4\n")
    with pytest.raises(SourceError, match="changed while it was read"):
        list(batches)


def test_a_big_file_is_known_by_size_and_time_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "_DIGESTED_BYTES", 3)
    path = tmp_path / "places.csv"
    path.write_bytes(b"lon,lat\n")
    (state,) = take_snapshot([path])
    assert state.digest is None
    require_unchanged([state])
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        take_snapshot([tmp_path / "gone.csv"])
