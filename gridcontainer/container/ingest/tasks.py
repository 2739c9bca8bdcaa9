"""The tasks that read a large source: of files they get names of pieces, of a database its rows."""

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
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
from gridcontainer.container.sources.records import FILE, GEOMETRY, REPAIR, ROW, TEXT
from gridcontainer.container.tables.layout import SAMPLED_ROWS, Places

_SAMPLED_PIECES: Final = 32
_SEED: Final = 39409
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
        source, declaration, judge = self.source, self.declaration, self.judge

        def look(piece: Piece) -> tuple[Places, float]:
            batch = next(iter(read_piece(piece, source, declaration)), None)
            if batch is None:
                return Places(np.empty(0, np.int64), np.empty(0, str)), 0.0
            share = batch.num_rows / max(1, batch.nbytes)
            (judged,) = judge.run([batch])
            return _places(pa.Table.from_batches([judged]), declaration, most), share

        found = self.spark.sparkContext.parallelize(chosen, len(chosen)).map(look).collect()
        places = Places(
            np.concatenate([one.cells for one, _ in found]),
            np.concatenate([one.months for one, _ in found]),
        )
        mean = float(np.mean([share for _, share in found]))
        return Sample(places, int(source.size * mean))

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
