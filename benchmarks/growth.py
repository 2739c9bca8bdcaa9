"""From one million rows to a hundred: time and memory a row, for ingest, question and cells.

python -m benchmarks.growth [--rows 1000000 10000000 100000000] [--plot docs/growth.svg]

The rows are fixes of a taxi feed (see ``benchmarks.replicate``). Each size runs in a process of its
own, so that its peak of memory is its own: the most that Java and Python held together in the step.
``NAME_time_a_row`` and ``NAME_memory`` compare the largest size with the middle one: 1 is growth in
proportion (of memory: none). ``change_share`` is the time to bring the cells up to date after one
new row in a hundred, over that of making them, at the largest size.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from delta.tables import DeltaTable
from rich.console import Console
from rich.table import Table

from benchmarks.changes import everywhere
from benchmarks.ingest import FIXES
from benchmarks.ingest_boxes import HALF_LAT, HALF_LON
from benchmarks.memory import peak_memory
from benchmarks.reconstruct import bring_cells
from benchmarks.replicate import read_places, replicate
from gridcontainer.container.declaration import load_city
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.query import Question, find, in_box
from gridcontainer.container.storage import Storage
from gridcontainer.spark import build_session

STEPS = ("ingest", "query", "reconstruct", "change")
_QUESTIONS = 50
Measured = dict[str, dict[str, float]]


def main() -> None:
    """Measure each size, compare, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10**6, 10**7, 10**8])
    parser.add_argument("--container", default="var/demo", help="of real objects: make demo")
    parser.add_argument("--folder", help="for the tables; a temporary one where missing")
    parser.add_argument("--plot", type=Path, help="an SVG or PNG file to draw")
    parser.add_argument("--one", action="store_true", help="measure here; print only JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measure(options.rows[0], options.container, options.folder)))
        return
    found = {rows: _in_process(rows, options) for rows in options.rows}
    _print(found)
    if options.plot:
        _draw(found, options.plot)
    print(json.dumps({name: round(value, 4) for name, value in _ratios(found).items()}))


def _in_process(rows: int, options: argparse.Namespace) -> Measured:
    command = [sys.executable, "-m", "benchmarks.growth", "--one", "--rows", str(rows)]
    command += ["--container", options.container]
    command += ["--folder", options.folder] if options.folder else []
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured: Measured = json.loads(ran.stdout.splitlines()[-1])
    return measured


def _measure(rows: int, container: str, parent: str | None) -> Measured:
    places = read_places(container)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        spark = build_session("benchmarks.growth")
        replicate(spark, places, rows).write.parquet(f"{folder}/fixes")
        storage = Storage(f"{folder}/container")
        prepare_container(storage)
        city = load_city(Path("conf/city/shanghai.yaml"))
        steps: Mapping[str, Callable[[], Any]] = {
            "ingest": lambda: ingest_dataset(
                lambda: spark, FIXES, city=city, sources=Path(folder), storage=storage
            ),
            "query": lambda: _ask(storage, places),
            "reconstruct": lambda: bring_cells(spark, storage, whole=True),
            "change": lambda: bring_cells(spark, storage, whole=False),
        }
        found = {}
        for name, step in steps.items():
            if name == "change":
                everywhere()["new"](DeltaTable.forPath(spark, storage.dataset("traffic", "fixes")))
            found[name] = _timed(step)
        size = sum(file.stat().st_size for file in Path(storage.root).rglob("*.parquet"))
        found["container"] = {"bytes": float(size)}
        spark.stop()
    found["query"]["seconds"] /= _QUESTIONS
    return found


def _timed(step: Callable[[], Any]) -> dict[str, float]:
    with peak_memory() as peak:
        started = time.perf_counter()
        step()
        return {"seconds": time.perf_counter() - started, "bytes": float(peak[0])}


def _ask(storage: Storage, places: Any) -> None:
    """Boxes of one kilometre round places of the city."""
    chosen = np.random.default_rng(7).integers(0, len(places[0]), _QUESTIONS)
    for lon, lat in zip(places[0][chosen].tolist(), places[1][chosen].tolist(), strict=True):
        box = (lon - HALF_LON, lat - HALF_LAT, lon + HALF_LON, lat + HALF_LAT)
        find(storage, Question(in_box(box), datasets=("fixes",)))


def _ratios(found: Mapping[int, Measured]) -> dict[str, float]:
    middle, most = sorted(found)[-2:]
    ratios = {}
    for step in STEPS:
        seconds = found[most][step]["seconds"] / found[middle][step]["seconds"]
        ratios[f"{step}_time_a_row"] = seconds * middle / most
        ratios[f"{step}_memory"] = found[most][step]["bytes"] / found[middle][step]["bytes"]
    whole, change = (found[most][step]["seconds"] for step in ("reconstruct", "change"))
    return ratios | {"change_share": change / whole}


def _print(found: Mapping[int, Measured]) -> None:
    table = Table(title="Growth, 2 cores", title_justify="left")
    for name in ("rows", "step", "seconds", "rows a second", "peak GiB"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for rows, steps in found.items():
        for step in STEPS:
            seconds, peak = steps[step]["seconds"], steps[step]["bytes"] / 2**30
            table.add_row(
                f"{rows:,}", step, f"{seconds:.2f}", f"{rows / seconds:,.0f}", f"{peak:.1f}"
            )
        stored = steps["container"]["bytes"] / rows
        table.add_row(f"{rows:,}", "stored", "", f"{stored:.0f} bytes a row", "")
    Console().print(table)


def _draw(found: Mapping[int, Measured], path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415 # only where it is asked for

    sizes = sorted(found)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for step in STEPS:
        left.loglog(sizes, [found[s][step]["seconds"] for s in sizes], marker="o", label=step)
        right.semilogx(
            sizes, [found[s][step]["bytes"] / 2**30 for s in sizes], marker="o", label=step
        )
    left.set(xlabel="rows", ylabel="seconds (query: of one box of 1 km)")
    right.set(xlabel="rows", ylabel="peak memory, GiB", ylim=(0, None))
    left.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
