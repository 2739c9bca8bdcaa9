"""Points in polygons, by bands: one hash join, and comparisons in place of geometry.

The polygons' bands (``grid.bands``) are made on the workers and sent to all tasks. A point finds
the rows of its band by an integer; plain comparisons say whether it lies in the polygon. All is
part of the code that Spark generates, and points are neither shuffled nor given to Python.
"""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.errors import CoverError
from gridcontainer.grid.bands import (
    BandLevels,
    BandPlan,
    Bands,
    TooManyEdgesError,
    choose_bands,
    make_bands,
)
from gridcontainer.grid.bands.choose import measure
from gridcontainer.grid.cover.accept import POLAR_PROBLEM, Accepted
from gridcontainer.grid.levels import INVALID_CELL
from gridcontainer.spark.columns import grid_band, grid_cell
from gridcontainer.spark.java import orientation
from gridcontainer.spark.join.collected import ID, collect
from gridcontainer.spark.join.no_pairs import join_without_pairs
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.join.prefix_broadcast import bring_together
from gridcontainer.spark.join.request import SPARK_HOW, JoinPlan, JoinRequest, NotForCellsError
from gridcontainer.spark.join.sizes import estimate_rows
from gridcontainer.spark.join.usable import accept_shapes, unused_of

MOST_EDGES: Final = 8  # of a row: so many comparisons are written out
_STEP: Final = 2  # comparisons between two looks at whether there are more
_FEW_VERTICES: Final = 100_000  # make their bands here: waking the workers takes longer
_ROW_BYTES: Final = 100
_KEY: Final = "__grid_band"  # of a point
_BAND: Final = "__grid_band_row"
_NUMBERS: Final = 4  # of an edge
_ARROW: Final = pa.schema(
    [
        pa.field(_BAND, pa.int64(), nullable=False),
        pa.field(ID, pa.int64(), nullable=False),
        *(
            pa.field(f"__grid_{side}", pa.float64(), nullable=False)
            for side in ("west", "south", "east", "north")
        ),
        pa.field("__grid_inside", pa.bool_(), nullable=False),
        pa.field("__grid_count", pa.int32(), nullable=False),
        pa.field(
            "__grid_edges",
            pa.list_(pa.field("item", pa.float64(), nullable=False)),
            nullable=False,
        ),
    ]
)
_SCHEMA: Final = (
    f"{_BAND} long not null, {ID} long not null, __grid_west double not null, "
    "__grid_south double not null, __grid_east double not null, __grid_north double not null, "
    "__grid_inside boolean not null, __grid_count int not null, __grid_edges array<double> not null"
)


def join_points_with_areas(request: JoinRequest) -> JoinPlan:
    """Points on one side and polygons on the other, ``intersects`` or ``within``/``contains``.

    Raises:
        NotForCellsError: shapes that are no polygons, beyond 88 degrees, or too intricate.
    """
    areas_left = not request.left_place.is_point
    areas, area_place = _side(request, left=areas_left)
    points, point_place = _side(request, left=not areas_left)
    spark = areas.sparkSession
    collected = collect(areas, area_place)
    count = estimate_rows(points)
    accepted = accept_shapes(collected.wkb)
    unused, side = unused_of(accepted.problems), "left" if areas_left else "right"
    if unused.count == len(accepted.shapes) and not unused.is_polar:
        why = f"no shape of the {side} side can be used"
        return join_without_pairs(request, why, unused.of(side), unused.count)
    plan = _plan_bands(accepted, count, is_polar=unused.is_polar)
    bands = _band_frame(spark, accepted, plan.levels)
    on_edge = request.predicate == "intersects"
    keyed = points.withColumn(_KEY, _key(point_place, plan.levels))
    inside = _lies_in(spark, point_place.lon, point_place.lat, on_edge)
    same = (F.col(_KEY) == F.col(_BAND)) & inside
    rows = collected.frame(spark)
    how = SPARK_HOW[request.how]
    together, way = bring_together(
        keyed, bands, same, "inner" if areas_left else how,
        size=plan.rows * _ROW_BYTES * (1.0 + plan.edges_per_row / 2.0),
        place=_with_prefix(point_place, plan.levels), cell=F.col(_BAND),
    )  # fmt: skip
    point_columns = [F.col(f"`{name}`") for name in points.columns]
    if not (request.has_pairs or areas_left):
        frame = together.select(*point_columns)
    elif areas_left:
        frame = rows.join(together.select(*point_columns, ID), ID, how).drop(ID)
    else:
        frame = together.select(*point_columns, ID).join(F.broadcast(rows), ID, how).drop(ID)
    reasons = _reasons(plan, len(accepted.shapes), count, point_place, way)
    problems = unused.of(side)
    return JoinPlan(frame.select(*request.columns), "bands", reasons, problems, unused.count)


