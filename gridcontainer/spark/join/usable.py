"""Which rows of a side can take part in a join, and why the others cannot."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import Column, DataFrame, functions as F
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.grid.cover.accept import POLAR_PROBLEM, Accepted, accept
from gridcontainer.spark.join.position_columns import Place, wkb
from gridcontainer.spark.persisted import persist_until_unused, persisted

SHAPE_KEY: Final = "__grid_shape"  # digest of a shape's WKB: equal shapes are one shape
MOST_PROBLEMS: Final = 100  # rows of a side that are named; all are counted
_LEVEL_OF_CUTS: Final = 3  # any level above the polar ones: what can be cut at one can at all
_ANYWHERE: Final = 1  # the level at which polar caps have cells
_PART, _POSITION = "__grid_part", "__grid_position"
_REASONS: Final = f"problem string, {_PART} int, {_POSITION} long"
_UDF: Final[Any] = pandas_udf  # its types know no plain function


@dataclass(frozen=True)
class Unused:
    """Rows of a side that cannot take part.

    Attributes:
        count: number of such rows.
        first: row number (from 0, in the order of the frame) and reason of the first of them, at
            most ``MOST_PROBLEMS``.
        is_polar: whether a shape reaches a polar cap, which only cells cannot do.
        is_all: whether no row can take part.
    """

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)
    is_polar: bool = False
    is_all: bool = True

    def of(self, side: str) -> list[tuple[str, int, str]]:
        """The problems as a plan tells them."""
        return [(side, row, reason) for row, reason in self.first]


@dataclass(frozen=True)
class UsableShapes:
    """The different shapes of a side that can take part.

    Attributes:
        shapes: ``SHAPE_KEY`` and ``geometry`` (WKB, repaired), each different shape once.
        count: number of them.
        unused: the rows of the side that cannot take part.
    """

    shapes: DataFrame
    count: int
    unused: Unused


def accept_shapes(
    wkb: Sequence[object] | NDArray[np.object_], level: int = _LEVEL_OF_CUTS
) -> Accepted:
    """Shapes repaired as far as they can be; those that no cells of the level can cover have a
    problem.
    """
    return accept(wkb, level, include_edges=True, repair=True, unwrap=False, on_invalid="mark")


def unused_of(problems: NDArray[Any]) -> Unused:
    """The rows of a collected side that cannot take part, from what ``accept_shapes`` says."""
    bad = [(row, str(reason)) for row, reason in enumerate(problems) if reason]
    is_polar = any(reason.startswith(POLAR_PROBLEM) for _, reason in bad)
    return Unused(len(bad), bad[:MOST_PROBLEMS], is_polar, len(bad) == len(problems))


def add_shape_key(frame: DataFrame, place: Place) -> DataFrame:
    """Add ``SHAPE_KEY``; null where there is no shape.

    The key is made of the shape alone. A partition that is computed again, because its executor was
    lost, has the same keys; numbers of rows would be others.
    """
    return frame.withColumn(SHAPE_KEY, F.unhex(F.sha2(wkb(frame, place), 256)))


def usable_shapes(frame: DataFrame, place: Place) -> UsableShapes:
    """Look at all shapes of a side on the workers: repair them, count those that cannot be used."""
    judged = add_shape_key(frame, place).select(SHAPE_KEY, wkb(frame, place).alias("geometry"))

    def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _judge(batches, _LEVEL_OF_CUTS)

    schema = f"{SHAPE_KEY} binary, geometry binary, {_REASONS}"
    with persisted(judged.mapInArrow(judge, schema)) as rows:
        sound = rows.where("problem IS NULL").select(SHAPE_KEY, "geometry")
        shapes = persist_until_unused(sound.dropDuplicates([SHAPE_KEY]))
        return UsableShapes(shapes, shapes.count(), _find_unused(rows))


def find_unused(frame: DataFrame, place: Place) -> Unused:
    """The rows of a side that cannot take part even in a join without cells."""
    given = frame.select(F.lit(None).cast("binary"), wkb(frame, place))

    def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for judged in _judge(batches, _ANYWHERE):
            yield judged.select(["problem", _PART, _POSITION])

    with persisted(given.mapInArrow(judge, _REASONS)) as rows:
        return _find_unused(rows)


def usable_geometry(frame: DataFrame, place: Place) -> Column:
    """The shapes of a frame (its points too) as Sedona's geometry; null where none can be used."""
    if place.geometry is None:
        lon, lat = (F.col(f"`{name}`").cast("double") for name in (place.lon, place.lat))
        on_globe = (F.abs(lon) <= 180.0) & (F.abs(lat) <= 90.0)
        return F.when(on_globe, F.call_function("ST_Point", lon, lat))

    def repaired(shapes: pd.Series) -> pd.Series:
        accepted = accept_shapes(shapes.to_list(), _ANYWHERE)
        return pd.Series(shapely.to_wkb(accepted.shapes), dtype=object)

    usable: Column = _UDF(repaired, "binary")(wkb(frame, place))
    return F.call_function("ST_GeomFromWKB", usable)


def _judge(batches: Iterable[pa.RecordBatch], level: int) -> Iterator[pa.RecordBatch]:
    """The key, the repaired shape, the problem, the partition and the position of each row."""
    position, part = 0, _partition()
    for batch in batches:
        accepted = accept_shapes(batch.column(1).to_pylist(), level)
        reasons = [str(problem) if problem else None for problem in accepted.problems]
        numbers = np.arange(position, position + batch.num_rows)
        position += batch.num_rows
        yield pa.RecordBatch.from_arrays(
            [batch.column(0), pa.array(shapely.to_wkb(accepted.shapes), pa.binary()),
             pa.array(reasons, pa.string()), pa.array(np.full(batch.num_rows, part), pa.int32()),
             pa.array(numbers, pa.int64())],
            names=[SHAPE_KEY, "geometry", "problem", _PART, _POSITION],
        )  # fmt: skip


def _partition() -> int:
    context = TaskContext.get()
    return context.partitionId() if context is not None else 0


def _find_unused(rows: DataFrame) -> Unused:
    """Count the rows with a problem; only the first of them come here."""
    bad = rows.where("problem IS NOT NULL")
    polar = F.max(F.col("problem").startswith(POLAR_PROBLEM))
    count, everyone, is_polar = rows.agg(F.count("problem"), F.count("*"), polar).collect()[0]
    if not count:
        return Unused(is_all=not everyone)
    first = bad.orderBy(_PART, _POSITION).limit(MOST_PROBLEMS).select(_PART, _POSITION, "problem")
    before = _rows_before(rows)
    named = [(before[row[0]] + row[1], str(row[2])) for row in first.collect()]
    return Unused(count, named, bool(is_polar), count == everyone)


def _rows_before(rows: DataFrame) -> dict[int, int]:
    """Number of rows in the partitions before each."""
    counts = {row[0]: row[1] for row in rows.groupBy(_PART).count().collect()}
    before, total = {}, 0
    for part in sorted(counts):
        before[part] = total
        total += counts[part]
    return before
