"""Schemas of the container's tables, in Arrow."""

from typing import Final

import pyarrow as pa

INSTANT: Final = pa.timestamp("us", tz="UTC")

OBJECT_COLUMN: Final = pa.field("object_id", pa.string(), nullable=False)
GRID_COLUMNS: Final = pa.schema(
    [
        pa.field("cell", pa.int64(), nullable=False),
        pa.field("grid_code", pa.string(), nullable=False),
        pa.field("grid_level", pa.int8(), nullable=False),
        pa.field("grid_prefix", pa.string(), nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
    ]
)
TIME_COLUMN: Final = pa.field("event_time", INSTANT, nullable=False)
ORIGIN_COLUMNS: Final = pa.schema(
    [
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
    ]
)
HISTORY_COLUMNS: Final = pa.schema(
    [
        pa.field("valid_from", INSTANT, nullable=False),
        pa.field("valid_to", INSTANT),
    ]
)
MONTH_COLUMN: Final = pa.field("event_month", pa.string(), nullable=False)
GEOMETRY_COLUMN: Final = pa.field("geometry", pa.binary(), nullable=False)

QUARANTINE: Final = pa.schema(
    [
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string()),
        pa.field("row", pa.string()),
        pa.field("mended", pa.string()),
        pa.field("run_id", pa.string(), nullable=False),
    ]
)

_COUNTS: Final = pa.map_(pa.string(), pa.int64())
RUNS: Final = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("job", pa.string(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("department", pa.string(), nullable=False),
        pa.field("started", INSTANT, nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("fingerprint", pa.string(), nullable=False),
        pa.field("table_version", pa.int64(), nullable=False),
        pa.field("rows_in", pa.int64(), nullable=False),
        pa.field("rows_out", pa.int64(), nullable=False),
        pa.field("rows_quarantined", pa.int64(), nullable=False),
        pa.field("reasons", _COUNTS, nullable=False),
        pa.field("mended", _COUNTS),
        pa.field("inserted", pa.int64()),
        pa.field("updated", pa.int64()),
        pa.field("deleted", pa.int64()),
        pa.field("kept", pa.int64()),
        pa.field("files_before", pa.int64()),
        pa.field("files_rewritten", pa.int64()),
    ]
)
