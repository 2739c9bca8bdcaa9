"""What a table holds, and what a run changed in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gridcontainer.container.tables.actions import Snapshot
from gridcontainer.container.tables.log import read_snapshot
from gridcontainer.container.tables.rows import read_rows

INSERT, UPDATE, ABSENT = "insert", "update", "absent"


@dataclass(frozen=True)
class TableState:
    """What a table holds, read back from the table itself.

    Attributes:
        version: version of the table.
        rows: number of rows; where it keeps history, of those that are valid now.
        partitions: number of partitions that have rows.
        files: number of files of this version.
        bytes: size of these files.
    """

    version: int
    rows: int
    partitions: int
    files: int
    bytes: int


@dataclass(frozen=True)
class Changes:
    """Numbers of rows and files that a run changed in a table.

    Attributes:
        inserted: rows of new identities.
        updated: rows whose content differs.
        deleted: rows that went (were closed, where the table keeps history).
        kept: rows that the source no longer has and that stay.
        files_before: files of the table.
        files_in_reach: files among them in which the changes were searched.
        files_rewritten: files among them that held a row to change.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    kept: int = 0
    files_before: int = 0
    files_in_reach: int = 0
    files_rewritten: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int], *, deletes: bool, before: int, **files: int) -> Self:
        """From the number of changes of each kind."""
        absent = counts.get(ABSENT, 0)
        return cls(
            inserted=counts.get(INSERT, 0),
            updated=counts.get(UPDATE, 0),
            deleted=absent if deletes else 0,
            kept=0 if deletes else absent,
            files_before=before,
            **files,
        )


def find_state(path: str) -> TableState | None:
    """What a dataset's table holds; None where there is no table."""
    table = read_snapshot(path)
    return None if table is None else state_of(path, table)


def state_of(path: str, table: Snapshot) -> TableState:
    """What one version of a dataset's table holds."""
    rows = table.rows
    if "valid_to" in table.metadata.schema.names:
        rows = read_rows(path, table, columns=["valid_to"]).column("valid_to").null_count
    prefixes = {file.partition.get("grid_prefix") for file in table.files if file.rows}
    return TableState(
        version=table.version,
        rows=rows,
        partitions=len(prefixes),
        files=len(table.files),
        bytes=sum(file.bytes for file in table.files),
    )
