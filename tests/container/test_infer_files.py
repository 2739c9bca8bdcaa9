"""Files of every kind, under any name: drafted so that an ingest reads them, or named."""

import gzip
import io
import json
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from drafted import CITY, draft_and_ingest, draft_of, ingest_by
from hypothesis import HealthCheck, given, settings, strategies as st

from gridcontainer.cli.main import cli
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.inference import (
    Places,
    References,
    infer_declaration,
    normalise_name,
)
from gridcontainer.errors import GridContainerError, SourceError
from gridcontainer.grid.datum import from_wgs84

RNG = np.random.default_rng(5)
COUNT = 20
LON, LAT = RNG.uniform(121.2, 121.6, COUNT), RNG.uniform(31.0, 31.4, COUNT)
NAMES = [f"第{n}小区" for n in range(COUNT)]
CONF = Path(__file__).parents[2] / "conf"


def layer(crs: str | None = "EPSG:4326", *, boxes: bool = False) -> Any:
    frame = gpd.GeoDataFrame(
        {"code": range(COUNT), "name": NAMES},
        geometry=gpd.points_from_xy(LON, LAT),
        crs="EPSG:4326",
    )
    if boxes:
        frame = frame.set_geometry(frame.buffer(0.001, cap_style="square"))
    return frame.to_crs(crs) if crs else frame.set_crs(None, allow_override=True)


def check(found: Any, tolerance: float = 1e-6) -> None:
    assert found.rows["lon"].to_numpy() == pytest.approx(LON, abs=tolerance)
    assert found.rows["lat"].to_numpy() == pytest.approx(LAT, abs=tolerance)


DRIVERS = {
    "rows.gpkg": "GPKG", "rows.shp": "ESRI Shapefile", "rows.fgb": "FlatGeobuf",
    "rows.geojson": "GeoJSON", "rows.tab": "MapInfo File", "rows.gml": "GML",
}  # fmt: skip


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:4549", "EPSG:3857", "EPSG:32651"])
@pytest.mark.parametrize("name", DRIVERS)
def test_a_vector_file_says_its_crs(tmp_path: Path, name: str, crs: str) -> None:
    layer(crs).to_file(tmp_path / name, driver=DRIVERS[name])
    found = draft_and_ingest(tmp_path / name)
    # FlatGeobuf orders its features by place.
    ordered = found.rows.sort_values("code", key=lambda codes: codes.astype(int))
    check(replace(found, rows=ordered))
    known = {"EPSG:4326": "WGS84", "EPSG:4490": "CGCS2000"}
    wanted = "WGS84" if (name, crs) == ("rows.tab", "EPSG:4490") else known.get(crs, crs)
    if "datum" not in found.draft.content:  # MapInfo writes CGCS2000 without a code
        assert "the file's holds" in found.warned
        return
    assert found.draft.content["datum"] == wanted
    says_so = "datum: " + wanted + " # the file says so" in found.draft.yaml
    assert says_so or (name.endswith("geojson") and crs == "EPSG:4326")


@pytest.mark.parametrize(
    ("name", "driver"),
    [("rows.kml", "KML"), ("rows.geojsonl", "GeoJSONSeq"), ("rows.json", "GeoJSONSeq")],
)
def test_other_vector_files(tmp_path: Path, name: str, driver: str) -> None:
    layer().to_file(tmp_path / name, driver=driver)
    check(draft_and_ingest(tmp_path / name))


def test_a_file_that_says_no_crs_is_undecided(tmp_path: Path) -> None:
    layer(None).to_file(tmp_path / "rows.shp")
    found = draft_and_ingest(tmp_path / "rows.shp")
    check(found)
    assert "the datum is undecided" in found.warned


