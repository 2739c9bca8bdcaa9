"""Ancestors, children and neighbours of 3D codes.

Source: GB/T 39409-2020, clause 6 and Annex C.5 (one layer up or down is plus or minus 1 in the
layer number: here the number itself is stepped, so that no carry between digits is needed).
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.grid.arrays import Int64s, Strings, require_at_most, shaped
from gridcontainer.grid.cell import MAX_CELLS, cell_to_children
from gridcontainer.grid.characters import flat_texts
from gridcontainer.grid.code3d import require_code3d
from gridcontainer.grid.code3d_text import CODE3D_LENGTHS, write_code3d
from gridcontainer.grid.height_digits import HeightScheme, Negative, Reading
from gridcontainer.grid.levels import INVALID_CELL, MAX_LEVEL, only_level, parent_levels
from gridcontainer.grid.neighbors import cell_to_neighbors

_NO_LAYER: Final = 2**62


def code3d_to_parent(codes: ArrayLike, level: int | None = None) -> Strings:
    """3D codes of the ancestors, of any reading.

    Args:
        codes: of any mix of levels.
        level: of the ancestors, not finer than any of the codes; by default one level above each.

    Raises:
        CodeError: a faulty code, or one that has no ancestor of that level.
    """
    _, levels, _, _, shape = require_code3d(codes, None)
    wanted = parent_levels(levels, level)
    texts, _, _ = flat_texts(codes, CODE3D_LENGTHS[-1])
    out = np.empty(len(texts), dtype=f"U{CODE3D_LENGTHS[-1]}")
    for number in np.unique(wanted).tolist():
        chosen = wanted == number
        out[chosen] = texts[chosen].astype(f"U{CODE3D_LENGTHS[number - 1]}")
    return shaped(np.strings.upper(out), shape)


def code3d_to_children(
    codes: ArrayLike, *, reading: Reading = "A", negative: Negative = "sign-magnitude"
) -> Strings:
    """3D codes of all children at the next level, in code order.

    Args:
        codes: one code, or an array of codes of one level.
        reading: of the height digits.
        negative: form of heights below the ellipsoid.

    Returns:
        For one code, a 1-d array. For an array, its shape with one more axis; ``""`` where a digit
        means no layer (under reading C; minus zero at level 10).

    Raises:
        CodeError: a faulty code, codes of several levels, or codes that have no children.
    """
    scheme = HeightScheme(reading, negative)
    cells, levels, first, _, shape = require_code3d(codes, scheme)
    level, radix = only_level(levels), scheme.radices[min(only_level(levels), MAX_LEVEL - 1)]
    children = cell_to_children(cells, level)[:, :, None]
    require_at_most(children.size * radix, MAX_CELLS, "ask for fewer codes")
    words = scheme.to_words(first) // scheme.unit(level) * scheme.unit(level)
    word = (words[:, None] + np.arange(radix) * scheme.unit(level + 1)).reshape(-1)
    below = np.repeat((first < 0).astype(np.int64), radix)
    low, high = (ends.reshape(-1, 1, radix) for ends in scheme.to_layers(below, word, level + 1))
    texts = _write(children, np.where(low < high, low, _NO_LAYER), level + 1, scheme)
    return texts.reshape(*shape, children.shape[1] * radix) if shape else texts[texts != ""]


def code3d_to_neighbors(
    codes: ArrayLike, *, reading: Reading = "A", negative: Negative = "sign-magnitude"
) -> Strings:
    """3D codes of the 26 cells that touch each cell by a face, an edge or a corner.

    Args:
        codes: one code, or an array of codes of one level.
        reading: of the height digits.
        negative: form of heights below the ellipsoid.

    Returns:
        For one code, a 1-d array of the codes that exist, each once. For an array, its shape with
        one more axis of 26; ``""`` where there is no such cell (beyond 88 degrees at levels above
        2, above the highest and below the lowest layer). In order: E, NE, N, NW, W, SW, S, SE in
        the same layer; the cell above and its eight; the cell below and its eight.

    Raises:
        CodeError: a faulty code, codes of several levels, or a polar cell in an array.
    """
    scheme = HeightScheme(reading, negative)
    cells, levels, first, stop, shape = require_code3d(codes, scheme)
    level = only_level(levels)
    around = np.atleast_2d(cell_to_neighbors(cells if shape else cells.item(), level))
    column = np.concatenate([cells[:, None], around], axis=1)
    parts = [
        _write(found, np.where(scheme.can_write(layers), layers, _NO_LAYER)[:, None], level, scheme)
        for layers, found in ((first, around), (stop, column), (first - 1, column))
    ]
    texts = np.concatenate(parts, axis=1)
    if shape:
        return texts.reshape(*shape, texts.shape[1])
    found, first_at = np.unique(texts[0], return_index=True)
    unique: Strings = texts[0][np.sort(first_at[found != ""])]
    return unique


def _write(cells: Int64s, layers: Int64s, level: int, scheme: HeightScheme) -> Strings:
    """Codes of cells and layers of any two shapes that broadcast; ``""`` where one is missing."""
    cells, layers = np.broadcast_arrays(cells, layers)
    missing = layers == _NO_LAYER
    cells, layers = np.where(missing, INVALID_CELL, cells), np.where(missing, 0, layers)
    texts = write_code3d(cells.reshape(-1), layers.reshape(-1), level, scheme)
    return texts.reshape(cells.shape)
