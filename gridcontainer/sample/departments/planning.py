"""Planning: the map of shops, and the borders of towns and districts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridcontainer.sample.city import town_objects
from gridcontainer.sample.dataset import Dataset
from gridcontainer.sample.declaration import Declaration, Geometry, Json, Relation
from gridcontainer.sample.dirt import MISSING, Table, clean_table, mark_repeats
from gridcontainer.sample.formats import gzip_bytes, json_bytes
from gridcontainer.sample.names import to_roman
from gridcontainer.sample.positions import METRES_PER_DEGREE_LAT, METRES_PER_DEGREE_LON
from gridcontainer.sample.world import World

POLYGON_SHARE = 0.11
RARE_PROPERTIES = {  # share of the shops that have it, and what it may say
    "opening_hours": (0.06, ("24/7", "Mo-Su 08:00-22:00", "Mo-Fr 09:00-18:00")),
    "wheelchair": (0.05, ("yes", "no", "limited")),
    "level": (0.04, ("0", "1", "-1", "2")),
    "internet_access": (0.01, ("wlan", "no")),
    "self_service": (0.004, ("yes",)),
    "second_hand": (0.002, ("only",)),
}
SHOPS = Declaration(
    department="planning",
    dataset="shops",
    path="planning/shops.geojson.gz",
    format="geojson",
    compression="gzip",
    key=("@id",),
    geometry=Geometry(kind="geojson", column="geometry", datum="wgs84"),
    json=Json(
        rows="$.features[*]",
        columns={
            "@id": "$.features[*].properties['@id']",
            "shop": "$.features[*].properties.shop",
            "name": "$.features[*].properties.name",
            "name:en": "$.features[*].properties['name:en']",
            **{name: f"$.features[*].properties.{name}" for name in RARE_PROPERTIES},
            "geometry": "$.features[*].geometry",
        },
    ),
    note="points and polygons; most properties are absent from most features",
)
TOWNS = Declaration(
    department="planning",
    dataset="towns",
    path="planning/towns.json",
    format="json",
    key=("code",),
    geometry=Geometry(kind="rings", column="rings", datum="wgs84"),
    json=Json(
        rows="$[*]",
        columns={name: f"$[*].{name}" for name in ("name", "code", "dist", "c", "rings", "a")},
    ),
    relations=(
        Relation(
            columns=("dist",),
            to="planning/districts",
            to_columns=("name",),
            note="without the last character of the district's name",
        ),
    ),
    note="c and rings are [latitude, longitude]; a ring is an outer border; a is square degrees",
)
DISTRICTS = Declaration(
    department="planning",
    dataset="districts",
    path="planning/districts.geojson",
    format="geojson",
    key=("adcode",),
    geometry=Geometry(kind="geojson", column="geometry", datum="wgs84"),
    json=Json(
        rows="$.features[*]",
        columns={
            "adcode": "$.features[*].properties.adcode",
            "name": "$.features[*].properties.name",
            "level": "$.features[*].properties.level",
            "centroid": "$.features[*].properties.centroid",
            "geometry": "$.features[*].geometry",
        },
    ),
)


def shops(world: World) -> Dataset:
    """Shops as a volunteers' map has them: named or not, points or outlines, a few repeated."""
    rng = world.generator(SHOPS.name)
    shown = world.shops.assign(**{"class": "shop"})
    outlined = rng.random(len(shown)) < POLYGON_SHARE
    ids = np.sort(rng.choice(2_000_000_000, len(shown), replace=False)) + 20_000_000
    names = _some(rng, shown["name"].tolist(), 0.8)
    columns = {
        "@id": [f"{'way' if o else 'node'}/{i}" for o, i in zip(outlined, ids, strict=True)],
        "shop": shown["shop"].tolist(),
        "name": names,
        "name:en": _some(rng, [to_roman(name) if name else None for name in names], 0.4),
        "geometry": [
            _outline(rng, lon, lat) if o else _point(lon, lat)
            for o, lon, lat in zip(outlined, shown["lon"], shown["lat"], strict=True)
        ],
    }
    for name, (share, values) in RARE_PROPERTIES.items():
        columns[name] = _some(rng, rng.choice(values, len(shown)).tolist(), share)
    table = _with_faults(rng, clean_table(pd.DataFrame(columns, dtype=object), shown))
    rows = table.cells.to_dict("records")
    document = {
        "type": "FeatureCollection",
        "generator": "gridcontainer sample",
        "features": [_feature(row) | {"id": row["@id"]} for row in rows],
    }
    return Dataset(SHOPS, table, {SHOPS.path: gzip_bytes(json_bytes(document, indent=2))})


