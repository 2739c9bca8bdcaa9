"""Notices of cases, placed by their addresses, against points of the same events in another datum.

python -m benchmarks.cases [--container var/container]

The points have no name and no key: what is measured is whether the places agree, day by day, beside
what chance gives (the same points a kilometre away, or with their days shuffled) and what a wrong
datum gives. The notices must have been placed: gridcontainer locate covid_addresses. The last line
is one JSON object.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, functions as F
from rich.console import Console
from rich.table import Table

from gridcontainer.addresses.book import load_address_book
from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.placements import read_placements
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.grid.datum import to_wgs84
from gridcontainer.spark import build_session
from gridcontainer.spark.join import grid_join

LIMITS: Final = (10, 25, 50, 100)  # metres
MOVED: Final = 1000.0  # metres
METRES_PER_DEGREE: Final = 111_195.0  # of latitude
OWN: Final = "as declared, BD-09"
CHANCE: Final = ("moved 1 km east", "moved 1 km west", "moved 1 km north", "moved 1 km south")
SHUFFLED: Final = "days shuffled"


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--container", default="var/container")
    options = parser.parse_args()
    profile = load_city(Path("conf/city/shanghai.yaml"))
    declared = {d.dataset: d for d in load_declarations(Path("conf/datasets"), profile)}
    book = load_address_book(Path("conf/addresses/shanghai.yaml"))
    spark = build_session("benchmarks.cases")
    city = City(spark, Storage(options.container), profile, declared, book)
    notices, points = _of_shared_days(_notices(city), _points(city))
    pairs = _pairs(city, points, notices)
    counts = {name: _count(pairs[pairs["reading"] == name]) for name in _readings(points)}
    spark.stop()
    console = Console(width=110)
    _print_meetings(counts, len(points), len(notices), console)
    _print_methods(pairs[pairs["reading"] == OWN], notices, console)
    figures = _links(pairs, points, counts, console)
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _notices(city: City) -> pd.DataFrame:
    """``notice``, ``day``, ``lon``, ``lat`` and ``method`` of each notice that has a place."""
    rows = city.rows("covid_addresses").select(
        "object_id", F.substring(F.col("`outer.date`").cast("string"), 1, 10).alias("day")
    )
    placed = read_placements(city, "covid_addresses", with_confidential=True)
    both = rows.join(placed.where("lon IS NOT NULL"), on="object_id", how="inner")
    table: pd.DataFrame = both.select("object_id", "day", "lon", "lat", "method").toPandas()
    return table.rename(columns={"object_id": "notice"})


def _points(city: City) -> pd.DataFrame:
    """``point``, a number; ``day``, ``lon``, ``lat``; and the source's own ``x`` and ``y``."""
    table: pd.DataFrame = (
        city.rows("covid_points")
        .select(
            F.col("source_row").alias("point"),
            F.substring(F.col("time").cast("string"), 1, 10).alias("day"),
            *("lon", "lat"),
            *(F.col(of).cast("double").alias(to) for of, to in (("lng", "x"), ("source_lat", "y"))),
        )
        .toPandas()
    )
    return table


