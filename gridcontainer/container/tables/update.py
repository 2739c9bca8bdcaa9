"""Changes applied to a table's rows in memory: which stay, which come, what the feed tells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.tables.actions import Snapshot
from gridcontainer.container.tables.compare import Comparison
from gridcontainer.container.tables.schemas import INSTANT
from gridcontainer.grid.arrays import Bools, Int64s

_CHANGE_TYPE: Final = "_change_type"
_SMALL_SHARE: Final = 0.5  # of the rows that a file should have; smaller ones are filled up


@dataclass(frozen=True)
class Update:
    """The rows of a table after an update.

    Attributes:
        held: (n) rows of the table before, file by file.
        goes: (n,) rows that are replaced, deleted or closed.
        comes: rows to be written: updated, inserted, closed.
        feed: rows of the change feed, with ``_change_type``.
    """

    held: pa.Table
    goes: Bools
    comes: pa.Table
    feed: pa.Table

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.goes.any() or self.comes.num_rows)

    def changed_files(self, there: Snapshot) -> list[int]:
        """Numbers of the files that hold a row that goes."""
        ends = np.cumsum([file.rows for file in there.files])
        found: list[int] = np.unique(
            np.searchsorted(ends, np.flatnonzero(self.goes), side="right")
        ).tolist()
        return found

    def touched_files(self, there: Snapshot, rows_per_file: int) -> list[int]:
        """Numbers of the files to be written anew.

        Beside those that hold a change: small files of partitions that get rows, so that many
        small deliveries do not become many small files.
        """
        names = there.metadata.partition
        partitions = set(zip(*(self.comes.column(name).to_pylist() for name in names), strict=True))
        if not names and self.comes.num_rows:
            partitions = {()}
        small = {
            number
            for number, file in enumerate(there.files)
            if file.rows < _SMALL_SHARE * rows_per_file
            and tuple(file.partition.get(name) for name in names) in partitions
        }
        return sorted(small | set(self.changed_files(there)))

    def rows_of(self, files: list[int], there: Snapshot) -> pa.Table:
        """All rows to be written where some files are written anew."""
        file_of_row = np.repeat(np.arange(len(there.files)), [file.rows for file in there.files])
        stays = np.isin(file_of_row, files) & ~self.goes
        kept = self.held.take(pa.array(np.flatnonzero(stays)))
        return pa.concat_tables([kept, self.comes], promote_options="default")


def updated_rows(
    new: pa.Table,
    held: pa.Table,
    found: Comparison,
    *,
    deletes: bool,
    closed: datetime | None,
) -> Update:
    """Apply the differences of a delivery to a table.

    Args:
        new: rows as the table is to hold them.
        held: all rows that the table holds, file by file.
        found: differences; row numbers are of ``new`` and ``held``.
        deletes: rows that the delivery has not go; else they stay.
        closed: for a table with history, the moment from which former rows are not valid: they
            are closed instead of replaced or deleted.
    """
    held = _with_fields(held, new.schema)
    gone = np.concatenate([found.former, found.absent]) if deletes else found.former
    goes = np.zeros(held.num_rows, bool)
    goes[gone] = True
    inserted = _as_held(new.take(pa.array(found.inserted)), held)
    updated = _as_held(new.take(pa.array(found.updated)), held, held.take(pa.array(found.former)))
    before = held.take(pa.array(gone))
    if closed is None:
        comes = [updated, inserted]
        feed = [
            _told(held.take(pa.array(found.former)), "update_preimage"),
            _told(updated, "update_postimage"),
            _told(held.take(pa.array(found.absent if deletes else [], pa.int64())), "delete"),
            _told(inserted, "insert"),
        ]
    else:
        after = _closed(before, closed)
        comes = [after, updated, inserted]
        feed = [
            _told(before, "update_preimage"),
            _told(after, "update_postimage"),
            _told(updated, "insert"),
            _told(inserted, "insert"),
        ]
    return Update(held, goes, pa.concat_tables(comes), pa.concat_tables(feed))


def _with_fields(held: pa.Table, schema: pa.Schema) -> pa.Table:
    """With the columns that a delivery has and the table has not, null."""
    for field in schema:
        if field.name not in held.column_names:
            held = held.append_column(field, pa.nulls(held.num_rows, field.type))
    return held


def _as_held(rows: pa.Table, held: pa.Table, former: pa.Table | None = None) -> pa.Table:
    """In the columns of the table; one that the delivery has not is as it was, or null."""
    columns = []
    for field in held.schema:
        if field.name in rows.column_names:
            columns.append(rows.column(field.name).cast(field.type))
        elif former is not None:
            columns.append(former.column(field.name))
        else:
            columns.append(pa.chunked_array([pa.nulls(rows.num_rows, field.type)]))
    return pa.Table.from_arrays(columns, schema=held.schema)


def _closed(rows: pa.Table, moment: datetime) -> pa.Table:
    at = rows.schema.get_field_index("valid_to")
    moments = pa.repeat(pa.scalar(moment, INSTANT), rows.num_rows)
    return rows.set_column(at, rows.schema.field(at), moments)


def _told(rows: pa.Table, what: str) -> pa.Table:
    said: Int64s | pa.Array = pa.repeat(pa.scalar(what), rows.num_rows)
    return rows.append_column(pa.field(_CHANGE_TYPE, pa.string()), said)
