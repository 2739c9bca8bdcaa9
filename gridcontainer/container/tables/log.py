"""The log of a Delta table, read and written without Spark.

delta-rs reads it. It cannot make our tables: it refuses properties of a user's own and constraints
(deltalake 1.6: "Error parsing property"), so a commit is written here: one file of JSON lines that
is created only if it is not there, which is all that the protocol asks.

Source: Delta Transaction Log Protocol, "Actions" and "Delta Log Entries".
"""

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from gridcontainer import __version__
from gridcontainer.container.files import Files
from gridcontainer.container.tables.actions import (
    Action,
    DataFile,
    Snapshot,
    TableMetadata,
    now_in_milliseconds,
)
from gridcontainer.container.tables.features import require_known_features
from gridcontainer.errors import StorageError

_TRIES: Final = 20
_CHECKPOINT_EVERY: Final = 10  # commits, as Delta's own default


class ConflictError(StorageError):
    """Another writer made the version that this one wanted to make."""


def read_snapshot(path: str) -> Snapshot | None:
    """The newest version of a table; None where there is none.

    Raises:
        StorageError: the table has a feature that is not known.
    """
    try:
        table = DeltaTable(path)
    except TableNotFoundError:
        return None
    require_known_features(table, path)
    said = table.metadata()
    metadata = TableMetadata(
        schema=pa.schema(table.schema().to_arrow()),
        partition=tuple(said.partition_columns),
        properties=dict(said.configuration),
        id=str(said.id),
        created=said.created_time or 0,
    )
    return Snapshot(table.version(), metadata, _files_of(table))


def require_snapshot(path: str) -> Snapshot:
    """The newest version of a table.

    Raises:
        StorageError: there is no table.
    """
    found = read_snapshot(path)
    if found is None:
        raise StorageError(f"{path} is no table of the container; ingest its dataset first")
    return found


def _files_of(table: DeltaTable) -> tuple[DataFile, ...]:
    found = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    return tuple(
        DataFile(
            path=one["path"],
            bytes=one["size_bytes"],
            rows=one["num_records"] or 0,
            partition={
                name.removeprefix("partition."): None if value is None else str(value)
                for name, value in one.items()
                if name.startswith("partition.")
            },
            ends={
                name.removeprefix("min."): (value, one.get(f"max.{name.removeprefix('min.')}"))
                for name, value in one.items()
                if name.startswith("min.")
            },
        )
        for one in found
    )


def commit(
    files: Files,
    path: str,
    actions: Sequence[Action],
    *,
    after: int | None,
    operation: str = "WRITE",
    parameters: Mapping[str, str] | None = None,
    metrics: Mapping[str, int] | None = None,
) -> int:
    """Add one version to a table's log.

    Args:
        files: port to the files.
        path: path of the table.
        actions: what the version does.
        after: version on which the actions are based; None where the table is made.
        operation: what the table's history calls it.
        parameters: of the operation, for the history.
        metrics: numbers for the history.

    Returns:
        The number of the version.

    Raises:
        ConflictError: the version is there already.
        StorageError: the log cannot be written.
    """
    version = 0 if after is None else after + 1
    said = {
        "timestamp": now_in_milliseconds(),
        "operation": operation,
        "operationParameters": dict(parameters or {}),
        "isBlindAppend": False,
        "operationMetrics": {name: str(number) for name, number in (metrics or {}).items()},
        "engineInfo": f"gridcontainer/{__version__}",
        "txnId": str(uuid.uuid4()),
    }
    lines = [json.dumps(action, ensure_ascii=False) for action in ({"commitInfo": said}, *actions)]
    if not files.create(f"{path}/_delta_log/{version:020d}.json", "\n".join(lines) + "\n"):
        raise ConflictError(f"{path}: somebody else wrote version {version}; run again")
    if version and version % _CHECKPOINT_EVERY == 0:
        DeltaTable(path).create_checkpoint()
    return version


def create_table(files: Files, path: str, metadata: TableMetadata) -> None:
    """Make an empty table, unless somebody else has just made it."""
    with contextlib.suppress(ConflictError):
        commit(files, path, metadata.actions(), after=None, operation="CREATE TABLE")


def commit_among_others(
    files: Files,
    path: str,
    make: Callable[[Snapshot | None], Sequence[Action]],
    **options: Any,
) -> int | None:
    """Add a version to a table that others write to at the same time.

    Args:
        files: port to the files.
        path: path of the table.
        make: gives the actions upon a version of the table; it is asked again where another
            writer was first, and gives none where nothing is to be done.
        options: options of ``commit``.

    Returns:
        The number of the version; None where there was nothing to do.

    Raises:
        StorageError: others were first each time, or the log cannot be written.
    """
    for attempt in range(_TRIES):
        there = read_snapshot(path)
        actions = make(there)
        if not actions:
            return None
        try:
            return commit(files, path, actions, after=there.version if there else None, **options)
        except ConflictError:
            time.sleep(0.01 * (attempt + 1))
    raise StorageError(f"{path}: others wrote it {_TRIES} times meanwhile; run again")
