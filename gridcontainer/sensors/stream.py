"""A folder in which files of readings arrive, into the same table, each line exactly once.

Spark's checkpoint says which files a batch has, and a batch that was cut off is done again with the
same files. Done again it changes nothing that was done (see ``gridcontainer.sensors.accept``), so
that a kill at any moment neither loses nor doubles a line, and no transaction has to be remembered.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions as F
from pyspark.sql.streaming.query import StreamingQuery

from gridcontainer.container.runs import digest_of
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import first_line
from gridcontainer.errors import DatasetError, SourceError, StorageError
from gridcontainer.sensors.accept import Accepted, accept
from gridcontainer.sensors.candidates import without_missing
from gridcontainer.sensors.declaration import Series
from gridcontainer.sensors.lines import line_candidates
from gridcontainer.sensors.tables import read_sensors

Report = Callable[[int, int, Accepted], None]
_SCHEMA: Final = "value string"


def stream_series(
    spark: SparkSession,
    series: Series,
    folder: Path,
    *,
    zone: str,
    storage: Storage,
    once: bool,
    interval_seconds: int = 10,
    files_per_batch: int = 100,
    report: Report = lambda batch, files, accepted: None,
) -> None:
    """Read the files of a folder as they arrive; returns when all are read (``once``), or never.

    A file is read once, whole: write it under a name that begins with a dot, and rename it. Where
    it stands, how far the folder has been read, is kept in the container.

    Args:
        spark: the session.
        series: whose sensors the lines are of; it has been loaded, so that they are known.
        folder: of files as ``gridcontainer.sensors.lines`` says.
        zone: of times that do not say theirs.
        storage: the container.
        once: read what is there now, and return.
        interval_seconds: from one look into the folder to the next.
        files_per_batch: at most.
        report: is told each batch's number and files, and what became of their lines.

    Raises:
        SourceError: there is no such folder.
        DatasetError: no sensor of the series is known.
        StorageError: Spark cannot read the files or write the tables.
    """
    if not folder.is_dir():
        raise SourceError(f"no folder {folder} of readings")
    department = _require_sensors(spark, series, storage)

    def take(files: DataFrame, batch: int) -> None:
        taken = _accept_files(files, series, zone, storage, department)
        if taken is not None:
            report(batch, *taken)

    arriving = (
        spark.readStream.format("text")
        .schema(_SCHEMA)
        .option("wholetext", "true")
        .option("maxFilesPerTrigger", files_per_batch)
        .load(str(folder.resolve()))
        .select("value", "_metadata.file_path", "_metadata.file_modification_time")
    )
    checkpoint = f"{storage.root}/sensors/checkpoints/{series.series}/{_name_of(folder)}"
    writer = arriving.writeStream.foreachBatch(take).option("checkpointLocation", checkpoint)
    trigger = (
        writer.trigger(availableNow=True)
        if once
        else writer.trigger(processingTime=f"{interval_seconds} seconds")
    )
    try:
        _wait(trigger.start())
    except (PySparkException, Py4JJavaError) as error:
        raise StorageError(
            f"{series.series}: the stream stopped: {first_line(error)}. Start it again: it goes on "
            "where it was"
        ) from error


def _require_sensors(spark: SparkSession, series: Series, storage: Storage) -> str:
    """The department of the series' sensors."""
    mine = read_sensors(spark, storage).where(F.col("series") == series.series)
    first = mine.select("department").first()
    if first is None:
        raise DatasetError(
            f"no sensor of {series.series} is known; run: gridcontainer sensors load "
            f"{series.series}"
        )
    department: str = first[0]
    return department


def _accept_files(
    files: DataFrame, series: Series, zone: str, storage: Storage, department: str
) -> tuple[int, Accepted] | None:
    """What became of the lines of a batch, and of how many files; None where it has none."""
    spark = files.sparkSession
    names = sorted(
        (row["file_path"], str(row["file_modification_time"]))
        for row in files.select("file_path", "file_modification_time").collect()
    )
    if not names:
        return None
    lines = line_candidates(files, quantities=series.quantities, zone=zone)
    sensors = read_sensors(spark, storage).where(F.col("series") == series.series)
    listed = ", ".join("'" + path.replace("'", "\\'") + "'" for path, _ in names)
    accepted = accept(
        without_missing(lines, missing=series.missing),
        sensors,
        series=series,
        department=department,
        storage=storage,
        run_id=digest_of(series.series, *(text for name in names for text in name))[:32],
        job="sensors stream",
        name=f"sensors.{series.series}.stream",
        replaces=f"source_file IN ({listed})",
    )
    return len(names), accepted


def _wait(query: StreamingQuery) -> None:
    try:
        query.awaitTermination()
    finally:
        query.stop()


def _name_of(folder: Path) -> str:
    return digest_of(str(folder.resolve()))[:16]
