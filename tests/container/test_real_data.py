"""The real sets of Shanghai: every count that their catalogue states, and datums by measure.

Where a count differs from the catalogue's, the test holds both and the comment says why.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from command import run
from deltalake import DeltaTable
from filled_container import Container
from shapely.geometry import shape

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.sources import find_files, read_batches, source_columns
from gridcontainer.container.storage import Storage
from gridcontainer.grid import lonlat_to_cell, lonlat_to_code
from gridcontainer.grid.datum import to_wgs84
from gridcontainer.sample.positions import distance_metres

CONF = Path(__file__).parents[2] / "conf"
pytestmark = pytest.mark.real_data

# rows in, rows set aside by reason
COUNTS = {
    "air_stations": (11, {"missing position": 1}),  # site 0 is the mean of the city: no station
    # Catalogue: 101 rows out of Shanghai or 0,0 (91 + 10 here); 710 rows repeat a key, of which 11
    # are among the 101 and have that reason.
    "bus_stops": (13_940, {"zero position": 91, "outside the city": 10, "repeated key": 699}),
    # Catalogue: 765 and 211 points outside Shanghai, by a box on the BD-09 numbers as they are;
    # here by the city's extent on positions in WGS 84.
    "communities": (19_216, {"outside the city": 799, "missing position": 4}),
    "community_prices": (13_796, {"outside the city": 222}),
    # One community is listed twice at one place, with two prices: the catalogue does not say so.
    "community_listings": (2_833, {"repeated key": 1}),
    "districts": (16, {}),
    "metro_stations": (416, {}),
    "elderly_care": (3_821, {"missing position": 44, "repeated row": 20}),
    "enterprises": (100, {"outside the city": 8}),
    "shops": (5_083, {}),
    "towns": (217, {}),
}
# Five national snapshots: the stations of the city are 105 of the rows.
COUNTS["aqi_stations_2017"] = (14_202, {"outside the city": 14_097})
COUNTS["bus_vehicles"] = (3_998, {"repeated row": 2})
# Catalogue: 2,368 repeated day rows.
COUNTS["covid_addresses"] = (172_065, {"repeated row": 2_368})
COUNTS["covid_district_days"] = (1_024, {"repeated row": 16})
# Catalogue: 8,439 geocodes outside Shanghai; here by the city's extent on positions in WGS 84.
COUNTS["covid_geocodes"] = (37_574, {"outside the city": 8_453})
COUNTS["covid_points"] = (13_912, {"outside the city": 23})
COUNTS["taxi_positions_demo"] = (3_016, {"outside the city": 3_016})  # all of Beijing
# Provinces, cities and the nation stand among the counties.
COUNTS["census_counties_2010"] = (3_249, {"total of other rows": 376})
COUNTS["census_counties_2020"] = (3_358, {"total of other rows": 369})
WHOLE = {  # sets of which every row goes in
    "accidents": 1_013,
    "air_quality_hours": 1_000,
    "air_station_hours": 1_000,
    "area_traffic_index": 1_000,
    "bike_cells_1500m": 1_866,
    "bike_cells_2000m": 1_070,
    "bike_cells_2500m": 705,
    "bike_cells_4000m": 284,
    "bike_cells_750m": 4_024,
    "bus_stop_passages": 1_000,
    "census_cities": 369,
    "city_boundary": 1,
    "city_boundary_simple": 1,
    "covid_city_days": 62,
    "crossings_osm": 6_428,
    "district_boundaries": 16,
    "employment_controls": 116,
    "employment_districts": 16,
    "employment_individual_xuhui": 10,
    "employment_industries": 144,
    "employment_residuals": 8,
    "employment_source_candidates": 121,
    "expressway_sections": 42,
    "expressway_traffic_index": 1_000,
    "gdp_city": 1,
    "gdp_districts": 16,
    "metro_arcs_2017": 1_168,
    "metro_facilities": 1_038,
    "metro_fares": 347,
    "metro_incidents": 1_000,
    "metro_line_paths": 18,
    "metro_line_stops_bd09": 420,
    "metro_lines_2015": 14,
    "metro_lines_2026": 19,
    "metro_nodes_2017": 434,
    "metro_run_diagrams": 3_913,
    "metro_station_lines_2017": 302,
    "metro_stations_2015": 347,
    "metro_stations_2017": 302,
    "metro_stations_2026": 408,
    "metro_taps": 1_000,
    "metro_taps_by_card": 1_000,
    "metro_timetable": 6_705,
    "metro_train_log": 1_000,
    "pm25_hours": 25_602,
    "rail_stations_osm": 318,
    "ramp_lights": 77,
    "ramp_states": 1_000,
    "ring_roads": 4,
    "street_cells_750m": 4_752,
    "street_controls": 113,
    "taxi_positions": 1_000,
    "traffic_index_areas": 68,
    "weather_stations_2015": 1_000,
}
COUNTS |= {name: (rows, {}) for name, rows in WHOLE.items()}
CITY = load_city(CONF / "city/shanghai.yaml")
DECLARED = load_declarations(CONF / "datasets", CITY)
# Tried every time beside the sets with dirt, for the way in which they are written; others slowly.
WRITTEN_OTHERWISE = {
    "accidents", "bike_cells_4000m", "metro_facilities", "metro_line_paths", "metro_lines_2026",
    "metro_train_log", "pm25_hours", "ring_roads", "traffic_index_areas",
}  # fmt: skip
EVERY_TIME = WRITTEN_OTHERWISE | (COUNTS.keys() - WHOLE.keys())
ON_GRID = [declaration.dataset for declaration in DECLARED if declaration.kind != "table"]
FACILITIES = {"1": 686, "2": 160, "3": 601, "4": 1_561, "5": 248, "6": 325, "7": 189, "8": 51}


def some_slow(names: Iterable[str]) -> list:
    """Names as parameters, those that are not tried every time marked as slow."""
    slow = pytest.mark.slow
    return [name if name in EVERY_TIME else pytest.param(name, marks=slow) for name in names]


@pytest.fixture(scope="module")
def bring(spark, real_data, tmp_path_factory) -> Callable[[set[str]], Container]:
    """Ingests by the command."""

    def ingest(names: set[str]) -> Container:
        storage = Storage(str(tmp_path_factory.mktemp("real") / "container"))
        where = ["--sources", real_data, "--container", storage.root]
        conf = ["--datasets", CONF / "datasets", "--city", CONF / "city/shanghai.yaml"]
        said = run("ingest", *sorted(names), *where, *conf)
        assert said.exit_code == 0, said.output
        return Container(storage, real_data, {d.dataset: d for d in DECLARED if d.dataset in names})

    return ingest


@pytest.fixture(scope="module")
def real(bring) -> Container:
    return bring(EVERY_TIME)


@pytest.fixture(scope="module")
def others(bring) -> Container:
    return bring(COUNTS.keys() - EVERY_TIME)


@pytest.fixture
def holding(request, name) -> Container:
    """The container that has the named set."""
    return request.getfixturevalue("real" if name in EVERY_TIME else "others")


def ingest_run(container: Container, name: str) -> dict[str, object]:
    """The ledger's row of a data set, as another engine reads it."""
    ledger = DeltaTable(container.storage.runs)
    mine = [("job", "=", "ingest"), ("dataset", "=", name)]
    [row] = ledger.to_pyarrow_table(filters=mine).to_pylist()
    return row


