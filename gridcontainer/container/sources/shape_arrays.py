"""Many texts as shapes at once; the few that are not plain go one by one (``shape_repair``)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute
import shapely
from numpy.typing import NDArray

from gridcontainer.container.declaration import Position
from gridcontainer.container.sources.shape_repair import (
    LONG_TEXT,
    Mended,
    NotAShape,
    is_too_deep,
    make_shape_valid,
    read_shape,
    strip_hex,
)
from gridcontainer.container.sources.shape_srid import EWKT, srid_to_crs

Shapes = NDArray[np.object_]
_ARROW: Final[Any] = pyarrow.compute  # it has no types
# What GEOS and json read differently: a feature or null is no shape, and a crs member counts.
_UNUSUAL_GEOJSON: Final = r'"Feature|"crs"|\\u|null'


@dataclass
class ReadShapes:
    """What came of n texts.

    Attributes:
        shapes: n shapes, valid and in their own CRS; None where there is none, also for an empty
            one.
        crs: n names of the CRS that the text itself gives, or None.
        repairs: what was repaired, by row.
        faults: why a text is no shape, by row.
    """

    shapes: Shapes
    crs: Shapes
    repairs: dict[int, str]
    faults: dict[int, str]


def read_shapes(texts: pa.StringArray, position: Position) -> ReadShapes:
    """The shapes of texts, as ``read_shape`` reads each of them.

    Args:
        texts: n texts; null and blank ones are no shape, which is no fault.
        position: says how they are written.
    """
    count = len(texts)
    result = ReadShapes(_nothing(count), _nothing(count), {}, {})
    blank = _ARROW.fill_null(_ARROW.equal(_ARROW.utf8_trim_whitespace(texts), ""), True)
    filled = ~blank.to_numpy(zero_copy_only=False)
    if position.geometry_format in _PARSERS:
        result.shapes, result.crs = _PARSERS[position.geometry_format](texts)
        result.shapes[~filled] = None
    _repair(result)
    missing = filled & (result.shapes == None)  # noqa: E711 - of each element
    for row in np.flatnonzero(missing):
        _read_one(texts[int(row)].as_py(), position, int(row), result)
    result.shapes[apply_to_each(shapely.is_empty, result.shapes) == True] = None  # noqa: E712
    return result


def apply_to_each(function: Callable[[Shapes], Any], values: Shapes) -> Shapes:
    """A function of an array, for all values; None for a value at which it throws.

    One curve or broken shape makes shapely throw for the whole array: it is found by halving.
    """
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(values), dtype=np.object_)
    except Exception:  # anything that shapely and GEOS can throw
        if len(values) == 1:
            return _nothing(1)
        half = len(values) // 2
        parts = (apply_to_each(function, part) for part in (values[:half], values[half:]))
        return np.concatenate(list(parts))


def _nothing(count: int) -> Shapes:
    return np.full(count, None, dtype=np.object_)


def _repair(result: ReadShapes) -> None:
    """Make shapes valid that are not; one that is not finite is left to be read one by one."""
    # A point is valid, and the shapes of most datasets are points.
    areas = np.flatnonzero(shapely.get_type_id(result.shapes) > 0)
    valid = apply_to_each(shapely.is_valid, result.shapes[areas])
    result.shapes[areas[valid == None]] = None  # noqa: E711 - GEOS cannot say, as of a curve
    coordinates, rows = shapely.get_coordinates(result.shapes, return_index=True)
    result.shapes[np.unique(rows[~np.isfinite(coordinates).all(axis=1)])] = None
    for row in areas[valid == False]:  # noqa: E712 - of each element
        if result.shapes[row] is not None:
            _keep(int(row), partial(make_shape_valid, result.shapes[row]), result)


def _read_one(text: str, position: Position, row: int, result: ReadShapes) -> None:
    if row not in result.faults:
        _keep(row, partial(read_shape, text, position), result)


def _keep(row: int, read: Callable[[], Mended], result: ReadShapes) -> None:
    try:
        mended = read()
    except NotAShape as error:
        result.shapes[row] = result.crs[row] = None
        result.faults[row] = str(error)
        return
    result.shapes[row] = mended.shape
    result.crs[row] = mended.crs or result.crs[row]
    if mended.repair:
        result.repairs[row] = mended.repair


def _from_wkt(texts: pa.StringArray) -> tuple[Shapes, Shapes]:
    crs = _nothing(len(texts))
    parts = _ARROW.extract_regex(texts, EWKT)
    if parts.null_count < len(parts):
        srids = _ARROW.struct_field(parts, "srid")
        numbers = {text: srid_to_crs(int(text)) for text in srids.unique().to_pylist() if text}
        crs[:] = [numbers.get(text) for text in srids.to_pylist()]
        texts = _ARROW.coalesce(_ARROW.struct_field(parts, "wkt"), texts)
    return _parse(shapely.from_wkt, texts, "wkt"), crs


def _from_wkb(texts: pa.StringArray) -> tuple[Shapes, Shapes]:
    bare = pa.array([text and strip_hex(text) for text in texts.to_pylist()], pa.string())
    shapes = _parse(shapely.from_wkb, bare, "wkb")
    srids = shapely.get_srid(shapes)
    crs = _nothing(len(texts))
    for srid in np.unique(srids[srids > 0]):
        crs[srids == srid] = srid_to_crs(int(srid))
    return shapes, crs


def _from_geojson(texts: pa.StringArray) -> tuple[Shapes, Shapes]:
    unusual = _ARROW.match_substring_regex(texts, _UNUSUAL_GEOJSON)
    plain = _ARROW.if_else(unusual, None, texts)
    return _parse(shapely.from_geojson, plain, "geojson"), _nothing(len(texts))


def _parse(reader: Any, texts: pa.StringArray, geometry_format: str) -> Shapes:
    values = cast(Shapes, texts.to_numpy(zero_copy_only=False))
    long = _ARROW.fill_null(_ARROW.greater(_ARROW.utf8_length(texts), LONG_TEXT), False)
    for row in np.flatnonzero(long.to_numpy(zero_copy_only=False)):
        if is_too_deep(values[row], geometry_format):
            values[row] = None
    return apply_to_each(lambda some: reader(some, on_invalid="ignore"), values)


_PARSERS: Final[dict[str, Callable[[pa.StringArray], tuple[Shapes, Shapes]]]] = {
    "wkt": _from_wkt,
    "wkb": _from_wkb,
    "geojson": _from_geojson,
}
