"""Links that people made or took back: they go before all that a linkage finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.tables.frames import as_schema
from gridcontainer.identity.schemas import ANY, DIFFERENT, LINKS, MANUAL, MERGE

_SCHEMA = (
    "record_left string, record_right string, dataset_left string, dataset_right string, "
    "probability double, status string, who string, why string"
)


@dataclass(frozen=True)
class Decision:
    """That two records are the same thing, or are not.

    Attributes:
        left: id of a record.
        right: id of another record.
        same: whether they are the same thing.
        who: decided it.
        why: they did.
        row: of the file in which it stands, from 1; 0 where it stands in none.
    """

    left: str
    right: str
    same: bool
    who: str
    why: str
    row: int = 0

    @property
    def pair(self) -> tuple[str, str]:
        """Both records, the smaller id first."""
        return min(self.left, self.right), max(self.left, self.right)


def to_links(
    spark: SparkSession, decisions: Sequence[Decision], datasets: dict[str, str]
) -> DataFrame:
    """Decisions as rows of the table of links, without validity.

    Args:
        spark: the session.
        decisions: one for each pair.
        datasets: of each record.
    """
    rows = [
        (
            *decision.pair,
            *(datasets[record] for record in decision.pair),
            1.0 if decision.same else 0.0,
            MERGE if decision.same else DIFFERENT,
            decision.who,
            decision.why,
        )
        for decision in decisions
    ]
    said = F.struct(
        F.col("who").alias("comparison"),
        F.col("why").alias("level"),
        F.lit(None).cast("double").alias("weight"),
    )
    values = {
        "link": F.lit(MANUAL),
        "evidence": F.array(said),
        "many": F.array(F.lit(ANY)),
        "weight": F.lit(None),
    }
    frame = spark.createDataFrame(rows, _SCHEMA)
    said_of = {*values, *frame.columns}
    return frame.select(*as_schema((f for f in LINKS.schema if f.name in said_of), values))