@pytest.fixture(scope="module")
def towns(real):
    rows = real.rows("towns")
    return rows.assign(shape=shapely.from_wkb(rows["geometry"].to_numpy()))


def metres(left: pd.DataFrame, right: pd.DataFrame) -> np.ndarray:
    return distance_metres(
        (left["lon"].to_numpy(), left["lat"].to_numpy()),
        (right["lon"].to_numpy(), right["lat"].to_numpy()),
    )


def test_all_declared_sets_are_counted_here():
    assert {declaration.dataset for declaration in DECLARED} == set(COUNTS)


@pytest.mark.parametrize("name", some_slow(COUNTS))
def test_rows_in_are_rows_out_and_set_aside(holding, name):
    rows_in, reasons = COUNTS[name]
    run = ingest_run(holding, name)
    assert (run["rows_in"], dict(run["reasons"])) == (rows_in, reasons)
    assert run["rows_out"] == len(holding.rows(name)) == rows_in - sum(reasons.values())
    origin = ["source_file", "source_row"]
    origins = pd.concat([holding.rows(name)[origin], holding.aside(name)[origin]])
    assert len(origins.drop_duplicates()) == rows_in


@pytest.mark.parametrize("name", some_slow(ON_GRID))
def test_cells_and_partitions(holding, name):
    rows = holding.rows(name)
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    assert (rows["cell"].to_numpy() == lonlat_to_cell(lon, lat, 8)).all()
    assert rows["grid_code"].tolist() == lonlat_to_code(lon, lat, 8).tolist()
    assert [code[:4] for code in rows["grid_code"]] == rows["grid_prefix"].tolist()
    assert DeltaTable(holding.path(name)).metadata().partition_columns == ["grid_prefix"]


