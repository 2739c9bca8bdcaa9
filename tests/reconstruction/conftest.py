"""A made-up table of trips, and few rows for Spark."""

from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from small_tables import SmallTable, draw_trips


@pytest.fixture
def trips(spark: SparkSession, tmp_path: Path) -> SmallTable:
    table = SmallTable(spark, tmp_path / "container")
    table.create(draw_trips(np.random.default_rng(7), [f"t{n}" for n in range(300)]))
    return table
