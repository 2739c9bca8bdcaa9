"""Ancestors and descendants of GeoSOT codes: a code begins with the code of each ancestor.

Source: the project's short specification of GeoSOT.
"""

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Strings, require_at_most, shaped
from gridcontainer.grid.cell import MAX_CELLS
from gridcontainer.grid.geosot.text import raise_first_fault, read_geosots, write_geosots
from gridcontainer.grid.geosot.words import (
    BELOW,
    INVALID_GEOSOT,
    MAX_GEOSOT_LEVEL,
    check_level,
    is_cell,
)
from gridcontainer.grid.levels import only_level


def geosot_to_parent(
    geosots: ArrayLike, level: int | None = None, *, separators: bool = False
) -> Strings:
    """Codes of the ancestors: the digits down to ``level`` (default: one digit less each).

    Raises:
        CodeError: a faulty code, or one that has no ancestor of that level.
    """
    integers, levels, shape = read_geosots(geosots)
    raise_first_fault(geosots, integers)
    wanted = levels - 1 if level is None else np.full_like(levels, check_level(level))
    without = np.flatnonzero((wanted > levels) | (wanted < 0))
    if without.size:
        raise CodeError(
            f"{without.size} of {len(levels)} GeoSOT codes have no ancestor of the level asked for;"
            f" the first is index {without[0]}, of level {levels[without[0]]}"
        )
    return shaped(write_geosots(integers & ~BELOW[wanted], wanted, separators), shape)


def geosot_to_children(
    geosots: ArrayLike,
    level: int | None = None,
    *,
    separators: bool = False,
    max_cells: int = MAX_CELLS,
) -> Strings:
    """Codes of the descendants at a level (default: the next one), in the order of their digits.

    Args:
        geosots: codes of one level.
        level: of the descendants, finer than the codes'.
        separators: write ``-`` after 9 and 15 digits and ``.`` after 21.
        max_cells: a larger answer is refused.

    Returns:
        Strings of the shape of ``geosots`` with one more axis of 4 to the number of levels; ``""``
        for a descendant that does not exist (60-63, or outside the Earth).

    Raises:
        CodeError: a faulty code, codes of several levels, no finer level, or too many.
    """
    integers, levels, shape = read_geosots(geosots)
    raise_first_fault(geosots, integers)
    number = only_level(levels)
    target = check_level(number + 1 if level is None else level)
    if target <= number:
        raise CodeError(f"children of level {number} are finer; level {target} is not")
    count = 4 ** (target - number)
    require_at_most(count * len(integers), max_cells, "ask for a coarser level or fewer codes")
    digits = np.arange(count).astype(np.uint64) << np.uint64(2 * (MAX_GEOSOT_LEVEL - target))
    children = (integers[:, None] | digits.view(np.int64)).reshape(-1)
    numbers = np.full_like(children, target)
    children = np.where(is_cell(children, numbers), children, INVALID_GEOSOT)
    return write_geosots(children, numbers, separators).reshape(*shape, count)
