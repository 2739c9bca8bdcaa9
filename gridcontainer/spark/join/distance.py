"""Points within a distance of each other, by cells.

Right's points are copied to each cell that a circle round them may touch, left's stay in their own:
each pair meets in one cell, once. Whether it is near enough a chord tells (``spark.ellipsoid``).
"""

import math
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.grid.ellipsoid import LEAST_RADIUS, A
from gridcontainer.grid.levels import INVALID_CELL, LEVELS, POLAR_LATITUDE, UNITS_PER_DEGREE, Level
from gridcontainer.spark.columns import grid_cell, grid_parent
from gridcontainer.spark.ellipsoid import MOST_METRES, chord_limits, earth_centred, geodesic
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.join.prefix_broadcast import bring_together
from gridcontainer.spark.join.request import SPARK_HOW, JoinPlan, JoinRequest, NotForCellsError
from gridcontainer.spark.join.sizes import estimate_bytes, estimate_rows

_CELL: Final = "__grid_cell"
_LEFT: Final = ("__grid_x", "__grid_y", "__grid_z")
_RIGHT: Final = ("__grid_right_x", "__grid_right_y", "__grid_right_z")
_COPY_BYTES: Final = 64  # more than the row that is copied
_MARGIN: Final = 1.0 + 1e-6  # of a circle's extent, above all rounding
_MOST_COPIES: Final = 400
_LEVELS: Final = range(3, 11)
_GROUND: Final = 5e8  # square metres, as if all points lay there: the heart of a large city
_TEST_COST: Final = 0.02  # of comparing a pair, where copying a point costs 1


def join_points_within_distance(request: JoinRequest) -> JoinPlan:
    """Pairs of points at most a distance apart.

    Raises:
        NotForCellsError: a circle is too large for cells, or reaches beyond 88 degrees.
    """
    distance = request.distance or 0.0
    north, rows = _look_at(request.right, request.right_place)
    reach = _degrees_north(distance)
    if distance > MOST_METRES:
        raise NotForCellsError(f"{distance:g} m is more than {MOST_METRES:g} m")
    if north + reach >= POLAR_LATITUDE:
        raise NotForCellsError("a circle goes beyond 88 degrees, where cells are few")
    level, copies, why = _choose_level(request, distance, north, rows)
    left = _locate(request.left, request.left_place, _LEFT).withColumn(
        # Never null: see areas._key.
        _CELL,
        F.coalesce(_own_cell(request.left_place, level.number), F.lit(INVALID_CELL)),
    )
    right = _copy(_locate(request.right, request.right_place, _RIGHT), request, distance, level)
    width = (estimate_bytes(request.right) or 1 << 40) / max(estimate_rows(request.right), 1)
    near = (F.col(_CELL) == F.col("__grid_copy")) & _is_near(request, distance)
    joined, way = bring_together(
        left, right, near, SPARK_HOW[request.how], size=rows * copies * (width + _COPY_BYTES),
        place=request.left_place, cell=F.col("__grid_copy"),
    )  # fmt: skip
    columns = request.columns
    if request.measure is not None:
        columns.append(_metres(request).alias(request.measure))
    reasons = [
        why,
        f"right are the copies here: {way}",
        "a chord through the ellipsoid decides, and the geodesic itself where it can't",
    ]
    return JoinPlan(joined.select(*columns), "cells", reasons)


def _look_at(frame: DataFrame, place: Place) -> tuple[float, int]:
    """Greatest latitude, north or south, of the positions, and how many there are."""
    lat = F.col(f"`{place.lat}`").cast("double")
    row = frame.where(F.abs(lat) <= 90.0).agg(F.max(F.abs(lat)), F.count("*")).first()
    assert row is not None  # an aggregate has one row
    return float(row[0] or 0.0), int(row[1])


def _degrees_north(metres: float) -> float:
    return math.degrees(metres / LEAST_RADIUS) * _MARGIN


def _degrees_east(metres: float, latitude: Column) -> Column:
    """How far east a circle may reach: as if all of it lay at its latitude nearest to a pole."""
    farthest = F.radians(F.abs(latitude) + F.lit(_degrees_north(metres)))
    return F.degrees(F.lit(metres / A) / F.cos(farthest)) * F.lit(_MARGIN)