def test_bus_stops_as_the_catalogue_counts_them(real):
    everything = pd.concat(
        [
            real.rows("bus_stops")[["XLID", "ZDID", "source_row"]],
            pd.DataFrame(
                [json.loads(row) | {"source_row": number}
                 for number, row in real.aside("bus_stops")[["source_row", "row"]].to_numpy()]
            )[["XLID", "ZDID", "source_row"]],
        ]
    ).sort_values("source_row")  # fmt: skip
    repeated = everything[everything.duplicated(["XLID", "ZDID"])]
    assert len(repeated) == 710
    aside = real.aside("bus_stops").set_index("source_row")["reason"]
    other = aside.reindex(repeated["source_row"]).value_counts()
    assert other.drop("repeated key").sum() == 11


@pytest.mark.parametrize(
    ("name", "by_catalogue", "missing"),
    [("communities", 765, 4), ("community_prices", 211, 0)],
)
def test_communities_as_the_catalogue_counts_them(real, name, by_catalogue, missing):
    inside, aside = real.rows(name), real.aside(name)
    rows = [*inside[["经度", "纬度"]].to_dict("records"), *map(json.loads, aside["row"])]
    lon = np.array([float(row.get("经度") or "nan") for row in rows])
    lat = np.array([float(row.get("纬度") or "nan") for row in rows])
    known = ~np.isnan(lon)
    in_box = (lon >= 120.8) & (lon <= 122.2) & (lat >= 30.6) & (lat <= 31.9)
    assert (known & ~in_box).sum() == by_catalogue
    assert (~known).sum() == missing
    if name == "communities":
        assert (lon < 30).sum() == 1  # the one at 21.49 E


def test_elderly_care_types(real):
    rows = [
        *real.rows("elderly_care")["agencyType"],
        *(json.loads(row)["agencyType"] for row in real.aside("elderly_care")["row"]),
    ]
    assert pd.Series(rows).astype(str).value_counts().to_dict() == FACILITIES


def test_wrong_positions_of_enterprises_are_those_that_are_labelled(real):
    for row in real.aside("enterprises")["row"]:
        firm = json.loads(row)
        place = float(firm["bdLocation.lon"]), float(firm["bdLocation.lat"])
        assert place == (-1.0, -1.0) or not (120.8 < place[0] < 122.3 and 30.5 < place[1] < 32.0)


# Datums, by measure


def test_communities_of_one_name_meet(real):
    """BD-09 and WGS 84 lists of the same communities: no shift is left between them."""
    left = real.rows("communities").drop_duplicates("小区", keep=False).set_index("小区")
    right = real.rows("community_listings").drop_duplicates("name", keep=False).set_index("name")
    names = left.index.intersection(right.index)
    assert len(names) > 1_500
    left, right = left.loc[names], right.loc[names]
    east = np.median((left["lon"] - right["lon"]) * 95_170)
    north = np.median((left["lat"] - right["lat"]) * 111_320)
    assert np.hypot(east, north) < 5.0  # metres; as they came: 1,140
    assert np.median(metres(left, right)) < 60.0  # each list has its own idea of the place
    raw = left["经度"].astype(float) - right["lon"], left["纬度"].astype(float) - right["lat"]
    assert np.median(raw[0]) == pytest.approx(0.0110, abs=1e-4)
    assert np.median(raw[1]) == pytest.approx(0.0040, abs=1e-4)


def test_elderly_care_lies_in_the_town_of_its_name(real, towns):
    """The catalogue's own measure: 94 % after GCJ-02, 79 % as it came."""
    rows = real.rows("elderly_care")
    hits = [[n for n, town in enumerate(towns["name"]) if town in name]
            for name in rows["agencyName"]]  # fmt: skip
    one = [len(found) == 1 for found in hits]
    shapes = towns["shape"].to_numpy()[[found[0] for found in hits if len(found) == 1]]
    assert sum(one) > 2_500
    rows = rows[one]
    share = shapely.contains_xy(shapes, rows["lon"], rows["lat"]).mean()
    came = shapely.contains_xy(
        shapes, rows["longitude"].astype(float), rows["latitude"].astype(float)
    ).mean()
    assert share == pytest.approx(0.947, abs=0.005)
    assert came == pytest.approx(0.794, abs=0.005)


def test_two_positions_of_an_enterprise_meet(real):
    rows = real.rows("enterprises")
    lon, lat = to_wgs84(
        rows["gdLocation.lon"].astype(float), rows["gdLocation.lat"].astype(float), "GCJ02"
    )
    apart = metres(rows, pd.DataFrame({"lon": lon, "lat": lat}))
    assert np.median(apart) < 50.0  # BD-09 and GCJ-02 taken for each other: about 900


