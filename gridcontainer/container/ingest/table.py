"""Judged rows in memory into a dataset's table: one commit, of the files that hold a change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.files import Files
from gridcontainer.container.ingest.delivery import Delivery
from gridcontainer.container.ingest.properties import (
    KEY_PROPERTY,
    dataset_properties,
    renewed_metadata,
)
from gridcontainer.container.ingest.rows import RowMaker, places_of
from gridcontainer.container.tables import layout as layouts
from gridcontainer.container.tables.actions import DataFile, Snapshot, TableMetadata
from gridcontainer.container.tables.column_types import changed_types, require_same_types
from gridcontainer.container.tables.compare import compare
from gridcontainer.container.tables.data_files import write_files
from gridcontainer.container.tables.layout import Layout, choose_layout, layout_of
from gridcontainer.container.tables.log import commit
from gridcontainer.container.tables.properties import layout_properties, statistics_columns
from gridcontainer.container.tables.state import Changes
from gridcontainer.container.tables.update import updated_rows

_MOST_CHANGED: Final = 0.5  # of the rows; above it all is written anew, and laid out anew


@dataclass(frozen=True)
class DatasetTable:
    """The table of one dataset, and how one run writes it.

    Attributes:
        path: path of the table.
        files: port to the files.
        declaration: declaration of the dataset, over stored names.
        names: stored name of each source column.
        level: level of the cells; None for a table without position.
        prefix_levels: levels that partitions may have, coarse to fine.
        run_id: identifier of the run.
        started: when the run began, UTC.
    """

    path: str
    files: Files
    declaration: Declaration
    names: Mapping[str, str]
    level: int | None
    prefix_levels: Sequence[int]
    run_id: str
    started: datetime

    @property
    def columns(self) -> list[str]:
        """Stored names of the source's columns."""
        return list(self.names.values())

    def maker(self, layout: Layout) -> RowMaker:
        """Makes rows for the table in a layout."""
        return RowMaker(
            self.declaration, self.columns, self.level, layout, self.run_id, self.started
        )

    @cached_property
    def properties(self) -> dict[str, str]:
        """The properties that tell what the dataset is."""
        return dataset_properties(self.declaration, self.names, self.level, self.prefix_levels)

    def create(self, sound: pa.Table) -> tuple[Changes, int]:
        """Make the table with its first rows.

        Args:
            sound: judged rows without a reason, in order of file and row.

        Returns:
            The numbers of changed rows, and the version.
        """
        version = self._write_whole(sound, None)
        return Changes(inserted=sound.num_rows), version

    def change(self, there: Snapshot, delivery: Delivery, sound: pa.Table) -> tuple[Changes, int]:
        """Bring a delivery into the table; without a change it gets no new version.

        Args:
            there: the table as it is.
            delivery: what ``compare`` found.
            sound: judged rows without a reason, in order of file and row.
        """
        if delivery.replaces:
            version = self._write_whole(sound, there)
            return delivery.counted(there, deletes=True, rewritten=len(there.files)), version
        return self._update(there, delivery)

    def stage(self, sound: pa.Table, there: Snapshot) -> list[DataFile]:
        """Write rows to files that are in no version yet."""
        layout = layout_of(there)
        return self._write(self.maker(layout).make(sound), layout.partition)

    def append(self, sound: pa.Table, there: Snapshot) -> int:
        """Add rows to the table that are not in it; returns the version."""
        rows = self.stage(sound, there)
        actions = [file.added() for file in rows]
        return commit(
            self.files, self.path, actions, after=there.version, parameters={"mode": "Append"},
            metrics={"numOutputRows": sound.num_rows},
        )  # fmt: skip

    def compare(self, sound: pa.Table, there: Snapshot, held: pa.Table) -> Delivery:
        """What the sound rows change in the table.

        Args:
            sound: judged rows without a reason, in order of file and row.
            there: the table as it is.
            held: all its rows, file by file.
        """
        new = self.maker(layout_of(there)).make(sound)
        is_current = np.ones(held.num_rows, bool)
        if "valid_to" in held.column_names:
            is_current = np.asarray(held.column("valid_to").is_null())
        at = np.flatnonzero(is_current)
        found = compare(new, held.take(pa.array(at)))
        found = replace(found, former=at[found.former], absent=at[found.absent])
        replaces = self.is_replaced(
            there,
            new.column_names,
            changed=found.count,
            rows=new.num_rows,
            is_retyped=bool(changed_types(new, there.metadata.schema)),
        )
        deletes = replaces or self.declaration.deletes_absent
        return Delivery(new, held, found, deletes, replaces, self.is_rekeyed(there))

    def is_rekeyed(self, there: Snapshot) -> bool:
        """Whether the table was written with another key, so that no row is known again."""
        return bool(there.metadata.properties.get(KEY_PROPERTY) != self.properties[KEY_PROPERTY])

    def is_replaced(
        self, there: Snapshot, columns: Iterable[str], *, changed: int, rows: int, is_retyped: bool
    ) -> bool:
        """Whether nothing of the table is to stay, or its history begins or ends with a run.

        Args:
            there: the table as it is.
            columns: names of the columns of the new rows.
            changed: number of rows that differ.
            rows: number of new rows.
            is_retyped: a column has values that the table's type cannot keep.
        """
        history, names = self.declaration.history, set(there.metadata.schema.names)
        if history or "valid_to" in names:
            return history != ("valid_to" in names)
        if self.is_rekeyed(there):
            return True
        is_other = is_retyped or set(columns) != names
        return self.declaration.deletes_absent and (changed > _MOST_CHANGED * rows or is_other)

    def _write_whole(self, sound: pa.Table, there: Snapshot | None) -> int:
        """Write the whole table, laid out anew; returns the version."""
        kind = self.declaration.kind
        layout = choose_layout(
            partial(places_of, sound, kind), kind=kind, level=self.level, count=sound.num_rows,
            levels=self.prefix_levels,
        )  # fmt: skip
        rows = self.maker(layout).make(sound)
        written = self._write(rows, layout.partition)
        return self.commit_whole(written, rows.schema, layout, there)

    def commit_whole(
        self,
        added: Sequence[DataFile],
        schema: pa.Schema,
        layout: Layout,
        there: Snapshot | None,
    ) -> int:
        """Commit files as the whole table; the former ones go."""
        properties = {**layout_properties(schema.names, layout), **self.properties}
        metadata = TableMetadata(schema, tuple(layout.partition), properties)
        if there is not None:
            metadata = replace(metadata, id=there.metadata.id, created=there.metadata.created)
        gone = [file.removed() for file in (there.files if there else ())]
        actions = [*metadata.actions(), *gone, *(file.added() for file in added)]
        return commit(
            self.files,
            self.path,
            actions,
            after=there.version if there else None,
            operation="WRITE" if there else "CREATE TABLE AS SELECT",
            parameters={"mode": "Overwrite", "predicate": "[]"},
            metrics={"numFiles": len(added), "numOutputRows": sum(file.rows for file in added)},
        )

    def _update(self, there: Snapshot, delivery: Delivery) -> tuple[Changes, int]:
        held, new = there.metadata.schema, delivery.new
        require_same_types(self.declaration.dataset, changed_types(new, held), new.schema, held)
        update = updated_rows(
            delivery.new,
            delivery.held,
            delivery.found,
            deletes=delivery.deletes,
            closed=self.started if self.declaration.history else None,
        )
        if update.is_empty:
            return delivery.counted(there, deletes=False), self.renew_properties(there)
        layout, touched = layout_of(there), update.touched_files(there, layouts.ROWS_PER_FILE)
        rows = update.rows_of(touched, there).sort_by([(name, "ascending") for name in layout.sort])
        feed = write_files(
            update.feed, self.path, files=self.files, partition=layout.partition, statistics=(),
            for_feed=True,
        )  # fmt: skip
        actions = [
            *renewed_metadata(there, rows.schema, self.properties),
            *(there.files[at].removed() for at in touched),
            *(file.added() for file in self._write(rows, layout.partition)),
            *(file.told() for file in feed),
        ]
        changed = len(update.changed_files(there))
        counted = delivery.counted(there, deletes=delivery.deletes, rewritten=changed)
        metrics = {
            "numOutputRows": rows.num_rows,
            "numTargetRowsInserted": counted.inserted,
            "numTargetRowsUpdated": counted.updated,
            "numTargetRowsDeleted": counted.deleted,
            "numTargetFilesRemoved": len(touched),
        }
        version = commit(
            self.files, self.path, actions, after=there.version, operation="MERGE", metrics=metrics
        )
        return counted, version

    def renew_properties(self, there: Snapshot) -> int:
        """Set the properties that differ; a table that has them all gets no new version."""
        actions = renewed_metadata(there, there.metadata.schema, self.properties)
        if not actions:
            return there.version
        return commit(
            self.files, self.path, actions, after=there.version, operation="SET TBLPROPERTIES"
        )

    def _write(self, rows: pa.Table, partition: Sequence[str]) -> list[DataFile]:
        return write_files(
            rows, self.path, files=self.files, partition=partition,
            statistics=statistics_columns(rows.column_names),
            rows_per_file=layouts.ROWS_PER_FILE,
        )  # fmt: skip
