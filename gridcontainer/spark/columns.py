"""Native Column functions for cells and codes: whole-stage code generation, no Python worker.

They agree bit for bit with ``gridcontainer.grid`` (tests hold them equal). Where that raises, a
column is null: a coordinate that is null, NaN, infinite or out of range, and a polar position at
levels above 2, have no cell.

Written for the code that Spark generates. A shared subexpression is computed once only where it is
evaluated unconditionally, so the arithmetic has no ``CASE WHEN`` around it: bad input is bounded,
computed and nulled at the end. Nothing branches on the data, and nothing that can be null (a
division) or must be checked for overflow stands where shifts and products of bounded numbers do.
``docs/decisions/0002-native-encoding.md`` has the measurements.

Source: GB/T 39409-2020, clauses 5-6, for the cells; the integer is this project's own.
"""

import functools
import math
from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, functions as F

from gridcontainer.grid.bands.levels import BandLevels
from gridcontainer.grid.characters import ROWS
from gridcontainer.grid.levels import (
    LEVELS,
    MAX_POLAR_LEVEL,
    POLAR_LATITUDE,
    UNITS_PER_DEGREE,
    Level,
    get_level,
)
from gridcontainer.grid.polar import POLAR_LABEL_DIGITS, POLAR_RING, POLAR_SECTOR

ColumnOrName = Column | str

_MAX_X: Final = 180 * UNITS_PER_DEGREE - 1  # +-180 falls into the last cell
_MAX_Y: Final = 90 * UNITS_PER_DEGREE
_BELOW_88: Final = math.nextafter(float(POLAR_LATITUDE), 0.0)
_SUBUNIT_BITS: Final = 80  # any difference of two doubles in [0, 180], times 2**80, is 16 or more
_HEAD_LENGTH: Final = LEVELS[0].code_length
_PLAIN_BITS: Final = 13  # units of a level-5 cell are 2**13: levels 6-10 are plain bits below it


def grid_cell(lon: ColumnOrName, lat: ColumnOrName, level: int) -> Column:
    """Cells that hold the positions; ``lonlat_to_cell`` as a native expression.

    Args:
        lon: degrees, CGCS2000 or WGS 84.
        lat: degrees.
        level: 1-10.

    Returns:
        bigint; null where a position has no cell of that level.

    Raises:
        CodeError: no such level.
    """
    number = get_level(level).number
    lon, lat = as_column(lon).cast("double"), as_column(lat).cast("double")
    x, y = longitude_units(lon), latitude_units(lat)
    cell = ordinary_cell(lon, lat, x, y, number)
    if number > MAX_POLAR_LEVEL:
        return cell
    return F.coalesce(cell, polar_cell(lon, lat, x, y, number))


def has_grid_cell(lon: ColumnOrName, lat: ColumnOrName, level: int) -> Column:
    """Whether a position has a cell of that level: ``grid_cell(...).isNotNull()``, but cheap.

    To be asked in conditions: Spark computes a shared part of what it evaluates conditionally each
    time that it occurs, so that a cell which is only asked whether it is null costs most.

    Returns:
        boolean; false where a coordinate is null.

    Raises:
        CodeError: no such level.
    """
    polar = get_level(level).number <= MAX_POLAR_LEVEL
    lon, lat = as_column(lon).cast("double"), as_column(lat).cast("double")
    return F.coalesce(_reaches(lon, lat, 90.0 if polar else _BELOW_88), F.lit(False))


def longitude_units(lon: Column) -> Column:
    """Whole units of 1/2048 arc-second from Greenwich, bounded whatever the double is."""
    return _units(F.abs(lon), _MAX_X)


def latitude_units(lat: Column) -> Column:
    """Whole units of 1/2048 arc-second from the equator, bounded whatever the double is."""
    return _units(F.abs(lat), _MAX_Y)


def ordinary_cell(lon: Column, lat: Column, x: Column, y: Column, number: int) -> Column:
    """Cells of positions in degrees and in units; null in the polar caps and off the globe."""
    columns, rows = _coarse_steps(x, "columns", _MAX_X), _coarse_steps(y, "rows", _MAX_Y)
    # 31 eastward is the zone of Greenwich; ~band = -1 - band counts westward from there.
    zone = columns[0].bitwiseXOR(_sign_mask(lon)) + _long(31)
    coarse = F.shiftleft(zone, 57) + _coarse_digits(columns, 0, number)
    parts = [coarse + _coarse_digits(rows, 1, number), F.shiftleft(_sign_mask(lat), 63)]
    if number >= 6:  # its digit is bit 12 of x and, one place higher, of y
        half = _long(1 << 12)
        parts += [F.shiftleft(x.bitwiseAND(half), 12), F.shiftleft(y.bitwiseAND(half), 13)]
    if number >= 7:
        octal = _octal_digits(x, y)
        shift = LEVELS[number - 1].shift
        parts.append(octal.bitwiseAND(_long(-1 << shift)) if shift else octal)
    return _either([*parts, F.when(_reaches(lon, lat, _BELOW_88), _long(0))])


