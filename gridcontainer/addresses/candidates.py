"""Where a text's place may be: a candidate for each way of finding it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.addresses.areas import AreaIndex
from gridcontainer.addresses.gazetteer import Gazetteer
from gridcontainer.addresses.metres import Plane
from gridcontainer.addresses.roads import (
    Guess,
    between_numbers,
    crossing,
    move_along,
    without_strays,
)
from gridcontainer.grid.arrays import Float64s

CANDIDATE: Final = T.StructType(
    [
        T.StructField("text_id", T.LongType(), False),
        T.StructField("method", T.StringType(), False),
        T.StructField("lon", T.DoubleType(), False),
        T.StructField("lat", T.DoubleType(), False),
        T.StructField("metres", T.DoubleType(), False),
        T.StructField("evidence", T.ArrayType(T.StringType()), False),
    ]
)
_EXACT: Final = ("number", "sublane", "lane")
_STOP: Final = 60.0  # metres: a stop named after a crossing stands before it or behind it
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
    keys = (
        texts.select("text_id", "areas", F.posexplode("keys").alias("place", "key"))
        .where("key.kind <> 'crossing'")
        .select(
            "text_id", "place", "key.kind", "key.name", F.posexplode("areas").alias("rank", "area")
        )
    )
    found = keys.join(gazetteer.entries, on=["kind", "name", "area"], how="inner")
    finest = found.groupBy("text_id", "kind", "name").agg(
        F.min_by(
            F.struct("place", "lon", "lat", "metres", "spread", "count", "sources"), "rank"
        ).alias("it")
    )
    return finest.select(
        "text_id",
        _method(F.col("kind"), F.col("it.place")).alias("method"),
        "it.lon",
        "it.lat",
        (F.col("it.metres") + F.greatest(F.col("it.spread"), _least_spread())).alias("metres"),
        F.col("it.sources").alias("evidence"),
    )


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
    return _by_group(wanted, known, _place_numbers)


def _place_numbers(wanted: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Candidates on one road in one area."""
    known, plane, points = _on_plane(known)
    numbers = known["road_number"].to_numpy(np.int64)
    found = []
    for text_id, number in zip(wanted["text_id"], wanted["road_number"], strict=True):
        guess = between_numbers(numbers, points, int(number))
        if guess is not None:
            found.append(_candidate(text_id, "neighbours", guess, plane, known["source"]))
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
    return _by_group(wanted, known, _place_crossings)


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
    known, plane, points = _on_plane(known)
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
        found.append(_candidate(row["text_id"], method, guess, plane, known["source"]))
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
        F.array(F.concat(F.lit("area:"), "area")).alias("evidence"),
    )  # fmt: skip


def _by_group(
    wanted: DataFrame,
    known: DataFrame,
    place: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame],
) -> DataFrame:
    """Candidates of each name in each area, from what is known under it."""
    names = wanted.select(F.col("name").alias("known_name"), F.col("area").alias("known_area"))
    known = known.withColumnsRenamed({"name": "known_name", "area": "known_area"}).join(
        names.distinct(), on=["known_name", "known_area"], how="left_semi"
    )
    both = wanted.groupBy("name", "area").cogroup(known.groupBy("known_name", "known_area"))
    return both.applyInPandas(partial(_place_if_both, place=place), CANDIDATE)


def _place_if_both(
    wanted: pd.DataFrame,
    known: pd.DataFrame,
    *,
    place: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame],
) -> pd.DataFrame:
    if wanted.empty or known.empty:
        return pd.DataFrame(columns=CANDIDATE.names)
    return place(wanted, known)


def _on_plane(known: pd.DataFrame) -> tuple[pd.DataFrame, Plane, Float64s]:
    """Known points in metres, without strays, in an order that does not depend on the run."""
    known = known.sort_values("source", kind="stable")
    lon, lat = known["lon"].to_numpy(np.float64), known["lat"].to_numpy(np.float64)
    plane = Plane.around(lon, lat)
    points = plane.to_metres(lon, lat)
    sound = without_strays(points)
    return known[sound].reset_index(drop=True), plane, points[sound]


def _candidate(
    text_id: int, method: str, guess: Guess, plane: Plane, sources: pd.Series
) -> tuple[object, ...]:
    lon, lat = plane.to_degrees(guess.point)
    return (
        text_id,
        method,
        lon,
        lat,
        guess.metres,
        list(dict.fromkeys(sources.iloc[index] for index in guess.used)),
    )