def test_districts_fit_the_map_after_conversion(real, real_data):
    """DataV's borders are GCJ-02: over OSM's they fit better once converted."""
    folder = real_data / "shanghai_boundaries"
    osm = json.loads((folder / "shanghai-district-boundaries.geojson").read_text(encoding="utf-8"))
    maps = {f["properties"]["district"]: shape(f["geometry"]) for f in osm["features"]}
    rows = real.rows("districts")
    assert len(rows) == 16
    ours = dict(zip(rows["name"], shapely.from_wkb(rows["geometry"].to_numpy()), strict=True))
    assert set(ours) == set(maps)
    assert shapely.is_valid(list(ours.values())).all()
    assert shapely.contains_xy(list(ours.values()), rows["lon"], rows["lat"]).all()
    came = {name: shape(json.loads(text)) for name, text in zip(
        rows["name"], rows["source_geometry"], strict=True)}  # fmt: skip
    for name, there in maps.items():
        assert overlap(ours[name], there) > overlap(came[name], there)
    inland = ("徐汇区", "长宁区", "普陀区", "静安区", "黄浦区", "虹口区", "杨浦区", "闵行区")
    assert min(overlap(ours[name], maps[name]) for name in inland) > 0.97
    assert max(overlap(came[name], maps[name]) for name in inland) < 0.90


def overlap(left: shapely.Geometry, right: shapely.Geometry) -> float:
    left, right = shapely.make_valid(left), shapely.make_valid(right)
    return shapely.intersection(left, right).area / shapely.union(left, right).area


def test_towns_are_their_shapes_and_lie_in_their_district(real, towns):
    areas = shapely.area(towns["shape"].to_numpy())
    assert np.abs(areas - towns["a"].astype(float)).max() < 1e-6  # the source's own, square degrees
    assert shapely.contains_xy(towns["shape"].to_numpy(), towns["lon"], towns["lat"]).all()
    rows = real.rows("districts")
    shapes = dict(
        zip(
            rows["name"].str.slice(0, 2), shapely.from_wkb(rows["geometry"].to_numpy()), strict=True
        )
    )
    assert shapely.contains_xy(
        np.array([shapes[name] for name in towns["dist"]]), towns["lon"], towns["lat"]
    ).all()


def test_bus_stops_stand_in_the_city(real):
    rows = real.rows("districts")
    city = shapely.union_all(shapely.from_wkb(rows["geometry"].to_numpy()))
    stops = real.rows("bus_stops")
    assert shapely.contains_xy(city, stops["lon"], stops["lat"]).mean() > 0.99


def test_shops_are_points_and_buildings(real):
    shapes = shapely.from_wkb(real.rows("shops")["geometry"].to_numpy())
    kinds = pd.Series(shapely.get_type_id(shapes)).value_counts().to_dict()
    assert kinds == {0: 4_511, 3: 572}
    assert shapely.is_valid(shapes).all()
    assert len(real.rows("shops").columns) > 199


# Sets that are not declared yet, but that the readers must be able to open


def read(declaration, folder) -> list[dict]:
    files = find_files(folder, declaration)
    columns = source_columns(files, declaration)
    return [
        row
        for path in files
        for batch in read_batches(path, path.name, columns, declaration)
        for row in batch.to_pylist()
    ]


def test_geocodes_are_the_members_of_an_object(declare, real_data):
    path = "shanghai_covid_2022/geo_cached.json.gz"
    place = {"lon": "lng", "lat": "lat"}
    declaration = declare(path, format="json", records="{address}", position=place, key=["address"])
    rows = read(declaration, real_data)
    assert len(rows) == 37_574
    assert all(row["address"] and row["lng"] and row["lat"] and not row["_fault"] for row in rows)


def test_metro_stops_are_nested_in_lines_of_which_some_are_null(declare, real_data):
    path = "shanghai_metro_bd09/line.json"
    place = {"lon": "position.lng", "lat": "position.lat"}
    declaration = declare(
        path, format="json", records="[].[].stations[]", position=place, key=["id"]
    )
    rows = read(declaration, real_data)
    assert len(rows) == 420
    lines = json.loads((real_data / path).read_text(encoding="utf-8"))
    assert sum(line is not None for line in lines) == 14
    branches = {branch["name"] for line in lines if line for branch in line}
    assert {row["outer.name"] for row in rows} == branches
