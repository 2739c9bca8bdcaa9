"""Candidates reckoned in Python: what is wanted and what is known under one name in one area."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, functions as F, types as T

from gridcontainer.addresses.metres import Plane
from gridcontainer.addresses.roads import Guess, without_strays
from gridcontainer.grid.arrays import Float64s

CANDIDATE: Final = T.StructType(
    [
        T.StructField("text_id", T.LongType(), False),
        T.StructField("method", T.StringType(), False),
        T.StructField("lon", T.DoubleType(), False),
        T.StructField("lat", T.DoubleType(), False),
        T.StructField("metres", T.DoubleType(), False),
        T.StructField("evidence", T.ArrayType(T.StringType()), False),
        T.StructField("widens", T.BooleanType(), False),  # a wide place, not several of one name
    ]
)


def by_group(
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


def on_plane(known: pd.DataFrame) -> tuple[pd.DataFrame, Plane, Float64s]:
    """Known points in metres, without strays, in an order that does not depend on the run."""
    known = known.sort_values("source", kind="stable")
    lon, lat = known["lon"].to_numpy(np.float64), known["lat"].to_numpy(np.float64)
    plane = Plane.around(lon, lat)
    points = plane.to_metres(lon, lat)
    sound = without_strays(points)
    return known[sound].reset_index(drop=True), plane, points[sound]


def to_candidate(
    text_id: int, method: str, guess: Guess, plane: Plane, sources: pd.Series
) -> tuple[object, ...]:
    """The fields of ``CANDIDATE`` but the last one."""
    lon, lat = plane.to_degrees(guess.point)
    return (
        text_id,
        method,
        lon,
        lat,
        guess.metres,
        list(dict.fromkeys(sources.iloc[index] for index in guess.used)),
    )
