"""From what an indicator was computed: written in the rows themselves, so that both are one commit.

Every row carries the versions of the tables, and the digest of the declaration, as of which it was
last computed. The city's row of the first step (its *head*) is written by every run: what it
carries holds for the whole indicator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from delta.tables import DeltaTable
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.storage import Storage, has_table
from gridcontainer.container.tables.log import require_log
from gridcontainer.panel.schemas import indicators_path, values_path
from gridcontainer.spark.city_cells import CITY_LEVEL


@dataclass(frozen=True)
class State:
    """What an indicator is computed from.

    Attributes:
        versions: of tables, by their path below the container.
        digest: of the declaration.
    """

    versions: Mapping[str, int]
    digest: str

    def __str__(self) -> str:
        """In one line, as rows carry it."""
        tables = [f"{table}@{version}" for table, version in sorted(self.versions.items())]
        return " ".join([*tables, f"#{self.digest}"])

    @classmethod
    def parse(cls, text: str) -> Self:
        """What ``str`` has written."""
        *tables, digest = text.split(" ")
        pairs = (table.rsplit("@", 1) for table in tables)
        return cls({table: int(version) for table, version in pairs}, digest.removeprefix("#"))

    def changed_since(self, former: "State") -> list[str] | None:
        """Tables of another version; None where it is no longer computed from the same ones."""
        if former.digest != self.digest or former.versions.keys() != self.versions.keys():
            return None
        return [name for name, version in self.versions.items() if former.versions[name] != version]


def read_versions(storage: Storage) -> list[tuple[str, int]]:
    """Path and version of each table that an indicator was computed from, without Spark."""
    path = indicators_path(storage)
    if not has_table(path):
        return []
    said = require_log(path).to_pyarrow_table(columns=["source_version"]).to_pylist()
    states = [State.parse(row["source_version"]) for row in said]
    return [
        (f"{storage.root}/{table}", version)
        for state in states
        for table, version in state.versions.items()
    ]


def read_states(spark: SparkSession, storage: Storage) -> dict[str, State]:
    """The state of each indicator that the panel has."""
    path = values_path(storage)
    if not DeltaTable.isDeltaTable(spark, path):
        return {}
    city = spark.read.format("delta").load(path).where(F.col("grid_level") == CITY_LEVEL)
    first = F.coalesce("time", F.timestamp_seconds(F.lit(0)))
    heads = city.groupBy("indicator").agg(F.min_by("source_version", first).alias("state"))
    return {row["indicator"]: State.parse(row["state"]) for row in heads.collect()}
