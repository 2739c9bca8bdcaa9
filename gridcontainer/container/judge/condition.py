"""Declared expressions on Arrow batches, computed by DuckDB in this process.

The connection can open no file and no network address, and nothing can change its settings.
"""

import math
import threading
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Final, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.declaration.expression import Expression, Kind
from gridcontainer.container.judge.texts import double_text
from gridcontainer.errors import DeclarationError

Rows: TypeAlias = pa.RecordBatch | pa.Table
_ARROW: Final[Any] = pyarrow.compute  # it has no types
_LOCAL: Final = threading.local()
_SETTINGS: Final = (
    "SET threads = 1",
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET lock_configuration = true",
)
_WIDE: Final = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
}


def holds(condition: Expression, rows: Rows, *, place: str = "condition") -> pa.BooleanArray:
    """Whether a condition holds for each row; a row for which it is null does not hold.

    Args:
        condition: a text counts as the truth that it says, a number where it is not zero.
        rows: n rows.
        place: dataset or file, and key, for the message.

    Returns:
        n values without nulls.

    Raises:
        DeclarationError: the condition does not fit the rows' columns.
    """
    answers = evaluate({place: condition}, rows, kinds={place: Kind.BOOLEAN})
    return _ARROW.fill_null(answers.column(0).combine_chunks(), False)


def evaluate(
    expressions: Mapping[str, Expression], rows: Rows, *, kinds: Mapping[str, Kind] | None = None
) -> pa.Table:
    """The values of some expressions for each row, all of the rows as they came.

    Args:
        expressions: by the name of the column to make, which messages name too.
        rows: n rows.
        kinds: kind that a value is turned into, by the same name; its own where missing.

    Returns:
        A column for each expression, in their order; n rows in the same order.

    Raises:
        DeclarationError: an expression does not fit the rows' columns.
    """
    if not expressions:
        return pa.table({}, schema=pa.schema([]))
    found = {
        made: expression.require_columns(rows.schema.names, place=made)
        for made, expression in expressions.items()
    }
    used = sorted({column for columns in found.values() for column in columns.values()})
    kind_of = {column: kind_of_arrow(rows.schema.field(column).type) for column in used}
    number_of = {column: f"c{number}" for number, column in enumerate(used)}  # in any case distinct
    texts = [
        expression.to_duckdb(
            {name: kind_of[column] for name, column in found[made].items()},
            {name: number_of[column] for name, column in found[made].items()},
            place=made,
            as_kind=(kinds or {}).get(made),
        )
        for made, expression in expressions.items()
    ]
    columns = {number_of[column]: _plain(rows.column(column), kind_of[column]) for column in used}
    # A constant is told for each row too, so there is always a column.
    table = pa.table({"row": pa.nulls(rows.num_rows, pa.bool_()), **columns})
    return _select(texts, table, ", ".join(expressions)).rename_columns(list(expressions))


def kind_of_arrow(type_: pa.DataType) -> Kind:
    """The kind of a column, by its type."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    for kind, tests in _TESTS.items():
        if any(test(type_) for test in tests):
            return kind
    return Kind.OTHER


_TESTS: Final[Mapping[Kind, tuple[Callable[[pa.DataType], bool], ...]]] = {
    Kind.TEXT: (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
                pa.types.is_null),
    Kind.NUMBER: (pa.types.is_floating, pa.types.is_decimal, pa.types.is_uint64),
    Kind.INTEGER: (pa.types.is_integer,),
    Kind.BOOLEAN: (pa.types.is_boolean,),
    Kind.DATE: (pa.types.is_date,),
    Kind.TIMESTAMP: (pa.types.is_timestamp,),
}  # fmt: skip


def _plain(values: Any, kind: Kind) -> Any:
    """The values as the one type of their kind; instants as wall-clock time in UTC."""
    if kind is Kind.OTHER:  # only whether there is a value can be asked
        return _ARROW.if_else(_ARROW.is_valid(values), True, None)
    if kind is Kind.BOOLEAN and not pa.types.is_dictionary(values.type):
        return values
    if pa.types.is_dictionary(values.type):
        return _plain(_ARROW.cast(values, values.type.value_type), kind)
    if pa.types.is_decimal(values.type):  # by text, so that it is the nearest double
        values = _ARROW.cast(values, pa.string())
    return _ARROW.cast(values, _WIDE[kind], safe=False)


def _select(texts: list[str], table: pa.Table, place: str) -> pa.Table:
    selected = ", ".join(f"{text} AS e{number}" for number, text in enumerate(texts))
    connection = _connection()
    connection.register("rows_at_hand", table)
    try:
        found = connection.sql(f"SELECT {selected} FROM rows_at_hand").to_arrow_table()
    except duckdb.Error as error:
        said = " ".join(str(error).split())[:200]
        raise DeclarationError(f"{place}: cannot be computed: {said}") from error
    finally:
        connection.unregister("rows_at_hand")
    return found


def _connection() -> duckdb.DuckDBPyConnection:
    """The thread's own connection."""
    connection = getattr(_LOCAL, "connection", None)
    if connection is None:
        connection = duckdb.connect(":memory:")
        create: Any = connection.create_function  # its types know fewer functions than it takes
        for name, takes, gives, function in _FUNCTIONS:
            create(name, function, takes, gives, type="arrow")
        for setting in _SETTINGS:
            connection.execute(setting)
        _LOCAL.connection = connection
    return connection


def _case_of(texts: pa.Array, ascii_case: Callable[[Any], Any], case: Callable[[str], str]) -> Any:
    """Texts in another case. Characters become several where Unicode says so, as ``ß`` does."""
    cased = ascii_case(texts)
    special = _ARROW.fill_null(_ARROW.invert(_ARROW.string_is_ascii(texts)), False)
    if not _ARROW.any(special).as_py():
        return cased
    others = pa.array([case(text) for text in texts.filter(special).to_pylist()], pa.string())
    return _ARROW.replace_with_mask(cased, special, others)


def _lower_of(texts: Any) -> Any:
    return _case_of(_one(texts), _ARROW.ascii_lower, str.lower)


def _upper_of(texts: Any) -> Any:
    return _case_of(_one(texts), _ARROW.ascii_upper, str.upper)


def _one(values: Any) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _round_half_up(values: Any, digits: Any) -> pa.Array:
    """Numbers rounded as they are written: 2.675 to 2 digits is 2.68."""
    (places,) = set(digits.to_pylist()) or {0}
    with localcontext() as context:
        context.prec = 400
        unit = Decimal(1).scaleb(-places)
        return pa.array([_rounded(value, unit) for value in values.to_pylist()], pa.float64())


def _rounded(value: float | None, unit: Decimal) -> float | None:
    if value is None or not math.isfinite(value):
        return value
    return float(Decimal(repr(value)).quantize(unit, ROUND_HALF_UP)) + 0.0  # no -0.0


def _text_of_number(values: Any) -> pa.Array:
    texts = (None if value is None else double_text(value) for value in values.to_pylist())
    return pa.array(texts, pa.string())


_FUNCTIONS: Final[tuple[tuple[str, list[Any], str, Callable[..., Any]], ...]] = (
    ("lower_of", ["VARCHAR"], "VARCHAR", _lower_of),
    ("upper_of", ["VARCHAR"], "VARCHAR", _upper_of),
    ("round_half_up", ["DOUBLE", "INTEGER"], "DOUBLE", _round_half_up),
    ("text_of_number", ["DOUBLE"], "VARCHAR", _text_of_number),
)
