"""demo: a whole city into the container, and one question across its departments."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pyspark.sql import DataFrame, functions as F
from rich.console import Console

from gridcontainer.cli.ingest import ingest_and_report
from gridcontainer.cli.options import real_data
from gridcontainer.cli.query import print_found
from gridcontainer.cli.report import table_of
from gridcontainer.cli.sample import write_with_progress
from gridcontainer.container.join import open_side
from gridcontainer.container.query import count_by_cell, find_in_codes
from gridcontainer.container.storage import Storage
from gridcontainer.spark.join import grid_join
from gridcontainer.spark.session import build_session

_LEVEL = 4  # 1' x 1', about 1.6 x 1.85 km at Shanghai: a quarter of an hour on foot
_COUNTED = ("communities", "elderly_care", "bus_stops", "shops")
_JOINED = ("bus_stops", "shops", "communities", "elderly_care")
_SHOWN = 5
_CITY = Path("conf/city/shanghai.yaml")


@click.command("demo")
@click.option(
    "--container",
    help="Root folder of the tables. [default: var/demo, or var/demo-sample]",
)
@click.option("--sample", is_flag=True, help="Take the generated city even where real data are.")
def demo_command(container: str | None, sample: bool) -> None:
    """Ingest a city and answer one question across its departments.

    Takes the real sets in $GRIDCONTAINER_DATA or ../shared/data, else a city that it generates.
    """
    console = Console()
    real = None if sample else real_data()
    if real is not None:
        sources, declarations, root = real, Path("conf/datasets"), container or "var/demo"
        console.print("Source: real data of Shanghai", style="bold")
    else:
        sources, declarations = Path("var/sample"), Path("conf/sample")
        root = container or "var/demo-sample"
        console.print("Source: a generated city (there are no real data here)", style="bold")
        write_with_progress(sources, seed=2026, scale=1.0, console=console)
    went_well = ingest_and_report(sources, declarations, _CITY, root, (), console)
    _answer(Storage(root), console)
    count_by_town(Storage(root), console, notices="covid_geocodes" if real else "geocodes")
    if not went_well:
        raise SystemExit(1)


def count_by_town(storage: Storage, console: Console, *, notices: str) -> None:
    """What departments have in each town, by the grid join and, to compare, by Sedona's."""
    spark = build_session("gridcontainer demo")
    towns = open_side(spark, storage, "towns", {})
    names: list[Any] = [*_JOINED, notices]
    sides = {  # only counts by town are shown of positions that are confidential
        name: open_side(spark, storage, name, {}, with_confidential=True) for name in names
    }
    parts = (
        side.frame.select(F.lit(name).alias("what"), "lon", "lat") for name, side in sides.items()
    )
    objects, label = functools.reduce(DataFrame.unionByName, parts), str(towns.label)
    shapes = towns.frame.select(label, "geometry")
    inside = F.expr("ST_Intersects(ST_GeomFromWKB(geometry), ST_Point(lon, lat))")
    ways: dict[str, Callable[[], DataFrame]] = {
        "grid": lambda: grid_join(objects, shapes),
        "Sedona": lambda: objects.join(F.broadcast(shapes), inside),
    }
    seconds, counts = {}, {}
    for _ in range(2):  # the first time code is made and compiled
        for way, join in ways.items():
            start = time.perf_counter()
            counts[way] = join().groupBy(label).pivot("what", names).count().collect()
            seconds[way] = time.perf_counter() - start
    table = table_of("Objects of several departments by town", [label], names)
    ranked = sorted(counts["grid"], key=lambda row: -sum(row[name] or 0 for name in names))
    for row in ranked[:_SHOWN]:
        table.add_row(row[0], *(f"{row[name] or 0:,}" for name in names))
    console.print(table)
    same = {tuple(row) for row in counts["grid"]} == {tuple(row) for row in counts["Sedona"]}
    console.print(
        f"Grid join {seconds['grid']:.2f} s, Sedona's join {seconds['Sedona']:.2f} s (ratio "
        f"{seconds['Sedona'] / seconds['grid']:.1f}), results {'equal' if same else 'NOT EQUAL'}"
    )
    console.print(f"More: gridcontainer join --container {storage.root} shops towns")


def _answer(storage: Storage, console: Console) -> None:
    """Where most people live without elderly care in the same cell, and what else is there."""
    counts = {dataset: count_by_cell(storage, dataset, _LEVEL) for dataset in _COUNTED}
    care = counts["elderly_care"]
    without = [code for code in counts["communities"] if not care.get(code)][:_SHOWN]
    console.print(
        "Question: where do most housing communities stand without any elderly-care facility in "
        f"the same level-{_LEVEL} cell, and what else is there?",
        style="bold",
    )
    table = table_of("Housing, civil affairs, traffic and planning, by cell", ["cell"], _COUNTED)
    for code in without:
        table.add_row(code, *(f"{counts[dataset].get(code, 0):,}" for dataset in _COUNTED))
    console.print(table)
    if not without:
        console.print("Answer: nowhere; each such cell has one.", style="bold")
        return
    console.print(f"Answer: {without[0]}. All that the departments have there:", style="bold")
    print_found(find_in_codes(storage, [without[0]]), console, most=3)
    console.print(f"More: gridcontainer query --container {storage.root} --code {without[0]}")
