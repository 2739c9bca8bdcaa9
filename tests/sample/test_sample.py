"""The generated city: the same from a seed, and as dirty as its truth says."""

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

from gridcontainer.sample import write_sample
from gridcontainer.sample.departments import DATASETS
from gridcontainer.sample.positions import outside_city
from gridcontainer.sample.world import build_world

SCALE = 0.05
BOX = shapely.box(120.85, 30.67, 122.0, 31.88)
DATUM_SLACK = 0.02  # degrees; no datum moves a position of the city further than this
OFFSETS = {"wgs84": (0.0, 0.0), "gcj02": (0.0045, -0.0020), "bd09": (0.0110, 0.0040)}
WRITE = """
import pathlib, sys
from gridcontainer.sample import write_sample
write_sample(pathlib.Path(sys.argv[1]), scale=float(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sample")
    write_sample(directory, scale=SCALE)
    return directory


@pytest.fixture(scope="module")
def declared(small):
    files = json.loads((small / "truth/files.json").read_bytes())
    return {f"{file['department']}/{file['dataset']}": file for file in files}


@pytest.fixture(scope="module")
def counts(small):
    return json.loads((small / "truth/counts.json").read_bytes())


@pytest.fixture(scope="module")
def objects(small):
    return pd.read_parquet(small / "truth/objects.parquet")


def hashes(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


# Readers that share no code with the generator: rows as (key, longitude, latitude) as written,
# or (key, shape), or None for a broken row.


def read_csv(directory: Path, file: dict) -> list:
    form = file["csv"]
    text = (directory / file["path"]).read_bytes().decode(file["encoding"]).removeprefix("\ufeff")
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=form["delimiter"]))
    if form["header"]:
        assert lines.pop(0) == form["columns"]
    rows = [
        dict(zip(form["columns"], line, strict=True)) if len(line) == len(form["columns"]) else None
        for line in lines
    ]
    where = file["geometry"]
    return [
        row
        and (
            tuple(row[column] for column in file["key"]),
            row.get(where["lon"], "none"),
            row.get(where["lat"], "none"),
        )
        for row in rows
    ]


def read_json(directory: Path, file: dict) -> list:
    content = b"[]" if "*" in file["path"] else (directory / file["path"]).read_bytes()
    if file["compression"] == "gzip":
        content = gzip.decompress(content)
    return JSON_ROWS[file["dataset"]](json.loads(content), directory)


def enterprise_rows(firms: list, location: str) -> list:
    places = [firm[location] or {"lon": None, "lat": None} for firm in firms]
    return [
        ((firm["eid"],), place["lon"], place["lat"])
        for firm, place in zip(firms, places, strict=True)
    ]


def notice_rows(directory: Path) -> list:
    return [
        ((day["date"], district["district_name"], place), "none", "none")
        for path in sorted((directory / "health/notices").glob("*.json"))
        for day in [json.loads(path.read_bytes())]
        for district in day["districts"]
        for place in district["places"]
    ]


JSON_ROWS = {
    "metro_stations_bd09": lambda lines, _: [
        ((stop["id"],), stop["position"]["lng"], stop["position"]["lat"])
        for line in lines
        if line is not None
        for branch in line
        for stop in branch["stations"]
    ],
    "elderly_care": lambda rows, _: [
        ((row["agencyType"], row["agencyName"]), row["longitude"], row["latitude"]) for row in rows
    ],
    "notices": lambda _, directory: notice_rows(directory),
    "geocodes": lambda members, _: [
        ((address,), place["lng"], place["lat"]) for address, place in members.items()
    ],
    "case_points": lambda rows, _: [
        ((row["lat"], row["lng"], row["time"]), row["lng"], row["lat"]) for row in rows
    ],
    "enterprises": lambda rows, _: enterprise_rows(rows, "gdLocation"),
    "shops": lambda document, _: [
        ((f["properties"]["@id"],), f["geometry"] and shape(f["geometry"]))
        for f in document["features"]
    ],
    "towns": lambda rows, _: [((row["code"],), rings_to_shape(row["rings"])) for row in rows],
    "districts": lambda document, _: [
        ((f["properties"]["adcode"],), shape(f["geometry"])) for f in document["features"]
    ],
}


def rings_to_shape(rings: list) -> shapely.MultiPolygon:
    return shapely.MultiPolygon(
        [shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in rings]
    )


def read_rows(directory: Path, file: dict) -> list:
    if file["format"] == "csv":
        return read_csv(directory, file)
    if file["format"] == "parquet":
        frame = pd.read_parquet(directory / file["path"])
        return [(key, "none", "none") for key in frame[file["key"]].itertuples(index=False)]
    return read_json(directory, file)


def reason_of(row) -> str | None:
    """The first reason that applies; a repeated key is seen by ``recount`` only."""
    if row is None:
        return "broken row"
    if len(row) == 2:
        return "missing position" if row[1] is None else None
    return reason_of_position(*row[1:])


def reason_of_position(lon, lat) -> str | None:
    if lon == "none":
        return None
    if lon in (None, "") or lat in (None, ""):
        return "missing position"
    try:
        lon, lat = float(lon), float(lat)
    except ValueError:
        return "position is not a number"
    near_city = BOX.buffer(DATUM_SLACK)
    if lon == 0 and lat == 0:
        return "zero position"
    if near_city.contains(shapely.Point(lat, lon)):
        return "longitude and latitude swapped"
    return None if near_city.contains(shapely.Point(lon, lat)) else "outside the city"


def recount(rows: list) -> Counter:
    seen, found = set(), Counter()
    for row in rows:
        reason = reason_of(row)
        if reason is None:
            reason = "repeated key" if row[0] in seen else None
            seen.add(row[0])
        found[reason] += 1
    return found


def by_key(bad: dict[str, int]) -> Counter:
    """The truth's counts, with repeated rows among the repeated keys: ``recount`` sees keys only.

    (The container tells them apart, and its counts are held against the truth in its own tests.)
    """
    found = Counter({reason: n for reason, n in bad.items() if n})
    found["repeated key"] += found.pop("repeated row", 0)
    return +found


def test_same_seed_same_bytes_and_another_seed_other_bytes(small, tmp_path):
    # Another process with another hash seed: the order of a set must not decide anything.
    again = [sys.executable, "-c", WRITE, str(tmp_path / "again"), str(SCALE)]
    subprocess.run(again, check=True, env=os.environ | {"PYTHONHASHSEED": "1"})
    write_sample(tmp_path / "other", scale=SCALE, seed=7)
    first, other = hashes(small), hashes(tmp_path / "other")
    assert hashes(tmp_path / "again") == first
    same = {path for path, digest in first.items() if other.get(path) == digest}
    assert same == {"truth/files.json"}


def test_a_data_set_does_not_depend_on_the_ones_before_it(small):
    world = build_world(2026, SCALE)
    for make in reversed(DATASETS):
        for path, content in make(world).content.items():
            assert (small / path).read_bytes() == content, path


def test_the_truth_lists_every_file_and_no_other(small, declared, counts):
    on_disk = {path for path in hashes(small) if not path.startswith("truth/")}
    listed = {
        str(path.relative_to(small))
        for file in declared.values()
        for path in small.glob(file["path"])
    }
    assert on_disk == listed
    assert {file["path"] for file in declared.values()} == set(counts["files"])
    assert len({file["department"] for file in declared.values()}) == 8


def test_counts_are_those_of_the_files(small, declared, counts):
    for name, file in declared.items():
        truth = counts["files"][file["path"]]
        rows = read_rows(small, file)
        found = recount(rows)
        assert truth["rows"] == len(rows), name
        assert truth["valid"] == found.pop(None), name
        assert by_key(truth["bad"]) == found, name


def test_counts_by_the_second_geometry_of_a_file(small, counts):
    path = "economy/enterprises.json"
    found = recount(enterprise_rows(json.loads((small / path).read_bytes()), "bdLocation"))
    truth = counts["files"][path]["by_other_geometry"]["bdLocation"]
    assert truth["valid"] == found.pop(None)
    assert by_key(truth["bad"]) == found


def test_every_reason_occurs(counts):
    found = Counter()
    for truth in counts["files"].values():
        found.update(truth["bad"])
    assert len(found) == 8
    absent = [reason for reason, count in found.items() if not count]
    assert absent == ["repeated key"]  # what the city sends twice is the whole row
    assert sum(found.values()) == counts["bad"]


def test_bad_positions_are_far_out_and_good_ones_inside(small, declared):
    inside, far_out = BOX.buffer(DATUM_SLACK - 0.001), BOX.buffer(0.5)
    for name, file in declared.items():
        for row in read_rows(small, file):
            if row is None or row[1] == "none" or len(row) == 2:
                continue
            reason = reason_of(row)
            if reason is None:
                assert inside.contains(shapely.Point(float(row[1]), float(row[2]))), (name, row)
            if reason == "outside the city":
                assert not far_out.contains(shapely.Point(float(row[1]), float(row[2]))), (
                    name,
                    row,
                )


def test_other_provinces_are_half_a_degree_away():
    lon, lat = outside_city(np.random.default_rng(0), 20_000)
    assert not shapely.contains_xy(shapely.box(120.35, 30.17, 122.5, 32.38), lon, lat).any()


def test_broken_rows_are_too_short_or_too_long(small, declared):
    for file in declared.values():
        if file["format"] == "csv" and file["dataset"] in ("bus_stops", "smartcard", "taxi"):
            text = (small / file["path"]).read_text(encoding=file["encoding"])
            cells = {len(line) for line in csv.reader(io.StringIO(text))}
            width = len(file["csv"]["columns"])
            assert cells == {width - 2, width, width + 1}


def test_true_positions_are_well_inside_the_box(objects):
    inside = shapely.contains_xy(BOX.buffer(-0.001), objects["lon"], objects["lat"])
    assert inside.all()


def test_chinese_text_in_gbk_is_not_utf8(small, declared):
    gbk = [file for file in declared.values() if file["encoding"] == "gbk"]
    assert len(gbk) == 2
    for file in gbk:
        content = (small / file["path"]).read_bytes()
        assert "花园" in content.decode("gbk")
        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8")


def test_line_ends_and_byte_order_marks_are_as_declared(small, declared):
    for file in declared.values():
        if file["format"] == "csv":
            content = (small / file["path"]).read_bytes()
            assert content.startswith(b"\xef\xbb\xbf") == file["csv"]["bom"], file["path"]
            windows = file["csv"]["newline"] == "\r\n"
            assert content.count(b"\r\n") == (content.count(b"\n") if windows else 0), file["path"]
    assert declared["traffic/metro_stations"]["csv"]["bom"]
    assert not declared["traffic/smartcard"]["csv"]["header"]


def test_compressed_files_carry_no_time(small, declared):
    packed = [file for file in declared.values() if file["compression"] == "gzip"]
    assert len(packed) == 3
    for file in packed:
        assert (small / file["path"]).read_bytes()[4:8] == bytes(4)


@pytest.mark.parametrize("datum", OFFSETS)
def test_positions_are_off_the_truth_by_the_datum(small, declared, objects, datum):
    checked = 0
    for name, file in declared.items():
        if file["datum"] != datum or file["geometry"]["kind"] != "point":
            continue
        rows = [row for row in read_rows(small, file) if reason_of(row) is None]
        written = pd.DataFrame(
            [("|".join(map(str, key)), float(lon), float(lat)) for key, lon, lat in rows],
            columns=["key", "written_lon", "written_lat"],
        )
        true = objects[(objects["dataset"] == file["dataset"]) & objects["reason"].isna()]
        if true.empty:  # a cab on its way is no object
            assert name == "traffic/taxi"
            continue
        pairs = written.drop_duplicates("key").merge(true, on="key", how="inner")
        off = pairs["written_lon"] - pairs["lon"], pairs["written_lat"] - pairs["lat"]
        for measured, expected in zip(off, OFFSETS[datum], strict=True):
            assert abs(measured.median() - expected) < 5e-4, file["path"]
            assert measured.std() < 1e-3, file["path"]  # another datum among them would show
        assert len(pairs) == len(true), file["path"]
        checked += 1
    assert checked >= 2


def test_links_join_good_rows_of_the_same_object(small, declared, objects):
    links = pd.read_parquet(small / "truth/links.parquet")
    good = objects[objects["reason"].isna()]
    assert not good.duplicated(["department", "dataset", "key"]).any()
    sides = ["department", "dataset", "key"]
    for side in ("left", "right"):
        columns = {f"{side}_{name}": name for name in sides}
        there = links.rename(columns=columns).merge(good, on=["object_id", *sides], how="left")
        assert there["lon"].notna().all()
    ends = links[[f"{side}_{name}" for side in ("left", "right") for name in sides]]
    assert len({frozenset([row[:3], row[3:]]) for row in ends.itertuples(index=False)}) == len(ends)
    pairs = set(zip(links["left_dataset"], links["right_dataset"], strict=True))
    assert pairs >= {
        ("communities_bd09", "communities_wgs84"),
        ("metro_stations", "metro_stations_bd09"),
        ("case_points", "geocodes"),
        ("enterprises", "shops"),
        ("employment_by_street", "towns"),
        ("geocodes", "communities_bd09"),
    }


def test_a_row_without_position_that_comes_again_is_not_a_repeat(small, declared, objects):
    care = objects[objects["dataset"] == "elderly_care"]
    reasons = care.groupby("key")["reason"].agg(list)
    assert any(len(both) == 2 and None in both for both in reasons)


def test_towns_tile_the_city_and_districts_are_made_of_them(small, declared, objects):
    towns = [row[1] for row in read_rows(small, declared["planning/towns"])]
    districts = [row[1] for row in read_rows(small, declared["planning/districts"])]
    union = shapely.union_all(towns)
    assert all(town.is_valid for town in towns)
    assert sum(town.area for town in towns) == pytest.approx(union.area, abs=1e-7)
    assert shapely.symmetric_difference(union, shapely.union_all(districts)).area < 1e-7
    near = union.buffer(1e-3)  # communities are moved a little from where people live
    points = objects[objects["class"] == "community"]
    assert shapely.contains_xy(near, points["lon"], points["lat"]).mean() > 0.999


def test_people_crowd_in_the_centre_and_the_edge_is_empty(objects):
    homes = objects[objects["class"] == "community"]
    far = np.hypot(homes["lon"] - 121.47, homes["lat"] - 31.23)
    assert (far < 0.1).mean() > 0.3
    assert (far < 0.1).mean() < 0.8
    assert homes["lon"].max() < 121.99


def test_scale_one_has_about_two_hundred_thousand_rows(tmp_path):
    told = {}
    truth = write_sample(tmp_path, progress=told.__setitem__)
    assert 150_000 <= truth.rows <= 250_000
    assert told == {file.declaration.name: file.counts.rows for file in truth.files}
    assert truth.rows == sum(told.values())
    assert 0 < truth.bad_rows < truth.rows / 20


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"scale": 0.0}, {"scale": -1.0}])
def test_a_seed_or_scale_out_of_range_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="must be"):
        write_sample(tmp_path, **wrong)
    assert not list(tmp_path.iterdir())
