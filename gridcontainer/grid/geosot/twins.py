"""BeiDou codes and GeoSOT codes of the same cell: BeiDou levels 4-10 have a twin, 1-3 have none.

The cells are the same ground; the polar caps (88 degrees and beyond) have BeiDou levels 1-2 only,
so no twins.

Source: the project's short specification of GeoSOT; the cell sizes of GB/T 39409-2020, clause 5.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Bools, Int64s, Strings, shaped
from gridcontainer.grid.code import cell_to_code, code_to_cell
from gridcontainer.grid.coordinates import POLAR_LATITUDE_UNITS
from gridcontainer.grid.geosot.text import raise_first_fault, read_geosots, write_geosots
from gridcontainer.grid.geosot.words import deinterleave, interleave, units_of, word_of
from gridcontainer.grid.levels import LEVELS
from gridcontainer.grid.packing import cell_to_units, is_west, units_to_cell

TWIN_LEVELS: Final = {4: 15, 5: 19, 6: 20, 7: 23, 8: 26, 9: 29, 10: 32}  # BeiDou to GeoSOT
_GEOSOT_LEVEL = np.array([TWIN_LEVELS.get(level, -1) for level in range(11)])
_BEIDOU_LEVEL = np.full(33, -1)
_BEIDOU_LEVEL[list(TWIN_LEVELS.values())] = list(TWIN_LEVELS)
_MASKS = np.array([0, *(level.mask for level in LEVELS)], dtype=np.int64)  # by BeiDou level


def code_to_geosot(codes: ArrayLike, *, separators: bool = False) -> Strings:
    """GeoSOT codes of the cells of BeiDou codes.

    Args:
        codes: BeiDou codes of levels 4-10, any shape and mix.
        separators: write ``-`` after 9 and 15 digits and ``.`` after 21.

    Returns:
        Strings of the shape of ``codes``; a ``str`` for a scalar.

    Raises:
        CodeError: a faulty code, or one of level 1-3.
    """
    cells, levels = (np.asarray(values).reshape(-1) for values in code_to_cell(codes))
    wanted = _GEOSOT_LEVEL[levels]
    _require_twins(codes, wanted > 0, "BeiDou levels 4-10 have a GeoSOT twin, 1-3 have none")
    x, y, _ = cell_to_units(cells, LEVELS[-1].number)
    integers = interleave(word_of(x, is_west(cells)), word_of(y, cells < 0))
    return shaped(write_geosots(integers, wanted, separators), np.shape(codes))


def geosot_to_code(geosots: ArrayLike) -> Strings:
    """BeiDou codes of the cells of GeoSOT codes.

    Args:
        geosots: GeoSOT codes of levels 15, 19, 20, 23, 26, 29 or 32, any shape and mix.

    Returns:
        Strings of the shape of ``geosots``; a ``str`` for a scalar.

    Raises:
        CodeError: a faulty code, one of another level, or one at 88 degrees of latitude or beyond.
    """
    integers, levels, shape = read_geosots(geosots)
    raise_first_fault(geosots, integers)
    wanted = _BEIDOU_LEVEL[levels]
    known = ", ".join(map(str, TWIN_LEVELS.values()))
    _require_twins(geosots, wanted > 0, f"GeoSOT levels {known} have a BeiDou twin, others none")
    lon_word, lat_word = deinterleave(integers)
    (x, west), (y, south) = units_of(lon_word), units_of(lat_word)
    _require_twins(
        geosots, y < POLAR_LATITUDE_UNITS, "the polar caps (88 degrees) have BeiDou levels 1-2 only"
    )
    cells = units_to_cell(x, west, y, south) & _MASKS[wanted]
    return cell_to_code(cells.reshape(shape), wanted.reshape(shape))


def _require_twins(codes: ArrayLike, has_twin: Bools, reason: str) -> None:
    """Raise for the first code without a twin.

    Raises:
        CodeError: names the count, and index, code and reason of the first.
    """
    without: Int64s = np.flatnonzero(~has_twin)
    if without.size:
        code = np.asarray(codes).reshape(-1)[without[0]]
        raise CodeError(
            f"{without.size} of {has_twin.size} codes have no twin; the first is index "
            f"{without[0]}, {str(code)!r}: {reason}"
        )
