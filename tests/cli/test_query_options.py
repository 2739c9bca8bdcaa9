"""query, datasets show, export and compact, option by option: against what DuckDB counts."""

import json
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from command import error, run
from deltalake import DeltaTable
from pyproj import Geod

from gridcontainer.container.runs import last_run
from gridcontainer.container.storage import Storage

CONF = Path(__file__).parents[2] / "conf"
CITY = CONF / "city/shanghai.yaml"
SHELTERS = """\
dataset: shelters
department: civil_affairs
title: Shelters
kind: points
source: {path: shelters.csv, format: csv}
datum: WGS84
position: {lon: lon, lat: lat}
key: [id]
label: id
owner: Duty desk
tags: [care]
history: true
absent: delete
"""
HEADER = "id,beds,lon,lat\n"
BEFORE = {"a,10,121.41,31.21", "b,20,121.42,31.22", "c,30,121.43,31.23"}
AFTER = {"a,10,121.41,31.21", "b,25,121.42,31.22", "d,40,121.44,31.24"}
CENTRE = "121.47,31.23"


@pytest.fixture(scope="module")
def conf(tmp_path_factory) -> list[object]:
    """Four data sets: polygons, points in six files, cabs with a time, shelters with a history."""
    folder = tmp_path_factory.mktemp("conf")
    for name in ("bus_stops", "towns"):
        text = (CONF / f"sample/{name}.yaml").read_text(encoding="utf-8")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    cabs = (CONF / "sample/taxi.yaml").read_text(encoding="utf-8")
    cabs = cabs.replace("kind: points", "kind: trajectories")
    timed = f'{cabs}time: {{columns: [GPS测定时间], format: "yyyy-MM-dd HH:mm:ss"}}\n'
    (folder / "taxi.yaml").write_text(timed, encoding="utf-8")
    (folder / "shelters.yaml").write_text(SHELTERS, encoding="utf-8")
    return ["--datasets", folder, "--city", CITY]


