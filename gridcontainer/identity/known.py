"""All records that are or were known, each in a narrow row: what is, beside what is held.

Narrow, since all of them are compared on every run, and few have changed: what an object is called
and where it lies is fetched for those alone.
"""

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.identity.object_ids import object_id
from gridcontainer.identity.schemas import PLACE, RECORD
from gridcontainer.identity.versions import Stamp

KEY: Final = ("department", "dataset", "business_key")
CONTENT: Final = tuple(f.name for f in RECORD if f.name not in ("record_id", "business_key"))
_PLACE: Final = tuple(f.name for f in PLACE)


def known_records(
    fresh: DataFrame | None,
    keys: DataFrame,
    objects: DataFrame,
    *,
    datasets: Sequence[str],
    stamp: Stamp,
) -> DataFrame:
    """What is known of all records.

    Args:
        fresh: the columns of ``RECORD`` of all records that some data sets have now.
        keys: open rows of the table of keys.
        objects: open rows of the table of objects.
        datasets: those of ``fresh``; of the others the open keys tell what there is.
        stamp: of the run, which issues the new objects.

    Returns:
        A row for each record: ``record_id``, ``object_id`` (of its own object), ``dataset``,
        ``object_class``, ``issued``, ``is_fresh`` (its content may be other than held),
        ``is_there``; the key as it is held (``key_object_id``, null if it is not held,
        ``key_method``, ``key_weight``, ``key_probability``), the object as it is held
        (``held_status``, null if it is not held, ``held_merged_into``), and whether ``key``,
        ``place`` and ``content`` are other than held (``key_differs`` ...; false where nothing
        fresh is known).
    """
    held_keys = keys.select(
        "record_id",
        F.col("dataset").alias("key_dataset"),
        F.col("object_id").alias("key_object_id"),
        *(F.col(name).alias(f"key_{name}") for name in ("method", "weight", "probability")),
        *_digests("held_", fresh is not None, key=KEY),
    )
    held_objects = objects.select(
        "record_id",
        F.col("object_id").alias("held_object"),
        F.col("dataset").alias("held_dataset"),
        F.col("object_class").alias("held_class"),
        F.col("issued").alias("held_issued"),
        F.col("status").alias("held_status"),
        F.col("merged_into").alias("held_merged_into"),
        *_digests("held_", fresh is not None, place=_PLACE, content=CONTENT),
    )
    held = held_keys.join(held_objects, "record_id", how="full_outer")
    if fresh is None:
        nothing = {"dataset": "string", "object_class": "string"}
        digests = {f"now_{name}": "bigint" for name in ("key", "place", "content")}
        known = held.withColumns(
            {n: F.lit(None).cast(kind) for n, kind in (nothing | digests).items()}
        ).withColumn("is_fresh", F.lit(False))
    else:
        now = fresh.select(
            *("record_id", "dataset", "object_class"),
            F.lit(True).alias("is_fresh"),
            *_digests("now_", True, key=KEY, place=_PLACE, content=CONTENT),
        )
        known = now.join(held, "record_id", how="full_outer")
    return known.transform(_compare, datasets=datasets, stamp=stamp)


def _digests(prefix: str, wanted: bool, **columns: Sequence[str]) -> list[Column]:
    return [
        (F.xxhash64(*names, *(F.col(n).isNull() for n in names)) if wanted else F.lit(0)).alias(
            prefix + name
        )
        for name, names in columns.items()
    ]


def _compare(known: DataFrame, *, datasets: Sequence[str], stamp: Stamp) -> DataFrame:
    is_fresh = F.coalesce("is_fresh", F.lit(False))
    kept = F.col("key_object_id").isNotNull() & ~F.col("key_dataset").isin(*datasets)
    return known.where("held_object IS NOT NULL OR key_object_id IS NOT NULL OR is_fresh").select(
        "record_id",
        F.coalesce("held_object", object_id(F.col("record_id"))).alias("object_id"),
        F.coalesce("dataset", "held_dataset", "key_dataset").alias("dataset"),
        F.coalesce("object_class", "held_class").alias("object_class"),
        F.coalesce("held_issued", F.lit(stamp.moment)).alias("issued"),
        is_fresh.alias("is_fresh"),
        (is_fresh | kept).alias("is_there"),
        *("key_object_id", "key_method", "key_weight", "key_probability"),
        *("held_status", "held_merged_into"),
        *(
            (is_fresh & (F.col(f"now_{name}") != F.col(f"held_{name}"))).alias(f"{name}_differs")
            for name in ("key", "place", "content")
        ),
    )
