"""Data sets as an ingest writes them, but for the source: tables of a few hundred rows."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from delta.tables import DeltaTable
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import create_table
from gridcontainer.grid import lonlat_to_cell
from gridcontainer.reconstruction import Measure, Reconstruction

LEVEL = 8


@dataclass
class SmallTable:
    """A table of trips: where one was, how long it took, of which vehicle."""

    spark: SparkSession
    root: Path
    name: str = "trips"
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def storage(self) -> Storage:
        return Storage(str(self.root))

    @property
    def path(self) -> str:
        return self.storage.dataset("traffic", self.name)

    @property
    def declared(self) -> Reconstruction:
        return Reconstruction(
            measures=[
                Measure(dataset=self.name, number="minutes"),
                Measure(dataset=self.name, distinct="vehicle"),
            ]
        )

    def create(self, rows: pd.DataFrame, **properties: str) -> None:
        self.rows = rows.set_index("object_id", drop=False)
        frame = self._frame(rows)
        wanted = {"delta.enableChangeDataFeed": "true"}
        named = {f"gridcontainer.{name}": value for name, value in properties.items()}
        create_table(self.spark, self.path, frame.schema, properties=wanted | named)
        frame.coalesce(1).write.format("delta").mode("append").save(self.path)

    def change(self, changed: pd.DataFrame, gone: list[str]) -> None:
        """Rows that are new or otherwise than before, and those that go; one MERGE."""
        marked = self._frame(changed).withColumn("goes", F.lit(False))
        going = self._frame(self.rows.loc[gone]).withColumn("goes", F.lit(True))
        (
            DeltaTable.forPath(self.spark, self.path)
            .alias("held")
            .merge(marked.unionByName(going).alias("new"), "held.object_id = new.object_id")
            .whenMatchedDelete("new.goes")
            .whenMatchedUpdate(set={name: f"new.{name}" for name in changed.columns})
            .whenNotMatchedInsert(values={name: f"new.{name}" for name in changed.columns})
            .execute()
        )
        after = pd.concat([self.rows.drop(index=gone), changed.set_index("object_id", drop=False)])
        self.rows = after[~after.index.duplicated(keep="last")]

    def _frame(self, rows: pd.DataFrame):
        schema = "object_id string, cell long, minutes string, vehicle string"
        return self.spark.createDataFrame(rows.reset_index(drop=True), schema)


def draw_trips(rng: np.random.Generator, ids: list[str]) -> pd.DataFrame:
    """Crowded, so that cells share parents; some without a number, a vehicle or a place."""
    count = len(ids)
    lon = 121.40 + rng.integers(0, 40, count) * 0.0007
    lat = 31.20 + rng.integers(0, 40, count) * 0.0007
    minutes = np.where(rng.random(count) < 0.1, "?", rng.integers(1, 30, count).astype(str))
    vehicles = np.array([f"v{n}" for n in range(9)])[rng.integers(0, 9, count)]
    cells = pd.Series(lonlat_to_cell(lon, lat, LEVEL), dtype=object)
    return pd.DataFrame(
        {
            "object_id": ids,
            "cell": cells.where(rng.random(count) > 0.05, None),
            "minutes": minutes,
            "vehicle": pd.Series(vehicles, dtype=object).where(rng.random(count) > 0.1, None),
        }
    )
