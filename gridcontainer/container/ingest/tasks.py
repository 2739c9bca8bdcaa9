"""The tasks that read a large source: of files they get names of pieces, of a database its rows."""

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.in_memory import PIECE_BYTES, RecordJudge, is_sound
from gridcontainer.container.ingest.rows import places_of
from gridcontainer.container.ingest.work import ReadWork, Staged
from gridcontainer.container.judge.columns import (
    CELL,
    DETAIL,
    FIRST_REASON,
    KEY,
    LAT,
    LON,
    ORIGINAL,
    REASON,
    REPAIRED,
    TIME,
)
from gridcontainer.container.sources import (
    Broken,
    OpenSource,
    Piece,
    read_piece,
    require_readable,
    split,
)
from gridcontainer.container.sources.parquet import open_parquet
from gridcontainer.container.sources.records import FILE, GEOMETRY, REPAIR, RESERVED, ROW, TEXT
from gridcontainer.container.tables.layout import SAMPLED_ROWS, Places

_SAMPLED_PIECES: Final = 32
_SEED: Final = 39409
_ARROW: Final[Any] = pyarrow.compute  # it has no types
_KEPT: Final = (
    *(FILE, ROW, TEXT, REPAIR),
    *(LON, LAT, CELL, TIME, KEY, REASON, DETAIL, REPAIRED, ORIGINAL, FIRST_REASON),
)


@dataclass(frozen=True)
class Sample:
    """A sample of a source's sound rows.

    Attributes:
        places: cells and months of the rows.
        count: number of rows that all of the source has, about.
    """

    places: Places
    count: int


def kept_columns(judge: RecordJudge) -> tuple[str, ...]:
    """The columns of judged rows that are shuffled."""
    shapes = (GEOMETRY,) if judge.judge.declaration.has_shape else ()
    return (*_KEPT, *shapes, *judge.names.values())


@dataclass(frozen=True)
class FileTasks:
    """Reads a source of files: one task a piece.

    Attributes:
        spark: the session.
        source: the open source.
        declaration: declaration of the dataset, over the source's names.
        judge: judge of the dataset.
    """

    spark: SparkSession
    source: OpenSource
    declaration: Declaration
    judge: RecordJudge

    @cached_property
    def pieces(self) -> list[Piece]:
        """The pieces of all files."""
        return split(self.source, self.declaration, target_bytes=PIECE_BYTES)

    @property
    def count(self) -> int:
        """Number of tasks."""
        return len(self.pieces)

    def sample(self) -> Sample:
        """Judge the first records of some pieces, evenly chosen."""
        chosen = self.pieces[:: max(1, len(self.pieces) // _SAMPLED_PIECES)]
        most = max(1, SAMPLED_ROWS // len(chosen))
        found = [self._look(piece, most) for piece in chosen]
        places = Places(
            np.concatenate([one.cells for one, _ in found]),
            np.concatenate([one.months for one, _ in found]),
        )
        if self.declaration.source.format == "parquet":
            count = sum(open_parquet(path).rows for path in self.source.files)
        else:
            count = int(self.source.size * float(np.mean([share for _, share in found])))
        return Sample(places, count)

    def _look(self, piece: Piece, most: int) -> tuple[Places, float]:
        """Places of a piece's first records, here: starting tasks for them would take longer.

        Returns:
            The places, and the number of records to a byte.
        """
        batch = next(iter(read_piece(piece, self.source, self.declaration)), None)
        if batch is None:
            return Places(np.empty(0, np.int64), np.empty(0, str)), 0.0
        (judged,) = self.judge.run([batch])
        share = batch.num_rows / max(1, _text_bytes(batch))
        return _places(pa.Table.from_batches([judged]), self.declaration, most), share

    def stage(self, read: ReadWork) -> list[Staged]:
        """Read, judge and cut all pieces; in their order."""
        numbers = {path: number for number, path in enumerate(self.source.files)}
        source, declaration, judge = self.source, self.declaration, self.judge
        tasks = [(at, numbers[piece.path], piece) for at, piece in enumerate(self.pieces)]

        def run(task: tuple[int, int, Piece]) -> Staged:
            broken = Broken()
            judged = judge.run_piece(task[2], source, declaration, broken)
            staged = read.stage(judged, piece=task[0], file_number=task[1])
            return replace(staged, broken=broken)

        context = self.spark.sparkContext
        found: list[Staged] = context.parallelize(tasks, len(tasks)).map(run).collect()
        require_readable(self.pieces, [one.broken for one in found], declaration)
        return found


@dataclass(frozen=True)
class FrameTasks:
    """Reads rows that Spark itself reads, from a database.

    Attributes:
        frame: raw rows under the source's names.
        declaration: declaration of the dataset, over the source's names.
        judge: judge of the dataset.
    """

    frame: DataFrame
    declaration: Declaration
    judge: RecordJudge

    @property
    def count(self) -> int:
        """Number of tasks."""
        return self.frame.rdd.getNumPartitions()

    def sample(self) -> Sample:
        """Judge a random sample of the rows."""
        count = self.frame.count()
        drawn = self.frame.sample(min(1.0, SAMPLED_ROWS / max(1, count)), _SEED).toArrow()
        judged = pa.Table.from_batches(self.judge.run(drawn.to_batches()))
        return Sample(_places(judged, self.declaration, SAMPLED_ROWS), count)

    def stage(self, read: ReadWork) -> list[Staged]:
        """Read, judge and cut all partitions; in their order."""
        judge = self.judge

        def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            task = TaskContext.get()
            number = task.partitionId() if task else 0
            staged = read.stage(judge.run(batches), piece=number, file_number=0)
            yield pa.RecordBatch.from_pydict({"piece": [number], "staged": [pickle.dumps(staged)]})

        rows = self.frame.mapInArrow(run, "piece long, staged binary").collect()
        return [pickle.loads(row["staged"]) for row in sorted(rows, key=lambda row: row["piece"])]


def _places(judged: pa.Table, declaration: Declaration, most: int) -> Places:
    sound = judged.filter(is_sound(judged))
    if declaration.position is None:
        return Places(np.empty(0, np.int64), np.empty(0, str))
    step = max(1, sound.num_rows // most)
    return places_of(sound.take(pa.array(np.arange(0, sound.num_rows, step))), declaration.kind)


def _text_bytes(batch: pa.RecordBatch) -> int:
    """About the bytes of a batch's records in a text file: their values and what separates them."""
    own = [column for name, column in zip(batch.schema.names, batch.columns, strict=True)
           if name not in RESERVED]  # fmt: skip
    texts = (_ARROW.sum(_ARROW.binary_length(one)).as_py() or 0 for one in own if _is_text(one))
    return int(sum(texts)) + int(batch.num_rows) * len(own)


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type))
