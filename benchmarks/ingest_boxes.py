"""Boxes of 1 km asked of our table, of a plain one and of one that Delta has Z-ordered."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from benchmarks.rounds import best_of, print_values
from gridcontainer.container.query import Question, find, in_box
from gridcontainer.container.storage import Storage
from gridcontainer.spark import grid_box_filter

Box = tuple[float, float, float, float]
BOXES = 24
HALF_LON, HALF_LAT = 0.00525, 0.0045  # degrees: half a kilometre at Shanghai


def measure_boxes(
    spark: SparkSession, folder: Path, places: Any, rounds: int, *, zorder: bool
) -> dict[str, float]:
    """The same boxes on the plain, the Z-ordered and our table; all must find the same rows."""
    tables = {"plain": folder / "plain", "ours": Storage(str(folder / "container")).dataset(
        "traffic", "fixes")}  # fmt: skip
    if zorder:
        tables["zorder"] = folder / "zorder"
    frames = {name: spark.read.format("delta").load(str(path)) for name, path in tables.items()}
    boxes = _boxes(places)
    _check(frames, folder, boxes[:4])
    candidates = {
        name: partial(_count_all, frame, boxes, name == "ours") for name, frame in frames.items()
    } | {"ours without Spark": partial(_find_all, folder, boxes)}
    seconds = {n: s / len(boxes) for n, s in best_of(candidates, rounds).items()}
    print_values(
        f"{len(boxes)} boxes of 1 km", {n: s * 1000 for n, s in seconds.items()}, "ms each"
    )
    files = len(frames["ours"].inputFiles())
    read = [len(frames["ours"].where(_in_box(box, True)).inputFiles()) for box in boxes]
    print(f"files read: {np.mean(read):.1f} of {files}, at most {max(read)}")
    ratios = {
        "box_vs_plain": seconds["ours"] / seconds["plain"],
        "fast_box_vs_plain": seconds["ours without Spark"] / seconds["plain"],
    }
    if zorder:
        ratios["box_vs_zorder"] = seconds["ours"] / seconds["zorder"]
    return ratios | {"files_read_share": float(np.mean(read)) / files}


def make_zorder(spark: SparkSession, plain: Path, path: Path) -> float:
    """As Delta's users make it: Z-order by longitude and latitude, files as large as ours.

    Returns:
        Seconds of the plain write and the Z-order.
    """
    started = time.perf_counter()
    spark.read.format("delta").load(str(plain)).write.format("delta").save(str(path))
    spark.conf.set("spark.databricks.delta.optimize.maxFileSize", str(24 << 20))
    spark.sql(f"OPTIMIZE delta.`{path}` ZORDER BY (lon, lat)")
    spark.conf.unset("spark.databricks.delta.optimize.maxFileSize")
    seconds = time.perf_counter() - started
    print(f"plain write and Z-order: {seconds:.1f} s")
    return seconds


def _boxes(places: Any) -> list[Box]:
    rng = np.random.default_rng(7)
    chosen = rng.integers(0, len(places[0]), BOXES)
    centres = zip(places[0][chosen].tolist(), places[1][chosen].tolist(), strict=True)
    return [(x - HALF_LON, y - HALF_LAT, x + HALF_LON, y + HALF_LAT) for x, y in centres]


def _in_box(box: Box, ours: bool) -> Column:
    if ours:
        return grid_box_filter(*box)
    west, south, east, north = box
    return F.col("lon").between(west, east) & F.col("lat").between(south, north)


def _count(frame: DataFrame, box: Box, ours: bool) -> Any:
    found = frame.where(_in_box(box, ours))
    return found.agg(F.count("*"), F.sum("speed"), F.max("vehicle")).collect()[0]


def _count_all(frame: DataFrame, boxes: list[Box], ours: bool) -> None:
    for box in boxes:
        _count(frame, box, ours)


def _find(folder: Path, box: Box) -> Any:
    storage = Storage(str(folder / "container"))
    (part,) = find(storage, Question(in_box(box), datasets=("fixes",)))
    rows = part.rows.to_pandas()
    return len(rows), rows["speed"].sum(), rows["vehicle"].max()


def _find_all(folder: Path, boxes: list[Box]) -> None:
    for box in boxes:
        _find(folder, box)


def _check(frames: dict[str, DataFrame], folder: Path, boxes: list[Box]) -> None:
    for box in boxes:
        counts = {name: _count(frame, box, name == "ours")[0] for name, frame in frames.items()}
        counts["ours without Spark"] = _find(folder, box)[0]
        if len(set(counts.values())) > 1 or not counts["ours"]:
            raise SystemExit(f"the tables answer otherwise in {box}: {counts}")
