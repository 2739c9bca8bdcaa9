"""The same answer as a Spark DataFrame: partitions and files are skipped by the predicates."""

import functools
import operator
from typing import Any, Final

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession, functions as F
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.container.query.area import Area
from gridcontainer.container.query.explain import asked_tables, choose_prefixes, is_answerable
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.query.question import Question
from gridcontainer.container.query.read_cells import meets_shape
from gridcontainer.container.storage import Storage
from gridcontainer.errors import QueryError

_UDF: Final[Any] = pandas_udf  # its types know no plain function


def query_dataset(
    spark: SparkSession, storage: Storage, question: Question, dataset: str
) -> DataFrame:
    """Rows of one data set, all columns of its table, at the version that is newest now.

    Raises:
        DatasetError: the container has no such data set.
        QueryError: the question leaves it out: other department or tag, no position, no time.
    """
    named = Question(datasets=(dataset,))
    (table,) = asked_tables(storage, named)
    wanted = question.wants(table.department, dataset, table.properties)
    if not wanted or not is_answerable(table, question):
        raise QueryError(f"the question leaves {dataset} out; --explain says why")
    reader = spark.read.format("delta").option("versionAsOf", table.version)
    rows = reader.load(table.path)
    for predicate in _predicates(table, question):
        rows = rows.where(predicate)
    return rows


def _predicates(table: OpenTable, question: Question) -> list[Column]:
    found = []
    if question.since is not None:
        found.append(F.col("event_time") >= F.lit(question.since))
    if question.until is not None:
        found.append(F.col("event_time") < F.lit(question.until))
    if table.has("valid_to"):
        found.append(_valid(question))
    if question.area is not None:
        found.extend(_in_area(table, question.area))
    return found


def _valid(question: Question) -> Column:
    if question.as_of is None:
        return F.col("valid_to").isNull()
    later = F.col("valid_to").isNull() | (F.col("valid_to") > F.lit(question.as_of))
    return later & (F.col("valid_from") <= F.lit(question.as_of))


def _in_area(table: OpenTable, area: Area) -> list[Column]:
    if table.has("geometry"):
        return [_exact(area, has_shape=True)]
    parts = (F.col("cell").between(first, last) for first, last in area.ranges)
    in_cells = functools.reduce(operator.or_, parts)
    prefixes = choose_prefixes(table, area.ranges)
    if None in prefixes:
        return [in_cells, _exact(area, has_shape=False)]
    in_partitions = F.col("grid_prefix").isin(*prefixes) if prefixes else F.lit(False)
    return [in_partitions, in_cells, _exact(area, has_shape=False)]


def _exact(area: Area, *, has_shape: bool) -> Column:
    """The exact test, by batches: no comparison of columns says geodesic distance."""

    def inside(lon: pd.Series, lat: pd.Series, cell: pd.Series) -> pd.Series:
        return pd.Series(area.holds(lon.to_numpy(), lat.to_numpy(), cell.to_numpy()))

    def meets(shape: pd.Series) -> pd.Series:
        return pd.Series(meets_shape(shape.to_numpy(), area))

    position: Column = _UDF(inside, "boolean")("lon", "lat", "cell")
    if not has_shape:
        return position
    shape: Column = _UDF(meets, "boolean")("geometry")
    return position | shape
