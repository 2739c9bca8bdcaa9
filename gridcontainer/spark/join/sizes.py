"""About how large a frame is, from what Spark knows without running anything."""

from typing import Any

from pyspark.sql import DataFrame

_UNKNOWN_BYTES = 1 << 60  # Spark says so much, or more, where it does not know
_UNKNOWN_ROWS = 5_000_000
_COMPRESSION = 2  # of columns in files, about


def estimate_bytes(frame: DataFrame) -> int | None:
    """Bytes of the frame as Spark's optimizer takes it; None where it doesn't know."""
    size = int(str(_statistics(frame).sizeInBytes()))
    return None if size >= _UNKNOWN_BYTES else size


def estimate_rows(frame: DataFrame) -> int:
    """Rows, to the right power of ten."""
    size = estimate_bytes(frame)
    if size is None:
        return _UNKNOWN_ROWS
    row = sum(8 if field.dataType.typeName() != "string" else 20 for field in frame.schema.fields)
    known = _statistics(frame).rowCount()
    return int(str(known.get())) if known.isDefined() else max(size * _COMPRESSION // row, 1)


def _statistics(frame: DataFrame) -> Any:
    return frame._jdf.queryExecution().optimizedPlan().stats()
