"""Two containers compared table by table, read by delta-rs and DuckDB: none of our own code."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

# What differs from run to run: ids and times of runs, versions and sizes of files.
_OF_RUNS = {
    "run_id", "opened_by", "closed_by", "valid_from", "valid_to", "received_at", "trained",
    "model", "started", "seconds", "table_version", "files_before", "files_rewritten",
    "issued", "run_ids", "versions", "last_run", "last_change", "files", "bytes",
    "source_version", "lineage",
}  # fmt: skip
_LEDGERS = ("ops/runs", "ops/steps")


def differences(whole: Path, broken: Path) -> Iterator[str]:
    """What one container has and the other has not, a line for each table that differs."""
    tables = {*_tables(whole), *_tables(broken)} - set(_LEDGERS)
    for name in sorted(tables):
        both = [_rows(folder / name) for folder in (whole, broken)]
        lost, gained = both[0] - both[1], both[1] - both[0]
        if lost or gained:
            yield (
                f"{name}: {lost.total()} rows lost, such as {_some(lost)}; {gained.total()} "
                f"gained, such as {_some(gained)}"
            )
    last = [_last_runs(folder) for folder in (whole, broken)]
    if last[0] != last[1]:
        differing = dict(set(last[0].items()) ^ set(last[1].items()))
        yield f"ops/runs: the last runs differ in {differing}"


def ledger_faults(container: Path) -> Iterator[str]:
    """Runs that do not conserve rows, and tasks whose night is over and that are not done."""
    ops = _ask(container / "ops/runs", "SELECT job, dataset, rows_in, rows_out, rows_quarantined")
    for job, dataset, rows_in, rows_out, aside in ops:
        if rows_in != rows_out + aside:
            yield f"{job} {dataset}: {rows_in} rows in, {rows_out} out, {aside} aside"
    for night, step, task, status in _ask(
        container / "ops/steps",
        "SELECT night, step, task, last(status ORDER BY started, status <> 'started')",
        "GROUP BY ALL",
    ):
        if status != "done":
            yield f"night {night}: {step} {task} is {status}"


def begun_tasks(container: Path) -> str:
    """The tasks that are begun and not ended, by the ledger of steps."""
    try:
        rows = _ask(
            container / "ops/steps",
            "SELECT step || ' ' || task, last(status ORDER BY started, status <> 'started') AS s",
            "GROUP BY ALL HAVING s = 'started' ORDER BY ALL",
        )
    except DeltaError:  # not there yet, or just being made
        return ""
    return ", ".join(row[0] for row in rows)


def _tables(container: Path) -> list[str]:
    logs = container.glob("**/_delta_log")
    return [str(log.parent.relative_to(container)) for log in logs]


def _rows(table: Path) -> Counter[str]:
    """Each row as a text, without what differs from run to run."""
    try:
        opened = DeltaTable(str(table))
    except TableNotFoundError:
        return Counter()
    names = [field.name for field in opened.schema().fields]
    columns = [f'"{name}"' for name in sorted(names) if name not in _OF_RUNS]
    if "valid_to" in names:
        columns.append("valid_to IS NULL AS is_open")
    found = _ask(table, f"SELECT {', '.join(columns)}")
    return Counter(repr(tuple(map(_plain, row))) for row in found)


def _last_runs(container: Path) -> dict[tuple[str, str], str]:
    found = _ask(
        container / "ops/runs",
        "SELECT job, dataset, arg_max(rows_in, started), arg_max(rows_out, started), "
        "arg_max(rows_quarantined, started), arg_max(reasons, started)",
        "GROUP BY ALL",
    )
    return {(job, dataset): repr(_plain(counts)) for job, dataset, *counts in found}


def _ask(table: Path, select: str, rest: str = "") -> list[tuple[Any, ...]]:
    rows = DeltaTable(str(table)).to_pyarrow_dataset()  # noqa: F841 - DuckDB finds it by its name
    with duckdb.connect() as own:  # two chains of nights ask at once
        return own.execute(f"{select} FROM rows {rest}").fetchall()


def _plain(value: object) -> object:
    """Sums of floats depend on the order of tasks in their last digits."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(value[name]) for name in sorted(value) if name not in _OF_RUNS}
    return value


def _some(rows: Counter[str]) -> str:
    return next(iter(rows), "none")[:300]
