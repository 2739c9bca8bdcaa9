"""Covers of a frame: the cells that numpy finds, and no row lost."""

import numpy as np
import pandas as pd
import pytest
import shapely
from pyspark.sql import SparkSession

from gridcontainer.grid.cover import cover
from gridcontainer.spark.cover import grid_cover

pytestmark = pytest.mark.spark

SHAPES = np.array(
    [
        shapely.box(121.4, 31.2, 121.41, 31.22),
        shapely.LineString([(121.4, 31.2), (121.43, 31.21)]),
        None,
        shapely.Polygon([(121, 31), (121.01, 31.01), (121.01, 31), (121, 31.01)]),  # a bow tie
        shapely.box(121, 87, 122, 90),
        shapely.box(100, 10, 130, 40),
        shapely.Point(121.4, 31.2),
    ],
    dtype=object,
)
TOO_MANY = 20_000


def test_cells_and_problems_are_those_of_numpy(spark: SparkSession) -> None:
    table = pd.DataFrame({"name": list("abcdefg"), "geometry": list(shapely.to_wkb(SHAPES))})
    frame = spark.createDataFrame(table, "name string, geometry binary")
    found = grid_cover(frame, 5, compact=True, chips=True, max_cells=TOO_MANY).toPandas()
    expected = cover(SHAPES, 5, compact=True, chips=True, max_cells=TOO_MANY, on_invalid="mark")
    assert set(found["name"]) == set("abcdefg"), "no row is lost"
    for index, name in enumerate("abcdefg"):
        rows = found[found["name"] == name].sort_values("cover_cell")
        own = expected.geometry == index
        assert rows["problem"].iloc[0] == (expected.problems[index] or None)
        assert rows["repair"].iloc[0] == (expected.repairs[index] or None)
        if not own.any():
            assert len(rows) == 1
            assert pd.isna(rows["cover_cell"].iloc[0])
            continue
        assert rows["cover_cell"].tolist() == expected.cell[own].tolist()
        assert rows["cover_level"].tolist() == expected.level[own].tolist()
        assert rows["is_interior"].tolist() == expected.is_interior[own].tolist()
        assert shapely.equals(shapely.from_wkb(rows["chip"].to_numpy()), expected.chip[own])[
            ~expected.is_interior[own]
        ].all()
    reasons = found.dropna(subset=["problem"]).set_index("name")["problem"]
    assert set(reasons.index) == {"c", "e", "f"}
    assert "would fit" in reasons["f"]
