"""A series from its data set: sensors, readings, what is missing and what is set aside."""

import pandas as pd
import pytest
from air import READINGS, RECEIVED, SERIES, write_readings
from deltalake import DeltaTable

from gridcontainer.errors import DatasetError, DeclarationError
from gridcontainer.sensors.declaration import Place
from gridcontainer.sensors.load import load_series
from gridcontainer.sensors.tables import readings_path, registry_path

pytestmark = pytest.mark.spark


def held(storage) -> dict[tuple[str, int], list[tuple[float, bool]]]:
    """Values by station and hour, in the order of their revisions."""
    sensors = DeltaTable(registry_path(storage)).to_pandas()
    readings = DeltaTable(readings_path(storage)).to_pandas().merge(sensors, on="sensor_id")
    found: dict = {}
    for row in readings.sort_values("revision").itertuples():
        values = found.setdefault((row.station, row.measured_at.hour), [])
        values.append((row.value, row.is_current))
        assert row.revision == len(values)
    return found


def test_readings_go_in_and_what_is_none_is_counted(spark, city, storage):
    loaded = load_series(spark, SERIES, city=city, storage=storage)
    assert (loaded.sensors, loaded.placed, loaded.missing) == (4, 3, 2)
    assert loaded.accepted.run.reasons == {
        "value out of range": 1,
        "value is no number": 2,
        "missing station": 2,
        "missing or unreadable time": 1,
    }
    assert loaded.accepted.run.rows_in == len(READINGS) - 2
    assert held(storage) == {
        ("a", 0): [(10, True)], ("a", 1): [(11.5, True)], ("a", 4): [(14, True)],
        ("b", 0): [(20, True)], ("b", 2): [(0, True)], ("b", 5): [(70, True)],
        ("nowhere", 0): [(30, True)],
    }  # fmt: skip
    readings = DeltaTable(readings_path(storage)).to_pandas()
    assert set(readings["received_at"]) == {pd.Timestamp(RECEIVED)}
    sensors = DeltaTable(registry_path(storage)).to_pandas().set_index("station")
    assert pd.isna(sensors.loc["nowhere", "cell"])
    assert sensors.loc[["a", "b", "c"], "grid_code"].notna().all()
    assert set(sensors["department"]) == {"environment"}


def test_the_same_again_changes_nothing(spark, city, storage):
    tables = (readings_path(storage), registry_path(storage))
    before = [DeltaTable(path).version() for path in tables]
    loaded = load_series(spark, SERIES, city=city, storage=storage)
    assert loaded.accepted.received.known == loaded.accepted.run.rows_out == 7
    assert [DeltaTable(path).version() for path in tables] == before


def test_corrections_become_revisions_and_nothing_is_lost(spark, city, storage):
    changed = [("a", 0, "12"), ("a", 4, "14"), ("a", 9, "19"), *READINGS[5:8]]
    write_readings(storage, changed, run_id="a run that is in no ledger")
    received = load_series(spark, SERIES, city=city, storage=storage).accepted.received
    assert (received.added, received.corrections, received.known) == (1, 1, 3)
    # Of an unknown receipt it is only sure that it was not before the measurement.
    assert held(storage)["a", 0] == [(12, False), (10, True)]
    write_readings(storage, changed)
    load_series(spark, SERIES, city=city, storage=storage)
    assert held(storage)["a", 0] == [(10, False), (12, True)]


def test_mistakes_are_said(spark, city, storage):
    def load(**changes):
        load_series(spark, SERIES.model_copy(update=changes), city=city, storage=storage)

    with pytest.raises(DatasetError, match="no data set nothing"):
        load(dataset="nothing")
    with pytest.raises(DatasetError, match="no data set nothing"):
        load(place=Place(dataset="nothing", key="id"))
    with pytest.raises(DeclarationError, match="air_hours has no site; it has"):
        load(station="site")
