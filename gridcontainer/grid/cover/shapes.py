"""Geometries taken apart: points, and the segments of lines and rings."""

import numpy as np
import shapely

from gridcontainer.grid.arrays import Int64s
from gridcontainer.grid.cover.pieces import Segments
from gridcontainer.grid.cover.runs import Shapes


def line_segments(lines: Shapes) -> Segments:
    """Segments of (multi-)lines; the part is the index of the line."""
    members, part = shapely.get_parts(lines, return_index=True)
    return _segments(members, part)


def ring_segments(polygons: Shapes) -> Segments:
    """Segments of the rings of (multi-)polygons, with the interior on their left."""
    members, part = shapely.get_parts(polygons, return_index=True)
    rings, member = shapely.get_rings(members, return_index=True)
    is_shell = np.append(True, member[1:] != member[:-1])[: len(member)]
    turned = shapely.is_ccw(rings) != is_shell
    rings[turned] = shapely.reverse(rings[turned])
    return _segments(rings, part[member])


def _segments(paths: Shapes, part: Int64s) -> Segments:
    xy, path = shapely.get_coordinates(paths, return_index=True)
    inner = path[1:] == path[:-1]
    (x1, y1), (x2, y2) = xy[:-1][inner].T, xy[1:][inner].T
    return Segments(part[path[1:][inner]], path[1:][inner], x1, y1, x2, y2)
