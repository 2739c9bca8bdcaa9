"""Reference codes (a place by its offset from another cell) and short codes (from a named place).

A reference code is a base code of level 5 or finer and a group ``-MN``: M columns and N rows away,
``0`` to ``7`` towards the east and north, ``A`` to ``G`` for 1 to 7 towards the west and south, on
the map and not in the order of counting. A short code has the name of a place for its base code.

Source: GB/T 39409-2020, clauses 7 and 8.
"""

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from gridcontainer.errors import CodeError
from gridcontainer.grid.cell import cell_to_parent
from gridcontainer.grid.code import cell_to_code, code_to_cell
from gridcontainer.grid.levels import LEVELS
from gridcontainer.grid.packing import cell_to_index, half_columns, half_rows, index_to_cell

MIN_BASE_LEVEL: Final = 5
_OFFSET_CHARACTERS: Final = "GFEDCBA01234567"  # of the offsets -7 to 7
_GROUPS = re.compile(r"(?:-[0-7A-Ga-g]{2})+\Z")


def make_reference(base: str, target: str) -> str:
    """Reference code of a cell as seen from a base cell: ``N50J475492E-10`` is one column east.

    Args:
        base: a code of level 5 or finer.
        target: a code of the base's level or a finer one, whose ancestor at the base's level is at
            most 7 columns and 7 rows from the base.

    Returns:
        The base code, the group of that ancestor and, for each finer level down to the target's, a
        group of the child's column and row, both counted from the south-west child.

        That count of the further groups is unverified: the standard prints no example of one.

    Raises:
        CodeError: a faulty code, a base coarser than level 5, or a target coarser than the base or
            too far away.
    """
    base_column, base_row, level = _read_base(base)
    cell, target_level = (int(value) for value in code_to_cell(target))
    if target_level < level:
        raise CodeError(f"target {target!r} is of level {target_level}, coarser than base {base!r}")
    column, row = _index(int(cell_to_parent(cell, level)), level)
    half = half_columns(level)
    groups = [_write_offset((column - base_column + half) % (2 * half) - half, row - base_row)]
    for step in LEVELS[level:target_level]:
        column, row = _index(int(cell_to_parent(cell, step.number)), step.number)
        groups.append(f"-{column % step.columns}{row % step.rows}")
    return base.upper() + "".join(groups)


def resolve_reference(reference: str) -> str:
    """Code of the cell that a reference code means; the inverse of ``make_reference``.

    Args:
        reference: a base code of level 5 or finer, a group ``-MN`` and any further groups. Each of
            those goes one level down, to the child at column M and row N counted from the
            south-west child (unverified: the standard prints no example of one).

    Raises:
        CodeError: no such reference, or it leads beyond 88 degrees or to a level that is not there.
    """
    found = _GROUPS.search(reference)
    if not found:
        raise CodeError(f"{reference!r} does not end with a group such as -10 or -B0")
    return _resolve(reference[: found.start()], found.group().upper())


def resolve_short_code(text: str, places: Mapping[str, str]) -> str:
    """Code of the cell that a short code means: the name of a place and groups ``-MN``.

    Args:
        text: such as ``"East Gate-B0"``. Where the name itself ends like a group, the longest name
            that ``places`` has is taken.
        places: base code by name, level 5 or finer.

    Raises:
        CodeError: no group, no such place, or what ``resolve_reference`` refuses.
    """
    found = _GROUPS.search(text)
    if not found:
        raise CodeError(f"{text!r} does not end with a group such as -10 or -B0")
    for start in range(len(text) - 3, found.start() - 1, -3):
        if text[:start] in places:
            return _resolve(places[text[:start]], text[start:].upper())
    raise CodeError(f"place {text[: found.start()]!r} is not among the {len(places)} places known")


def _resolve(base: str, groups: str) -> str:
    column, row, level = _read_base(base)
    first, *deeper = groups[1:].split("-")
    east, north = (_read_offset(character) for character in first)
    half = half_columns(level)
    column, row = (column + east + half) % (2 * half) - half, row + north
    if not -half_rows(level) <= row < half_rows(level):
        raise CodeError(f"reference {base}{groups} leads beyond 88 degrees")
    if level + len(deeper) > len(LEVELS):
        raise CodeError(f"reference {base}{groups} goes below level {len(LEVELS)}")
    for step, group in zip(LEVELS[level:], deeper, strict=False):
        if not (group.isdigit() and int(group[0]) < step.columns and int(group[1]) < step.rows):
            raise CodeError(
                f"reference {base}{groups}: group -{group} is no child of level {step.number}; "
                f"columns are 0-{step.columns - 1}, rows 0-{step.rows - 1}"
            )
        column, row = column * step.columns + int(group[0]), row * step.rows + int(group[1])
        level = step.number
    cells = index_to_cell(np.array([column]), np.array([row]), level)
    return str(cell_to_code(int(cells[0]), level))


def _read_base(base: str) -> tuple[int, int, int]:
    cell, level = (int(value) for value in code_to_cell(base))
    if level < MIN_BASE_LEVEL:
        raise CodeError(f"base {base!r} is of level {level}; a base is of level 5 or finer")
    return *_index(cell, level), level


def _index(cell: int, level: int) -> tuple[int, int]:
    column, row = cell_to_index(np.array([cell]), level)
    return int(column[0]), int(row[0])


def _write_offset(east: int, north: int) -> str:
    if max(abs(east), abs(north)) > 7:
        raise CodeError(
            f"target is {abs(east)} columns and {abs(north)} rows away; a reference reaches 7"
        )
    return f"-{_OFFSET_CHARACTERS[east + 7]}{_OFFSET_CHARACTERS[north + 7]}"


def _read_offset(character: str) -> int:
    return _OFFSET_CHARACTERS.index(character) - 7
