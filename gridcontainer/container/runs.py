"""The ledger of runs: what went in, what came out, and from which content."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import Row, SparkSession, functions as F

from gridcontainer.container.tables.schemas import RUNS_SCHEMA
from gridcontainer.container.tables.tables import append
from gridcontainer.errors import ConservationError


@dataclass(frozen=True)
class Run:
    """One run of one data set.

    Attributes:
        run_id: unique.
        job: what ran, such as ``ingest``.
        dataset: its name.
        department: its owner.
        started: UTC.
        seconds: from start to the last write.
        fingerprint: digest of the source's content and of the declaration.
        table_version: of the data set's table after the run.
        rows_in: of the source.
        rows_out: of them in the data set's table.
        rows_quarantined: of them set aside.
        reasons: rows set aside by reason.
        mended: rows that went in otherwise than they came, by reason.
        inserted: rows that this run wrote and that were not there before.
        updated: rows that were there otherwise before.
        deleted: rows that were there and that the source no longer has (with history: closed).
        kept: rows in the table that the source no longer has.
        files_before: of the table, before the run.
        files_rewritten: of them that this run read and wrote anew.
    """

    run_id: str
    job: str
    dataset: str
    department: str
    started: datetime
    seconds: float
    fingerprint: str
    table_version: int
    rows_in: int
    rows_out: int
    rows_quarantined: int
    reasons: dict[str, int] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    kept: int = 0
    files_before: int = 0
    files_rewritten: int = 0

    def require_conservation(self) -> None:
        """Rows in are rows out plus rows set aside.

        Raises:
            ConservationError: they are not; the tables are not to be trusted.
        """
        if self.rows_in != self.rows_out + self.rows_quarantined:
            raise ConservationError(
                f"{self.dataset}: {self.rows_in} rows in, but {self.rows_out} out and "
                f"{self.rows_quarantined} set aside (run {self.run_id})"
            )


def record_run(spark: SparkSession, path: str, *runs: Run) -> None:
    """Append runs to the ledger, all of them or none."""
    rows = spark.createDataFrame([asdict(run) for run in runs], RUNS_SCHEMA)
    append(rows, path, new_columns=True)


def last_run(spark: SparkSession, path: str, dataset: str) -> Run | None:
    """The newest run of a data set; None where there is none."""
    if not DeltaTable.isDeltaTable(spark, path):
        return None
    runs = spark.read.format("delta").load(path).where(F.col("dataset") == dataset)
    newest = runs.orderBy(F.desc("started")).limit(1).collect()
    return _to_run(newest[0]) if newest else None


def last_runs(spark: SparkSession, path: str, job: str) -> dict[str, Run]:
    """The newest run of a job for each data set that it ran for."""
    if not DeltaTable.isDeltaTable(spark, path):
        return {}
    runs = spark.read.format("delta").load(path).where(F.col("job") == job)
    newest = runs.groupBy("dataset").agg(F.max_by(F.struct("*"), "started").alias("run"))
    return {row["dataset"]: _to_run(row["run"]) for row in newest.collect()}


def _to_run(row: Row) -> Run:
    # What a ledger of an earlier release did not write is null.
    values = {name: value for name, value in row.asDict().items() if value is not None}
    started = values["started"].astimezone(UTC)  # its times are local and do not say so
    return Run(**(values | {"started": started}))


def digest_of_files(files: Iterable[Path]) -> str:
    """A digest of the files' names and bytes."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def digest_of(*texts: str) -> str:
    """A digest of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()
