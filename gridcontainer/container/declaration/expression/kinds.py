"""Kinds of values, and how each engine turns one kind into another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

# White space around numbers and times in text; YEAR leaves out 0000, which calendars disagree on.
_BLANK: Final = r"[ \t\n\r]*"
YEAR: Final = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
HOUR: Final = "(?:[01]?[0-9]|2[0-3])"
_DAY: Final = f"{YEAR}-[0-9]{{1,2}}-[0-9]{{1,2}}"
_CLOCK: Final = rf"{HOUR}:[0-9]{{1,2}}:[0-9]{{1,2}}(?:\.[0-9]{{1,6}})?"
# Bounds keep each number finite: engines differ in what they call too large.
_NUMBER: Final = r"[+-]?(?:[0-9]{1,200}\.?[0-9]{0,200}|\.[0-9]{1,200})(?:[eE][+-]?[0-9]{1,2})?"


class Kind(Enum):
    """Kind of a value; the engines' many types come down to these."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    BOOLEAN = "true or false"
    DATE = "date"
    TIMESTAMP = "time"
    NULL = "null"
    ANY = "not known yet"
    OTHER = "nested or binary value"


class Engine(Enum):
    """What computes an expression. The value is the position of its template in pairs."""

    SPARK = 0
    DUCKDB = 1

    def text(self, text: str) -> str:
        """A text as a literal."""
        if self is Engine.DUCKDB:
            return "'" + text.replace("'", "''") + "'"
        escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
        return "'" + escaped.replace("\r", "\\r").replace("\t", "\\t") + "'"

    def column(self, column: str) -> str:
        """A column's name."""
        if self is Engine.DUCKDB:
            return '"' + column.replace('"', '""') + '"'
        return "`" + column.replace("`", "``") + "`"

    def type(self, kind: Kind) -> str:
        """The type that holds values of a kind."""
        return _TYPES[kind][self.value]


@dataclass(frozen=True)
class Term:
    """A compiled part of an expression.

    Attributes:
        sql: for one engine; stands anywhere without further brackets.
        kind: of its value.
        literal: the text, number or boolean that the part is, where it is written out.
    """

    sql: str
    kind: Kind
    literal: str | int | float | bool | None = None


_TYPES: Final = {
    Kind.TEXT: ("STRING", "VARCHAR"),
    Kind.INTEGER: ("BIGINT", "BIGINT"),
    Kind.NUMBER: ("DOUBLE", "DOUBLE"),
    Kind.BOOLEAN: ("BOOLEAN", "BOOLEAN"),
    Kind.DATE: ("DATE", "DATE"),
    Kind.TIMESTAMP: ("TIMESTAMP", "TIMESTAMP"),
    Kind.NULL: ("STRING", "VARCHAR"),
    Kind.ANY: ("STRING", "VARCHAR"),
}
_TRUTHS: Final = "".join(
    f" WHEN '{text}' THEN {truth}"
    for truth, texts in (("TRUE", "t true y yes 1"), ("FALSE", "f false n no 0"))
    for text in texts.split()
)
# By kind and kind: the templates of Spark and of DuckDB, and the pattern whose first group is read.
_CAST: Final = ("CAST({0} AS {type})", "CAST({0} AS {type})", "")
_READ: Final = (
    "try_cast(regexp_extract({0}, {pattern}, 1) AS {type})",
    "TRY_CAST(regexp_extract({0}, {pattern}, 1) AS {type})",
)
# DuckDB matches ten times as fast as it extracts, and takes white space around a number itself.
_READ_NUMBER: Final = (
    _READ[0],
    "(CASE WHEN regexp_matches({0}, {pattern}) THEN TRY_CAST({0} AS {type}) END)",
)
_SIMPLE: Final[Mapping[tuple[Kind, Kind], tuple[str, str, str]]] = {
    (Kind.TEXT, Kind.NUMBER): (*_READ_NUMBER, f"^{_BLANK}({_NUMBER}){_BLANK}\\z"),
    (Kind.TEXT, Kind.INTEGER): (*_READ_NUMBER, f"^{_BLANK}([+-]?[0-9]{{1,200}}){_BLANK}\\z"),
    (Kind.TEXT, Kind.DATE): (*_READ, f"^{_BLANK}({_DAY})(?:[ T]{_CLOCK})?{_BLANK}\\z"),
    (Kind.TEXT, Kind.TIMESTAMP): (*_READ, f"^{_BLANK}({_DAY}(?:[ T]{_CLOCK})?){_BLANK}\\z"),
    (Kind.TEXT, Kind.BOOLEAN): (
        f"(CASE lower(trim(BOTH ' ' FROM {{0}})){_TRUTHS} END)",
        f"(CASE lower(trim({{0}}, ' ')){_TRUTHS} END)",
        "",
    ),
    (Kind.INTEGER, Kind.NUMBER): _CAST,
    (Kind.INTEGER, Kind.TEXT): _CAST,
    (Kind.BOOLEAN, Kind.TEXT): _CAST,
    (Kind.DATE, Kind.TEXT): _CAST,
    (Kind.TIMESTAMP, Kind.TEXT): _CAST,
    (Kind.DATE, Kind.TIMESTAMP): _CAST,
    (Kind.TIMESTAMP, Kind.DATE): _CAST,
    (Kind.INTEGER, Kind.BOOLEAN): ("({0} <> 0)", "({0} <> 0)", ""),
    (Kind.NUMBER, Kind.BOOLEAN): ("({0} <> 0D)", "({0} <> 0)", ""),
    (Kind.BOOLEAN, Kind.INTEGER): _CAST,
    (Kind.BOOLEAN, Kind.NUMBER): _CAST,
    # 2^63 is no whole number of 64 bits, and Spark takes it for the greatest one.
    (Kind.NUMBER, Kind.INTEGER): (
        "try_cast(nullif({0}, 9.223372036854775807E18D) AS BIGINT)",
        "TRY_CAST(trunc({0}) AS BIGINT)",
        "",
    ),
    (Kind.NUMBER, Kind.TEXT): ("CAST({0} AS STRING)", "text_of_number({0})", ""),
}


