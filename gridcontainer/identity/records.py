"""The records of data sets as identities see them: one row for each business key there is now."""

from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession, Window, functions as F

from gridcontainer.container.query.explain import asked_tables
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.query.question import Question
from gridcontainer.container.query.record_numbers import PLAIN, ColumnNumber, Writing, read_column
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import as_schema, read_current
from gridcontainer.errors import IdentityError
from gridcontainer.identity.covers import small_cover
from gridcontainer.identity.schemas import RECORD
from gridcontainer.spark.vectorized import grid_code3d

KEY_COLLISION: Final = "key collision"
TWO_PLACES: Final = "one key at two places"
REPEATED: Final = "repeated key"
UNREADABLE_HEIGHT: Final = "height is no number"


def open_dataset(storage: Storage, dataset: str) -> OpenTable:
    """The table of a data set whose records can have identities.

    Raises:
        DatasetError: the container has no such data set.
        IdentityError: it has no business key.
    """
    (table,) = asked_tables(storage, Question(datasets=(dataset,)))
    if not key_columns(table):
        raise IdentityError(
            f"{dataset} has no business key, so its records cannot be known again: name the "
            "columns of one as key in its declaration, and ingest it"
        )
    return table


def key_columns(table: OpenTable) -> list[str]:
    """The columns of a data set's business key, in its order."""
    return [name for name in table.properties.get("gridcontainer.key", "").split(",") if name]


def read_records(
    spark: SparkSession,
    table: OpenTable,
    object_class: str,
    *,
    height: str | None = None,
    writing: Writing = PLAIN,
) -> DataFrame:
    """The records that a data set has now.

    Args:
        spark: the session.
        table: of ``open_dataset``.
        object_class: what they are.
        height: the source's column of heights, metres above the ellipsoid, for 3D codes.
        writing: how the dataset writes numbers, over the source's names.

    Returns:
        The columns of ``RECORD``; ``business_key`` is a JSON object of the key's columns in their
        order. Also ``source_file`` and ``source_row``, and ``has_unreadable_height``: a height was
        written that is no number. A data set without position has no place.
    """
    rows = read_current(spark, table.path, version=table.version)
    if table.has("geometry"):
        rows = rows.withColumn("_cover", small_cover("geometry"))
    heights = _heights(rows, table, height, writing)
    values = _values(table, object_class) | _height(table, heights)
    columns = as_schema(RECORD, values, otherwise=F.lit(None))
    unread = heights.is_unreadable if heights else F.lit(False)
    return rows.select(*columns, "source_file", "source_row", unread.alias("has_unreadable_height"))


def _values(table: OpenTable, object_class: str) -> dict[str, Column]:
    key = F.struct(*(F.col(f"`{n}`").cast("string").alias(n) for n in key_columns(table)))
    values = {
        "record_id": F.col("object_id"),
        "department": F.lit(table.department),
        "dataset": F.lit(table.dataset),
        "business_key": F.to_json(key, {"ignoreNullFields": "false"}),
        "object_class": F.lit(object_class),
    }
    if label := table.properties.get("gridcontainer.label"):
        values["name"] = F.col(f"`{label}`")
    if table.has("cell"):
        values |= {name: F.col(name) for name in ("cell", "grid_level", "grid_code", "lon", "lat")}
    if table.has("geometry"):
        values |= {"cover": F.col("_cover.cells"), "cover_levels": F.col("_cover.levels")}
    return values


def _heights(
    rows: DataFrame, table: OpenTable, column: str | None, writing: Writing
) -> ColumnNumber | None:
    names = table.column_names.find_of_source(column) if column else []
    stored = writing.over_stored(table.column_names)
    return read_column(rows, names[0], stored) if names else None


def _height(table: OpenTable, heights: ColumnNumber | None) -> dict[str, Column]:
    """Height and 3D code; null where the height is no number that a code can hold."""
    level = table.properties.get("gridcontainer.level")
    if heights is None or not level:
        return {}
    height = heights.value
    return {"height": height, "grid_code_3d": grid_code3d("lon", "lat", height, int(level))}


def add_reason(records: DataFrame) -> DataFrame:
    """Add ``reason``: why a record can't have an identity, or null.

    Of the rows that share an id the first one (by file and row) stays. The others are a ``key
    collision`` if their business key is another, as one with the separator of keys in it can be;
    ``one key at two places`` if they lie elsewhere, and else a ``repeated key``. An ingest lets
    none of these in; a table that was written otherwise may have them.

    Args:
        records: of ``read_records``; n rows.

    Returns:
        The n rows with ``reason``.
    """
    same_id = Window.partitionBy("record_id").orderBy("source_file", "source_row")
    first_key, first_cell = (F.first(name).over(same_id) for name in ("business_key", "cell"))
    reason = (
        F.when(F.row_number().over(same_id) == 1, None)
        .when(F.col("business_key") != first_key, KEY_COLLISION)
        .when(~F.col("cell").eqNullSafe(first_cell), TWO_PLACES)
        .otherwise(REPEATED)
    )
    return records.withColumn("reason", reason)
