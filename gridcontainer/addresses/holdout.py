"""How good placements are: addresses whose position is known are hidden, placed, and compared."""

from typing import Final, Literal

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.addresses.areas import AreaIndex
from gridcontainer.addresses.texts import add_parts, add_text_id, distinct_texts
from gridcontainer.spark.ellipsoid import geodesic

Hidden = Literal["text", "group"]

_SHARES: Final = (0.5, 0.9)


def split_located(
    located: DataFrame, *, dataset: str, areas: AreaIndex, hidden: Hidden
) -> tuple[DataFrame, DataFrame]:
    """Located texts in two: what stays known, and one half of a data set's that is hidden.

    The halves are told apart by a digest, so that each run hides the same.

    Args:
        located: see ``located_texts``.
        dataset: whose texts are hidden.
        areas: of the city.
        hidden: ``text`` hides single texts; ``group`` all texts of a lane, a house number or a
            village together, so that no neighbour in the same lane gives a place away.

    Returns:
        What stays known; and ``text``, ``lon`` and ``lat`` of what is hidden, each text once.
    """
    own = F.col("source").startswith(f"{dataset}:")
    mine = located.where(own)
    texts = (
        mine.select("text", F.lit(None).cast("string").alias("district"))
        .transform(add_text_id)
        .transform(distinct_texts)
        .transform(add_parts, areas=areas)
    )
    group = F.col("text") if hidden == "text" else _group()
    told = texts.where(F.pmod(F.xxhash64(group), F.lit(2)) == 0).select("text")
    away = mine.join(told, on="text", how="left_semi")
    kept = located.join(told.withColumn("own", F.lit(True)), on="text", how="left")
    known = kept.where(F.col("own").isNull() | ~own).select(*located.columns)
    return known, away.groupBy("text").agg(F.first("lon").alias("lon"), F.first("lat").alias("lat"))


def _group() -> Column:
    """What the texts of one lane, number, crossing or village have in common."""
    numbered = F.concat("road", F.lit(" "), F.col("road_number").cast("string"))
    village = F.get(F.filter("keys", lambda key: key["kind"] == "village"), F.lit(0))["name"]
    crossed = F.concat_ws("×", F.array_sort(F.array("road", "cross")))
    return F.coalesce(numbered, F.when(F.col("cross").isNotNull(), crossed), village, "text")


def add_error(placed: DataFrame, truth: DataFrame) -> DataFrame:
    """Add ``error``, metres from where a text really is, and ``within`` the stated uncertainty.

    Args:
        placed: with ``text``, ``lon``, ``lat`` and ``uncertainty_metres``.
        truth: ``text``, ``lon`` and ``lat``.
    """
    real = truth.select("text", F.col("lon").alias("real_lon"), F.col("lat").alias("real_lat"))
    apart = geodesic(F.col("lon"), F.col("lat"), F.col("real_lon"), F.col("real_lat"))
    measured = placed.join(real, on="text", how="inner").withColumn("error", apart)
    return measured.withColumn("within", F.col("error") <= F.col("uncertainty_metres"))


def summarise_errors(measured: DataFrame) -> DataFrame:
    """By method: ``rows``, ``median`` and ``p90`` error in metres, ``stated`` (median) and
    ``within``, the share of errors within the stated uncertainty.
    """
    middle, high = (F.percentile("error", share) for share in _SHARES)
    return measured.groupBy("method").agg(
        F.count("*").alias("rows"),
        middle.alias("median"),
        high.alias("p90"),
        F.percentile("uncertainty_metres", 0.5).alias("stated"),
        F.avg(F.col("within").cast("double")).alias("within"),
    )
