"""Objects for the records of data sets: issued once, and kept while their records change."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.query.record_numbers import REMEDY, Writing
from gridcontainer.container.runs import Run, digest_of, last_runs, record_run
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import read_version
from gridcontainer.container.tables.log import require_log
from gridcontainer.errors import IdentityError
from gridcontainer.identity.aside import Reasons, set_aside
from gridcontainer.identity.records import (
    UNREADABLE_HEIGHT,
    add_reason,
    open_dataset,
    read_records,
)
from gridcontainer.identity.schemas import KEYS
from gridcontainer.identity.state import settle
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.identity.versions import Stamp, open_rows

JOB: Final = "identity issue"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Issued:
    """What an issue did for one data set.

    Attributes:
        dataset: its name.
        run: the ledger's row: of this run, or of the earlier one that saw the same records.
        changed: False where the data set was as at the earlier run.
        reasons: new versions of its objects by reason: ``issued``, ``moved``, ``retired`` ...
    """

    dataset: str
    run: Run
    changed: bool
    reasons: Mapping[str, int]

    @property
    def warning(self) -> str | None:
        """How many heights are no number, and what to do; None where there are none."""
        count = self.run.mended.get(UNREADABLE_HEIGHT, 0)
        if not count:
            return None
        return f"{self.dataset}: {count:,} heights are no number and not in the objects; {REMEDY}"


@dataclass(frozen=True)
class _Source:
    """A data set whose records get identities."""

    table: OpenTable
    object_class: str
    height: str | None
    writing: Writing

    @property
    def aside(self) -> str:
        """The name of its rows in the quarantine, and of its runs in the ledger."""
        return _aside(self.table.dataset)

    def fingerprint(self) -> str:
        """Changes when the table does, or what is taken from it."""
        words = (self.table.properties.get(f"gridcontainer.{n}", "") for n in ("key", "label"))
        table_id = str(require_log(self.table.path).metadata().id)
        taken = (self.object_class, self.height or "", *words)
        written = [self.writing.digest()] if self.height else []
        return digest_of(table_id, str(self.table.version), *taken, *written)

    def read(self, spark: SparkSession) -> DataFrame:
        """Its records."""
        return read_records(
            spark, self.table, self.object_class, height=self.height, writing=self.writing
        )


def issue(
    spark: SparkSession,
    storage: IdentityStorage,
    declarations: Collection[Declaration],
    names: Sequence[str] = (),
    *,
    report: Report = lambda step: None,
) -> list[Issued]:
    """Give each record of the data sets an object, and the objects what their records say now.

    An object keeps its id when its record moves (``moved``), is called otherwise (``corrected``),
    goes (``retired``, unless another record is the same object) and comes back (``returned``).
    Data sets that are as they were at the last run are not read, and nothing new writes nothing.

    Args:
        spark: the session.
        storage: of the identities.
        declarations: of the data sets; ``object_class`` says what their records are.
        names: of data sets; where empty all with an ``object_class`` that the container has.
        report: is told each step, for progress.

    Raises:
        DatasetError: the container has no such data set.
        IdentityError: a data set has no class or no business key, or none has.
        StorageError: Spark cannot read or write the tables.
        ConservationError: records were lost or doubled.
    """
    sources = _choose(storage.container, declarations, names)
    with storage_errors("identities cannot be issued"):
        prepare_container(storage.container)
        earlier = last_runs(storage.container, JOB)
        prints = {source.aside: source.fingerprint() for source in sources}
        same = {n: r for n, r in earlier.items() if r.fingerprint == prints.get(n)}
        changed = [source for source in sources if source.aside not in same]
        done = [
            Issued(source.table.dataset, same[source.aside], False, {})
            for source in sources
            if source.aside in same
        ]
        return done + (_issue(spark, storage, changed, prints, report) if changed else [])


def _choose(
    storage: Storage, declarations: Collection[Declaration], names: Sequence[str]
) -> list[_Source]:
    declared = {declaration.dataset: declaration for declaration in declarations}
    if unknown := [name for name in names if name not in declared]:
        raise IdentityError(f"not declared: {', '.join(unknown)}")
    there = {dataset for _, dataset, _ in storage.find_datasets()}
    chosen = [declared[name] for name in names] or [
        d for d in declarations if d.object_class is not None and d.dataset in there
    ]
    if without := [d.dataset for d in chosen if d.object_class is None]:
        raise IdentityError(
            f"{', '.join(without)}: no object_class in the declaration says what its records are; "
            "add one of the city's classes"
        )
    if not chosen:
        raise IdentityError(f"no data set in {storage.root} has an object_class in its declaration")
    return [
        _Source(
            open_dataset(storage, declaration.dataset),
            str(declaration.object_class),
            declaration.position.height if declaration.position else None,
            Writing.of(declaration),
        )
        for declaration in chosen
    ]


def _issue(
    spark: SparkSession,
    storage: IdentityStorage,
    sources: Sequence[_Source],
    fingerprints: Mapping[str, str],
    report: Report,
) -> list[Issued]:
    started, clock, run_id = datetime.now(UTC), time.perf_counter(), uuid.uuid4().hex
    names = [source.table.dataset for source in sources]
    report(f"reading {', '.join(names)}")
    records = [source.read(spark) for source in sources]
    judged = reduce(DataFrame.unionByName, records).transform(add_reason)
    judged = judged.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        rows_in, aside = _count_reasons(judged, names)
        heights = _count_heights(judged) if any(s.height for s in sources) else {}
        bad = judged.transform(_to_aside)
        set_aside(spark, storage.container, bad, {_aside(n): aside[n] for n in names}, run_id)
        report("comparing with the objects that there are")
        fresh = judged.where("reason IS NULL")
        settled = settle(spark, storage, Stamp(run_id, started), fresh=fresh, datasets=names)
    finally:
        judged.unpersist()
    counts = open_rows(spark, storage.keys, KEYS).groupBy("dataset").count().collect()
    rows_out = {row["dataset"]: row["count"] for row in counts}
    version = read_version(spark, storage.objects)

    def run_of(source: _Source) -> Run:
        name, reasons = source.table.dataset, settled.by_reason(source.table.dataset)
        return Run(
            run_id=run_id, job=JOB, dataset=source.aside, department=source.table.department,
            started=started, seconds=time.perf_counter() - clock,
            fingerprint=fingerprints[source.aside], table_version=version,
            rows_in=rows_in[name], rows_out=rows_out.get(name, 0),
            rows_quarantined=sum(aside[name].values()), reasons=aside[name],
            mended={UNREADABLE_HEIGHT: heights[name]} if name in heights else {},
            inserted=reasons.get("issued", 0), deleted=reasons.get("retired", 0),
            updated=sum(n for why, n in reasons.items() if why not in ("issued", "retired")),
        )  # fmt: skip

    runs = [run_of(source) for source in sources]
    for run in runs:
        run.require_conservation()
    record_run(storage.container, *runs)
    return [
        Issued(name, run, True, settled.by_reason(name))
        for name, run in zip(names, runs, strict=True)
    ]


def _aside(dataset: str) -> str:
    """The name of a data set's rows in the quarantine, and of its runs in the ledger."""
    return f"identity.{dataset}"


def _count_reasons(
    judged: DataFrame, names: Sequence[str]
) -> tuple[dict[str, int], dict[str, Reasons]]:
    """How many records each data set has, and how many are to be set aside by reason."""
    rows_in: Counter[str] = Counter(dict.fromkeys(names, 0))
    aside: dict[str, Reasons] = {name: {} for name in names}
    for dataset, reason, count in judged.groupBy("dataset", "reason").count().collect():
        rows_in[dataset] += count
        if reason is not None:
            aside[dataset][reason] = count
    return dict(rows_in), aside


def _count_heights(judged: DataFrame) -> dict[str, int]:
    """How many records of each data set get an identity without their height, which is none."""
    lost = judged.where("reason IS NULL AND has_unreadable_height")
    return dict(lost.groupBy("dataset").count().collect())


def _to_aside(judged: DataFrame) -> DataFrame:
    """The records that can't have an identity, as the quarantine names them."""
    name = F.concat(F.lit(_aside("")), F.col("dataset"))
    return judged.where("reason IS NOT NULL").select(
        name.alias("dataset"), "source_file", "source_row", "reason",
        F.col("business_key").alias("row"),
    )  # fmt: skip