def polar_cell(lon: Column, lat: Column, x: Column, y: Column, number: int) -> Column:
    """Cells of levels 1 and 2 in the polar caps; null elsewhere."""
    cell = F.shiftleft(_sign_mask(lat), 63)
    if number > 1:
        ring = F.least((y - _long(POLAR_LATITUDE * UNITS_PER_DEGREE)) / POLAR_RING, F.lit(3.0))
        sector = F.least(x / POLAR_SECTOR, F.lit(2.0)).cast("int") - _sign_mask(lon) * 3
        labels = F.array(*(_long(int(digits)) for digits in POLAR_LABEL_DIGITS.reshape(-1)))
        label = F.get(labels, (ring.cast("int") * 6 + sector).cast("int"))
        cell = cell.bitwiseOR(F.shiftleft(label, LEVELS[1].shift))
    beyond = F.abs(lat) >= F.lit(float(POLAR_LATITUDE))
    return F.when(beyond & _reaches(lon, lat, 90.0), cell)


def _reaches(lon: Column, lat: Column, latitude: float) -> Column:
    """Whether a position is on the globe and not beyond a latitude."""
    return (F.abs(lon) <= F.lit(180.0)) & (F.abs(lat) <= F.lit(latitude))


def grid_code(lon: ColumnOrName, lat: ColumnOrName, level: int) -> Column:
    """The standard's codes of the cells that hold the positions, ``lonlat_to_code``.

    Returns:
        string; null where a position has no cell of that level.

    Raises:
        CodeError: no such level.
    """
    return grid_cell_code(grid_cell(lon, lat, level), level)


def grid_cell_code(cell: ColumnOrName, level: int) -> Column:
    """The standard's code of each cell, ``cell_to_code``.

    Args:
        cell: bigint, cells of that level (this is not checked); null stays null.
        level: 1-10.

    Raises:
        CodeError: no such level.
    """
    wanted = get_level(level)
    cell = as_column(cell)
    hemisphere_zone, row = _bits(cell, 57, 7), _bits(cell, 52, 5)
    is_polar = (hemisphere_zone.bitwiseAND(_long(63)) == 0).cast("long")
    letters = [F.lit(letter) for letter in f"{ROWS}0"]  # 0 stands where polar caps have no row
    row = row + is_polar * len(ROWS)
    zones = [F.lit(f"{hemisphere}{zone:02d}") for hemisphere in "NS" for zone in range(64)]
    head = F.concat(
        F.get(F.array(*zones), hemisphere_zone.cast("int")),
        F.get(F.array(*letters), row.cast("int")),
    )
    if wanted.number == 1:
        return head
    # Every digit after the row is hexadecimal: one long of four-bit digits prints them all.
    digits = F.hex(_either(_hexadecimal_digits(cell, wanted)))
    return F.concat(head, F.lpad(digits, wanted.code_length - _HEAD_LENGTH, "0"))


def grid_parent(cell: ColumnOrName, level: int) -> Column:
    """The ancestors of cells at a coarser (or their own) level, ``cell_to_parent``.

    Raises:
        CodeError: no such level.
    """
    return as_column(cell).bitwiseAND(_long(get_level(level).mask))


def grid_band(cell: ColumnOrName, levels: BandLevels) -> Column:
    """The bands that hold cells, ``BandLevels.keys``.

    Args:
        cell: bigint, cells at least as fine as the bands' rows.
        levels: of the bands.
    """
    cell = as_column(cell)
    row, above = _long(0), LEVELS[levels.cell - 1]
    for level in levels.finer:
        group = _bits(cell, level.shift, above.shift - level.shift)
        whole = _quotient(group, level.columns if level.is_z_index else level.rows, level.children)
        own = whole if level.is_z_index else group - whole * _long(level.rows)
        row, above = row * _long(level.rows) + own, level
    return grid_parent(cell, levels.cell).bitwiseOR(row)


def grid_code_parent(code: ColumnOrName, level: int) -> Column:
    """The ancestors of codes at a coarser (or their own) level: their beginnings.

    Returns:
        string; null where a code is coarser than ``level``.

    Raises:
        CodeError: no such level.
    """
    length = get_level(level).code_length
    code = as_column(code)
    return F.when(F.length(code) >= length, F.substring(code, 1, length))


