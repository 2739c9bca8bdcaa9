"""What is told of cells: of one in milliseconds without Spark, of many as a Spark frame."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow.compute
from delta.tables import DeltaTable as SparkTable
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.storage import Storage, has_table
from gridcontainer.container.tables.log import require_log
from gridcontainer.errors import DatasetError
from gridcontainer.grid.code import code_to_cell
from gridcontainer.reconstruction.schemas import SOURCE, cells_path
from gridcontainer.spark.city_cells import CITY_LEVEL, FINEST_LEVEL

_FIELD: Final[Any] = pyarrow.compute.field  # it has no types
_SHOWN: Final = ("department", "source", "kind", "name")
_FIGURES: Final = ("count", "total", "least", "greatest", "latest", "latest_at", "distinct")


@dataclass(frozen=True)
class Fact:
    """A row of the table of cells; see ``schemas``."""

    department: str
    source: str
    kind: str
    name: str
    count: int
    total: Decimal | None
    least: float | None
    greatest: float | None
    latest: float | None
    latest_at: datetime | None
    distinct: int | None


def city_levels() -> range:
    """Levels of the cells, that of the whole city first."""
    return range(CITY_LEVEL, FINEST_LEVEL + 1)


def read_cell(storage: Storage, code: str = "", *, with_confidential: bool = False) -> list[Fact]:
    """All that is told of a cell, without Spark.

    Args:
        storage: the container; a local path.
        code: of the cell; of the whole city if empty.
        with_confidential: also of data sets with confidential columns.

    Raises:
        CodeError: a faulty code.
        DatasetError: the city has not been reconstructed, or not at that level.
    """
    cell, level = (0, CITY_LEVEL) if not code else map(int, code_to_cell(code))
    if level not in city_levels():
        raise DatasetError(
            f"{code} is of level {level}; cells are told of to level {FINEST_LEVEL}, and records "
            f"by: gridcontainer query --code {code}"
        )
    path = cells_path(storage)
    if not has_table(path):
        raise DatasetError(_missing(storage))
    wanted = (_FIELD("grid_level") == level) & (_FIELD("cell") == cell) & (_FIELD("kind") != SOURCE)
    if not with_confidential:
        wanted &= ~_FIELD("is_confidential")
    table = require_log(path).to_pyarrow_dataset()
    rows = table.to_table(filter=wanted, columns=[*_SHOWN, *_FIGURES]).to_pylist()
    return sorted((Fact(**row) for row in rows), key=lambda f: (f.department, f.source, f.name))


def read_cells(
    spark: SparkSession,
    storage: Storage,
    level: int,
    *,
    sources: Collection[str] = (),
    with_confidential: bool = False,
) -> DataFrame:
    """All cells of a level that have anything, a row for each thing told.

    Args:
        spark: the session.
        storage: the container.
        level: 0-5.
        sources: names; all where empty.
        with_confidential: also of data sets with confidential columns.

    Raises:
        DatasetError: the city has not been reconstructed.
    """
    path = cells_path(storage)
    if not SparkTable.isDeltaTable(spark, path):
        raise DatasetError(_missing(storage))
    cells = spark.read.format("delta").load(path)
    if sources:
        cells = cells.where(F.col("source").isin(*sources))
    wanted = (F.col("grid_level") == level) & (F.col("kind") != SOURCE)
    if not with_confidential:
        wanted &= ~F.col("is_confidential")
    return cells.where(wanted).drop("part", "sketch", "settings")


def read_versions(storage: Storage) -> dict[str, int]:
    """By source the version of its table that the cells were made of, without Spark."""
    path = cells_path(storage)
    if not has_table(path):
        return {}
    is_state = (_FIELD("grid_level") == CITY_LEVEL) & (_FIELD("kind") == SOURCE)
    table = require_log(path).to_pyarrow_dataset()
    rows = table.to_table(filter=is_state, columns=["source", "source_version"]).to_pylist()
    return {row["source"]: row["source_version"] for row in rows}


def _missing(storage: Storage) -> str:
    return f"{storage.root} has no reconstruction; run: gridcontainer reconstruct"
