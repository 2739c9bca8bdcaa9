"""Keys: the digest that tables have held for ever, hashes, and texts as Spark writes them."""

import datetime as dt
import hashlib
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.judge.keys import content_hash, key_hash, key_texts, object_ids
from gridcontainer.container.judge.texts import is_missing, text_of
from gridcontainer.errors import SourceError

TEXT = st.text(max_size=6)


@pytest.mark.parametrize("rows", [1, 3, 2_500])
def test_object_id_is_the_first_half_of_sha_256(rows: int):
    keys = [[f"站{i}" for i in range(rows)], [i % 7 for i in range(rows)]]
    texts = [key_texts(pa.array(key)) for key in keys]
    expected = [
        hashlib.sha256(f"stops\x1f{name}\x1f{number}".encode()).hexdigest()[:32]
        for name, number in zip(*keys, strict=True)
    ]
    assert object_ids("stops", texts).to_pylist() == expected


def test_missing_keys():
    column = pa.array(["A", " ", "-", " NULL\u3000", None, "\u200b"])
    texts = key_texts(column, missing=["-", "NULL"])
    assert texts.to_pylist() == ["A", None, None, None, None, None]
    assert key_texts(pa.array([1, -999]), missing=["-999"]).to_pylist() == ["1", None]


def test_keys_are_normalised_only_where_declared():
    written = pa.array(["Ａ１", " a\u00a0\t1 ", "A\u200b1", "ﬁ"])
    assert key_texts(written).equals(written)
    assert key_texts(written, steps=["nfkc"]).to_pylist() == ["A1", " a \t1 ", "A\u200b1", "fi"]
    assert key_texts(written, steps=["blanks"]).to_pylist() == ["Ａ１", "a 1", "A1", "ﬁ"]
    every = key_texts(written, steps=["case", "blanks", "nfkc"]).to_pylist()
    assert every == ["a1", "a 1", "a1", "fi"]


def test_keys_that_have_no_text_are_refused():
    with pytest.raises(SourceError, match="name one of its fields"):
        key_texts(pa.array([{"a": 1}]))


def test_hashes_tell_nulls_blanks_and_columns_apart():
    pairs = [("ab", "c"), ("a", "bc"), ("", None), (None, ""), ("", ""), (None, None), ("c", "ab")]
    columns = [pa.array([pair[i] for pair in pairs]) for i in range(2)]
    assert len(set(key_hash(columns).tolist())) == len(pairs)
    batch = pa.record_batch({"a": columns[0], "b": columns[1], "n": pa.array(range(7))})
    assert content_hash(batch, ["a", "b"]).tolist() == key_hash(columns).tolist()
    assert len(content_hash(batch, [])) == 7
    assert len(key_hash([pa.array([], pa.string())])) == 0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.none() | TEXT, st.none() | st.integers(-5, 5)), min_size=1))
def test_equal_rows_have_equal_hashes_in_every_batch(rows: list[tuple[str | None, int | None]]):
    columns = [
        pa.array([r[0] for r in rows], pa.string()),
        pa.array([r[1] for r in rows], pa.int8()),
    ]
    whole = key_hash(columns)
    alone = [key_hash([column.slice(i, 1) for column in columns])[0] for i in range(len(rows))]
    assert whole.tolist() == alone
    assert len(set(whole.tolist())) == len(set(rows))


def test_hashes_are_the_same_in_another_process():
    program = (
        "import pyarrow as pa; from gridcontainer.container.judge.keys import key_hash;"
        "print(key_hash([pa.array(['a', None, '站']), pa.array([1.5, 2.0, None])]).tolist())"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    here = key_hash([pa.array(["a", None, "站"]), pa.array([1.5, 2.0, None])]).tolist()
    assert other.stdout.strip() == str(here)


def test_missing_is_the_same_for_every_type():
    missing = ["-", "n/a", "-999", "2000-01-01"]
    assert is_missing(pa.array(["-", " n/a ", "-999", "x"]), missing).tolist() == [1, 1, 1, 0]
    assert is_missing(pa.array([-999.0, 1.0]), missing).tolist() == [True, False]
    assert is_missing(pa.array([-999, None]), missing).tolist() == [True, True]
    assert is_missing(pa.array([dt.date(2000, 1, 1), dt.date(2001, 1, 1)]), missing).tolist() == [
        1,
        0,
    ]
    assert is_missing(pa.array(["-", "x"]).dictionary_encode(), missing).tolist() == [True, False]
    assert is_missing(pa.array(["-", "x"], pa.string_view()), missing).tolist() == [True, False]


@pytest.mark.spark
def test_texts_and_digests_are_sparks(spark: SparkSession):
    moments = [dt.datetime(2024, 1, 2, 3, 4, 5), dt.datetime(1955, 1, 2, 3, 4, 5, 120)]
    values = {
        "whole": pa.array([1, -7, None], pa.int64()),
        "small": pa.array([1, -7, None], pa.int8()),
        "yes": pa.array([True, False, None]),
        "day": pa.array([dt.date(2024, 2, 29), dt.date(1899, 1, 1), None]),
        "moment": pa.array([*moments, None], pa.timestamp("us", "UTC")),
        "local": pa.array([*moments, None], pa.timestamp("us")),
        "exact": pa.array([Decimal("0.0000000100"), Decimal("-12.5000000000"), None]),
        "text": pa.array(["a b", "", None]),
        "raw": pa.array([b"ab", b"", None]),
        "double": pa.array([0.1, 1e7, None]),
        "single": pa.array([0.1, 1e7, None], pa.float32()),
    }
    table = pa.table(values)
    rows = spark.createDataFrame(table).coalesce(1)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    found = rows.select(*(F.col(name).cast("string") for name in values)).collect()
    for name, column in values.items():
        assert text_of(column).to_pylist() == [row[name] for row in found], name
    keys = [F.col(name).cast("string") for name in values]
    digest = F.substring(F.sha2(F.concat_ws("\x1f", F.lit("d"), *keys), 256), 1, 32)
    theirs = [row[0] for row in rows.select(digest).collect()]
    assert object_ids("d", [text_of(column) for column in values.values()]).to_pylist() == theirs


@pytest.mark.spark
def test_doubles_are_written_as_java_writes_them(spark: SparkSession):
    chance = np.random.default_rng(22)
    numbers = [
        0.0,
        -0.0,
        1.0,
        1e-3,
        9.99e-4,
        1e7,
        9999999.999,
        123456789.0,
        np.nan,
        np.inf,
        -np.inf,
    ]
    numbers += (chance.normal(size=500) * 10.0 ** chance.integers(-12, 14, 500)).round(6).tolist()
    numbers += chance.uniform(100, 122, 500).tolist()
    for kind, name in ((pa.float64(), "double"), (pa.float32(), "float")):
        column = pa.array(np.array(numbers, kind.to_pandas_dtype()), kind)
        rows = spark.createDataFrame(pa.table({"n": column})).coalesce(1)
        theirs = [row[0] for row in rows.select(F.col("n").cast("string")).collect()]
        ours = text_of(column).to_pylist()
        # Java 17 sometimes writes a digit more than is needed (JDK-4511638): the same number.
        differing = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
        assert len(differing) < 100, (name, differing[:5])
        assert all(kind.to_pandas_dtype()(a) == kind.to_pandas_dtype()(b) for a, b in differing)