def as_column(value: ColumnOrName) -> Column:
    """The column of that name, or the column itself."""
    return F.col(value) if isinstance(value, str) else value


def _long(value: int) -> Column:
    return F.lit(value).cast("long")


def _bits(value: Column, shift: int, count: int) -> Column:
    lowest = F.shiftright(value, shift) if shift else value
    return lowest.bitwiseAND(_long((1 << count) - 1))


def _either(parts: Sequence[Column]) -> Column:
    return functools.reduce(Column.bitwiseOR, parts)


def _sum(parts: Sequence[Column]) -> Column:
    return functools.reduce(Column.__add__, parts)


def _sign_mask(value: Column) -> Column:
    """-1 (all bits) where a double is below zero, else 0; ``-0.0`` is not below zero."""
    return F.shiftright(F.floor(value), 63)


def _units(degrees: Column, most: int) -> Column:
    """``degrees_to_units`` without a branch; NaN and infinity become some number up to ``most``.

    The nearest unit, less 1 where its edge as a double is above ``degrees``.
    """
    nearest = F.rint(degrees * F.lit(float(UNITS_PER_DEGREE)))
    above_edge = degrees - nearest / F.lit(float(UNITS_PER_DEGREE))
    is_below = _sign_mask(above_edge * F.lit(2.0**_SUBUNIT_BITS))
    return F.least(F.floor(nearest) + is_below, _long(most))


def _coarse_steps(units: Column, axis: str, most: int) -> list[Column]:
    """Index from Greenwich or the equator at levels 1-5."""
    steps, largest = [F.shiftright(units, _PLAIN_BITS)], most >> _PLAIN_BITS
    for level in LEVELS[4:0:-1]:
        count: int = getattr(level, axis)
        steps.append(_quotient(steps[-1], count, largest))
        largest //= count
    return steps[::-1]


def _quotient(dividend: Column, divisor: int, largest: int) -> Column:
    """``dividend // divisor`` of whole numbers from 0 to ``largest`` by product and shift.

    With m = ceil(2**s / d) and e = m * d - 2**s, the floor of n * m / 2**s is n // d for all n with
    n * e < 2**s (Granlund and Montgomery 1994, theorem 4.2).
    """
    shift = 0
    while (-(1 << shift) % divisor) * largest >= 1 << shift:
        shift += 1
    return F.shiftright(dividend * _long(-(-(1 << shift) // divisor)), shift)


def _coarse_digits(steps: Sequence[Column], axis: int, number: int) -> Column:
    """Digits of levels 1-5 in their places, but for the zone.

    The digit of level k is ``step[k] - count[k] * step[k - 1]``. Summed with their places, each
    step needs but one product.
    """
    weights = [0 if axis == 0 else 1 << LEVELS[0].shift]
    counts = [0]
    for level in LEVELS[1 : min(number, 5)]:
        weights.append(level.digit_value(*((1, 0) if axis == 0 else (0, 1))) << level.shift)
        counts.append(level.columns if axis == 0 else level.rows)
    ends = zip(weights, [*weights[1:], 0], [*counts[1:], 0], strict=True)
    factors = [weight - below * count for weight, below, count in ends]
    terms = [step * _long(factor) for step, factor in zip(steps, factors, strict=False) if factor]
    return _sum(terms) if terms else _long(0)


def _octal_digits(x: Column, y: Column) -> Column:
    """The four octal digits of x below level 6, each before that of y: levels 7-10.

    Both are spread at once, y in the upper half of the long: each digit to a field of six bits.
    """
    both = _bits(x, 0, 12).bitwiseOR(F.shiftleft(_bits(y, 0, 12), 32))
    pairs = both.bitwiseOR(F.shiftleft(both, 6)).bitwiseAND(_long(0o770077 << 32 | 0o770077))
    single = pairs.bitwiseOR(F.shiftleft(pairs, 3)).bitwiseAND(_long(0o7070707 << 32 | 0o7070707))
    together = F.shiftleft(single, 3).bitwiseOR(F.shiftright(single, 32))
    return together.bitwiseAND(_long((1 << 24) - 1))


def _hexadecimal_digits(cell: Column, wanted: Level) -> list[Column]:
    """Digits of levels 2 to ``wanted``, each in its four bits."""
    digits, above = [], LEVELS[0]
    for level in LEVELS[1 : wanted.number]:
        group = _bits(cell, level.shift, above.shift - level.shift)
        place = 4 * (wanted.code_length - level.code_length)
        if level.is_z_index:
            digits.append(F.shiftleft(group, place))
        else:
            column = _quotient(group, level.rows, level.children)
            row = group - column * _long(level.rows)
            digits += [F.shiftleft(column, place + 4), F.shiftleft(row, place)]
        above = level
    return digits