def _choose_level(
    request: JoinRequest, distance: float, north: float, rows: int
) -> tuple[Level, int, str]:
    """The level at which copying points and comparing pairs cost least."""
    left = estimate_rows(request.left)
    metres = math.radians(1 / UNITS_PER_DEGREE) * A
    shrink = math.cos(math.radians(min(north + _degrees_north(distance), 89.0)))
    best = None
    for number in _LEVELS:
        level = LEVELS[number - 1]
        width, height = level.width * metres * shrink, level.height * metres
        across, along = 2 * distance / width, 2 * distance / height
        copies = (math.ceil(across) + 1) * (math.ceil(along) + 1)
        mean = (across + 1) * (along + 1)
        pairs = left * (width * height * mean) * rows / _GROUND
        cost = rows * mean + _TEST_COST * pairs
        if copies <= _MOST_COPIES and (best is None or cost < best[0]):
            best = (cost, level, copies, mean)
    if best is None:
        raise NotForCellsError(f"a circle of {distance:g} m touches too many cells")
    _, level, copies, mean = best
    why = (
        f"{rows:,} points right against about {left:,} left within {distance:g} m: cells of level "
        f"{level.number} cost least, about {mean:.1f} copies of each point right"
    )
    return level, copies, why


def _own_cell(place: Place, level: int) -> Column:
    if place.cell is not None and place.cell_level >= level:
        return grid_parent(place.cell, level)
    return grid_cell(place.lon, place.lat, level)


def _locate(frame: DataFrame, place: Place, names: tuple[str, str, str]) -> DataFrame:
    lon, lat = (F.col(f"`{name}`").cast("double") for name in (place.lon, place.lat))
    return frame.withColumns(dict(zip(names, earth_centred(lon, lat), strict=True)))


def _copy(right: DataFrame, request: JoinRequest, distance: float, level: Level) -> DataFrame:
    """Right's points, once for each cell that their circle's box touches.

    Places across the box, not further apart than cells are wide, lie in every column that it
    touches; one in the same column as the place before it is left out.
    """
    place = request.right_place
    lon, lat = (F.col(f"`{name}`").cast("double") for name in (place.lon, place.lat))
    width, height = level.width / UNITS_PER_DEGREE, level.height / UNITS_PER_DEGREE
    east = _degrees_east(distance, lat)
    north = F.lit(_degrees_north(distance))
    copies = right.where((F.abs(lon) <= 180.0) & (F.abs(lat) <= 90.0)).withColumns(
        {"__grid_lon": _steps(lon - east, lon + east, width),
         "__grid_lat": _steps(lat - north, lat + north, height)}
    )  # fmt: skip
    for name in ("__grid_lon", "__grid_lat"):
        copies = copies.withColumn(name, F.explode(name))
    wrapped = F.col("__grid_lon")
    wrapped = F.when(wrapped > 180.0, wrapped - 360.0).otherwise(wrapped)
    wrapped = F.when(wrapped < -180.0, wrapped + 360.0).otherwise(wrapped)
    return copies.withColumn("__grid_copy", grid_cell(wrapped, "__grid_lat", level.number)).drop(
        "__grid_lon", "__grid_lat"
    )


def _steps(low: Column, high: Column, size: float) -> Column:
    """One place in each stretch of ``size`` degrees, counted from 0, that a range touches."""
    first, last = F.floor(low / F.lit(size)), F.floor(high / F.lit(size))
    places = F.transform(
        F.sequence(first, last), lambda step: (step.cast("double") + F.lit(0.5)) * F.lit(size)
    )
    return places


def _is_near(request: JoinRequest, distance: float) -> Column:
    squares = [
        (F.col(one) - F.col(other)) * (F.col(one) - F.col(other))
        for one, other in zip(_LEFT, _RIGHT, strict=True)
    ]
    chord = squares[0] + squares[1] + squares[2]
    sure, never = chord_limits(distance)
    surely = F.lit(sure * sure if sure > 0.0 else -1.0)
    exact = _metres(request) <= F.lit(distance)
    return (chord <= F.lit(never * never)) & ((chord <= surely) | exact)


def _metres(request: JoinRequest) -> Column:
    left, right = request.left_place, request.right_place
    return geodesic(
        *(F.col(f"`{name}`").cast("double") for name in (left.lon, left.lat)),
        *(F.col(f"`{name}`").cast("double") for name in (right.lon, right.lat)),
    )
