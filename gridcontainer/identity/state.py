"""What keys and objects are by the evidence: computed as a whole, written as a difference.

The evidence is which records there are and which links are open. Each table is compared with what
it should hold by itself, so that a run that was killed between two tables is mended by the next.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Row, SparkSession, functions as F

from gridcontainer.identity.grouping import Grouping, group_records
from gridcontainer.identity.known import CONTENT, KEY, known_records
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
    RETIRED,
)
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.versions import (
    ABSENT,
    CHANGE,
    INSERT,
    UPDATE,
    Stamp,
    open_rows,
    update_quietly,
    write_changes,
)

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_MEMBERS: Final = (
    "record_id string, first string, is_live boolean, link string, weight double, "
    "probability double"
)
_OF_LINKS: Final = ("record_left", "record_right", "link", "probability", "weight", "many")
_FEW: Final = 200_000  # members that are sent to every task


@dataclass(frozen=True)
class Settled:
    """What changed when the state was made to follow from the evidence.

    Attributes:
        objects: new versions of objects: ``reason``, ``of_dataset`` and ``count``.
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
            if dataset in (None, row["of_dataset"]):
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
    links = open_rows(spark, storage.links, LINKS).where(F.col("status").isin(MERGE, DIFFERENT))
    known = known_records(fresh, held_keys, held_objects, datasets=datasets, stamp=stamp)
    known = known.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        grouping, evidence = _group(known, links)
        grouped = known.join(_to_frame(spark, grouping.members), "record_id", how="left")
        keys = write_changes(
            grouped.transform(_change_keys), storage.keys, KEYS, stamp,
            fill=partial(_fill, columns=KEY, fresh=fresh, held=held_keys),
        )  # fmt: skip
        objects = write_changes(
            grouped.transform(_change_objects), storage.objects, OBJECTS, stamp,
            fill=partial(_fill, columns=CONTENT, fresh=fresh, held=held_objects),
            by=("reason", "of_dataset"),
        )  # fmt: skip
    finally:
        known.unpersist()
    _note_refusals(spark, storage, evidence, grouping.refused)
    said = (reason.partition(":")[0] for reason in grouping.refused.to_pylist() if reason)
    return Settled(objects, sum(row["count"] for row in keys), dict(Counter(said)))


def _group(known: DataFrame, links: DataFrame) -> tuple[Grouping, pa.Table]:
    """The components of the open links, and the links to merge as they are held."""
    found = links.select(*_OF_LINKS, "status", "refused").toArrow()
    merge = _ARROW.equal(found.column("status"), MERGE)
    evidence, vetoes = found.filter(merge), found.filter(_ARROW.invert(merge))
    records = known.where("is_fresh OR held_status IS NOT NULL").select(
        "record_id", "dataset", "object_class", "is_there", "issued"
    )
    if not found.num_rows:
        return group_records(records.limit(0).toArrow(), evidence, vetoes), evidence
    ends = links.select(F.explode(F.array("record_left", "record_right")).alias("record_id"))
    in_links = records.join(ends, "record_id", how="left_semi").toArrow()
    return group_records(in_links, evidence, vetoes), evidence


def _to_frame(spark: SparkSession, members: pa.Table) -> DataFrame:
    frame = spark.createDataFrame(members, _MEMBERS)
    return F.broadcast(frame) if members.num_rows <= _FEW else frame


def _shares() -> Column:
    """Whether a record's object is that of another record."""
    return F.col("first").isNotNull() & (F.col("first") != F.col("record_id"))


def _change_keys(grouped: DataFrame) -> DataFrame:
    """The keys that must change: to each record its own object, or that of the first of its group.

    Returns:
        ``_change`` and the columns of keys but for those of ``KEY``; ``is_fresh``.
    """
    wanted = {
        "object_id": F.when(_shares(), object_id(F.col("first"))).otherwise(F.col("object_id")),
        "method": F.when(_shares(), F.col("link")).otherwise(ISSUED),
        **{name: F.when(_shares(), F.col(name)) for name in ("weight", "probability")},
    }
    is_held = F.col("key_object_id").isNotNull()
    same = F.lit(True)
    for name, value in wanted.items():
        same = same & value.eqNullSafe(F.col(f"key_{name}"))
    change = (
        F.when(F.col("is_there") & ~is_held, INSERT)
        .when(~F.col("is_there") & is_held, ABSENT)
        .when(F.col("is_there") & (F.col("key_differs") | ~same), UPDATE)
    )
    return (
        grouped.withColumn(CHANGE, change)
        .where(F.col(CHANGE).isNotNull())
        .select(CHANGE, "record_id", "is_fresh", *(v.alias(n) for n, v in wanted.items()))
    )


def _change_objects(grouped: DataFrame) -> DataFrame:
    """The objects that must have a new version, with the change and its reason.

    Returns:
        ``_change`` and the columns of objects but for those of ``CONTENT``; ``is_fresh`` and
        ``of_dataset``.
    """
    is_live = F.coalesce("is_live", "is_there")
    status = F.when(_shares(), MERGED).when(is_live, ACTIVE).otherwise(RETIRED)
    wanted = grouped.where("is_fresh OR held_status IS NOT NULL").withColumns(
        {"status": status, "merged_into": F.when(_shares(), object_id(F.col("first")))}
    )
    same = F.col("status").eqNullSafe(F.col("held_status")) & F.col("merged_into").eqNullSafe(
        F.col("held_merged_into")
    )
    change = F.when(F.col("held_status").isNull(), INSERT).when(
        F.col("content_differs") | ~same, UPDATE
    )
    return (
        wanted.withColumn(CHANGE, change)
        .where(F.col(CHANGE).isNotNull())
        .select(
            *(CHANGE, "object_id", "record_id", "status", "merged_into", "issued", "is_fresh"),
            _reason().alias("reason"),
            F.col("dataset").alias("of_dataset"),
        )
    )


def _reason() -> Column:
    """Why an object has a new version: what became of it goes before where it is and is called."""
    status, held = F.col("status"), F.col("held_status")
    turned = ~F.col("merged_into").eqNullSafe(F.col("held_merged_into"))
    return (
        F.when(held.isNull(), "issued")
        .when((status == MERGED) & turned, "merged")
        .when((status == RETIRED) & (held != RETIRED), "retired")
        .when((status == ACTIVE) & (held == MERGED), "split")
        .when((status == ACTIVE) & (held == RETIRED), "returned")
        .when(F.col("place_differs"), "moved")
        .otherwise("corrected")
    )


def _fill(
    changed: DataFrame, *, columns: Sequence[str], fresh: DataFrame | None, held: DataFrame
) -> DataFrame:
    """Add columns to changed rows: as they are now where that is known, else as they are held."""
    old = changed.where("NOT is_fresh")
    old = old.join(held.select("record_id", *columns), "record_id", how="inner")
    if fresh is None:
        return old
    new = changed.where("is_fresh")
    new = new.join(fresh.select("record_id", *columns), "record_id", how="inner")
    return new.unionByName(old)


def _note_refusals(
    spark: SparkSession, storage: IdentityStorage, evidence: pa.Table, refused: pa.Array
) -> None:
    """Write down why links are not applied; that makes no new version of them."""
    before, after = (_ARROW.fill_null(why, "") for why in (evidence.column("refused"), refused))
    noted = evidence.select([*LINKS.key]).append_column("refused", refused)
    if (changed := noted.filter(_ARROW.not_equal(before, after))).num_rows:
        frame = spark.createDataFrame(
            changed, "record_left string, record_right string, link string, refused string"
        )
        update_quietly(frame, storage.links, LINKS)
