"""Positions that a row takes from another data set by a key, and checks against reported areas."""

from pyspark.sql import DataFrame, functions as F

from gridcontainer.addresses.areas import AreaIndex, district_name
from gridcontainer.addresses.gazetteer import add_areas
from gridcontainer.container.declaration.rules import Relation


def by_relation(
    rows: DataFrame, located: DataFrame, *, relation: Relation, metres: float, areas: AreaIndex
) -> DataFrame:
    """Positions of rows whose key is one of a located data set.

    Args:
        rows: with ``object_id``, ``areas`` (in which the row must be) and the relation's columns.
        located: the other data set, with ``lon``, ``lat`` and ``object_id``.
        relation: which columns are the key, by their stored names.
        metres: uncertainty of the other's positions.
        areas: of the city.

    Returns:
        ``object_id``, ``lon``, ``lat``, ``metres`` and ``evidence``, for rows whose key has one
        position and that lies in the row's district.
    """
    to = [F.col(f"`{name}`") for name in relation.to]
    positions = located.groupBy(*(c.alias(f"key_{i}") for i, c in enumerate(to))).agg(
        F.first("lon").alias("lon"),
        F.first("lat").alias("lat"),
        F.count_distinct("lon", "lat").alias("positions"),
        F.min("object_id").alias("source"),
    )
    placed = positions.where("positions = 1").transform(add_areas, areas=areas)
    own = rows.select(
        "object_id",
        F.element_at("areas", -1).alias("district"),
        *(F.col(f"`{name}`").alias(f"key_{i}") for i, name in enumerate(relation.columns)),
    )
    joined = own.join(placed, on=[f"key_{i}" for i in range(len(to))], how="inner")
    return joined.where(F.expr("array_contains(areas, district)")).select(
        "object_id", "lon", "lat", F.lit(metres).alias("metres"),
        F.array(F.concat_ws(":", F.lit(relation.dataset), "source")).alias("evidence"),
    )  # fmt: skip


def within_reports(located: DataFrame, reports: DataFrame, *, areas: AreaIndex) -> DataFrame:
    """Located texts without those that lie in none of the districts reported for them.

    Args:
        located: with ``text``, ``lon`` and ``lat``.
        reports: ``text`` and ``district``; texts that they do not name stay.
        areas: of the city.
    """
    plain = F.udf(district_name, "string")
    told = (
        reports.distinct().groupBy("text").agg(F.collect_set(plain("district")).alias("reported"))
    )
    joined = located.transform(add_areas, areas=areas).join(told, on="text", how="left")
    is_sound = F.col("reported").isNull() | F.arrays_overlap("reported", "areas")
    return joined.where(is_sound).select(*located.columns)
