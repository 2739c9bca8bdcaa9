"""Covers by trying every cell of the bounding box: an oracle in rational arithmetic and shapely.

Nothing is shared with the package: cells and codes are those of ``exact``, and whether a segment
has a point in a cell is decided with fractions. Shapely's own predicates are not sharp enough for
corners that a polygon misses by less than the last digit; it only tells on which side a whole cell
lies.
"""

from fractions import Fraction
from itertools import pairwise

import exact
import shapely


def cover(shape, level, *, include_edges=True):
    """Code -> True for interior, False for border cells; levels above 2."""
    areas, paths, points = _members(shape)
    found = {}
    for column, row in _candidates(shape, level):
        rings = [ring for area in areas for ring in _rings(area)]
        cut = any(owns(column, row, level, ring, inside=True) for ring in rings)
        inner = not cut and _middle_is_inside(column, row, level, areas)
        owned = paths + [[point, point] for point in points] + (rings if include_edges else [])
        if inner or cut or any(owns(column, row, level, path) for path in owned):
            found[code(column, row, level)] = inner
    return found


def _members(shape):
    areas, paths, points = [], [], []
    for part in getattr(shape, "geoms", [shape]):
        if hasattr(part, "geoms"):
            inner = _members(part)
            areas, paths, points = areas + inner[0], paths + inner[1], points + inner[2]
        elif part.geom_type == "Polygon":
            areas.append(part)
        elif part.geom_type == "Point":
            points.append(part.coords[0])
        else:
            paths.append(list(part.coords))
    return areas, paths, points


def _rings(area):
    return [list(ring.coords) for ring in (area.exterior, *area.interiors)]


def _candidates(shape, level):
    """Global columns and rows around the bounding box."""
    west, south, east, north = shape.bounds
    width, height = exact.SIZES[level]
    columns = _span(west, east, width, 180)
    return [(c, r) for c in columns for r in _span(south, north, height, 88)]


def _span(low, high, size, limit):
    end = limit * exact.UNITS // size
    first, last = (int(x * exact.UNITS // size) for x in (low, high))
    return range(max(first - 2, -end), min(last + 3, end))


def bounds(column, row, level):
    width, height = exact.SIZES[level]
    edges = column * width, row * height, (column + 1) * width, (row + 1) * height
    return tuple(exact.edge(k) for k in edges)


def _middle_is_inside(column, row, level, areas):
    west, south, east, north = bounds(column, row, level)
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    return sum(area.contains(middle) for area in areas) % 2 == 1


def code(column, row, level):
    """Code of an ordinary cell at a global column and row."""
    width, height = exact.SIZES[level]
    x, y = (~i if i < 0 else i for i in (column, row))
    whole = exact.units_to_code(x * width, y * height, west=column < 0, south=row < 0)
    return whole[: exact.LENGTHS[level]]


def owns(column, row, level, path, *, inside=False):
    """Whether a cell owns a point of a path, exactly; with ``inside`` one off the cell's edges."""
    edges = bounds(column, row, level)
    west, south, east, north = (Fraction(edge) for edge in edges)
    last_column = exact.UNITS * 180 // exact.SIZES[level][0] - 1
    x_open = (True, True) if inside else _open_ends(column, last_column)
    y_open = (True, True) if inside else _open_ends(row, None)
    for (x1, y1), (x2, y2) in pairwise(path):
        if max(x1, x2) < edges[0] or min(x1, x2) > edges[2]:
            continue
        if max(y1, y2) < edges[1] or min(y1, y2) > edges[3]:
            continue
        span = (Fraction(0), False, Fraction(1), False)  # from, open, to, open
        for start, end, low, high, is_open in (
            (x1, x2, west, east, x_open),
            (y1, y2, south, north, y_open),
        ):
            span = span and _narrow(span, Fraction(start), Fraction(end), low, high, is_open)
        if span:
            return True
    return False


def _open_ends(index, last):
    """Whether the lower and the upper edge of a column or row are another's."""
    if index >= 0:
        return False, index != last
    return last is None or index != -last - 1, index == -1


def _narrow(span, start, end, low, high, is_open):
    """The part of a segment's span in which one coordinate is between two edges, or None."""
    if start == end:
        above = start > low or (start == low and not is_open[0])
        below = start < high or (start == high and not is_open[1])
        return span if above and below else None
    at = [((low - start) / (end - start), is_open[0]), ((high - start) / (end - start), is_open[1])]
    (t0, open0), (t1, open1) = at if end > start else at[::-1]
    low_end = max(span[:2], (t0, open0))
    high_end = min((span[2], not span[3]), (t1, not open1))
    t0, open0, t1, open1 = *low_end, high_end[0], not high_end[1]
    if t0 > t1 or (t0 == t1 and (open0 or open1)):
        return None
    return t0, open0, t1, open1
