"""The cells of a source made anew, from its finest cells to the whole city."""

from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.layout import ROWS_PER_FILE
from gridcontainer.container.tables import as_schema
from gridcontainer.reconstruction.schemas import (
    CELLS_SCHEMA,
    CITY_LEVEL,
    FINEST_LEVEL,
    SOURCE,
    UNPLACED,
)
from gridcontainer.reconstruction.sketch import estimate
from gridcontainer.reconstruction.sources import Source
from gridcontainer.reconstruction.summary import roll_up, summarise
from gridcontainer.spark.columns import grid_cell_code
from gridcontainer.spark.kept import kept

COARSER: Final = range(FINEST_LEVEL - 1, CITY_LEVEL - 1, -1)


def write_whole(spark: SparkSession, source: Source, path: str) -> None:
    """Replace what the table of cells has of a source; one commit."""
    facts = source.read(spark)
    with kept(summarise(facts, source.figures)) as finest:
        levels = [to_cells(finest, FINEST_LEVEL, source)]
        children = finest
        for level in COARSER:
            children = children.transform(roll_up, level=level)
            levels.append(to_cells(children, level, source))
        cells = union(*levels, state_row(spark, source))
        files = max(1, finest.count() // ROWS_PER_FILE)
        arranged = cells.repartitionByRange(files, "grid_level", "cell")
        (
            arranged.sortWithinPartitions("grid_level", "cell")
            .write.format("delta")
            .mode("overwrite")
            .option("replaceWhere", f"source = '{source.name}'")
            .save(path)
        )


def to_cells(summaries: DataFrame, level: int, source: Source) -> DataFrame:
    """Summaries of one level as rows of the table of cells."""
    values = {
        "source": F.lit(source.name),
        "grid_level": F.lit(level),
        "grid_code": _code(level),
        "distinct": F.when(F.col("sketch").isNotNull(), estimate(F.col("sketch"))),
        "is_confidential": F.lit(source.is_confidential),
        "source_version": F.lit(source.version),
        "settings": F.lit(None),
    }
    return summaries.select(*as_schema(CELLS_SCHEMA, values))


def state_row(spark: SparkSession, source: Source) -> DataFrame:
    """Says, in the same commit, from which version of the source its cells are, and how made."""
    values = {
        "source": F.lit(source.name),
        "department": F.lit(""),
        "kind": F.lit(SOURCE),
        "name": F.lit(""),
        "grid_level": F.lit(CITY_LEVEL),
        "cell": F.lit(0),
        "grid_code": F.lit(""),
        "count": F.lit(1),
        "is_confidential": F.lit(source.is_confidential),
        "source_version": F.lit(source.version),
        "settings": F.lit(source.digest),
    }
    return spark.range(1).select(*as_schema(CELLS_SCHEMA, values, otherwise=F.lit(None)))


def _code(level: int) -> Column:
    if level == CITY_LEVEL:
        return F.lit("")
    return F.when(F.col("cell") == UNPLACED, "").otherwise(grid_cell_code("cell", level))


def union(first: DataFrame, *others: DataFrame) -> DataFrame:
    """All rows of frames with the same columns."""
    for other in others:
        first = first.unionByName(other)
    return first
