"""The grid join against Sedona, shapely and pyproj: the same pairs, each once, for each ``how``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import exact_polygon
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from pyspark.sql import DataFrame, SparkSession, functions as F

from benchmarks.boundaries import read_shanghai
from benchmarks.tessellation import tessellate
from gridcontainer.errors import JoinError
from gridcontainer.grid import lonlat_to_cell
from gridcontainer.spark import grid_code
from gridcontainer.spark.join import How, Place, grid_join, plan_join
from gridcontainer.spark.join.prefix_broadcast import bring_together

pytestmark = pytest.mark.spark

BOX = (121.30, 31.10, 121.60, 31.35)
GEODESIC = pyproj.Geod(ellps="WGS84")
HOWS: list[How] = ["inner", "left", "semi", "anti"]
Pairs = set[tuple[int, int | None]]


def make_points(spark: SparkSession, lon: Any, lat: Any, name: str = "point") -> DataFrame:
    table = pd.DataFrame({name: np.arange(len(lon)), "lon": lon, "lat": lat})
    return spark.createDataFrame(table, f"{name} long, lon double, lat double")


def make_shapes(spark: SparkSession, shapes: Any, name: str = "zone") -> DataFrame:
    table = pd.DataFrame({name: np.arange(len(shapes)), "geometry": list(shapely.to_wkb(shapes))})
    return spark.createDataFrame(table, f"{name} long, geometry binary")


def awkward_points(shapes: Any, count: int, seed: int) -> tuple[Any, Any]:
    """Random places, vertices, places level with vertices, on lines of the grid, and no places."""
    rng = np.random.default_rng(seed)
    vertices = shapely.get_coordinates(shapes)
    some = vertices[rng.integers(0, len(vertices), count // 4)]
    west, south, east, north = shapely.total_bounds(shapes)
    free = rng.uniform((west - 0.02, south - 0.02), (east + 0.02, north + 0.02), (count, 2))
    level = np.column_stack([free[: len(some), 0], some[:, 1]])
    grid = np.round(free[: count // 4] * 900) / 900
    nowhere = np.array([[np.nan, 31.2], [121.4, np.nan], [500.0, 31.2], [121.4, 91.0]])
    lon, lat = np.concatenate([free, some, level, grid, nowhere]).T
    return lon, lat


def found(frame: DataFrame, left: str, right: str, how: How) -> Pairs:
    """Pairs of a result; each row counts, so that repeats are seen."""
    if how in ("semi", "anti"):
        rows = [(row[left], None) for row in frame.select(left).collect()]
    else:
        rows = [(row[left], row[right]) for row in frame.select(left, right).collect()]
    assert len(rows) == len(set(rows)), "a pair stands twice"
    return set(rows)


def as_asked(pairs: Pairs, everyone: int, how: How) -> Pairs:
    """What each ``how`` makes of the pairs."""
    matched = {left for left, _ in pairs}
    if how == "inner":
        return pairs
    if how == "semi":
        return {(left, None) for left in matched}
    alone: Pairs = {(left, None) for left in range(everyone) if left not in matched}
    return alone if how == "anti" else pairs | alone


def true_pairs(holds: Any) -> Pairs:
    """Row and column of what is true."""
    return set(map(tuple, np.argwhere(holds).tolist()))


def by_sedona(left: DataFrame, right: DataFrame, predicate: str) -> Pairs:
    joined = left.join(F.broadcast(right), F.expr(predicate))
    return {(row[0], row[1]) for row in joined.select("point", "zone").collect()}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("predicate", ["intersects", "within"])
def test_points_in_polygons_are_those_of_sedona(
    spark: SparkSession, predicate: Any, how: How
) -> None:
    shapes = np.append(tessellate(BOX, 25, seed=4), [shapely.box(121.4, 31.15, 121.5, 31.25), None])
    lon, lat = awkward_points(shapes[:-1], 1500, seed=1)
    points, zones = make_points(spark, lon, lat), make_shapes(spark, shapes)
    test = "ST_Intersects" if predicate == "intersects" else "ST_Contains"
    sedona = by_sedona(
        points.where("abs(lon) <= 180 and abs(lat) <= 90"), zones.where("geometry is not null"),
        f"{test}(ST_GeomFromWKB(geometry), ST_Point(lon, lat))",
    )  # fmt: skip
    plan = plan_join(points, zones, predicate, how)
    assert plan.strategy == "bands"
    assert len(sedona) > 1500
    assert found(plan.frame, "point", "zone", how) == as_asked(sedona, len(lon), how)
    assert plan.problems == [("right", 26, "no geometry")]


@pytest.mark.parametrize("how", HOWS)
def test_polygons_that_contain_points(spark: SparkSession, how: How) -> None:
    """The same with the polygons on the left, one of which has no point."""
    shapes = np.append(tessellate(BOX, 12, seed=8), [shapely.box(100, 10, 100.1, 10.1)])
    lon, lat = awkward_points(shapes[:-1], 400, seed=2)
    points = make_points(spark, lon, lat)
    frame = grid_join(make_shapes(spark, shapes), points, "contains", how)
    pairs = true_pairs(exact_polygon.holds_inside(shapes, lon, lat))
    assert found(frame, "zone", "point", how) == as_asked(pairs, len(shapes), how)


def test_stored_cells_are_used(spark: SparkSession) -> None:
    shapes = tessellate(BOX, 20, seed=3)
    lon, lat = awkward_points(shapes, 800, seed=3)
    points = make_points(spark, lon[:-4], lat[:-4])
    cells = dict(enumerate(lonlat_to_cell(lon[:-4], lat[:-4], 8).tolist()))
    stored = spark.createDataFrame(list(cells.items()), "point long, cell long")
    with_cells = points.join(stored, "point")
    plan = plan_join(
        with_cells, make_shapes(spark, shapes), left_place=Place(cell="cell", cell_level=8)
    )
    assert "stored cell" in plan.explain()
    plain = grid_join(points, make_shapes(spark, shapes))
    assert found(plan.frame, "point", "zone", "inner") == found(plain, "point", "zone", "inner")


HARD: dict[str, list[Any]] = {
    "quadrants": [shapely.box(-1, -1, 1, 1), shapely.box(-1, 0, 0, 1), shapely.box(0, -1, 1, 0)],
    "antimeridian": [shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)],
    "hole": [shapely.box(10, 10, 12, 12).difference(shapely.box(10.5, 10.5, 11, 11))],
    "sliver": [shapely.Polygon([(10, 10), (12, 10.000001), (12, 10.000002)])],
    "touching": [shapely.box(10, 10, 11, 11), shapely.box(11, 11, 12, 12)],
    "bow tie": [shapely.Polygon([(10, 10), (12, 12), (12, 10), (10, 12)])],
    "star": [
        shapely.MultiPolygon(
            [shapely.Polygon([(0, 0), (np.cos(a), np.sin(a)), (np.cos(a + 0.2), np.sin(a + 0.2))])
             for a in np.arange(0, 6, 0.5)]
        )
    ],
    "pole": [shapely.box(-180, 85, 180, 90)],
    "tiny": [shapely.box(10, 10, 10 + 1e-9, 10 + 1e-9)],
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_hard_polygons(spark: SparkSession, name: str) -> None:
    shapes = shapely.make_valid(np.array(HARD[name], dtype=object))
    west, south, east, north = shapely.total_bounds(shapes)
    x, y = np.meshgrid(np.linspace(west, east, 17), np.linspace(south, north, 17))
    corners = shapely.get_coordinates(shapes)
    lon, lat = np.append(x, corners[:, 0]), np.append(y, corners[:, 1])
    pairs = true_pairs(exact_polygon.meets(shapes, lon, lat).T)
    given = make_shapes(spark, np.array(HARD[name], dtype=object))
    plan = plan_join(make_points(spark, lon, lat), given)
    assert found(plan.frame, "point", "zone", "inner") == pairs
    assert plan.strategy == ("Sedona" if name in ("star", "pole") else "bands")


@pytest.mark.real_data
def test_real_boundaries_and_real_stops(spark: SparkSession, real_data: Path) -> None:
    shapes = read_shanghai(real_data)
    shapes = shapes[shapely.get_dimensions(shapes) == 2]
    lon, lat = awkward_points(shapes, 20_000, seed=11)
    points, zones = make_points(spark, lon[:-4], lat[:-4]), make_shapes(spark, shapes)
    sedona = by_sedona(points, zones, "ST_Intersects(ST_GeomFromWKB(geometry), ST_Point(lon, lat))")
    frame = grid_join(points, zones)
    assert found(frame, "point", "zone", "inner") == sedona


def metres_between(lon: Any, lat: Any, other_lon: Any, other_lat: Any) -> Any:
    shape = (len(lon), len(other_lon))
    columns = [np.broadcast_to(a[:, None], shape) for a in (lon, lat)]
    others = [np.broadcast_to(a[None, :], shape) for a in (other_lon, other_lat)]
    return np.reshape(GEODESIC.inv(*columns, *others)[2], shape)


CITIES = {"Shanghai": (121.4, 31.2), "Greenwich": (0.0, 0.0), "date line": (180.0, -40.0),
          "north": (25.0, 87.5)}  # fmt: skip


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("distance", [0.0, 120.0, 40_000.0])
def test_points_within_a_distance(spark: SparkSession, city: str, distance: float) -> None:
    lon, lat = CITIES[city]
    rng = np.random.default_rng(int(distance) + 1)
    spread = 0.02 if distance < 10_000 else 0.4
    sides = []
    for count in (150, 120):
        x = lon + rng.normal(0, spread / np.cos(np.radians(lat)), count)
        sides.append(((x + 180) % 360 - 180, np.clip(lat + rng.normal(0, spread, count), -88, 88)))
    (x1, y1), (x2, y2) = sides
    x2[:10], y2[:10] = x1[:10], y1[:10]
    metres = metres_between(x1, y1, x2, y2)
    pairs = true_pairs(metres <= distance)
    left, right = make_points(spark, x1, y1), make_points(spark, x2, y2, "other")
    for how in HOWS:
        plan = plan_join(left, right, "within_distance", how, distance=distance)
        assert found(plan.frame, "point", "other", how) == as_asked(pairs, len(x1), how)
    measured = grid_join(left, right, "within_distance", distance=distance, measure="metres")
    for row in measured.collect():
        assert row["metres"] == pytest.approx(metres[row["point"], row["other"]], abs=1e-6)


def test_a_limit_that_a_chord_cannot_tell(spark: SparkSession) -> None:
    """Pairs exactly at the limit: the geodesic itself is asked, and Sedona says the same."""
    left = make_points(spark, [121.4], [31.2])
    east, north, _ = GEODESIC.fwd(
        np.full(50, 121.4), np.full(50, 31.2), np.arange(50) * 7.2, np.full(50, 5e5)
    )
    right = make_points(spark, east, north, "other")
    one = (
        left.crossJoin(right.withColumnsRenamed({"lon": "x", "lat": "y"}))
        .where("ST_DistanceSpheroid(ST_Point(lon, lat), ST_Point(x, y)) <= 500000")
        .select("other")
    )
    frame = grid_join(left, right, "within_distance", distance=5e5)
    assert {row[0] for row in frame.select("other").collect()} == {r[0] for r in one.collect()}


@pytest.mark.parametrize("k", [1, 3, 200])
def test_nearest_neighbours(spark: SparkSession, k: int) -> None:
    """Random places, the same place twice, and places without a position."""
    rng = np.random.default_rng(k)
    x1, y1 = rng.uniform((121, 31), (121.5, 31.5), (80, 2)).T
    x2, y2 = rng.uniform((121, 31), (121.5, 31.5), (120, 2)).T
    x2[100:110], y2[100:110] = x2[:10], y2[:10]
    x1[:3], x2[50] = np.nan, np.nan
    metres = metres_between(x1, y1, x2, y2)
    metres[np.isnan(metres)] = np.inf
    order = np.argsort(metres, axis=1, kind="stable")[:, : min(k, 119)]
    pairs: Pairs = {(i, int(j)) for i in range(3, 80) for j in order[i]}
    left, right = make_points(spark, x1, y1), make_points(spark, x2, y2, "other")
    plan = plan_join(left, right, "nearest", k=k, measure="metres")
    assert found(plan.frame, "point", "other", "inner") == pairs
    assert plan.problems == [("right", 50, "no position")]
    for row in plan.frame.collect():
        assert row["metres"] == pytest.approx(metres[row["point"], row["other"]], abs=1e-6)
    kept = grid_join(left, right, "nearest", "left", k=k)
    assert found(kept, "point", "other", "left") == as_asked(pairs, 80, "left")


@pytest.mark.parametrize("how", ["inner", "left"])
def test_sides_stored_by_prefix_are_joined_part_by_part(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: How
) -> None:
    """Right too large to be sent at once: left's rows are read where they are, none is moved."""
    rng = np.random.default_rng(21)
    lon, lat = rng.uniform((120.6, 30.6), (122.4, 32.2), (400, 2)).T
    other_lon, other_lat = rng.uniform((120.6, 30.6), (121.6, 32.2), (300, 2)).T
    points = make_points(spark, lon, lat).withColumn("grid_prefix", grid_code("lon", "lat", 2))
    points.write.partitionBy("grid_prefix").parquet(str(tmp_path / "points"))
    stored = spark.read.parquet(str(tmp_path / "points"))
    monkeypatch.setattr(bring_together, "__kwdefaults__", {"limit": 150_000})
    plan = plan_join(
        stored, make_points(spark, other_lon, other_lat, "other"), "within_distance", how,
        distance=3_000.0, left_place=Place(prefix="grid_prefix", prefix_level=2),
    )  # fmt: skip
    assert "left stays" in plan.explain()
    metres = metres_between(lon, lat, other_lon, other_lat)
    expected = as_asked(true_pairs(metres <= 3_000.0), 400, how)
    assert found(plan.frame, "point", "other", how) == expected
    explained = plan.frame._jdf.queryExecution().executedPlan().toString()
    assert explained.count("BroadcastHashJoin") > 2
    assert "Exchange hashpartitioning" not in explained


