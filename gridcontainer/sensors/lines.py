"""Files that arrive in a folder: each line a reading, as JSON or as CSV.

    {"station": "201", "time": "2014-07-04T19:00:00+08:00", "value": 78}
    201,2014-07-04 19:00,78

CSV has the columns station, time and value in this order, and a first line that names them or none.
A fourth, quantity, is needed where the series measures several. A time that does not say its zone
is in that of the series.
"""

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

BROKEN: Final = "broken line"
_COLUMNS: Final = ("station", "time", "value", "quantity")
_FIELDS: Final = ", ".join(f"{name} string" for name in _COLUMNS)
_MORE: Final = "_more"  # what stands behind the last column of a CSV line, or is no JSON
_HEADER: Final = r'(?i)^"?station"?,"?time"?,"?value"?(,"?quantity"?)?$'
_TIME: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?$"
)
_SAYS_ZONE: Final = r"(Z|[+-][0-9]{2}:[0-9]{2})$"
_WITHOUT_SECONDS: Final = r"([T ][0-9]{2}:[0-9]{2})(Z|[+-][0-9:]+)?$"
_BYTE_ORDER_MARK: Final = "\ufeff"


def line_candidates(files: DataFrame, *, quantities: Sequence[str], zone: str) -> DataFrame:
    """The lines of files as candidates; blank lines and lines that name the columns are none.

    Args:
        files: one row a file: ``value`` (its text), ``file_path`` and ``file_modification_time``,
            which is when its lines were received.
        quantities: of the series.
        zone: of times that do not say theirs.
    """
    text = F.ltrim("value", F.lit(_BYTE_ORDER_MARK))
    lines = files.select(
        F.posexplode(F.split(text, r"\r\n|\n|\r")).alias("position", "row"),
        F.col("file_path").alias("source_file"),
        F.col("file_modification_time").alias("received_at"),
    )
    wanted = lines.where((F.trim("row") != "") & ~F.trim("row").rlike(_HEADER))
    read = wanted.withColumn("read", _read_line(F.trim("row")))
    only = F.lit(quantities[0]) if len(quantities) == 1 else F.lit(None)
    return read.select(
        _filled("read.station").alias("station"),
        F.coalesce(_filled("read.quantity"), only).alias("quantity"),
        _instant(F.trim("read.time"), zone).alias("measured_at"),
        F.col("read.value").alias("text"),
        "received_at",
        "source_file",
        (F.col("position") + 1).cast("long").alias("source_row"),
        "row",
        F.when(~_is_whole(), BROKEN).alias("fault"),
    )


def _is_whole() -> Column:
    """Whether a line has the columns that even a missing value needs, and no more."""
    named = F.col("read.station").isNotNull() & F.col("read.time").isNotNull()
    return named & F.col(f"read.{_MORE}").isNull()


def _read_line(line: Column) -> Column:
    json = F.from_json(line, f"{_FIELDS}, {_MORE} string", {"columnNameOfCorruptRecord": _MORE})
    csv = F.from_csv(line, f"{_FIELDS}, {_MORE} string", {"mode": "PERMISSIVE"})
    return F.when(line.startswith("{"), json).otherwise(csv)


def _filled(name: str) -> Column:
    text = F.trim(name)
    return F.when(text != "", text)


def _instant(text: Column, zone: str) -> Column:
    """UTC; null where it is no ISO 8601 date and time."""
    # Spark also takes "12:30" for a time of today, and "2014" for a day.
    whole = F.regexp_replace(text, _WITHOUT_SECONDS, "$1:00$2")  # Spark wants them before a zone
    time = F.when(text.rlike(_TIME), whole.try_cast("timestamp"))
    return F.when(text.rlike(_SAYS_ZONE), time).otherwise(F.to_utc_timestamp(time, zone))
