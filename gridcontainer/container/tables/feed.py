"""What has happened to a table since one of its versions: the rows that came and went."""

from datetime import UTC, datetime, timedelta
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.storage import COMPACTED
from gridcontainer.container.tables.frames import current_rows, read_properties

SIGN: Final = "_sign"  # 1 of a row that came, -1 of one that went
_RETENTION: Final = timedelta(days=7)  # of Delta's removed files, where a table does not say its
_METADATA: Final = ("_change_type", "_commit_version", "_commit_timestamp")


def read_feed(spark: SparkSession, path: str, since: int, until: int) -> DataFrame | None:
    """The rows that a table lost and got after one version, up to and with another.

    An update is its former row with -1 and its new row with 1, so that whatever is summed over a
    table changes by the sum over its feed, each row times its sign. Rows that a table with history
    has closed count as gone.

    Args:
        spark: the session.
        path: of the table.
        since: the version already known.
        until: a version at or after it.

    Returns:
        Rows as the table has them, and ``_sign``; None where the feed cannot tell: it is not kept,
        may have been cleaned away, or the table has been replaced as a whole, so that all is to be
        read anew.
    """
    if until == since:
        return spark.read.format("delta").load(path).limit(0).withColumn(SIGN, F.lit(1))
    if not _is_told(spark, path, since, until):
        return None
    feed = (
        spark.read.format("delta")
        .option("readChangeFeed", "true")
        .option("startingVersion", since + 1)
        .option("endingVersion", until)
        .load(path)
    )
    is_former = F.col("_change_type").isin("delete", "update_preimage")
    return current_rows(feed.withColumn(SIGN, F.when(is_former, -1).otherwise(1)).drop(*_METADATA))


def _is_told(spark: SparkSession, path: str, since: int, until: int) -> bool:
    if read_properties(spark, path).get("delta.enableChangeDataFeed") != "true":
        return False
    commits = (
        DeltaTable.forPath(spark, path)
        .history()
        .where(F.col("version").between(since + 1, until))
        .select("version", "timestamp", "operation", "operationParameters", "userMetadata")
        .collect()
    )
    if len(commits) != until - since:
        return False
    oldest = min(commit["timestamp"].astimezone(UTC) for commit in commits)
    replaced = any(
        commit["operation"].startswith(("CREATE OR REPLACE", "REPLACE", "RESTORE"))
        or _is_overwrite(commit["operation"], commit["operationParameters"])
        for commit in commits
        if commit["userMetadata"] != COMPACTED
    )
    return not replaced and datetime.now(UTC) - oldest < _RETENTION


def _is_overwrite(operation: str, parameters: dict[str, str]) -> bool:
    whole = parameters.get("predicate", "[]") in ("", "[]")
    return operation == "WRITE" and parameters.get("mode") == "Overwrite" and whole
