"""Names of the columns that the judge adds to raw rows, and whether they hold a value."""

from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.judge.arrow import to_bools
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


def has_value(values: pa.Array | pa.ChunkedArray) -> Bools:
    """Whether each value is not null."""
    if values.null_count == 0:
        return np.ones(len(values), bool)
    return to_bools(values.is_valid())
