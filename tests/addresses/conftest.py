"""A made-up city as tables of a container."""

from collections.abc import Callable
from pathlib import Path

import pytest
from made_up_city import SQUARES, TOWNS, declare, known_addresses, polygons, write
from pyspark.sql import SparkSession

from gridcontainer.addresses.book import AddressBook
from gridcontainer.addresses.knowledge import City
from gridcontainer.container.declaration import CityProfile, load_city
from gridcontainer.container.storage import Storage

ROOT = Path(__file__).parents[2]


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
