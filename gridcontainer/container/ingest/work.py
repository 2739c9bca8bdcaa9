"""What a task does with a piece of a source, or with a bucket of rows: Arrow in, Arrow out."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.files import Files
from gridcontainer.container.ingest.cut import Bounds, cut, slim, widen
from gridcontainer.container.ingest.in_memory import RecordJudge, is_sound
from gridcontainer.container.ingest.keys import ORDER, key_bucket_of, key_rows, order_of
from gridcontainer.container.ingest.rows import RowMaker
from gridcontainer.container.ingest.staging import Part, stage
from gridcontainer.container.judge.columns import REASON
from gridcontainer.container.judge.repeated import give_repeated
from gridcontainer.container.quarantine.replace import write_quarantine_files
from gridcontainer.container.quarantine.rows import count_reasons, to_quarantine
from gridcontainer.container.sources import Broken
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import layout as layouts
from gridcontainer.container.tables.actions import DataFile
from gridcontainer.container.tables.data_files import write_files
from gridcontainer.container.tables.properties import statistics_columns
from gridcontainer.grid.arrays import Bools, Int64s

_ARROW: Final[Any] = pyarrow.compute  # it has no types

_PART_BYTES: Final = 128 << 20  # of judged rows that a task holds before it leaves them


@dataclass(frozen=True)
class Buckets:
    """The buckets of one shuffle, numbered one after the other.

    Attributes:
        bounds: where the rows are cut; None for a table without position, cut by piece.
        rows: number of buckets of rows.
        keys: number of buckets of keys; 0 without a declared key.
    """

    bounds: Bounds | None
    rows: int
    keys: int

    @property
    def of_keys(self) -> range:
        """The buckets of keys."""
        return range(self.rows, self.rows + self.keys)

    @property
    def of_quarantine(self) -> int:
        """The bucket of quarantined rows."""
        return self.rows + self.keys

    def of_rows(self, sound: pa.Table, piece: int, pieces: int) -> Int64s:
        """The bucket of each sound row of a piece."""
        if self.bounds is not None:
            return self.bounds.bucket_of(sound)
        return np.full(sound.num_rows, piece * self.rows // pieces)


@dataclass(frozen=True)
class Staged:
    """What a task left of a piece.

    Attributes:
        records: number of records of the piece.
        parts: parts of each bucket.
        broken: count of records that are no text.
    """

    records: int
    parts: Mapping[int, Sequence[Part]]
    broken: Broken = field(default_factory=Broken)


@dataclass(frozen=True)
class ReadWork:
    """Reads, judges and cuts a piece.

    Attributes:
        judge: judge of the dataset.
        buckets: buckets of the shuffle.
        pieces: number of all pieces.
        dataset: name of the dataset.
        run_id: identifier of the run.
        kept_columns: columns of judged rows that the rows of the table are made from.
        storage: the container.
        folder: folder of the staged files.
    """

    judge: RecordJudge
    buckets: Buckets
    pieces: int
    dataset: str
    run_id: str
    kept_columns: tuple[str, ...]
    storage: Storage
    folder: str

    def stage(self, batches: Iterable[pa.RecordBatch], *, piece: int, file_number: int) -> Staged:
        """Cut the judged rows of a piece, and leave them in a staged file.

        Args:
            batches: judged rows of the piece.
            piece: number of the piece.
            file_number: number of its file.
        """
        count = 0

        def cut_all() -> Iterator[tuple[int, pa.Table]]:
            nonlocal count
            waiting: list[pa.RecordBatch] = []
            for judged in batches:
                waiting.append(judged)
                count += judged.num_rows
                if sum(batch.nbytes for batch in waiting) > _PART_BYTES:
                    yield from self._cut(waiting, piece, file_number)
                    waiting = []
            if waiting:
                yield from self._cut(waiting, piece, file_number)

        # A task may be tried again while its former try still writes: each has a file of its own.
        path = f"{self.folder}/{piece}.{uuid.uuid4().hex}.arrows"
        parts = stage(cut_all(), path, self.storage.files)
        return Staged(count, parts)

    def _cut(
        self, batches: list[pa.RecordBatch], piece: int, file_number: int
    ) -> Iterator[tuple[int, pa.Table]]:
        judged = pa.Table.from_batches(batches)
        sound_mask = is_sound(judged)
        out = judged.filter(_ARROW.invert(sound_mask))
        if out.num_rows:
            rows = to_quarantine(
                out, dataset=self.dataset, names=self.judge.names, run_id=self.run_id
            )
            yield self.buckets.of_quarantine, rows
            judged = judged.filter(sound_mask)
        buckets = self.buckets.of_rows(judged, piece, self.pieces)
        numbers = order_of(judged, file_number)
        kept = slim(judged.select(self.kept_columns)).append_column(ORDER, pa.array(numbers))
        yield from cut(kept, buckets)
        if self.buckets.keys:
            keys = key_rows(judged, numbers, buckets, self.judge.names.values())
            yield from cut(keys, self.buckets.rows + key_bucket_of(keys, self.buckets.keys))


@dataclass(frozen=True)
class Losers:
    """Rows of one bucket that repeat a key of another row.

    Attributes:
        order: (n,) their numbers, rising.
        is_equal: (n,) whether each is equal to the row that stays.
    """

    order: Int64s
    is_equal: Bools

    def mark(self, rows: pa.Table) -> pa.Table:
        """Give the rows of the bucket their reasons."""
        numbers = rows.column(ORDER).to_numpy()
        at = np.searchsorted(self.order, numbers)
        at[at == len(self.order)] = 0
        is_loser = self.order[at] == numbers
        return give_repeated(rows, np.flatnonzero(is_loser), self.is_equal[at[is_loser]])


@dataclass(frozen=True)
class Wrote:
    """What a task wrote; nothing of it is in a table before it is committed.

    Attributes:
        files: files of the dataset's table.
        quarantined: files of the quarantine.
        reasons: quarantined rows by reason.
        repaired: repaired rows by their first reason.
    """

    files: tuple[DataFile, ...]
    quarantined: tuple[DataFile, ...]
    reasons: Mapping[str, int]
    repaired: Mapping[str, int]


@dataclass(frozen=True)
class WriteWork:
    """Writes a bucket of rows.

    Attributes:
        maker: makes the rows of the table.
        path: path of the table.
        storage: the container.
        dataset: name of the dataset.
        names: stored name of each source column.
    """

    maker: RowMaker
    path: str
    storage: Storage
    dataset: str
    names: Mapping[str, str]

    def run(self, rows: pa.Table, losers: Losers | None) -> Wrote:
        """Write the rows of a bucket, and what of them goes to the quarantine."""
        rows = widen(rows)
        if losers is not None and len(losers.order):
            rows = losers.mark(rows)
        out = to_quarantine(rows, dataset=self.dataset, names=self.names, run_id=self.maker.run_id)
        made = self.maker.make(_sound_of(rows))
        files: Files = self.storage.files
        written = write_files(
            made,
            self.path,
            files=files,
            partition=self.maker.layout.partition,
            statistics=statistics_columns(made.column_names),
            rows_per_file=layouts.ROWS_PER_FILE,
        )
        wrote = self.quarantine(out) if out.num_rows else Wrote((), (), {}, {})
        return Wrote(tuple(written), wrote.quarantined, wrote.reasons, wrote.repaired)

    def quarantine(self, rows: pa.Table) -> Wrote:
        """Write rows of the quarantine."""
        reasons, repaired = count_reasons(rows)
        files = write_quarantine_files(rows, self.storage)
        return Wrote((), tuple(files), reasons, repaired)


def _sound_of(rows: pa.Table) -> pa.Table:
    if rows.column(REASON).null_count == rows.num_rows:
        return rows
    return rows.filter(is_sound(rows))
