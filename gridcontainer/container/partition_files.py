"""The files of each partition of a table: how many there are, and whether they lie well."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame, functions as F

from gridcontainer.container.tables.layout import ROWS_PER_FILE, Layout

ALL_ROWS: Final = "true"  # the predicate of a table without partitions
_MOST_FILES: Final = 2  # times as many as the rows are worth
_MOST_OVERLAPS: Final = 0.25  # of the files of a partition


@dataclass(frozen=True)
class PartitionFiles:
    """The files of one partition, and whether they are to be written anew.

    Attributes:
        values: of the partition columns, by name; empty for a table without partitions.
        rows: in it.
        files: in it.
        overlaps: files that begin before an earlier one ends, in the order of cells.
        wanted: files that the rows are worth.
    """

    values: dict[str, str]
    rows: int
    files: int
    overlaps: int
    wanted: int

    @property
    def is_poor(self) -> bool:
        """Whether the partition is worth writing anew."""
        too_many = self.files > _MOST_FILES * self.wanted
        return too_many or (self.files > 1 and self.overlaps > _MOST_OVERLAPS * self.files)

    @property
    def predicate(self) -> str:
        """True for its rows, as SQL."""
        equal = (f"{name} = '{value}'" for name, value in self.values.items())
        return " AND ".join(equal) or ALL_ROWS


def measure_partitions(rows: DataFrame, layout: Layout) -> Iterator[PartitionFiles]:
    """The partitions of a table, by their rows: the log's statistics need not be true."""
    order = F.col(layout.order[-1])
    by_file = (
        rows.groupBy(*layout.partition, F.col("_metadata.file_path").alias("file"))
        .agg(F.count("*").alias("rows"), F.min(order).alias("first"), F.max(order).alias("last"))
        .orderBy(*layout.partition, "first", "last")
        .collect()
    )
    found: dict[tuple[str, ...], list[tuple[int, int, int]]] = {}
    for row in by_file:
        values = tuple(row[name] for name in layout.partition)
        found.setdefault(values, []).append((row["rows"], row["first"], row["last"]))
    for values, files in found.items():
        count = sum(rows for rows, _, _ in files)
        yield PartitionFiles(
            values=dict(zip(layout.partition, values, strict=True)),
            rows=count,
            files=len(files),
            overlaps=_count_overlaps([(first, last) for _, first, last in files]),
            wanted=max(1, -(-count // ROWS_PER_FILE)),
        )


def _count_overlaps(ranges: Sequence[tuple[int, int]]) -> int:
    overlaps, reached = 0, None
    for first, last in ranges:
        overlaps += reached is not None and first < reached
        reached = last if reached is None else max(reached, last)
    return overlaps