def test_all_layers_are_named_and_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "rows.gpkg"
    layer().head(3).to_file(path, layer="few", driver="GPKG")
    layer("EPSG:4549", boxes=True).to_file(path, layer="many", driver="GPKG")
    pd_only = layer().drop(columns="geometry")
    gpd.GeoDataFrame(pd_only).to_file(path, layer="words", driver="GPKG")
    found = draft_and_ingest(path)
    assert found.declaration.source.layer == "many"
    assert (found.declaration.kind, found.declaration.datum) == ("polygons", "EPSG:4549")
    assert len(found.rows) == COUNT
    told = "few (3 features), many (20 features), words (20 features, no shapes)"
    assert told in found.warned
    assert "--layer few" in found.warned
    few = draft_and_ingest(path, layer="few")
    assert (few.declaration.dataset, few.declaration.source.layer) == ("few", "few")
    assert len(few.rows) == 3
    words = draft_and_ingest(path, layer="words")
    assert (words.declaration.kind, len(words.rows)) == ("table", COUNT)
    with pytest.raises(SourceError, match="has no layer other; it has few, many, words"):
        draft_of(path, layer="other")


def zipped(folder: Path, inner: str) -> Path:
    path = folder / "rows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.glob("rows.*")):
            if file != path:
                archive.write(file, inner + file.name)
    for file in folder.glob("rows.*"):
        if file != path:
            file.unlink()
    return path


