"""Where a text's place may be: a candidate for each way of finding it."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.addresses.areas import EVERYWHERE, AreaIndex
from gridcontainer.addresses.gazetteer import Gazetteer
from gridcontainer.addresses.grouped import CANDIDATE, by_group, on_plane, to_candidate
from gridcontainer.addresses.roads import Guess, between_numbers, crossing, move_along
from gridcontainer.grid.arrays import Float64s

_EXACT: Final = ("number", "sublane", "lane")
_FOUND: Final = ("place", "area", "away", "lon", "lat", "metres", "spread", "count", "sources")
_STOP: Final = 60.0  # metres: a stop named after a crossing stands before it or behind it
_ONE_PLACE: Final = 1600.0  # metres: a crossing more uncertain than this may be two
_ROAD_SPREAD: Final = 600.0  # metres, of a road with many known points
_VILLAGE_SPREAD: Final = 300.0
_POINTS: Final = ("lon", "lat", "source")


def by_name(texts: DataFrame, gazetteer: Gazetteer) -> DataFrame:
    """Candidates whose names are in the gazetteer: one for each key, in its finest area.

    Args:
        texts: with ``PARTS`` and ``text_id``.
        gazetteer: whose entries are searched.

    Returns:
        ``CANDIDATE``. A crossing is not among them: what is said of it counts from there.
    """
    keys = texts.transform(_keys_in_areas)
    found = keys.join(gazetteer.entries, on=["kind", "name", "area"], how="inner")
    finest = found.groupBy("text_id", "kind", "name").agg(
        F.min_by(F.struct(*_FOUND), "rank").alias("it")
    )
    return finest.select(
        "text_id",
        _method(F.col("kind"), F.col("it.place")).alias("method"),
        "it.lon",
        "it.lat",
        (F.col("it.metres") + F.greatest("it.spread", _least_spread()) + F.col("it.away")).alias(
            "metres"
        ),
        F.col("it.sources").alias("evidence"),
        ((F.col("kind") == "road") & (F.col("it.area") != EVERYWHERE)).alias("widens"),
    )


def _keys_in_areas(texts: DataFrame) -> DataFrame:
    """Each key of each text but crossings, in each area in which it may be.

    ``away`` are the metres from a crossing on: a text's place is that far from the second road.
    """
    keys = texts.select(
        "text_id", "areas", "cross", "offset_metres", F.posexplode("keys").alias("place", "key")
    ).where("key.kind <> 'crossing'")
    is_second = F.col("key.name") == F.col("cross")
    return keys.select(
        "text_id", "place", "key.kind", "key.name",
        F.coalesce(F.when(is_second, F.col("offset_metres")), F.lit(0.0)).alias("away"),
        F.posexplode("areas").alias("rank", "area"),
    )  # fmt: skip


def _least_spread() -> Column:
    """Metres that a road or a village is taken to reach, the more the fewer points are known."""
    reach = F.when(F.col("kind") == "road", _ROAD_SPREAD).when(
        F.col("kind") == "village", _VILLAGE_SPREAD
    )
    return F.coalesce(reach * (1 + 2 / F.col("it.count")), F.lit(0.0))


def _method(kind: Column, place: Column) -> Column:
    """A lane is the whole address of a text that names no house in it."""
    return (
        F.when(kind.isin(*_EXACT) & (place == 0), F.lit("address"))
        .when(kind.isin(*_EXACT), F.lit("lane"))
        .otherwise(kind)
    )


def by_neighbours(texts: DataFrame, gazetteer: Gazetteer) -> DataFrame:
    """Candidates between known numbers of the same road."""
    wanted = texts.where("road IS NOT NULL AND road_number IS NOT NULL").select(
        "text_id", F.col("road").alias("name"), "road_number", F.explode("areas").alias("area")
    )
    known = gazetteer.road_points.where("road_number IS NOT NULL")
    return by_group(wanted, known, _place_numbers)


def _place_numbers(wanted: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Candidates on one road in one area."""
    known, plane, points = on_plane(known)
    numbers = known["road_number"].to_numpy(np.int64)
    found = []
    for text_id, number in zip(wanted["text_id"], wanted["road_number"], strict=True):
        guess = between_numbers(numbers, points, int(number))
        if guess is not None:
            row = to_candidate(text_id, "neighbours", guess, plane, known["source"])
            found.append((*row, False))
    return pd.DataFrame(found, columns=CANDIDATE.names)


