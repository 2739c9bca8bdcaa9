"""A small city whose objects are issued once for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from small_city import FLATS, HOMES, HOUSES, City

# Tables of ten rows: compiling the code for a step takes longer than the step.
FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


@pytest.fixture(scope="package", autouse=True)
def few_rows(spark: SparkSession) -> Iterator[None]:
    before = {name: spark.conf.get(name) for name in FOR_FEW_ROWS}
    for name, value in FOR_FEW_ROWS.items():
        spark.conf.set(name, value)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)


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
