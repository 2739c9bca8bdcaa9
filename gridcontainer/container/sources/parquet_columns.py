"""Columns of Parquet: structs opened to dotted names, types kept or written as text."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from gridcontainer.container.sources.hex_text import to_hex
from gridcontainer.container.sources.json_text import json_text
from gridcontainer.container.sources.records import distinct

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_PLAIN: Final = (
    pa.types.is_boolean,
    pa.types.is_signed_integer,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_string,
    pa.types.is_date32,
    pa.types.is_decimal128,
)
Leaf = tuple[str, pa.DataType]  # dotted name and type


def leaf_fields(schema: pa.Schema) -> list[Leaf]:
    """The columns of a schema, each field of a struct as ``struct.field``.

    Where a plain name has the dots of an inner one, both stay: ``a.b`` and ``a.b_2``.
    """
    leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
    return list(zip(distinct([n for n, _ in leaves]), (k for _, k in leaves), strict=True))


def leaf_arrays(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The columns of a batch by the names of ``leaf_fields``; a null struct has null fields."""
    arrays = [
        leaf
        for name, values in zip(batch.schema.names, batch.columns, strict=True)
        for leaf in _opened(name, _storage(values))
    ]
    names = distinct([name for name, _ in arrays])
    return dict(zip(names, (values for _, values in arrays), strict=True))


def kept_types(schema: pq.ParquetSchema) -> list[pa.DataType] | None:
    """The types that a file's columns keep, in the order of ``leaf_fields``.

    Whole and decimal numbers, floats, booleans, texts, days and times keep theirs; times become
    microseconds: instants in UTC where the file says that they are, else local times. The INT96
    that Spark and Hive write are instants.

    Returns:
        None where the file holds anything else, such as lists, bytes, unsigned numbers or
        nanoseconds: then all of its columns are read as text.
    """
    leaves = leaf_fields(schema.to_arrow_schema())
    if len(leaves) != len(schema.names):
        return None  # a list or a map
    kinds = [_kept_type(kind, schema.column(i)) for i, (_, kind) in enumerate(leaves)]
    return None if None in kinds else cast(list[pa.DataType], kinds)


def as_type(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Values with the type of the batches."""
    if pa.types.is_timestamp(kind) and kind.tz and not getattr(values.type, "tz", None):
        return _ARROW.cast(values, pa.timestamp("us")).cast(kind)  # of INT96
    return values if values.type == kind else _ARROW.cast(values, kind)


def as_text(values: pa.Array) -> pa.Array:
    """Values as text: bytes as hexadecimal digits, lists and maps as JSON, times in ISO 8601."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_text(values.dictionary_decode())
    if pa.types.is_fixed_size_binary(kind) or pa.types.is_binary(kind):
        return to_hex(values)
    if pa.types.is_large_binary(kind):
        return to_hex(values)
    if not pa.types.is_nested(kind):
        try:
            return _ARROW.cast(values, pa.string())
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            pass  # a type that Arrow has no text for, or a zone that it does not know
    return pa.array([json_text(value) for value in values.to_pylist()], pa.string())


def split_undecodable(
    columns: Mapping[str, pa.Array],
) -> tuple[dict[str, pa.Array], dict[int, str]]:
    """The columns without texts that are no UTF-8, and the faults of the rows that held them.

    The bytes of such a text are written as ``\\xff``.
    """
    sound, faults = dict(columns), dict[int, str]()
    for name, values in columns.items():
        if not pa.types.is_string(values.type) and not pa.types.is_large_string(values.type):
            continue
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            raw = values.cast(pa.large_binary()).to_pylist()
            for row, value in enumerate(raw):
                if value is not None and not _is_utf8(value):
                    faults.setdefault(row, f"{name} holds bytes that are not UTF-8")
            texts = [v and v.decode("utf-8", "backslashreplace") for v in raw]
            sound[name] = pa.array(["" if t == b"" else t for t in texts], values.type)
    return sound, faults


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _kept_type(kind: pa.DataType, column: pq.ColumnSchema) -> pa.DataType | None:
    if column.physical_type == "INT96":
        return pa.timestamp("us", "UTC")
    if pa.types.is_timestamp(kind):
        zone = "UTC" if kind.tz else None
        return pa.timestamp("us", zone) if kind.unit in ("s", "ms", "us") else None
    return kind if any(test(kind) for test in _PLAIN) else None


def _leaves(name: str, kind: pa.DataType) -> Iterator[Leaf]:
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    if not pa.types.is_struct(kind) or kind.num_fields == 0:
        yield name, kind
        return
    for field in kind:
        yield from _leaves(f"{name}.{field.name}", field.type)


def _opened(name: str, values: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    kind = values.type
    if not pa.types.is_struct(kind) or kind.num_fields == 0:
        yield name, values
        return
    for field, inner in zip(kind, values.flatten(), strict=True):
        yield from _opened(f"{name}.{field.name}", _storage(inner))


def _storage(values: pa.Array) -> pa.Array:
    return values.storage if isinstance(values, pa.ExtensionArray) else values
