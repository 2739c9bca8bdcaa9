"""Series, links, tags and joins take a column by either of its names, and hide it by both."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gridcontainer.cli.quarantine import _confidential
from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.join import _column_of
from gridcontainer.errors import DeclarationError, JoinError, LinkError, TagError
from gridcontainer.linkage.declaration import LinkSource
from gridcontainer.linkage.run import _over_stored as link_over_stored
from gridcontainer.sensors.declaration import Series
from gridcontainer.sensors.load import _over_stored as series_over_stored
from gridcontainer.tags.requests import _stored

NAMES = ColumnNames(
    ("object_id", "cell", "lon", "event_time", "source_lon", "PM_US_Post", "the_station"),
    {"lon": "source_lon", "PM_US Post": "PM_US_Post", "the station": "the_station"},
)


def series(station: str, column: str) -> Series:
    measure = {"column": column, "quantity": "pm25", "unit": "ug/m3"}
    said = {
        "series": "air", "title": "Air", "dataset": "air", "measures": [measure],
        "station": station, "interval_seconds": 3600,
    }  # fmt: skip
    return Series.model_validate(said)


def test_a_series_takes_either_name():
    stored = series("the_station", "PM_US_Post")
    assert series_over_stored(series("the station", "PM_US Post"), NAMES) == stored
    assert series_over_stored(stored, NAMES) == stored
    with pytest.raises(DeclarationError, match=r"air has no pm_us; near .*'PM_US Post'"):
        series_over_stored(series("the station", "pm_us"), NAMES)


def test_a_link_takes_either_name():
    table = cast(Any, SimpleNamespace(dataset="air", has=lambda name: True, column_names=NAMES))
    source = LinkSource(dataset="air", name="the station", fields={"post": "PM_US Post"})
    stored = LinkSource(dataset="air", name="the_station", fields={"post": "PM_US_Post"})
    assert link_over_stored(table, source) == link_over_stored(table, stored) == stored
    with pytest.raises(LinkError, match="air has no column stat; it has"):
        link_over_stored(table, LinkSource(dataset="air", name="stat"))


def test_a_tag_keeps_the_name_that_was_asked_for():
    assert _stored(NAMES, "air", ["PM_US Post", "the_station"]) == {
        "PM_US Post": "PM_US_Post", "the_station": "the_station",
    }  # fmt: skip
    with pytest.raises(TagError, match="air has no colour"):
        _stored(NAMES, "air", ["colour"])


def test_the_result_of_a_join_is_counted_by_either_name():
    towns = ColumnNames(("lon", "town_name", "the_station"), {"town name": "town_name"})
    there = [*NAMES.stored, "lon_towns", "town_name", "the_station_towns"]
    joined = cast(
        Any,
        SimpleNamespace(
            frame=SimpleNamespace(columns=there),
            left=SimpleNamespace(name="air", names=NAMES),
            right=SimpleNamespace(name="towns", names=towns),
        ),
    )
    asked = {
        "the station": "the_station", "town name": "town_name", "lon": "lon",
        "the_station_towns": "the_station_towns", "PM_US Post": "PM_US_Post",
    }  # fmt: skip
    assert {name: _column_of(joined, name) for name in asked} == asked
    with pytest.raises(JoinError, match="the result has no column townname to count by; near"):
        _column_of(joined, "townname")


def test_the_quarantine_hides_a_column_by_both_names(tmp_path):
    """Rows are kept under the source's names, and a declaration may use the stored ones."""
    import pyarrow as pa  # noqa: PLC0415

    from gridcontainer.container.declaration import Declaration  # noqa: PLC0415
    from gridcontainer.container.storage import Storage  # noqa: PLC0415
    from gridcontainer.container.tables.actions import TableMetadata  # noqa: PLC0415
    from gridcontainer.container.tables.log import create_table  # noqa: PLC0415

    storage = Storage(str(tmp_path))
    schema = pa.schema([("the_phone", pa.string()), ("source_lon", pa.string())])
    properties = {"gridcontainer.columns": '{"the phone": "the_phone", "lon": "source_lon"}'}
    path = storage.dataset("trade", "shops")
    create_table(storage.files, path, TableMetadata(schema, properties=properties))
    said = {
        "dataset": "shops", "department": "trade", "title": "Shops", "kind": "table",
        "source": {"path": "x.csv", "format": "csv"},
    }  # fmt: skip
    for name in ("the phone", "the_phone"):
        declared = Declaration.model_validate(said | {"sensitivity": {name: "confidential"}})
        assert _confidential(declared, storage) == {"the phone", "the_phone"}