def test_nearest_across_the_date_line_and_to_the_antipode(spark: SparkSession) -> None:
    left = make_points(spark, [179.9, 0.0], [10.0, 0.0])
    right = make_points(spark, [-179.9, 170.0, 180.0], [10.0, 10.0, 0.0], "other")
    pairs = found(grid_join(left, right, "nearest"), "point", "other", "inner")
    assert pairs == {(0, 0), (1, 1)}


@pytest.mark.parametrize(
    ("predicate", "how"),
    [*(("intersects", how) for how in HOWS), ("within", "inner"), ("contains", "inner")],
)
def test_shapes_with_shapes(spark: SparkSession, predicate: Any, how: How) -> None:
    """Lines, polygons and collections against polygons, some of which share only a corner."""
    zones = np.append(tessellate(BOX, 14, seed=6), [shapely.box(121.4, 31.2, 121.41, 31.21)])
    rng = np.random.default_rng(9)
    starts, steps = rng.uniform(BOX[:2], BOX[2:], (25, 2)), rng.normal(0, 0.05, (25, 2))
    lines = [shapely.LineString([a, a + d]) for a, d in zip(starts, steps, strict=True)]
    corners = shapely.get_coordinates(zones)[::90]
    others = np.array(
        [*lines, *shapely.box(*(corners - 0.01).T, *corners.T)[:10], zones[3], zones[-1].boundary,
         shapely.GeometryCollection([lines[0], shapely.Point(corners[0])])], dtype=object,
    )  # fmt: skip
    test: Callable[..., Any] = getattr(shapely, predicate)
    holds = test(others[:, None], zones)
    pairs = true_pairs(holds)
    left, right = make_shapes(spark, others, "shape"), make_shapes(spark, zones)
    plan = plan_join(left, right, predicate, how)
    assert plan.strategy == "covers"
    assert found(plan.frame, "shape", "zone", how) == as_asked(pairs, len(others), how)


