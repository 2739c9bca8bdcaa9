"""Many small datasets: a whole ingest against reading the same files and writing them plainly.

python -m benchmarks.small [--sources ../shared/data] [--rounds 3]

``first_vs_plain`` is the time of the first ingest of all declared datasets (read, judge, encode,
write, quarantine, ledger, catalogue) over that of pandas and pyarrow reading the same files with
the right options and a plain ``write_deltalake`` of each. ``unchanged_share`` is the time of a
second ingest, of which nothing has changed, over that of the first. ``cold_ingest_s`` is the time
of a command that ingests 1,000 rows, and ``cold_python_s`` that of a bare interpreter that imports
pyarrow.
"""

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import pyarrow as pa
import pyogrio
from deltalake import write_deltalake
from rich.console import Console
from rich.table import Table

from benchmarks.rounds import best_of
from gridcontainer.container.catalogue.catalogue import write_catalogue
from gridcontainer.container.declaration import Declaration, load_city, load_declarations
from gridcontainer.container.ingest.batch import Outcome, ingest_datasets
from gridcontainer.container.sources import find_files
from gridcontainer.container.storage import Storage

ROWS = 1_000


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = measure_all(options.sources, folder, options.rounds)
        seconds |= measure_cold(folder, options.rounds)
    _print(seconds)
    ratios = {
        "first_vs_plain": seconds["first ingest"] / seconds["plain"],
        "unchanged_share": seconds["unchanged ingest"] / seconds["first ingest"],
        "cold_ingest_s": seconds["cold ingest"],
        "cold_python_s": seconds["cold python"],
    }
    print(json.dumps({name: round(ratio, 4) for name, ratio in ratios.items()}))


def measure_all(sources: Path, folder: Path, rounds: int) -> dict[str, float]:
    """All declared datasets whose sources are files."""
    city = load_city(Path("conf/city/shanghai.yaml"))
    declared = [
        one for one in load_declarations(Path("conf/datasets"), city) if one.source.format != "jdbc"
    ]
    storage = Storage(str(folder / "container"))
    outcomes: list[Outcome] = []
    counted: dict[str, int] = {}

    def no_session() -> NoReturn:
        raise SystemExit("a small source asked for Spark")

    def again() -> None:
        outcome = ingest_datasets(no_session, declared, city=city, sources=sources, storage=storage)
        if outcome.has_changes:
            write_catalogue(storage, declared)
        outcomes.append(outcome)

    def first() -> None:
        shutil.rmtree(folder / "container", ignore_errors=True)
        again()

    def plain() -> None:
        shutil.rmtree(folder / "plain", ignore_errors=True)
        for one in declared:
            counted[one.dataset] = write_plainly(one, sources, folder / "plain" / one.dataset)

    # In this order: the unchanged ingest follows the first one of its round.
    seconds = best_of({"plain": plain, "first ingest": first, "unchanged ingest": again}, rounds)
    _require_same(outcomes[-1], counted)
    return seconds


def write_plainly(declaration: Declaration, sources: Path, path: Path) -> int:
    """What a user would write for one dataset; returns the number of rows."""
    frames = [read_plainly(declaration, file) for file in find_files(sources, declaration)]
    whole = frames[0] if len(frames) == 1 else pd.concat(frames)
    table = whole if isinstance(whole, pa.Table) else _to_arrow(whole)
    write_deltalake(str(path), table)
    return int(table.num_rows)


def read_plainly(declaration: Declaration, file: Path) -> Any:
    """One file, with the reader and the options that are right for it."""
    source = declaration.source
    readers: dict[str, Callable[[], Any]] = {
        "csv": partial(
            pd.read_csv, file, encoding=source.encoding, sep=source.separator, dtype=str,
            quotechar=source.quote or '"', skiprows=source.skip_rows,
            header=0 if source.header else None, names=source.columns, low_memory=False,
        ),
        "json": partial(_read_json, declaration, file),
        "jsonlines": partial(pd.read_json, file, lines=True, dtype=False),
        "geojson": partial(_read_shapes, file, None),
        "vector": partial(_read_shapes, file, source.layer),
        "excel": partial(
            pd.read_excel, file, engine="calamine", sheet_name=source.sheet or 0,
            skiprows=source.skip_rows, dtype=str,
        ),
        "parquet": partial(pa.parquet.read_table, file),
    }  # fmt: skip
    return readers[source.format]()


def _read_json(declaration: Declaration, file: Path) -> pd.DataFrame:
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    values = [json.loads(content.decode(declaration.source.encoding))]
    for step in re.findall(r"\[\]|\{.+?\}|[^.\[\]{}]+", declaration.source.records or "[]"):
        if step == "[]":
            values = [one for value in values for one in value or []]
        elif step.startswith("{"):
            values = [{step[1:-1]: key, **_record(one)} for v in values for key, one in v.items()]
        else:
            values = [value[step] for value in values if value.get(step) is not None]
    return pd.json_normalize([_record(value) for value in values])


def _record(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


def _read_shapes(file: Path, layer: str | None) -> pa.Table:
    path = f"/vsigzip/{file}" if file.suffix == ".gz" else file
    _, table = pyogrio.read_arrow(path, layer=layer)
    return table


def _to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Columns that hold lists and objects are written as text, as a user would in the end."""
    plain = frame.set_axis([str(name) for name in frame.columns], axis=1)
    texts = plain.astype({name: str for name in plain.columns if plain[name].dtype == object})
    return pa.Table.from_pandas(texts, preserve_index=False)


def _require_same(outcome: Outcome, counted: dict[str, int]) -> None:
    """Both sides read as many records."""
    if outcome.failures:
        raise SystemExit(f"failed: {outcome.failures}")
    ours = {result.run.dataset: result.run.rows_in for result in outcome.results}
    if other := {name: (ours[name], n) for name, n in counted.items() if ours[name] != n}:
        print(f"other numbers of records (ours, plain): {other}")


def measure_cold(folder: Path, rounds: int) -> dict[str, float]:
    """A command of one small dataset, and an interpreter."""
    sources, datasets = folder / "cold", folder / "cold_datasets"
    sources.mkdir()
    datasets.mkdir()
    lines = [f"{n},{121.2 + n / 10_000:.4f},31.2" for n in range(ROWS)]
    (sources / "places.csv").write_text("\n".join(["id,lon,lat", *lines]) + "\n")
    (datasets / "places.yaml").write_text(
        "{dataset: places, department: planning, title: Places, kind: points, datum: WGS84, "
        "source: {path: places.csv, format: csv}, position: {lon: lon, lat: lat}, key: [id]}"
    )
    command = [
        str(Path(sys.executable).with_name("gridcontainer")), "ingest", "--sources", str(sources),
        "--datasets", str(datasets), "--container", str(folder / "cold_container"),
    ]  # fmt: skip

    def ingest() -> None:
        shutil.rmtree(folder / "cold_container", ignore_errors=True)
        subprocess.run(command, check=True, capture_output=True)

    def python() -> None:
        subprocess.run([sys.executable, "-c", "import pyarrow"], check=True)

    return best_of({"cold ingest": ingest, "cold python": python}, rounds)


def _print(seconds: dict[str, float]) -> None:
    table = Table(title="Small datasets", title_justify="left")
    table.add_column("what")
    table.add_column("s", justify="right")
    for name, value in seconds.items():
        table.add_row(name, f"{value:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
