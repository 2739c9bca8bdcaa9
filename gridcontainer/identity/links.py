"""The evidence: which records are one thing by whom, with what weight; replaced as a whole."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window, functions as F

from gridcontainer.errors import IdentityError
from gridcontainer.identity.aside import set_aside
from gridcontainer.identity.schemas import EVIDENCE, KEYS, LINKS, MATCH, MERGE
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.versions import (
    ABSENT,
    CHANGE,
    INSERT,
    UPDATE,
    Stamp,
    find_changes,
    open_rows,
    write_changes,
)

UNKNOWN_RECORD: Final = "unknown record"
SELF_LINK: Final = "record linked to itself"
CONTRADICTORY: Final = "contradictory links"
REPEATED_LINK: Final = "repeated link"
FAULTY: Final = "no status or probability"
# What differs less is the same: sums over parts of the data end otherwise in their last digits.
_PROBABILITY_DIGITS: Final = 6
_WEIGHT_DIGITS: Final = 3
_NEEDED: Final = ("record_left", "record_right", "probability", "weight", "status")


@dataclass(frozen=True)
class Replaced:
    """What became of the links that a linkage gave.

    Attributes:
        links: that were given and are sound; all are open now.
        opened: of them, those that are new or other than before.
        closed: links that were open before, and are not given any more or otherwise.
        aside: given links that were set aside, by reason.
    """

    links: int
    opened: int
    closed: int
    aside: dict[str, int]


def replace_links(
    spark: SparkSession,
    storage: IdentityStorage,
    link: str,
    edges: DataFrame,
    run_id: str,
    *,
    many: Collection[str] = (),
) -> Replaced:
    """Make the links of one linkage those that it found now.

    Links that are equal to open ones stay as they are; the same links again write nothing. A link
    of a record that is gone stays too: a linkage can't see it any more. Nothing is merged yet:
    ``apply_links`` does that.

    Args:
        spark: the session.
        storage: of the identities.
        link: name of the linkage.
        edges: all its links: ``record_left``, ``record_right`` (ids of records, in any order),
            ``probability`` (0-1), ``weight`` (bits), ``status`` (``merge`` or ``match``), and
            ``evidence`` (an array of comparison, level, weight) if there is one. Evaluated several
            times.
        run_id: of the run.
        many: data sets of which an object may hold several records by these links.

    Returns:
        Counts. Links that cannot be are set aside in the quarantine under ``link.NAME``: of a
        record that has no identity, of a record with itself, given twice, or with two statuses.

    Raises:
        IdentityError: a column is missing.
    """
    if missing := [name for name in _NEEDED if name not in edges.columns]:
        raise IdentityError(f"links of {link} have no column {', '.join(missing)}")
    stamp = Stamp(run_id, datetime.now(UTC))
    keys = open_rows(spark, storage.keys, KEYS).select("record_id", "dataset")
    held = open_rows(spark, storage.links, LINKS).where(F.col("link") == link)
    judged = edges.transform(_ordered).transform(_add_reason, keys=keys)
    judged = judged.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        counts = {row[0]: row[1] for row in judged.groupBy("reason").count().collect()}
        links, name = counts.pop(None, 0), f"link.{link}"
        bad = judged.transform(_to_aside, name=name)
        set_aside(spark, storage.container, bad, {name: counts}, run_id)
        wanted = judged.where("reason IS NULL").select(
            *(name for name in judged.columns if name != "reason"),
            F.lit(link).alias("link"),
            F.array(*(F.lit(name) for name in sorted(many))).cast("array<string>").alias("many"),
        )
        visible = held.transform(_with_both_ends, keys=keys)
        changed = write_changes(find_changes(wanted, visible, LINKS), storage.links, LINKS, stamp)
    finally:
        judged.unpersist()
    kinds = {row[CHANGE]: row["count"] for row in changed}
    other = kinds.get(UPDATE, 0)
    return Replaced(links, kinds.get(INSERT, 0) + other, kinds.get(ABSENT, 0) + other, counts)


def _ordered(edges: DataFrame) -> DataFrame:
    """The smaller id at the left; numbers no finer than two runs on the same data agree on."""
    evidence = F.col("evidence") if "evidence" in edges.columns else F.lit(None)
    return edges.select(
        F.least("record_left", "record_right").alias("record_left"),
        F.greatest("record_left", "record_right").alias("record_right"),
        F.round(F.col("probability").cast("double"), _PROBABILITY_DIGITS).alias("probability"),
        _rounded(F.col("weight")).alias("weight"),
        F.transform(
            evidence.cast(EVIDENCE),
            lambda part: part.withField("weight", _rounded(part["weight"])),
        ).alias("evidence"),
        F.col("status"),
    )


def _rounded(weight: Column) -> Column:
    return F.round(weight.cast("double"), _WEIGHT_DIGITS)


def _add_reason(edges: DataFrame, *, keys: DataFrame) -> DataFrame:
    """Add the data sets of both ends, and ``reason``: why a link cannot be, or null."""
    for side in ("left", "right"):
        named = keys.select(
            F.col("record_id").alias(f"record_{side}"), F.col("dataset").alias(f"dataset_{side}")
        )
        edges = edges.join(named, f"record_{side}", how="left")
    pair = Window.partitionBy("record_left", "record_right")
    strongest = pair.orderBy(F.desc("probability"), F.desc("weight"))
    sound = F.col("status").isin(MERGE, MATCH) & F.col("probability").between(0, 1)
    reason = (
        F.when(F.col("record_left") == F.col("record_right"), SELF_LINK)
        .when(F.col("dataset_left").isNull() | F.col("dataset_right").isNull(), UNKNOWN_RECORD)
        .when(~F.coalesce(sound, F.lit(False)), FAULTY)
        .when(F.min("status").over(pair) != F.max("status").over(pair), CONTRADICTORY)
        .when(F.row_number().over(strongest) > 1, REPEATED_LINK)
    )
    return edges.withColumn("reason", reason)


def _with_both_ends(held: DataFrame, *, keys: DataFrame) -> DataFrame:
    for side in ("left", "right"):
        there = keys.select(F.col("record_id").alias(f"record_{side}"))
        held = held.join(there, f"record_{side}", how="left_semi")
    return held


def _to_aside(judged: DataFrame, *, name: str) -> DataFrame:
    content = F.to_json(F.struct(*_NEEDED))
    place = {"dataset": F.lit(name), "source_file": F.lit(name)}
    row = F.xxhash64("record_left", "record_right").alias("source_row")
    return judged.where("reason IS NOT NULL").select(
        *(column.alias(alias) for alias, column in place.items()),
        row, "reason", content.alias("row"),
    )  # fmt: skip
