"""All departments of one cell: our fast path, pyarrow on tables kept open, and Spark.

python -m benchmarks.query [--container var/demo] [--cells 200] [--spark-cells 3]

Cells are random level-5 cells that hold anything. The answers of the fast path are compared with
pyarrow's (data sets without shapes, of which pyarrow knows but a point) before they are timed. The
last line is one JSON object: ratios of p50, theirs over ours, and our p50 and p95 in ms.
"""

import argparse
import functools
import json
import operator
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from deltalake import DeltaTable
from pyarrow import dataset
from rich.console import Console
from rich.table import Table

from gridcontainer.container.query import Question, find, in_codes, query_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.spark import build_session

LEVEL_5_LENGTH = 11
Dataset = Any
_ARROW: Any = dataset  # it has no types


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--container", default="var/demo")
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--spark-cells", type=int, default=3)
    options = parser.parse_args()
    storage = Storage(options.container)
    tables = _open(storage)
    cells = sorted({code for table in tables.values() for code in _codes(table)})
    chosen = np.random.default_rng(1).choice(cells, options.cells).tolist()
    _check(storage, tables, chosen[:20])
    spark = build_session("benchmarks.query")

    def with_spark(code: str) -> None:
        question = Question(in_codes([code]))
        for part in find(storage, question):
            query_dataset(spark, storage, question, part.dataset).toArrow()

    milliseconds = {
        "fast path": _times(lambda code: find(storage, Question(in_codes([code]))), chosen),
        "pyarrow": _times(lambda code: _pyarrow(tables, code), chosen),
        "Spark": _times(with_spark, chosen[: options.spark_cells]),
    }
    spark.stop()
    _print(milliseconds)
    middle = {name: float(np.median(times)) for name, times in milliseconds.items()}
    ours = middle["fast path"]
    ratios = {
        "vs_pyarrow": middle["pyarrow"] / ours,
        "vs_spark": middle["Spark"] / ours,
        "p50_ms": ours,
        "p95_ms": float(np.percentile(milliseconds["fast path"], 95)),
    }
    print(json.dumps({name: round(ratio, 2) for name, ratio in ratios.items()}))


def _times(run: Callable[[str], object], codes: Sequence[str]) -> list[float]:
    run(codes[0])  # warms up and does not count
    times = []
    for code in codes:
        start = time.perf_counter()
        run(code)
        times.append(1000 * (time.perf_counter() - start))
    return times


def _open(storage: Storage) -> dict[str, Dataset]:
    """The tables with cells, by data set."""
    tables = {name: DeltaTable(path) for _, name, path in storage.find_datasets()}
    return {
        name: table.to_pyarrow_dataset()
        for name, table in tables.items()
        if any(column.name == "cell" for column in table.schema().fields)
    }


def _codes(table: Dataset) -> set[str]:
    codes = table.to_table(columns=["grid_code"]).column("grid_code").to_pylist()
    return {code[:LEVEL_5_LENGTH] for code in codes if len(code) >= LEVEL_5_LENGTH}


def _pyarrow(tables: Mapping[str, Dataset], code: str) -> dict[str, int]:
    """Rows by data set, whole rows read."""
    cell = _ARROW.field("cell")
    inside = [(cell >= first) & (cell <= last) for first, last in in_codes([code]).ranges]
    wanted = functools.reduce(operator.or_, inside)
    rows = {name: table.to_table(filter=wanted).num_rows for name, table in tables.items()}
    return {name: number for name, number in rows.items() if number}


def _check(storage: Storage, tables: Mapping[str, Dataset], codes: Sequence[str]) -> None:
    points = {name for name, table in tables.items() if "geometry" not in table.schema.names}
    for code in codes:
        found = find(storage, Question(in_codes([code])))
        ours = {p.dataset: p.rows.num_rows for p in found if p.dataset in points}
        theirs = {n: rows for n, rows in _pyarrow(tables, code).items() if n in points}
        if {name: rows for name, rows in ours.items() if rows} != theirs:
            raise SystemExit(f"{code}: ours {ours}, pyarrow's {theirs}")


def _print(milliseconds: dict[str, list[float]]) -> None:
    table = Table(title="All departments of one level-5 cell", title_justify="left")
    for name in ("path", "cells", "p50 ms", "p95 ms"):
        table.add_column(name, justify="left" if name == "path" else "right")
    for name, times in milliseconds.items():
        middle, high = np.percentile(times, [50, 95])
        table.add_row(name, str(len(times)), f"{middle:.1f}", f"{high:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
