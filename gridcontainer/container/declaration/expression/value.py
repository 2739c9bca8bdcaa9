"""An expression of a declaration: its text, the columns that it reads, its SQL for an engine."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration.expression.kinds import (
    Engine,
    Kind,
    convert,
    kind_of_spark,
)
from gridcontainer.errors import DeclarationError

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class Expression:
    """One expression of the dialect. It is checked when it is made.

    In a model it is a field that YAML gives as a text, and is dumped as the same text.

    Attributes:
        text: as a person wrote it.

    Raises:
        ValueError: it is not in the dialect; says what is not.

    >>> sorted(Expression("lon > 0 AND `a b` = 'lon'").columns)
    ['a b', 'lon']
    """

    text: str

    def __post_init__(self) -> None:
        """Check syntax and functions; columns are checked when a source is opened."""
        try:
            _check(self.text)
        except ValueError as error:
            raise ValueError(f"{_shown(self.text)}: {error}") from None

    def __str__(self) -> str:
        """The text."""
        return self.text

    @cached_property
    def columns(self) -> frozenset[str]:
        """Names of the columns that it reads."""
        from gridcontainer.container.declaration.expression.parse import columns_of  # noqa: PLC0415

        return frozenset(columns_of(_parsed(self.text)))

    def renamed(self, names: Mapping[str, str]) -> "Expression":
        """The same expression over columns of other names; texts in quotes stay as they are.

        Args:
            names: new name by name, as ``columns`` has it; others keep theirs.

        >>> Expression("lon > 0 AND `a b` = 'lon'").renamed({"lon": "x", "a b": "a_b"}).text
        "`x` > 0 AND `a_b` = 'lon'"
        """
        from gridcontainer.container.declaration.expression.parse import columns_of  # noqa: PLC0415

        found = resolve(self.columns, names)
        spans = [
            (*span, names[found[name]])
            for name, places in columns_of(_parsed(self.text)).items()
            if name in found and names[found[name]] != name
            for span in places
        ]
        text = self.text
        for start, end, new in sorted(spans, reverse=True):
            text = text[:start] + Engine.SPARK.column(new) + text[end:]
        return Expression(text)

    def require_columns(self, present: Iterable[str], *, place: str) -> dict[str, str]:
        """The column of a source for each column that is read.

        Args:
            present: names of the source's columns.
            place: dataset or file, and key, for the message.

        Raises:
            DeclarationError: a column is not there; names the nearest ones.
        """
        names = list(present)
        found = resolve(self.columns, names)
        for name in sorted(self.columns - set(found)):
            near = get_close_matches(name, names, 3, 0.5) or names[:20]
            raise DeclarationError(
                f"{place}: {_shown(self.text)}: no column {name}; "
                f"{'the nearest are' if len(near) <= 3 else 'there are'} {', '.join(near)}"
            )
        return found

    def to_spark(
        self, types: Iterable[tuple[str, str]], *, place: str, as_kind: Kind | None = None
    ) -> str:
        """Spark SQL over a frame, in a session whose time zone is UTC.

        Args:
            types: ``DataFrame.dtypes``.
            place: dataset or file, and key, for the message.
            as_kind: kind that the value is turned into; its own where missing.

        Raises:
            DeclarationError: a column is not there, or is of a kind that does not fit.
        """
        present = dict(types)
        found = self.require_columns(present, place=place)
        kinds = {name: kind_of_spark(present[column]) for name, column in found.items()}
        return self._sql(Engine.SPARK, kinds, found, place=place, as_kind=as_kind)

    def to_duckdb(
        self,
        kinds: Mapping[str, Kind],
        names: Mapping[str, str],
        *,
        place: str,
        as_kind: Kind | None = None,
    ) -> str:
        """DuckDB's SQL, for a connection of ``judge.condition``.

        Args:
            kinds: of the columns, by the name that the expression has for them.
            names: under which DuckDB has them, by the same name.
            place: dataset or file, and key, for the message.
            as_kind: kind that the value is turned into; its own where missing.

        Raises:
            DeclarationError: a column is of a kind that does not fit.
        """
        return self._sql(Engine.DUCKDB, kinds, names, place=place, as_kind=as_kind)

    def _sql(
        self,
        engine: Engine,
        kinds: Mapping[str, Kind],
        names: Mapping[str, str],
        *,
        place: str,
        as_kind: Kind | None,
    ) -> str:
        from gridcontainer.container.declaration.expression.compile import (  # noqa: PLC0415
            Compiler,
        )

        try:
            term = Compiler(engine, kinds, names).term(_parsed(self.text))
            if as_kind is None and term.kind is Kind.NULL:
                as_kind = Kind.TEXT
            return (term if as_kind is None else convert(term, as_kind, engine)).sql
        except ValueError as error:
            raise DeclarationError(f"{place}: {_shown(self.text)}: {error}") from None

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A text in YAML and JSON, an expression in the model."""
        made = core_schema.no_info_after_validator_function(cls, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=made,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), made]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )


def resolve(wanted: Collection[str], present: Iterable[str]) -> dict[str, str]:
    """The present column for each wanted one that there is.

    A name means the column of that name; or the one stored under its name (``ZIP CODE`` is stored
    as ``ZIP_CODE``); or the only one that differs in upper and lower case.
    """
    names = list(present)
    found: dict[str, str] = {}
    for name in wanted:
        stored = stored_names([name])[name]
        same = [column for column in names if column.casefold() == name.casefold()]
        if name in names:
            found[name] = name
        elif stored in names:
            found[name] = stored
        elif len(same) == 1:
            found[name] = same[0]
    return found


def _shown(text: str) -> str:
    shown = " ".join(text.split())
    return repr(shown if len(shown) <= 120 else f"{shown[:117]}...")


@lru_cache(512)
def _parsed(text: str) -> "exp.Expr":
    from gridcontainer.container.declaration.expression.parse import parse  # noqa: PLC0415

    return parse(text)


@lru_cache(512)
def _check(text: str) -> None:
    """Compile over columns of any kind, to see that all of it is in the dialect.

    Raises:
        ValueError: it is not; a refusal is not remembered.
    """
    from gridcontainer.container.declaration.expression.compile import Compiler  # noqa: PLC0415

    for engine in Engine:
        Compiler(engine, None, {}).term(_parsed(text))
