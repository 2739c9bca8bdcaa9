"""Sources to a Spark data frame of raw rows."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.database import read_database
from gridcontainer.container.ingest.raw_rows import stored_schema
from gridcontainer.container.ingest.read_parquet import read_parquet_natively, suits_spark
from gridcontainer.container.sources import (
    find_files,
    read_batches,
    source_columns,
)
from gridcontainer.container.storage import stored_names


def read_source(
    spark: SparkSession, root: Path, declaration: Declaration
) -> tuple[DataFrame, dict[str, str]]:
    """All rows of a data set as they are written, and the stored name of each source column.

    Rows of files come by a task a file; those of Parquet and of databases as Spark reads them.

    Args:
        spark: the session.
        root: folder below which ``source.path`` lies; executors must see it too.
        declaration: of the data set.

    Returns:
        A lazy frame: the source's columns (texts; typed where Spark reads Parquet) under their
        stored names, which no step of an ingest takes for its own, ``_file``, ``_row``,
        ``_fault``, ``_text``, ``_repair`` and, where the position is a shape, ``_geometry`` (WKB,
        WGS 84).

    Raises:
        SourceError: no such file, or it is not written as declared.
    """
    if declaration.source.format == "jdbc":
        return read_database(spark, declaration)
    files = find_files(root, declaration)
    columns = source_columns(files, declaration)
    if suits_spark(files, declaration):
        return read_parquet_natively(spark, root, files, columns)
    names = stored_names(columns)
    schema = stored_schema(names, declaration)
    base = str(root)

    def read_files(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for name in batch.column(0).to_pylist():
                for rows in read_batches(Path(base) / name, name, columns, declaration):
                    yield rows.rename_columns(schema.names)

    paths = [(str(path.relative_to(root)),) for path in files]
    frame = spark.createDataFrame(paths, "file string").repartition(len(files))
    return frame.mapInArrow(read_files, from_arrow_schema(schema)), names
