"""What is no longer current is removed, so late that nobody who reads it is disturbed."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from gridcontainer.container.files import FileInfo, Files, find_version
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import first_line, renew_properties
from gridcontainer.errors import StorageError
from gridcontainer.nightly.declaration import DELTA_HOURS, Retention

_DEPTH: Final = 3  # of the deepest tables below the root: datasets/<department>/<dataset>
_LOG: Final = "/_delta_log/"
_FEW: Final = 100  # files of a ledger; above it they are made one
_MARGIN: Final = 24  # hours until the next night
_OWN_RETENTION: Final = "delta.deletedFileRetentionDuration"
_MONTH: Final = 30 * 24.0  # hours for which Delta keeps the log of former versions
# Written down in the log, a clean-up would be a new version: whoever looks whether a table is as
# he left it would find it changed.
_QUIETLY: Final = "spark.databricks.delta.vacuum.logging.enabled"
# Spark's own is 10,000, for whatever few folders a table has: a minute a table.
_LISTING_TASKS: Final = "spark.sql.sources.parallelPartitionDiscovery.parallelism"


@dataclass(frozen=True)
class Removed:
    """What was removed.

    Attributes:
        tables: that lost files.
        files: of data and of change feeds.
        bytes: of these files.
        logs: files of logs.
    """

    tables: int = 0
    files: int = 0
    bytes: int = 0
    logs: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        """Both together."""
        return Removed(*(a + b for a, b in zip(_counts(self), _counts(other), strict=True)))


def retain(
    spark: Callable[[], SparkSession],
    files: Files,
    storage: Storage,
    policy: Retention,
    *,
    consumed: Mapping[str, int] | None = None,
) -> Removed:
    """Remove files that went out of use long ago, and the log of versions that nobody can ask for.

    Args:
        spark: the session; asked for only where there is something old.
        files: of the container.
        storage: the container.
        policy: for how long to keep.
        consumed: by table the version up to which somebody has read its change feed; a table of
            which something older than the retention is still to be read is left alone.

    Raises:
        StorageError: a table cannot be read or written.
    """
    removed = Removed()
    for table in find_tables(files, storage.root):
        if not _is_awaited(files, table, policy.hours, (consumed or {}).get(table)):
            removed += _clean(spark, files, table, policy.hours)
    if "://" not in storage.root:
        for ledger in (storage.runs, f"{storage.root}/ops/steps"):
            _make_one(files, ledger)
    return removed


def find_tables(files: Files, folder: str, depth: int = _DEPTH) -> Iterator[str]:
    """The Delta tables below a folder."""
    names = files.names(folder)
    if "_delta_log" in names:
        if find_version(files, folder) is not None:  # else a killed run has only begun it
            yield folder
    elif depth:
        for name in names:
            yield from find_tables(files, f"{folder}/{name}", depth - 1)


def _is_awaited(files: Files, table: str, hours: float, consumed: int | None) -> bool:
    """Whether the first version that somebody has not yet read is so old that its files would go.

    Then the table is left alone: Delta would not keep them for a longer RETAIN, since a table
    forgets what it removed after its own ``deletedFileRetentionDuration``.
    """
    if consumed is None:
        return False
    first = f"{_LOG}{consumed + 1:020d}.json"
    log = files.listing(table + _LOG[:-1])
    return any(file.path.endswith(first) and _is_old(file, hours - _MARGIN) for file in log)


def _clean(spark: Callable[[], SparkSession], files: Files, table: str, hours: int) -> Removed:
    before = files.listing(table)
    if not any(_is_old(file, hours) for file in before):
        return Removed()
    try:
        if any(_is_old(file, hours) for file in before if _LOG not in file.path):
            _vacuum(spark(), table, hours)
        if any(_is_old(file, max(hours, _MONTH)) for file in before if _LOG in file.path):
            _forget_versions(table)
    except (PySparkException, Py4JJavaError) as error:
        raise StorageError(f"{table}: old files cannot be removed: {first_line(error)}") from error
    except (DeltaError, OSError) as error:
        raise StorageError(f"{table}: its log cannot be shortened: {error}") from error
    there = {file.path for file in files.listing(table)}
    gone = [file for file in before if file.path not in there]
    data = [file for file in gone if _LOG not in file.path]
    return Removed(int(bool(data)), len(data), sum(f.bytes for f in data), len(gone) - len(data))


def _vacuum(spark: SparkSession, table: str, hours: int) -> None:
    if hours > DELTA_HOURS:  # a new version of the table, once; see _is_awaited for why
        renew_properties(spark, table, {_OWN_RETENTION: f"interval {hours} hours"})
    spark.conf.set(_QUIETLY, "false")
    spark.conf.set(_LISTING_TASKS, str(spark.sparkContext.defaultParallelism))
    spark.sql(f"VACUUM delta.`{table}` RETAIN {hours} HOURS")


def _forget_versions(table: str) -> None:
    if "://" in table:
        return  # Spark does it itself, each time that it writes a checkpoint
    opened = DeltaTable(table)
    opened.create_checkpoint()
    opened.cleanup_metadata()


def _make_one(files: Files, ledger: str) -> None:
    """A ledger gets a small file for each row that is added."""
    if find_version(files, ledger) is None:
        return
    try:
        table = DeltaTable(ledger)
        if len(table.file_uris()) > _FEW:
            table.optimize.compact()
    except (DeltaError, OSError) as error:
        raise StorageError(f"{ledger}: its files cannot be made one: {error}") from error


def _is_old(file: FileInfo, hours: float) -> bool:
    return time.time() - file.written > hours * 3600


def _counts(removed: Removed) -> tuple[int, int, int, int]:
    return removed.tables, removed.files, removed.bytes, removed.logs
