"""Positions of raw batches: texts to degrees, any datum to WGS 84, shapes to a point inside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import shapely

from gridcontainer.container.declaration import Position
from gridcontainer.container.judge.angles import Angles, read_angles
from gridcontainer.container.judge.arrow import Array, pc, to_bools, without
from gridcontainer.container.judge.hints import (
    Axis,
    hint_at_pair,
    hint_at_text,
    hint_at_values,
)
from gridcontainer.container.judge.numbers import make_plain, read_plain, typed_numbers
from gridcontainer.container.judge.pairs import are_missing, order_pairs, split_pairs
from gridcontainer.container.judge.texts import (
    is_missing,
    is_number,
    plain_type,
    text_of,
    trim,
)
from gridcontainer.container.sources.records import GEOMETRY
from gridcontainer.grid.arrays import Bools, Float64s
from gridcontainer.grid.crs_transform import Extent
from gridcontainer.grid.datum import to_wgs84

_SAME_AS_WGS84: Final = ("WGS84", "CGCS2000")
_HEMISPHERES: Final = {"lon": "EW", "lat": "NS"}


@dataclass(frozen=True)
class Positions:
    """Positions of the n rows of a batch.

    Attributes:
        is_missing: n bools; true where a coordinate is null, blank or a text that means missing.
        lon_read: n longitudes as read, degrees in the source's datum (or x in the unit of its EPSG
            system); NaN where not read.
        lat_read: n latitudes likewise.
        lon: n longitudes in degrees, WGS 84; NaN where not read or out of the datum's reach.
        lat: n latitudes likewise.
        detail: n texts: why a position was not read, or what a number beyond all degrees looks
            like; null where there is nothing to tell.
    """

    is_missing: Bools
    lon_read: Float64s
    lat_read: Float64s
    lon: Float64s
    lat: Float64s
    detail: Array


@dataclass(frozen=True)
class _Coordinate:
    """One column's coordinates: ``values`` are NaN and ``detail`` may tell why."""

    values: Float64s
    is_missing: Bools
    detail: Array


