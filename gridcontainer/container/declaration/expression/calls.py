"""Calls of the functions on the allow-list."""

from typing import TYPE_CHECKING, Final

from gridcontainer.container.declaration.expression.functions import FIXED
from gridcontainer.container.declaration.expression.kinds import Engine, Kind, Term, convert
from gridcontainer.container.declaration.expression.operators import (
    cast,
    choose,
    compare,
    number,
    remainder,
)
from gridcontainer.container.declaration.expression.texts import TEXT_CALLS, literal

if TYPE_CHECKING:
    from gridcontainer.container.declaration.expression.compile import Compiler


_MOST_DAYS: Final = 100_000
_UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")


def call(self: "Compiler", name: str, terms: list[Term]) -> Term:
    """A function of the allow-list.

    Raises:
        ValueError: too many arguments, too few, or some that it cannot take.
    """
    if name in _CALLS:
        least, most, write = _CALLS[name]
        _require_count(name, len(terms), least, most)
        return write(self, name, terms)
    if name not in FIXED:
        _require_count(name, len(terms), 1, 1)
        return cast(self, name, terms[0])
    function = FIXED[name]
    _require_count(name, len(terms), len(function.takes), len(function.takes))
    parts = (self.to(term, kind).sql for term, kind in zip(terms, function.takes, strict=True))
    return Term(function.sql[self.engine.value].format(*parts), function.gives)


def _require_count(name: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ValueError(f"{name} takes {wanted} arguments, not {count}")


def _first_known(self: "Compiler", name: str, terms: list[Term]) -> Term:
    terms, kind = self.together(terms)
    function = "coalesce" if name in ("nvl", "ifnull") else name
    return Term(f"{function}({', '.join(term.sql for term in terms)})", kind)


def _nvl2(self: "Compiler", name: str, terms: list[Term]) -> Term:
    known = Term(f"({terms[0].sql} IS NOT NULL)", Kind.BOOLEAN)
    return choose(self, [known], terms[1:])


def _null_if(self: "Compiler", name: str, terms: list[Term]) -> Term:
    same = compare(self, "=", *terms)
    return Term(f"(CASE WHEN {same.sql} THEN NULL ELSE {terms[0].sql} END)", terms[0].kind)


def _if(self: "Compiler", name: str, terms: list[Term]) -> Term:
    return choose(self, [self.to(terms[0], Kind.BOOLEAN)], terms[1:])


def _is_null(self: "Compiler", name: str, terms: list[Term]) -> Term:
    return Term(f"({terms[0].sql} IS {'NOT ' * (name == 'isnotnull')}NULL)", Kind.BOOLEAN)


def _mod(self: "Compiler", name: str, terms: list[Term]) -> Term:
    return remainder(self, terms)


def _abs(self: "Compiler", name: str, terms: list[Term]) -> Term:
    if terms[0].kind is not Kind.INTEGER:
        return Term(f"abs({self.to(terms[0], Kind.NUMBER).sql})", self.number_of(terms[0]))
    if self.engine is Engine.DUCKDB:
        return Term(f"TRY(abs({terms[0].sql}))", Kind.INTEGER)
    return Term(f"abs(nullif({terms[0].sql}, -9223372036854775808L))", Kind.INTEGER)


def _round(self: "Compiler", name: str, terms: list[Term]) -> Term:
    digits = literal(name, terms, 1, int, 0)
    if not 0 <= digits <= 15:
        raise ValueError("round takes 0 to 15 digits")
    if terms[0].kind is Kind.INTEGER:
        return terms[0]
    value = self.to(terms[0], Kind.NUMBER).sql
    if self.engine is Engine.DUCKDB and digits:
        return Term(f"round_half_up({value}, {digits})", Kind.NUMBER)
    if self.engine is Engine.DUCKDB:  # which keeps the sign of a zero
        return Term(f"(round({value}) + {number('0.0', self.engine).sql})", Kind.NUMBER)
    return Term(f"round({value}{f', {digits}' if digits else ''})", Kind.NUMBER)


def _whole(self: "Compiler", name: str, terms: list[Term]) -> Term:
    """The next whole number down or up; null where that is beyond 64 bits."""
    if terms[0].kind is Kind.INTEGER:
        return terms[0]
    value = self.to(terms[0], Kind.NUMBER).sql
    function = "floor" if name == "floor" else "ceil"
    if self.engine is Engine.DUCKDB:
        return Term(f"TRY_CAST({function}({value}) AS BIGINT)", Kind.INTEGER)
    fits = convert(Term(value, Kind.NUMBER), Kind.INTEGER, self.engine).sql
    return Term(f"(CASE WHEN {fits} IS NOT NULL THEN {function}({value}) END)", Kind.INTEGER)


def _date_add(self: "Compiler", name: str, terms: list[Term]) -> Term:
    days = literal(name, terms, 1, int, 0) * (1 if name == "date_add" else -1)
    if abs(days) > _MOST_DAYS:
        raise ValueError(f"{name} takes up to {_MOST_DAYS} days")
    date = convert(terms[0], Kind.DATE, self.engine).sql
    if self.engine is Engine.SPARK:
        return Term(f"date_add({date}, {days})", Kind.DATE)
    return Term(f"({date} + CAST({days} AS INTEGER))", Kind.DATE)


def _date_trunc(self: "Compiler", name: str, terms: list[Term]) -> Term:
    unit = literal(name, terms, 0, str, "").lower()
    if unit not in _UNITS:
        raise ValueError(f"date_trunc: {unit!r} is not among {', '.join(_UNITS)}")
    time = convert(terms[1], Kind.TIMESTAMP, self.engine).sql
    return Term(f"date_trunc('{unit}', {time})", Kind.TIMESTAMP)


_CALLS: Final = {
    **TEXT_CALLS,
    "coalesce": (1, 100, _first_known),
    "nvl": (2, 2, _first_known),
    "ifnull": (2, 2, _first_known),
    "greatest": (2, 100, _first_known),
    "least": (2, 100, _first_known),
    "nvl2": (3, 3, _nvl2),
    "nullif": (2, 2, _null_if),
    "if": (3, 3, _if),
    "iff": (3, 3, _if),
    "isnull": (1, 1, _is_null),
    "isnotnull": (1, 1, _is_null),
    "mod": (2, 2, _mod),
    "abs": (1, 1, _abs),
    "round": (1, 2, _round),
    "floor": (1, 1, _whole),
    "ceil": (1, 1, _whole),
    "ceiling": (1, 1, _whole),
    "date_add": (2, 2, _date_add),
    "date_sub": (2, 2, _date_add),
    "date_trunc": (2, 2, _date_trunc),
}