def towns(world: World) -> Dataset:
    """The towns with their rings, latitude first."""
    frame = world.city.towns
    shapes = world.city.shapes
    truth = town_objects(world.city)
    middles = zip(truth["lat"].tolist(), truth["lon"].tolist(), strict=True)
    cells = pd.DataFrame(
        {
            "name": frame["name"],
            "code": frame["code"],
            "c": [[round(lat, 4), round(lon, 4)] for lat, lon in middles],
            "rings": [_rings(shape) for shape in shapes],
            "dist": [world.city.districts[number][:-1] for number in frame["district"]],
            "a": [round(float(shape.area), 6) for shape in shapes],
        }
    )
    table = clean_table(cells, truth)
    return Dataset(TOWNS, table, {TOWNS.path: json_bytes(table.cells.to_dict("records"))})


def districts(world: World) -> Dataset:
    """The districts: the towns of each, dissolved."""
    number = world.city.towns["district"].to_numpy()
    towns_shapes = np.array(world.city.shapes, dtype=object)
    shapes = [
        shapely.union_all(towns_shapes[number == district])
        for district in range(len(world.city.districts))
    ]
    middle = shapely.get_coordinates(shapely.centroid(np.array(shapes, dtype=object)))
    codes = [world.city.district_code(district) for district in range(len(shapes))]
    cells = pd.DataFrame(
        {
            "adcode": codes,
            "name": world.city.districts,
            "level": "district",
            "centroid": np.round(middle, 6).tolist(),
            "geometry": [shapely.geometry.mapping(shape) for shape in shapes],
        }
    )
    truth = pd.DataFrame(
        {
            "object_id": [f"district-{code}" for code in codes],
            "class": "district",
            "lon": middle[:, 0],
            "lat": middle[:, 1],
        }
    )
    table = clean_table(cells, truth)
    features = [_feature(row) for row in table.cells.to_dict("records")]
    document = {"type": "FeatureCollection", "features": features}
    return Dataset(DISTRICTS, table, {DISTRICTS.path: json_bytes(document)})


def _with_faults(rng: np.random.Generator, table: Table) -> Table:
    """Two shops without a geometry, and one in 250 twice."""
    order = rng.permutation(table.rows)
    truth = table.truth.copy()
    truth.loc[order[:2], "reason"] = MISSING
    cells = table.cells.copy()
    cells.loc[order[:2], "geometry"] = None
    again = order[2 : 3 + table.rows // 250]
    repeated = Table(
        pd.concat([cells, cells.loc[again]], ignore_index=True),
        pd.concat([truth, truth.loc[again]], ignore_index=True),
    )
    return mark_repeats(repeated, SHOPS.key)


def _some(rng: np.random.Generator, values: Sequence[str | None], share: float) -> list[str | None]:
    """The values, each kept with that probability, else None."""
    kept = rng.random(len(values)) < share
    return [value if keep else None for value, keep in zip(values, kept, strict=True)]


def _feature(row: dict[Any, Any]) -> dict[str, Any]:
    """A GeoJSON feature; a property without a value is left out, as the source has it."""
    known = {n: v for n, v in row.items() if v is not None and n != "geometry"}
    return {"type": "Feature", "properties": known, "geometry": row["geometry"]}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)]}


def _outline(rng: np.random.Generator, lon: float, lat: float) -> dict[str, Any]:
    """A block of 10 to 60 m about the position."""
    half_east = float(rng.uniform(5.0, 30.0)) / METRES_PER_DEGREE_LON
    half_north = float(rng.uniform(5.0, 30.0)) / METRES_PER_DEGREE_LAT
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    ring = [[round(lon + x * half_east, 7), round(lat + y * half_north, 7)] for x, y in corners]
    return {"type": "Polygon", "coordinates": [ring]}


def _rings(shape: shapely.Polygon | shapely.MultiPolygon) -> list[list[list[float]]]:
    parts = shapely.get_parts(shape)
    return [
        [[round(lat, 5), round(lon, 5)] for lon, lat in shapely.get_coordinates(part.exterior)]
        for part in parts
    ]
