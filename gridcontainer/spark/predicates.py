"""Predicates on the container's layout, written so that partitions and files are skipped.

A table is partitioned by ``grid_prefix`` and sorted by ``cell``. Delta prunes partitions by a
comparison of the bare partition column with literals, and files by a range of the bare ``cell``;
it does neither through ``substring(grid_code, ...)``.
"""

import functools
import operator
from collections.abc import Iterable, Sequence

from pyspark.sql import Column, functions as F

from gridcontainer.errors import CodeError
from gridcontainer.grid import (
    bounds_to_codes,
    bounds_to_ranges,
    cell_to_range,
    code_to_cell,
    get_level,
)
from gridcontainer.grid.ranges import scan_level, with_ancestors
from gridcontainer.spark.columns import ColumnOrName, as_column

PREFIX_LEVELS = (1, 2, 3)  # that a data set's size may choose
_AFTER_ALL_DIGITS = "~"  # sorts after every character of a code


def grid_prefix_filter(
    codes: str | Sequence[str],
    *,
    cell: ColumnOrName = "cell",
    prefix: ColumnOrName | None = "grid_prefix",
    prefix_level: int | None = None,
) -> Column:
    """True for rows whose cell lies in one of the cells: a prefix query.

    Args:
        codes: one code or several, of any mix of levels.
        cell: column of level-10 cells or of cells at least as fine as the codes.
        prefix: partition column; None for a table without one.
        prefix_level: of the partition column; None for any of levels 1-3.

    Returns:
        boolean: partitions by literals, and ranges of the bare ``cell``.

    Raises:
        CodeError: no code, a faulty code, or no such level.
    """
    texts = [codes] if isinstance(codes, str) else list(codes)
    if not texts:
        raise CodeError("no codes, so nothing to filter by")
    cells, levels = code_to_cell(texts)
    ends = (cell_to_range(int(c), int(n)) for c, n in zip(cells, levels, strict=True))
    inside = _in_ranges(as_column(cell), sorted((int(first), int(last)) for first, last in ends))
    if prefix is None:
        return inside
    return (
        _in_partitions(as_column(prefix), [code.upper() for code in texts], prefix_level) & inside
    )


def grid_box_filter(
    west: float,
    south: float,
    east: float,
    north: float,
    *,
    cell: ColumnOrName = "cell",
    lon: ColumnOrName = "lon",
    lat: ColumnOrName = "lat",
    prefix: ColumnOrName | None = "grid_prefix",
    prefix_level: int | None = None,
) -> Column:
    """True for rows whose position lies in a closed box.

    Args:
        west: degrees, WGS 84; west > east crosses the antimeridian.
        south: degrees.
        east: degrees.
        north: degrees; within 88 degrees.
        cell: column of cells of any level.
        lon: column of longitudes, degrees.
        lat: column of latitudes, degrees.
        prefix: partition column; None for a table without one.
        prefix_level: of the partition column; None for any of levels 1-3.

    Raises:
        CoordinateError: no such box.
    """
    first, last = bounds_to_ranges(west, south, east, north, scan_level(west, south, east, north))
    ranges = with_ancestors(zip(first.tolist(), last.tolist(), strict=True))
    x, y = as_column(lon), as_column(lat)
    in_lon = x.between(west, east) if west <= east else (x >= west) | (x <= east)
    inside = _in_ranges(as_column(cell), ranges) & in_lon & y.between(south, north)
    if prefix is None:
        return inside
    box = (west, south, east, north)
    level = _partition_level(box) if prefix_level is None else prefix_level
    partitions = bounds_to_codes(*box, level).tolist()
    return _in_partitions(as_column(prefix), partitions, prefix_level) & inside


def _in_ranges(cell: Column, ranges: Iterable[tuple[int, int]]) -> Column:
    return _any(cell.between(F.lit(first), F.lit(last)) for first, last in ranges)


def _in_partitions(prefix: Column, codes: Sequence[str], prefix_level: int | None) -> Column:
    """A coarser code takes a range of partitions, a finer one its ancestor's."""
    levels = PREFIX_LEVELS if prefix_level is None else (prefix_level,)
    lengths = [get_level(level).code_length for level in levels]
    cut = {code[:length] for code in codes for length in lengths}
    exact = sorted(code for code in cut if len(code) in lengths)
    coarse = {code[: lengths[-1]] for code in codes if len(code) < lengths[-1]}
    parts = [prefix.isin(*exact)] if exact else []
    for code in sorted(coarse):
        parts.append((prefix >= F.lit(code)) & (prefix < F.lit(code + _AFTER_ALL_DIGITS)))
    return _any(parts)


def _partition_level(box: tuple[float, float, float, float]) -> int:
    """The finest level of partitions at which a box has few of them."""
    return max(1, min(PREFIX_LEVELS[-1], scan_level(*box)))


def _any(parts: Iterable[Column]) -> Column:
    return functools.reduce(operator.or_, parts)
