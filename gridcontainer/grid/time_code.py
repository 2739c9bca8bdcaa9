"""Time as 64-bit integers of 63 levels: ``140672617169289216:26`` is the day 1999-01-08.

From the top (bit 62; bit 63 is zero) the integer holds sign of the era (1 bit), year (16), month
(4, from 1), day (5, from 1), hour (5), minute (6), second (6), millisecond (10) and microsecond
(10). A cell of level L is all times that share the first L bits; the bits below are zero, and the
level is told beside the integer. ``FIELD_LEVELS`` are the levels that end a field; between them lie
halves of the field's range of values (level 22: days 1-15 or 16-31, as days are numbered in 0-31).
Integers grow with time. Months 0 and 13-15, day 0 and the days that a month lacks, hours 24-31 and
so on are gaps of the calendar: integers of nothing but gaps are refused.

All times are UTC. Years 0 to 65535 have codes. Leap seconds have none: numpy does not know them.

Verified, by integers that a commercial database prints: the fields year, month, day and hour, and
the levels down to them. Inferred from the number of bits and levels: the fields below hour, and the
place of the sign. Unverified: how years before 0 are written (refused here), and whether any of
this is GB/T 42578-2023, whose text was not seen: do not claim conformance.

Source: the project's short specification of time codes.
"""

import re

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid.arrays import (
    Bools,
    Int64s,
    OnInvalid,
    Strings,
    flat_cells,
    in_chunks,
    shaped,
)
from gridcontainer.grid.characters import text_of
from gridcontainer.grid.time_reading import Times, read_times
from gridcontainer.grid.time_words import (
    FIELD_LEVELS,
    INVALID_TIME_CODE,
    MASKS,
    MAX_TIME_LEVEL,
    YEARS,
    check_level,
    flat_codes,
    intervals,
    is_cell,
    pack,
    require_codes,
)

__all__ = [
    "FIELD_LEVELS",
    "INVALID_TIME_CODE",
    "MAX_TIME_LEVEL",
    "contains_time_code",
    "is_valid_time_code",
    "text_to_time_code",
    "time_code_to_interval",
    "time_code_to_parent",
    "time_code_to_text",
    "time_code_to_tree",
    "time_to_code",
    "tree_to_time_code",
]

_TEXT = re.compile(r"\d{1,19}:\d{1,2}", re.ASCII)


def time_to_code(times: ArrayLike, level: int, *, on_invalid: OnInvalid = "raise") -> Int64s:
    """Integers of the cells that hold the times.

    Args:
        times: ``datetime64``, ``datetime`` or ISO 8601 text, of any shape; UTC where they name no
            zone. Digits below a microsecond are cut.
        level: 1-63.
        on_invalid: ``"mark"`` gives ``INVALID_TIME_CODE`` (-1) for a time that has no code.

    Returns:
        int64 of the shape of ``times``; an ``int`` for a scalar.

    Raises:
        CoordinateError: a time is missing, unreadable or outside the years 0 to 65535 (and
            ``on_invalid`` is ``"raise"``), or the values are no times at all.
        CodeError: no such level.
    """
    mask = MASKS[check_level(level)]
    moments, shape = read_times(times)
    years = moments.astype("datetime64[Y]").astype(np.int64) + 1970
    valid = ~np.isnat(moments) & (years >= 0) & (years < YEARS)
    bad = np.flatnonzero(~valid)
    if bad.size and on_invalid == "raise":
        value = np.asarray(times).reshape(-1)[bad[0]]
        reason = "missing, or no ISO 8601 time"
        if not np.isnat(moments[bad[0]]):
            reason = f"outside the years 0 to {YEARS - 1} (how others are written is unverified)"
        raise CoordinateError(
            f"{bad.size} of {valid.size} times have no code; the first is index {bad[0]}, "
            f'{str(value)!r}: {reason} (on_invalid="mark" marks them instead)'
        )
    known = np.where(valid, moments, np.datetime64(0, "us"))
    codes = in_chunks(pack, known, out=np.empty(len(known), dtype=np.int64)) & mask
    codes[bad] = INVALID_TIME_CODE
    return shaped(codes, shape)


def time_code_to_interval(codes: ArrayLike, level: ArrayLike) -> tuple[Times, Times]:
    """Start and end of cells: a cell owns its start, not its end.

    Args:
        codes: integers of any shape.
        level: 1-63; one for all, or one for each.

    Returns:
        ``datetime64[us]``, UTC, of the shape of ``codes``; two ``np.datetime64`` for a scalar.

    Raises:
        CodeError: no such level, or an integer is no cell of its level.
    """
    flat, levels, shape = require_codes(codes, level)
    start, end = intervals(flat, levels)
    return start.reshape(shape)[()], end.reshape(shape)[()]


