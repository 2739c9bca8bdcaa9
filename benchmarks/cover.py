"""Covers of all real boundaries: ours, brute force with shapely, and Sedona's S2 and H3 cells.

python -m benchmarks.cover [--data ../shared/data] [--rounds 3] [--no-spark] [--no-brute]

Boundaries of Shanghai (streets, districts, ring roads, metro lines) at level 5, cities of China at
level 4. All start from WKB and count cells of one level that meet the geometry: ours in one
process, ``brute`` a box for each cell of the bounding box with prepared shapely predicates, Sedona
on all cores with ``ST_S2CellIDs`` and ``ST_H3CellIDs`` at the level whose cells are nearest in
size. Ours and brute also tell interior from border cells; Sedona's functions don't. Brute takes
closed boxes, so it counts a few cells more that are only touched. The last line is one JSON object:
cells a second of ours over theirs, for each set; ``chips`` is a compact cover with all chips
against brute force with ``shapely.intersection``.
"""

import argparse
import json
import math
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession, functions as F
from rich.console import Console
from rich.table import Table

from benchmarks.boundaries import read_cities, read_shanghai
from benchmarks.rounds import best_of
from gridcontainer.grid import LEVELS, cell_to_bounds
from gridcontainer.grid.box import bounds_to_units
from gridcontainer.grid.cover import cover
from gridcontainer.grid.levels import UNITS_PER_DEGREE
from gridcontainer.grid.packing import index_to_cell
from gridcontainer.spark import build_session

Wkb = NDArray[Any]
MAX_CELLS = 10**8
BRUTE_CELLS = 1 << 19  # boxes at a time
METRES_PER_DEGREE = 111_195.0
GLOBE = 5.101e14  # square metres


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("GRIDCONTAINER_DATA", "../shared/data"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-spark", action="store_true")
    parser.add_argument("--no-brute", action="store_true")
    options = parser.parse_args()
    data = Path(options.data)
    spark = None if options.no_spark else build_session("benchmarks.cover")
    ratios: dict[str, float] = {}
    for name, shapes, level in (
        ("shanghai", read_shanghai(data), 5),
        ("cities", read_cities(data), 4),
    ):
        found = measure(name, shapes, level, options.rounds, spark, brute=not options.no_brute)
        ratios |= {f"{name}_{key}": value for key, value in found.items()}
    if spark:
        spark.stop()
    print(json.dumps({name: round(ratio, 2) for name, ratio in ratios.items()}))


def measure(
    name: str, shapes: Any, level: int, rounds: int, spark: SparkSession | None, *, brute: bool
) -> dict[str, float]:
    """Cells a second of each way, and the ratios of ours to theirs."""
    wkb: Wkb = shapely.to_wkb(shapes)
    counts: dict[str, int] = {}
    candidates: dict[str, Callable[[], int]] = {
        "ours": lambda: len(cover(wkb, level, max_cells=MAX_CELLS)),
        "ours, compact": lambda: len(cover(wkb, level, compact=True)),
        "ours, chips": lambda: _count_border(wkb, level),
    }
    if brute:
        candidates["brute"] = partial(_count_brute, wkb, level, chips=False)
        candidates["brute, chips"] = partial(_count_brute, wkb, level, chips=True)
    if spark:
        candidates |= _sedona(spark, wkb, level)

    def counted(key: str, run: Callable[[], int]) -> None:
        counts[key] = run()

    seconds = best_of({key: partial(counted, key, run) for key, run in candidates.items()}, rounds)
    _print(f"{name}: {len(wkb)} boundaries, level {level}", seconds, counts)
    speed = {key: counts[key] / seconds[key] for key in candidates}
    ratios = {
        f"vs_{key.split(' ')[0]}": speed["ours"] / speed[key]
        for key in candidates
        if key == "brute" or key.startswith(("S2", "H3"))
    }
    if brute:
        if counts["ours"] != counts["brute"]:
            print(f"cells differ: ours {counts['ours']}, brute {counts['brute']}")
        ratios["chips_vs_brute"] = speed["ours, chips"] / speed["brute, chips"]
    return ratios


def _count_border(wkb: Wkb, level: int) -> int:
    found = cover(wkb, level, compact=True, chips=True, include_edges=False)
    return int((~found.is_interior).sum())


def _count_brute(wkb: Wkb, level: int, *, chips: bool) -> int:
    """Cells of the boxes that meet each shape; of those cut, the intersection."""
    count = 0
    for shape in shapely.make_valid(shapely.from_wkb(wkb)):
        shapely.prepare(shape)
        for box in _boxes(shape.bounds, level):
            met = box[shapely.intersects(shape, box)]
            inside = shapely.covers(shape, met)
            if chips:
                shapely.intersection(shape, met[~inside])
            count += int((~inside).sum()) if chips else len(met)
    return count


def _boxes(bounds: tuple[float, float, float, float], level: int) -> Iterator[Any]:
    """Boxes of all cells of a bounding box, some rows at a time."""
    units = bounds_to_units(*bounds, level)
    columns, rows = units.columns_at(level)[0], units.rows_at(level)
    step = max(BRUTE_CELLS // len(columns), 1)
    for start in range(rows.start, rows.stop, step):
        row, column = np.mgrid[start : min(start + step, rows.stop), columns.start : columns.stop]
        cells = index_to_cell(column.reshape(-1), row.reshape(-1), level)
        yield shapely.box(*cell_to_bounds(cells, level))


def _sedona(spark: SparkSession, wkb: Wkb, level: int) -> dict[str, Callable[[], int]]:
    rows = [(bytes(value),) for value in wkb]
    frame = spark.createDataFrame(rows, "wkb binary").repartition(8).cache()
    frame.count()
    latitude = float(np.mean(shapely.bounds(shapely.from_wkb(wkb))[:, 1::2]))
    step = LEVELS[level - 1]
    metres = METRES_PER_DEGREE / UNITS_PER_DEGREE
    area = step.width * step.height * metres**2 * math.cos(math.radians(latitude))
    s2 = round(math.log(GLOBE / 6 / area, 4))
    h3 = min(range(16), key=lambda res: abs(math.log(GLOBE / (2 + 120 * 7**res) / area)))
    return {
        f"S2 level {s2}": partial(_count_ids, frame, f"ST_S2CellIDs(ST_GeomFromWKB(wkb), {s2})"),
        f"H3 level {h3}": partial(
            _count_ids, frame, f"ST_H3CellIDs(ST_GeomFromWKB(wkb), {h3}, true)"
        ),
    }


def _count_ids(frame: DataFrame, expression: str) -> int:
    total = frame.select(F.sum(F.size(F.expr(expression)))).collect()[0][0]
    return int(total)


def _print(title: str, seconds: dict[str, float], counts: dict[str, int]) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    for name in ("cells", "s", "million cells/s"):
        table.add_column(name, justify="right")
    for name, value in seconds.items():
        row = (f"{counts[name]:,}", f"{value:.2f}", f"{counts[name] / value / 1e6:.3f}")
        table.add_row(name, *row)
    Console().print(table)


if __name__ == "__main__":
    main()
