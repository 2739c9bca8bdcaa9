"""Questions over the antimeridian and into the past: known truth, with Spark and without alike."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.query import (
    Question,
    find,
    in_box,
    in_polygon,
    query_dataset,
    within,
)
from gridcontainer.container.storage import Storage
from gridcontainer.errors import CoordinateError

SOUTH, NORTH = -18.0, -16.0
TAVEUNI = (179.9, -16.85)  # an island on the antimeridian


def both(spark, storage: Storage, question: Question, column: str = "id") -> list[str]:
    """What is found without Spark, once Spark has found the same."""
    (found,) = find(storage, question)
    frame = query_dataset(spark, storage, question, found.dataset)
    in_spark = sorted(row[column] for row in frame.select(column).collect())
    assert in_spark == sorted(found.rows.column(column).to_pylist())
    return in_spark


# Over the antimeridian


@pytest.fixture(scope="module")
def far(spark, city, declare, tmp_path_factory) -> tuple[Storage, pd.DataFrame]:
    """Places and parcels on both sides of 180 degrees, and the places as they were written."""
    folder = tmp_path_factory.mktemp("far")
    rng = np.random.default_rng(180)
    east = [*rng.uniform(178.0, 182.0, 400), 180.0, 179.0, 181.5, 0.0, 120.0, 300.0]
    lat = [*rng.uniform(SOUTH - 1, NORTH + 1, 400), *[-17.0] * 6]
    lon = [x - 360 if x > 180 else x for x in east]
    places = pd.DataFrame({"id": [f"p{i:03}" for i in range(406)], "lon": lon, "lat": lat})
    places.loc[406] = ["seam", -180.0, -17.0]  # the same meridian as 180
    places.to_csv(folder / "places.csv", index=False)
    parcels = {
        "west of it": shapely.box(178.5, -17, 179.2, -16.9),
        "east of it": shapely.box(-178.8, -17, -178.0, -16.9),
        "over it": shapely.union_all(
            [shapely.box(179.5, -17, 180, -16.9), shapely.box(-180, -17, -179.5, -16.9)]
        ),
        "round the world": shapely.box(-10, -17, 10, -16.9),
    }
    lines = [f'{name},"{shape.wkt}"' for name, shape in parcels.items()]
    (folder / "parcels.csv").write_text("\n".join(["id,shape", *lines]) + "\n")
    storage = Storage(str(folder / "container"))
    shaped = {"geometry": "shape", "geometry_format": "wkt"}
    for declaration in (
        declare(key=["id"], outside_city="keep"),
        declare("parcels.csv", dataset="parcels", kind="polygons", position=shaped, key=["id"],
                outside_city="keep"),
    ):  # fmt: skip
        done = ingest_dataset(
            lambda: spark, declaration, city=city, sources=folder, storage=storage
        )
        assert done.run.reasons == {}
    return storage, places


ACROSS = shapely.MultiPolygon(
    [shapely.box(179.0, SOUTH, 180.0, NORTH), shapely.box(-180.0, SOUTH, -178.5, NORTH)]
)  # cut at 180 degrees, as RFC 7946 has it


@pytest.mark.parametrize(
    "area", [in_polygon(ACROSS), in_box((179.0, SOUTH, -178.5, NORTH))], ids=["polygon", "box"]
)
def test_an_area_over_the_antimeridian_has_what_lies_on_both_sides(spark, far, area):
    storage, places = far
    east = places["lon"] % 360  # counted on from Greenwich, there is no seam
    inside = east.between(179.0, 181.5) & places["lat"].between(SOUTH, NORTH)
    found = both(spark, storage, Question(area, datasets=("places",)))
    assert found == sorted(places["id"][inside])
    sides = np.sign(places.set_index("id").loc[found, "lon"])
    assert {*sides} == {-1, 1}
    assert {"seam", "p400"} <= {*found}
    parcels = both(spark, storage, Question(area, datasets=("parcels",)))
    assert parcels == ["east of it", "over it", "west of it"]


@pytest.mark.parametrize("middle", [TAVEUNI, (-179.9, -16.85), (180.0, -17.0), (-180.0, -17.0)])
@pytest.mark.parametrize("metres", [60_000.0, 150_000.0])
def test_a_circle_over_the_antimeridian_is_round(spark, far, middle, metres):
    storage, places = far
    lon, lat = (np.full(len(places), value) for value in middle)
    points = (places["lon"].to_numpy(), places["lat"].to_numpy())
    near = Geod(ellps="WGS84").inv(lon, lat, *points)[2] <= metres
    asked = Question(within(*middle, metres), datasets=("places",))
    assert both(spark, storage, asked) == sorted(places["id"][near])
    assert {*np.sign(points[0][near])} == {-1, 1}  # on both sides


def test_a_circle_meets_parcels_on_the_other_side(spark, far):
    storage, _ = far
    asked = Question(within(-179.9, -16.95, 50_000), datasets=("parcels",))
    assert both(spark, storage, asked) == ["over it"]
    asked = Question(within(-179.9, -16.95, 110_000), datasets=("parcels",))
    assert both(spark, storage, asked) == ["over it", "west of it"]  # 0.9 degrees are 96 km


def test_a_polygon_that_runs_on_beyond_180_degrees_is_told(far):
    with pytest.raises(CoordinateError, match="longitude outside"):
        in_polygon(shapely.box(179.0, SOUTH, 181.5, NORTH))


# Into the past

Rows = dict[str, tuple[str, float]]  # by key: name, longitude
STATES: list[Rows] = [
    {"a": ("Alpha", 121.1), "b": ("Beta", 121.4), "c": ("Gamma", 121.47)},
    {"a": ("Alpha", 121.1), "b": ("Beta renamed", 121.4), "d": ("Delta", 121.3)},  # c is gone
    {"a": ("Alpha", 121.2), "b": ("Beta renamed", 121.4), "c": ("Gamma", 121.47)},  # and is back
]


@pytest.fixture(scope="module")
def past(spark, city, declare, tmp_path_factory) -> tuple[Storage, list[datetime]]:
    """A data set with history that has had three states, and when each began."""
    folder: Path = tmp_path_factory.mktemp("past")
    storage, began = Storage(str(folder / "container")), []
    declaration = declare(key=["id"], history=True, absent="delete", most_removed=1)
    for rows in STATES:
        lines = [f"{key},{name},{lon},31.2" for key, (name, lon) in rows.items()]
        (folder / "places.csv").write_text("\n".join(["id,name,lon,lat", *lines]) + "\n")
        done = ingest_dataset(
            lambda: spark, declaration, city=city, sources=folder, storage=storage
        )
        began.append(done.run.started)
    return storage, began


def as_of(spark, storage: Storage, then: datetime | None) -> Rows:
    asked = Question(as_of=then)
    both(spark, storage, asked, "object_id")
    (found,) = find(storage, asked)
    return {row["id"]: (row["name"], row["lon"]) for row in found.rows.to_pylist()}


def test_each_state_is_found_from_its_beginning_to_just_before_the_next(spark, past):
    storage, began = past
    moment = timedelta(microseconds=1)
    for number, (state, start) in enumerate(zip(STATES, began, strict=True)):
        assert as_of(spark, storage, start) == state, f"at the beginning of state {number}"
        before = STATES[number - 1] if number else {}
        assert as_of(spark, storage, start - moment) == before, f"before state {number}"
        assert as_of(spark, storage, start + moment) == state


def test_now_and_the_future_are_the_last_state(spark, past):
    storage, _ = past
    assert as_of(spark, storage, None) == STATES[-1]
    assert as_of(spark, storage, datetime(2999, 1, 1, tzinfo=UTC)) == STATES[-1]


def test_a_row_is_found_where_it_was_then(spark, past):
    storage, began = past
    old_place = in_box((121.05, 31.1, 121.15, 31.3))
    assert both(spark, storage, Question(old_place)) == []
    assert both(spark, storage, Question(old_place, as_of=began[1])) == ["a"]
    circle = within(121.47, 31.2, 100)
    assert [both(spark, storage, Question(circle, as_of=then)) for then in began] == [
        ["c"], [], ["c"],
    ]  # fmt: skip
