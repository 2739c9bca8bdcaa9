"""The dialect's two engines give the same values, for any expression over any rows."""

import math
from typing import Any

import pyarrow as pa
import pytest
from dialect_expressions import EXPRESSIONS, SCHEMA, rows
from hypothesis import HealthCheck, given, settings, strategies as st

from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.judge.condition import evaluate
from gridcontainer.errors import DeclarationError

pytestmark = pytest.mark.spark


def fitting(texts: list[str]) -> dict[str, Expression]:
    """The expressions that fit the columns' kinds; what does not is refused before any row."""
    found = {}
    for text in dict.fromkeys(texts):
        try:
            evaluate({text: Expression(text)}, SCHEMA.empty_table())
        except (DeclarationError, ValueError):
            continue
        found[text] = Expression(text)
    return found


def by_spark(spark, expressions: dict[str, Expression], table: pa.Table) -> dict[str, list[Any]]:
    frame = spark.createDataFrame(table)
    sql = [
        f"{expression.to_spark(frame.dtypes, place=text)} AS e{number}"
        for number, (text, expression) in enumerate(expressions.items())
    ]
    found = frame.selectExpr(*sql).toArrow()
    return dict(zip(expressions, (plain(found[f"e{n}"]) for n in range(len(sql))), strict=True))


def plain(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    return column.to_pylist()


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and one == other


def differences(spark, texts: list[str], table: pa.Table) -> list[str]:
    expressions = fitting(texts)
    if not expressions:
        return []
    mine = evaluate(expressions, table)
    theirs = by_spark(spark, expressions, table)
    return [
        f"{text}: row {number}: DuckDB {one!r}, Spark {other!r}"
        for text in expressions
        for number, (one, other) in enumerate(zip(plain(mine[text]), theirs[text], strict=True))
        if not same(one, other)
    ]


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(EXPRESSIONS, min_size=60, max_size=60), table=rows(20))
def test_spark_and_duckdb_give_the_same(spark, texts, table):
    assert differences(spark, texts, table) == []