def is_valid_time_code(codes: ArrayLike, level: ArrayLike) -> Bools:
    """True where an integer is a cell of its level that holds a time.

    Raises:
        CodeError: no such level.
    """
    flat, levels, shape = flat_codes(codes, level)
    return shaped(is_cell(flat, levels), shape)


def time_code_to_parent(
    codes: ArrayLike, level: ArrayLike, parent_level: int | None = None
) -> Int64s:
    """Integers of the ancestors at ``parent_level`` (default: one level above each).

    Raises:
        CodeError: no such level, an integer is no cell, or one that has no ancestor of that level.
    """
    flat, levels, shape = require_codes(codes, level)
    wanted = levels - 1 if parent_level is None else np.full_like(levels, parent_level)
    if ((wanted < 1) | (wanted > levels)).any():
        raise CodeError(
            f"ancestors have levels from 1 to that of the code, {levels.min()}; not {wanted.min()}"
        )
    return shaped(flat & MASKS[wanted], shape)


def contains_time_code(
    outer: ArrayLike, outer_level: ArrayLike, inner: ArrayLike, inner_level: ArrayLike
) -> Bools:
    """True where the outer cell holds all of the inner one; a cell holds itself.

    The four are broadcast.

    Raises:
        CodeError: no such level, or an integer is no cell of its level.
    """
    values = np.broadcast_arrays(outer, outer_level, inner, inner_level)
    upper, upper_levels, shape = require_codes(values[0], values[1])
    lower, lower_levels, _ = require_codes(values[2], values[3])
    inside: Bools = ((upper ^ lower) & MASKS[upper_levels] == 0) & (upper_levels <= lower_levels)
    return shaped(inside, shape)


def time_code_to_text(codes: ArrayLike, level: ArrayLike) -> Strings:
    """Texts ``code:level``, as ``140672617169289216:26``.

    Raises:
        CodeError: no such level, or an integer is no cell of its level.
    """
    flat, levels, shape = require_codes(codes, level)
    pairs = zip(flat.tolist(), levels.tolist(), strict=True)
    texts = [f"{code}:{number}" for code, number in pairs]
    return shaped(np.array(texts, dtype="U22"), shape)


def text_to_time_code(texts: ArrayLike) -> tuple[Int64s, Int64s]:
    """Integers and levels of texts ``code:level``.

    Returns:
        int64 of the shape of ``texts``; two ``int`` for a scalar.

    Raises:
        CodeError: a text is not of that form, or its integer no cell of its level.
    """
    values = [text_of(value) for value in np.asarray(texts).reshape(-1)]
    for index, value in enumerate(values):
        if not _TEXT.fullmatch(value) or int(value.partition(":")[0]) >= 2**63:
            raise CodeError(f"time code {value[:40]!r} (index {index}) is not a text code:level")
    pairs = [[int(part) for part in value.split(":")] for value in values]
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    codes, levels, _ = require_codes(columns[0], columns[1])
    return shaped(codes, np.shape(texts)), shaped(levels, np.shape(texts))


def time_code_to_tree(codes: ArrayLike, level: ArrayLike) -> Int64s:
    """One integer that holds level and code: the number of the cell in a binary tree, in order.

    An internal encoding of this project, not that of GB/T 42578 or of MTSIC. Cells in time order
    have numbers in order; a cell's descendants have the numbers around it, ``tree - 2**(63 - level)
    + 1`` to ``tree + 2**(63 - level) - 1``; level-63 cells are even.

    Raises:
        CodeError: no such level, or an integer is no cell of its level.
    """
    flat, levels, shape = require_codes(codes, level)
    half = np.int64(1) << (MAX_TIME_LEVEL - levels)
    return shaped(flat * 2 + half - 1, shape)


def tree_to_time_code(trees: ArrayLike) -> tuple[Int64s, Int64s]:
    """Integers and levels of the numbers that ``time_code_to_tree`` gives.

    Raises:
        CodeError: a number is that of no cell.
    """
    flat, shape = flat_cells(trees)
    bits = flat + 1 & ~flat  # the lowest zero of the number
    half = np.maximum(bits, 1)
    levels = MAX_TIME_LEVEL - np.rint(np.log2(half)).astype(np.int64)
    codes = flat - half + 1 >> 1
    bad = np.flatnonzero((bits <= 0) | ~is_cell(codes, levels))
    if bad.size:
        raise CodeError(
            f"{bad.size} of {flat.size} numbers are of no time code; the first is index {bad[0]}, "
            f"{flat[bad[0]]}"
        )
    return shaped(codes, shape), shaped(levels, shape)
