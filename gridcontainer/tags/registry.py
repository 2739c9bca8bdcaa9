"""The registry: tags are issued, renewed, withdrawn and replaced, and no former state is lost."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd
from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession, Window, functions as F
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.container.declaration import CityProfile
from gridcontainer.container.quarantine.frames import set_aside
from gridcontainer.container.runs import Run, record_run
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.arrange import arrange
from gridcontainer.container.tables.frames import as_schema, create_table, first_line, read_version
from gridcontainer.container.tables.layout import ROWS_PER_FILE, Layout
from gridcontainer.errors import StorageError, TagError
from gridcontainer.tags.identifier import make_tag_id, read_tag_id
from gridcontainer.tags.subjects import find_subjects, judge, read_objects
from gridcontainer.tags.tables import PROPERTIES, REGISTRY_SCHEMA, registry_path

_CONTENT: Final = ("attributes", "cell", "grid_code", "grid_level", "lon", "lat")
_SUBJECT: Final = ("issuer", "subject", "tag_class")
_CLOSES: Final = "_closes"
_UDF: Final[Any] = pandas_udf  # its types know no plain function


@dataclass(frozen=True)
class Issued:
    """What an issue did.

    Attributes:
        run: the ledger's row: requests in, tags out, set aside by reason.
        new: tags.
        changed: tags whose attributes or place are other than before.
        known: tags that are as before, active or not.
    """

    run: Run
    new: int
    changed: int
    known: int


def issue(requests: DataFrame, *, city: CityProfile, storage: Storage, name: str) -> Issued:
    """Issue the tags that are requested; the same requests again change nothing.

    A tag that was withdrawn stays withdrawn. Requests that cannot be met are set aside.

    Args:
        requests: see ``gridcontainer.tags.requests``; read several times.
        city: its profile, with the classes of tags and the departments.
        storage: the container.
        name: of the source, for the ledger and the quarantine.

    Raises:
        TagError: the city has no classes of tags.
        StorageError: Spark cannot read or write the tables.
        ConservationError: requests were lost.
    """
    if not city.tag_classes:
        raise TagError(f"the profile of {city.city} has no tag_classes; add them there")
    try:
        return _issue(requests, city, storage, name)
    except (PySparkException, Py4JJavaError) as error:
        raise StorageError(
            f"{name}: Spark failed: {first_line(error)}. The next run does again what this one "
            "left undone"
        ) from error


def withdraw(
    spark: SparkSession, storage: Storage, tag_ids: Sequence[str], *, replace: bool = False
) -> dict[str, str | None]:
    """Take tags out of use; their former states stay.

    Args:
        spark: the session.
        storage: the container.
        tag_ids: as somebody wrote them.
        replace: issue another tag for the same object or cell in place of each.

    Returns:
        By each identifier that of the tag that replaces it, or None.

    Raises:
        TagError: an identifier cannot be read, is not in the registry, or is not active; none is
            withdrawn then.
    """
    wanted = list(dict.fromkeys(read_tag_id(text) for text in tag_ids))
    path = registry_path(storage)
    if not DeltaTable.isDeltaTable(spark, path):
        raise TagError(f"no tags in {storage.root}; run: gridcontainer tags issue")
    current = DeltaTable.forPath(spark, path).toDF().where("valid_to IS NULL")
    held = current.where(F.col("tag_id").isin(*wanted)).withColumn("subject", _subject())
    states = {row["tag_id"]: row for row in held.collect()}
    if unknown := [tag for tag in wanted if tag not in states]:
        raise TagError(f"not in the registry: {', '.join(unknown)}")
    if passive := [tag for tag in wanted if states[tag]["status"] != "active"]:
        raise TagError(f"not active: {', '.join(passive)}; see: gridcontainer tags show")
    successors = {
        tag: make_tag_id(row["issuer"], row["subject"], row["tag_class"], row["number"] + 1)
        if replace
        else None
        for tag, row in states.items()
    }
    moment, run_id = datetime.now(UTC), uuid.uuid4().hex
    begun = {"valid_from": F.lit(moment), "run_id": F.lit(run_id)}
    pairs = spark.createDataFrame(list(successors.items()), "tag_id string, successor string")
    ended = held.join(F.broadcast(pairs), "tag_id", how="inner")
    former = ended.withColumns(
        begun
        | {
            "status": F.lit("replaced" if replace else "withdrawn"),
            "replaced_by": F.col("successor"),
        }
    )
    fresh = ended.where("successor IS NOT NULL").withColumns(
        begun
        | {
            "tag_id": F.col("successor"),
            "number": F.col("number") + 1,
            "issued_at": F.lit(moment),
        }
    )
    names = [field.name for field in REGISTRY_SCHEMA]
    _write_states(former.select(*names).unionByName(fresh.select(*names)), path, moment)
    return {tag: successors[tag] for tag in wanted}


def _issue(requests: DataFrame, city: CityProfile, storage: Storage, name: str) -> Issued:
    started, clock = datetime.now(UTC), time.perf_counter()
    spark, path, run_id = requests.sparkSession, registry_path(storage), uuid.uuid4().hex
    create_table(spark, path, REGISTRY_SCHEMA, properties=PROPERTIES)
    datasets = [row[0] for row in requests.select("dataset").distinct().collect() if row[0]]
    judged = (
        requests.transform(find_subjects, read_objects(spark, storage, datasets))
        .transform(judge, classes=list(city.tag_classes), issuers=list(city.departments))
        .persist(StorageLevel.MEMORY_AND_DISK)
    )
    try:
        current = DeltaTable.forPath(spark, path).toDF().where("valid_to IS NULL")
        states = find_states(judged.where("reason IS NULL"), current, moment=started, run_id=run_id)
        states = states.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            counts = {row[0]: row[1] for row in states.groupBy("_change").count().collect()}
            names = [field.name for field in REGISTRY_SCHEMA]
            changed = states.where("_change != 'known'").select(*names)
            if counts.get("changed"):
                _write_states(changed, path, started)
            elif counts.get("new"):
                layout = Layout(None, files=max(1, counts["new"] // ROWS_PER_FILE))
                by_cell = arrange(changed, layout=layout, order=["cell"])
                by_cell.write.format("delta").mode("append").save(path)
            rows_out = _count_held(states, spark, path)
        finally:
            states.unpersist()
        aside = judged.where("reason IS NOT NULL").withColumn("detail", F.lit(None))
        reasons = set_aside(aside, storage, name=f"tags.{name}", run_id=run_id)
        rows_in = judged.count()
    finally:
        judged.unpersist()
    run = Run(
        run_id=run_id,
        job="tags issue",
        dataset=f"tags.{name}",
        department="",
        started=started,
        seconds=time.perf_counter() - clock,
        fingerprint="",
        table_version=read_version(spark, path),
        rows_in=rows_in,
        rows_out=rows_out,
        rows_quarantined=sum(reasons.values()),
        reasons=reasons,
        inserted=counts.get("new", 0),
        updated=counts.get("changed", 0),
    )
    run.require_conservation()
    record_run(storage, run)
    return Issued(run, counts.get("new", 0), counts.get("changed", 0), counts.get("known", 0))


def find_states(
    requests: DataFrame, current: DataFrame, *, moment: datetime, run_id: str
) -> DataFrame:
    """The state that each requested tag is to have.

    Args:
        requests: that can be met, of ``judge``; each issuer, subject and class once.
        current: states of the registry that hold now.
        moment: from which the new states hold.
        run_id: of the run.

    Returns:
        One row a request: ``REGISTRY_SCHEMA`` and ``_change``, ``new``, ``changed`` or ``known``. A
        tag that is not active is ``known`` whatever is requested.
    """
    subject = Window.partitionBy(*_SUBJECT).orderBy(F.desc("number"))
    newest = (
        current.withColumn("subject", _subject())
        .withColumn("_place", F.row_number().over(subject))
        .where("_place = 1")
    )
    held = newest.select(
        *_SUBJECT,
        *(
            F.col(name).alias(f"_{name}")
            for name in ("tag_id", "number", "issued_at", "status", "replaced_by", *_CONTENT)
        ),
    )
    both = requests.join(held, list(_SUBJECT), how="left")
    same = _entries("attributes").eqNullSafe(_entries("_attributes"))
    for name in _CONTENT[1:]:
        same &= F.col(name).eqNullSafe(F.col(f"_{name}"))
    is_new = F.col("_tag_id").isNull()
    change = (F.when(is_new, "new").when(same | (F.col("_status") != "active"), "known")).otherwise(
        "changed"
    )
    number = F.coalesce("_number", F.lit(1))
    values: dict[str, Column] = {
        "tag_id": F.coalesce("_tag_id", _UDF(_tag_ids, "string")(*_SUBJECT, number)),
        "number": number,
        "issued_at": F.coalesce("_issued_at", F.lit(moment)),
        "status": F.coalesce("_status", F.lit("active")),
        "replaced_by": F.col("_replaced_by"),
        "valid_from": F.lit(moment),
        "valid_to": F.lit(None),
        "run_id": F.lit(run_id),
    }
    return both.select(*as_schema(REGISTRY_SCHEMA, values), change.alias("_change"))


def _write_states(states: DataFrame, path: str, moment: datetime) -> None:
    """In one version: the states that held before end, and the new ones begin."""
    both = states.withColumn(_CLOSES, F.lit(True)).unionByName(
        states.withColumn(_CLOSES, F.lit(False))
    )
    same = f"held.tag_id = new.tag_id AND held.valid_to IS NULL AND new.{_CLOSES}"
    (
        DeltaTable.forPath(states.sparkSession, path)
        .alias("held")
        .merge(both.alias("new"), same)
        .whenMatchedUpdate(set={"valid_to": F.lit(moment)})
        .whenNotMatchedInsert(
            f"NOT new.{_CLOSES}",
            values={field.name: F.col(f"new.{field.name}") for field in REGISTRY_SCHEMA},
        )
        .execute()
    )


def _count_held(states: DataFrame, spark: SparkSession, path: str) -> int:
    """Tags that the registry has, read back from it."""
    held = DeltaTable.forPath(spark, path).toDF().where("valid_to IS NULL").select("tag_id")
    return states.select("tag_id").join(held, "tag_id", how="left_semi").count()


def _subject() -> Column:
    return F.coalesce("object_id", "grid_code")


def _entries(name: str) -> Column:
    """A map as something that can be compared."""
    return F.array_sort(F.map_entries(name))


def _tag_ids(
    issuers: pd.Series, subjects: pd.Series, classes: pd.Series, numbers: pd.Series
) -> pd.Series:
    facts = zip(issuers, subjects, classes, numbers, strict=True)
    return pd.Series([make_tag_id(*fact) for fact in facts])