@pytest.mark.parametrize("name", ["rows.zip", "rows.dat"])
@pytest.mark.parametrize("inner", ["", "folder/"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_zipped_shapefile(tmp_path: Path, inner: str, name: str, encoding: str) -> None:
    layer("EPSG:4549").to_file(tmp_path / "rows.shp", encoding=encoding)
    path = zipped(tmp_path, inner).rename(tmp_path / name)
    found = draft_and_ingest(path)
    check(found)
    assert found.rows["name"].tolist() == NAMES


@pytest.mark.parametrize("cpg", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_texts_of_a_shapefile(tmp_path: Path, encoding: str, cpg: bool) -> None:
    layer().to_file(tmp_path / "rows.shp", encoding=encoding)
    if not cpg:
        (tmp_path / "rows.cpg").unlink(missing_ok=True)
    found = draft_and_ingest(tmp_path / "rows.shp")
    assert found.rows["name"].tolist() == NAMES


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_texts_of_a_shapefile_that_says_its_encoding(tmp_path: Path, encoding: str) -> None:
    """Without a declared encoding that of the .cpg holds."""
    layer().to_file(tmp_path / "rows.shp", encoding=encoding)
    source = {"path": "rows.shp", "format": "vector"}
    draft = draft_of(tmp_path / "rows.shp").content | {"source": source, "department": "planning"}
    found = ingest_by(Declaration.model_validate(draft), tmp_path)
    assert found["name"].tolist() == NAMES


def test_a_text_of_a_shapefile_that_does_not_decode_is_a_broken_record(tmp_path: Path) -> None:
    layer().to_file(tmp_path / "rows.shp", encoding="utf-8")
    data = bytearray((tmp_path / "rows.dbf").read_bytes())
    data[data.rindex("小".encode()) + 1] = 0x20
    (tmp_path / "rows.dbf").write_bytes(data)
    found = draft_and_ingest(tmp_path / "rows.shp")
    assert found.ingested.run.reasons == {"broken row": 1}
    assert found.rows["name"].tolist() == NAMES[:-1]


MAPS = ("rows.gpkg", "rows.shp", "rows.dbf", "rows.fgb", "rows.kml", "rows.xlsx", "rows.parquet")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from([*MAPS, "rows.zip"]), seed=st.integers(0, 2**32))
def test_damaged_files_give_a_draft_or_a_sentence(whole: Path, name: str, seed: int) -> None:
    chosen = random.Random(seed)
    data = bytearray((whole / name).read_bytes())
    for _ in range(chosen.choice([1, 3, 20, 200])):
        data[chosen.randrange(len(data))] = chosen.randrange(256)
    if chosen.random() < 0.3:
        del data[chosen.randrange(1, len(data)) :]
    with tempfile.TemporaryDirectory() as folder:
        for side in whole.glob("rows.*"):
            (Path(folder) / side.name).write_bytes(side.read_bytes())
        (Path(folder) / name).write_bytes(data)
        with suppress(GridContainerError):  # one sentence
            draft_of(Path(folder) / name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    layer().to_file(folder / "rows.shp")
    for name, driver in (("gpkg", "GPKG"), ("fgb", "FlatGeobuf"), ("kml", "KML")):
        layer().to_file(folder / f"rows.{name}", driver=driver)
    with zipfile.ZipFile(folder / "rows.zip", "w") as archive:
        for file in folder.glob("rows.[sdp]*"):
            archive.write(file, file.name)
    table().to_excel(folder / "rows.xlsx")
    layer().to_parquet(folder / "rows.parquet")
    return folder


def as_wkt(srid: int | None) -> pd.DataFrame:
    x, y = (LON, LAT) if srid in (None, 4326) else from_wgs84(LON, LAT, f"EPSG:{srid}")
    lead = f"SRID={srid};" if srid else ""
    texts = [f"{lead}POINT ({a} {b})" for a, b in zip(x, y, strict=True)]
    return pd.DataFrame({"id": range(COUNT), "g": texts})


def as_wkb(srid: int) -> pd.DataFrame:
    x, y = (LON, LAT) if srid == 0 else from_wgs84(LON, LAT, f"EPSG:{srid}")
    shapes = shapely.set_srid(shapely.points(x, y), srid)
    texts = shapely.to_wkb(shapes, hex=True, include_srid=bool(srid))
    return pd.DataFrame({"id": range(COUNT), "g": texts})


@pytest.mark.parametrize(
    ("frame", "datum"),
    [
        (as_wkt(None), "WGS84"),
        (as_wkt(4326), "WGS84"),
        (as_wkt(3857), "EPSG:3857"),
        (as_wkb(0), "WGS84"),
        (as_wkb(4549), "EPSG:4549"),
        (pd.concat([as_wkt(3857)[:10], as_wkt(4326)[10:]]), None),
    ],
)
def test_shapes_that_name_their_crs(tmp_path: Path, frame: pd.DataFrame, datum: str | None) -> None:
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert found.draft.content.get("datum") == datum
    check(found)


def test_geoparquet_says_its_crs(tmp_path: Path) -> None:
    layer("EPSG:4549").to_parquet(tmp_path / "rows.parquet")
    found = draft_and_ingest(tmp_path / "rows.parquet")
    assert found.declaration.datum == "EPSG:4549"
    check(found)


def test_a_file_that_says_wgs84_and_is_measured_otherwise_is_told(tmp_path: Path) -> None:
    lon, lat = from_wgs84(LON, LAT, "GCJ02")
    frame = layer().set_geometry(gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    frame.to_file(tmp_path / "rows.shp", encoding="utf-8")
    places = Places("places", [normalise_name(name) for name in NAMES], LON, LAT)
    draft = infer_declaration(
        tmp_path / "rows.shp", city=CITY, references=References([places]), department="planning"
    )
    assert draft.content["datum"] == "GCJ02"
    assert any("the file says EPSG:4326" in warning for warning in draft.warnings)


def table() -> pd.DataFrame:
    return pd.DataFrame({"id": range(COUNT), "name": NAMES, "lon": LON, "lat": LAT})


def json_rows() -> bytes:
    return json.dumps(table().to_dict("records"), ensure_ascii=False).encode()


WRITTEN: dict[str, Callable[[], bytes]] = {
    "csv": lambda: table().to_csv(index=False).encode(),
    "gb18030": lambda: table().to_csv(index=False).encode("gb18030"),
    "utf-16": lambda: table().to_csv(index=False, sep="\t").encode("utf-16"),
    "utf-32": lambda: table().to_csv(index=False).encode("utf-32"),
    "utf-16-le": lambda: table().to_csv(index=False).encode("utf-16-le"),
    "utf-16-be": lambda: table().to_csv(index=False).encode("utf-16-be"),
    "gzip": lambda: gzip.compress(table().to_csv(index=False).encode()),
    "gzip of GBK": lambda: gzip.compress(table().to_csv(index=False).encode("gbk")),
    "json": json_rows,
    "gzip of json": lambda: gzip.compress(json_rows()),
    "json lines": lambda: table().to_json(orient="records", lines=True, force_ascii=False).encode(),
    "geojson": lambda: layer().to_json().encode(),
    "gzip of geojson": lambda: gzip.compress(layer().to_json().encode()),
}


@pytest.mark.parametrize(
    "name", ["rows.csv", "rows.xls", "rows.xlsx", "rows.txt", "rows.gz", "rows.json"]
)
@pytest.mark.parametrize("way", WRITTEN)
def test_texts_under_any_name(tmp_path: Path, way: str, name: str) -> None:
    (tmp_path / name).write_bytes(WRITTEN[way]())
    if name.endswith(".gz") and "gzip" not in way:
        with pytest.raises(SourceError, match="is plain text and no gzip"):
            draft_of(tmp_path / name)
        return
    found = draft_and_ingest(tmp_path / name)
    check(found)
    assert found.rows["name"].tolist() == NAMES
    if "gzip" in way:
        assert found.draft.finding("compression").value == "gzip"


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return out.getvalue()


def zip_of_csv() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "id,lon,lat\n1,121.4,31.2\n")
    return out.getvalue()


HTML = '<html><meta charset="gb2312"><table><tr><td>1</td><td>121.4</td></tr></table></html>'


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.xls", HTML.encode(), "is an HTML page, whatever its ending .xls says"),
        ("a.csv", b"\xef\xbb\xbf\r\n" + HTML.upper().encode(), "is an HTML page"),
        ("a.xlsx", HTML.encode("utf-16"), "is an HTML page"),
        ("a.csv.gz", gzip.compress(HTML.encode()), "is an HTML page"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.xls", b"MIME-Version: 1.0\nX: y\n", "is a web archive"),
        (
            "a.xls",
            b'<?xml version="1.0"?><W xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "is an XML spreadsheet of Excel 2003",
        ),
        ("a.csv", tar(), "is a tar archive"),
        ("a.csv", zip_of_csv(), "is a ZIP archive of a.csv.*unpack it"),
        ("a.csv", b"Rar!\x1a\x07rest", "is a RAR archive"),
        ("a.csv", b"7z\xbc\xaf\x27\x1crest", "is a 7z archive"),
        ("a.gpkg", b"SQLite format 3\0broken", "cannot be read as a vector file"),
        ("a.shp", b"\0\0\x27\x0a broken", "cannot be read as a vector file"),
    ],
)
def test_what_no_reader_reads_is_named(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=says):
        draft_of(tmp_path / name)


def test_nul_bytes_are_told_with_their_lines(tmp_path: Path) -> None:
    lines = table().to_csv(index=False).split("\n")
    lines[3] = lines[3].replace("小区", "小\0区")
    (tmp_path / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert "1 NUL bytes (in line 4)" in found.warned
    assert found.declaration.source.encoding == "utf-8"
    assert len(found.rows) == COUNT - 1


def test_nul_bytes_at_the_end_are_no_utf_16(tmp_path: Path) -> None:
    data = table().to_csv(index=False).encode() + b"\0" * 2000
    (tmp_path / "rows.csv").write_bytes(data)
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert found.declaration.source.encoding == "utf-8"
    assert "2,000 NUL bytes" in found.warned
    check(found)


@pytest.mark.parametrize("title", ["2024 年小区一览\n", "一览\n\n单位：度,2024\n"])
def test_titles_above_the_names_of_columns(tmp_path: Path, title: str) -> None:
    text = title + table().to_csv(index=False)
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
    found = draft_and_ingest(tmp_path / "rows.csv")
    check(found)
    assert found.declaration.source.skip_rows == title.count("\n")


def test_a_workbook_with_titles_and_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet("数据")
    sheet.append(["2024 年小区一览"])
    sheet.append([])
    sheet.append(["id", "name", "lon", "lat", "day"])
    for row in table().itertuples(index=False):
        sheet.append([*row, pd.Timestamp(2024, 1, 31, 8, 30)])
    other = book.create_sheet("道路")
    other.append(["road", "length"])
    other.append(["中山路", 12])
    book.save(tmp_path / "rows.xlsx")
    found = draft_and_ingest(tmp_path / "rows.xlsx")
    check(found)
    assert (found.declaration.source.sheet, found.declaration.source.skip_rows) == ("数据", 2)
    assert found.times == ["2024-01-31 00:30:00.000"] * COUNT
    assert "has sheets 说明, 数据, 道路" in found.warned
    assert draft_and_ingest(tmp_path / "rows.xlsx", layer="道路").declaration.kind == "table"


MOMENTS = pd.date_range("2024-01-31 08:05:09", periods=COUNT, freq="37h", tz="Asia/Shanghai")
TYPED: dict[str, Any] = {
    "instants": MOMENTS,
    "local times": MOMENTS.tz_localize(None),
    "milliseconds": MOMENTS.astype("int64") // 1_000_000,
    "seconds": MOMENTS.astype("int64") // 1_000_000_000,
    "texts": MOMENTS.strftime("%Y/%m/%d %H:%M:%S"),
}


@pytest.mark.parametrize("kind", TYPED)
@pytest.mark.parametrize("name", ["rows.parquet", "rows.jsonl", "rows.xlsx", "rows.gpkg"])
def test_typed_times(tmp_path: Path, name: str, kind: str) -> None:
    frame = table().assign(time=TYPED[kind])
    if name == "rows.parquet":
        frame.to_parquet(tmp_path / name)
    elif name == "rows.jsonl":
        frame.to_json(tmp_path / name, orient="records", lines=True, date_format="iso")
    elif name == "rows.xlsx":
        if kind == "instants":
            pytest.skip("Excel has no zones")
        frame.to_excel(tmp_path / name, index=False)
    else:
        layer().assign(time=TYPED[kind]).to_file(tmp_path / name, driver="GPKG")
    found = draft_and_ingest(tmp_path / name)
    assert found.times == [f"{time:%Y-%m-%d %H:%M:%S}.000" for time in MOMENTS.tz_convert("UTC")]


def test_structs_of_parquet(tmp_path: Path) -> None:
    where = [{"lon": lon, "lat": lat} for lon, lat in zip(LON, LAT, strict=True)]
    pd.DataFrame({"id": range(COUNT), "where": where}).to_parquet(tmp_path / "rows.parquet")
    found = draft_and_ingest(tmp_path / "rows.parquet")
    assert found.draft.content["position"] == {"lon": "where.lon", "lat": "where.lat"}
    check(found)


def test_totals_that_are_sums_and_are_called_so_are_drafted(tmp_path: Path) -> None:
    frame = pd.DataFrame(RNG.integers(100, 9000, (16, 3)), columns=["people", "men", "women"])
    frame.insert(0, "town", [f"街道{n}" for n in range(16)])
    total = {"town": "合计", **frame.drop(columns="town").sum().to_dict()}
    pd.concat([frame, pd.DataFrame([total])]).to_csv(tmp_path / "rows.csv", index=False)
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert found.draft.content["totals"] == "`town` = '合计'"
    assert len(found.rows) == 16
    frame.loc[16] = ["合计", 1, 2, 3]  # called so, and no sum
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert "totals" not in found.draft.content
    assert "row 17" in found.warned


@pytest.mark.parametrize("boxes", [True, False])
def test_features_are_no_totals(tmp_path: Path, boxes: bool) -> None:
    frame = layer(boxes=boxes)
    frame["area"] = [300, 100, 200, *range(1000, 1017)]
    frame["length"] = [3000, 1000, 2000, *range(5000, 5017)]
    frame["name"] = ["total", "all", *NAMES[2:]]
    frame.to_file(tmp_path / "rows.geojson", driver="GeoJSON")
    frame.drop(columns="geometry").assign(lon=LON, lat=LAT).to_csv(tmp_path / "t.csv", index=False)
    for name in ("rows.geojson", "t.csv"):
        draft = draft_of(tmp_path / name)
        assert "totals" not in draft.content
        assert not any("totals" in warning for warning in draft.warnings)


def test_the_command_takes_a_layer(tmp_path: Path) -> None:
    path = tmp_path / "rows.gpkg"
    layer().to_file(path, layer="one", driver="GPKG")
    layer(boxes=True).to_file(path, layer="two", driver="GPKG")
    options = ["--city", str(CONF / "city/shanghai.yaml"), "--datasets", str(CONF / "datasets")]
    options += ["--sources", str(tmp_path), "--layer", "two"]
    result = CliRunner().invoke(cli, ["datasets", "infer", str(path), *options])
    assert result.exit_code == 0, result.output
    assert "layer: two" in result.stdout
    assert "one (20 features)" in result.stderr.replace("\n", " ")
