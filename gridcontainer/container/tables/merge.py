"""Changes into a table, so that only the files in which they lie are read and written anew.

Delta's MERGE reads every file of a table unless its condition says in literals where the matches
can be (delta-io/delta#517). Here the changes themselves say it: the partitions and ranges of cells
where the table has the rows that are to change.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from delta.tables import DeltaMergeBuilder, DeltaTable
from pyspark.sql import Column, DataFrame, Row, functions as F

from gridcontainer.container.tables.arrange import arrange
from gridcontainer.container.tables.changes import CHANGE, OLD_CELL, OLD_PREFIX, with_content
from gridcontainer.container.tables.compare import identity_columns
from gridcontainer.container.tables.layout import ROWS_PER_FILE, Layout
from gridcontainer.container.tables.state import ABSENT, INSERT, UPDATE, Changes
from gridcontainer.grid.ranges import merge_ranges
from gridcontainer.spark.columns import grid_parent

MAX_RANGES: Final = 64
_RANGE_LEVEL: Final = 5  # 4" x 4": changes in one such cell are one range
_CLOSE: Final = "close"


def merge_changes(
    changes: DataFrame,
    new: DataFrame,
    path: str,
    *,
    counts: Mapping[str, int],
    layout: Layout,
    deletes: bool,
    closed: datetime | None = None,
) -> Changes:
    """Bring changes into a table; without any the table gets no new version.

    Args:
        changes: of ``find_changes``; evaluated several times, so best persisted.
        new: the rows as the table is to hold them, from which the changed ones are taken.
        path: of the table.
        counts: of ``count_changes``.
        layout: of the table.
        deletes: rows that the source no longer has go; else they stay.
        closed: for a table with history, the moment from which the former rows are not valid.
    """
    table = DeltaTable.forPath(changes.sparkSession, path)
    done = functools.partial(Changes.of, counts, deletes=deletes, before=layout.files)
    if not deletes:
        changes = changes.where(F.col(CHANGE) != ABSENT)
    wanted = counts.keys() - (set() if deletes else {ABSENT})
    if not wanted:
        return done()
    if wanted == {INSERT}:
        files = max(1, counts[INSERT] // ROWS_PER_FILE)
        rows = with_content(changes, new).select(*(F.col(f"`{name}`") for name in new.columns))
        _append(rows, path, dataclasses.replace(layout, files=files))
        return done()
    reach = reach_of(changes)
    in_reach = len(table.toDF().alias("held").where(reach).inputFiles())
    filled = with_content(changes, new)
    if closed is None:
        builder = _merge(table, filled, reach, new.columns)
    else:
        builder = _close(table, filled, reach, new.columns, closed)
    builder.execute()
    metrics = table.history(1).collect()[0]["operationMetrics"]
    return done(files_in_reach=in_reach, files_rewritten=int(metrics["numTargetFilesRemoved"]))


def reach_of(changes: DataFrame) -> str:
    """Where a table has the rows that are to change, as SQL: partitions and cells by literals.

    Args:
        changes: of ``find_changes``; one at least is no insert.

    Returns:
        A condition on the table by its alias ``held``; ``true`` where the rows have no cell.
    """
    there = changes.where(F.col(CHANGE) != INSERT)
    near = grid_parent(OLD_CELL, _RANGE_LEVEL)
    found: list[Row] = (
        there.groupBy(OLD_PREFIX, near).agg(F.min(OLD_CELL), F.max(OLD_CELL)).collect()
    )
    if any(row[0] is None for row in found):
        return "true"
    first, last = (np.array([row[i] for row in found], dtype=np.int64) for i in (2, 3))
    order = np.argsort(first)
    ranges = merge_ranges(first[order], last[order], MAX_RANGES)
    prefixes = ", ".join(f"'{prefix}'" for prefix in sorted({row[0] for row in found}))
    cells = (f"held.cell BETWEEN {low} AND {high}" for low, high in zip(*ranges, strict=True))
    return f"held.grid_prefix IN ({prefixes}) AND ({' OR '.join(cells)})"


def _append(rows: DataFrame, path: str, layout: Layout) -> None:
    arranged = arrange(rows, layout=layout)
    arranged.write.format("delta").mode("append").option("mergeSchema", "true").save(path)


def _merge(
    table: DeltaTable, filled: DataFrame, reach: str, columns: Sequence[str]
) -> DeltaMergeBuilder:
    values = _values(columns)
    return (
        table.alias("held")
        .merge(filled.alias("changed"), _same(reach, identity_columns(columns)))
        .withSchemaEvolution()
        .whenMatchedUpdate(f"changed.{CHANGE} = '{UPDATE}'", set=values)
        .whenMatchedDelete(f"changed.{CHANGE} = '{ABSENT}'")
        .whenNotMatchedInsert(f"changed.{CHANGE} = '{INSERT}'", values=values)
    )


def _close(
    table: DeltaTable, filled: DataFrame, reach: str, columns: Sequence[str], moment: datetime
) -> DeltaMergeBuilder:
    """The former row is closed and the new one, which matches none, is inserted beside it."""
    identity = identity_columns(columns)
    former = filled.where(F.col(CHANGE) != INSERT).withColumn(CHANGE, F.lit(_CLOSE))
    fresh = filled.where(F.col(CHANGE) != ABSENT).withColumn(CHANGE, F.lit(INSERT))
    both = former.unionByName(fresh)
    same = f"{_same(reach, identity)} AND held.valid_to IS NULL AND changed.{CHANGE} = '{_CLOSE}'"
    return (
        table.alias("held")
        .merge(both.alias("changed"), same)
        .withSchemaEvolution()
        .whenMatchedUpdate(set={"valid_to": F.lit(moment)})
        .whenNotMatchedInsert(f"changed.{CHANGE} = '{INSERT}'", values=_values(columns))
    )


def _values(columns: Sequence[str]) -> dict[str, str | Column]:
    return {f"`{name}`": F.col(f"changed.`{name}`") for name in columns}


def _same(reach: str, identity: Sequence[str]) -> str:
    same = " AND ".join(f"held.`{name}` = changed.`{name}`" for name in identity)
    return f"{reach} AND {same}"
