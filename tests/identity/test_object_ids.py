"""Ids of objects: told from a mistyped one, and the same on Spark and for one record."""

import hashlib

from hypothesis import given, strategies as st
from pyspark.sql import SparkSession, functions as F

from gridcontainer.identity.object_ids import (
    is_object_id,
    object_id,
    record_id,
    record_id_of,
    to_object_id,
)

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECORDS = st.text("0123456789abcdef", min_size=32, max_size=32)
PLACES = st.integers(0, 21)


@given(RECORDS, PLACES, st.sampled_from(CROCKFORD))
def test_one_wrong_character_is_found(record: str, place: int, other: str):
    right = to_object_id(record)
    assert is_object_id(right)
    wrong = right[:place] + other + right[place + 1 :]
    assert is_object_id(wrong) == (wrong == right)


@given(RECORDS, PLACES, PLACES)
def test_two_swapped_characters_are_found(record: str, one: int, other: int):
    right = to_object_id(record)
    swapped = list(right)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    wrong = "".join(swapped)
    assert is_object_id(wrong) == (wrong == right)


def test_spark_makes_the_same_ids(spark: SparkSession):
    digests = [hashlib.sha256(str(i).encode()).hexdigest()[:32] for i in range(500)]
    digests += ["0" * 32, "f" * 32, "0" * 24 + "1" + "0" * 7]
    frame = spark.createDataFrame([(d,) for d in digests], "record string")
    rows = frame.select("record", object_id(F.col("record")).alias("id")).collect()
    assert [row["id"] for row in rows] == [to_object_id(d) for d in digests]
    # The order of ids is that of records: both tables of identities are laid out in one order.
    assert sorted(digests) == [row["record"] for row in sorted(rows, key=lambda row: row["id"])]


def test_the_id_of_a_record_is_that_of_its_ingest(spark: SparkSession):
    key = ["人民广场", "2"]
    frame = spark.createDataFrame([tuple(key)], "a string, b string")
    (row,) = frame.select(record_id(F.lit("stations"), F.col("a"), F.col("b"))).collect()
    assert row[0] == record_id_of("stations", key)
