"""Joins that must not fail: sides without a usable row, lost blocks, equal places, large sides."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from pyspark.sql import DataFrame, SparkSession, functions as F
from test_join import found, make_points, make_shapes, metres_between

from gridcontainer.errors import JoinError
from gridcontainer.spark.join import How, grid_join, plan_join
from gridcontainer.spark.join.neighbors import Neighbors
from gridcontainer.spark.join.sizes import can_be_collected, measure_bytes
from gridcontainer.spark.persisted import persist_until_unused

pytestmark = pytest.mark.spark

HOWS: list[How] = ["inner", "left", "semi", "anti"]
UNUSABLE: dict[str, list[Any]] = {
    "no rows": [],
    "null shapes": [None, None],
    "empty shapes": [shapely.Polygon(), shapely.GeometryCollection()],
    "metres": [shapely.box(354000, 3456000, 355000, 3457000)],
}
NOTHING = [shape for shapes in UNUSABLE.values() for shape in shapes]
WHY = ["no geometry", "no geometry", "empty geometry", "empty geometry", "outside ["]
ASKED: list[tuple[str, Any, How]] = [
    *(("points", "intersects", how) for how in HOWS), ("points", "within", "left"),
    ("points", "contains", "left"), ("points", "within_distance", "left"),
    ("lines", "intersects", "left"), ("lines", "intersects", "anti"),
    ("lines", "contains", "semi"), ("lines", "within_distance", "inner"),
]  # fmt: skip


@pytest.mark.parametrize("shapes", [[], NOTHING], ids=["no rows", "no shapes"])
@pytest.mark.parametrize(("side", "predicate", "how"), ASKED)
def test_a_side_without_a_usable_shape_has_no_pairs(
    spark: SparkSession, side: str, predicate: Any, how: How, shapes: list[Any]
) -> None:
    if side == "points":
        left = make_points(spark, [121.4, 121.5, 500.0], [31.2, 31.3, 31.2])
    else:
        left = make_shapes(spark, [shapely.LineString([(121, 31), (122, 32)])] * 3, "point")
    zones = make_shapes(spark, np.array(shapes, dtype=object))
    distance = 100.0 if predicate == "within_distance" else None
    plan = plan_join(left, zones, predicate, how, distance=distance)
    rows = [row["point"] for row in plan.frame.collect()]
    assert rows == ([] if how in ("inner", "semi") else [0, 1, 2])
    assert ("zone" in plan.frame.columns) == (how in ("inner", "left"))
    told = [(row, reason) for which, row, reason in plan.problems if which == "right"]
    assert [row for row, _ in told] == list(range(len(shapes)))
    assert all(why in reason for why, (_, reason) in zip(WHY, told, strict=False))


@pytest.mark.parametrize("how", ["left", "semi"])
@pytest.mark.parametrize("predicate", ["contains", "within"])
def test_a_left_side_without_a_usable_shape_keeps_its_rows(
    spark: SparkSession, predicate: Any, how: How
) -> None:
    shapes = make_shapes(spark, np.array(NOTHING, dtype=object), "shape")
    right = make_points(spark, [121.4], [31.2])
    if predicate == "within":
        right = make_shapes(spark, np.array([shapely.box(121, 31, 122, 32)]))
    plan = plan_join(shapes, right, predicate, how)
    rows = [row["shape"] for row in plan.frame.collect()]
    assert rows == ([] if how == "semi" else list(range(len(NOTHING))))


@pytest.mark.parametrize("how", ["inner", "left"])
@pytest.mark.parametrize("kind", ["no rows", "no positions"])
def test_nothing_is_nearest_where_right_has_no_position(
    spark: SparkSession, how: How, kind: str
) -> None:
    points = make_points(spark, [121.4, 121.5], [31.2, 31.3])
    places = [] if kind == "no rows" else [np.nan, 500.0]
    right = make_points(spark, places, [31.0] * len(places), "other")
    plan = plan_join(points, right, "nearest", how, measure="metres")
    rows = [(row["point"], row["other"], row["metres"]) for row in plan.frame.collect()]
    assert rows == ([] if how == "inner" else [(0, None, None), (1, None, None)])
    empty = make_points(spark, [], [])
    assert plan_join(empty, points, "nearest", how, suffix="_2").frame.collect() == []
    near = plan_join(points, right, "within_distance", how, distance=10.0)
    assert len(near.frame.collect()) == (0 if how == "inner" else 2)


def test_nothing_is_nearest_to_shapes_that_are_none(spark: SparkSession) -> None:
    points = make_points(spark, [121.4, 121.5], [31.2, 31.3])
    zones = make_shapes(spark, np.array(NOTHING, dtype=object))
    plan = plan_join(points, zones, "nearest", "left", measure="metres")
    assert [row["zone"] for row in plan.frame.collect()] == [None, None]
    whole = make_shapes(spark, np.array([shapely.box(121, 31, 122, 32)]))
    with pytest.raises(JoinError, match="nearest is for points"):
        plan_join(points, whole, "nearest")


def test_a_shape_that_is_none_does_not_stop_sedona(spark: SparkSession) -> None:
    """A cap of the pole, which cells cannot do, beside shapes that nobody can use."""
    shapes = [shapely.box(-180, 85, 180, 90), None, *UNUSABLE["empty shapes"], *UNUSABLE["metres"]]
    zones = make_shapes(spark, np.array(shapes, dtype=object))
    points = make_points(spark, [10.0, 121.4], [87.0, 31.2])
    plan = plan_join(points, zones, "intersects", "left")
    assert plan.strategy == "Sedona"
    assert found(plan.frame, "point", "zone", "left") == {(0, 0), (1, None)}
    assert [row for _, row, _ in plan.problems] == [1, 2, 3, 4]


def test_rows_that_cannot_take_part_are_counted_and_the_first_named(spark: SparkSession) -> None:
    """Of a million rows without a shape only the first come here, by their number in the frame."""
    shapes = spark.range(5_000, numPartitions=4).select(
        F.col("id").alias("shape"),
        F.when(F.col("id") % 2 == 0, F.lit(shapely.to_wkb(shapely.box(0, 0, 1, 1)))).alias(
            "geometry"
        ),
    )
    right = make_shapes(spark, np.array([shapely.box(0.2, 0.2, 0.3, 0.3)]))
    plan = plan_join(shapes, right)
    assert plan.unused == 2_500
    assert [row for _, row, _ in plan.problems] == list(range(1, 200, 2))
    assert "2,500 rows can't take part; the first is row 1 of the left" in plan.explain()
    assert plan.frame.count() == 2_500


def lose_blocks(spark: SparkSession) -> int:
    """What happens when executors are lost: every cached block is gone."""
    persistent = spark.sparkContext._jsc.sc().getPersistentRDDs()  # type: ignore[union-attr]
    ids = [entry for entry in persistent.keys().mkString(",").split(",") if entry]
    blocks = spark.sparkContext._jvm.org.apache.spark.SparkEnv.get()  # type: ignore[union-attr]
    for number in ids:
        blocks.blockManager().master().removeRdd(int(number), True)
    return len(ids)


def shuffled(spark: SparkSession, shapes: list[Any], name: str) -> DataFrame:
    """Rows in another order each time they are computed, as blocks of a shuffle are fetched."""

    def permute(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            yield batch.sample(frac=1.0, random_state=np.random.default_rng())

    frame = make_shapes(spark, np.array(shapes, dtype=object), name)
    return frame.coalesce(1).mapInPandas(permute, frame.schema)


def test_pairs_are_right_after_blocks_are_lost(spark: SparkSession) -> None:
    """Rows that come in another order when they are computed again keep their own pairs."""
    corners = np.arange(40.0)
    left = [shapely.box(x, 0, x + 0.5, 1) for x in corners]
    right = [shapely.box(x + 0.2, 0.2, x + 0.3, 0.3) for x in corners]
    plan = plan_join(shuffled(spark, left, "shape"), shuffled(spark, right, "zone"))
    assert plan.strategy == "covers"
    expected = {(i, i) for i in range(40)}
    assert found(plan.frame, "shape", "zone", "inner") == expected
    assert lose_blocks(spark) > 0
    assert found(plan.frame, "shape", "zone", "inner") == expected


def test_equal_shapes_are_each_in_their_pairs(spark: SparkSession) -> None:
    box = shapely.box(0, 0, 1, 1)
    left = make_shapes(spark, np.array([box, box, None, shapely.box(5, 5, 6, 6)]), "shape")
    right = make_shapes(spark, np.array([shapely.box(0.5, 0.5, 2, 2)] * 3))
    frame = grid_join(left, right, "intersects", "left")
    pairs = {(i, j) for i in (0, 1) for j in range(3)} | {(2, None), (3, None)}
    assert found(frame, "shape", "zone", "left") == pairs


def test_no_join_leaves_a_cached_frame(spark: SparkSession) -> None:
    """A cached frame stays until somebody unpersists it; an RDD goes with its last reference."""
    zones = [shapely.box(x, 0, x + 0.5, 1) for x in range(5)]
    plan = plan_join(make_shapes(spark, zones, "shape"), make_shapes(spark, zones))
    assert plan.frame.count() == 5
    assert "InMemory" not in plan.frame._jdf.queryExecution().toString()
    frame = persist_until_unused(spark.range(5).repartition(3).dropDuplicates())
    assert sorted(row[0] for row in frame.collect()) == list(range(5))
    rows: Any = frame._jdf.queryExecution().analyzed().rdd().dependencies().head().rdd()
    assert rows.getStorageLevel().useMemory()


POSITIONS = {
    "all equal": lambda rng, n: np.tile([[121.4], [31.2]], n),
    "few places": lambda rng, n: rng.integers(0, 3, (2, n)) / 64 + [[121.4], [31.2]],
    "a grid": lambda rng, n: rng.integers(0, 9, (2, n)) / 64 + [[121.4], [31.2]],
    "a pole": lambda rng, n: np.stack([rng.uniform(-180, 180, n), np.full(n, 90.0)]),
    "date line": lambda rng, n: np.stack([rng.choice([-180.0, 180.0], n), np.full(n, 5.0)]),
}


@pytest.mark.parametrize("k", [1, 2, 7, 300])
@pytest.mark.parametrize("kind", POSITIONS)
def test_equal_places_are_found_in_order(kind: str, k: int) -> None:
    """Against all distances; of equally near points the first in right."""
    rng = np.random.default_rng(k)
    (x1, y1), (x2, y2) = POSITIONS[kind](rng, 40), POSITIONS[kind](rng, 90)
    place, point, metres = Neighbors(x2, y2, k).find(x1, y1)
    every = metres_between(x1, y1, x2, y2).round(6)  # micrometres: one place by two names
    order = np.argsort(every, axis=1, kind="stable")[:, : min(k, 90)]
    assert place.tolist() == np.repeat(np.arange(40), order.shape[1]).tolist()
    assert metres == pytest.approx(np.take_along_axis(every, order, axis=1).ravel(), abs=1e-5)
    assert point.tolist() == order.ravel().tolist()


def test_many_equal_places_take_no_longer(spark: SparkSession) -> None:
    """20 000 points in one place against 20 000: one by one it was 4e8 distances."""
    many = np.full(20_000, 121.4), np.full(20_000, 31.2)
    place, point, metres = Neighbors(*many, k=2).find(*many)
    assert np.bincount(place).tolist() == [2] * 20_000
    assert set(point.tolist()) == {0, 1}
    assert metres.max() == 0.0


def test_the_size_of_a_side_is_measured_where_spark_does_not_know(spark: SparkSession) -> None:
    wide = spark.range(100).select(F.explode(F.sequence(F.lit(1), F.lit(200))).alias("x"))
    wide = wide.withColumn("text", F.repeat(F.lit("x"), 1000))
    assert measure_bytes(wide) == 20_000 * (8 + 1000)
    assert not can_be_collected(wide, 1 << 20)
    assert can_be_collected(wide, 1 << 26)
    rows = spark.createDataFrame([(1, "ab"), (2, None)], "x long, y string")
    assert measure_bytes(rows) == 2 * 8 + 2
    assert can_be_collected(rows, 1 << 10)
    assert can_be_collected(make_points(spark, [1.0], [2.0]), 1 << 20)


def test_a_side_of_unknown_size_is_not_brought_here(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridcontainer.spark.join.nearest.MOST_BYTES", 10_000)
    few = pd.DataFrame({"n": range(10)})
    many = spark.createDataFrame(few).select(
        F.explode(F.sequence(F.lit(1), F.lit(1000))).alias("other"),
        F.lit(121.4).alias("lon"), F.lit(31.2).alias("lat"),
    )  # fmt: skip
    with pytest.raises(JoinError, match="too large to be sent"):
        plan_join(make_points(spark, [121.4], [31.2]), many, "nearest", suffix="_2")
