"""A little city of a few cells, in a container that another engine than Spark has written."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from gridcontainer.container.declaration import Declaration, load_city
from gridcontainer.container.storage import Storage
from gridcontainer.grid import cell_to_parent, lonlat_to_cell
from gridcontainer.panel import Indicator, Outcome, build_panel
from gridcontainer.panel.files import IndicatorFile
from gridcontainer.panel.schemas import values_path

CITY = load_city(Path(__file__).parents[2] / "conf/city/shanghai.yaml")
LAND = shapely.box(121.401, 31.201, 121.449, 31.229)  # 3 x 2 cells of level 4, in two of level 3
CHANGE_FEED = {"delta.enableChangeDataFeed": "true"}
KINDS = ["food", "books", "tools"]
DAYS = pd.date_range("2024-03-01", periods=6, tz="Asia/Shanghai")


def declared(dataset: str, **more: Any) -> Declaration:
    said = {
        "dataset": dataset, "department": "planning", "title": dataset, "kind": "table",
        "source": {"path": "x.csv", "format": "csv"},
    }  # fmt: skip
    return Declaration.model_validate(said | more)


DECLARED = [
    declared("events"),
    declared("towns"),
    declared("cases", sensitivity={"kind": "confidential"}),
]
EVENTS = {
    "panel": "events", "department": "planning", "source": {"dataset": "events", "value": "amount"},
    "step": "day", "levels": [3, 4],
    "indicators": {
        "events": {"title": "Events"},
        "amounts": {"title": "Amounts", "aggregate": "sum", "absent": "zero"},
        "mean_amount": {
            "title": "Mean", "aggregate": "mean",
            "cleaning": {
                "valid": [0, 90],
                "outliers": {"method": "hampel", "window": 2, "threshold": 3},
                "interpolation": {"method": "linear", "limit": 1},
            },
        },
        "diversity": {
            "title": "Diversity", "aggregate": "diversity", "category": "kind", "step": "static",
            "levels": [3, 4, 5],
        },
    },
}  # fmt: skip
CASES = {
    "panel": "cases", "department": "health", "source": {"dataset": "cases"}, "step": "day",
    "silent": "missing", "levels": [3, 4], "indicators": {"cases": {"title": "Cases"}},
}  # fmt: skip


def indicators_of(*files: dict[str, Any], only: str | None = None) -> list[Indicator]:
    found = [i for file in files for i in IndicatorFile.model_validate(file).flattened()]
    return [i for i in found if only in (None, i.indicator)]


def random_rows(chance: np.random.Generator, count: int, *, first: int = 0) -> pd.DataFrame:
    """Rows in a corner of the city mostly; some off its land, some nowhere."""
    lon = chance.uniform(121.39, 121.45, count)
    lat = chance.uniform(31.20, 31.23, count)
    cells = pd.array(lonlat_to_cell(lon, lat, 8), dtype="Int64")
    cells[chance.random(count) < 0.05] = pd.NA
    moments = DAYS[chance.integers(1, 5, count)] + pd.to_timedelta(
        chance.integers(0, 86_400, count), unit="s"
    )
    return pd.DataFrame(
        {
            "object_id": [f"r{first + number}" for number in range(count)],
            "cell": cells,
            "event_time": moments.tz_convert("UTC"),
            "kind": chance.choice([*KINDS, None], count),
            "amount": [str(n) if n < 97 else "none" for n in chance.integers(0, 100, count)],
        }
    )


@dataclass
class LittleCity:
    """Data sets to be written to and changed, and the panel of them."""

    spark: SparkSession
    root: Path

    @property
    def storage(self) -> Storage:
        return Storage(str(self.root))

    def path(self, dataset: str) -> str:
        return str(self.root / "datasets/planning" / dataset)

    def write(self, dataset: str, rows: pd.DataFrame | pa.Table, mode: str = "error") -> None:
        write_deltalake(self.path(dataset), rows, mode=mode, configuration=CHANGE_FEED)

    def rows(self, dataset: str) -> pd.DataFrame:
        table = DeltaTable(self.path(dataset)).to_pyarrow_table()
        # As floats, which pandas takes where there are nulls, cells would lose their last digits.
        cells = pd.array(table["cell"].to_pylist(), dtype="Int64")
        return table.to_pandas().assign(cell=cells)

    def build(self, *files: dict[str, Any], only: str | None = None, **options: Any) -> Outcome:
        outcome = build_panel(
            self.spark, self.storage, indicators_of(*files, only=only), city=CITY,
            declarations=DECLARED, **options,
        )  # fmt: skip
        assert outcome.failures == {}
        return outcome

    def values(self) -> pd.DataFrame:
        """The panel, as another engine reads it, in an order of its own."""
        found = DeltaTable(values_path(self.storage)).to_pandas()
        order = ["indicator", "grid_level", "cell", "time"]
        return found.sort_values(order, ignore_index=True).drop(
            columns=["source_version", "run_id"]
        )


def towns() -> pd.DataFrame:
    return pd.DataFrame({"object_id": ["land"], "name": ["all"], "geometry": [LAND.wkb]})


def at_level(cells: pd.Series, level: int) -> pd.Series:
    """The cells of a level, by numpy; 0 is the city, -1 nowhere."""
    if level == 0:
        return pd.Series(0, index=cells.index)
    known = cells.notna() & (cells != -1)
    parents = pd.Series(-1, index=cells.index, dtype="int64")
    parents[known] = cell_to_parent(cells[known].astype("int64").to_numpy(), level)
    return parents


def local_days(rows: pd.DataFrame) -> pd.Series:
    return rows["event_time"].dt.tz_convert("Asia/Shanghai").dt.date


def day(number: int) -> date:
    return DAYS[number].date()
