"""Polygons moved to cells: their values are kept, and shares are those of shapely."""

import numpy as np
import pandas as pd
import pytest
import shapely
from little_city import LAND, LittleCity, towns
from shapely import affinity

from gridcontainer.grid import cell_to_bounds, lonlat_to_cell

pytestmark = pytest.mark.spark
ZONES = {  # one in the land, one half in the sea, one all in the sea, one that overlaps, no shape
    "in": shapely.box(121.405, 31.203, 121.423, 31.215),
    "half": shapely.box(121.44, 31.21, 121.48, 31.22),
    "sea": shapely.box(121.52, 31.21, 121.53, 31.22),
    "tilted": affinity.rotate(shapely.box(121.415, 31.2105, 121.43, 31.2255), 30),
    "nowhere": None,
}
PEOPLE = {"in": 1000.0, "half": 333.3, "sea": 7.0, "tilted": 12.5, "nowhere": 3.0}
FILE = {
    "panel": "people", "department": "planning", "absent": "missing", "levels": [3, 4, 5],
    "source": {"dataset": "events", "value": "people",
               "at": {"dataset": "zones", "by": {"zone": "name"}},
               "spread": {"weight": "points", "value": "weight"}},
    "indicators": {"people": {"title": "People", "aggregate": "sum"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def people(spark, tmp_path_factory) -> pd.DataFrame:
    """Values of the panel; points weigh in one zone only."""
    city = LittleCity(spark, tmp_path_factory.mktemp("spread") / "container")
    city.write("towns", towns())
    names = list(ZONES)
    shapes = [shape and shape.wkb for shape in ZONES.values()]
    cells = [lonlat_to_cell(121.41, 31.21, 8)] * len(names)
    city.write("zones", pd.DataFrame({"object_id": names, "name": names, "geometry": shapes,
                                      "cell": cells}))  # fmt: skip
    city.write("events", pd.DataFrame({"object_id": names, "zone": names,
                                       "people": [str(v) for v in PEOPLE.values()]}))  # fmt: skip
    city.write("points", points_in_zone())
    city.build(FILE)
    return city.values()


def points_in_zone() -> pd.DataFrame:
    chance = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "lon": chance.uniform(121.4051, 121.4229, 40),
            "lat": chance.uniform(31.2031, 31.2049, 40),  # in the zone "in" only, south of "tilted"
            "weight": [str(n) for n in chance.integers(1, 9, 40)],
        }
    )


def test_the_sum_of_cells_is_that_of_the_polygons_at_each_level(people: pd.DataFrame):
    whole = sum(PEOPLE.values())
    for _, values in people.groupby("grid_level"):
        assert values["value"].sum() == pytest.approx(whole, rel=1e-9)
    nowhere = people[(people["grid_level"] == 5) & (people["cell"] == -1)]
    assert nowhere["value"].sum() == pytest.approx(PEOPLE["nowhere"])


def test_shares_are_those_of_shapely(people: pd.DataFrame):
    own = people[(people["grid_level"] == 5) & (people["cell"] != -1)].reset_index(drop=True)
    boxes = shapely.box(*cell_to_bounds(own["cell"].to_numpy(), 5))
    # Cells are so small that square degrees and square metres go together to one in 10,000.
    on_land = shapely.area(shapely.intersection(boxes, LAND)) > 0
    wanted = np.zeros(len(own))
    for name in ("half", "sea", "tilted"):
        part = shapely.area(shapely.intersection(boxes, ZONES[name]))
        part = np.where(on_land, part, 0) if (part * on_land).any() else part
        wanted += PEOPLE[name] * part / part.sum()
    points = points_in_zone()
    cells = lonlat_to_cell(points["lon"].to_numpy(), points["lat"].to_numpy(), 5)
    weights = pd.Series(points["weight"].astype(float).to_numpy()).groupby(cells).sum()
    weighed = own["cell"].map(weights).fillna(0).to_numpy()
    wanted += PEOPLE["in"] * weighed / weighed.sum()
    np.testing.assert_allclose(own["value"].fillna(0), wanted, rtol=1e-3, atol=1e-6)
