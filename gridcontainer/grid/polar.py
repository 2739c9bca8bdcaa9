"""The two polar caps, 88 to 90 degrees: level 1 (one cell) and level 2 (sixteen cells).

Deeper levels are not fully specified by the standard and are refused.

Source: GB/T 39409-2020, clause 5 and Fig. 10 (same labels at both poles).
"""

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.coordinates import POLAR_LATITUDE_UNITS
from gridcontainer.grid.levels import LEVELS, UNITS_PER_DEGREE

_SHIFT = LEVELS[1].shift
POLAR_SECTOR = 60 * UNITS_PER_DEGREE
POLAR_RING = UNITS_PER_DEGREE // 2

# Two-character label by ring (88-88.5, 88.5-89, 89-89.5, 89.5-90) and 60-degree sector,
# eastern sectors 0-2 counted from Greenwich eastward, then western 0-2 counted westward.
_LABELS = (
    ("10", "11", "20", "30", "31", "21"),
    ("12", "13", "22", "32", "33", "23"),
    ("01", "01", "02", "03", "03", "02"),
    ("00", "00", "00", "00", "00", "00"),
)
POLAR_LABEL_DIGITS = np.array(
    [[int(x[0]) * 8 + int(x[1]) for x in ring] for ring in _LABELS], np.int64
)

# label digits -> (west, south, east, north) of the northern cap; west > east crosses 180 degrees
_BOUNDS = {
    0o00: (-180.0, 89.5, 180.0, 90.0),
    0o01: (0.0, 89.0, 120.0, 89.5),
    0o02: (120.0, 89.0, -120.0, 89.5),
    0o03: (-120.0, 89.0, 0.0, 89.5),
    0o10: (0.0, 88.0, 60.0, 88.5),
    0o11: (60.0, 88.0, 120.0, 88.5),
    0o20: (120.0, 88.0, 180.0, 88.5),
    0o21: (-180.0, 88.0, -120.0, 88.5),
    0o31: (-120.0, 88.0, -60.0, 88.5),
    0o30: (-60.0, 88.0, 0.0, 88.5),
    0o12: (0.0, 88.5, 60.0, 89.0),
    0o13: (60.0, 88.5, 120.0, 89.0),
    0o22: (120.0, 88.5, 180.0, 89.0),
    0o23: (-180.0, 88.5, -120.0, 89.0),
    0o33: (-120.0, 88.5, -60.0, 89.0),
    0o32: (-60.0, 88.5, 0.0, 89.0),
}
POLAR_DIGITS = np.array(sorted(_BOUNDS), dtype=np.int64)
_BOUNDS_TABLE = np.full((64, 4), np.nan)
for _digits, _bounds in _BOUNDS.items():
    _BOUNDS_TABLE[_digits] = _bounds


def units_to_polar_cell(x: Int64s, west: Bools, y: Int64s, south: Bools, level: int) -> Int64s:
    """Cells of positions with |latitude| >= 88, given in absolute units of 1/2048 arc-second."""
    cell: Int64s = np.where(south, np.int64(-(2**63)), np.int64(0))
    if level > 1:
        ring = np.minimum((y - POLAR_LATITUDE_UNITS) // POLAR_RING, 3)
        sector = np.minimum(x // POLAR_SECTOR, 2) + 3 * west
        cell |= POLAR_LABEL_DIGITS[ring, sector] << _SHIFT
    return cell


def is_polar(cells: Int64s) -> Bools:
    """True for cells of a polar cap (zone 00)."""
    polar: Bools = (cells >> LEVELS[0].shift) & 0x7FF == 0
    return polar


def is_valid_polar(cells: Int64s, level: int) -> Bools:
    """True where a polar cell exists at that level."""
    digits = (cells >> _SHIFT) & 0x7F
    valid: Bools = cells & ~LEVELS[level - 1].mask == 0
    return valid if level == 1 else valid & np.isin(digits, POLAR_DIGITS)


def polar_bounds(cells: Int64s, level: int) -> Float64s:
    """(n, 4) west, south, east, north in degrees; west > east crosses the antimeridian."""
    if level == 1:
        bounds = np.tile([-180.0, 88.0, 180.0, 90.0], (len(cells), 1))
    else:
        bounds = _BOUNDS_TABLE[(cells >> _SHIFT) & 0x3F].copy()
    south = cells < 0
    bounds[south, 1], bounds[south, 3] = -bounds[south, 3], -bounds[south, 1]
    return bounds
