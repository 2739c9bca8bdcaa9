"""Names of the columns that the judge adds to raw rows, and Arrow helpers that all of it shares."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.tables.schemas import INSTANT
from gridcontainer.grid.arrays import Bools

LON, LAT, CELL, TIME = "_lon", "_lat", "_cell", "_time"
KEY, REASON, DETAIL = "_key", "_reason", "_detail"
REPAIRED, ORIGINAL, FIRST_REASON = "_repaired", "_original", "_first_reason"

JUDGED: Final = pa.schema(
    [
        pa.field(LON, pa.float64()),
        pa.field(LAT, pa.float64()),
        pa.field(CELL, pa.int64()),
        pa.field(TIME, INSTANT),
        pa.field(KEY, pa.string()),
        pa.field(REASON, pa.string()),
        pa.field(DETAIL, pa.string()),
        pa.field(REPAIRED, pa.string()),
        pa.field(ORIGINAL, pa.string()),
        pa.field(FIRST_REASON, pa.string()),
    ]
)
_ARROW: Final[Any] = pyarrow.compute  # it has no types


def to_bools(values: pa.Array | pa.ChunkedArray) -> Bools:
    """Boolean values as numpy has them; null is false."""
    filled = _ARROW.fill_null(values, False) if values.null_count else values
    bools: Bools = np.asarray(filled.to_numpy(zero_copy_only=False), bool)
    return bools


def has_value(values: pa.Array | pa.ChunkedArray) -> Bools:
    """Whether each value is not null."""
    if values.null_count == 0:
        return np.ones(len(values), bool)
    return to_bools(values.is_valid())
