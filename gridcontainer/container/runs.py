"""The ledger of runs: what went in, what came out, and from which content."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.schemas import RUNS_SCHEMA
from gridcontainer.container.tables import append
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
        rows_out: in the data set's table.
        rows_quarantined: set aside.
        reasons: rows set aside by reason.
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


def record_run(spark: SparkSession, path: str, run: Run) -> None:
    """Append a run to the ledger."""
    append(spark.createDataFrame([asdict(run)], RUNS_SCHEMA), path)


def last_run(spark: SparkSession, path: str, dataset: str) -> Run | None:
    """The newest run of a data set; None where there is none."""
    if not DeltaTable.isDeltaTable(spark, path):
        return None
    runs = spark.read.format("delta").load(path).where(F.col("dataset") == dataset)
    newest = runs.orderBy(F.desc("started")).limit(1).collect()
    if not newest:
        return None
    values = newest[0].asDict()  # its times are local and do not say so
    return Run(**(values | {"started": values["started"].astimezone(UTC)}))


def content_fingerprint(files: Iterable[Path], *parts: str) -> str:
    """A digest of the files' names and bytes and of further texts."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
