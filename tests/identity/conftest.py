"""A small city whose objects are issued once for all tests."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from small_city import FLATS, HOMES, HOUSES, City


@pytest.fixture(scope="session")
def issued_once(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> City:
    """Three data sets of homes and one of shops, their objects issued; tests copy it."""
    city = City(spark, tmp_path_factory.mktemp("city") / "container")
    city.write("homes", HOMES)
    city.write("flats", FLATS)
    city.write("houses", HOUSES)
    city.write("shops", {"red": (121.4, 31.2)})
    city.issue()
    return city


@pytest.fixture
def city(issued_once: City, tmp_path: Path) -> City:
    return issued_once.copy(tmp_path / "container")
