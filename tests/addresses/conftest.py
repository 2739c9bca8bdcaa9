"""A made-up city of two districts and two straight roads, as tables of a container."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyproj
import pytest
import shapely
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.addresses.book import AddressBook
from gridcontainer.addresses.knowledge import City
from gridcontainer.container.declaration import CityProfile, Declaration, load_city
from gridcontainer.container.storage import Storage

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(scope="session")
def profile() -> CityProfile:
    return load_city(ROOT / "conf/city/shanghai.yaml")


@pytest.fixture(scope="session")
def book() -> AddressBook:
    areas = {
        "districts": {"dataset": "districts", "name": "name"},
        "towns": {"dataset": "towns", "name": "name"},
        "codes": {"D1": "青山"},
    }
    return AddressBook.model_validate(
        {
            "areas": areas,
            "gazetteer": [
                {"dataset": "geocodes", "text": "address", "uncertainty_metres": 20},
                {"dataset": "absent", "text": "address", "uncertainty_metres": 20},
            ],
            "records": [{"dataset": "notices", "text": "place", "district": "district"}],
            "calibration": {"neighbours": {"scale": 2.0, "weight": 0.75}},
        }
    )


@pytest.fixture(scope="session")
def make_city(
    spark: SparkSession, profile: CityProfile, book: AddressBook
) -> Callable[[Path, list[tuple[str, str | None, str | None]]], City]:
    """A container with the made-up city and notices: place, district, key of a geocode."""

    def make(root: Path, notices: list[tuple[str, str | None, str | None]]) -> City:
        write(polygons(spark, SQUARES), root, "districts")
        write(polygons(spark, TOWNS), root, "towns")
        rows = [(text, text, *place) for text, place in known_addresses().items()]
        geocodes = spark.createDataFrame(
            rows, "object_id string, address string, lon double, lat double"
        )
        write(geocodes, root, "geocodes")
        numbered = [(f"notice-{number}", *notice) for number, notice in enumerate(notices)]
        schema = "object_id string, place string, district string, address string"
        write(spark.createDataFrame(numbered, schema), root, "notices")
        declared = {name: declare(name) for name in ("districts", "towns", "geocodes")}
        relation = {"columns": ["address"], "dataset": "geocodes", "to": ["address"]}
        notice = declare("notices", kind="table", key=["place"], relations=[relation])
        return City(spark, Storage(str(root)), profile, declared | {"notices": notice}, book)

    return make


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
