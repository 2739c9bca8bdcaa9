"""What the container's located objects teach: names, and where what they name is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import shapely
from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.addresses.areas import AreaIndex
from gridcontainer.addresses.book import GazetteerSource
from gridcontainer.addresses.metres import metres_in_degree
from gridcontainer.addresses.texts import add_parts, declared_text

_MOST_EVIDENCE: Final = 5
_DEGREE: Final = 111_195.0  # metres on the sphere: a spread needs no more


@dataclass(frozen=True)
class Gazetteer:
    """Where names are.

    Attributes:
        anchors: each name of each located object: ``kind``, ``name``, ``area``, ``road_number``,
            ``lon``, ``lat``, ``metres`` (of the position) and ``source`` (data set and object_id).
        entries: each name in each area once; see ``to_entries``.
    """

    anchors: DataFrame
    entries: DataFrame

    @property
    def road_points(self) -> DataFrame:
        """Known points of each road in each area."""
        return self.anchors.where("kind = 'road'")


def located_texts(rows: DataFrame, *, source: GazetteerSource) -> DataFrame:
    """A data set's positions and what it says of them.

    Args:
        rows: of the data set's table, with ``lon``, ``lat``, ``object_id`` and, where points are
            to be taken along lines, ``geometry``.
        source: how it is declared.

    Returns:
        ``text``, ``lon``, ``lat``, ``metres``, ``source`` and ``kinds``; rows without a text are
        left out, and a line comes once for each point.
    """
    columns = [
        declared_text(rows, source.text, place=f"{source.dataset}: text").alias("text"),
        F.col("lon"),
        F.col("lat"),
        F.lit(source.uncertainty_metres).alias("metres"),
        F.concat_ws(":", F.lit(source.dataset), "object_id").alias("source"),
        F.array(*(F.lit(kind) for kind in source.kinds)).alias("kinds"),
    ]
    if source.along is None:
        return rows.select(*columns).where("text IS NOT NULL")
    texts = rows.select(*columns, "geometry").where("text IS NOT NULL")
    return texts.transform(_points_along, metres=source.along)


def _points_along(lines: DataFrame, *, metres: float) -> DataFrame:
    """A row for each point along a line."""

    def walk(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        for batch in batches:
            shapes = shapely.from_wkb(batch.pop("geometry").to_numpy())
            degree = metres_in_degree(float(batch["lat"].mean()))[1]
            points, owner = shapely.get_coordinates(
                shapely.segmentize(shapes, metres / degree), return_index=True
            )
            walked = batch.iloc[owner].reset_index(drop=True)
            yield walked.assign(lon=points[:, 0], lat=points[:, 1])

    schema = T.StructType([field for field in lines.schema if field.name != "geometry"])
    return lines.mapInPandas(walk, schema)


def to_anchors(located: DataFrame, *, areas: AreaIndex) -> DataFrame:
    """Each name of each located text in each area that holds it; see ``Gazetteer``."""
    texts = located.select("text", F.lit(None).cast("string").alias("district")).distinct()
    parts = texts.transform(add_parts, areas=areas).select("text", "keys", "road_number")
    return (
        located.transform(add_areas, areas=areas)
        .join(parts, on="text", how="inner")
        .select("*", F.explode("keys").alias("key"))
        .where(F.array_contains("kinds", F.col("key.kind")))
        .select(
            "key.kind", "key.name", F.explode("areas").alias("area"), "road_number", "lon", "lat",
            "metres", "source",
        )
    )  # fmt: skip


def add_areas(located: DataFrame, *, areas: AreaIndex) -> DataFrame:
    """Add ``areas``, the names of those that hold ``lon`` and ``lat`` or nearly do."""

    def find(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        for batch in batches:
            lon, lat = batch["lon"].to_numpy(np.float64), batch["lat"].to_numpy(np.float64)
            yield batch.assign(areas=pd.Series(areas.around(lon, lat), index=batch.index))

    names = T.StructField("areas", T.ArrayType(T.StringType()), False)
    return located.mapInPandas(find, T.StructType([*located.schema.fields, names]))


def to_entries(anchors: DataFrame) -> DataFrame:
    """Each name in each area once.

    Returns:
        ``kind``, ``name``, ``area``, ``lon`` and ``lat`` (of the median), ``metres`` (of the best
        position), ``spread`` (metres from the middle within which four fifths of the positions
        lie in both directions), ``count`` of different positions and ``sources``, a few of them.
    """
    grouped = anchors.groupBy("kind", "name", "area").agg(
        _deciles("lon"),
        _deciles("lat"),
        F.min("metres").alias("metres"),
        F.count_distinct("lon", "lat").alias("count"),
        F.slice(F.array_sort(F.collect_set("source")), 1, _MOST_EVIDENCE).alias("sources"),
    )
    lon, lat = F.col("lon_deciles"), F.col("lat_deciles")
    height = _reach(lat) * _DEGREE
    width = _reach(lon) * F.cos(F.radians(lat[1])) * _DEGREE
    return grouped.select(
        "kind", "name", "area", lon[1].alias("lon"), lat[1].alias("lat"), "metres",
        F.hypot(width, height).alias("spread"), "count", "sources",
    )  # fmt: skip


def _deciles(name: str) -> Column:
    return F.percentile(name, F.array(F.lit(0.1), F.lit(0.5), F.lit(0.9))).alias(f"{name}_deciles")


def _reach(deciles: Column) -> Column:
    return F.greatest(deciles[2] - deciles[1], deciles[1] - deciles[0])
