"""The cells of a box by trying each candidate: an oracle for boxes and ranges.

A cell owns its edges nearer to Greenwich and the equator; the last ones own 180 degrees.
"""

import exact


def cells_of_box(box, level, *, include_edges=True):
    """Codes of the ordinary cells of a box, as a set; levels above 2."""
    west, south, east, north = box
    width, height = exact.SIZES[level]
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    if not include_edges and any(low < high for low, high in parts):
        parts = [(low, high) for low, high in parts if low < high]
    rows = _indices(south, north, height, 88, include_edges)
    return {
        _code(column, row, level)
        for low, high in parts
        for column in _indices(low, high, width, 180, include_edges)
        for row in rows
    }


def _indices(low, high, size, limit, include_edges):
    """Global columns (or rows) of a closed range of degrees: 0 is the first one east (or north)."""
    end = limit * exact.UNITS // size
    first, last = (int(degrees * exact.UNITS // size) for degrees in (low, high))
    candidates = range(max(first - 2, -end), min(last + 3, end))
    takes = _owns_some if include_edges or low == high else _shares_area
    return [i for i in candidates if takes(i, low, high, size, end)]


def _owns_some(i, low, high, size, end):
    left, right = exact.edge(i * size), exact.edge((i + 1) * size)
    if i >= 0:
        return left <= high and (low < right or (i == end - 1 and low == right))
    reaches = low < right if i == -1 else low <= right
    return reaches and (left < high or (i == -end and left == high))


def _shares_area(i, low, high, size, _):
    return exact.edge(i * size) < high and low < exact.edge((i + 1) * size)


def _code(column, row, level):
    width, height = exact.SIZES[level]
    x, y = (~i if i < 0 else i for i in (column, row))
    code = exact.units_to_code(x * width, y * height, west=column < 0, south=row < 0)
    return code[: exact.LENGTHS[level]]
