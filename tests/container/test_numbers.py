"""Numbers in text, on Arrow arrays and on Spark's columns: the same ones, or unreadable."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.judge.numbers import read_numbers
from gridcontainer.container.query.number_columns import is_missing_text, number_column

MISSING = ("--", "N/A")
PLAIN = NumberFormat()
CHINESE = NumberFormat(
    thousands=",", multiples=True, signs=["￥", "元", "$", "HK$"], percent="fraction",
    brackets="negative",
)  # fmt: skip
GERMAN = NumberFormat(thousands=".", decimal=",")
FRENCH = NumberFormat(thousands=" ", decimal=",", percent="number", signs=["€"])
SWISS = NumberFormat(thousands="'")
FORMATS = [PLAIN, CHINESE, GERMAN, FRENCH, SWISS]

RIGHT = [
    (PLAIN, "12.5", 12.5), (PLAIN, " 12.5\u3000", 12.5), (PLAIN, "１２", 12.0),
    (PLAIN, "'12", 12.0),
    (PLAIN, "−5", -5.0), (PLAIN, "1e3", 1000.0), (PLAIN, ".5", 0.5), (PLAIN, "5.", 5.0),
    (CHINESE, "1,234", 1234.0), (CHINESE, "1,234,567.25", 1234567.25), (CHINESE, "1234", 1234.0),
    (CHINESE, "3.5万", 35000.0), (CHINESE, "1.2亿", 120_000_000.0), (CHINESE, "2 万亿元", 2e12),
    (CHINESE, "￥50", 50.0), (CHINESE, "$1,000.00", 1000.0), (CHINESE, "-$5", -5.0),
    (CHINESE, "HK$5", 5.0), (CHINESE, "５０％", 0.5), (CHINESE, "0.1%", 0.001),
    (CHINESE, "(50)", -50.0),
    (CHINESE, "（￥1,050.5）", -1050.5), (CHINESE, "￥１，２３４", 1234.0),
    (CHINESE, "100元", 100.0),
    (GERMAN, "1.500", 1500.0), (GERMAN, "1.500,25", 1500.25), (GERMAN, "12,5", 12.5),
    (FRENCH, "1 234,5", 1234.5), (FRENCH, "1\u202f234,5 €", 1234.5), (FRENCH, "50 %", 50.0),
    (SWISS, "1'500", 1500.0), (SWISS, "'1'500.5", 1500.5),
]  # fmt: skip
WRONG = [
    (PLAIN, "1,234"), (PLAIN, "3.5万"), (PLAIN, "￥50"), (PLAIN, "50%"), (PLAIN, "(50)"),
    (PLAIN, "1 234"),
    (PLAIN, "inf"), (PLAIN, "NaN"), (PLAIN, "0x10"), (PLAIN, "1e999"), (PLAIN, "1d"), (PLAIN, "."),
    (CHINESE, "1,2345"), (CHINESE, "12,34"), (CHINESE, "(50"), (CHINESE, "-(50)"),
    (CHINESE, "-$-5"),
    (CHINESE, "￥5元"), (CHINESE, "1e5万"), (CHINESE, "5万%"), (CHINESE, "万"), (CHINESE, "()"),
    (CHINESE, "12k"), (GERMAN, "1.5"), (GERMAN, "1,5,5"), (FRENCH, "1 23"), (FRENCH, "1.5"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "text", "value"), RIGHT)
def test_right_values(form: NumberFormat, text: str, value: float):
    found = read_numbers(pa.array([text]), form, missing=MISSING)
    assert found.values.tolist() == [value]
    assert not (found.is_missing | found.is_unreadable).any()


@pytest.mark.parametrize(("form", "text"), WRONG)
def test_what_does_not_fit_is_unreadable_not_missing(form: NumberFormat, text: str):
    found = read_numbers(pa.array([text, "--", None, " "]), form, missing=MISSING)
    assert np.isnan(found.values).all()
    assert found.is_unreadable.tolist() == [True, False, False, False]
    assert found.is_missing.tolist() == [False, True, True, True]


def test_columns_of_numbers():
    found = read_numbers(pa.array([1.5, None, np.nan, np.inf, -999.0]), missing=["-999"])
    assert found.is_missing.tolist() == [False, True, True, False, True]
    assert found.is_unreadable.tolist() == [False, False, False, True, False]
    whole = read_numbers(pa.array([2**53, -3], pa.int64()))
    assert whole.values.tolist() == [2.0**53, -3.0]
    decimal = pa.array(["0.1", "123456789.123456789"]).cast(pa.decimal128(30, 12))
    assert read_numbers(decimal).values.tolist() == [0.1, 123456789.123456789]
    assert len(read_numbers(pa.array([], pa.string())).values) == 0
    assert read_numbers(pa.nulls(2)).is_missing.all()


@pytest.mark.parametrize(
    "said",
    [{"thousands": "."}, {"signs": ["5"]}, {"signs": [""]}, {"signs": ["-"]}, {"percent": "yes"}],
)
def test_formats_that_cannot_be_are_refused(said: dict[str, Any]):
    with pytest.raises(ValidationError):
        NumberFormat(**said)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_plain_numbers_are_pythons(numbers: list[float]):
    texts = [*map(repr, numbers), *(f"{number:.25g}" for number in numbers)]
    assert read_numbers(pa.array(texts)).values.tolist() == [float(text) for text in texts]
    mixed = read_numbers(pa.array(["x", *texts]))
    assert mixed.values[1:].tolist() == [float(text) for text in texts]


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(0, 99), st.booleans())
def test_what_is_written_in_a_format_is_read_back(whole: int, part: int, full_width: bool):
    exact = float(f"{whole}.{part:02}")
    american, german = f"{whole:,}.{part:02}", f"{whole:,}".replace(",", ".") + f",{part:02}"
    if full_width:
        american = american.translate({ord(c): 0xFEE0 + ord(c) for c in "0123456789.,-"})
    assert read_numbers(pa.array([american]), CHINESE).values[0] == exact
    assert read_numbers(pa.array([f"￥ {american}"]), CHINESE).values[0] == exact
    assert read_numbers(pa.array([german]), GERMAN).values[0] == exact
    many = read_numbers(pa.array([f"{whole}.{part:02}万"]), CHINESE).values[0]
    assert many == float(f"{whole}.{part:02}e4")


@pytest.mark.spark
def test_spark_reads_the_same(spark: SparkSession):
    texts = (
        [text for _, text, _ in RIGHT] + [text for _, text in WRONG] + ["--", "", None, "\ufeff"]
    )
    letters = "0123456789.,-+' ()%￥元$€万亿千百eE５．，（ \u3000\u202fx"
    chance = np.random.default_rng(22)
    texts += ["".join(chance.choice(list(letters), chance.integers(1, 9))) for _ in range(4000)]
    rows = spark.createDataFrame(
        [(i, text) for i, text in enumerate(texts)], "id long, text string"
    )
    read = [number_column(F.col("text"), form).alias(f"n{i}") for i, form in enumerate(FORMATS)]
    absent = is_missing_text(F.col("text"), MISSING).alias("missing")
    found = rows.select("id", *read, absent).toPandas().sort_values("id")
    for i, form in enumerate(FORMATS):
        ours = read_numbers(pa.array(texts), form, missing=MISSING)
        theirs = found[f"n{i}"].to_numpy(float)
        np.testing.assert_array_equal(found["missing"].to_numpy(bool), ours.is_missing)
        np.testing.assert_array_equal(np.where(ours.is_missing, np.nan, theirs), ours.values)
        assert np.isfinite(ours.values).sum() > 20