@dataclass(frozen=True)
class PositionReader:
    """Reads the positions of a dataset's raw batches; made once, and can be pickled.

    Attributes:
        position: as declared.
        missing: texts that mean "no value".
        datum: of the source's coordinates.
        accept_ballpark: whether a transformation that PROJ only guesses will do.
        extent: the city's west, south, east, north, for which transformations are chosen.
    """

    position: Position
    missing: tuple[str, ...]
    datum: str
    accept_ballpark: bool = False
    extent: Extent | None = None

    def read(self, batch: pa.RecordBatch) -> Positions:
        """Positions of a raw batch."""
        if self.position.geometry is not None:
            return _points_inside(batch.column(GEOMETRY))
        if self.position.in_one_column:
            lon, lat = self._read_pairs(batch.column(str(self.position.lon)))
        else:
            lon = self._read_column(batch.column(str(self.position.lon)), "lon")
            lat = self._read_column(batch.column(str(self.position.lat)), "lat")
        if not self.datum.startswith("EPSG"):
            lon, lat = _with_hints(lon, "lon"), _with_hints(lat, "lat")
        converted = lon.values, lat.values
        if self.datum not in _SAME_AS_WGS84:
            converted = to_wgs84(
                lon.values,
                lat.values,
                self.datum,
                accept_ballpark=self.accept_ballpark,
                extent=self.extent,
            )
        missing = lon.is_missing | lat.is_missing
        detail = pc.coalesce(lon.detail, lat.detail)
        detail = without(detail, missing)
        return Positions(missing, lon.values, lat.values, *converted, detail)

    def _read_column(self, column: Array, axis: Axis) -> _Coordinate:
        column = plain_type(column)
        absent = is_missing(column, self.missing)
        if is_number(column.type) and self.position.writing not in ("ddmm", "ddmmss"):
            values = np.where(absent, np.nan, self._in_degrees(typed_numbers(column)))
            return _Coordinate(values, absent, pa.nulls(len(column), pa.string()))
        texts = without(text_of(column), absent)
        found = self._read_texts(texts)
        foreign = (found.hemisphere != "") & ~np.isin(found.hemisphere, list(_HEMISPHERES[axis]))
        values = np.where(foreign, np.nan, found.degrees) if foreign.any() else found.degrees
        return _Coordinate(values, absent, self._explain(texts, values, axis))

    def _read_pairs(self, column: Array) -> tuple[_Coordinate, _Coordinate]:
        texts = text_of(column)
        absent = is_missing(texts, self.missing)
        texts = without(texts, absent)
        parts = split_pairs(texts, self.position.decimal)
        absent = absent | are_missing(*parts, self.missing)
        first, second = (self._read_texts(part) for part in parts)
        lon, lat = order_pairs(first, second, self.position.order or "letters")
        unread = np.isnan(lon) | np.isnan(lat)
        lon, lat = np.where(unread, np.nan, lon), np.where(unread, np.nan, lat)
        detail = _told(texts, unread & ~absent, lambda text: hint_at_pair(text, self.position))
        return _Coordinate(lon, absent, detail), _Coordinate(lat, absent, detail)

    def _read_texts(self, texts: Array) -> Angles:
        """Coordinates of texts, null where missing: plain ones at once, only the rest slowly."""
        writing = self.position.writing
        texts = self._with_point(trim(texts))
        values = np.full(len(texts), np.nan)
        if writing in ("degrees", "dms"):
            values = read_plain(texts)
        hemisphere = np.full(len(texts), "", dtype="U1")
        values = self._in_degrees(values)
        left = np.isnan(values) & to_bools(pc.is_valid(texts))
        if not left.any():
            return Angles(values, hemisphere)
        values = values.copy()
        unread = texts.filter(pa.array(left))
        rest = self._with_point(make_plain(unread))
        angles = read_angles(rest, writing)
        degrees = angles.degrees
        if writing in ("degrees", "dms") and not rest.equals(unread):
            plain = self._in_degrees(read_plain(rest))
            degrees = np.where(np.isnan(plain), degrees, plain)
        values[left], hemisphere[left] = degrees, angles.hemisphere
        return Angles(values, hemisphere)

    def _with_point(self, texts: Array) -> Array:
        """A declared decimal comma as a point; null where there is a point already."""
        if self.position.decimal == "point":
            return texts
        pointed = pc.match_substring_regex(texts, "[.]|,.*,")
        return pc.if_else(pointed, pa.scalar("?"), pc.replace_substring(texts, ",", "."))

    def _in_degrees(self, values: Float64s) -> Float64s:
        units = self.position.units_per_degree
        return values if units is None else values / units

    def _explain(self, texts: Array, values: Float64s, axis: Axis) -> Array:
        unread = np.isnan(values) & to_bools(pc.is_valid(texts))
        return _told(texts, unread, lambda text: hint_at_text(text, axis, self.position))


def _told(texts: Array, where: Bools, hint: Callable[[str], str]) -> Array:
    """What a function tells of some of the texts; null for the others."""
    nothing = pa.nulls(len(texts), pa.string())
    if not where.any():
        return nothing
    mask = pa.array(where)
    told = make_plain(texts.filter(mask))
    # A file has few writings: one text of each is asked, and the others differ in their digits.
    shapes = pc.replace_substring_regex(told, "[0-9]+", "0").dictionary_encode()
    _, examples = np.unique(np.asarray(shapes.indices), return_index=True)
    hints = pa.array([hint(text) for text in told.take(pa.array(examples)).to_pylist()])
    return pc.replace_with_mask(nothing, mask, hints.take(shapes.indices))


def _with_hints(coordinate: _Coordinate, axis: Axis) -> _Coordinate:
    """The same coordinates with what numbers beyond all degrees look like."""
    with np.errstate(invalid="ignore"):
        if not (np.abs(coordinate.values) > 180).any():
            return coordinate
    hints = hint_at_values(coordinate.values, axis)
    detail = pc.coalesce(coordinate.detail, hints)
    return _Coordinate(coordinate.values, coordinate.is_missing, detail)


def _points_inside(shapes: Array) -> Positions:
    """A point on each shape's surface; WKB in WGS 84."""
    points = shapely.point_on_surface(shapely.from_wkb(shapes.to_numpy(zero_copy_only=False)))
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    missing = to_bools(pc.is_null(shapes))
    return Positions(missing, lon, lat, lon, lat, pa.nulls(len(shapes), pa.string()))
