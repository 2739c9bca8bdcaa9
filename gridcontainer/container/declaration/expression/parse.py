"""Texts of the dialect to syntax trees, by the parser of sqlglot."""

import re
from typing import Any, ClassVar, Final

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import SqlglotError
from sqlglot.parsers.spark import SparkParser
from sqlglot.tokenizer_core import Token, TokenType

DEEPEST: Final = 60  # parts inside parts
_LONGEST: Final = 20_000
_STRANGE_ESCAPE: Final = re.compile(r"\\(?:\\|[^\\'\"nrt%_])")


class _Tokenizer(Spark.Tokenizer):
    STRING_ESCAPES = ["\\", "'"]  # '' within a text is a quote, as in Spark 4


class _Parser(SparkParser):
    """Leaves functions as they are named, so that the allow-list sees all of them."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse
        for name, parse in SparkParser.FUNCTION_PARSERS.items()
        if name in ("CAST", "TRY_CAST", "TRIM")
    }


class _Dialect(Spark):
    Tokenizer = _Tokenizer
    Parser = _Parser


def parse(text: str) -> exp.Expr:
    """The tree of one expression.

    Raises:
        ValueError: it is none, or is more than one; says what stands there.
    """
    if not text.strip():
        raise ValueError("is empty")
    if len(text) > _LONGEST:
        raise ValueError(f"has more than {_LONGEST:,} characters")
    try:
        tokens = _Dialect().tokenize(text)
        _check_tokens(text, tokens)
        (tree,) = _Dialect().parse(text)
    except SqlglotError as error:
        said = re.sub(r"\x1b\[\d*m", "", " ".join(str(error).split()))
        raise ValueError(f"is no expression: {said[:160]}") from None
    except RecursionError:
        raise ValueError(f"is nested more than {DEEPEST} deep") from None
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        if isinstance(error, ValueError) and error.args and str(error).startswith("may not"):
            raise
        raise ValueError("is no single expression") from None
    if not isinstance(tree, exp.Expr):
        raise ValueError("is no expression")
    return tree


def _check_tokens(text: str, tokens: list[Token]) -> None:
    previous = None
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            raise ValueError("may not hold a semicolon: it is one expression")
        if token.comments:
            raise ValueError("may not hold a comment: write it after # on a line of the file")
        if token.token_type is TokenType.STRING:
            if previous is TokenType.STRING:
                raise ValueError("may not hold two texts side by side; join them by concat")
            _check_escapes(text[token.start : token.end + 1])
        previous = token.token_type


def _check_escapes(written: str) -> None:
    for found in _STRANGE_ESCAPE.finditer(written):
        if found[0] != "\\\\":
            raise ValueError(
                f"may not hold {found[0]} in a text, which Spark reads as {found[0][1:]}: write "
                f"\\{found[0]} for a backslash"
            )
    if "\0" in written:
        raise ValueError("may not hold a zero byte")


def columns_of(tree: exp.Expr) -> dict[str, list[tuple[int, int]]]:
    """Each column that a tree reads, and where its name stands in the text: first and last + 1."""
    found: dict[str, list[tuple[int, int]]] = {}
    for column in tree.find_all(exp.Column):
        parts = column.parts
        span = (parts[0].meta["start"], parts[-1].meta["end"] + 1)
        found.setdefault(name_of(column), []).append(span)
    return found


def name_of(column: exp.Column) -> str:
    """The column's name; ``a.b`` is the column ``a.b`` of a nested source.

    Raises:
        ValueError: it is ``a.*``, all columns.
    """
    if any(isinstance(part, exp.Star) for part in column.parts):
        raise ValueError("* is not allowed in an expression")
    return ".".join(part.name for part in column.parts)
