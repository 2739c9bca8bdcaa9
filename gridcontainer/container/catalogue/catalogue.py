"""The catalogue: what each data set is, holds, came from and how good it is; without Spark."""

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from gridcontainer.container.catalogue.measure import Measured, measure
from gridcontainer.container.catalogue.schema import CATALOGUE_SCHEMA
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.quarantine.count import ReasonCount, count_quarantined
from gridcontainer.container.query.open_table import OpenTable, open_tables
from gridcontainer.container.query.question import tags_of
from gridcontainer.container.runs import Run, read_runs
from gridcontainer.container.sensitivity import find_sensitivity
from gridcontainer.container.storage import COMPACTED, Storage
from gridcontainer.container.tables.actions import Action, Snapshot, TableMetadata
from gridcontainer.container.tables.data_files import write_files
from gridcontainer.container.tables.log import commit_among_others, require_log
from gridcontainer.grid.code import code_to_cell

Entry = dict[str, Any]

_LOG = logging.getLogger(__name__)
_WRITES = (  # operations that write rows, as Delta names them
    *("WRITE", "MERGE", "DELETE", "UPDATE"),
    *("CREATE TABLE AS SELECT", "CREATE OR REPLACE TABLE AS SELECT"),
)
_JOBS = ("ingest", "release")  # those that bring rows in; compacting only moves them


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
    runs: dict[str, list[Run]] = {}
    for run in read_runs(storage):
        runs.setdefault(run.dataset, []).append(run)
    quarantined = count_quarantined(storage)
    return [
        _entry(
            table,
            declared.get(table.dataset),
            runs=sorted(runs.get(table.dataset, []), key=lambda run: run.started, reverse=True),
            quarantined=quarantined.get(table.dataset, {}),
        )
        for table in open_tables(storage)
    ]


def write_catalogue(storage: Storage, declarations: Iterable[Declaration]) -> None:
    """Replace the container's table of the catalogue.

    Raises:
        DatasetError: the container is empty.
    """
    rows = pa.Table.from_pylist(build_catalogue(storage, declarations), schema=CATALOGUE_SCHEMA)
    added = write_files(
        rows, storage.catalogue, files=storage.files, partition=(), statistics=("dataset",)
    )

    def replace(there: Snapshot | None) -> list[Action]:
        actions = [file.added() for file in added]
        if there is None:
            return [*TableMetadata(CATALOGUE_SCHEMA).actions(), *actions]
        renewed = dataclasses.replace(there.metadata, schema=CATALOGUE_SCHEMA, properties={})
        gone = [file.removed() for file in there.files]
        return [*renewed.actions()[1:], *gone, *actions]  # the protocol stays as it is

    commit_among_others(
        storage.files, storage.catalogue, replace,
        parameters={"mode": "Overwrite", "predicate": "[]"},
    )  # fmt: skip


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
    table: OpenTable,
    declaration: Declaration | None,
    *,
    runs: list[Run],
    quarantined: Mapping[str, ReasonCount],
) -> Entry:
    measured = measure(table)
    ingests = [run for run in runs if run.job in _JOBS]
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
        **_quality(ingests, quarantined),
        **_history(table),
        "sources": measured.sources,
        "last_run": ingests[0].started if ingests else None,
        "fingerprint": ingests[0].fingerprint if ingests else None,
        "run_ids": [run.run_id for run in runs],
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


def _quality(ingests: Sequence[Run], quarantined: Mapping[str, ReasonCount]) -> Entry:
    reasons = [
        {"reason": reason, "aside": count.waiting, "mended": count.released}
        for reason, count in quarantined.items()
    ]
    still_aside = sum(count.waiting for count in quarantined.values())
    rows_in = ingests[0].rows_in if ingests else None
    return {
        "rows_in": rows_in,
        "rows_aside": still_aside,
        "rows_mended": sum(count.released for count in quarantined.values()),
        "share_aside": still_aside / rows_in if rows_in else None,
        "reasons": sorted(reasons, key=lambda counts: (-int(counts["aside"]), counts["reason"])),
    }


def _history(table: OpenTable) -> Entry:
    versions: list[Entry] = [
        {
            "version": int(commit["version"]),
            "time": datetime.fromtimestamp(commit["timestamp"] / 1000, UTC),
            "operation": commit.get("operation"),
            "rows_written": _rows_written(commit),
        }
        for commit in require_log(table.path).history()
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
