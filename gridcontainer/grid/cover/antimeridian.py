"""Geometries across the antimeridian: read, and brought back to [-180, 180].

Longitudes may go on past 180 (a box from 170 to 190): such a geometry is cut there, and what lies
beyond comes back on the other side. A geometry that jumps instead (from 179 to -179) is, in the
plane, one that goes the long way round; ``unwrap_shapes`` reads its edges the short way.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridcontainer.grid.arrays import Float64s
from gridcontainer.grid.cover.runs import Shapes


def wrap_shapes(shapes: Shapes) -> Shapes:
    """Shapes in [-360, 360] cut at +-180 degrees and brought back to [-180, 180]."""
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        beyond = np.flatnonzero((bounds[:, 0] < -180.0) | (bounds[:, 2] > 180.0))
    if beyond.size:
        shapes = shapes.copy()
        for index in beyond.tolist():
            shapes[index] = _wrap(shapes[index])
    return shapes


def _wrap(shape: Any) -> Any:
    if shapely.get_num_geometries(shape) > 1:
        return _gather([_wrap(part) for part in shapely.get_parts(shape)])
    parts = []
    for shift in (-360.0, 0.0, 360.0):
        window = shapely.box(-180.0 + shift, -90.0, 180.0 + shift, 90.0)
        inside = shapely.intersection(shape, window)
        # What only touches the window from outside belongs to the next one.
        if shapely.get_dimensions(inside) == shapely.get_dimensions(shape):
            parts.append(shapely.transform(inside, lambda xy, by=shift: xy - [by, 0.0]))
    return parts[0] if len(parts) == 1 else _gather(parts)


def _gather(parts: list[Any]) -> Any:
    """One shape of parts of one dimension, or a collection."""
    members = shapely.get_parts(parts)
    if (shapely.get_dimensions(members) == 2).all():
        return shapely.union_all(members)
    kinds = set(shapely.get_type_id(members).tolist())
    build = {(0,): shapely.multipoints, (1,): shapely.multilinestrings}.get(tuple(kinds))
    return build(members) if build else shapely.geometrycollections(members)


def unwrap_shapes(shapes: Shapes) -> tuple[Shapes, NDArray[Any]]:
    """Edges longer than 180 degrees of longitude taken the other way round the globe.

    Returns:
        Shapes in [-540, 540], and why a shape cannot be read so.
    """
    problems = np.full(len(shapes), "", dtype=object)
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    jumps = (np.abs(np.diff(xy[:, 0])) > 180.0) & (of[1:] == of[:-1])
    shapes = shapes.copy()
    for index in np.unique(of[1:][jumps]).tolist():
        try:
            shapes[index] = _unwrap(shapes[index])
        except ValueError as error:
            problems[index] = str(error)
    return shapes, problems


def _unwrap(shape: Any) -> Any:
    kind = shapely.get_type_id(shape)
    if kind in (0, 4):
        return shape
    if kind > 3:
        return _gather([_unwrap(part) for part in shapely.get_parts(shape)])
    if kind != 3:
        return shapely.linestrings(_continuous(shapely.get_coordinates(shape)))
    shell, *holes = (
        _continuous(shapely.get_coordinates(ring)) for ring in shapely.get_rings(shape)
    )
    if any(ring[0, 0] != ring[-1, 0] for ring in (shell, *holes)):
        raise ValueError("a ring goes round a pole: cut it at the antimeridian")
    holes = [_beside(hole, shell) for hole in holes]
    return shapely.polygons(shell, holes or None)


def _continuous(xy: Float64s) -> Float64s:
    xy = xy.copy()
    step = np.diff(xy[:, 0])
    turns = np.where(step > 180.0, -360.0, np.where(step < -180.0, 360.0, 0.0))
    xy[1:, 0] += np.cumsum(turns)
    return xy


def _beside(hole: Float64s, shell: Float64s) -> Float64s:
    """A hole shifted by whole turns into its shell."""
    middle = (hole[:, 0].min() + hole[:, 0].max() - shell[:, 0].min() - shell[:, 0].max()) / 2.0
    return hole - [round(float(middle) / 360.0) * 360.0, 0.0]
