"""Literals, comparisons and casts: what operators and functions share."""

import re
from typing import TYPE_CHECKING, Final

from gridcontainer.container.declaration.expression.kinds import Engine, Kind, Term

if TYPE_CHECKING:
    from gridcontainer.container.declaration.expression.compile import Compiler

_EXACT: Final = 2**53
_WHOLE_TYPES: Final = {"tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INT"}
# Kinds that are compared as one: texts are read as what stands on the other side.
_TOGETHER: Final = (
    ({Kind.TEXT, Kind.INTEGER, Kind.NUMBER}, Kind.NUMBER),
    ({Kind.TEXT, Kind.DATE, Kind.TIMESTAMP}, Kind.TIMESTAMP),
    ({Kind.TEXT, Kind.BOOLEAN}, Kind.BOOLEAN),
)
_SIGNS: Final = {"try_add": "+", "try_subtract": "-", "try_multiply": "*"}


def number(text: str, engine: Engine) -> Term:
    """A number that is written out.

    Raises:
        ValueError: it is beyond 64 bits.
    """
    if re.fullmatch(r"-?[0-9]+", text):
        value = int(text)
        if abs(value) >= 2**63:
            raise ValueError(f"{text} is beyond 64 bits: write a code in quotes, as text")
        sql = f"({value}L)" if engine is Engine.SPARK else f"CAST({value} AS BIGINT)"
        return Term(sql, Kind.INTEGER, value)
    real = float(text)
    if real in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large for a number")
    sql = f"({real!r}D)" if engine is Engine.SPARK else f"CAST('{real!r}' AS DOUBLE)"
    return Term(sql, Kind.NUMBER, real)


def literal_text(term: Term, engine: Engine) -> Term:
    """A literal as the text that a person writes for it."""
    if term.kind is Kind.TEXT or term.literal is None or isinstance(term.literal, bool):
        return term
    return Term(engine.text(str(term.literal)), Kind.TEXT, str(term.literal))


def literal_as(term: Term, kind: Kind, engine: Engine) -> Term | None:
    """A literal number as another kind, where that is a literal again.

    Raises:
        ValueError: a whole number that no double holds exactly.
    """
    if term.kind is Kind.INTEGER and kind is Kind.NUMBER and isinstance(term.literal, int):
        if abs(term.literal) >= _EXACT:
            raise ValueError(f"{term.literal} is too long for a number: write a code in quotes")
        return number(f"{term.literal}.0", engine)
    if kind is Kind.TEXT and term.kind in (Kind.INTEGER, Kind.NUMBER) and term.literal is not None:
        return literal_text(term, engine)
    return None


def compare(self: "Compiler", sign: str, left: Term, right: Term) -> Term:
    """Two values compared, as the kind in which both can be.

    Raises:
        ValueError: there is none.
    """
    kind = _common(left, right)
    return Term(f"({self.to(left, kind).sql} {sign} {self.to(right, kind).sql})", Kind.BOOLEAN)


def _common(left: Term, right: Term) -> Kind:
    kinds = {left.kind, right.kind} - {Kind.NULL}
    if len(kinds) <= 1:
        return next(iter(kinds), Kind.TEXT)
    if kinds == {Kind.TEXT, Kind.INTEGER}:
        return _text_or_number(*((left, right) if left.kind is Kind.TEXT else (right, left)))
    for together, kind in _TOGETHER:
        if kinds <= together:
            return kind
    if Kind.ANY in kinds:
        return Kind.ANY
    named = " with a ".join(sorted(kind.value for kind in kinds))
    raise ValueError(f"a {named} cannot be compared")


def _text_or_number(text: Term, number_: Term) -> Kind:
    """A code in quotes is compared with whole numbers digit by digit, other texts as numbers."""
    if isinstance(text.literal, str) and re.fullmatch(r"[+-]?[0-9]+", text.literal.strip()):
        return Kind.INTEGER
    if number_.literal is None and text.literal is None:
        raise ValueError(
            "a text is compared with a whole number, which would round long codes: write "
            "CAST(... AS STRING) or CAST(... AS BIGINT) around one of them"
        )
    return Kind.NUMBER


def whole(function: str, left: Term, right: Term, engine: Engine) -> Term:
    """Arithmetic of whole numbers; null beyond 64 bits."""
    if engine is Engine.SPARK:
        return Term(f"{function}({left.sql}, {right.sql})", Kind.INTEGER)
    return Term(f"TRY({left.sql} {_SIGNS[function]} {right.sql})", Kind.INTEGER)


def remainder(self: "Compiler", terms: list[Term]) -> Term:
    """The remainder with the sign of what is divided; null by zero."""
    if Kind.ANY in [term.kind for term in terms]:
        return Term("NULL", Kind.ANY)  # only checked, as columns are not known yet
    kind = Kind.INTEGER if all(t.kind is Kind.INTEGER for t in terms) else Kind.NUMBER
    left, right = (self.to(term, kind).sql for term in terms)
    zero = number("0" if kind is Kind.INTEGER else "0.0", self.engine).sql
    if kind is Kind.INTEGER and self.engine is Engine.DUCKDB:
        # DuckDB takes the least whole number by -1 for an overflow; the remainder by 1 is the same.
        right = f"(CASE WHEN {right} = -1 THEN 1 ELSE {right} END)"
    sql = f"({left} % nullif({right}, {zero}))"
    return Term(sql, kind)


def choose(self: "Compiler", conditions: list[Term], values: list[Term]) -> Term:
    """The value of the first condition that holds, else the last value."""
    values, kind = self.together(values)
    branches = (
        f"WHEN {condition.sql} THEN {value.sql}"
        for condition, value in zip(conditions, values, strict=False)
    )
    return Term(f"(CASE {' '.join(branches)} ELSE {values[-1].sql} END)", kind)


def cast(self: "Compiler", name: str, term: Term) -> Term:
    """A value as a type; null where it cannot be one."""
    kind = {
        "string": Kind.TEXT, "boolean": Kind.BOOLEAN, "double": Kind.NUMBER, "date": Kind.DATE,
        "timestamp": Kind.TIMESTAMP,
    }.get(name, Kind.INTEGER)  # fmt: skip
    found = self.to(term, kind)
    if name not in _WHOLE_TYPES:
        return found
    return Term(f"CAST(TRY_CAST({found.sql} AS {_WHOLE_TYPES[name]}) AS BIGINT)", kind)
