"""The catalogue: what each data set is, holds, came from and how good it is; without Spark."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import TableNotFoundError

from gridcontainer.container.catalogue.measure import Measured, measure
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query.open_table import OpenTable, open_tables
from gridcontainer.container.query.question import tags_of
from gridcontainer.container.sensitivity import find_sensitivity
from gridcontainer.container.storage import COMPACTED, Storage
from gridcontainer.grid.code import code_to_cell

Entry = dict[str, Any]

_LOG = logging.getLogger(__name__)
_INSTANT = pa.timestamp("us", tz="UTC")
_WRITES = (  # operations that write rows, as Delta names them
    *("WRITE", "MERGE", "DELETE", "UPDATE"),
    *("CREATE TABLE AS SELECT", "CREATE OR REPLACE TABLE AS SELECT"),
)
_JOBS = ("ingest", "release")  # those that bring rows in; compacting only moves them


def _list_of(**fields: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct(list(fields.items())))


CATALOGUE_SCHEMA = pa.schema(
    {
        "department": pa.string(),
        "dataset": pa.string(),
        "title": pa.string(),
        "kind": pa.string(),
        "owner": pa.string(),
        "tags": pa.list_(pa.string()),
        "datum": pa.string(),
        "key": pa.list_(pa.string()),
        "columns": _list_of(
            name=pa.string(), type=pa.string(), unit=pa.string(), sensitivity=pa.string()
        ),
        "relations": _list_of(columns=pa.list_(pa.string()), dataset=pa.string()),
        "west": pa.float64(),
        "south": pa.float64(),
        "east": pa.float64(),
        "north": pa.float64(),
        "first_time": _INSTANT,
        "last_time": _INSTANT,
        "rows": pa.int64(),
        "closed_rows": pa.int64(),
        "files": pa.int64(),
        "bytes": pa.int64(),
        "prefix_level": pa.int32(),
        "last_run": _INSTANT,
        "last_change": _INSTANT,
        "rows_in": pa.int64(),
        "rows_aside": pa.int64(),
        "rows_mended": pa.int64(),
        "share_aside": pa.float64(),
        "reasons": _list_of(reason=pa.string(), aside=pa.int64(), mended=pa.int64()),
        "versions": _list_of(
            version=pa.int64(), time=_INSTANT, operation=pa.string(), rows_written=pa.int64()
        ),
        "sources": _list_of(file=pa.string(), rows=pa.int64()),
        "fingerprint": pa.string(),
        "run_ids": pa.list_(pa.string()),
    }
)


def build_catalogue(storage: Storage, declarations: Iterable[Declaration]) -> list[Entry]:
    """Describe each data set of the container, as ``CATALOGUE_SCHEMA`` says.

    What is counted and measured comes from the tables, the ledger and the quarantine; words, units
    and sensitivity from the declarations. Extents are degrees, WGS 84, of the rows valid now; times
    are UTC; ``share_aside`` is of the rows in. Newest versions and runs come first.

    Args:
        storage: the container.
        declarations: a data set that has none any more keeps what its table says of it.

    Raises:
        DatasetError: the container is empty.
    """
    declared = {declaration.dataset: declaration for declaration in declarations}
    runs = _by_dataset(storage.runs, None)
    aside = _by_dataset(storage.quarantine, ["dataset", "reason", "mended"])
    return [
        _entry(
            table,
            declared.get(table.dataset),
            runs=sorted(runs.get(table.dataset, []), key=lambda run: run["started"], reverse=True),
            aside=aside.get(table.dataset, []),
        )
        for table in open_tables(storage)
    ]


def write_catalogue(storage: Storage, declarations: Iterable[Declaration]) -> None:
    """Replace the container's table of the catalogue.

    Raises:
        DatasetError: the container is empty.
    """
    rows = pa.Table.from_pylist(build_catalogue(storage, declarations), schema=CATALOGUE_SCHEMA)
    write_deltalake(storage.catalogue, rows, mode="overwrite", schema_mode="overwrite")


def renew_catalogue(storage: Storage, declarations: Iterable[Declaration]) -> str:
    """Replace the catalogue after an ingest, which must not fail because of it.

    Returns:
        What went wrong; empty if nothing did.
    """
    try:
        write_catalogue(storage, declarations)
    except Exception as error:  # the data are in: whatever happens here, the ingest went well
        _LOG.debug("catalogue not renewed", exc_info=True)
        return f"the catalogue could not be renewed: {str(error).partition(chr(10))[0]}"
    return ""


def _entry(
    table: OpenTable, declaration: Declaration | None, *, runs: list[Entry], aside: list[Entry]
) -> Entry:
    measured = measure(table)
    ingests = [run for run in runs if run["job"] in _JOBS]
    return {
        "department": table.department,
        "dataset": table.dataset,
        **_words(table, declaration),
        **_extent(measured),
        "rows": measured.rows,
        "closed_rows": measured.closed_rows,
        "files": len(table.files),
        "bytes": sum(file.bytes for file in table.files),
        "prefix_level": _prefix_level(table),
        **_quality(ingests, aside),
        **_history(table),
        "sources": measured.sources,
        "last_run": ingests[0]["started"] if ingests else None,
        "fingerprint": ingests[0]["fingerprint"] if ingests else None,
        "run_ids": [run["run_id"] for run in runs],
    }


def _words(table: OpenTable, declaration: Declaration | None) -> Entry:
    said = {key.removeprefix("gridcontainer."): text for key, text in table.properties.items()}
    names = table.column_names
    sensitivity = find_sensitivity(names, declaration)
    units = {
        name: unit
        for column, unit in (declaration.units if declaration else {}).items()
        for name in names.find_of_source(column)
    }
    columns = [
        {
            "name": field.name,
            "type": str(field.type),
            "unit": units.get(field.name),
            "sensitivity": sensitivity[field.name],
        }
        for field in table.schema
    ]
    return {
        "title": said.get("title") or (declaration.title if declaration else table.dataset),
        "kind": said.get("kind") or (declaration.kind if declaration else None),
        "owner": declaration.owner if declaration else None,
        "tags": tags_of(table.properties),
        "datum": declaration.datum if declaration else None,
        "key": [name for name in said.get("key", "").split(",") if name],
        "columns": columns,
        "relations": [
            {"columns": relation.columns, "dataset": relation.dataset}
            for relation in (declaration.relations if declaration else [])
        ],
    }


def _extent(measured: Measured) -> Entry:
    ends = measured.bounds or (None, None, None, None)
    first, last = measured.times or (None, None)
    sides = dict(zip(("west", "south", "east", "north"), ends, strict=True))
    return sides | {"first_time": first, "last_time": last}


def _prefix_level(table: OpenTable) -> int | None:
    prefix = next(iter(table.prefix_ranges), None)
    return None if prefix is None else int(code_to_cell(prefix)[1])


def _quality(ingests: Sequence[Entry], aside: Sequence[Entry]) -> Entry:
    reasons: dict[str, Entry] = {}
    for row in aside:
        counts = reasons.setdefault(
            row["reason"], {"reason": row["reason"], "aside": 0, "mended": 0}
        )
        counts["aside" if row.get("mended") is None else "mended"] += 1
    still_aside = sum(counts["aside"] for counts in reasons.values())
    rows_in = ingests[0]["rows_in"] if ingests else None
    return {
        "rows_in": rows_in,
        "rows_aside": still_aside,
        "rows_mended": sum(counts["mended"] for counts in reasons.values()),
        "share_aside": still_aside / rows_in if rows_in else None,
        "reasons": sorted(
            reasons.values(), key=lambda counts: (-counts["aside"], counts["reason"])
        ),
    }


def _history(table: OpenTable) -> Entry:
    versions: list[Entry] = [
        {
            "version": int(commit["version"]),
            "time": datetime.fromtimestamp(commit["timestamp"] / 1000, UTC),
            "operation": commit.get("operation"),
            "rows_written": _rows_written(commit),
        }
        for commit in DeltaTable(table.path).history()
    ]
    changes = [version["time"] for version in versions if version["rows_written"] is not None]
    return {"versions": versions, "last_change": max(changes, default=None)}


def _rows_written(commit: Entry) -> int | None:
    if commit.get("userMetadata") == COMPACTED:
        return None
    if commit.get("operation") not in _WRITES:
        return None  # settings change no row
    metrics = commit.get("operationMetrics") or {}
    written = metrics.get("numOutputRows", metrics.get("numTargetRowsInserted"))
    return int(written or 0)


def _by_dataset(path: str, columns: list[str] | None) -> dict[str, list[Entry]]:
    """Rows of a table of the container by data set; none where there is no such table."""
    try:
        table = DeltaTable(path)
    except TableNotFoundError:
        return {}
    there = set(table.schema().to_arrow().names)  # an earlier release wrote fewer columns
    wanted = None if columns is None else [name for name in columns if name in there]
    grouped: dict[str, list[Entry]] = {}
    for row in table.to_pyarrow_table(columns=wanted).to_pylist():
        grouped.setdefault(row["dataset"], []).append(row)
    return grouped