@pytest.fixture(scope="module")
def root(spark, sample, conf, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("options") / "container"
    sources = shutil.copytree(sample.directory, folder.parent / "sources")
    for rows in (BEFORE, AFTER):
        (sources / "shelters.csv").write_text(HEADER + "\n".join(sorted(rows)) + "\n")
        said = run("ingest", "--sources", sources, "--container", folder, *conf)
        assert said.exit_code == 0, said.output
    scatter(spark, folder)
    return folder


def scatter(spark, root: Path) -> None:
    """Write the stops to six files, as if they had come a little at a time."""
    (path,) = root.glob("datasets/*/bus_stops")
    stops = spark.read.format("delta").load(str(path)).repartitionByRange(6, "cell")
    stops.write.format("delta").mode("overwrite").save(str(path))


def files(root: Path, name: str) -> list[str]:
    (path,) = root.glob(f"datasets/*/{name}")
    return DeltaTable(str(path)).file_uris()


def select(root: Path, name: str, what: str, where: str = "true") -> list[tuple]:
    """By DuckDB, over the files of a data set; of a history, what is valid now."""
    if name == "shelters" and "valid_to" not in where:
        where = f"({where}) AND valid_to IS NULL"
    source = "read_parquet($files, hive_partitioning = true)"
    with duckdb.connect() as engine:
        asked = f"SELECT {what} FROM {source} WHERE {where}"
        return engine.execute(asked, {"files": files(root, name)}).fetchall()


def count(root: Path, name: str, where: str = "true") -> int:
    ((rows,),) = select(root, name, "count(*)", where)
    return rows


def ids(root: Path, name: str, where: str = "true") -> list[str]:
    return sorted(identity for (identity,) in select(root, name, "object_id", where))


def found(root: Path, *asked: object) -> dict[str, list[str]]:
    """Identities by data set, as ``query --json`` prints them."""
    said = run("query", "--container", root, "--json", *asked)
    assert (said.exit_code, said.stderr) == (0, "")
    rows: dict[str, list[str]] = {}
    for line in map(json.loads, said.stdout.splitlines()):
        rows.setdefault(line["dataset"], []).append(line["object_id"])
    return {name: sorted(identities) for name, identities in rows.items()}


def mistake(*arguments: object) -> str:
    return error(run(*arguments))


# query: where

POINTS = ("--dataset", "bus_stops", "--dataset", "taxi", "--dataset", "shelters")


def test_a_code_finds_the_rows_whose_code_begins_so(root):
    where = "grid_code LIKE 'N51H263%'"
    want = {name: ids(root, name, where) for name in ("bus_stops", "shelters", "taxi")}
    assert all(want.values())
    assert found(root, "--code", "n51h263", *POINTS) == want


def test_a_box_finds_the_rows_between_its_sides(root):
    where = "lon BETWEEN 121.4 AND 121.5 AND lat BETWEEN 31.2 AND 31.3"
    want = {name: ids(root, name, where) for name in ("bus_stops", "shelters", "taxi")}
    assert all(want.values())
    assert found(root, "--bbox", "121.4,31.2,121.5,31.3", *POINTS) == want


TRIANGLE = shapely.Polygon([(121.4, 31.2), (121.6, 31.2), (121.4, 31.4)])
IN_TRIANGLE = "lon >= 121.4 AND lat >= 31.2 AND (lon - 121.4) + (lat - 31.2) <= 0.2"
GEOJSON = json.loads(shapely.to_geojson(TRIANGLE))
FEATURE = {"type": "Feature", "properties": {}, "geometry": GEOJSON}
POLYGONS = {
    "area.wkt": TRIANGLE.wkt,
    "area.geojson": json.dumps(GEOJSON),
    "feature.geojson": json.dumps(FEATURE),
    "collection.geojson": json.dumps({"type": "FeatureCollection", "features": [FEATURE] * 2}),
    "text": None,
}


@pytest.mark.parametrize("name", POLYGONS)
def test_a_polygon_finds_the_rows_in_it_however_it_is_given(root, tmp_path, name):
    given = TRIANGLE.wkt
    if POLYGONS[name]:
        given = tmp_path / name
        given.write_text(POLYGONS[name])
    want = {name: ids(root, name, IN_TRIANGLE) for name in ("bus_stops", "shelters", "taxi")}
    assert all(want.values())
    assert found(root, "--polygon", given, *POINTS) == want


@pytest.mark.parametrize("metres", [300, 2_500.5, 20_000])
def test_a_radius_finds_the_rows_within_it(root, metres):
    stops = select(root, "bus_stops", "object_id, lon, lat")
    names, lon, lat = map(np.array, zip(*stops, strict=True))
    middle = (np.full(len(lon), 121.47), np.full(len(lon), 31.23))
    near = names[Geod(ellps="WGS84").inv(*middle, lon, lat)[2] <= metres]
    asked = ("--near", CENTRE, "--radius", metres, "--dataset", "bus_stops")
    assert found(root, *asked).get("bus_stops", []) == sorted(near)
    assert len(near) or metres == 300


def test_a_place_finds_the_rows_in_its_polygon_with_its_ending_and_without(root):
    towns = select(root, "towns", "name, geometry")
    often = Counter(name.removesuffix("街道") for name, _ in towns)
    stops = select(root, "bus_stops", "object_id, lon, lat")
    for name, shape in towns:
        bare = name.removesuffix("街道")
        inside = [i for i, *at in stops if shapely.from_wkb(shape).covers(shapely.Point(at))]
        if bare != name and often[bare] == 1 and len(bare) > 1 and len(inside) > 3:
            break
    asked = ("--dataset", "bus_stops", "--city", CITY)
    assert len(inside) > 3
    assert found(root, "--place", name, *asked) == {"bus_stops": sorted(inside)}
    assert found(root, "--place", bare, *asked) == {"bus_stops": sorted(inside)}


# query: when, and of whom


@pytest.mark.parametrize(
    ("since", "until"),
    [("2024-03-04 12:00:00", "2024-03-04 20:00:00"), ("2024-03-05", None), (None, "2024-03-05")],
)
def test_times_are_the_citys_and_leave_out_what_has_none(root, since, until):
    """As the source wrote them, as text."""
    where = [f"GPS测定时间 >= '{since}'"] * bool(since) + [f"GPS测定时间 < '{until}'"] * bool(until)
    want = ids(root, "taxi", " AND ".join(where))
    assert 0 < len(want) < count(root, "taxi")
    given = ["--from", since] * bool(since) + ["--to", until] * bool(until)
    said = run("query", "--container", root, *given, "--city", CITY)
    assert said.stdout.splitlines()[-1] == f"{len(want):,} rows of 1 departments"
    assert found(root, *given, "--dataset", "taxi", "--city", CITY) == {"taxi": want}


def test_departments_and_tags_choose_data_sets(root):
    def counted(*asked: str) -> str:
        return run("query", "--container", root, *asked).stdout.splitlines()[-1]

    stops, cabs, towns, shelters = (
        count(root, name) for name in ("bus_stops", "taxi", "towns", "shelters")
    )
    assert counted("--department", "traffic") == f"{stops + cabs:,} rows of 1 departments"
    two = counted("--department", "traffic", "--department", "planning")
    assert two == f"{stops + cabs + towns:,} rows of 2 departments"
    assert counted("--tag", "stop") == f"{stops:,} rows of 1 departments"
    both = counted("--tag", "stop", "--tag", "care")
    assert both == f"{stops + shelters:,} rows of 2 departments"
    assert counted("--tag", "stop", "--department", "planning") == "0 rows of 0 departments"
    assert set(found(root, "--department", "traffic")) == {"bus_stops"}  # cabs are confidential


def test_as_of_finds_what_was_valid_then(root, spark):
    changed = last_run(Storage(str(root)), "shelters").started
    before, after = changed - timedelta(milliseconds=1), changed + timedelta(seconds=1)

    def beds(*then: str) -> list[str]:
        asked = ("--dataset", "shelters", "--json", "--city", CITY, *then)
        rows = map(json.loads, run("query", "--container", root, *asked).stdout.splitlines())
        return sorted(f"{row['id']},{row['beds']},{row['lon']},{row['lat']}" for row in rows)

    assert beds() == sorted(AFTER)
    assert beds("--as-of", after.isoformat()) == sorted(AFTER)
    assert beds("--as-of", before.isoformat()) == sorted(BEFORE)
    local = (before + timedelta(hours=8)).replace(tzinfo=None)
    assert beds("--as-of", local.isoformat()) == sorted(BEFORE)
    assert beds("--as-of", "2000-01-01") == []


def test_explain_counts_the_files_that_can_hold_the_rows(root):
    code = select(root, "bus_stops", "grid_code")[100][0][:7]
    stored = (pq.read_table(file)["grid_code"].to_pylist() for file in files(root, "bus_stops"))
    ends = [(min(codes), max(codes)) for codes in stored]
    meet = [first[:7] <= code <= last[:7] for first, last in ends]
    assert 0 < sum(meet) < len(meet) == 6
    said = run("query", "--container", root, "--code", code, "--explain", "--dataset", "bus_stops")
    sizes = [Path(file).stat().st_size for file in files(root, "bus_stops")]
    read = sum(size for size, is_met in zip(sizes, meet, strict=True) if is_met)
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.splitlines()[-1] == f"{sum(meet)} of 6 files, {read:,} bytes"


def test_explain_says_why_a_data_set_is_left_out(root):
    said = run("query", "--container", root, "--from", "2024-03-05", "--explain", "--city", CITY)
    lines = [line for line in said.stdout.splitlines() if "left out" in line]
    assert len(lines) == 3
    assert all("it has no time" in line for line in lines)


# Mistakes of query


def test_wrong_areas_are_one_line(root, tmp_path):
    query = ("query", "--container", root)
    assert "south is above north" in mistake(*query, "--bbox", "121,31.5,122,31")
    assert "longitude outside" in mistake(*query, "--bbox", "121,31,222,32")
    place = mistake(*query, "--place", "桃花源", "--city", CITY)
    assert "no place '桃花源' in towns, districts; nearest: " in place
    missing = tmp_path / "missing.geojson"
    assert f"--polygon {missing}: cannot be read" in mistake(*query, "--polygon", missing)
    assert "cannot be read" in mistake(*query, "--polygon", tmp_path)  # a folder
    bow_tie = "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"
    assert "not a valid polygon (Self-intersection" in mistake(*query, "--polygon", bow_tie)
    assert "metres above 0" in mistake(*query, "--near", CENTRE, "--radius", "-5")
    assert "needs degrees" in mistake(*query, "--near", "200,3", "--radius", "5")
    assert "no data set nope" in mistake(*query, "--bbox", "121,31,122,32", "--dataset", "nope")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither GeoJSON nor WKT"),
        ("lon,lat\n1,2\n", "neither GeoJSON nor WKT"),
        ("POLYGON ((0 0, 1 1", "neither GeoJSON nor WKT"),
        ('{"type": "Polygon"', "neither GeoJSON nor WKT"),
        ('{"name": "no type"}', "neither GeoJSON nor WKT"),
        ('{"type": null}', "neither GeoJSON nor WKT"),
        ('{"type": "Polygon"}', "neither GeoJSON nor WKT"),
        ('{"type": "FeatureCollection", "features": []}', "is not a polygon with an area"),
        ('{"type": "Point", "coordinates": [121, 31]}', "a Point is not a polygon"),
        ("LINESTRING (0 0, 1 1)", "a LineString is not a polygon"),
    ],
)
def test_a_file_that_is_no_polygon_is_one_line(root, tmp_path, text, said):
    (tmp_path / "area").write_text(text)
    assert said in mistake("query", "--container", root, "--polygon", tmp_path / "area")


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2024-02-30",
        "0001-01-01",  # in UTC it would be in the year 0
    ],
)
@pytest.mark.parametrize("option", ["--from", "--to", "--as-of"])
def test_a_wrong_time_is_one_line(root, option, text):
    said = mistake("query", "--container", root, option, text, "--city", CITY)
    assert f"'{text}' is no time; write it as 2015-04-01T08:30" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--near", CENTRE], "give --near and --radius together"),
        (["--radius", "5"], "give --near and --radius together"),
        (["--near", "here", "--radius", "5"], "'here' is not LON,LAT"),
        (["--near", "1,2,3", "--radius", "5"], "'1,2,3' is not LON,LAT"),
        (["--near", CENTRE, "--radius", "far"], "'far' is not a valid float"),
        (["--place", "x", "--polygon", "y"], "one of them"),
    ],
)
def test_misuse_of_query_is_told(arguments, said):
    result = run("query", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


# datasets show


def test_datasets_show_has_a_line_for_each_with_its_rows(root, conf):
    said = run("datasets", "show", "--container", root, *conf)
    assert (said.exit_code, said.stderr) == (0, "")
    total = 0
    for name in ("bus_stops", "shelters", "taxi", "towns"):
        (line,) = (line.split() for line in said.stdout.splitlines() if f" {name} " in line)
        assert line[2] == f"{count(root, name):,}"
        total += count(root, name)
    assert said.stdout.splitlines()[-1] == f"4 data sets, {total:,} rows"
    for option in (("--department", "traffic"), ("--tag", "transport")):
        some = run("datasets", "show", *option, "--container", root, *conf).stdout
        rows = count(root, "bus_stops") + count(root, "taxi")
        assert some.splitlines()[-1] == f"2 data sets, {rows:,} rows"


def test_datasets_show_of_one_tells_all_of_it(root, conf):
    said = run("datasets", "show", "shelters", "--container", root, *conf).stdout
    lines = dict(line.split(maxsplit=1) for line in said.splitlines() if len(line.split()) > 1)
    closed = count(root, "shelters", "valid_to IS NOT NULL")
    assert (lines["rows"].strip(), lines["closed_rows"].strip()) == ("3", str(closed)) == ("3", "2")
    assert (lines["owner"].strip(), lines["kind"].strip()) == ("Duty desk", "points")


def test_datasets_show_as_json_says_what_duckdb_counts(root, conf):
    said = run("datasets", "show", "--json", "--container", root, *conf)
    entries = {entry["dataset"]: entry for entry in map(json.loads, said.stdout.splitlines())}
    assert set(entries) == {"bus_stops", "shelters", "taxi", "towns"}
    for name, entry in entries.items():
        assert (entry["rows"], entry["files"]) == (count(root, name), len(files(root, name)))
    (ends,) = select(root, "taxi", "min(lon), min(lat), max(lon), max(lat)")
    assert tuple(entries["taxi"][side] for side in ("west", "south", "east", "north")) == ends


def test_mistakes_of_datasets_show_are_one_line(root, conf, tmp_path):
    show = ("datasets", "show")
    assert "no such data set nope in" in mistake(*show, "nope", "--container", root, *conf)
    assert "run: gridcontainer ingest" in mistake(*show, "--container", tmp_path, *conf)


# export


PROPERTIES = ", ".join(f"f->'properties'->>'{n}' AS {n}" for n in ("object_id", "lon", "lat"))
READERS = {
    ".parquet": "SELECT object_id, lon, lat FROM read_parquet($file)",
    ".csv": "SELECT object_id, lon, lat FROM read_csv($file, all_varchar = true)",
    ".geojson": f"SELECT {PROPERTIES} FROM (SELECT unnest(features) AS f FROM read_json($file, "
    "format = 'unstructured', columns = {'features': 'JSON[]'}, maximum_object_size = 100000000))",
}


def read_back(file: Path) -> dict[str, tuple[float, float]]:
    """Positions by identity in an exported file, as DuckDB reads it; each is there once."""
    with duckdb.connect() as engine:
        rows = engine.execute(READERS[file.suffix], {"file": str(file)}).fetchall()
    positions = {identity: (float(lon), float(lat)) for identity, lon, lat in rows}
    assert len(positions) == len(rows)
    return positions


@pytest.mark.parametrize("ending", ["parquet", "geojson", "csv"])
@pytest.mark.parametrize("name", ["bus_stops", "towns", "shelters"])
def test_an_export_has_the_rows_that_are_valid(root, conf, tmp_path, name, ending):
    file = tmp_path / f"out.{ending}"
    said = run("export", name, file, "--container", root, *conf)
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout == f"{count(root, name):,} rows in {file}\n"
    stored = {i: (lon, lat) for i, lon, lat in select(root, name, "object_id, lon, lat")}
    assert read_back(file) == stored
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_an_export_of_an_area_has_the_rows_in_it(root, conf, tmp_path):
    asked = ("--container", root, "--overwrite", *conf)
    file = tmp_path / "stops.csv"
    run("export", "bus_stops", file, "--bbox", "121.4,31.2,121.5,31.3", *asked)
    where = "lon BETWEEN 121.4 AND 121.5 AND lat BETWEEN 31.2 AND 31.3"
    assert sorted(read_back(file)) == ids(root, "bus_stops", where)
    codes = ("--code", "N51H263", "--code", "N51H25")
    assert run("export", "bus_stops", file, *codes, *asked).exit_code == 0
    where = "grid_code LIKE 'N51H263%' OR grid_code LIKE 'N51H25%'"
    assert sorted(read_back(file)) == ids(root, "bus_stops", where)


def test_an_export_leaves_out_what_is_confidential_unless_it_is_asked_for(root, conf, tmp_path):
    export = ("export", "taxi", tmp_path / "taxi.parquet", "--overwrite", "--container", root)
    said = run(*export, *conf)
    assert said.stderr == "left out as confidential: object_id, 车ID\n"
    left = pq.read_schema(tmp_path / "taxi.parquet").names
    assert not {"object_id", "车ID"} & {*left}
    said = run(*export, "--with-confidential", *conf)
    assert (said.exit_code, said.stderr) == (0, "")
    assert sorted(read_back(tmp_path / "taxi.parquet")) == ids(root, "taxi")
    assert {*pq.read_schema(tmp_path / "taxi.parquet").names} == {*left, "object_id", "车ID"}


def test_mistakes_of_export_are_one_line(root, conf, tmp_path):
    more = ("--container", root, *conf)
    (tmp_path / "there.csv").write_text("mine")
    assert "add --overwrite" in mistake("export", "towns", tmp_path / "there.csv", *more)
    assert (tmp_path / "there.csv").read_text() == "mine"
    xlsx = mistake("export", "towns", tmp_path / "x.xlsx", *more)
    assert "its ending must be one of .parquet, .geojson, .csv" in xlsx
    assert "no data set nope" in mistake("export", "nope", tmp_path / "x.csv", *more)
    nowhere = mistake("export", "towns", tmp_path / "no/such/folder.csv", *more)
    assert "cannot be written: No such file or directory" in nowhere
    box = ("--bbox", "121,31.5,122,31")
    assert "south is above north" in mistake("export", "towns", tmp_path / "x.csv", *box, *more)
    assert "'N5'" in mistake("export", "towns", tmp_path / "x.csv", "--code", "N5", *more)
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]


