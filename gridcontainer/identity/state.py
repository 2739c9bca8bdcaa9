"""What keys and objects are by the evidence: computed as a whole, written as a difference.

The evidence is which records there are and which links are open. Each table is compared with what
it should hold by itself, so that a run that was killed between two tables is mended by the next.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
from pyspark.sql import Column, DataFrame, Row, SparkSession, functions as F

from gridcontainer.identity.grouping import Grouping, group_records
from gridcontainer.identity.object_ids import object_id
from gridcontainer.identity.schemas import (
    ACTIVE,
    DIFFERENT,
    ISSUED,
    KEYS,
    LINKS,
    MERGE,
    MERGED,
    OBJECTS,
    PLACE,
    RECORD,
    RETIRED,
)
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.versions import (
    CHANGE,
    INSERT,
    UPDATE,
    Stamp,
    content_digest,
    find_changes,
    open_rows,
    update_quietly,
    write_changes,
)

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_MEMBERS: Final = (
    "record_id string, first string, is_live boolean, link string, weight double, "
    "probability double"
)
_KEY: Final = ("record_id", "department", "dataset", "business_key")
_CONTENT: Final = [f for f in RECORD if f.name not in ("record_id", "business_key")]
_OF_LINKS: Final = ["record_left", "record_right", "link", "probability", "weight", "many"]
_FEW: Final = 200_000  # members that are sent to every task


@dataclass(frozen=True)
class Settled:
    """What changed when the state was made to follow from the evidence.

    Attributes:
        objects: new versions of objects: ``reason``, ``dataset`` and ``count``.
        keys: how many keys were opened, closed or turned to another object.
        refused: how many links to merge are not applied, by reason.
    """

    objects: Sequence[Row]
    keys: int
    refused: dict[str, int]

    def by_reason(self, dataset: str | None = None) -> dict[str, int]:
        """New versions of the objects of a data set (or of all) by reason."""
        found: Counter[str] = Counter()
        for row in self.objects:
            if dataset in (None, row["dataset"]):
                found[row["reason"]] += row["count"]
        return dict(found)


def settle(
    spark: SparkSession,
    storage: IdentityStorage,
    stamp: Stamp,
    *,
    fresh: DataFrame | None = None,
    datasets: Sequence[str] = (),
) -> Settled:
    """Bring keys and objects into the state that follows from records and links.

    Args:
        spark: the session.
        storage: of the identities.
        stamp: of the run.
        fresh: the columns of ``RECORD`` of all records that some data sets have now; evaluated
            several times, so best persisted.
        datasets: these data sets. The records of all others are those of the open keys.
    """
    held_keys = open_rows(spark, storage.keys, KEYS)
    held_objects = open_rows(spark, storage.objects, OBJECTS)
    there = _records_there(held_keys, fresh, datasets)
    known = _known_records(held_objects, there, stamp)
    links = open_rows(spark, storage.links, LINKS).where(F.col("status").isin(MERGE, DIFFERENT))
    grouping, evidence = _group(known, links)
    members = _to_frame(spark, grouping.members)
    wanted_keys = there.transform(_to_keys, members=members)
    keys = write_changes(find_changes(wanted_keys, held_keys, KEYS), storage.keys, KEYS, stamp)
    changed = known.transform(_to_objects, members=members)
    objects = write_changes(changed, storage.objects, OBJECTS, stamp, by=("reason", "dataset"))
    _note_refusals(spark, storage, evidence, grouping.refused)
    said = (reason.partition(":")[0] for reason in grouping.refused.to_pylist() if reason)
    return Settled(objects, sum(row["count"] for row in keys), dict(Counter(said)))


def _records_there(
    held_keys: DataFrame, fresh: DataFrame | None, datasets: Sequence[str]
) -> DataFrame:
    """The records that there are: fresh ones with their content, the others by their keys."""
    held = held_keys.select(*_KEY, F.lit(False).alias("is_fresh"))
    if fresh is None:
        nothing = [f for f in RECORD if f.name not in _KEY]
        return held.select("*", *(F.lit(None).cast(f.dataType).alias(f.name) for f in nothing))
    others = held.where(~F.col("dataset").isin(*datasets))
    own = fresh.select(*(f.name for f in RECORD), F.lit(True).alias("is_fresh"))
    return own.unionByName(others, allowMissingColumns=True)


def _known_records(held_objects: DataFrame, there: DataFrame, stamp: Stamp) -> DataFrame:
    """All records that were ever issued an object, with what is known of them now.

    Returns:
        ``record_id``, ``object_id`` (of its own object), the columns of content, ``issued``,
        ``is_there``; and of its object as it is held ``held_digest`` (null if it has none),
        ``held_place``, ``held_status`` and ``held_merged_into``.
    """
    held = held_objects.select(
        "record_id",
        "issued",
        content_digest(OBJECTS).alias("held_digest"),
        F.col("status").alias("held_status"),
        F.col("merged_into").alias("held_merged_into"),
        F.xxhash64(*(f.name for f in PLACE)).alias("held_place"),
        *(F.col(f.name).alias(f"held_{f.name}") for f in _CONTENT),
    )
    content = [
        F.when(F.col("is_fresh"), F.col(f.name)).otherwise(F.col(f"held_{f.name}")).alias(f.name)
        for f in _CONTENT
    ]
    both = held.join(there, "record_id", how="full_outer")
    return both.where("held_digest IS NOT NULL OR is_fresh").select(
        "record_id",
        object_id(F.col("record_id")).alias("object_id"),
        F.coalesce("issued", F.lit(stamp.moment)).alias("issued"),
        F.col("is_fresh").isNotNull().alias("is_there"),
        *content,
        *("held_digest", "held_place", "held_status", "held_merged_into"),
    )


def _group(known: DataFrame, links: DataFrame) -> tuple[Grouping, pa.Table]:
    """The components of the open links, and the links to merge as they are held."""
    found = links.select(*_OF_LINKS, "status", "refused").toArrow()
    merge = _ARROW.equal(found.column("status"), MERGE)
    evidence, vetoes = found.filter(merge), found.filter(_ARROW.invert(merge))
    records = known.select("record_id", "dataset", "object_class", "is_there", "issued")
    if not found.num_rows:
        return group_records(records.limit(0).toArrow(), evidence, vetoes), evidence
    ends = links.select(F.explode(F.array("record_left", "record_right")).alias("record_id"))
    in_links = records.join(ends, "record_id", how="left_semi").toArrow()
    return group_records(in_links, evidence, vetoes), evidence


def _to_frame(spark: SparkSession, members: pa.Table) -> DataFrame:
    frame = spark.createDataFrame(members, _MEMBERS)
    return F.broadcast(frame) if members.num_rows <= _FEW else frame


def _to_keys(there: DataFrame, *, members: DataFrame) -> DataFrame:
    """The keys as they should be: each record's own object, or that of the first of its group."""
    shares = F.col("first").isNotNull() & (F.col("first") != F.col("record_id"))
    return there.join(members, "record_id", how="left").select(
        *_KEY,
        object_id(F.coalesce("first", "record_id")).alias("object_id"),
        F.when(shares, F.col("link")).otherwise(ISSUED).alias("method"),
        F.when(shares, F.col("weight")).alias("weight"),
        F.when(shares, F.col("probability")).alias("probability"),
    )


