"""The columns of the catalogue."""

from typing import Final

import pyarrow as pa

from gridcontainer.container.tables.schemas import INSTANT


def _list_of(**fields: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct(list(fields.items())))


CATALOGUE_SCHEMA: Final = pa.schema(
    {
        "department": pa.string(),
        "dataset": pa.string(),
        "title": pa.string(),
        "kind": pa.string(),
        "owner": pa.string(),
        "tags": pa.list_(pa.string()),
        "datum": pa.string(),
        "key": pa.list_(pa.string()),
        "columns": _list_of(
            name=pa.string(), type=pa.string(), unit=pa.string(), sensitivity=pa.string()
        ),
        "relations": _list_of(columns=pa.list_(pa.string()), dataset=pa.string()),
        "west": pa.float64(),
        "south": pa.float64(),
        "east": pa.float64(),
        "north": pa.float64(),
        "first_time": INSTANT,
        "last_time": INSTANT,
        "rows": pa.int64(),
        "closed_rows": pa.int64(),
        "files": pa.int64(),
        "bytes": pa.int64(),
        "prefix_level": pa.int32(),
        "last_run": INSTANT,
        "last_change": INSTANT,
        "rows_in": pa.int64(),
        "rows_aside": pa.int64(),
        "rows_mended": pa.int64(),
        "share_aside": pa.float64(),
        "reasons": _list_of(reason=pa.string(), aside=pa.int64(), mended=pa.int64()),
        "versions": _list_of(
            version=pa.int64(), time=INSTANT, operation=pa.string(), rows_written=pa.int64()
        ),
        "sources": _list_of(file=pa.string(), rows=pa.int64()),
        "fingerprint": pa.string(),
        "run_ids": pa.list_(pa.string()),
    }
)
