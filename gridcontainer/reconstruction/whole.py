"""The cells of a source made anew, from its finest cells to the whole city."""

from typing import Final

from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.layout import ROWS_PER_FILE
from gridcontainer.container.tables import as_schema
from gridcontainer.reconstruction.schemas import (
    CELLS_SCHEMA,
    SOURCE,
)
from gridcontainer.reconstruction.sketch import estimate
from gridcontainer.reconstruction.sources import Source
from gridcontainer.reconstruction.summary import roll_up, summarise
from gridcontainer.spark.city_cells import CITY_LEVEL, FINEST_LEVEL, code_of
from gridcontainer.spark.kept import keep, kept

NEXT_LEVEL: Final = FINEST_LEVEL - 1
# From the next level, not from the finest: a sketch of the city of sketches of all small cells
# would hold them all in memory at once.
COARSER: Final = range(CITY_LEVEL, NEXT_LEVEL)


def write_whole(spark: SparkSession, source: Source, path: str) -> int:
    """Replace what the table of cells has of a source; one commit.

    Returns:
        Rows that were written, about.
    """
    summaries = summarise(source.read(spark), source.figures)
    with kept(summaries.withColumn("grid_level", F.lit(FINEST_LEVEL))) as finest:
        following = keep(roll_up(finest, [NEXT_LEVEL]))
        coarser = roll_up(following, COARSER)
        cells = to_cells(union(finest, following, coarser), source)
        count = finest.count() + following.count()
        arranged = union(cells, state_row(spark, source)).repartitionByRange(
            max(1, count // ROWS_PER_FILE), "grid_level", "cell"
        )
        (
            arranged.sortWithinPartitions("grid_level", "cell")
            .write.format("delta")
            .mode("overwrite")
            .option("replaceWhere", f"source = '{source.name}'")
            .save(path)
        )
    return count


def to_cells(summaries: DataFrame, source: Source) -> DataFrame:
    """Summaries with ``grid_level`` as rows of the table of cells."""
    values = {
        "source": F.lit(source.name),
        "grid_code": code_of(F.col("cell"), F.col("grid_level"), unplaced=""),
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


def union(first: DataFrame, *others: DataFrame) -> DataFrame:
    """All rows of frames with the same columns."""
    for other in others:
        first = first.unionByName(other)
    return first
