"""Links taken back: the keys and objects are again what they were without them."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession, Window, functions as F

from gridcontainer.errors import IdentityError
from gridcontainer.identity.apply import apply_links
from gridcontainer.identity.lookup import find_rows
from gridcontainer.identity.manual import Decision, to_links
from gridcontainer.identity.references import read_reference
from gridcontainer.identity.schemas import LINKS, MANUAL, MERGE
from gridcontainer.identity.state import Settled
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.identity.versions import (
    ABSENT,
    CHANGE,
    INSERT,
    Stamp,
    find_changes,
    open_rows,
    read_versions,
    rows_at,
    write_changes,
)


@dataclass(frozen=True)
class Undone:
    """What taking back did.

    Attributes:
        run_id: of the taking back; it can be taken back itself.
        closed: links that do not hold any more.
        opened: links that hold again; or that keep two records apart.
        settled: what became of keys and objects.
    """

    run_id: str
    closed: int
    opened: int
    settled: Settled


def undo_run(spark: SparkSession, storage: IdentityStorage, run_id: str) -> Undone:
    """Close the links that a run opened and open again those that it closed.

    What a later run has changed since stays as it is. The next run of a linkage finds its links
    again: to keep two records apart for good, take back their link (``undo_link_between``).

    Raises:
        IdentityError: no link is as that run left it.
    """
    links = read_versions(spark, storage.links, LINKS)
    now = rows_at(links, None)
    own = now.where(F.col("run_id") == run_id)
    newest = Window.partitionBy(*LINKS.key).orderBy(F.desc("valid_from"))
    before = (
        links.where((F.col("closed_by") == run_id) & (F.col("run_id") != run_id))
        .withColumn("_age", F.row_number().over(newest))
        .where("_age = 1")
    )
    others = now.where(F.col("run_id") != run_id).select(*LINKS.key)
    wanted = before.join(others, list(LINKS.key), how="left_anti")
    missing = f"no link is as run {run_id} left it; gridcontainer identity history tells the runs"
    return _replace(spark, storage, wanted, own, missing)


def undo_link(spark: SparkSession, storage: IdentityStorage, link: str) -> Undone:
    """Close all links of a linkage, or of what people decided (``manual``).

    Raises:
        IdentityError: it has none.
    """
    own = open_rows(spark, storage.links, LINKS).where(F.col("link") == link)
    return _replace(spark, storage, own.limit(0), own, f"there are no links {link}")


def undo_link_between(
    spark: SparkSession, storage: IdentityStorage, left: str, right: str, *, who: str, why: str
) -> Undone:
    """Take back the link between two records, for good.

    What people decided is closed. What a linkage finds it would find again, so it is decided that
    the two are different: that goes before it, now and at each later run.

    Args:
        spark: the session.
        storage: of the identities.
        left: a reference to a record.
        right: a reference to another.
        who: takes it back.
        why: they do.

    Raises:
        IdentityError: nothing links the two.
    """
    records = [read_reference(storage.container, text) for text in (left, right)]
    decision = Decision(records[0], records[1], same=False, who=who, why=why)
    smaller, greater = decision.pair
    found = [
        row
        for row in find_rows(storage.links, "record_left", [smaller])
        if row["record_right"] == greater and row["status"] == MERGE
    ]
    if not found:
        raise IdentityError(
            f"no link makes {left} and {right} one object; gridcontainer identity explain tells "
            "what does"
        )
    datasets = {smaller: found[0]["dataset_left"], greater: found[0]["dataset_right"]}
    finds_again = any(row["link"] != MANUAL for row in found)
    wanted = to_links(spark, [decision] if finds_again else [], datasets)
    held = open_rows(spark, storage.links, LINKS).where(
        (F.col("link") == MANUAL)
        & (F.col("record_left") == smaller)
        & (F.col("record_right") == greater)
    )
    return _replace(spark, storage, wanted, held, f"{left} and {right} are kept apart already")


def _replace(
    spark: SparkSession, storage: IdentityStorage, wanted: DataFrame, held: DataFrame, missing: str
) -> Undone:
    stamp = Stamp(uuid.uuid4().hex, datetime.now(UTC))
    with storage_errors("links cannot be taken back"):
        counts = write_changes(find_changes(wanted, held, LINKS), storage.links, LINKS, stamp)
        if not counts:
            raise IdentityError(missing)
        kinds = {row[CHANGE]: row["count"] for row in counts}
        opened = sum(count for kind, count in kinds.items() if kind != ABSENT)
        closed = sum(count for kind, count in kinds.items() if kind != INSERT)
        return Undone(stamp.run_id, closed, opened, apply_links(spark, storage, stamp.run_id))