def _to_objects(known: DataFrame, *, members: DataFrame) -> DataFrame:
    """The objects that must have a new version, with the change and its reason."""
    shares = F.col("first").isNotNull() & (F.col("first") != F.col("record_id"))
    is_live = F.coalesce("is_live", "is_there")
    status = F.when(shares, MERGED).when(is_live, ACTIVE).otherwise(RETIRED)
    wanted = (
        known.join(members, "record_id", how="left")
        .withColumn("status", status)
        .withColumn("merged_into", F.when(shares, object_id(F.col("first"))))
    )
    is_new = F.col("held_digest").isNull()
    is_changed = F.col("held_digest") != content_digest(OBJECTS)
    changed = wanted.withColumn(CHANGE, F.when(is_new, INSERT).when(is_changed, UPDATE))
    names = [name for name in OBJECTS.schema.names if name in wanted.columns]
    return changed.where(F.col(CHANGE).isNotNull()).select(
        CHANGE, *names, _reason().alias("reason")
    )


def _reason() -> Column:
    """Why an object has a new version: what became of it goes before where it is and is called."""
    status, held = F.col("status"), F.col("held_status")
    turned = ~F.col("merged_into").eqNullSafe(F.col("held_merged_into"))
    return (
        F.when(F.col("held_digest").isNull(), "issued")
        .when((status == MERGED) & turned, "merged")
        .when((status == RETIRED) & (held != RETIRED), "retired")
        .when((status == ACTIVE) & (held == MERGED), "split")
        .when((status == ACTIVE) & (held == RETIRED), "returned")
        .when(F.col("held_place") != F.xxhash64(*(f.name for f in PLACE)), "moved")
        .otherwise("corrected")
    )


def _note_refusals(
    spark: SparkSession, storage: IdentityStorage, evidence: pa.Table, refused: pa.Array
) -> None:
    """Write down why links are not applied; that makes no new version of them."""
    same = _ARROW.equal(
        _ARROW.fill_null(evidence.column("refused"), ""), _ARROW.fill_null(refused, "")
    )
    noted = evidence.select([*LINKS.key]).append_column("refused", refused)
    if (changed := noted.filter(_ARROW.invert(same))).num_rows:
        frame = spark.createDataFrame(
            changed, "record_left string, record_right string, link string, refused string"
        )
        update_quietly(frame, storage.links, LINKS)
