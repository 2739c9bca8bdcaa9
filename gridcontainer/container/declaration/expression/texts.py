"""Functions of texts whose engines need more than another name."""

from typing import TYPE_CHECKING, Final, TypeVar

from gridcontainer.container.declaration.expression.kinds import Engine, Kind, Term
from gridcontainer.container.declaration.expression.pattern import (
    portable_pattern,
    portable_replacement,
    time_format,
)

if TYPE_CHECKING:
    from gridcontainer.container.declaration.expression.compile import Compiler

_Value = TypeVar("_Value", int, str)
_MOST_CHARACTERS: Final = 10_000
_TRIMS: Final = {"BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"}


def literal(
    name: str, terms: list[Term], position: int, kind: type[_Value], missing: _Value
) -> _Value:
    """An argument that must be written out.

    Raises:
        ValueError: it is computed, or of another kind.
    """
    if position >= len(terms):
        return missing
    value = terms[position].literal
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = "a whole number" if kind is int else "a text in quotes"
        raise ValueError(f"{name}: argument {position + 1} must be {wanted}, written out")
    return value


def trim(self: "Compiler", side: str, term: Term, characters: Term | None) -> Term:
    """A text without some characters at its ends; blanks where none are named.

    Raises:
        ValueError: the characters are computed.
    """
    named = " " if characters is None else literal("trim", [characters], 0, str, " ")
    value, written = self.to(term, Kind.TEXT).sql, self.engine.text(named)
    if self.engine is Engine.SPARK:
        return Term(f"trim({side} {written} FROM {value})", Kind.TEXT)
    return Term(f"{_TRIMS[side]}({value}, {written})", Kind.TEXT)


def _concat(self: "Compiler", name: str, terms: list[Term]) -> Term:
    texts = [self.to(term, Kind.TEXT).sql for term in terms]
    if self.engine is Engine.SPARK:
        return Term(f"concat({', '.join(texts)})", Kind.TEXT)
    return Term(f"({' || '.join(texts)})", Kind.TEXT)


def _concat_ws(self: "Compiler", name: str, terms: list[Term]) -> Term:
    literal(name, terms, 0, str, "")
    texts = [self.to(term, Kind.TEXT).sql for term in terms]
    return Term(f"concat_ws({', '.join(texts)})", Kind.TEXT)


def _translate(self: "Compiler", name: str, terms: list[Term]) -> Term:
    literal(name, terms, 1, str, "")
    literal(name, terms, 2, str, "")
    texts = [self.to(terms[0], Kind.TEXT).sql, terms[1].sql, terms[2].sql]
    return Term(f"translate({', '.join(texts)})", Kind.TEXT)


def _substring(self: "Compiler", name: str, terms: list[Term]) -> Term:
    start = literal(name, terms, 1, int, 1)
    length = max(literal(name, terms, 2, int, _MOST_CHARACTERS**3), 0)
    value = self.to(terms[0], Kind.TEXT).sql
    if self.engine is Engine.SPARK:
        bounds = f"{start}, {length}" if len(terms) == 3 else f"{start}"
        return Term(f"substring({value}, {bounds})", Kind.TEXT)
    if start >= 0:
        bounds = f"{max(start, 1)}, {length}" if len(terms) == 3 else f"{max(start, 1)}"
        return Term(f"substring({value}, {bounds})", Kind.TEXT)
    # From the end: what stands after the part is cut off first; a short text may begin within it.
    after = -start - length
    if after <= 0:
        return Term(f"right({value}, {-start})", Kind.TEXT)
    return Term(f"right(left({value}, {-after}), {length})", Kind.TEXT)


def _side(self: "Compiler", name: str, terms: list[Term]) -> Term:
    length = literal(name, terms, 1, int, 0)
    return Term(f"{name}({self.to(terms[0], Kind.TEXT).sql}, {max(length, 0)})", Kind.TEXT)


