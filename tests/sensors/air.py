"""A made-up series of readings, and its data set as an ingest leaves it."""

from datetime import UTC, datetime

import pandas as pd
from deltalake import write_deltalake

from gridcontainer.container.storage import Storage
from gridcontainer.sensors.declaration import Series

RECEIVED = datetime(2020, 1, 1, tzinfo=UTC)
SERIES = Series.model_validate(
    {
        "series": "air",
        "title": "Air",
        "dataset": "air_hours",
        "station": "station",
        "missing": ["NA"],
        "interval_seconds": 3600,
        "lateness_seconds": 7200,
        "place": {"dataset": "air_stations", "key": "id"},
        "measures": [{"column": "aqi", "quantity": "aqi", "unit": "1", "valid": [0, 500]}],
    }
)
READINGS = [  # station, hour of 2019-01-01 UTC, text
    ("a", 0, "10"), ("a", 1, "11.5"), ("a", 2, "NA"), ("a", 3, None), ("a", 4, "14"),
    ("b", 0, "20"), ("b", 1, "501"), ("b", 2, "-0"), ("b", 3, "1d"), ("b", 4, "NaN"),
    ("nowhere", 0, "30"), ("", 0, "40"), (None, 0, "50"), ("b", None, "60"), (" b ", 5, " 7e1 "),
]  # fmt: skip


def write_readings(storage: Storage, rows: list[tuple], *, run_id: str = "run") -> None:
    midnight = pd.Timestamp("2019-01-01", tz="UTC")
    frame = pd.DataFrame(rows, columns=["station", "hour", "aqi"])
    frame["event_time"] = pd.to_datetime(
        [None if pd.isna(hour) else midnight + pd.Timedelta(hours=hour) for hour in frame["hour"]],
        utc=True,
    )
    frame = frame.drop(columns="hour").assign(
        source_file="air.csv", source_row=range(1, len(rows) + 1), run_id=run_id
    )
    write_deltalake(storage.dataset("environment", "air_hours"), frame, mode="overwrite")
