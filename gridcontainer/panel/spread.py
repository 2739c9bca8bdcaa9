"""Shares of cells in polygons: what a polygon's value is multiplied with, by area or by weight.

The shares of a polygon are 1 together, so that its value is kept. By area, only cells of the land
share: the part of a district in the sea has no people. A polygon without any land has all its
cells, and one without any cell (no shape) is left to the caller.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import shapely
from pyspark.sql import DataFrame, Window, functions as F

from gridcontainer.grid import cell_to_bounds
from gridcontainer.grid.cover import cover
from gridcontainer.grid.ellipsoid import areas
from gridcontainer.spark.columns import grid_cell
from gridcontainer.spark.join import grid_join
from gridcontainer.spark.persisted import checkpoint

POLYGON = "_polygon"


def shares_of(
    polygons: DataFrame, level: int, *, land: DataFrame, weights: DataFrame | None
) -> DataFrame:
    """The cells of each polygon and their shares.

    Args:
        polygons: ``_polygon``, which names it, and ``geometry`` (WKB); each once.
        level: of the cells.
        land: column ``cell``, of that level.
        weights: points that weigh, as ``lon``, ``lat`` and ``weight``; polygons in which nothing
            weighs are shared by area.

    Returns:
        ``_polygon``, ``cell``, ``share``; shares of a polygon are 1 together.
    """
    if weights is None:
        return _shares(areas_in_cells(polygons, level).transform(_on_land, land=land))
    weighed = checkpoint(_shares(weights_in_cells(polygons, level, weights)))
    others = polygons.join(weighed, POLYGON, "left_anti")
    by_area = _shares(areas_in_cells(others, level).transform(_on_land, land=land))
    return weighed.unionByName(by_area)


def areas_in_cells(polygons: DataFrame, level: int) -> DataFrame:
    """``_polygon``, ``cell`` and ``part``: square metres of a polygon in each of its cells."""

    def measure(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = cover(
                batch.column("geometry").to_pylist(), level, chips=True, include_edges=False,
                on_invalid="mark",
            )  # fmt: skip
            boxes = shapely.box(*cell_to_bounds(found.cell, level))
            parts = areas(np.where(found.is_interior, boxes, found.chip))
            named = batch.column(POLYGON).take(pa.array(found.geometry))
            yield pa.RecordBatch.from_arrays(
                [named, pa.array(found.cell), pa.array(parts)], names=[POLYGON, "cell", "part"]
            )

    chosen = polygons.select(POLYGON, "geometry")
    return chosen.mapInArrow(measure, f"{POLYGON} string, cell long, part double")


def weights_in_cells(polygons: DataFrame, level: int, weights: DataFrame) -> DataFrame:
    """``_polygon``, ``cell`` and ``part``: what the points in a polygon weigh in each cell."""
    points = weights.where("weight > 0").select("lon", "lat", "weight")
    joined = grid_join(points, polygons.select(POLYGON, "geometry"))
    return joined.groupBy(POLYGON, grid_cell("lon", "lat", level).alias("cell")).agg(
        F.sum("weight").alias("part")
    )


def _on_land(parts: DataFrame, *, land: DataFrame) -> DataFrame:
    """Without the parts off the land, of polygons that have some on it."""
    marked = parts.join(land.withColumn("_land", F.lit(True)), "cell", "left")
    any_land = F.max(F.col("_land")).over(Window.partitionBy(POLYGON))
    chosen = marked.withColumn("_any", any_land).where("_land OR _any IS NULL")
    return chosen.select(POLYGON, "cell", "part")


def _shares(parts: DataFrame) -> DataFrame:
    whole = F.sum("part").over(Window.partitionBy(POLYGON))
    shared = parts.where("part > 0").withColumn("share", F.col("part") / whole)
    return shared.select(POLYGON, "cell", "share")
