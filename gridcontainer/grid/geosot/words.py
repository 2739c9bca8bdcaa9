"""GeoSOT's coordinate words and 64-bit integers: bits, and which of them are cells.

A coordinate is a word of 32 bits: sign (1 = west or south), degrees (8 bits), minutes (6), seconds
(6), 1/2048 seconds (11). A degree is so stretched to 64 minutes and a minute to 64 seconds: minutes
and seconds of 60-63 do not exist, and the cell before them is cut. The integer takes the bits of
both words in turn, latitude first, so that each level is two bits; bits below the level are zero.

Source: the project's short specification of GeoSOT, from open implementations; the text of GB/T
40087-2021 was not seen.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Bools, Float64s, Int64s, in_chunks
from gridcontainer.grid.coordinates import degrees_to_units, pack_degrees, units_to_degrees
from gridcontainer.grid.levels import UNITS_PER_DEGREE

MAX_GEOSOT_LEVEL: Final = 32
INVALID_GEOSOT: Final = -1  # minute 63 does not exist, so no cell has this number

_DEGREE, _MINUTE = UNITS_PER_DEGREE, UNITS_PER_DEGREE // 60
_SIGN = 31
FIELDS = 0x7FFFFFFF  # a word without its sign
_LAST_LON, _LAST_LAT = 180 * _DEGREE - 1, 90 * _DEGREE - 1
_SPREAD: Final = (  # shift and mask that open the bits of a word to every second place
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
_GATHER: Final = (
    (1, 0x3333333333333333),
    (2, 0x0F0F0F0F0F0F0F0F),
    (4, 0x00FF00FF00FF00FF),
    (8, 0x0000FFFF0000FFFF),
    (16, 0x00000000FFFFFFFF),
)
BELOW: Final = np.array(  # by level: the bits of an integer that are finer
    [-1, *((1 << (64 - 2 * level)) - 1 for level in range(1, MAX_GEOSOT_LEVEL + 1))], np.int64
)


def check_level(level: int, lowest: int = 0) -> int:
    """The level, a whole number from ``lowest`` to 32.

    Raises:
        CodeError: it is not.
    """
    if isinstance(level, bool) or level not in range(lowest, MAX_GEOSOT_LEVEL + 1):
        raise CodeError(
            f"GeoSOT level {level!r} is not a whole number from {lowest} to {MAX_GEOSOT_LEVEL}"
        )
    return int(level)


def unpack(word: Int64s) -> Int64s:
    """The units of a word without sign; 60 minutes or seconds, a cell's far edge, are a whole."""
    units: Int64s = (word >> 23) * _DEGREE + (word >> 17 & 0x3F) * _MINUTE + (word & 0x1FFFF)
    return units


def has_place(word: Int64s) -> Bools:
    """False where minutes or seconds are 60-63."""
    exists: Bools = ((word >> 17 & 0x3F) < 60) & ((word >> 11 & 0x3F) < 60)
    return exists


def encode(lon: Float64s, lat: Float64s, level: int) -> Int64s:
    """Integers of positions on the Earth; +-180 and +-90 fall into the last cell."""

    def piece(x: Float64s, y: Float64s) -> Int64s:
        lon_word = pack_degrees(np.minimum(degrees_to_units(np.abs(x)), _LAST_LON)) | _sign(x)
        lat_word = pack_degrees(np.minimum(degrees_to_units(np.abs(y)), _LAST_LAT)) | _sign(y)
        cells: Int64s = interleave(lon_word, lat_word) & ~BELOW[level]
        return cells

    return in_chunks(piece, lon, lat, out=np.empty(len(lon), dtype=np.int64))


def _sign(degrees: Float64s) -> Int64s:
    return (degrees < 0.0).astype(np.int64) << _SIGN


def is_cell(integers: Int64s, levels: Int64s) -> Bools:
    """True where an integer is a cell of its level that holds a part of the Earth."""
    lon, lat = deinterleave(integers)
    valid = has_place(lon) & has_place(lat) & on_earth(lon, lat)
    valid &= integers & BELOW[levels] == 0
    return valid


def on_earth(lon_word: Int64s, lat_word: Int64s) -> Bools:
    """False where a cell begins at 180 degrees of longitude or 90 of latitude, or beyond."""
    inside: Bools = ((lon_word & FIELDS) >> 23 < 180) & ((lat_word & FIELDS) >> 23 < 90)
    return inside


def cell_edges(
    lon_words: Int64s, lat_words: Int64s, levels: Int64s
) -> tuple[Float64s, Float64s, Float64s, Float64s]:
    """West, south, east and north edges in degrees of cells, cut where the Earth ends."""
    west, east = _edges(lon_words, levels, 180.0)
    south, north = _edges(lat_words, levels, 90.0)
    return west, south, east, north


def _edges(words: Int64s, levels: Int64s, limit: float) -> tuple[Float64s, Float64s]:
    low = words & FIELDS
    near = units_to_degrees(unpack(low))
    far = units_to_degrees(unpack(low + (np.int64(1) << (MAX_GEOSOT_LEVEL - levels))))
    far = np.minimum(far, limit)
    mirrored = words >> _SIGN != 0
    whole = levels == 0  # one cell, to both sides of 0
    lower = np.where(mirrored, -far, np.where(whole, -limit, near))
    upper = np.where(mirrored, -near, far) + 0.0  # no -0.0
    return lower, upper


def units_of(words: Int64s) -> tuple[Int64s, Bools]:
    """Absolute units of the corner nearest to 0, and True where the sign is set."""
    return unpack(words & FIELDS), words >> _SIGN != 0


def word_of(units: Int64s, negative: Bools) -> Int64s:
    """Words of absolute units and a sign."""
    word: Int64s = pack_degrees(units) | negative.astype(np.int64) << _SIGN
    return word


def interleave(lon_word: Int64s, lat_word: Int64s) -> Int64s:
    """The bits of two words in turn, latitude's first."""
    return ((_spread(lat_word) << np.uint64(1)) | _spread(lon_word)).view(np.int64)


def deinterleave(integers: Int64s) -> tuple[Int64s, Int64s]:
    """Longitude and latitude words of integers."""
    bits = integers.view(np.uint64)
    return _gather(bits), _gather(bits >> np.uint64(1))


def _spread(word: Int64s) -> NDArray[np.uint64]:
    bits = word.astype(np.uint64)
    for shift, mask in _SPREAD:
        bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
    return bits


def _gather(bits: NDArray[np.uint64]) -> Int64s:
    bits = bits & np.uint64(_SPREAD[-1][1])
    for shift, mask in _GATHER:
        bits = (bits | bits >> np.uint64(shift)) & np.uint64(mask)
    return bits.view(np.int64)
