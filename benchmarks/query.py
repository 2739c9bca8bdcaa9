"""All departments of one cell: our fast path, pyarrow alone, and Spark.

python -m benchmarks.query [--container var/demo] [--cells 200] [--spark-cells 3]

Cells are random level-5 cells that hold a community. Each answer of the fast path is checked with
pyarrow's (data sets without shapes) before it is timed. The last line is one JSON object: ratios of
p50, theirs over ours, and our p50 in ms.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence

import numpy as np
from deltalake import DeltaTable
from rich.console import Console
from rich.table import Table

from gridcontainer.container.query import Question, find, in_codes, query_dataset, read_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.spark import build_session

LEVEL_5_LENGTH = 11


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--container", default="var/demo")
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--spark-cells", type=int, default=3)
    options = parser.parse_args()
    storage = Storage(options.container)
    codes = read_dataset(storage, "communities", ["grid_code"]).column("grid_code").to_pylist()
    cells = sorted({code[:LEVEL_5_LENGTH] for code in codes})
    chosen = np.random.default_rng(1).choice(cells, options.cells).tolist()
    _check(storage, chosen[:5])
    spark = build_session("benchmarks.query")

    def with_spark(code: str) -> None:
        question = Question(in_codes([code]))
        for part in find(storage, question):
            query_dataset(spark, storage, question, part.dataset).toArrow()

    milliseconds = {
        "fast path": _times(lambda code: find(storage, Question(in_codes([code]))), chosen),
        "pyarrow alone": _times(lambda code: _pyarrow(storage, code), chosen),
        "Spark": _times(with_spark, chosen[: options.spark_cells]),
    }
    spark.stop()
    _print(milliseconds)
    middle = {name: float(np.median(times)) for name, times in milliseconds.items()}
    ours = middle["fast path"]
    ratios = {
        "vs_pyarrow": middle["pyarrow alone"] / ours,
        "vs_spark": middle["Spark"] / ours,
        "p50_ms": ours,
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


def _pyarrow(storage: Storage, code: str) -> dict[str, int]:
    """Rows by data set; opened anew, as one does without a memory of logs."""
    ranges = in_codes([code]).ranges
    filters = [[("cell", ">=", first), ("cell", "<=", last)] for first, last in ranges]
    found = {}
    for _, dataset, path in storage.find_datasets():
        table = DeltaTable(path)
        if any(column.name == "cell" for column in table.schema().fields):
            found[dataset] = table.to_pyarrow_table(filters=filters).num_rows
    return found


def _check(storage: Storage, codes: Sequence[str]) -> None:
    for code in codes:
        theirs = _pyarrow(storage, code)
        for part in find(storage, Question(in_codes([code]))):
            has_shape = "geometry" in part.rows.column_names
            if not has_shape and part.rows.num_rows > theirs[part.dataset]:
                raise SystemExit(f"{part.dataset} in {code}: more rows than pyarrow finds")


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
