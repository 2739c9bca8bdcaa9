"""What a delivery changes in a table, row by row, without Spark: for tables held in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.tables.schemas import HISTORY_COLUMNS, ORIGIN_COLUMNS
from gridcontainer.grid.arrays import Bools, Int64s

_ARROW: Final[Any] = pyarrow.compute  # it has no types
# Where a row stands in its file, and which run read it, is no content.
NO_CONTENT: Final = frozenset([*ORIGIN_COLUMNS.names, *HISTORY_COLUMNS.names])


@dataclass(frozen=True)
class Comparison:
    """Rows that a delivery inserts, updates or no longer has.

    Attributes:
        inserted: numbers of new rows whose identity the table has not.
        updated: numbers of new rows whose identity the table has with another content.
        former: numbers of the table's rows that ``updated`` replaces, in the same order.
        absent: numbers of the table's rows whose identity the delivery has not.
    """

    inserted: Int64s
    updated: Int64s
    former: Int64s
    absent: Int64s

    @property
    def count(self) -> int:
        """Rows that differ."""
        return len(self.inserted) + len(self.updated) + len(self.absent)


def identity_columns(columns: Sequence[str]) -> list[str]:
    """The columns by which a row of a table is known again."""
    return ["object_id"] if "object_id" in columns else ["source_file", "source_row"]


def compare(new: pa.Table, held: pa.Table) -> Comparison:
    """Compare a delivery with what a table holds.

    Args:
        new: rows as the table is to hold them; each identity at most once.
        held: rows that the table holds and that are valid now.

    Returns:
        The differences. Contents are equal where all columns of ``new`` are but file, row and run;
        two nulls are equal, as are two NaN; a column that ``held`` lacks is null there.
    """
    at = _find(_identities(new), _identities(held))
    known = np.flatnonzero(at >= 0)
    same = _same_content(new.take(known), held.take(at[known]))
    is_absent = np.ones(held.num_rows, bool)
    is_absent[at[known]] = False
    return Comparison(
        inserted=np.flatnonzero(at < 0),
        updated=known[~same],
        former=at[known][~same],
        absent=np.flatnonzero(is_absent),
    )


def _identities(rows: pa.Table) -> pa.Array:
    """One text a row."""
    parts = [
        _ARROW.cast(rows.column(name), pa.string()) for name in identity_columns(rows.column_names)
    ]
    one = parts[0] if len(parts) == 1 else _ARROW.binary_join_element_wise(*parts, "\x1f")
    return one.combine_chunks()


def _find(wanted: pa.Array, held: pa.Array) -> Int64s:
    """The place of each wanted value among those held; -1 where it is not."""
    found = _ARROW.index_in(wanted, value_set=held)
    places: Int64s = _ARROW.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _same_content(new: pa.Table, held: pa.Table) -> Bools:
    """Whether the rows of two tables of one length have the same content."""
    same = np.ones(new.num_rows, bool)
    identity = set(identity_columns(new.column_names))
    for name in new.column_names:
        if name in identity or name in NO_CONTENT:
            continue
        if name not in held.column_names:
            same &= _to_bools(new.column(name).is_null())
        else:
            same &= equal_values(new.column(name), held.column(name))
    return same


def equal_values(new: pa.ChunkedArray, held: pa.ChunkedArray) -> Bools:
    """Whether values are the same, one by one: two nulls are, and two NaN; types may differ."""
    if new.type != held.type:
        try:
            held = held.cast(new.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            new, held = new.cast(pa.string()), held.cast(pa.string())
    equal = _to_bools(_ARROW.fill_null(_ARROW.equal(new, held), False))
    both_null = _to_bools(new.is_null()) & _to_bools(held.is_null())
    if not pa.types.is_floating(new.type):
        return equal | both_null
    no_numbers = (_to_bools(_ARROW.fill_null(_ARROW.is_nan(side), False)) for side in (new, held))
    return equal | both_null | np.logical_and(*no_numbers)


def _to_bools(values: pa.ChunkedArray) -> Bools:
    bools: Bools = values.to_numpy(zero_copy_only=False).astype(bool)
    return bools
