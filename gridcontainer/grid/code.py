"""Cells as the standard's strings: ``N51H263D36C`` is one cell of level 5.

A code is a hemisphere letter and one group of characters a level, so a cell's code begins with the
code of each of its ancestors, and its length alone tells the level.

Source: GB/T 39409-2020, clause 5.2, Figs. 2-8 and 10.
"""

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.grid.arrays import (
    Bools,
    Int64s,
    OnInvalid,
    Strings,
    flat_cells,
    in_chunks,
    shaped,
)
from gridcontainer.grid.cell import lonlat_to_cell, require_cells
from gridcontainer.grid.characters import Bytes, text_of
from gridcontainer.grid.code_reading import explain_code, raise_first_fault, read_codes
from gridcontainer.grid.code_writing import CODE_LENGTH, cells_to_text, write_codes
from gridcontainer.grid.levels import INVALID_CELL, get_level

__all__ = [
    "CODE_LENGTH",
    "cell_to_code",
    "cell_to_code_bytes",
    "cells_to_text",
    "code_problems",
    "code_to_cell",
    "explain_code",
    "is_valid_code",
    "lonlat_to_code",
]


def cell_to_code_bytes(cells: Int64s, level: int) -> Bytes:
    """(n, code length) ASCII characters of valid cells, for writers of columnar formats."""
    length = get_level(level).code_length
    out = np.empty((len(cells), length), dtype=np.uint8)
    return in_chunks(lambda piece: write_codes(piece)[:, :length], cells, out=out)


def cell_to_code(cells: ArrayLike, level: ArrayLike) -> Strings:
    """The standard's code of each cell.

    Args:
        cells: int64 of any shape; ``INVALID_CELL`` (-1) gives ``""``.
        level: 1-10; one for all, or one for each cell (that of an ``INVALID_CELL`` is not looked
            at).

    Returns:
        Strings of the shape of ``cells``; a ``str`` for a scalar.

    Raises:
        CodeError: an integer is no cell of its level.
    """
    flat, shape = flat_cells(cells)
    valid = flat != INVALID_CELL
    if np.ndim(level) == 0:
        number = get_level(np.asarray(level).item()).number
        require_cells(flat[valid], number)
        return shaped(cells_to_text(flat, number), shape)
    levels = np.broadcast_to(np.asarray(level), shape).reshape(-1)
    out = np.full(len(flat), "", dtype=f"U{CODE_LENGTH}")
    for number in np.unique(levels[valid]).tolist():
        chosen = valid & (levels == number)
        require_cells(flat[chosen], number)
        out[chosen] = cells_to_text(flat[chosen], number)
    return shaped(out, shape)


def lonlat_to_code(
    lon: ArrayLike, lat: ArrayLike, level: int, *, on_invalid: OnInvalid = "raise"
) -> Strings:
    """Codes of the cells that hold the positions; see ``lonlat_to_cell`` for the edges.

    Args:
        lon: degrees, CGCS2000 or WGS 84, in [-180, 180].
        lat: degrees in [-90, 90].
        level: 1-10.
        on_invalid: ``"mark"`` gives ``""`` for a position that has no cell.

    Raises:
        CoordinateError: a position has no cell (and ``on_invalid`` is ``"raise"``).
        CodeError: no such level.
    """
    cells = np.asarray(lonlat_to_cell(lon, lat, level, on_invalid=on_invalid))
    return shaped(cells_to_text(cells.reshape(-1), level), cells.shape)


def code_to_cell(codes: ArrayLike, *, on_invalid: OnInvalid = "raise") -> tuple[Int64s, Int64s]:
    """Cells and levels of codes; the level is told by the length.

    Args:
        codes: strings of any shape, of any mix of levels; lower case is accepted.
        on_invalid: ``"mark"`` gives ``INVALID_CELL`` (-1) and level 0 for a faulty code.

    Returns:
        int64 cells and int64 levels of the shape of ``codes``; two ``int`` for a scalar.

    Raises:
        CodeError: names the first faulty code, its index and its fault.
    """
    cells, levels, shape = read_codes(codes)
    if on_invalid == "raise":
        raise_first_fault(codes, cells)
    return shaped(cells, shape), shaped(levels, shape)


def is_valid_code(codes: ArrayLike) -> Bools:
    """True where the string is the code of a cell."""
    cells, _, shape = read_codes(codes)
    valid: Bools = cells != INVALID_CELL
    return shaped(valid, shape)


def code_problems(codes: ArrayLike) -> Strings:
    """What is wrong with each code; ``""`` where nothing is."""
    cells, _, shape = read_codes(codes)
    problems = np.full(len(cells), "", dtype="U96")
    texts = np.asarray(codes).reshape(-1)
    for index in np.flatnonzero(cells == INVALID_CELL):
        problems[index] = explain_code(text_of(texts[index]))
    return shaped(problems, shape)
