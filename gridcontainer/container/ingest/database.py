"""Tables of databases to Spark data frames of raw rows, over JDBC."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession, Window, functions as F, types as T
from pyspark.sql.pandas.types import from_arrow_schema

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration import Database, Declaration, Source
from gridcontainer.container.sources import (
    OpenSource,
    add_geometry,
    require_declared,
    source_schema,
)
from gridcontainer.container.sources.records import FAULT, FILE, REPAIR, ROW, TEXT
from gridcontainer.errors import SourceError

SMALL_ROWS: Final = 2_000_000  # of a table that is judged in this process


def read_jdbc(spark: SparkSession, source: Source) -> DataFrame:
    """The rows of a database's table or query, every value as text.

    Numbers and times are written as Spark writes them (a time has no zone), bytes as hexadecimal
    digits, as in Parquet.

    Args:
        spark: the session, with the driver's jar in it (``spark.jars``).
        source: whose ``database`` says where.

    Returns:
        A lazy frame of the source's own columns, in the database's order of columns.

    Raises:
        SourceError: no driver, no such database or table, a wrong user or password, or an
            environment variable that is not set.
    """
    database = _database(source)
    rows = _load(spark, database, database.table or f"({database.query}) source")
    return rows.select(*(_as_text(field) for field in rows.schema))


def open_database(spark: SparkSession, declaration: Declaration) -> tuple[OpenSource, DataFrame]:
    """A ``jdbc`` dataset as an open source, and its raw rows.

    Returns:
        The source, without files; and a lazy frame of its schema: the source's columns under their
        own names and the readers' own. ``_file`` is the database's name; ``_row`` numbers the rows
        from 1 in order of ``database.order``, else of the key.

    Raises:
        SourceError: as ``read_jdbc``, or a declared column is not there.
    """
    database = _database(declaration.source)
    rows = read_jdbc(spark, declaration.source)
    columns = rows.columns
    require_declared(declaration, columns)
    declaration = declaration.over_source(stored_names(columns))
    if missing := sorted(set(database.order) - set(columns)):
        raise SourceError(
            f"{declaration.dataset}: no column {', '.join(missing)} in {database.name}; there are "
            f"{', '.join(columns[:20])}. Is source.database.order right?"
        )
    order = [F.col(f"`{name}`") for name in database.order or declaration.key]
    # One order of all rows: a window without partitions is what a number from 1 costs.
    numbered = Window.orderBy(*order, F.xxhash64(*(F.col(f"`{name}`") for name in columns)))
    nothing = F.lit(None).cast("string")
    raw = rows.select(
        F.lit(database.name).alias(FILE),
        F.row_number().over(numbered).cast("long").alias(ROW),
        *(nothing.alias(name) for name in (FAULT, TEXT, REPAIR)),
        *(F.col(f"`{name}`") for name in columns),
    )
    schema = source_schema(list(columns), declaration)
    source = OpenSource(Path(), (), tuple(columns), schema, declaration.datum)
    return source, _with_shapes(raw, declaration, schema)


def database_fingerprint(spark: SparkSession, source: Source) -> str:
    """A text that changes when the rows do: the value of ``version``, else a digest of all rows.

    Raises:
        SourceError: as ``read_jdbc``.
    """
    database = _database(source)
    if database.version is not None:
        version = _load(spark, database, f"({database.version}) version")
        return str([list(row) for row in _collect(version, database)])
    rows = read_jdbc(spark, source)
    columns = [F.col(f"`{name}`") for name in rows.columns]
    digest = F.xxhash64(*columns, *(column.isNull() for column in columns))
    found = rows.select(digest.alias("digest")).agg(
        F.count("*"), F.bit_xor("digest"), F.sum(F.col("digest").cast("decimal(38,0)"))
    )
    return f"{rows.columns} {list(_collect(found, database)[0])}"


def _database(source: Source) -> Database:
    if source.database is None:
        raise SourceError("source.database says where rows of format jdbc lie; there is none")
    return source.database


def _load(spark: SparkSession, database: Database, table: str) -> DataFrame:
    options: dict[str, Any] = {
        "url": database.url,
        "dbtable": table,
        "fetchsize": database.fetch_rows,
        "preferTimestampNTZ": "true",  # a time stays as the database has it
        **_secrets(database),
    }
    if database.driver:
        options["driver"] = database.driver
    if database.split and table != f"({database.version}) version":
        split = database.split
        options |= {
            "partitionColumn": split.column,
            "lowerBound": split.low,
            "upperBound": split.high,
            "numPartitions": split.parts,
        }
    try:
        return spark.read.format("jdbc").options(**options).load()
    except (PySparkException, Py4JJavaError) as error:
        raise _unreadable(database, error) from error


def _collect(rows: DataFrame, database: Database) -> list[Any]:
    try:
        return rows.collect()
    except (PySparkException, Py4JJavaError) as error:
        raise _unreadable(database, error) from error


def _secrets(database: Database) -> dict[str, str]:
    variables = {"user": database.user_variable, "password": database.password_variable}
    wanted = {key: name for key, name in variables.items() if name is not None}
    if unset := [name for name in wanted.values() if name not in os.environ]:
        raise SourceError(
            f"{database.name} needs the environment variable {', '.join(unset)}; set it where the "
            "driver of Spark runs, then run again"
        )
    return {key: os.environ[name] for key, name in wanted.items()}


def _unreadable(database: Database, error: PySparkException | Py4JJavaError) -> SourceError:
    java = getattr(error, "java_exception", None)
    said = " ".join(str(error if java is None else java.toString()).split())
    if "ClassNotFoundException" in said or "No suitable driver" in said:
        remedy = "put the driver's jar into spark.jars, and its class into source.database.driver"
    else:
        remedy = "are url, table or query, user and password right, and does the database run?"
    return SourceError(f"{database.name} cannot be read: {said[:200]}: {remedy}")


def _as_text(field: T.StructField) -> Column:
    column = F.col(f"`{field.name}`")
    if isinstance(field.dataType, T.BinaryType):
        return F.lower(F.hex(column)).alias(field.name)
    if isinstance(field.dataType, T.StringType):
        # A CHAR(n) is filled up with blanks; they are the database's, not the value's.
        padded = field.metadata.get("__CHAR_VARCHAR_TYPE_STRING", "").startswith("char(")
        return (F.rtrim(column) if padded else column).alias(field.name)
    return column.cast("string").alias(field.name)


def _with_shapes(raw: DataFrame, declaration: Declaration, schema: pa.Schema) -> DataFrame:
    """The rows with ``_geometry`` where the position is a shape."""
    position = declaration.position
    if position is None or position.geometry is None:
        return raw
    datum = declaration.datum or "WGS84"

    def add(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        return (
            add_geometry(
                batch,
                position,
                datum,
                is_declared=declaration.datum is not None,
                accept_ballpark=declaration.accept_ballpark,
            ).cast(schema)
            for batch in batches
        )

    return raw.mapInArrow(add, from_arrow_schema(schema))
