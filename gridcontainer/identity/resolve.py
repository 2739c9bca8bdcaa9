"""Keys resolved by the million, on Spark."""

from datetime import datetime
from pathlib import Path
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.file_frame import read_records
from gridcontainer.container.query.open_table import OpenTable, open_tables
from gridcontainer.container.storage import Storage
from gridcontainer.errors import IdentityError
from gridcontainer.identity.confidential import Hidden
from gridcontainer.identity.lookup import GONE, UNKNOWN_KEY, UNKNOWN_OBJECT
from gridcontainer.identity.object_ids import object_id, record_id
from gridcontainer.identity.records import key_columns
from gridcontainer.identity.schemas import KEYS, OBJECTS, RETIRED
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.versions import read_versions, rows_at

NO_KEY: Final = "not a key of that data set"
_ADDED: Final = ("object_class", "status", "name", "cell", "grid_level", "grid_code", "lon", "lat")
_NOTHING: Final = Hidden()
_OWN: Final = frozenset({"object_id", *_ADDED, "keys", "reason"})


def resolve(
    spark: SparkSession,
    storage: IdentityStorage,
    asked: DataFrame,
    *,
    as_of: datetime | None = None,
    hidden: Hidden = _NOTHING,
) -> DataFrame:
    """The object that each key, record or object's id stands for.

    Args:
        spark: the session.
        storage: of the identities.
        asked: n rows with ``record_id``, or with ``dataset`` and ``key`` (the value itself, or a
            JSON object of the key's columns), or with ``object_id``.
        as_of: the moment asked about; now where None.
        hidden: what may not be shown; it is null.

    Returns:
        The n rows: their columns (one that is named as one of these here gets ``asked_`` before
        it), ``object_id`` (of one that was merged into another, that other one), ``object_class``,
        ``status``, ``name``, place, ``keys`` (data set, business key and record of all that are
        that object) and ``reason``: why there is no such object now, or null.

    Raises:
        IdentityError: the columns name no records.
    """
    objects = rows_at(read_versions(spark, storage.objects, OBJECTS), as_of)
    keys = rows_at(read_versions(spark, storage.keys, KEYS), as_of)
    named = {name: f"asked_{name}" if name in _OWN else name for name in asked.columns}
    given = asked.select(*(F.col(f"`{name}`").alias(new) for name, new in named.items()))
    known = objects.select(
        F.col("object_id").alias("_first"),
        F.coalesce("merged_into", "object_id").alias("_object"),
    )
    things = hidden.mask_all(objects).select(F.col("object_id").alias("_object"), *_ADDED)
    whole = F.struct("dataset", "business_key", "record_id")
    of_object = (
        hidden.mask_all(keys)
        .groupBy(F.col("object_id").alias("_object"))
        .agg(F.array_sort(F.collect_list(whole)).alias("keys"))
    )
    joined = (
        _add_first(given, keys, storage.container)
        .join(known, "_first", how="left")
        .join(things, "_object", how="left")
        .join(of_object, "_object", how="left")
    )
    missing = F.lit(UNKNOWN_OBJECT if "asked_object_id" in given.columns else UNKNOWN_KEY)
    reason = (
        F.when(F.col("_first").isNull(), NO_KEY)
        .when(F.col("_object").isNull(), missing)
        .when(F.col("status") == RETIRED, GONE)
    )
    return joined.select(
        *(F.col(f"`{name}`") for name in given.columns),
        F.col("_object").alias("object_id"),
        *_ADDED,
        "keys",
        reason.alias("reason"),
    )


def count_reasons(resolved: DataFrame) -> dict[str | None, int]:
    """How many rows have each reason; those without one are under None."""
    return {row["reason"]: row["count"] for row in resolved.groupBy("reason").count().collect()}


def _add_first(given: DataFrame, keys: DataFrame, storage: Storage) -> DataFrame:
    """Add ``_first``, the object that is asked for, whether or not it is one; null for no key."""
    if "asked_object_id" in given.columns:
        return given.withColumn("_first", F.col("asked_object_id"))
    if "record_id" in given.columns:
        record = F.col("record_id")
    elif {"dataset", "key"} <= set(given.columns):
        record = _record_of_key(storage)
    else:
        raise IdentityError(
            f"no column record_id or object_id, nor dataset and key, among "
            f"{', '.join(given.columns)}"
        )
    now = keys.select(F.col("record_id").alias("_record"), F.col("object_id").alias("_now"))
    found = given.withColumn("_record", record).join(now, "_record", how="left")
    # The key of a record that is gone is closed; its object tells.
    return found.withColumn("_first", F.coalesce("_now", object_id(F.col("_record"))))


def _record_of_key(storage: Storage) -> Column:
    """The id of the record that ``dataset`` and ``key`` name; null if they can't name one."""
    found = F.lit(None).cast("string")
    for table in open_tables(storage):
        if columns := key_columns(table):
            is_this = F.col("dataset") == table.dataset
            found = F.when(is_this, _record_id(table, columns)).otherwise(found)
    return found


def _record_id(table: OpenTable, columns: list[str]) -> Column:
    given, dataset = F.from_json("key", "map<string,string>"), table.dataset
    spellings = [
        [column, *sorted(table.column_names.both(column) - {column})] for column in columns
    ]
    parts = [F.coalesce(*(given[name] for name in names)) for names in spellings]
    is_whole = F.col("key").startswith("{") & (F.size(F.filter(F.array(*parts), F.isnull)) == 0)
    of_json = F.when(is_whole, record_id(F.lit(dataset), *parts))
    if len(columns) > 1:
        return of_json
    return F.coalesce(of_json, record_id(F.lit(dataset), F.col("key")))


def read_keys(spark: SparkSession, path: Path) -> DataFrame:
    """A file of keys to resolve, all columns of a CSV file as texts.

    Args:
        spark: the session.
        path: ``.csv``, which is read as an ingest reads it, or ``.parquet``.

    Raises:
        IdentityError: there is no such file, or it has another ending.
        SourceError: the file cannot be read.
    """
    if not path.exists() or path.suffix not in (".csv", ".parquet"):
        raise IdentityError(f"{path}: needs to be a .csv or .parquet file that is there")
    if path.suffix == ".parquet":
        return spark.read.parquet(str(path.resolve()))
    return read_records(spark, path)


def to_csv(resolved: DataFrame) -> DataFrame:
    """What a CSV file can hold: the keys as JSON."""
    return resolved.withColumn("keys", F.to_json("keys"))
