"""Patterns read what Spark reads with them: the same instant wherever both read a text."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.declaration import Time
from gridcontainer.container.judge.time import TimeReader

pytestmark = pytest.mark.spark

# Pattern: how Python writes it, with the texts' parts as people vary them.
PATTERNS = {
    "yyyy-MM-dd HH:mm:ss": "{y:04}-{M:02}-{d:02} {H:02}:{m:02}:{s:02}",
    "yyyyMMdd HH:mm:ss": "{y:04}{M:02}{d:02} {H:02}:{m:02}:{s:02}",
    "yyyyMMddHHmm": "{y:04}{M:02}{d:02}{H:02}{m:02}",
    "yyyyMMdd": "{y:04}{M:02}{d:02}",
    "yyyy/M/d H:mm": "{y:04}/{M}/{d} {H}:{m:02}",
    "yyyy M d H": "{y:04} {M} {d} {H}",
    "yyyy-M-d[ H:mm:ss]": "{y:04}-{M:02}-{d} {H}:{m:02}:{s:02}",
    "yy/M/d": "{yy:02}/{M}/{d}",
    "yyyy-MM-dd'T'HH:mm:ssXXX": "{y:04}-{M:02}-{d:02}T{H:02}:{m:02}:{s:02}{o}",
    "yyyy-MM-dd HH:mm:ss.SSS": "{y:04}-{M:02}-{d:02} {H:02}:{m:02}:{s:02}.{f:03}",
    "yyyy-MM-dd HH:mm:ss.SSSSSS": "{y:04}-{M:02}-{d:02} {H:02}:{m:02}:{s:02}.{f}",
    "MMM d yyyy h:mm a": "{b} {d} {y:04} {H}:{m:02} {a}",
    "d-MMM-yyyy HH:mm": "{d}-{b}-{y:04} {H:02}:{m:02}",
    "yyyy年M月d日": "{y:04}年{M}月{d}日",
    "yyyy-DDD": "{y:04}-{D:03}",
    "HH:mm:ss": "{H:02}:{m:02}:{s:02}",
    "[yyyy-MM-dd][dd/MM/yyyy]": "{d:02}/{M:02}/{y:04}",
}
EXAMPLES = 200


def texts_of(pattern: str) -> list[str]:
    """Texts that fit the pattern, about a third of them with parts that no time has."""
    chance = random.Random(pattern)
    texts = ["2023-02-30", "2024-01-01 24:00:00", "20240101", "1/1/2024", "99/12/31"]
    for _ in range(EXAMPLES):
        wide = chance.random() < 0.3
        parts = {
            "y": chance.choice([1970, 1999, 2000, 2023, 2024, 2099]),
            "yy": chance.randint(0, 99),
            "M": chance.randint(0, 14) if wide else chance.randint(1, 12),
            "d": chance.randint(0, 33) if wide else chance.randint(1, 28),
            "D": chance.randint(0, 370),
            "H": chance.randint(0, 26) if wide else chance.randint(1, 12),
            "m": chance.randint(0, 61) if wide else chance.randint(0, 59),
            "s": chance.randint(0, 61) if wide else chance.randint(0, 59),
            "f": chance.randint(0, 999),
            "b": chance.choice(["Jan", "feb", "MAR", "Sep", "Dec", "Foo"]),
            "a": chance.choice(["AM", "pm", "PM", "x"]),
            "o": chance.choice(["Z", "+08:00", "-05:30", "+00:00"]),
        }
        texts.append(PATTERNS[pattern].format(**parts))
    return texts


def test_patterns_are_read_as_spark_reads_them(spark: SparkSession):
    """In UTC, so that no hour is skipped; Spark's texts come as epoch microseconds."""
    rows = [(pattern, text) for pattern in PATTERNS for text in texts_of(pattern)]
    frame = spark.createDataFrame(rows, "pattern string, text string")
    read = F.lit(None).cast("long")
    for pattern in PATTERNS:
        of_pattern = F.unix_micros(F.try_to_timestamp("text", F.lit(pattern)))
        read = F.when(F.col("pattern") == pattern, of_pattern).otherwise(read)
    found = frame.select("pattern", "text", read.alias("read")).toArrow().to_pylist()
    for pattern in PATTERNS:
        mine = [row for row in found if row["pattern"] == pattern]
        time = Time(columns=["t"], format=pattern)
        texts = pa.array([row["text"] for row in mine], pa.string())
        got = TimeReader.create(time, "UTC").read([texts]).event_time.cast(pa.int64()).to_pylist()
        by_spark = [row["read"] for row in mine]
        assert sum(value is not None for value in by_spark) > EXAMPLES / 10, pattern
        differ = [
            (row["text"], _shown(row["read"]), _shown(value))
            for row, value in zip(mine, got, strict=True)
            if value != row["read"]
        ]
        assert not differ, f"{pattern}: (text, Spark, here) {differ[:5]}"


CASTS = [
    "2024-01-02", "2024-1-2", "2024-01-02 03:04:05", "2024-1-2T3:4:5", "2024-01-02T03:04",
    "2024-01-02 03:04:05.1", "2024-01-02 03:04:05.123456789", "2024-01-02T03:04:05Z",
    "2024-01-02T03:04:05+08:00", "2024-01-02 03:04:05-0330", "2024-01-02 03:04:05 Asia/Shanghai",
    "2024-01-02 03:04:05 UTC+8", "2024-01-02T24:00:00", "2024-02-30", "2024-01-02 03:60", "x",
    "1969-12-31 23:59:59.5", " 2024-01-02 ", "2024-01-02T03:04:05+19:00", "2024-01-02T03",
]  # fmt: skip


def test_times_without_a_format_are_read_as_spark_casts_them(spark: SparkSession):
    frame = spark.createDataFrame([(text,) for text in CASTS], "text string")
    cast = F.unix_micros(F.col("text").try_cast("timestamp"))
    by_spark = frame.select(cast.alias("read")).toArrow()["read"].to_pylist()
    times = TimeReader.create(Time(columns=["t"]), "UTC").read([pa.array(CASTS)])
    got = times.event_time.cast(pa.int64()).to_pylist()
    assert dict(zip(CASTS, got, strict=True)) == dict(zip(CASTS, by_spark, strict=True))


def _shown(microseconds: int | None) -> str:
    if microseconds is None:
        return "not read"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).isoformat()
