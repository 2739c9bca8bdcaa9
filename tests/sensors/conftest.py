"""A container with a data set of readings and one of places."""

from pathlib import Path

import pandas as pd
import pytest
from air import READINGS, RECEIVED, write_readings
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from gridcontainer.container.declaration import CityProfile, load_city
from gridcontainer.container.runs import Run, record_run
from gridcontainer.container.storage import Storage
from gridcontainer.grid import cell_to_code, lonlat_to_cell

CITY = Path(__file__).parents[2] / "conf/city/shanghai.yaml"


@pytest.fixture(scope="session")
def city() -> CityProfile:
    return load_city(CITY)


@pytest.fixture(scope="module")
def storage(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    """Stations a and b stand somewhere, c never reads, and nowhere is not placed."""
    storage = Storage(str(tmp_path_factory.mktemp("sensors")))
    places = {"a": (121.47, 31.23), "b": (121.9, 31.0), "c": (121.5, 31.3)}
    cells = [lonlat_to_cell(lon, lat, 8) for lon, lat in places.values()]
    stations = pd.DataFrame(
        {
            "id": list(places),
            "cell": cells,
            "grid_code": [str(cell_to_code(cell, 8)) for cell in cells],
            "grid_level": pd.array([8] * 3, dtype="Int8"),
            "lon": [lon for lon, _ in places.values()],
            "lat": [lat for _, lat in places.values()],
        }
    )
    write_deltalake(storage.dataset("environment", "air_stations"), stations)
    write_readings(storage, READINGS)
    run = Run("run", "ingest", "air_hours", "environment", RECEIVED, 1.0, "", 0, 1, 1, 0)
    record_run(storage, run)
    return storage