# compact: the last, since it changes the files


def test_compact_tells_what_it_would_do_then_does_it_and_then_has_nothing_to_do(root):
    before = files(root, "bus_stops")
    rows = select(root, "bus_stops", "COLUMNS(*)", "true")
    said = run("compact", "--dry-run", "--container", root)
    assert (said.exit_code, said.exception) == (0, None)
    assert "What would be written anew" in said.stdout
    (line,) = (line.split() for line in said.stdout.splitlines() if "bus_stops" in line)
    assert line[:5] == ["bus_stops", "1", "1", "6", "1"]  # partitions, of, files, to about
    assert said.stdout.splitlines()[-1] == "3 of 4 data sets are in order"
    assert files(root, "bus_stops") == before

    done = run("compact", "bus_stops", "--container", root)
    assert "What was written anew" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 of 1 data sets are in order"
    assert len(files(root, "bus_stops")) == 1
    assert sorted(map(repr, select(root, "bus_stops", "COLUMNS(*)"))) == sorted(map(repr, rows))

    again = run("compact", "--container", root)
    assert again.stdout.splitlines()[-1] == "4 of 4 data sets are in order"


def test_compacting_does_not_make_a_data_set_look_fresh(root, conf, spark):
    def last_change() -> str:
        said = run("datasets", "show", "bus_stops", "--json", "--container", root, *conf)
        return json.loads(said.stdout)["last_change"]

    scatter(spark, root)
    changed = last_change()
    assert "What was written anew" in run("compact", "bus_stops", "--container", root).stdout
    assert last_change() == changed


def test_an_unknown_department_or_tag_is_told_with_those_there_are(root):
    for option, what in (("--department", "department"), ("--tag", "tag")):
        said = mistake("query", "--container", root, option, "nosuch")
        assert f"no data set of {what} nosuch; there are: " in said


def test_mistakes_of_compact_are_one_line(root, tmp_path):
    assert "no data set nope in" in mistake("compact", "nope", "--container", root)
    assert "run: gridcontainer ingest" in mistake("compact", "--container", tmp_path)
