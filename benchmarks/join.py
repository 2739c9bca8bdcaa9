"""The grid join against Sedona's joins and geopandas: points in polygons, near points, neighbours.

python -m benchmarks.join [--container var/demo] [--data ../shared/data] [--rows 5 20] [--rounds 3]
    [--folder var/benchmark-join] [--range-join]

Points are those of real data sets in a container, replicated with jitter to 5 and 20 million and
stored as the container stores them: with their cell, sorted by it. Polygons: the districts and
towns of Shanghai, and a dense tessellation of 2 000 polygons of about 390 vertices. Each way gives
all pairs of ids; their count and a sum over a hash of each pair are compared. Times of ours include
the looking at the polygons and the making of their bands. ``--range-join`` adds Sedona's range
join, which takes minutes. The last line is one JSON object: seconds of the peer over ours.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import pandas as pd
import shapely
from pyspark.sql import DataFrame, SparkSession, functions as F
from rich.console import Console
from rich.table import Table

from benchmarks.boundaries import read_file
from benchmarks.memory import peak_memory
from benchmarks.replicate import read_places, replicate
from benchmarks.rounds import best_of
from benchmarks.tessellation import tessellate
from gridcontainer.spark import build_session, grid_cell
from gridcontainer.spark.join import Place, grid_join

LEVEL: Final = 8
CELLS: Final = Place(cell="cell", cell_level=LEVEL)
SHANGHAI: Final = (120.85, 30.67, 122.0, 31.88)
POLYGONS: Final = 2_000
NEIGHBOURS: Final = 5
METRES: Final = 200.0
_BUCKETS: Final = 1_000_003
Result = tuple[int, float]


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--container", default="var/demo")
    parser.add_argument("--data", default=os.environ.get("GRIDCONTAINER_DATA", "../shared/data"))
    parser.add_argument("--folder", type=Path, default=Path("var/benchmark-join"))
    parser.add_argument("--rows", type=int, nargs="+", default=[5, 20], help="million points")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--range-join", action="store_true")
    options = parser.parse_args()
    spark = build_session("benchmarks.join")
    places = read_places(options.container)
    boundaries = Path(options.data) / "shanghai_boundaries"
    zones = {
        "dense": tessellate(SHANGHAI, POLYGONS),
        "towns": np.array(list(read_file(boundaries / "towns.json")), dtype=object),
        "districts": np.array(
            list(read_file(boundaries / "shanghai-district-boundaries.geojson")), dtype=object
        ),
    }
    ratios: dict[str, float] = {}
    for million in options.rows:
        points = store(
            spark, replicate(spark, places, million * 1_000_000), options.folder, million
        )
        for name, shapes in zones.items():
            ways = in_polygons(spark, points, shapes, range_join=options.range_join)
            if million <= 5:
                ways["geopandas"] = in_geopandas(points, shapes)
            found = compare(f"{million} million points in {name}", ways, options.rounds)
            prefix = "" if name == "dense" else f"{name}_"
            sedona = min(found[way] for way in found if way.startswith("Sedona"))
            ratios[f"{prefix}vs_sedona_{million}m"] = sedona / found["ours"]
            ratios[f"{prefix}encoding_vs_sedona_{million}m"] = sedona / found["ours, encoding"]
            if "geopandas" in found:
                ratios[f"{prefix}vs_geopandas_{million}m"] = found["geopandas"] / found["ours"]
    points = store(spark, replicate(spark, places, 1_000_000), options.folder, 1)
    points = points.where("lon > 120 and lon < 123")  # a stray fix has all objects for neighbours
    objects = spark.createDataFrame(
        pd.DataFrame({"object": np.arange(len(places[0])), "x": places[0], "y": places[1]})
    ).sample(0.4, seed=1).localCheckpoint()  # fmt: skip
    found = compare("near", near(points, objects), options.rounds)
    ratios["distance_vs_sedona"] = found["Sedona"] / found["ours"]
    some = points.where(F.pmod(F.col("id"), F.lit(100)) == 0).localCheckpoint()
    found = compare("neighbours", neighbours(some, objects), options.rounds)
    ratios["knn_vs_sedona"] = found["Sedona"] / found["ours"]
    spark.stop()
    print(json.dumps({name: round(ratio, 2) for name, ratio in ratios.items()}))


def store(spark: SparkSession, fixes: DataFrame, folder: Path, million: int) -> DataFrame:
    """The points that have a cell, sorted by it."""
    path = folder / f"points-{million}m.parquet"
    if not (path / "_SUCCESS").exists():
        rows = fixes.select(F.monotonically_increasing_id().alias("id"), "lon", "lat")
        rows = rows.withColumn("cell", grid_cell("lon", "lat", LEVEL)).where("cell is not null")
        ordered = rows.repartitionByRange(max(8, million), "cell").sortWithinPartitions("cell")
        ordered.write.mode("overwrite").parquet(str(path.resolve()))
    return spark.read.parquet(str(path.resolve()))


def in_polygons(
    spark: SparkSession, points: DataFrame, shapes: Any, *, range_join: bool
) -> dict[str, Callable[[], Result]]:
    """Ways to find the polygons of points."""
    zones = spark.createDataFrame(
        pd.DataFrame({"zone": np.arange(len(shapes)), "geometry": list(shapely.to_wkb(shapes))})
    )
    plain = points.select("id", "lon", "lat")
    sedona_points = plain.select("id", F.expr("ST_Point(lon, lat) AS point"))
    sedona_zones = zones.select("zone", F.expr("ST_GeomFromWKB(geometry) AS shape"))
    inside = F.expr("ST_Intersects(shape, point)")

    def by_range() -> Result:
        spark.conf.set("sedona.join.autoBroadcastJoinThreshold", "-1")
        try:
            return pairs(sedona_points.join(sedona_zones, inside), "id", "zone")
        finally:
            spark.conf.unset("sedona.join.autoBroadcastJoinThreshold")

    ways: dict[str, Callable[[], Result]] = {
        "ours": lambda: pairs(grid_join(points, zones, left_place=CELLS), "id", "zone"),
        "ours, encoding": lambda: pairs(grid_join(plain, zones), "id", "zone"),
        "Sedona broadcast": lambda: pairs(
            sedona_points.join(F.broadcast(sedona_zones), inside), "id", "zone"
        ),
    }
    return ways | ({"Sedona range": by_range} if range_join else {})


def in_geopandas(points: DataFrame, shapes: Any) -> Callable[[], Result]:
    """The same by one process, which has the points in memory already."""
    table = points.select("id", "lon", "lat").toPandas()

    def join() -> Result:
        left = geopandas.GeoDataFrame(
            {"id": table["id"]}, geometry=geopandas.points_from_xy(table["lon"], table["lat"])
        )
        right = geopandas.GeoDataFrame({"zone": np.arange(len(shapes))}, geometry=shapes)
        return len(geopandas.sjoin(left, right, predicate="intersects")), float("nan")

    return join


def near(points: DataFrame, objects: DataFrame) -> dict[str, Callable[[], Result]]:
    """Ways to find the objects within ``METRES`` of points."""
    place = Place(lon="x", lat="y")
    left = points.select("id", F.expr("ST_Point(lon, lat) AS point"))
    right = objects.select("object", F.expr("ST_Point(x, y) AS other"))
    close = F.expr(f"ST_DistanceSpheroid(point, other) <= {METRES}")
    return {
        "ours": lambda: pairs(
            grid_join(
                points,
                objects,
                "within_distance",
                distance=METRES,
                left_place=CELLS,
                right_place=place,
            ),
            "id",
            "object",
        ),
        "Sedona": lambda: pairs(left.join(F.broadcast(right), close), "id", "object"),
    }


def neighbours(points: DataFrame, objects: DataFrame) -> dict[str, Callable[[], Result]]:
    """Ways to find the nearest objects of points; distances are summed, as ties may differ."""
    place = Place(lon="x", lat="y")
    left = points.select("id", F.expr("ST_Point(lon, lat) AS point"))
    right = objects.select("object", F.expr("ST_Point(x, y) AS other"))
    nearest = F.expr(f"ST_KNN(point, other, {NEIGHBOURS}, true)")

    def ours() -> Result:
        found = grid_join(
            points, objects, "nearest", k=NEIGHBOURS, right_place=place, measure="metres"
        )
        return total(found, F.col("metres"))

    def sedona() -> Result:
        found = left.join(F.broadcast(right), nearest)
        return total(found, F.expr("ST_DistanceSpheroid(point, other)"))

    return {"ours": ours, "Sedona": sedona}


def pairs(joined: DataFrame, left: str, right: str) -> Result:
    """How many pairs, and a number that tells them from others."""
    mark = F.pmod(F.xxhash64(F.col(left), F.col(right).cast("long")), F.lit(_BUCKETS))
    row = joined.select(mark.alias("mark")).agg(F.count("*"), F.sum("mark")).first()
    assert row is not None
    return int(row[0]), float(row[1])


def total(joined: DataFrame, metres: Any) -> Result:
    """How many pairs, and the kilometres between them."""
    row = joined.select(metres.alias("metres")).agg(F.count("*"), F.sum("metres")).first()
    assert row is not None
    return int(row[0]), round(float(row[1]) / 1000.0, 1)


def compare(title: str, ways: Mapping[str, Callable[[], Result]], rounds: int) -> dict[str, float]:
    """Best seconds of each way; a table of these, of the results and of the memory."""
    results: dict[str, Result] = {}
    peaks: dict[str, int] = {}

    def timed(name: str) -> Callable[[], None]:
        def run() -> None:
            with peak_memory() as peak:
                results[name] = ways[name]()
            peaks[name] = max(peaks.get(name, 0), peak[0])

        return run

    seconds = best_of({name: timed(name) for name in ways}, rounds)
    table = Table(title=title)
    for column in ("way", "seconds", "times ours", "pairs", "GiB"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, took in seconds.items():
        count, _ = results[name]
        table.add_row(
            name, f"{took:.2f}", f"{took / seconds['ours']:.1f}", f"{count:,}",
            f"{peaks[name] / 2**30:.1f}",
        )  # fmt: skip
    Console().print(table)
    for name, (count, mark) in results.items():
        expected, own = results["ours"]
        same = count == expected and (np.isnan(mark) or mark == own)
        if not same:
            print(f"NOT EQUAL: {title}: {name} {count, mark}, ours {results['ours']}")
    return seconds


if __name__ == "__main__":
    main()
