"""All records of a small source, judged in this process: no Spark is started."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.judge.columns import JUDGED, REASON
from gridcontainer.container.judge.judge import Judge
from gridcontainer.container.judge.reasons import REPEATED, REPEATED_ROW
from gridcontainer.container.judge.repair import describe, repair
from gridcontainer.container.judge.repeated import mark_repeated
from gridcontainer.container.judge.time import Times
from gridcontainer.container.sources import (
    Broken,
    OpenSource,
    Piece,
    counted,
    read_piece,
    require_readable,
    split,
)

PIECE_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class RecordJudge:
    """Judges and repairs the records of one dataset; it can be sent to another process.

    Attributes:
        judge: judge of the dataset.
        names: stored name of each source column.
        texts: what to say of each rule of repair.
    """

    judge: Judge
    names: Mapping[str, str]
    texts: tuple[str, ...]

    @classmethod
    def create(
        cls, judge: Judge, names: Mapping[str, str], declaration: Declaration
    ) -> "RecordJudge":
        """For a dataset whose declaration is over the source's names."""
        return cls(judge, names, tuple(describe(rule) for rule in declaration.mend))

    def run(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Judge batches of raw rows under the source's names."""
        for batch in batches:
            yield self._judge(self._stored(batch))

    def run_piece(
        self, piece: Piece, source: OpenSource, declaration: Declaration, broken: Broken
    ) -> Iterator[pa.RecordBatch]:
        """Read and judge a piece of a source.

        The order of a whole file may tell an hour that the clock showed twice; that of a part of
        one may not, so that the cut does not matter.

        Args:
            piece: the piece.
            source: the open source.
            declaration: declaration of the dataset, over the source's names.
            broken: counts the records that are no text.
        """
        batches = counted(read_piece(piece, source, declaration), broken)
        if self.judge.times is None or not piece.is_whole:
            yield from self.run(batches)
            return
        for raw, times in self._with_times([self._stored(batch) for batch in batches]):
            yield self._judge(raw, times)

    def _with_times(
        self, raw: list[pa.RecordBatch]
    ) -> Iterable[tuple[pa.RecordBatch, Times | None]]:
        """The batches of a whole file with their times; in one where an hour is repeated."""
        read: list[Times | None] = []
        for batch in raw:
            times = self.judge.read_times(batch)
            if times is not None and times.has_repeated:
                whole = pa.Table.from_batches(raw).combine_chunks().to_batches()
                return [(each, self.judge.read_times(each, in_order=True)) for each in whole]
            read.append(times)
        return zip(raw, read, strict=True)

    def _judge(self, raw: pa.RecordBatch, times: Times | None = None) -> pa.RecordBatch:
        judged = self.judge.judge(raw, times)
        return repair(judged, self.judge, self.names, self.texts)

    def _stored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch.rename_columns([self.names.get(name, name) for name in batch.schema.names])


def judge_in_memory(source: OpenSource, declaration: Declaration, judge: RecordJudge) -> pa.Table:
    """Read and judge all records of a source.

    Args:
        source: the open source.
        declaration: declaration of the dataset, over the source's names.
        judge: judge of the dataset.

    Returns:
        Judged rows, in order of file and row.
    """
    pieces = split(source, declaration, target_bytes=PIECE_BYTES)
    broken = [Broken() for _ in pieces]
    batches = [
        judged
        for piece, count in zip(pieces, broken, strict=True)
        for judged in judge.run_piece(piece, source, declaration, count)
    ]
    require_readable(pieces, broken, declaration)
    return mark_all(batches, source, judge, declaration)


def mark_all(
    batches: list[pa.RecordBatch],
    source: OpenSource,
    judge: RecordJudge,
    declaration: Declaration,
) -> pa.Table:
    """Put judged batches together, and find the keys that are repeated among them."""
    if batches:
        return mark_judged(batches, judge, declaration)
    fields = [field.with_name(judge.names.get(field.name, field.name)) for field in source.schema]
    return pa.schema([*fields, *JUDGED]).empty_table()


def mark_judged(
    batches: list[pa.RecordBatch], judge: RecordJudge, declaration: Declaration
) -> pa.Table:
    """As ``mark_all``, of one batch at least."""
    judged = pa.Table.from_batches(batches).combine_chunks()
    keep = declaration.keep or "first"
    marked = mark_repeated(judged, keep=keep)
    reasons = {rule.reason for rule in declaration.mend}
    if not marked.num_rows or not reasons & {REPEATED, REPEATED_ROW}:
        return marked
    # A rule may give a row that repeats a key another key: then all keys are asked again.
    (batch,) = marked.combine_chunks().to_batches()
    repaired = repair(batch, judge.judge, judge.names, judge.texts)
    return mark_repeated(pa.Table.from_batches([repaired]), keep=keep)


def is_sound(judged: pa.Table) -> pa.ChunkedArray:
    """Whether each judged row has no reason against it."""
    return judged.column(REASON).is_null()
