"""Two districts, two towns and two straight roads, and how they are written as tables."""

from pathlib import Path
from typing import Any

import pyproj
import shapely
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.container.declaration import Declaration

GEOD = pyproj.Geod(ellps="WGS84")
CROSSING = (121.05, 31.05)  # of 长青路, due east, and 白云路, due north
SQUARES = {"青山区": (121.0, 31.0, 121.1, 31.1), "白水区": (121.1, 31.0, 121.2, 31.1)}
TOWNS = {"东河镇": (121.0, 31.0, 121.05, 31.1), "西河镇": (121.1, 31.0, 121.15, 31.1)}


def on_road(east: float = 0.0, north: float = 0.0) -> tuple[float, float]:
    """Longitude and latitude some metres from the crossing."""
    lon, lat, _ = GEOD.fwd(*CROSSING, 90.0, east)
    lon, lat, _ = GEOD.fwd(lon, lat, 0.0, north)
    return lon, lat


def known_addresses() -> dict[str, tuple[float, float]]:
    """Numbers on both roads, one to a metre: 长青路 east, 白云路 north of the crossing."""
    east = {f"长青路{n}号": on_road(east=n) for n in range(20, 800, 20)}
    north = {f"白云路{n}弄": on_road(north=n) for n in range(30, 800, 30)}
    villages = {"梅家村": on_road(east=-900, north=900), "竹家村竹西宅": on_road(east=-2000)}
    twins = {"红叶苑": on_road(north=-3000), "红叶苑 ": (121.15, 31.02)}
    return east | north | villages | twins


def polygons(spark: SparkSession, boxes: dict[str, tuple[float, float, float, float]]) -> DataFrame:
    rows = [(name, bytearray(shapely.to_wkb(shapely.box(*box)))) for name, box in boxes.items()]
    return spark.createDataFrame(rows, "name string, geometry binary")


def write(rows: DataFrame, root: Path, name: str) -> None:
    rows.coalesce(1).write.format("delta").save(str(root / "datasets/planning" / name))


def declare(name: str, **keys: Any) -> Declaration:
    position = {} if keys.get("kind") == "table" else {"position": {"lon": "lon", "lat": "lat"}}
    given = {
        "dataset": name,
        "department": "planning",
        "title": name,
        "kind": "points",
        "source": {"path": f"{name}.csv", "format": "csv"},
    }
    return Declaration.model_validate(given | position | keys)