def _pad(self: "Compiler", name: str, terms: list[Term]) -> Term:
    length, blank = literal(name, terms, 1, int, 0), literal(name, terms, 2, str, " ")
    if not blank or not 0 <= length <= _MOST_CHARACTERS:
        raise ValueError(f"{name} takes 0 to {_MOST_CHARACTERS:,} characters and a text to fill")
    value = self.to(terms[0], Kind.TEXT).sql
    return Term(f"{name}({value}, {length}, {self.engine.text(blank)})", Kind.TEXT)


def _split_part(self: "Compiler", name: str, terms: list[Term]) -> Term:
    mark, number = literal(name, terms, 1, str, ","), literal(name, terms, 2, int, 1)
    if not mark or number == 0:
        raise ValueError("split_part takes a text to split by and a part from 1, or from -1")
    value = self.to(terms[0], Kind.TEXT).sql
    return Term(f"split_part({value}, {self.engine.text(mark)}, {number})", Kind.TEXT)


def _matches(self: "Compiler", name: str, terms: list[Term]) -> Term:
    pattern, _ = portable_pattern(literal(name, terms, 1, str, ""))
    value, written = self.to(terms[0], Kind.TEXT).sql, self.engine.text(pattern)
    function = ("regexp_like", "regexp_matches")[self.engine.value]
    return Term(f"{function}({value}, {written})", Kind.BOOLEAN)


def _replace_pattern(self: "Compiler", name: str, terms: list[Term]) -> Term:
    pattern, groups = portable_pattern(literal(name, terms, 1, str, ""), replaces=True)
    texts = portable_replacement(literal(name, terms, 2, str, ""), groups)
    return _replaced(self, self.to(terms[0], Kind.TEXT).sql, pattern, texts)


def _replaced(self: "Compiler", value: str, pattern: str, texts: tuple[str, str]) -> Term:
    written = self.engine.text(pattern), self.engine.text(texts[self.engine.value])
    flags = ", 'g'" if self.engine is Engine.DUCKDB else ""
    return Term(f"regexp_replace({value}, {written[0]}, {written[1]}{flags})", Kind.TEXT)


def _extract(self: "Compiler", name: str, terms: list[Term]) -> Term:
    pattern, groups = portable_pattern(literal(name, terms, 1, str, ""))
    group = literal(name, terms, 2, int, 1)
    if not 0 <= group <= groups:
        raise ValueError(f"regexp_extract: the pattern has {groups} groups, and no group {group}")
    value, written = self.to(terms[0], Kind.TEXT).sql, self.engine.text(pattern)
    return Term(f"regexp_extract({value}, {written}, {group})", Kind.TEXT)


def _time(self: "Compiler", name: str, terms: list[Term]) -> Term:
    """A date or time of a text, by the format where one is given."""
    kind = Kind.DATE if name.endswith("date") else Kind.TIMESTAMP
    if len(terms) == 1:
        return self.to(terms[0], kind)
    pattern, iso = time_format(literal(name, terms, 1, str, ""))
    value = self.to(terms[0], Kind.TEXT).sql
    found = f"regexp_extract({value}, {self.engine.text(pattern)}, 0)"  # empty where it is no time
    texts = portable_replacement(iso, iso.count("$"))
    time = self.to(_replaced(self, found, pattern, texts), Kind.TIMESTAMP)
    return self.to(time, kind)


TEXT_CALLS: Final = {
    "concat": (1, 100, _concat),
    "concat_ws": (2, 100, _concat_ws),
    "translate": (3, 3, _translate),
    "substring": (2, 3, _substring),
    "substr": (2, 3, _substring),
    "left": (2, 2, _side),
    "right": (2, 2, _side),
    "lpad": (2, 3, _pad),
    "rpad": (2, 3, _pad),
    "split_part": (3, 3, _split_part),
    "regexp_like": (2, 2, _matches),
    "rlike": (2, 2, _matches),
    "regexp": (2, 2, _matches),
    "regexp_replace": (3, 3, _replace_pattern),
    "regexp_extract": (2, 3, _extract),
    **dict.fromkeys(("to_date", "try_to_date", "to_timestamp", "try_to_timestamp"), (1, 2, _time)),
}
