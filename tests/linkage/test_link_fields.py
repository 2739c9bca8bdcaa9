"""Fields of a linkage that are numbers are compared as numbers, and unreadable ones are counted."""

import pytest
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.query.record_numbers import PLAIN, Writing
from gridcontainer.linkage import Link
from gridcontainer.linkage.fields import count_unreadable, number_fields
from gridcontainer.linkage.records import linkage_records

pytestmark = pytest.mark.spark
WRITTEN = Writing({"户数": NumberFormat(thousands=",", multiples=True)}, ["--"])
LINK = Link.model_validate(
    {
        "link": "homes", "title": "Homes", "reach": 100,
        "sources": [
            {"dataset": "here", "name": "name", "fields": {"homes": "户数", "code": "code"}},
            {"dataset": "there", "name": "name", "fields": {"homes": "homes", "code": "code"}},
        ],
        "compare": [
            {"kind": "distance", "metres": [50]},
            {"kind": "equal", "field": "homes"}, {"kind": "equal", "field": "code"},
        ],
    }
)  # fmt: skip
PLACE = "object_id string, name string, lon double, lat double, cell long, code string"
HERE = [  # text, and how it is compared
    ("1,200", "1200"), ("0.12万", "1200"), ("１２００", "1200"), ("1200.50", "1200.5"), ("-0", "0"),
    ("--", None), ("", None), (None, None), (" 十二\u3000", "十二"), ("12,0", "12,0"),
]  # fmt: skip
THERE = [(1200.0, "1200"), (1200.5, "1200.5"), (-0.0, "0"), (float("nan"), None), (None, None),
         (1e16, "1.0E16"), (float("inf"), "Infinity")]  # fmt: skip


def frame(spark: SparkSession, column: str, kind: str, values: list):
    rows = [(f"r{i}", "n", 121.4, 31.2, 1, "007", value) for i, (value, _) in enumerate(values)]
    return spark.createDataFrame(rows, f"{PLACE}, `{column}` {kind}")


def test_numbers_are_equal_however_they_are_written(spark: SparkSession):
    here = frame(spark, "户数", "string", HERE)
    there = frame(spark, "homes", "double", THERE)
    rows, writings = {"here": here, "there": there}, {"here": WRITTEN}
    numbers = number_fields(LINK, rows, writings)
    assert numbers == {"homes"}
    for source, values, writing in zip(LINK.sources, (HERE, THERE), (WRITTEN, PLAIN), strict=True):
        records = linkage_records(
            rows[source.dataset], source, LINK, numbers=numbers, writing=writing
        )
        found = {row[0]: row[1:] for row in records.select("record_id", "homes", "code").collect()}
        assert found == {f"r{i}": (text, "007") for i, (_, text) in enumerate(values)}
    assert count_unreadable(here, ["户数"], WRITTEN) == {"户数": 2}
    assert count_unreadable(there, ["homes", "lon"], PLAIN) == {"homes": 1}
    assert count_unreadable(there, [], PLAIN) == {}


def test_texts_on_both_sides_stay_texts(spark: SparkSession):
    text = frame(spark, "户数", "string", HERE)
    rows = {"here": text, "there": text.withColumn("homes", F.col("户数"))}
    assert number_fields(LINK, rows, {}) == frozenset()
    assert number_fields(LINK, rows, {"there": WRITTEN}) == frozenset()
    assert number_fields(LINK, rows, {"here": WRITTEN}) == {"homes"}
