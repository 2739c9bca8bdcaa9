"""The city: an outline, a density of people, and the towns and districts that tile it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, MultiPolygon, Polygon

from gridcontainer.sample.names import FIRST, SECOND, distinct_names
from gridcontainer.sample.positions import LAND_BOX, Floats, Ints, Points
from gridcontainer.sample.seeds import child_generator

CENTRE = (121.47, 31.23)
TOWNS = 204
DISTRICTS = 16
SUBCENTRES = 9
Shapes = NDArray[np.object_]
DISTRICT_PREFIX = 990100  # no such province: the codes cannot be taken for real ones


@dataclass(frozen=True)
class Density:
    """Where people are: round hills, and a thin spread over the whole outline.

    Attributes:
        weights: share of the people on each hill; the rest is spread evenly.
        centres: (hills, 2), degrees.
        spreads: standard deviation of each hill, degrees.
    """

    weights: Floats
    centres: Floats
    spreads: Floats


@dataclass(frozen=True)
class City:
    """A tessellated city.

    Attributes:
        outline: everything that has people lies in it; the rest of the city's box is empty.
        density: see ``Density``.
        towns: one row a town: ``name``, ``kind``, ``code`` (12 digits), ``district`` (a number).
        centres: (towns, 2), degrees. A position's town is the one whose centre is nearest.
        shapes: the towns' polygons, WGS 84, rounded to 5 digits; edges are shared exactly.
        districts: names, by number.
    """

    outline: Polygon
    density: Density
    towns: pd.DataFrame
    centres: Floats
    shapes: tuple[Polygon | MultiPolygon, ...]
    districts: tuple[str, ...]

    def sample(self, rng: np.random.Generator, count: int) -> Points:
        """``count`` positions in the outline that follow the density."""
        return _sample(rng, count, self.density, self.outline)

    def town_of(self, points: Points) -> Ints:
        """The number of the town that holds each position of the outline."""
        return nearest(points, self.centres)

    def district_of(self, points: Points) -> Ints:
        """The number of the district that holds each position of the outline."""
        return self.towns["district"].to_numpy(dtype=np.int64)[self.town_of(points)]

    def district_code(self, district: int) -> int:
        """Six digits, such as 990103."""
        return DISTRICT_PREFIX + district + 1


def build_city(seed: int) -> City:
    """The city of a seed; the same at every scale."""
    rng = child_generator(seed, "city")
    outline = _outline(rng)
    density = _density(rng, outline)
    centres, shapes = _tessellate(rng, density, outline)
    districts = _group(rng, centres)
    return City(
        outline=outline,
        density=density,
        towns=_towns(rng, centres, districts),
        centres=centres,
        shapes=shapes,
        districts=tuple(f"{name}区" for name in distinct_names(rng, DISTRICTS, FIRST, SECOND)),
    )


def town_objects(city: City) -> pd.DataFrame:
    """``object_id``, ``class``, ``lon`` and ``lat`` (centroid) of each town, in order."""
    middle = shapely.get_coordinates(shapely.centroid(np.array(city.shapes, dtype=object)))
    return pd.DataFrame(
        {
            "object_id": "town-" + city.towns["code"],
            "class": "town",
            "lon": middle[:, 0],
            "lat": middle[:, 1],
        }
    )


def nearest(points: Points, centres: Floats) -> Ints:
    """For each position the number of the nearest centre, by degrees as the towns are drawn."""
    found = np.empty(len(points[0]), dtype=np.int64)
    for start in range(0, len(found), 4096):  # the distance matrix stays small at any scale
        part = slice(start, start + 4096)
        east = points[0][part, None] - centres[:, 0]
        north = points[1][part, None] - centres[:, 1]
        found[part] = np.argmin(east * east + north * north, axis=1)
    return found


def _outline(rng: np.random.Generator) -> Polygon:
    angles = np.linspace(0.0, 2 * np.pi, 144, endpoint=False)
    radius = np.full(len(angles), 0.92)
    for waves in range(2, 7):
        radius += rng.uniform(0.02, 0.05) * np.cos(waves * angles + rng.uniform(0.0, 6.28))
    ring = np.column_stack(
        [121.43 + 0.53 * radius * np.cos(angles), 31.27 + 0.56 * radius * np.sin(angles)]
    )
    return shapely.intersection(Polygon(ring), shapely.box(*LAND_BOX))


def _density(rng: np.random.Generator, outline: Polygon) -> Density:
    even = Density(np.empty(0), np.empty((0, 2)), np.empty(0))
    towns = np.column_stack(_sample(rng, SUBCENTRES, even, shapely.buffer(outline, -0.08)))
    return Density(
        weights=np.concatenate([[0.42, 0.22], np.full(SUBCENTRES, 0.28 / SUBCENTRES)]),
        centres=np.vstack([CENTRE, CENTRE, towns]),
        spreads=np.concatenate([[0.06, 0.15], rng.uniform(0.02, 0.04, SUBCENTRES)]),
    )


def _sample(rng: np.random.Generator, count: int, density: Density, outline: Polygon) -> Points:
    west, south, east, north = outline.bounds
    shares = np.append(density.weights, 1.0 - density.weights.sum())
    kept: list[Floats] = []
    found = 0
    while found < count:
        batch = 2 * (count - found) + 16
        hill = rng.choice(len(shares), size=batch, p=shares)
        points = np.column_stack([rng.uniform(west, east, batch), rng.uniform(south, north, batch)])
        on_hill = hill < len(density.weights)
        chosen = hill[on_hill]
        points[on_hill] = density.centres[chosen] + density.spreads[chosen, None] * (
            rng.standard_normal((len(chosen), 2))
        )
        inside = points[shapely.contains_xy(outline, points[:, 0], points[:, 1])]
        kept.append(inside)
        found += len(inside)
    drawn = np.vstack(kept)[:count]
    return drawn[:, 0].copy(), drawn[:, 1].copy()


def _tessellate(
    rng: np.random.Generator, density: Density, outline: Polygon
) -> tuple[Floats, tuple[Polygon | MultiPolygon, ...]]:
    even = Density(np.empty(0), np.empty((0, 2)), np.empty(0))
    dense = TOWNS * 6 // 10
    parts = (_sample(rng, dense, density, outline), _sample(rng, TOWNS - dense, even, outline))
    centres = np.vstack([np.column_stack(part) for part in parts])
    for _ in range(2):  # two steps to the centroids: plump towns that still follow the density
        centres = shapely.get_coordinates(shapely.centroid(_cells(centres, outline)))
    shapes = shapely.transform(_cells(centres, outline), lambda xy: np.round(xy, 5))
    return centres, tuple(shapes)


def _cells(centres: Floats, outline: Polygon) -> Shapes:
    diagram = shapely.voronoi_polygons(MultiPoint(centres), extend_to=shapely.box(*LAND_BOX))
    cells = np.asarray(diagram.geoms, dtype=object)
    inputs, of_cell = shapely.STRtree(cells).query(shapely.points(centres), predicate="within")
    ordered = cells[of_cell[np.argsort(inputs)]]
    return np.asarray(shapely.intersection(ordered, outline), dtype=object)


def _group(rng: np.random.Generator, centres: Floats) -> Ints:
    """Districts as the clusters of town centres: small in the dense centre, large outside."""
    middles = centres[rng.choice(len(centres), DISTRICTS, replace=False)]
    for _ in range(12):
        group = nearest((centres[:, 0], centres[:, 1]), middles)
        middles = np.vstack([centres[group == number].mean(axis=0) for number in range(DISTRICTS)])
    return group


def _towns(rng: np.random.Generator, centres: Floats, districts: Ints) -> pd.DataFrame:
    from_centre = np.hypot(*(centres - np.array(CENTRE)).T)
    kinds = np.where(from_centre < np.quantile(from_centre, 0.5), "街道", "镇")
    kinds[from_centre > np.quantile(from_centre, 0.97)] = "乡"
    stems = distinct_names(rng, len(centres), FIRST, SECOND)
    frame = pd.DataFrame({"kind": kinds, "district": districts})
    frame["name"] = [stem + kind for stem, kind in zip(stems, kinds, strict=True)]
    # Streets are numbered from 001 and other towns from 100 inside their district, then 000.
    is_street = frame["kind"] == "街道"
    number = frame.groupby(["district", is_street]).cumcount() + 1
    number = number.where(is_street, number + 99)
    district_code = DISTRICT_PREFIX + frame["district"] + 1
    frame["code"] = (district_code * 1_000_000 + number * 1000).astype(str)
    return frame
