"""Every way of asking: equal to brute force, and the same with Spark as without."""

import os
import time
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import shapely
from deltalake import DeltaTable, write_deltalake
from hypothesis import example, given, settings, strategies as st
from pyproj import Geod, Transformer

from gridcontainer.container.query import (
    Question,
    explain,
    find,
    in_box,
    in_codes,
    in_place,
    in_polygon,
    parse_time,
    query_dataset,
    within,
)
from gridcontainer.container.storage import Storage
from gridcontainer.errors import CoordinateError, QueryError

SETS = ("bus_stops", "shops", "towns", "taxi")
HOLED = shapely.box(121.40, 31.18, 121.55, 31.30).difference(
    shapely.box(121.45, 31.21, 121.5, 31.25)
)


@pytest.fixture(scope="module")
def whole(ingested) -> dict[str, pd.DataFrame]:
    return {name: ingested.rows(name) for name in SETS}


def brute(rows: pd.DataFrame, holds, shape) -> list[str]:
    inside = holds(rows["lon"].to_numpy(), rows["lat"].to_numpy())
    if "geometry" in rows:
        shapes = shapely.from_wkb(rows["geometry"].to_numpy())
        inside = inside | (shapely.intersects(shape, shapes) & (shapely.get_dimensions(shapes) > 0))
    return sorted(rows["object_id"][inside])


def ids(found) -> dict[str, list[str]]:
    return {part.dataset: sorted(part.rows["object_id"].to_pylist()) for part in found}


def ask(ingested, area) -> dict[str, list[str]]:
    return ids(find(ingested.storage, Question(area, datasets=SETS)))


@settings(max_examples=20)
@given(lon=st.floats(121.2, 121.7), lat=st.floats(31.0, 31.5), metres=st.floats(1.0, 40_000.0))
@example(lon=121.21875, lat=31.495509332682964, metres=38315.0)  # meets a building, not its point
def test_a_radius_finds_what_geodesic_distances_find(ingested, whole, lon, lat, metres):
    found = ask(ingested, within(lon, lat, metres))
    for name in ("bus_stops", "shops", "taxi"):
        rows = whole[name]
        points = (rows["lon"].to_numpy(), rows["lat"].to_numpy())
        far = Geod(ellps="WGS84").inv(np.full(len(rows), lon), np.full(len(rows), lat), *points)[2]
        near = {*rows["object_id"][far <= metres]}
        if "geometry" not in rows:
            assert found[name] == sorted(near)
            continue
        # A building reaches nearer than its point; the circle that it meets is 0.01 % short.
        reach = reach_of_shapes(rows, lon, lat)
        assert near | {*rows["object_id"][reach <= metres * 0.9998]} <= {*found[name]}
        assert {*found[name]} <= near | {*rows["object_id"][reach <= metres]}


def reach_of_shapes(rows: pd.DataFrame, lon: float, lat: float) -> np.ndarray:
    """Metres to the nearest part of each building; infinite for a shape that is a point.

    On the azimuthal equidistant map round the middle, where distances from it are true.
    """
    to_map = Transformer.from_crs(
        "EPSG:4326", f"+proj=aeqd +lon_0={lon} +lat_0={lat} +ellps=WGS84", always_xy=True
    )
    shapes = shapely.from_wkb(rows["geometry"].to_numpy())
    on_map = shapely.transform(shapes, lambda xy: np.column_stack(to_map.transform(*xy.T)))
    metres = shapely.distance(on_map, shapely.Point(0, 0))
    return np.where(shapely.get_dimensions(shapes) > 0, metres, np.inf)


@settings(max_examples=20)
@given(
    corners=st.lists(
        st.tuples(st.floats(121.0, 122.0), st.floats(30.8, 31.7)), min_size=3, max_size=9
    )
)
def test_a_polygon_finds_what_shapely_finds(ingested, whole, corners):
    polygon = shapely.MultiPoint(corners).convex_hull
    if polygon.geom_type != "Polygon" or not polygon.is_valid:
        return
    found = ask(ingested, in_polygon(polygon))
    for name in SETS:
        inside = lambda x, y: shapely.covers(polygon, shapely.points(x, y))  # noqa: E731
        assert found[name] == brute(whole[name], inside, polygon)


AREAS = {
    "codes": lambda: in_codes(["N51H263", "N51H25"]),
    "box": lambda: in_box((121.40, 31.2, 121.46, 31.26)),
    "hole": lambda: in_polygon(HOLED),
    "radius": lambda: within(121.47, 31.23, 3000),
    "nowhere": lambda: in_box((170.0, -80.0, -170.0, -70.0)),
}


@pytest.mark.parametrize("way", AREAS)
def test_spark_finds_the_same_and_reads_the_files_that_explain_names(spark, ingested, way):
    area = AREAS[way]()
    found = ask(ingested, area)
    for name in SETS:
        question = Question(area, datasets=(name,))
        frame = query_dataset(spark, ingested.storage, question, name)
        assert sorted(row["object_id"] for row in frame.collect()) == found[name]
        (said,) = explain(ingested.storage, question)
        assert said.files == len(DeltaTable(ingested.path(name)).file_uris())
        plan = frame._jdf.queryExecution().executedPlan()
        leaves = plan.collectLeaves()
        metrics = [leaves.apply(i).metrics() for i in range(leaves.size())]
        read = sum(m.apply("numFiles").value() for m in metrics if m.contains("numFiles"))
        assert read == said.files_read
    assert any(found.values()) == (way != "nowhere")