def _of_shared_days(
    notices: pd.DataFrame, points: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    days = set(notices["day"]) & set(points["day"])
    ours, theirs = (frame[frame["day"].isin(days)] for frame in (notices, points))
    return ours.reset_index(drop=True), theirs.sort_values("point").reset_index(drop=True)


def _readings(points: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The points as they are, in a wrong datum, and where or when they were not."""
    x, y = points["x"].to_numpy(), points["y"].to_numpy()
    north = MOVED / METRES_PER_DEGREE
    east = north / np.cos(np.radians(points["lat"].mean()))
    steps = ((east, 0.0), (-east, 0.0), (0.0, north), (0.0, -north))
    as_gcj = to_wgs84(x, y, "GCJ02")
    days = np.random.default_rng(2022).permutation(points["day"].to_numpy())
    return {
        OWN: points,
        "read as GCJ-02": points.assign(lon=as_gcj[0], lat=as_gcj[1]),
        "read as WGS 84": points.assign(lon=x, lat=y),
        **{
            name: points.assign(lon=points["lon"] + dx, lat=points["lat"] + dy)
            for name, (dx, dy) in zip(CHANCE, steps, strict=True)
        },
        SHUFFLED: points.assign(day=days),
    }


def _pairs(city: City, points: pd.DataFrame, notices: pd.DataFrame) -> pd.DataFrame:
    """Points and notices of one day within the widest limit, in each reading of the points."""
    frames = [frame.assign(reading=name) for name, frame in _readings(points).items()]
    left = pd.concat(frames)[["reading", "point", "day", "lon", "lat"]]
    right: DataFrame = city.spark.createDataFrame(notices)
    near = grid_join(
        city.spark.createDataFrame(left), right, "within_distance",
        distance=float(LIMITS[-1]), measure="metres",
    )  # fmt: skip
    same_day = near.where("day = day_right").select("reading", "point", "notice", "metres")
    found: pd.DataFrame = same_day.toPandas()
    return found


def _mutual(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of which each is the nearest of the other; of equally near ones the first."""
    ordered = pairs.sort_values(["metres", "point", "notice"])
    nearest = [~ordered.duplicated(side) for side in ("point", "notice")]
    return ordered[nearest[0] & nearest[1]]


def _has_rivals(near: pd.DataFrame, linked: pd.DataFrame) -> pd.Series:
    """Whether a side of a linked pair has others of its day within the limit too."""
    points, notices = (near[side].value_counts() for side in ("point", "notice"))
    return (linked["point"].map(points) > 1) | (linked["notice"].map(notices) > 1)


def _count(pairs: pd.DataFrame) -> dict[int, tuple[int, int, int]]:
    """By limit: points that meet a notice, notices that meet a point, mutually nearest pairs."""
    mutual = _mutual(pairs)["metres"]
    return {
        limit: (
            pairs.loc[pairs["metres"] <= limit, "point"].nunique(),
            pairs.loc[pairs["metres"] <= limit, "notice"].nunique(),
            int((mutual <= limit).sum()),
        )
        for limit in LIMITS
    }


def _print_meetings(
    counts: Mapping[str, Mapping[int, tuple[int, int, int]]],
    points: int,
    notices: int,
    console: Console,
) -> None:
    for title, place, total in (
        (f"{points:,} points that meet a notice of their day", 0, points),
        (f"{notices:,} notices that meet a point of their day", 1, notices),
    ):
        table = Table(title=title, title_justify="left")
        table.add_column("points")
        for limit in LIMITS:
            table.add_column(f"{limit} m", justify="right")
        for name, by_limit in counts.items():
            table.add_row(name, *(f"{by_limit[limit][place] / total:.1%}" for limit in LIMITS))
        console.print(table)


def _print_methods(pairs: pd.DataFrame, notices: pd.DataFrame, console: Console) -> None:
    """Which of the ways to place a notice bring it to its point."""
    nearest = notices["notice"].map(pairs.groupby("notice")["metres"].min())
    table = Table(title="Notices that meet a point of their day, by method", title_justify="left")
    table.add_column("method")
    for name in ("notices", *(f"{limit} m" for limit in LIMITS)):
        table.add_column(name, justify="right")
    for method, rows in nearest.groupby(notices["method"]):
        shares = (f"{(rows <= limit).mean():.1%}" for limit in LIMITS)
        table.add_row(str(method), f"{len(rows):,}", *shares)
    console.print(table)


def _links(
    pairs: pd.DataFrame,
    points: pd.DataFrame,
    counts: Mapping[str, Mapping[int, tuple[int, int, int]]],
    console: Console,
) -> dict[str, float]:
    """Pairs that can be linked one to one, and how many of them chance would give."""
    own_pairs = pairs[pairs["reading"] == OWN]
    mutual = _mutual(own_pairs)
    place = points.set_index("point")
    twins = place.duplicated(["day", "lon", "lat"], keep=False)
    table = Table(title="Linked one to one: each the other's nearest", title_justify="left")
    for name in ("within", "pairs", "moved 1 km", "days shuffled", "has rivals", "equal points"):
        table.add_column(name, justify="right")
    figures: dict[str, float] = {}
    for limit in LIMITS:
        own = counts[OWN][limit][2]
        moved = float(np.mean([counts[name][limit][2] for name in CHANCE]))
        shuffled = counts[SHUFFLED][limit][2]
        linked = mutual[mutual["metres"] <= limit]
        equal = twins.loc[linked["point"]].mean()
        rivals = _has_rivals(own_pairs[own_pairs["metres"] <= limit], linked).mean()
        table.add_row(
            f"{limit} m",
            f"{own:,}",
            f"{moved / own:.2%}",
            f"{shuffled / own:.1%}",
            f"{rivals:.1%}",
            f"{equal:.1%}",
        )
        figures |= {f"linked_{limit}_m": own / len(points), f"by_chance_{limit}_m": moved / own}
    console.print(table)
    return figures


if __name__ == "__main__":
    main()
