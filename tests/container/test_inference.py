"""Inference: files made here in every way of writing, and the real ones with their known datums."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings, strategies as st

from gridcontainer.cli.main import cli
from gridcontainer.container.declaration import (
    Declaration,
    load_city,
    load_declarations,
)
from gridcontainer.container.inference import (
    Areas,
    Draft,
    Places,
    References,
    infer_declaration,
    load_references,
    normalise_name,
)
from gridcontainer.errors import DeclarationError, GridContainerError, SourceError
from gridcontainer.grid.datum import from_wgs84

CONF = Path(__file__).parents[2] / "conf"
CITY = load_city(CONF / "city/shanghai.yaml")
DATUMS = ("WGS84", "GCJ02", "BD09")
ROWS = 120
NONE = References()
RNG = np.random.default_rng(7)
LON, LAT = RNG.uniform(121.2, 121.7, ROWS), RNG.uniform(31.0, 31.4, ROWS)
FIRST, SECOND = "东西南北安和平康福寿", "桥塘浜泾湾庙宅浦渡场"
NAMES = [
    f"{FIRST[i % 10]}{SECOND[i // 10 % 10]}{'一二三四'[i // 100]}{'里村'[i % 2]}"
    for i in range(ROWS)
]
PLACES = Places("made_up", [normalise_name(name) for name in NAMES], LON, LAT)


def table(datum: str = "WGS84", names: list[str] = NAMES) -> pd.DataFrame:
    lon, lat = from_wgs84(LON, LAT, datum)
    frame = pd.DataFrame(
        {"编号": range(1000, 1000 + ROWS), "名称": names, "经度": lon, "纬度": lat}
    )
    return frame.round(6)


def infer(path: Path, references: References = NONE, **options: Any) -> Draft:
    options = {"department": "housing", "sources": path.parent} | options
    return infer_declaration(path, city=CITY, references=references, **options)


def loads(draft: Draft) -> Declaration:
    return Declaration.model_validate(yaml.safe_load(draft.yaml))


def datums(draft: Draft) -> dict[str, str]:
    found = [finding for finding in draft.findings if finding.what == "datum"]
    return {finding.evidence.partition(":")[0]: finding.value for finding in found}


@pytest.mark.parametrize(
    ("encoding", "want"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_encodings(tmp_path: Path, encoding: str, want: str, zipped: bool) -> None:
    data = table().to_csv(index=False).encode(encoding)
    path = tmp_path / ("rows.csv.gz" if zipped else "rows.csv")
    path.write_bytes(gzip.compress(data) if zipped else data)
    draft = infer(path)
    source = loads(draft).source
    assert (source.encoding, source.format, source.header) == (want, "csv", True)
    assert loads(draft).position.lon == "经度"
    assert (draft.finding("compression") is not None) == zipped


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    separator=st.sampled_from([",", "\t", ";", "|", " "]),
    header=st.booleans(),
    quoted=st.booleans(),
    order=st.permutations(["编号", "名称", "经度", "纬度"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_separator_header_quoting_and_order(
    tmp_path: Path, separator: str, header: bool, quoted: bool, order: list[str], end: str
) -> None:
    path = tmp_path / "rows.csv"
    quoting = 1 if quoted else 0
    table()[order].to_csv(
        path, index=False, sep=separator, header=header, quoting=quoting, lineterminator=end
    )
    declaration = loads(infer(path))
    assert declaration.source.separator == separator
    assert declaration.source.header == header
    assert declaration.source.quote == '"'
    names = order if header else [f"column_{i + 1}" for i in range(4)]
    assert declaration.position.lon == names[order.index("经度")]
    assert declaration.position.lat == names[order.index("纬度")]
    assert declaration.key == ["编号"] or not header


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("lng", "lat"),
        ("longitude", "latitude"),
        ("jingdu", "weidu"),
        ("LON", "LAT"),
        ("lng", "lan"),
        ("纬度", "经度"),  # the names are swapped: the values tell
        ("p", "q"),
    ],
)
def test_columns_of_degrees_by_name_and_value(tmp_path: Path, lon: str, lat: str) -> None:
    path = tmp_path / "rows.csv"
    table().rename(columns={"经度": lon, "纬度": lat})[[lat, lon]].to_csv(path, index=False)
    draft = infer(path)
    assert (loads(draft).position.lon, loads(draft).position.lat) == (lon, lat)
    assert any("swapped" in warning for warning in draft.warnings) == (lon == "纬度")


@pytest.mark.parametrize("columns", [("X", "Y"), ("lon", "lat"), ("a", "b")])
def test_pixels_and_whole_numbers_are_no_degrees(tmp_path: Path, columns: tuple[str, str]) -> None:
    path = tmp_path / "rows.csv"
    pixels = RNG.integers(200, 900, (50, 2))
    pd.DataFrame(pixels, columns=list(columns)).to_csv(path, index=False)
    draft = infer(path)
    assert "position" not in draft.content
    assert loads(draft).kind == "table"
    assert any("no position" in warning for warning in draft.warnings)
    looks = any("look like pixels" in warning for warning in draft.warnings)
    assert looks == (columns != ("a", "b"))  # whose names say nothing
    readings = np.column_stack([RNG.integers(121, 123, 50), RNG.integers(30, 33, 50)])
    pd.DataFrame(readings, columns=["pm", "temp"]).to_csv(path, index=False)
    assert "position" not in infer(path).content


@pytest.mark.parametrize("datum", DATUMS)
def test_datum_by_names(tmp_path: Path, datum: str) -> None:
    path = tmp_path / "rows.csv"
    names = [f"{name}（{'东' if i % 2 else '西'}区）小区" for i, name in enumerate(NAMES)]
    frame = table(datum, names)
    frame.loc[:9, ["经度", "纬度"]] = (121.9, 30.7)  # wrong rows do not decide
    frame.to_csv(path, index=False)
    draft = infer(path, References([PLACES]))
    assert loads(draft).datum == datum
    assert draft.finding("datum by names").value == datum


@pytest.mark.parametrize("datum", DATUMS)
def test_datum_by_text(tmp_path: Path, datum: str) -> None:
    path = tmp_path / "rows.csv"
    lon, lat = RNG.uniform(121.2, 121.5, 2000), RNG.uniform(31.0, 31.3, 2000)
    boxes = {
        f"{FIRST[i]}{SECOND[j]}镇": shapely.box(*corner, corner[0] + 0.03, corner[1] + 0.03)
        for i in range(10)
        for j in range(10)
        if (corner := (121.2 + 0.03 * i, 31.0 + 0.03 * j))
    }
    areas = Areas("towns", list(boxes), np.array(list(boxes.values())))
    columns, rows = ((lon - 121.2) / 0.03).astype(int), ((lat - 31.0) / 0.03).astype(int)
    texts = [f"{areas.names[n]}平安路{n}号" for n in columns * 10 + rows]
    x, y = from_wgs84(lon, lat, datum)
    pd.DataFrame({"地址": texts, "lng": x, "lat": y}).to_csv(path, index=False)
    draft = infer(path, References(areas=[areas]))
    assert loads(draft).datum == datum
    assert draft.finding("datum by text").value == datum


@pytest.mark.parametrize("datum", DATUMS)
def test_datum_by_nearest_without_names(tmp_path: Path, datum: str) -> None:
    path = tmp_path / "rows.json"
    x, y = from_wgs84(LON + RNG.normal(0, 1e-4, ROWS), LAT, datum)
    rows = [{"lat": float(b), "lng": float(a)} for a, b in zip(x, y, strict=True)]
    path.write_text(json.dumps(rows))
    draft = infer(path, References([PLACES]))
    assert loads(draft).datum == datum
    assert draft.finding("datum by nearest").value == datum


@pytest.mark.parametrize("one", DATUMS)
@pytest.mark.parametrize("other", DATUMS)
def test_datum_by_a_second_pair(tmp_path: Path, one: str, other: str) -> None:
    path = tmp_path / "rows.csv"
    a, b = from_wgs84(LON, LAT, one), from_wgs84(LON, LAT, other)
    frame = pd.DataFrame({"a.lng": a[0], "a.lat": a[1], "b_lon": b[0], "b_lat": b[1]})
    frame.loc[:7, "a.lng"] = -1.0  # labelled errors, as real ones have
    frame.loc[8:12, "b_lon"] = 121.1
    frame.to_csv(path, index=False)
    found = datums(infer(path))
    assert set(found) == {"a.lng, a.lat", "b_lon, b_lat"}
    same = one == other
    assert found["a.lng, a.lat"] == ("undecided" if same else one)
    assert found["b_lon, b_lat"] == ("undecided" if same else other)


def test_undecided_takes_the_default_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "bd09_baidu.csv"  # a name proves nothing
    table("BD09").rename(columns={"经度": "bd_lon", "纬度": "bd_lat"}).to_csv(path, index=False)
    few = Places("few", PLACES.names[:5], LON[:5], LAT[:5])
    for references in (NONE, References([few], missing=["towns is not there"])):
        draft = infer(path, references)
        assert loads(draft).datum == CITY.datum == "WGS84"
        assert datums(draft) == {"bd_lon, bd_lat": "undecided"}
        assert any("undecided" in warning for warning in draft.warnings)
    assert "towns is not there" in draft.finding("references").evidence


def test_evidence_at_odds_is_undecided(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    table("GCJ02").to_csv(path, index=False)
    wrong = Places("wrong", PLACES.names, *from_wgs84(LON, LAT, "GCJ02"))
    draft = infer(path, References([PLACES, wrong]))
    assert set(datums(draft).values()) == {"undecided"}
    assert any("at odds" in warning for warning in draft.warnings)


def test_a_file_is_no_reference_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    table().to_csv(path, index=False)
    own = Places("rows", PLACES.names, LON, LAT, frozenset({path.resolve()}))
    draft = infer(path, References([own]))
    assert set(datums(draft).values()) == {"undecided"}
    assert "rows is this very file" in draft.finding("references").evidence


def _record(i: int) -> dict[str, Any]:
    return {"name": NAMES[i], "place": {"lon": LON[i], "lat": LAT[i]}, "tags": ["a", "b"]}


RECORDS = [_record(i) for i in range(30)]


@pytest.mark.parametrize(
    ("value", "records"),
    [
        (RECORDS, "[]"),
        ({"code": 0, "data": {"stops": RECORDS}}, "data.stops[]"),
        ([{"line": n, "stops": RECORDS[n::3]} for n in range(3)], "[].stops[]"),
        ([None, [{"line": n, "stops": RECORDS[n::3]} for n in range(3)]], "[].[].stops[]"),
        ({f"{n}路": {"lng": "121.5", "lat": "31.2"} for n in range(20)}, "{name}"),
    ],
)
def test_json_records_are_found(tmp_path: Path, value: Any, records: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    declaration = loads(infer(path))
    assert (declaration.source.format, declaration.source.records) == ("json", records)
    assert declaration.position.lon in ("place.lon", "lng")


def test_other_formats_by_content(tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in RECORDS), encoding="utf-8")
    assert loads(infer(path)).source.format == "jsonlines"
    feature = {"type": "Feature", "properties": {"name": "a"}}
    polygon = {"type": "Polygon", "coordinates": [[[121, 31], [122, 31], [121.5, 31.5], [121, 31]]]}
    collection = {"type": "FeatureCollection", "features": [feature | {"geometry": polygon}] * 3}
    path.write_text(json.dumps(collection))
    declaration = loads(infer(path))
    assert (declaration.source.format, declaration.kind) == ("geojson", "polygons")
    table().to_parquet(path)
    draft = infer(path)
    assert draft.content["source"]["format"] == "parquet"
    assert draft.content["position"] == {"lon": "经度", "lat": "纬度"}
    table().to_excel(tmp_path / "rows.xlsx", index=False)
    draft = infer((tmp_path / "rows.xlsx").rename(tmp_path / "rows.csv"))
    assert draft.content["source"]["format"] == "excel"
    assert draft.content["position"] == {"lon": "经度", "lat": "纬度"}
    assert any("is an Excel file by its bytes" in warning for warning in draft.warnings)


@pytest.mark.parametrize("order", ["lon_lat", "lat_lon"])
def test_shapes_as_wkt_and_as_rings(tmp_path: Path, order: str) -> None:
    path = tmp_path / "rows.json"
    ring = [[121.0, 31.0], [121.5, 31.0], [121.2, 31.4], [121.0, 31.0]]
    ring = [pair[::-1] if order == "lat_lon" else pair for pair in ring]
    path.write_text(json.dumps([{"name": n, "rings": [ring]} for n in NAMES[:9]]))
    position = loads(infer(path)).position
    assert (position.geometry, position.geometry_format) == ("rings", "rings")
    assert position.axis_order == order
    wkt = shapely.to_wkt(shapely.points(LON, LAT))
    pd.DataFrame({"n": NAMES, "where": wkt}).to_csv(tmp_path / "wkt.csv", index=False)
    declaration = loads(infer(tmp_path / "wkt.csv"))
    assert (declaration.position.geometry_format, declaration.kind) == ("wkt", "points")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"a,b,c\n", "no rows below its header"),
        (b"some words\nand more of other words\nend", "no separator"),
        (b'{"a": [1, 2', "is not JSON"),
        (b'{"a": 1}', "no list or object of records"),
        (b"\x1f\x8b\x08\x00broken", "cannot be read"),
        (b"PK\x03\x04broken", "not whole"),
        (b"PAR1broken", "Parquet that cannot be read"),
        (b"%PDF-1.4", "is a PDF"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says):
        infer(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), seed=st.integers(0, 2**32))
def test_no_bytes_crash_it(tmp_path: Path, data: bytes, seed: int) -> None:
    """Noise, and a good file with noise in it: a draft or a named error."""
    good = bytearray(table().head(20).to_csv(index=False).encode("gb18030"))
    place = random.Random(seed).randrange(len(good))
    for content in (data, bytes(good[:place]) + data + bytes(good[place:])):
        path = tmp_path / "noise.csv"
        path.write_bytes(content)
        try:
            draft = infer(path)
        except GridContainerError:
            continue
        assert yaml.safe_load(draft.yaml)["dataset"] == "noise"


def test_an_unknown_department_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    table().to_csv(path, index=False)
    with pytest.raises(DeclarationError, match="no department fishery; it has traffic"):
        infer(path, department="fishery")
    assert infer(path, department=None).content["department"] is None


def test_a_big_file_is_read_in_even_steps(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    head, *lines = table().to_csv(index=False).splitlines(keepends=True)
    body = "".join(lines)
    path.write_bytes((head + body * (34_000_000 // len(body.encode("gb18030")))).encode("gb18030"))
    draft = infer(path, References([PLACES]))
    assert loads(draft).source.encoding == "gb18030"
    assert loads(draft).datum == "WGS84"


def test_command_prints_the_draft_and_its_evidence(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    table().to_csv(path, index=False)
    options = ["--department", "housing", "--sources", str(tmp_path)]
    options += ["--city", str(CONF / "city/shanghai.yaml"), "--datasets", str(CONF / "datasets")]
    output = tmp_path / "draft.yaml"
    result = CliRunner().invoke(
        cli, ["datasets", "infer", str(path), *options, "--output", str(output)]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == output.read_text(encoding="utf-8")
    assert Declaration.model_validate(yaml.safe_load(result.stdout)).dataset == "rows"
    assert "encoding" in result.stderr
    assert "check: the datum is undecided" in result.stderr
    assert max(map(len, result.stderr.splitlines()[:-2])) <= 80


@pytest.fixture(scope="module")
def references(real_data: Path) -> References:
    declarations = load_declarations(CONF / "datasets", CITY)
    found = load_references(CITY, declarations, real_data)
    assert not found.missing
    return found


REAL_DATUMS = [
    ("shanghai_enterprises/MapTest_data.json", {"bdLocation": "BD09", "gdLocation": "GCJ02"}),
    ("shanghai_elderly_care/06-NursingHome-SH.json", {"longitude": "GCJ02"}),
    ("shanghai_communities/小区经纬度.csv", {"经度": "BD09"}),
    ("shanghai_communities/df_comm.csv.gz", {"经度": "BD09"}),
    ("shanghai_communities/coordinate.csv", {"column_2": "WGS84"}),
    ("soda_shanghai_2015/bus/stationInfo.txt", {"SOURCE_LON": "WGS84"}),
    ("shanghai_metro_2026/station_coordinates_416.csv", {"lon": "WGS84"}),
    ("shanghai_metro_2026/shanghai-metro-stations.geojson", {"geometry": "WGS84"}),
    ("shanghai_metro_2017/stationInfo.csv", {"lon": "WGS84"}),
    ("shanghai_metro_bd09/line.json", {"position": "BD09"}),
    ("shanghai_covid_2022/geo_cached.json.gz", {"lng": "GCJ02"}),
    ("shanghai_covid_points_2022/data.json.gz", {"lng": "BD09"}),
    ("shanghai_osm_bike/shop.geojson.gz", {"geometry": "WGS84"}),
    ("shanghai_osm_bike/Shanghai_railwaystation.geojson", {"geometry": "WGS84"}),
    ("soda_shanghai_2015/taxi.txt", {"经度": "undecided"}),
]


@pytest.mark.real_data
@pytest.mark.parametrize(("file", "want"), REAL_DATUMS)
def test_real_datums(
    real_data: Path, references: References, file: str, want: dict[str, str]
) -> None:
    draft = infer(real_data / file, references, sources=real_data)
    assert loads(draft).source.path == file
    found = {name.split(",")[0].split(".")[0]: value for name, value in datums(draft).items()}
    assert found == want
    if len(want) == 1 and (datum := next(iter(want.values()))) != "undecided":
        assert loads(draft).datum == datum


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "want"),
    [
        ("shanghai_communities/小区经纬度.csv", {"encoding": "gb18030"}),
        ("shanghai_communities/coordinate.csv", {"encoding": "gb18030", "header": False}),
        ("soda_shanghai_2015/train/base/entrance_exist.txt", {"quote": None}),
        ("soda_shanghai_2015/environment/air.txt", {"separator": "\t"}),
        ("soda_shanghai_2015/card.txt", {"header": False}),
        ("soda_shanghai_2015/weather/weather.txt", {"header": False, "separator": "\t"}),
        ("shanghai_covid_2022/district_overview.csv", {"separator": " "}),
        ("shanghai_covid_2022/daily/2022-04-01.json", {"records": "districts[].places[]"}),
        ("multicity_taxi_demo/gps_demo.csv", {"format": "excel"}),
        ("china_census_county/census_county_2020_v1.xlsx", {"format": "excel"}),
        ("shanghai_metro_bd09/line.json", {"records": "[].[].stations[]"}),
    ],
)
def test_real_sources(real_data: Path, file: str, want: dict[str, Any]) -> None:
    source = infer(real_data / file, sources=real_data).content["source"]
    assert {key: source[key] for key in want} == want


@pytest.mark.real_data
@pytest.mark.parametrize(
    "file",
    [
        "shanghai_pm25_hourly/ShanghaiPM20100101_20151231.csv.gz",
        "soda_shanghai_2015/train/base/station.txt",  # pixels
        "soda_shanghai_2015/accident.txt",
        "shanghai_metro_2017/metroarcs_shanghai.csv",
    ],
)
def test_real_files_without_position(real_data: Path, file: str) -> None:
    draft = infer(real_data / file, sources=real_data)
    assert "position" not in draft.content
    assert draft.finding("position").value == "none"


@pytest.mark.real_data
def test_every_real_file_gives_a_draft_or_a_sentence(
    real_data: Path, references: References
) -> None:
    daily = [f for f in sorted(real_data.rglob("*")) if f.parent.name == "daily"][:2]
    files = [f for f in sorted(real_data.rglob("*")) if f.is_file() and f.parent.name != "daily"]
    failed = {}
    for path in [*files, *daily]:
        try:
            draft = infer(path, references, sources=real_data)
        except SourceError as error:
            failed[path.name] = str(error)
            continue
        loads(draft)
        # An ingest takes it.
        assert draft.finding("trial") is not None, (path, draft.warnings)
    assert not any("\n" in sentence for sentence in failed.values())
    assert set(failed) == {"CATALOG.md", "info.txt", "ring_roads.json"}


@pytest.mark.parametrize("total", ["first", "none", "by name", "scattered"])
def test_rows_that_are_sums_of_others_are_told(tmp_path: Path, total: str) -> None:
    path = tmp_path / "rows.csv"
    parts = RNG.integers(1_000, 90_000, (40, 4))
    names = [f"街道{n}" for n in range(40)]
    rows = [[name, *map(int, numbers)] for name, numbers in zip(names, parts, strict=True)]
    if total == "first":
        rows.insert(0, ["东区", *map(int, parts.sum(axis=0))])
    elif total == "by name":
        rows.append(["合计", 1, 1, 1, 1])
    elif total == "scattered":  # one column that adds up is chance
        rows[0][1] = rows[1][1] + rows[2][1]
    frame = pd.DataFrame(rows, columns=["name", "people", "men", "women", "homes"])
    frame.to_csv(path, index=False)
    told = [warning for warning in infer(path).warnings if "look like totals" in warning]
    assert len(told) == (total in ("first", "by name"))
    if told:
        assert f"(row {1 if total == 'first' else 41})" in told[0]


def test_metres_of_a_projection_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    metres = RNG.uniform(300_000, 400_000, (50, 2)).round(2)
    pd.DataFrame(metres, columns=["X", "Y"]).to_csv(path, index=False)
    assert any("look like metres of a projection" in w for w in infer(path).warnings)
