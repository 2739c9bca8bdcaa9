"""Positions to codes: numpy against h3-py, and Spark columns against a scan and Sedona's own.

python -m benchmarks.encode [--rows 20000000] [--rounds 5]

The rows are GPS fixes of twelve columns. ``vs_scan`` is the rate of reading all of them and the
level-10 cell, over that of reading all of them; ``vs_scan_of_coordinates`` is the same of rows that
are a longitude and a latitude and nothing else. The last line is one JSON object; every figure in
it is a ratio of rates, ours over theirs.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import h3
import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession, functions as F
from rich.console import Console
from rich.table import Table

from benchmarks.rounds import best_of
from gridcontainer.grid import code_to_bounds, lonlat_to_cell, lonlat_to_code
from gridcontainer.grid.arrays import Float64s
from gridcontainer.spark import build_session, grid_cell, grid_code

LEVEL = 10
H3_RESOLUTION = 15  # its finest, about as long as a level-8 cell: cheaper than a level-10 one
GEOHASH_LENGTH = 12  # 3.7 x 1.9 cm; a level-10 cell is 1.5 x 1.3 cm at Shanghai
NUMPY_ROWS, H3_ROWS = 4_000_000, 1_000_000
WEST, SOUTH, EAST, NORTH = 120.85, 30.67, 122.0, 31.88


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000, help="of the Spark part")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ratios = measure_numpy(options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        ratios |= measure_spark(Path(folder), options.rows, options.rounds)
    print(json.dumps({name: round(ratio, 2) for name, ratio in ratios.items()}))


def measure_numpy(rounds: int) -> dict[str, float]:
    """Arrays to integers and to strings on one core, against a loop over ``latlng_to_cell``."""
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(WEST, EAST, NUMPY_ROWS), rng.uniform(SOUTH, NORTH, NUMPY_ROWS)
    pairs = list(zip(lat[:H3_ROWS].tolist(), lon[:H3_ROWS].tolist(), strict=True))
    candidates: dict[str, Callable[[], object]] = {
        "numpy, integer": lambda: lonlat_to_cell(lon, lat, LEVEL),
        "numpy, 20 characters": lambda: lonlat_to_code(lon, lat, LEVEL),
        "h3-py loop": lambda: [h3.latlng_to_cell(y, x, H3_RESOLUTION) for y, x in pairs],
    }
    _check_numpy(lon[:1000], lat[:1000])
    seconds = best_of(candidates, rounds)
    counts = {name: H3_ROWS if "h3" in name else NUMPY_ROWS for name in candidates}
    rates = {name: counts[name] / seconds[name] for name in candidates}
    _print("numpy, one core, level 10", rates)
    return {
        "numpy_vs_h3py": rates["numpy, integer"] / rates["h3-py loop"],
        "numpy_string_vs_h3py": rates["numpy, 20 characters"] / rates["h3-py loop"],
    }


def _check_numpy(lon: Float64s, lat: Float64s) -> None:
    """Ours and theirs are other cells, but each must hold its point."""
    west, south, east, north = code_to_bounds(lonlat_to_code(lon, lat, LEVEL))
    if not ((west <= lon) & (lon < east) & (south <= lat) & (lat < north)).all():
        raise SystemExit("a grid cell does not hold its point")
    for x, y in zip(lon.tolist(), lat.tolist(), strict=True):
        middle = h3.cell_to_latlng(h3.latlng_to_cell(y, x, H3_RESOLUTION))
        if max(abs(middle[0] - y), abs(middle[1] - x)) > 1e-5:  # a cell is about 1 m across
            raise SystemExit(f"h3 puts {x}, {y} into a cell at {middle}")


def measure_spark(folder: Path, rows: int, rounds: int) -> dict[str, float]:
    """The same rows, scanned and encoded, each time to the end and to nowhere."""
    spark = build_session("benchmarks.encode")
    fixes = _write_fixes(spark, folder / "fixes", rows)
    _check_spark(fixes)
    point = "ST_Point(lon, lat)"
    every = [F.col(name) for name in fixes.columns]
    geohash = F.expr(f"ST_GeoHash({point}, {GEOHASH_LENGTH})")
    h3_cell = F.expr(f"ST_H3CellIDs({point}, {H3_RESOLUTION}, false)")
    columns: dict[str, list[Column]] = {
        "scan of the rows": every,
        "rows and grid_cell": [*every, grid_cell("lon", "lat", LEVEL)],
        "scan of lon, lat": [F.col("lon"), F.col("lat")],
        "grid_cell": [grid_cell("lon", "lat", LEVEL)],
        "grid_code": [grid_code("lon", "lat", LEVEL)],
        "ST_GeoHash": [geohash],
        "ST_H3CellIDs": [h3_cell],
    }
    seconds = best_of({name: _run(fixes, chosen) for name, chosen in columns.items()}, rounds)
    rates = {name: rows / seconds[name] for name in columns}
    _print(f"Spark, {rows:,} rows, level {LEVEL}", rates)
    spark.stop()
    return {
        "vs_scan": rates["rows and grid_cell"] / rates["scan of the rows"],
        "vs_scan_of_coordinates": rates["grid_cell"] / rates["scan of lon, lat"],
        "vs_st_geohash": rates["grid_cell"] / rates["ST_GeoHash"],
        "vs_st_h3": rates["grid_cell"] / rates["ST_H3CellIDs"],
        "string_vs_st_geohash": rates["grid_code"] / rates["ST_GeoHash"],
    }


def _write_fixes(spark: SparkSession, path: Path, rows: int) -> DataFrame:
    """GPS fixes with the twelve columns of Shanghai's taxi feed (SODA 2015)."""
    second = F.lit(1_700_000_000) + (F.col("id") / 13_000).cast("long")
    flags = {"alarm": 2, "empty": 2, "light": 4, "elevated": 2, "brake": 2}
    fixes = spark.range(rows, numPartitions=8).select(
        F.format_string("%05d", (F.col("id") % 13_000).cast("int")).alias("vehicle"),
        *(F.floor(F.rand(n) * most).cast("byte").alias(name) for name, n, most in _seeded(flags)),
        F.timestamp_seconds(second + 5).alias("received"),
        F.timestamp_seconds(second).alias("measured"),
        (F.lit(WEST) + F.rand(1) * (EAST - WEST)).alias("lon"),
        (F.lit(SOUTH) + F.rand(2) * (NORTH - SOUTH)).alias("lat"),
        F.round(F.rand(3) * 80, 1).alias("speed"),
        F.floor(F.rand(4) * 360).cast("double").alias("heading"),
    )
    fixes.write.parquet(str(path))
    return spark.read.parquet(str(path))


def _seeded(flags: dict[str, int]) -> list[tuple[str, int, int]]:
    return [(name, seed, most) for seed, (name, most) in enumerate(flags.items(), start=10)]


def _check_spark(fixes: DataFrame) -> None:
    some = fixes.select(
        "lon", "lat", grid_cell("lon", "lat", LEVEL), grid_code("lon", "lat", LEVEL)
    )
    lon, lat, cells, codes = zip(*some.limit(10_000).collect(), strict=True)
    if list(cells) != lonlat_to_cell(lon, lat, LEVEL).tolist():
        raise SystemExit("cells of Spark and of numpy differ")
    if list(codes) != lonlat_to_code(lon, lat, LEVEL).tolist():
        raise SystemExit("codes of Spark and of numpy differ")


def _run(frame: DataFrame, columns: list[Column]) -> Callable[[], None]:
    chosen = frame.select(*columns)
    return lambda: chosen.write.format("noop").mode("overwrite").save()


def _print(title: str, rates: dict[str, float]) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    table.add_column("M rows/s", justify="right")
    for name, rate in rates.items():
        table.add_row(name, f"{rate / 1e6:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
