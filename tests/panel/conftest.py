"""The little city, written once; tests that change it take a copy."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from little_city import CASES, EVENTS, LittleCity, random_rows, towns
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def built(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LittleCity:
    """With all its indicators in the panel."""
    city = LittleCity(spark, tmp_path_factory.mktemp("little") / "container")
    chance = np.random.default_rng(7)
    city.write("towns", towns())
    city.write("events", random_rows(chance, 60))
    city.write("cases", random_rows(chance, 120))
    city.build(EVENTS, CASES)
    return city


@pytest.fixture
def changing(built: LittleCity, tmp_path: Path) -> LittleCity:
    """A copy to change."""
    shutil.copytree(built.root, tmp_path / "container")
    return LittleCity(built.spark, tmp_path / "container")
