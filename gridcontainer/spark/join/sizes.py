"""About how large a frame is: what Spark knows without running anything, or measured."""

from typing import Any, Final, cast

from pyspark.sql import Column, DataFrame, functions as F, types as T

_UNKNOWN_BYTES = 1 << 60  # Spark says so much, or more, where it does not know
_UNKNOWN_ROWS = 5_000_000
_COMPRESSION = 2  # of columns in files, about
_SAFETY = 4  # a file's columns may be so much larger in memory
# Nodes that may give more rows than they get, and leaves of which Spark does not know the size.
_UNSURE: Final = ("Generate", "Expand", "MapIn", "FlatMap", "MapPartitions", "Join", "RDD")
_RESULT_SHARE = 0.8  # of what Spark lets a driver collect
_FIXED_BYTES = 8  # of a number, a time, a truth value


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


def can_be_collected(frame: DataFrame, most: int) -> bool:
    """Whether a side may be brought to this process.

    Where the optimizer's size is no upper bound, the workers add up the bytes: one more pass over
    the side, which is nothing beside a driver without memory.

    Args:
        frame: the side.
        most: bytes that it may have; ``spark.driver.maxResultSize`` is a bound too.
    """
    limit = min(most, _collectable(frame))
    size = estimate_bytes(frame)
    if size is not None and size * _SAFETY <= limit and _is_bound(_plan(frame)):
        return True
    return measure_bytes(frame) <= limit


def measure_bytes(frame: DataFrame) -> int:
    """Bytes of the values of a frame, added up by the workers."""
    widths = [_width(field) for field in frame.schema.fields]
    fixed = _FIXED_BYTES * sum(width is None for width in widths)
    each = F.lit(fixed).cast("long")
    for width in widths:
        if width is not None:
            each = each + F.coalesce(width.cast("long"), F.lit(0).cast("long"))
    (row,) = frame.agg(F.sum(each)).collect()
    return int(row[0] or 0)


def _width(field: T.StructField) -> Column | None:
    """Bytes of a value of no fixed size."""
    column = F.col(f"`{field.name}`")
    if isinstance(field.dataType, T.StringType | T.BinaryType):
        return F.octet_length(column)
    if isinstance(field.dataType, T.UserDefinedType):
        return F.octet_length(F.expr(f"ST_AsBinary(`{field.name}`)"))
    if isinstance(field.dataType, T.ArrayType | T.MapType | T.StructType):
        return F.octet_length(column.cast("string"))
    return None


def _collectable(frame: DataFrame) -> int:
    spark = frame.sparkSession
    given = spark.sparkContext.getConf().get("spark.driver.maxResultSize", "1g")
    units = cast(Any, spark._jvm).org.apache.spark.network.util.JavaUtils
    most = int(units.byteStringAsBytes(given))
    return int(most * _RESULT_SHARE) if most else 1 << 62


def _is_bound(plan: Any) -> bool:
    """Whether the size of the plan is at least that of its rows."""
    if any(part in str(plan.nodeName()) for part in _UNSURE):
        return False
    children = plan.children()
    return all(_is_bound(children.apply(i)) for i in range(children.size()))


def _plan(frame: DataFrame) -> Any:
    return frame._jdf.queryExecution().optimizedPlan()


def _statistics(frame: DataFrame) -> Any:
    return _plan(frame).stats()
