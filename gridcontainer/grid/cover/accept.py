"""Which geometries can be covered, what was repaired, and why the others have no cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gridcontainer.errors import CoverError
from gridcontainer.grid.arrays import Bools, Int64s, OnInvalid, Strings
from gridcontainer.grid.cover.antimeridian import unwrap_shapes, wrap_shapes
from gridcontainer.grid.cover.runs import Shapes
from gridcontainer.grid.levels import MAX_POLAR_LEVEL, POLAR_LATITUDE

POINT_TYPES, LINE_TYPES, AREA_TYPES, COLLECTION = (0, 4), (1, 2, 5), (3, 6), 7
FARTHEST_LONGITUDE = 360.0  # degrees; a geometry may go on past the antimeridian up to here


POLAR_PROBLEM: Final = "reaches a polar cap"


@dataclass(frozen=True)
class Accepted:
    """Geometries ready to be covered.

    Attributes:
        shapes: 2D, valid, within [-180, 180]; None where there is a problem.
        problems: why each input geometry has no cells; ``""`` where it has.
        repairs: what was wrong with a geometry that was repaired; ``""`` elsewhere.
    """

    shapes: Shapes
    problems: NDArray[Any]
    repairs: NDArray[Any]


def accept(
    geometries: Sequence[object] | Shapes, level: int, *, include_edges: bool, repair: bool,
    unwrap: bool, on_invalid: OnInvalid,
) -> Accepted:  # fmt: skip
    """Check and repair geometries; see ``cover``.

    Raises:
        CoverError: a geometry has a problem, and ``on_invalid`` is ``"raise"``.
    """
    shapes, problems = read_shapes(geometries)
    repairs = np.full(len(shapes), "", dtype=object)
    _set_aside(shapes, problems, _coordinate_problems(shapes))
    if unwrap:
        shapes, found = unwrap_shapes(shapes)
        _set_aside(shapes, problems, found)
    _repair(shapes, problems, repairs, repair)
    shapes = wrap_shapes(shapes)
    _set_aside(shapes, problems, _polar_problems(shapes, level, include_edges))
    if on_invalid == "raise":
        require_none(problems, len(shapes))
    return Accepted(shapes, problems, repairs)


def require_none(problems: NDArray[Any], count: int) -> None:
    """Raise for the first geometry that has a problem.

    Raises:
        CoverError: names the count, and index and problem of the first.
    """
    bad = np.flatnonzero(problems != "")
    if bad.size:
        raise CoverError(
            f"{bad.size} of {count} geometries have no cover; the first is index {bad[0]}: "
            f'{problems[bad[0]]} (on_invalid="mark" sets them aside instead)'
        )


def read_shapes(geometries: Sequence[object] | Shapes) -> tuple[Shapes, NDArray[Any]]:
    """A new array of 2D shapes from shapes or WKB, and what is wrong with each."""
    given = np.empty(len(geometries), dtype=object)
    given[:] = list(geometries)
    problems = np.full(len(given), "", dtype=object)
    is_shape = shapely.is_geometry(given)
    missing = shapely.is_missing(given)
    is_bytes = np.array([isinstance(value, bytes | bytearray) for value in given], dtype=np.bool_)
    given[is_bytes] = shapely.from_wkb([bytes(value) for value in given[is_bytes]],
                                       on_invalid="ignore")  # fmt: skip
    problems[missing] = "no geometry"
    problems[is_bytes & shapely.is_missing(given)] = "bytes that are not WKB"
    strange = ~(is_shape | missing | is_bytes)
    problems[strange] = "neither a shapely geometry nor WKB"
    given[strange] = None
    return shapely.force_2d(given), problems


def _set_aside(shapes: Shapes, problems: NDArray[Any], found: Strings | NDArray[Any]) -> None:
    new = (found != "") & (problems == "")
    problems[new] = found[new]
    shapes[problems != ""] = None


def _coordinate_problems(shapes: Shapes) -> NDArray[Any]:
    problems = np.full(len(shapes), "", dtype=object)
    xy, of = shapely.get_coordinates(shapes, return_index=True)

    def mark(bad: Bools, problem: str) -> None:
        problems[np.unique(of[bad])] = problem

    mark(np.abs(xy[:, 0]) > FARTHEST_LONGITUDE,
         f"longitude outside [-{FARTHEST_LONGITUDE:.0f}, {FARTHEST_LONGITUDE:.0f}]: "
         "is it in degrees?")  # fmt: skip
    mark(np.abs(xy[:, 1]) > 90.0, "latitude outside [-90, 90]: is it in degrees, longitude first?")
    mark(~np.isfinite(xy).all(axis=1), "coordinate missing or not finite")
    problems[shapely.is_empty(shapes)] = "empty geometry"
    return problems


def _repair(shapes: Shapes, problems: NDArray[Any], repairs: NDArray[Any], repair: bool) -> None:
    """Make areas valid in place, or set them aside."""
    areas = np.flatnonzero(np.isin(shapely.get_type_id(shapes), (*AREA_TYPES, COLLECTION)))
    bad = areas[~shapely.is_valid(shapes[areas])]
    if not bad.size:
        return
    reasons = shapely.is_valid_reason(shapes[bad])
    if not repair:
        found = np.full(len(shapes), "", dtype=object)
        found[bad] = [f"invalid: {reason}" for reason in reasons]
        _set_aside(shapes, problems, found)
        return
    repairs[bad] = reasons
    shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=True)
    empty = bad[shapely.is_empty(shapes[bad])]
    repairs[empty], problems[empty] = "", "invalid, and nothing is left of it when repaired"
    shapes[empty] = None


def _polar_problems(shapes: Shapes, level: int, include_edges: bool) -> NDArray[Any]:
    problems = np.full(len(shapes), "", dtype=object)
    if level > MAX_POLAR_LEVEL:
        bounds = shapely.bounds(shapes)
        with np.errstate(invalid="ignore"):
            reach = np.fmax(-bounds[:, 1], bounds[:, 3])
        reaches = reach > POLAR_LATITUDE
        # An area that ends at 88 degrees has no area in the cap, but its closed edge lies there.
        closed = include_edges | ~np.isin(shapely.get_type_id(shapes), AREA_TYPES)
        reaches |= closed & (reach == POLAR_LATITUDE)
        problems[reaches] = (
            f"{POLAR_PROBLEM} (|latitude| >= {POLAR_LATITUDE}), which has levels "
            f"1-{MAX_POLAR_LEVEL} only; level {level} is asked for"
        )
    return problems


@dataclass(frozen=True)
class Family:
    """Shapes of one dimension, at most one for each geometry.

    Attributes:
        shapes: (multi-)points, (multi-)lines or (multi-)polygons.
        geometry: index of the input geometry of each.
    """

    shapes: Shapes
    geometry: Int64s


def split_dimensions(shapes: Shapes) -> tuple[Family, Family, Family]:
    """Points, lines and areas of shapes; collections give up to one shape to each."""
    types = shapely.get_type_id(shapes)
    families: list[list[Any]] = [[], [], []]
    indices: list[list[int]] = [[], [], []]
    for index in np.flatnonzero(types == COLLECTION).tolist():
        for dimension, member in enumerate(_members(shapes[index])):
            if member is not None and not member.is_empty:
                families[dimension].append(member)
                indices[dimension].append(index)
    points, lines, areas = (
        _family(shapes, np.flatnonzero(np.isin(types, kinds)), more, at)
        for kinds, more, at in zip(
            (POINT_TYPES, LINE_TYPES, AREA_TYPES), families, indices, strict=True
        )
    )
    return points, lines, areas


def _family(shapes: Shapes, plain: Int64s, more: list[Any], at: list[int]) -> Family:
    every = np.empty(len(plain) + len(more), dtype=object)
    every[: len(plain)] = shapes[plain]
    every[len(plain) :] = more
    return Family(every, np.concatenate([plain, np.array(at, dtype=np.int64)]))


def _members(collection: Any) -> tuple[Any, Any, Any]:
    """Points, lines and the ground of the areas of a collection, however nested."""
    members = shapely.get_parts(collection)
    while (shapely.get_type_id(members) > 3).any():
        members = shapely.get_parts(members)
    types = shapely.get_type_id(members)
    points, lines, areas = (members[np.isin(types, kinds)] for kinds in ((0,), LINE_TYPES, (3,)))
    ground = shapely.multipolygons(areas) if len(areas) else None
    return (
        shapely.multipoints(points) if len(points) else None,
        shapely.multilinestrings(lines) if len(lines) else None,
        # A union makes vertices where areas cross: only where they overlap.
        ground if ground is None or ground.is_valid else shapely.union_all(areas),
    )
