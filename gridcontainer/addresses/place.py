"""The best of the candidates for each text, or the reason why there is none."""

from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.addresses.areas import AreaIndex
from gridcontainer.addresses.book import METHODS, AddressBook
from gridcontainer.addresses.candidates import by_area, by_crossing, by_name, by_neighbours
from gridcontainer.addresses.gazetteer import Gazetteer

NO_TEXT: Final = "no address"
UNREADABLE: Final = "characters lost"
NOT_UNDERSTOOD: Final = "not understood"
AMBIGUOUS: Final = "ambiguous"
UNKNOWN: Final = "name not in the gazetteer"


def find_candidates(
    texts: DataFrame, *, gazetteer: Gazetteer, areas: AreaIndex, book: AddressBook
) -> DataFrame:
    """All candidates of texts, calibrated.

    Args:
        texts: with ``PARTS`` and ``text_id``, each once.
        gazetteer: where names are.
        areas: districts and towns.
        book: how far each method can be trusted.

    Returns:
        ``CANDIDATE``, with ``uncertainty_metres`` (as it is to be stated), ``weight`` (the share of
        places within it, 0-1), ``rank`` of the method from fine to coarse, and ``ambiguous`` where
        places of one name lie too far apart to be one place.
    """
    found = by_area(texts, areas)
    for part in (by_name, by_neighbours, by_crossing):
        found = found.unionByName(part(texts, gazetteer))
    scale = _by_method({m: book.calibrated(m).scale for m in METHODS})
    weight = _by_method({m: book.calibrated(m).weight for m in METHODS})
    return found.select(
        "*",
        (F.col("metres") * scale).alias("uncertainty_metres"),
        weight.alias("weight"),
        _by_method({m: float(rank) for rank, m in enumerate(METHODS)}).alias("rank"),
        (~F.col("widens") & (F.col("metres") > book.ambiguous_metres)).alias("ambiguous"),
    )


def place_texts(texts: DataFrame, candidates: DataFrame) -> DataFrame:
    """Each text with its best candidate: the least uncertain one, the finer one of equals.

    Returns:
        The rows of ``texts``, with ``lon``, ``lat``, ``method``, ``weight``,
        ``uncertainty_metres``, ``evidence`` and ``reason``: either the first ones are null or the
        last one.
    """
    order = F.struct("uncertainty_metres", "rank")
    place = F.struct("lon", "lat", "method", "weight", "uncertainty_metres", "evidence")
    best = candidates.groupBy("text_id").agg(
        F.min_by(F.when(~F.col("ambiguous"), place), F.when(~F.col("ambiguous"), order)).alias(
            "it"
        ),
        F.max("ambiguous").alias("ambiguous"),
    )
    joined = texts.join(best, on="text_id", how="left")
    return joined.select(*texts.columns, "it.*", _reason().alias("reason"))


def _reason() -> Column:
    """Why a text has no place; null where it has one."""
    return (
        F.when(F.col("it").isNotNull(), F.lit(None))
        .when(F.coalesce("text", F.lit("")) == "", F.lit(NO_TEXT))
        .when(~F.col("readable"), F.lit(UNREADABLE))
        .when(F.col("shape") == "unknown", F.lit(NOT_UNDERSTOOD))
        .when(F.col("ambiguous"), F.lit(AMBIGUOUS))
        .otherwise(F.lit(UNKNOWN))
    )


def _by_method(values: dict[str, float]) -> Column:
    pairs = [F.lit(part) for pair in values.items() for part in pair]
    return F.element_at(F.create_map(*pairs), F.col("method"))