def test_a_hole_is_not_in_a_polygon_and_its_border_is(ingested, whole):
    inside = lambda x, y: shapely.covers(HOLED, shapely.points(x, y))  # noqa: E731
    assert ask(ingested, in_polygon(HOLED))["shops"] == brute(whole["shops"], inside, HOLED)
    ones = np.array([1.0])
    area = in_polygon(shapely.box(1, 1, 2, 2))
    assert area.holds(ones, ones, np.array([0])).tolist() == [True]


def test_times_are_closed_open_and_sets_without_time_are_left_out(spark, tmp_path):
    times = pd.date_range("2024-01-01", periods=10, freq="h", tz="UTC")
    rows = pd.DataFrame({"object_id": [str(n) for n in range(10)], "event_time": times})
    for part in (rows[:5], rows[5:]):
        write_deltalake(str(tmp_path / "datasets/a/events"), part, mode="append")
    write_deltalake(str(tmp_path / "datasets/a/plain"), rows[["object_id"]])
    storage = Storage(str(tmp_path))
    question = Question(since=times[2].to_pydatetime(), until=times[4].to_pydatetime())
    assert ids(find(storage, question)) == {"events": ["2", "3"]}
    frame = query_dataset(spark, storage, question, "events")
    assert sorted(row["object_id"] for row in frame.collect()) == ["2", "3"]
    events, plain = explain(storage, question)
    assert (events.files, events.files_read) == (2, 1)
    assert (plain.files_read, plain.why) == (0, "left out: it has no time")


def test_times_are_in_the_zone_of_the_city_unless_they_say():
    assert parse_time("2015-04-01", "Asia/Shanghai") == datetime(2015, 3, 31, 16, tzinfo=UTC)
    assert parse_time("2015-04-01T00:00Z", "Asia/Shanghai") == datetime(2015, 4, 1, tzinfo=UTC)
    with pytest.raises(QueryError, match="'soon' is no time"):
        parse_time("soon", "UTC")


def test_departments_and_tags_choose_data_sets(ingested):
    declared = ingested.declarations.values()
    traffic = {d.dataset for d in declared if d.department == "traffic" and d.position}
    assert set(ids(find(ingested.storage, Question(departments=("traffic",))))) == traffic
    tag = next(tag for d in declared for tag in d.tags)
    tagged = {d.dataset for d in declared if tag in d.tags}
    assert set(ids(find(ingested.storage, Question(tags=(tag,))))) == tagged


def test_places_by_name(ingested, whole):
    towns = whole["towns"]
    row = towns[~towns["name"].duplicated(keep=False)].iloc[3]
    area = in_place(ingested.storage, row["name"], areas=["towns", "nosuch"])
    shape = shapely.from_wkb(row["geometry"])
    inside = lambda x, y: shapely.covers(shape, shapely.points(x, y))  # noqa: E731
    assert ask(ingested, area)["shops"] == brute(whole["shops"], inside, shape)
    with pytest.raises(QueryError, match="nearest: .*" + row["name"][0]):
        in_place(ingested.storage, row["name"][0] + "々" + row["name"][1:], areas=["towns"])


def test_a_new_commit_is_seen_and_history_shows_what_is_valid(tmp_path):
    def rows(number: int) -> pd.DataFrame:
        then = pd.Timestamp("2024-01-01", tz="UTC")
        ends = [then + pd.Timedelta(days=9), pd.NaT]
        return pd.DataFrame({
            "object_id": [f"old{number}", f"new{number}"], "cell": [1, 2], "lon": [1.0, 1.0],
            "lat": [1.0, 1.0], "valid_from": [then, ends[0]],
            "valid_to": pd.Series(ends, dtype="datetime64[ns, UTC]"),
        })  # fmt: skip

    path = tmp_path / "datasets/planning/places"
    storage, all_rows = Storage(str(tmp_path)), Question()
    write_deltalake(str(path), rows(1))
    assert ids(find(storage, all_rows)) == {"places": ["new1"]}
    stamp = os.stat(path / "_delta_log").st_mtime_ns
    write_deltalake(str(path), rows(2), mode="append")
    os.utime(path / "_delta_log", ns=(time.time_ns(), stamp))  # as on a coarse clock
    assert ids(find(storage, all_rows)) == {"places": ["new1", "new2"]}
    then = Question(as_of=datetime(2024, 1, 2, tzinfo=UTC))
    assert ids(find(storage, then)) == {"places": ["old1", "old2"]}
    DeltaTable(str(path)).delete()
    assert ids(find(storage, all_rows)) == {"places": []}


def test_mistakes_are_told(ingested, spark):
    with pytest.raises(CoordinateError, match="not a valid polygon"):
        in_polygon(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    with pytest.raises(CoordinateError, match="is not a polygon"):
        in_polygon(shapely.Point(0, 0))
    with pytest.raises(CoordinateError, match="polar cap"):
        within(0.0, 87.9, 50_000)
    with pytest.raises(QueryError, match="leaves shops out"):
        query_dataset(spark, ingested.storage, Question(departments=("traffic",)), "shops")