def test_shapes_too_large_for_one_place_are_covered_on_the_workers(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = tessellate(BOX, 10, seed=5)
    lon, lat = awkward_points(shapes, 300, seed=5)
    points, zones = make_points(spark, lon[:-4], lat[:-4]), make_shapes(spark, shapes)
    usual = found(grid_join(points, zones), "point", "zone", "inner")
    monkeypatch.setattr("gridcontainer.spark.join.join.MOST_SHAPE_BYTES", 0)
    plan = plan_join(points, zones)
    assert plan.strategy == "covers"
    assert found(plan.frame, "point", "zone", "inner") == usual


def test_shared_areas(spark: SparkSession) -> None:
    """Square metres of what two tessellations share add up to the whole of each."""
    one, other = tessellate(BOX, 6, seed=1), tessellate(BOX, 9, seed=2)
    frame = grid_join(make_shapes(spark, one, "shape"), make_shapes(spark, other), measure="shared")
    table = frame.select("shape", "zone", "shared").toPandas()
    for index, shape in enumerate(one):
        # The same area by pyproj, whose edges are geodesics: short ones are straight enough.
        within = shapely.intersection(shape, shapely.union_all(other))
        dense = shapely.segmentize(within, 0.001)
        expected = sum(
            abs(GEODESIC.geometry_area_perimeter(part)[0]) for part in shapely.get_parts(dense)
        )
        assert table[table["shape"] == index]["shared"].sum() == pytest.approx(expected, rel=1e-6)


def test_bad_shapes_are_told_and_the_others_joined(spark: SparkSession) -> None:
    shapes = np.array(
        [shapely.box(0, 0, 1, 1), shapely.Point(), None, shapely.box(0.5, 0.5, 400, 1)]
    )
    right = make_shapes(spark, np.array([shapely.box(0.2, 0.2, 0.3, 0.3)]))
    plan = plan_join(make_shapes(spark, shapes, "shape"), right)
    assert found(plan.frame, "shape", "zone", "inner") == {(0, 0)}
    assert [side for side, _, _ in plan.problems] == ["left"] * 3
    assert "3 rows can't take part" in plan.explain()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"predicate": "touches"}, "one of intersects, within"),
        ({"how": "full"}, "one of inner, left"),
        ({"distance": 5.0}, "within_distance takes distance"),
        ({"predicate": "within_distance"}, "within_distance takes distance"),
        ({"predicate": "within_distance", "distance": -1.0}, "metres from 0 on"),
        ({"predicate": "nearest", "k": 0}, "at least one neighbour"),
        ({"predicate": "nearest", "how": "anti"}, "every row has a nearest one"),
        ({"how": "semi", "measure": "m"}, "gives no pairs"),
        ({"left_place": Place(lon="x")}, "the left side has no column x"),
        ({"right_place": Place(geometry="zone")}, "is bigint, not WKB"),
        ({"suffix": ""}, "another suffix"),
    ],
)
def test_questions_that_do_not_fit(
    spark: SparkSession, options: dict[str, Any], message: str
) -> None:
    points = make_points(spark, [121.4], [31.2]).withColumn("geometry_", F.lit(1))
    zones = make_shapes(spark, np.array([shapely.box(*BOX)])).withColumn("lon", F.lit(1))
    with pytest.raises(JoinError, match=message):
        grid_join(points, zones, **options)


def test_columns_that_both_sides_have(spark: SparkSession) -> None:
    points = make_points(spark, [121.4], [31.2])
    frame = grid_join(points, points, "nearest", suffix="_2")
    assert frame.columns == ["point", "lon", "lat", "point_2", "lon_2", "lat_2"]
    with pytest.raises(JoinError, match="no column geometry"):
        grid_join(points.drop("lon"), points)
