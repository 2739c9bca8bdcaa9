"""The quarantine of a dataset is replaced by what its newest run has to say."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.actions import Action, DataFile, Snapshot, TableMetadata
from gridcontainer.container.tables.data_files import plain_columns, write_files
from gridcontainer.container.tables.log import commit_among_others, read_snapshot
from gridcontainer.container.tables.rows import read_rows
from gridcontainer.container.tables.schemas import QUARANTINE

_PARTITION: Final = ("dataset",)


def write_quarantine_files(rows: pa.Table, storage: Storage) -> list[DataFile]:
    """Write rows of the quarantine to files that no version has yet."""
    return write_files(
        rows,
        storage.quarantine,
        files=storage.files,
        partition=_PARTITION,
        statistics=[name for name in plain_columns(QUARANTINE) if name not in _PARTITION],
    )


def replace_quarantined(storage: Storage, dataset: str, added: Sequence[DataFile]) -> None:
    """Replace what the quarantine has of a dataset; without any before or after nothing is written.

    Args:
        storage: the container.
        dataset: name of the dataset.
        added: files of ``write_quarantine_files``.
    """

    def replace(there: Snapshot | None) -> list[Action]:
        actions = [] if there else TableMetadata(QUARANTINE, _PARTITION).actions()
        gone = [file.removed() for file in _files_of(there, dataset)]
        change = [*gone, *(file.added() for file in added)]
        return [*actions, *change] if change else []

    commit_among_others(
        storage.files,
        storage.quarantine,
        replace,
        parameters={"mode": "Overwrite", "predicate": f'["(dataset = {dataset})"]'},
        metrics={"numOutputRows": sum(file.rows for file in added)},
    )


def read_quarantined(
    storage: Storage, dataset: str | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """What the quarantine has, as ``QUARANTINE``.

    Args:
        storage: the container.
        dataset: name of the dataset; all where None.
        columns: names of the columns; all where None.
    """
    there = read_snapshot(storage.quarantine)
    if there is None:
        return QUARANTINE.empty_table().select(list(columns or QUARANTINE.names))
    present = there.metadata.schema.names  # an earlier release wrote fewer columns
    wanted = None if columns is None else [name for name in columns if name in present]
    rows = read_rows(
        storage.quarantine,
        there,
        columns=wanted,
        where=lambda part: dataset is None or part["dataset"] == dataset,
    )
    for name in columns or ():
        if name not in present:
            rows = rows.append_column(QUARANTINE.field(name), pa.nulls(rows.num_rows, pa.string()))
    return rows


def _files_of(there: Snapshot | None, dataset: str) -> list[DataFile]:
    files = there.files if there else ()
    return [file for file in files if file.partition.get("dataset") == dataset]
