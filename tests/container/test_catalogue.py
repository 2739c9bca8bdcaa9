"""The catalogue of a container whose every row is known: three data sets, brought in twice."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import shapely
from deltalake import DeltaTable

from gridcontainer.container.catalogue.catalogue import (
    build_catalogue,
    write_catalogue,
)
from gridcontainer.container.catalogue.schema import CATALOGUE_SCHEMA
from gridcontainer.container.ingest.batch import ingest_datasets
from gridcontainer.container.ingest.dataset import Ingested
from gridcontainer.container.storage import Storage

PLACES = [(f"p{i:02}", f"place {i}", 121.0 + i / 100, 31.0 + i / 200) for i in range(40)]
CHANGED = [("p00", "renamed", 121.0, 31.0), *PLACES[1:], ("p40", "added", 121.95, 30.7)]
LONDON, NOWHERE = ("p98", "London", -0.1, 51.5), ("p99", "nowhere", 0.0, 0.0)
PARK = shapely.box(121.3, 31.1, 121.4, 31.2)
MARKET_BEFORE = shapely.box(120.9, 30.8, 121.0, 30.9)  # west and south of where it is now
MARKET = shapely.box(121.5, 31.25, 121.6, 31.3)
FARES = "from,to,yuan\na,b,3\na,c,4\nb,c,\n"


class Twice(NamedTuple):
    """What two ingests made, and when."""

    storage: Storage
    declarations: list
    first: dict[str, Ingested]
    second: dict[str, Ingested]
    catalogue: dict[str, dict]


def write_sources(folder: Path, places: list, market: shapely.Polygon, opened: str) -> None:
    frame = pd.DataFrame(places, columns=["id", "name", "lon", "lat"])
    frame.assign(height=12).to_csv(folder / "places.csv", index=False)
    zones = [("park", "2020-01-01 08:00:00", PARK.wkt), ("market", opened, market.wkt)]
    columns = ["id", "opened", "shape"]
    pd.DataFrame(zones, columns=columns).to_csv(folder / "zones.csv", index=False)
    (folder / "fares.csv").write_text(FARES)


@pytest.fixture(scope="module")
def twice(spark, city, declare, tmp_path_factory) -> Twice:
    folder = tmp_path_factory.mktemp("catalogue")
    storage = Storage(str(folder / "container"))
    declarations = [
        declare(
            key=["id"], owner="Map room, ext. 12", tags=["poi", "base"], units={"height": "m"},
            sensitivity={"name": "confidential", "id": "internal"},
            relations=[{"columns": ["name"], "dataset": "zones", "to": ["id"]}],
        ),
        declare(
            "zones.csv", dataset="zones", kind="polygons", title="Zones", key=["id"],
            position={"geometry": "shape", "geometry_format": "wkt"}, history=True,
            time={"columns": ["opened"], "format": "yyyy-MM-dd HH:mm:ss"}, absent="delete",
        ),
        declare(
            "fares.csv", dataset="fares", department="traffic", kind="table", position=None,
            key=["from", "to"], units={"yuan": "CNY"},
        ),
    ]  # fmt: skip
    options = {"city": city, "sources": folder, "storage": storage}

    def bring() -> dict[str, Ingested]:
        outcome = ingest_datasets(lambda: spark, declarations, **options)
        assert not outcome.failures
        return {result.run.dataset: result for result in outcome.results}

    write_sources(folder, [*PLACES, LONDON], MARKET_BEFORE, "2010-05-01 09:00:00")
    first = bring()
    write_sources(folder, [*CHANGED, NOWHERE], MARKET, "2024-06-01 20:30:00")
    second = bring()
    catalogue = {entry["dataset"]: entry for entry in build_catalogue(storage, declarations)}
    return Twice(storage, declarations, first, second, catalogue)


def extent(entry: dict) -> tuple[float, ...]:
    return tuple(entry[side] for side in ("west", "south", "east", "north"))


def column(entry: dict, name: str) -> dict:
    (found,) = (column for column in entry["columns"] if column["name"] == name)
    return found


def test_every_data_set_has_one_entry_with_its_words(twice):
    assert list(twice.catalogue) == ["places", "zones", "fares"]  # by department
    words = ("department", "title", "kind", "owner", "tags", "datum", "key", "relations")
    assert {word: twice.catalogue["places"][word] for word in words} == {
        "department": "planning", "title": "Places", "kind": "points",
        "owner": "Map room, ext. 12", "tags": ["poi", "base"], "datum": "WGS84", "key": ["id"],
        "relations": [{"columns": ["name"], "dataset": "zones"}],
    }  # fmt: skip
    assert (twice.catalogue["zones"]["kind"], twice.catalogue["zones"]["owner"]) == (
        "polygons", None,
    )  # fmt: skip


def test_rows_are_those_valid_now(twice):
    counts = {name: (e["rows"], e["closed_rows"]) for name, e in twice.catalogue.items()}
    assert counts == {"places": (41, 0), "zones": (2, 1), "fares": (3, 0)}
    assert twice.catalogue["places"]["sources"] == [{"file": "places.csv", "rows": 41}]
    assert twice.catalogue["zones"]["sources"] == [{"file": "zones.csv", "rows": 2}]


def test_the_extent_is_that_of_the_rows(twice):
    assert extent(twice.catalogue["places"]) == (121.0, 30.7, 121.95, 31.195)
    assert extent(twice.catalogue["fares"]) == (None,) * 4


def test_the_extent_of_shapes_is_that_of_those_valid_now(twice):
    assert extent(twice.catalogue["zones"]) == tuple(shapely.total_bounds([PARK, MARKET]).tolist())


def test_times_are_utc_and_those_of_the_rows_valid_now(twice):
    zones = twice.catalogue["zones"]  # declared in the zone of the city, eight hours ahead
    assert (zones["first_time"], zones["last_time"]) == (
        datetime(2020, 1, 1, 0, 0, tzinfo=UTC), datetime(2024, 6, 1, 12, 30, tzinfo=UTC),
    )  # fmt: skip
    for name in ("places", "fares"):
        assert twice.catalogue[name]["first_time"] is None
        assert twice.catalogue[name]["last_time"] is None


def test_quality_is_that_of_the_last_ingest(twice):
    assert twice.first["places"].run.reasons == {"outside the city": 1}
    places, fares = twice.catalogue["places"], twice.catalogue["fares"]
    assert (places["rows_in"], places["rows_aside"], places["rows_mended"]) == (42, 1, 0)
    assert places["share_aside"] == 1 / 42
    assert places["reasons"] == [{"reason": "zero position", "aside": 1, "mended": 0}]
    assert (fares["rows_in"], fares["share_aside"], fares["reasons"]) == (3, 0.0, [])


def test_versions_are_those_of_the_log_newest_first(twice):
    for name, entry in twice.catalogue.items():
        table = DeltaTable(twice.storage.dataset(entry["department"], name))
        versions = [version["version"] for version in entry["versions"]]
        assert versions == list(range(table.version(), -1, -1))
        assert entry["files"] == len(table.file_uris())
        assert entry["bytes"] == sum(map(os.path.getsize, table.file_uris()))
    first, second = (runs["places"].table.version for runs in (twice.first, twice.second))
    assert first < second == twice.catalogue["places"]["versions"][0]["version"]


def test_freshness_is_the_last_change_and_not_the_last_look(twice):
    for name in ("places", "zones"):
        run, entry = twice.second[name].run, twice.catalogue[name]
        assert twice.second[name].changed
        assert entry["last_run"] == run.started
        assert timedelta(0) < entry["last_change"] - run.started < timedelta(seconds=run.seconds)
        assert entry["fingerprint"] == run.fingerprint != twice.first[name].run.fingerprint
    fares = twice.catalogue["fares"]
    assert not twice.second["fares"].changed  # it was looked at again, and was the same
    assert fares["last_run"] == twice.first["fares"].run.started
    assert fares["last_change"] < twice.second["places"].run.started


def test_lineage_names_every_run_newest_first(twice):
    both = [twice.second["places"].run.run_id, twice.first["places"].run.run_id]
    assert twice.catalogue["places"]["run_ids"] == both
    assert twice.catalogue["fares"]["run_ids"] == [twice.first["fares"].run.run_id]
    held = DeltaTable(twice.storage.dataset("planning", "places")).to_pandas()
    by_run = held.groupby("run_id")["id"].apply(sorted).to_dict()
    assert by_run == {both[0]: ["p00", "p40"], both[1]: [row[0] for row in PLACES[1:]]}


def test_units_and_confidentiality_are_of_the_stored_columns(twice):
    places = twice.catalogue["places"]
    table = DeltaTable(twice.storage.dataset("planning", "places"))
    names = [field.name for field in table.schema().fields]
    assert [column["name"] for column in places["columns"]] == names
    units = {column["name"]: column["unit"] for column in places["columns"] if column["unit"]}
    assert units == {"height": "m"}
    assert column(twice.catalogue["fares"], "yuan")["unit"] == "CNY"
    marked = {c["name"]: c["sensitivity"] for c in places["columns"]}
    assert {name: kind for name, kind in marked.items() if kind != "public"} == {
        "name": "confidential", "id": "internal", "object_id": "internal",  # made from the key
    }  # fmt: skip


def test_without_its_declaration_a_data_set_keeps_what_its_table_says(twice):
    entry = build_catalogue(twice.storage, twice.declarations[1:])[0]
    measured = ("rows", "title", "kind", "tags", "key", "west", "reasons", "run_ids", "versions")
    places = twice.catalogue["places"]
    assert {name: entry[name] for name in measured} == {name: places[name] for name in measured}
    assert (entry["owner"], entry["relations"], entry["datum"]) == (None, [], None)


def test_the_table_of_the_catalogue_is_what_was_built(twice):
    write_catalogue(twice.storage, twice.declarations)
    table = DeltaTable(twice.storage.catalogue).to_pyarrow_table()
    assert table.schema.names == CATALOGUE_SCHEMA.names
    stored = {row["dataset"]: row for row in table.to_pylist()}
    assert stored == twice.catalogue
