"""The functions of the dialect: what each takes and gives, and how each engine writes it."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from gridcontainer.container.declaration.expression.kinds import Kind

_T, _I, _D, _S = Kind.TEXT, Kind.INTEGER, Kind.DATE, Kind.TIMESTAMP


@dataclass(frozen=True)
class Function:
    """A function whose arguments are of fixed kinds.

    Attributes:
        takes: kinds of its arguments.
        gives: kind of its value.
        sql: the templates of Spark and of DuckDB.
    """

    takes: tuple[Kind, ...]
    gives: Kind
    sql: tuple[str, str]


def _both(template: str) -> tuple[str, str]:
    return template, template


def _part(name: str) -> Function:
    return Function((_S,), _I, (f"CAST({name}({{0}}) AS BIGINT)", f"{name}({{0}})"))


_LENGTH: Final = Function((_T,), _I, ("CAST(length({0}) AS BIGINT)", "length({0})"))
_LOWER: Final = Function((_T,), _T, ("lower({0})", "lower_of({0})"))
_UPPER: Final = Function((_T,), _T, ("upper({0})", "upper_of({0})"))
_INSTR: Final = Function((_T, _T), _I, ("CAST(instr({0}, {1}) AS BIGINT)", "instr({0}, {1})"))
_LOCATE: Final = Function((_T, _T), _I, ("CAST(instr({1}, {0}) AS BIGINT)", "instr({1}, {0})"))
_DAY: Final = _part("dayofmonth")

FIXED: Final[dict[str, Function]] = {
    "length": _LENGTH,
    "char_length": _LENGTH,
    "character_length": _LENGTH,
    "lower": _LOWER,
    "lcase": _LOWER,
    "upper": _UPPER,
    "ucase": _UPPER,
    "trim": Function((_T,), _T, ("trim(BOTH ' ' FROM {0})", "trim({0}, ' ')")),
    "ltrim": Function((_T,), _T, ("trim(LEADING ' ' FROM {0})", "ltrim({0}, ' ')")),
    "rtrim": Function((_T,), _T, ("trim(TRAILING ' ' FROM {0})", "rtrim({0}, ' ')")),
    "replace": Function((_T, _T, _T), _T, _both("replace({0}, {1}, {2})")),
    "instr": _INSTR,
    "locate": _LOCATE,
    "position": _LOCATE,
    "startswith": Function(
        (_T, _T), Kind.BOOLEAN, ("startswith({0}, {1})", "starts_with({0}, {1})")
    ),
    "endswith": Function((_T, _T), Kind.BOOLEAN, ("endswith({0}, {1})", "ends_with({0}, {1})")),
    "contains": Function((_T, _T), Kind.BOOLEAN, _both("contains({0}, {1})")),
    "year": _part("year"),
    "quarter": _part("quarter"),
    "month": _part("month"),
    "day": _DAY,
    "dayofmonth": _DAY,
    "dayofyear": _part("dayofyear"),
    "weekofyear": _part("weekofyear"),
    "dayofweek": Function(
        (_S,), _I, ("CAST(dayofweek({0}) AS BIGINT)", "(dayofweek({0}) + 1)")
    ),
    "weekday": Function((_S,), _I, ("CAST(weekday({0}) AS BIGINT)", "(isodow({0}) - 1)")),
    "hour": _part("hour"),
    "minute": _part("minute"),
    "second": _part("second"),
    "last_day": Function((_D,), _D, _both("last_day({0})")),
    "datediff": Function(
        (_D, _D), _I, ("CAST(datediff({0}, {1}) AS BIGINT)", "date_diff('day', {1}, {0})")
    ),
}  # fmt: skip

# Functions that are written as CAST: name and the type they give.
CASTS: Final = frozenset(
    {"string", "boolean", "tinyint", "smallint", "int", "bigint", "double", "date", "timestamp"}
)
# Functions whose arguments stand in relation to each other; see ``calls.py``.
RELATED: Final = frozenset(
    {"coalesce", "nvl", "ifnull", "nvl2", "nullif", "if", "iff", "isnull", "isnotnull",
     "greatest", "least", "abs", "round", "floor", "ceil", "ceiling", "mod",
     "concat", "concat_ws", "translate", "substring",
     "substr", "left", "right", "lpad", "rpad", "split_part", "regexp_like", "rlike", "regexp",
     "regexp_replace", "regexp_extract", "date_add", "date_sub", "date_trunc",
     "to_date", "try_to_date", "to_timestamp", "try_to_timestamp"}
)  # fmt: skip
ALLOWED: Final = tuple(sorted({*FIXED, *CASTS, *RELATED}))


def unknown_function(name: str) -> str:
    """The message for a function that is not on the allow-list."""
    near = get_close_matches(name, ALLOWED, 3, 0.7)
    meant = f" (is {' or '.join(near)} meant?)" if near else ""
    return f"{name} is no function here{meant}; there are {', '.join(ALLOWED)}"
