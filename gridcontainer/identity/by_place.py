"""Mappings by place: which records share a cell, touch, or lie one in the other."""

from typing import Any, Final

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession, functions as F
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.container.join import Side, open_side
from gridcontainer.container.storage import Storage
from gridcontainer.errors import IdentityError
from gridcontainer.grid.neighbors import cell_to_neighbors
from gridcontainer.identity.mappings import PlaceMapping
from gridcontainer.spark.columns import grid_cell
from gridcontainer.spark.join import grid_join

_UDF: Final[Any] = pandas_udf  # its types know no plain function


def place_pairs(spark: SparkSession, storage: Storage, mapping: PlaceMapping) -> DataFrame:
    """The pairs of records that a mapping relates.

    Args:
        spark: the session.
        storage: the container.
        mapping: kinds with a level look at the cell of a record's position (of a line or polygon,
            of a point of it); the others at positions and shapes, exactly.

    Returns:
        ``record_left``, ``record_right``, each pair once. Of a data set with itself no record with
        itself, and of two that touch or share a cell one order only.

    Raises:
        JoinError: a data set has no position.
        IdentityError: without a level, ``adjacent`` compares shapes, and a side has none.
        DatasetError: the container has no such data set.
    """
    left, right = (
        open_side(spark, storage, name, {}, with_confidential=True)
        for name in (mapping.left, mapping.right)
    )
    pairs = _pairs(mapping, left, right)
    if mapping.left != mapping.right:
        return pairs
    if mapping.kind == "within":
        return pairs.where("record_left != record_right")
    return pairs.where("record_left < record_right")


def _pairs(mapping: PlaceMapping, left: Side, right: Side) -> DataFrame:
    if mapping.level is not None:
        touching = mapping.kind == "adjacent"
        ours = _cells(left, "record_left", mapping.level, neighbours=touching)
        theirs = _cells(right, "record_right", mapping.level)
        return ours.join(theirs, "_cell", how="inner").select("record_left", "record_right")
    if mapping.kind == "adjacent" and (left.place.is_point or right.place.is_point):
        raise IdentityError(
            f"{mapping.mapping}: points touch nothing: give a level, for cells that are adjacent"
        )
    found = grid_join(
        _placed(left, "record_left"),
        _placed(right, "record_right"),
        "within" if mapping.kind == "within" else "intersects",
        left_place=left.place,
        right_place=right.place,
    )
    return found.select("record_left", "record_right")


def _placed(side: Side, name: str) -> DataFrame:
    place = side.place
    columns = [place.geometry] if place.geometry else [place.lon, place.lat, place.cell]
    wanted = dict.fromkeys([*columns, place.prefix])
    return side.frame.select(F.col("object_id").alias(name), *(c for c in wanted if c is not None))


def _cells(side: Side, name: str, level: int, *, neighbours: bool = False) -> DataFrame:
    """The cell of each record, or those that touch it."""
    found = side.frame.select(
        F.col("object_id").alias(name), grid_cell("lon", "lat", level).alias("_cell")
    ).where("_cell IS NOT NULL")
    return found.withColumn("_cell", F.explode(_around("_cell", level))) if neighbours else found


def _around(cell: str, level: int) -> Column:
    def around(cells: pd.Series) -> pd.Series:
        return pd.Series(list(cell_to_neighbors(cells.to_numpy(), level)))

    found: Column = _UDF(around, "array<bigint>")(cell)
    return found