def _with_prefix(place: Place, levels: BandLevels) -> Place:
    """The place, stored by prefix only if bands are at least as fine."""
    return place if place.prefix_level <= levels.cell else replace(place, prefix=None)


def _side(request: JoinRequest, *, left: bool) -> tuple[DataFrame, Place]:
    if left:
        return request.left, request.left_place
    return request.right, request.right_place


def _plan_bands(accepted: Accepted, points: int, *, is_polar: bool) -> BandPlan:
    """The bands that suit polygons that can be cut."""
    shapes = accepted.shapes[~shapely.is_missing(accepted.shapes)]
    if is_polar:
        raise NotForCellsError(f"a polygon {POLAR_PROBLEM}, where cells are few")
    if not np.isin(shapely.get_type_id(shapes), (3, 6)).all():
        raise NotForCellsError("not all shapes are polygons")
    if _is_star(shapes):
        raise NotForCellsError(f"more than {MOST_EDGES} edges of a polygon meet in one corner")
    try:
        return choose_bands(measure(shapes), points=points)
    except CoverError as error:
        raise NotForCellsError(str(error)) from error


def _is_star(shapes: NDArray[np.object_]) -> bool:
    """Whether more edges meet in a vertex than a row holds; each ring has two of them there."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    rings = np.bincount(of, shapely.get_num_interior_rings(parts) + 1, len(shapes))
    many = shapes[rings * 2 > MOST_EDGES]
    if not len(many):
        return False
    parts, of = shapely.get_parts(many, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.append(ring[1:] != ring[:-1], True)  # a ring ends where it begins
    corners = np.column_stack([of[part[ring]], xy])[~last]
    _, counts = np.unique(corners, axis=0, return_counts=True)
    return bool(counts.max(initial=0) * 2 > MOST_EDGES)


def _band_frame(spark: SparkSession, accepted: Accepted, levels: BandLevels) -> DataFrame:
    """Rows of the bands of all polygons."""
    shapes = accepted.shapes
    there = np.flatnonzero(~shapely.is_missing(shapes))
    if shapely.get_num_coordinates(shapes).sum() <= _FEW_VERTICES:
        try:
            bands = make_bands(shapes[there], levels, most_edges=MOST_EDGES)
        except TooManyEdgesError as error:
            raise NotForCellsError(str(error)) from error
        return spark.createDataFrame(pa.Table.from_batches([_to_arrow(bands, there)]), _SCHEMA)
    table = pa.table({ID: there, "wkb": pa.array(shapely.to_wkb(shapes[there]), pa.binary())})

    def make(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                polygons = shapely.from_wkb(batch.column(1).to_numpy(zero_copy_only=False))
                bands = make_bands(polygons, levels, most_edges=MOST_EDGES)
                yield _to_arrow(bands, batch.column(0).to_numpy())

    frame = spark.createDataFrame(table, f"{ID} long, wkb binary")
    return frame.mapInArrow(make, _SCHEMA)


def _to_arrow(bands: Bands, identity: NDArray[np.int64]) -> pa.RecordBatch:
    rows, edges, counts = bands.rows, bands.edges, bands.counts()
    order = np.argsort(rows.key, kind="stable")  # rows of a band next to each other in memory
    start = np.cumsum(counts) - counts
    ordered = counts[order]
    offsets = np.concatenate([[0], np.cumsum(ordered)])
    take = np.repeat(start[order] - offsets[:-1], ordered) + np.arange(offsets[-1])
    numbers = np.stack([edges.low, edges.high, edges.x_low, edges.x_high], axis=1)[take]
    lists = pa.ListArray.from_arrays(
        pa.array((offsets * _NUMBERS).astype(np.int32)), pa.array(numbers.reshape(-1))
    )
    columns = [
        rows.key, identity[rows.part], rows.west, rows.south, rows.east, rows.north,
        rows.is_inside, counts.astype(np.int32),
    ]  # fmt: skip
    arrays = [pa.array(column[order]) for column in columns]
    return pa.RecordBatch.from_arrays([*arrays, lists.cast(_ARROW.field(8).type)], schema=_ARROW)


def _key(place: Place, levels: BandLevels) -> Column:
    """The band of a point; no band's where it has none.

    Never null: Spark would ask first whether it is, and compute it for that in a way of its own
    that knows no shared subexpressions.
    """
    return F.coalesce(_band(place, levels), F.lit(INVALID_CELL))


def _band(place: Place, levels: BandLevels) -> Column:
    if place.cell is not None and place.cell_level >= levels.row:
        return grid_band(place.cell, levels)
    return grid_band(grid_cell(place.lon, place.lat, levels.row), levels)


@functools.lru_cache(maxsize=16)  # thousands of calls to Java, a quarter of a second
def _lies_in(_: SparkSession, lon: str, lat: str, on_edge: bool) -> Column:
    """Whether a point lies in the polygon of a row of its band.

    Nothing is computed twice, and no more edges are looked at than there are: a shared part of what
    is evaluated conditionally would be computed at each place where it occurs.
    """
    x, y = F.col(f"`{lon}`").cast("double"), F.col(f"`{lat}`").cast("double")
    box = (
        (y >= F.col("__grid_south")) & (y < F.col("__grid_north"))
        & (x >= F.col("__grid_west")) & (x < F.col("__grid_east"))
    )  # fmt: skip
    inside, count = F.col("__grid_inside"), F.col("__grid_count")
    by_edges = F.coalesce(_differ(inside, _turned(x, y, count, 0)), F.lit(on_edge))
    return box & F.when(count == 0, inside).otherwise(by_edges)


def _turned(x: Column, y: Column, count: Column, first: int) -> Column:
    """Whether an odd number of edges, from one on, are crossed west of a point.

    Null where the point lies on an edge.
    """
    if first >= MOST_EDGES:
        return F.lit(False)
    last = min(first + _STEP, MOST_EDGES)
    some = functools.reduce(
        _differ,
        (F.when(count > i, _crosses(x, y, i)).otherwise(F.lit(False)) for i in range(first, last)),
    )
    return F.when(count > first, _differ(some, _turned(x, y, count, last))).otherwise(F.lit(False))


def _crosses(x: Column, y: Column, number: int) -> Column:
    """Whether a point lies east of an edge and level with it; null if on it."""
    low, high, x_low, x_high = (
        F.get(F.col("__grid_edges"), F.lit(_NUMBERS * number + i)) for i in range(_NUMBERS)
    )
    unknown = F.lit(None).cast("boolean")
    side = orientation(x_low, low, x_high, high, x, y)
    by_side = F.get(F.array(F.lit(True), unknown, F.lit(False)), side + F.lit(1))
    ends = (x <= x_high) & ((x == x_high) | ((low == high) & (x >= x_low)))
    at_high = F.when(ends, unknown).otherwise(F.lit(False))
    return F.when((y < low) | (y > high), F.lit(False)).when(y == high, at_high).otherwise(by_side)


def _differ(one: Column, other: Column) -> Column:
    return one != other


def _reasons(plan: BandPlan, polygons: int, points: int, place: Place, way: str) -> list[str]:
    levels = plan.levels
    stored = place.cell is not None and place.cell_level >= levels.row
    return [
        f"{polygons:,} polygons against about {points:,} points: cells of level "
        f"{levels.cell} in rows of level {levels.row} cost least, about {plan.rows:,} rows with "
        f"{plan.edges_per_row:.1f} edges each where a border passes",
        f"right is the polygons' bands here: {way}",
        f"bands with more than {MOST_EDGES} edges are split, so that no place costs more",
        "points find their band by their "
        + ("stored cell" if stored else "position, which is encoded for it"),
    ]
