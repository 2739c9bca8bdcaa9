"""Sound rows into a data set's table: as a whole the first time, then only what has changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from delta.tables import DeltaTable
from pyspark import StorageLevel
from pyspark.sql import DataFrame, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.judge.encode import to_dataset
from gridcontainer.container.sources.records import FILE, ROW
from gridcontainer.container.tables.changes import count_changes, find_changes
from gridcontainer.container.tables.layout import Layout, arrange, choose_layout
from gridcontainer.container.tables.merge import Merged, merge_changes
from gridcontainer.container.tables.tables import (
    TableState,
    current_rows,
    find_layout,
    read_properties,
    read_state,
    renew_properties,
    replace_dataset,
)

_MOST_CHANGED: Final = 0.5  # of the rows; above it all is written anew, and laid out anew


@dataclass(frozen=True)
class Written:
    """What a run left behind.

    Attributes:
        changes: that it made.
        table: what the table holds after it.
    """

    changes: Merged
    table: TableState


@dataclass(frozen=True)
class Writer:
    """Writes what one run found into a data set's table.

    Attributes:
        path: of the table.
        declaration: over the columns of the judged rows.
        columns: stored names of the source's columns.
        level: of ``cell``; None for a table without position.
        prefix_levels: that the partitions may have, coarse to fine.
        run_id: of the run.
        started: when it began.
    """

    path: str
    declaration: Declaration
    columns: Sequence[str]
    level: int | None
    prefix_levels: Sequence[int]
    run_id: str
    started: datetime

    def write(self, judged: DataFrame, *, sample: Callable[[], DataFrame], count: int) -> Written:
        """Bring the sound rows into the table, and tell what that changed.

        Args:
            judged: raw rows with their reasons; read several times.
            sample: makes the judged rows of a sample of the raw rows, to choose a layout by.
            count: rows, about.
        """
        spark = judged.sparkSession
        sound = judged.transform(_sound)
        if DeltaTable.isDeltaTable(spark, self.path):
            return Written(self._change(sound, sample, count), read_state(spark, self.path))
        self._write_whole(sound, sample, count)
        table = read_state(spark, self.path)
        return Written(Merged(inserted=table.rows), table)

    def _change(self, sound: DataFrame, sample: Callable[[], DataFrame], count: int) -> Merged:
        spark = sound.sparkSession
        layout = find_layout(spark, self.path)
        new = self._to_dataset(sound, layout)
        held = DeltaTable.forPath(spark, self.path).toDF()
        changes = find_changes(new, current_rows(held)).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            counts = count_changes(changes)
            if self._is_to_be_replaced(new, held, sum(counts.values()) > _MOST_CHANGED * count):
                self._write_whole(sound, sample, count)
                return Merged.of(counts, deletes=True, before=layout.files)
            merged = merge_changes(
                changes,
                new,
                self.path,
                counts=counts,
                layout=layout,
                deletes=self.declaration.deletes_absent,
                closed=self.started if self.declaration.history else None,
            )
        finally:
            changes.unpersist()
        renew_properties(spark, self.path, self._properties())
        return merged

    def _is_to_be_replaced(self, new: DataFrame, held: DataFrame, many: bool) -> bool:
        """Whether nothing of the table is to stay, or its history begins or ends with this run."""
        history = self.declaration.history
        if history or "valid_to" in held.columns:
            return history != ("valid_to" in held.columns)
        properties = read_properties(new.sparkSession, self.path)
        if properties.get("gridcontainer.key") != self._key:
            return True  # no row would be known again
        return self.declaration.deletes_absent and (many or set(new.columns) != set(held.columns))

    @property
    def _key(self) -> str:
        return ",".join(self.declaration.key)

    def _write_whole(self, sound: DataFrame, sample: Callable[[], DataFrame], count: int) -> None:
        layout = choose_layout(
            lambda: sample().transform(_sound),
            kind=self.declaration.kind,
            level=self.level,
            count=count,
            levels=self.prefix_levels,
        )
        order = None if self.level is not None else (FILE, ROW)
        rows = self._to_dataset(sound.transform(arrange, layout=layout, order=order), layout)
        replace_dataset(rows, self.path, layout=layout, properties=self._properties())

    def _to_dataset(self, sound: DataFrame, layout: Layout) -> DataFrame:
        return sound.transform(
            to_dataset,
            declaration=self.declaration,
            columns=self.columns,
            level=self.level,
            layout=layout,
            run_id=self.run_id,
            valid_from=self.started,
        )

    def _properties(self) -> dict[str, str]:
        declaration = self.declaration
        return {
            "gridcontainer.title": declaration.title,
            "gridcontainer.kind": declaration.kind,
            "gridcontainer.level": str(self.level or ""),
            "gridcontainer.prefix_levels": ",".join(map(str, self.prefix_levels)),
            "gridcontainer.label": declaration.label or "",
            "gridcontainer.key": self._key,
            "gridcontainer.tags": ",".join(declaration.tags),
            "gridcontainer.confidential": str("confidential" in declaration.sensitivity.values()),
        }


def _sound(judged: DataFrame) -> DataFrame:
    return judged.where(F.col("reason").isNull())
