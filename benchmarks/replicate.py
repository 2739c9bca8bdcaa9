"""Fixes of a taxi feed where a city's real objects stand, as many as are asked for.

Positions are those of real data sets, drawn with replacement and moved by a normal jitter; the
other columns have the types and ranges of Shanghai's taxi feed (SODA 2015). The same seed gives the
same rows. One row in two hundred is bad on purpose: zero, outside the city, or not a number.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.container.query import read_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.grid.arrays import Float64s

PLACES: Final = ("covid_geocodes", "communities", "bus_stops", "shops", "elderly_care")
JITTER_DEGREES: Final = 0.002  # about 200 m
BAD_EVERY: Final = 200
CABS: Final = 13_000
BEGIN: Final = 1_427_846_400  # of the feed, epoch seconds: 2015-04-01 in UTC
_BATCH_ROWS: Final = 100_000
_SCHEMA: Final = (
    "vehicle string, alarm byte, empty byte, light byte, elevated byte, brake byte, "
    "received timestamp, measured timestamp, lon double, lat double, speed double, heading double"
)


def read_places(container: str) -> tuple[Float64s, Float64s]:
    """Longitudes and latitudes (degrees, WGS 84) of the real objects in a container."""
    tables = [read_dataset(Storage(container), name, ["lon", "lat"]) for name in PLACES]
    whole = pa.concat_tables(tables)
    return whole.column("lon").to_numpy(), whole.column("lat").to_numpy()


def replicate(
    spark: SparkSession, places: tuple[Float64s, Float64s], rows: int, *, seed: int = 2026
) -> DataFrame:
    """A lazy frame of ``rows`` fixes, in no spatial order, one task for each 2.5 million.

    Args:
        spark: the session.
        places: longitudes and latitudes to draw from, degrees.
        rows: how many, a multiple of 100,000.
        seed: of everything that is drawn.
    """
    batches = rows // _BATCH_ROWS
    numbers = spark.range(0, batches, 1, max(2, -(-rows // 2_500_000)))

    def draw(parts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for part in parts:
            for number in part.column(0).to_pylist():
                yield _fixes(places, np.random.default_rng([seed, number]), number)

    return numbers.mapInArrow(draw, _SCHEMA)


def _fixes(
    places: tuple[Float64s, Float64s], rng: np.random.Generator, number: int
) -> pa.RecordBatch:
    size = _BATCH_ROWS
    chosen = rng.integers(0, len(places[0]), size)
    lon = places[0][chosen] + rng.normal(0, JITTER_DEGREES, size)
    lat = places[1][chosen] + rng.normal(0, JITTER_DEGREES, size)
    bad = np.arange(0, size, BAD_EVERY)
    lon[bad], lat[bad] = rng.permutation([[0.0, 0.0], [116.4, 39.9], [np.nan, 31.2]])[0]
    row = np.arange(number * size, (number + 1) * size)
    measured = (BEGIN + row // CABS) * 1_000_000
    flags = rng.integers(0, [2, 2, 4, 2, 2], (size, 5)).astype(np.int8)
    columns = [
        pa.array(np.char.zfill((row % CABS).astype(str), 5)),
        *(pa.array(flags[:, i]) for i in range(5)),
        *(pa.array(measured + delay, pa.timestamp("us", tz="UTC")) for delay in (5_000_000, 0)),
        pa.array(lon),
        pa.array(lat),
        pa.array(np.round(rng.uniform(0, 80, size), 1)),
        pa.array(np.floor(rng.uniform(0, 360, size))),
    ]
    names = [field.split()[0] for field in _SCHEMA.split(", ")]
    return pa.RecordBatch.from_arrays(columns, names)
