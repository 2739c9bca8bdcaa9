"""Shapes as sources write them, to WKB in WGS 84."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute
import shapely

from gridcontainer.container.declaration import Position
from gridcontainer.container.sources.records import FAULT, GEOMETRY, REPAIR
from gridcontainer.container.sources.shape_arrays import ReadShapes, Shapes, read_shapes
from gridcontainer.container.sources.shape_srid import find_crs_fault
from gridcontainer.grid.crs_transform import Extent
from gridcontainer.grid.datum import to_wgs84

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_SAME: Final = ("WGS84", "CGCS2000", "EPSG:4326", "EPSG:4490")


def add_geometry(
    batch: pa.RecordBatch,
    position: Position,
    datum: str,
    *,
    is_declared: bool = False,
    accept_ballpark: bool = False,
    extent: Extent | None = None,
) -> pa.RecordBatch:
    """The batch with ``_geometry``: each row's shape as two-dimensional WKB in WGS 84.

    A shape that crosses itself or whose rings are open is repaired, and ``_repair`` says so; a text
    that is no shape becomes the row's ``_fault``; an empty one stays null. A shape that names its
    own CRS (an SRID, a crs member) is converted from that.

    Args:
        batch: raw rows.
        position: names the column of the shapes and says how they are written.
        datum: datum of the shapes that name none.
        is_declared: whether the declaration says the datum: a shape that contradicts it is a fault.
        accept_ballpark: whether a transformation that PROJ only guesses will do.
        extent: area of the data, degrees, for which PROJ guesses.
    """
    read = read_shapes(batch.column(batch.schema.get_field_index(position.geometry)), position)
    names: Shapes = np.where(read.crs == None, datum, read.crs)  # noqa: E711 - of each element
    for name in np.unique(names.astype(np.str_)):
        rows = np.flatnonzero((names == name) & (read.shapes != None))  # noqa: E711
        own = rows[read.crs[rows] != None]  # noqa: E711
        fault = len(own) and find_crs_fault(name, datum, is_declared, accept_ballpark, extent)
        if fault:
            _set_faults(read, own, fault)
            rows = np.setdiff1d(rows, own)
        if len(rows):
            _convert(read, rows, str(name), accept_ballpark, extent)
    batch = _set(_set(batch, FAULT, _faults(batch, read)), REPAIR, _repairs(batch, read))
    wkb = pa.array(shapely.to_wkb(read.shapes), pa.binary())
    return batch.append_column(pa.field(GEOMETRY, pa.binary()), wkb)


def _convert(
    read: ReadShapes,
    rows: np.ndarray[Any, np.dtype[np.intp]],
    datum: str,
    accept_ballpark: bool,
    extent: Extent | None,
) -> None:
    """Bring rows from their datum to WGS 84, all their coordinates in one call."""
    flat = shapely.force_2d(read.shapes[rows])
    if datum in _SAME:
        read.shapes[rows] = flat
        return
    pairs, owners = shapely.get_coordinates(flat, return_index=True)
    lon, lat = to_wgs84(
        pairs[:, 0], pairs[:, 1], datum, accept_ballpark=accept_ballpark, extent=extent
    )
    read.shapes[rows] = shapely.set_coordinates(flat, np.column_stack((lon, lat)))
    beyond = rows[np.unique(owners[np.isnan(lon)])]
    _set_faults(read, beyond, f"coordinates lie where {datum[:60]} does not reach")


def _set_faults(read: ReadShapes, rows: np.ndarray[Any, np.dtype[np.intp]], fault: str) -> None:
    read.shapes[rows] = None
    read.faults.update(dict.fromkeys(rows.tolist(), fault))


def _faults(batch: pa.RecordBatch, read: ReadShapes) -> pa.StringArray:
    """The faults that rows had, else those of their shapes."""
    said = {row: f"shape cannot be read: {fault}" for row, fault in read.faults.items()}
    had = batch.column(batch.schema.get_field_index(FAULT))
    return _ARROW.coalesce(had, _texts(said, len(batch)))


def _repairs(batch: pa.RecordBatch, read: ReadShapes) -> pa.StringArray:
    """What was repaired in rows before, and in their shapes."""
    had = batch.column(batch.schema.get_field_index(REPAIR))
    own = _texts(read.repairs, len(batch))
    return _ARROW.coalesce(_ARROW.binary_join_element_wise(had, own, "; "), had, own)


def _texts(by_row: dict[int, str], count: int) -> pa.StringArray:
    if not by_row:
        return pa.nulls(count, pa.string())
    return pa.array([by_row.get(row) for row in range(count)], pa.string())


def _set(batch: pa.RecordBatch, name: str, values: pa.StringArray) -> pa.RecordBatch:
    where = batch.schema.get_field_index(name)
    return batch.set_column(where, batch.schema.field(where), values)
