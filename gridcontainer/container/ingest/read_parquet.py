"""Parquet as Spark itself reads it: in columns, split over all tasks, with the source's types."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.raw_rows import no_faults
from gridcontainer.container.sources.records import FILE, ROW
from gridcontainer.container.storage import stored_names

_GLOB: Final = frozenset("*?[]{}\\")
_TYPES: Final = (
    pa.types.is_boolean,
    pa.types.is_signed_integer,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_string,
    pa.types.is_date32,
    pa.types.is_decimal128,
)


def suits_spark(files: Sequence[Path], declaration: Declaration) -> bool:
    """Whether Spark can read the files as they are: one schema, no shapes, types that it has.

    Nanoseconds, unsigned integers, lists and the like are read by way of Arrow, as text. The
    nanoseconds that Spark and Hive write (INT96) are what Spark reads.
    """
    if declaration.source.format != "parquet" or declaration.has_shape:
        return False
    if len({path.name for path in files}) < len(files):
        return False  # the names tell whose the rows are
    if any(set(str(path)) & _GLOB for path in files):
        return False  # Spark would take the name for a pattern
    footers = [pq.read_metadata(path) for path in files]  # type: ignore[no-untyped-call]
    first = footers[0].schema
    return all(footer.schema.equals(first) for footer in footers) and _is_known(first)


def _is_known(schema: pq.ParquetSchema) -> bool:
    kinds = schema.to_arrow_schema()
    if len(schema.names) > len(kinds):
        return False  # nested
    return all(
        schema.column(number).physical_type == "INT96"
        or (kind.unit in ("ms", "us") if pa.types.is_timestamp(kind) else _is_plain(kind))
        for number, kind in enumerate(kinds.types)
    )


def _is_plain(kind: pa.DataType) -> bool:
    return any(test(kind) for test in _TYPES)


def read_parquet_natively(
    spark: SparkSession, root: Path, files: Sequence[Path], columns: Sequence[str]
) -> tuple[DataFrame, dict[str, str]]:
    """All rows of Parquet files as ``read_source`` gives them, but with their types.

    Args:
        spark: the session.
        root: folder of the sources, to which ``_file`` is relative.
        files: that ``suits_spark``.
        columns: of the files.
    """
    names = stored_names(list(columns))
    places = [F.lit(text) for path in files for text in (path.name, str(path.relative_to(root)))]
    rows = spark.read.parquet(*(f"file://{path.resolve()}" for path in files))
    raw = rows.select(
        F.element_at(F.create_map(*places), F.col("_metadata.file_name")).alias(FILE),
        (F.col("_metadata.row_index") + 1).alias(ROW),
        *no_faults(),
        *(F.col(f"`{column}`").alias(names[column]) for column in columns),
    )
    return raw, names
