"""The cells of a source made anew, from its finest cells to the whole city."""

from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.tables.frames import as_schema
from gridcontainer.reconstruction.schemas import CELLS_SCHEMA, SOURCE
from gridcontainer.reconstruction.sketch import estimate
from gridcontainer.reconstruction.sources import Source
from gridcontainer.reconstruction.summary import summarise, with_ancestors
from gridcontainer.spark.city_cells import CITY_LEVEL, FINEST_LEVEL, code_of, to_level
from gridcontainer.spark.persisted import persisted

PART_LEVEL: Final = 3  # of the parts of a large source
_NO_PARTS: Final = CITY_LEVEL
LARGE: Final = 100_000  # rows of finest cells


def write_whole(spark: SparkSession, source: Source, path: str) -> int:
    """Replace what the table of cells has of a source; one commit.

    Returns:
        Rows that were written, about.
    """
    with persisted(summarise(source.read(spark), source.figures)) as finest:
        count = finest.count()
        level = PART_LEVEL if count > LARGE else _NO_PARTS
        cells = to_cells(with_ancestors(finest, source.figures), source, level)
        rows = cells.unionByName(state_row(spark, source, level))
        replace_cells(rows, path, where=f"source = '{source.name}'")
    return count


def replace_cells(rows: DataFrame, path: str, *, where: str) -> None:
    """Replace whole parts of the table of cells; one commit.

    Args:
        rows: of one source, as the table has them.
        path: of the table.
        where: says which parts: true of their rows, and of those that replace them.
    """
    (
        rows.repartition("part")
        .sortWithinPartitions("part", "grid_level", "cell")
        .write.format("delta")
        .mode("overwrite")
        .option("replaceWhere", where)
        .save(path)
    )


def part_of(cell: Column, grid_level: Column, level: int) -> Column:
    """The part in which the cells of a source lie that has parts of a level."""
    if level == _NO_PARTS:
        return F.lit(0).cast("long")
    return F.when(grid_level < FINEST_LEVEL, 0).otherwise(to_level(cell, level))


def to_cells(summaries: DataFrame, source: Source, level: int) -> DataFrame:
    """Summaries with ``grid_level`` as rows of the table of cells, in parts of a level."""
    values = {
        "source": F.lit(source.name),
        "part": part_of(F.col("cell"), F.col("grid_level"), level),
        "grid_code": code_of(F.col("cell"), F.col("grid_level"), unplaced=""),
        "distinct": F.when(F.col("sketch").isNotNull(), estimate(F.col("sketch"))),
        "is_confidential": F.lit(source.is_confidential),
        "source_version": F.lit(source.version),
        "settings": F.lit(None),
    }
    return summaries.select(*as_schema(CELLS_SCHEMA, values))


def state_row(spark: SparkSession, source: Source, level: int) -> DataFrame:
    """Says, in the same commit, from which version of the source its cells are, and how made."""
    values = {
        "source": F.lit(source.name),
        "part": F.lit(0),
        "department": F.lit(""),
        "kind": F.lit(SOURCE),
        "name": F.lit(str(level)),
        "grid_level": F.lit(CITY_LEVEL),
        "cell": F.lit(0),
        "grid_code": F.lit(""),
        "count": F.lit(1),
        "is_confidential": F.lit(source.is_confidential),
        "source_version": F.lit(source.version),
        "settings": F.lit(source.digest),
    }
    return spark.range(1).select(*as_schema(CELLS_SCHEMA, values, otherwise=F.lit(None)))