def by_crossing(texts: DataFrame, gazetteer: Gazetteer) -> DataFrame:
    """Candidates at crossings, known or where two roads come nearest, and some way on."""
    named = F.get(F.filter("keys", lambda key: key["kind"] == "crossing"), F.lit(0))["name"]
    wanted = texts.where("cross IS NOT NULL").select(
        "text_id", "direction", "offset_metres", F.explode("areas").alias("area"),
        "road", "cross", named.alias("crossing"), F.concat_ws("|", "road", "cross").alias("name"),
    )  # fmt: skip
    anchors = gazetteer.anchors.withColumnRenamed("name", "of")
    known = (
        wanted.transform(_parts_of_crossings)
        .join(anchors, on=["kind", "of", "area"], how="inner")
        .select(F.col("pair").alias("name"), F.col("area").alias("area"), "role", *_POINTS)
    )
    return by_group(wanted, known, _place_crossings)


def _parts_of_crossings(wanted: DataFrame) -> DataFrame:
    """What is to be looked up of each crossing: either road, and the crossing itself."""
    kinds = {"road": "road", "cross": "road", "crossing": "crossing"}
    parts = F.array(
        *(
            F.struct(F.lit(role).alias("role"), F.lit(kind).alias("kind"), F.col(role).alias("of"))
            for role, kind in kinds.items()
        )
    )
    pairs = wanted.select("name", "area", *kinds).distinct()
    return pairs.select(F.col("name").alias("pair"), "area", F.explode(parts).alias("part")).select(
        "pair", "area", "part.role", "part.kind", "part.of"
    )


def _place_crossings(wanted: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Candidates at one crossing in one area."""
    known, plane, points = on_plane(known)
    role = known["role"].to_numpy()
    road, cross = (points[role == name] for name in ("road", "cross"))
    method, start = "crossing", _known_crossing(points, np.flatnonzero(role == "crossing"))
    if start is None:
        method, start = "near_crossing", _nearest_approach(road, cross, role)
    if start is None:
        return pd.DataFrame(columns=CANDIDATE.names)
    rows: list[dict[str, Any]] = wanted.to_dict("records")  # type: ignore[assignment]
    found = []
    for row in rows:
        offset = 0.0 if pd.isna(row["offset_metres"]) else row["offset_metres"]
        guess = move_along(start, road, row["direction"], offset) if offset else start
        candidate = to_candidate(row["text_id"], method, guess, plane, known["source"])
        found.append((*candidate, start.metres <= _ONE_PLACE))
    return pd.DataFrame(found, columns=CANDIDATE.names)


def _known_crossing(points: Float64s, here: NDArray[np.int64]) -> Guess | None:
    """In the middle of the places, by index, that are named after both roads."""
    if not len(here):
        return None
    middle = np.median(points[here], axis=0)
    spread = float(np.quantile(np.hypot(*(points[here] - middle).T), 0.9))
    return Guess(middle, _STOP + spread, tuple(int(index) for index in here[:3]))


def _nearest_approach(road: Float64s, cross: Float64s, role: NDArray[Any]) -> Guess | None:
    """Where the roads come nearest; ``used`` are indices among all known points."""
    guess = crossing(road, cross)
    if guess is None:
        return None
    first, second = guess.used
    used = (np.flatnonzero(role == "road")[first], np.flatnonzero(role == "cross")[second])
    return Guess(guess.point, guess.metres, tuple(int(index) for index in used))


def by_area(texts: DataFrame, areas: AreaIndex) -> DataFrame:
    """Candidates in the middle of the town and of the district."""
    centres = [
        (name, "town" if "/" in name else "district", centre.lon, centre.lat, centre.radius_metres)
        for name in areas.shapes
        if (centre := areas.centre(name)) is not None
    ]
    schema = "area string, method string, lon double, lat double, metres double"
    known = texts.sparkSession.createDataFrame(centres, schema)
    named = texts.select("text_id", F.explode("areas").alias("area"))
    return named.join(F.broadcast(known), on="area", how="inner").select(
        "text_id", "method", "lon", "lat", "metres",
        F.array(F.concat(F.lit("area:"), "area")).alias("evidence"), F.lit(True).alias("widens"),
    )  # fmt: skip