def convert(term: Term, kind: Kind, engine: Engine) -> Term:
    """The value as another kind; null where a row's value cannot be read as one.

    Raises:
        ValueError: no value of the one kind is one of the other.
    """
    if term.kind == kind or kind in (Kind.ANY, Kind.NULL):
        return term
    if term.kind in (Kind.ANY, Kind.NULL):
        return Term(f"CAST({term.sql} AS {engine.type(kind)})", kind)
    if (found := _SIMPLE.get((term.kind, kind))) is None:
        raise ValueError(f"a {term.kind.value} cannot be used as a {kind.value}")
    return Term(
        found[engine.value].format(term.sql, type=engine.type(kind), pattern=engine.text(found[2])),
        kind,
    )


def unify(kinds: list[Kind]) -> Kind:
    """The kind of a value that comes from one of several parts, as CASE and coalesce give.

    Raises:
        ValueError: they have none in common.
    """
    found = {kind for kind in kinds if kind is not Kind.NULL}
    if len(found) <= 1:
        return next(iter(found), Kind.NULL)
    if Kind.ANY in found:
        return Kind.ANY
    for together in (
        {Kind.NUMBER, Kind.INTEGER},
        {Kind.TEXT, Kind.INTEGER},
        {Kind.TIMESTAMP, Kind.DATE},
    ):
        if found == together:
            return next(kind for kind in (Kind.NUMBER, Kind.TEXT, Kind.TIMESTAMP) if kind in found)
    named = " and ".join(sorted(kind.value for kind in found))
    raise ValueError(f"{named} are mixed; write CAST(... AS ...) around one of them")


def kind_of_spark(name: str) -> Kind:
    """The kind of a column of Spark, by the name of its type as ``DataFrame.dtypes`` says it."""
    plain = re.split(r"[(<]", name, maxsplit=1)[0]
    return _OF_SPARK.get(plain, Kind.OTHER)


_OF_SPARK: Final = {
    **dict.fromkeys(("string", "char", "varchar", "void"), Kind.TEXT),
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), Kind.INTEGER),
    **dict.fromkeys(("float", "double", "decimal"), Kind.NUMBER),
    **dict.fromkeys(("timestamp", "timestamp_ntz"), Kind.TIMESTAMP),
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
}
