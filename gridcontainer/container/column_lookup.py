"""Both names of each column of a table: a column may be asked for by either of them."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from gridcontainer.container.column_names import COLUMNS_PROPERTY, is_own_column, stored_names
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.errors import ColumnError

_MOST_NEAR: Final = 8
_MOST_LISTED: Final = 40


@dataclass(frozen=True)
class ColumnNames:
    """Both names of each column of one table.

    Attributes:
        stored: names of the table's columns.
        renamed: stored name by the source's name, where they differ; None where the table does not
            say it, as one of an earlier release: names are guessed then.
    """

    stored: tuple[str, ...]
    renamed: Mapping[str, str] | None

    @classmethod
    def of(cls, columns: Iterable[str], properties: Mapping[str, str]) -> Self:
        """The names of a table with these columns and table properties."""
        said = properties.get(COLUMNS_PROPERTY)
        return cls(tuple(columns), None if said is None else json.loads(said))

    def find(self, name: str) -> str | None:
        """The stored name of a column by either of its names; None where there is no such column.

        A name that the container itself uses, such as ``lon``, means the container's column.

        Raises:
            ColumnError: the name means one column as stored and another one as the source calls it.
        """
        if name in self._ambiguous:
            raise ColumnError(self._say_ambiguous(name))
        if name in self._present:
            return name
        found = self.find_of_source(name)
        return found[0] if len(found) == 1 else None

    def resolve(self, name: str, dataset: str) -> str:
        """The stored name of a column by either of its names.

        Args:
            name: either name.
            dataset: what the error calls the table.

        Raises:
            ColumnError: there is no such column, or the name means two.
        """
        found = self.find(name)
        if found is None:
            raise ColumnError(self.say_missing(dataset, [name]))
        return found

    def find_of_source(self, name: str) -> list[str]:
        """The stored columns that a name in the dataset's own declaration means.

        The source's name goes first there: ``lon`` means the source's column. More than one column
        is found only where the table does not say its renames and columns were numbered.
        """
        if self.renamed is None:
            return self._guess(name)
        if name in self.renamed:
            stored = self.renamed[name]
            return [stored] if stored in self._present else []
        return [name] if name in self._present and not is_own_column(name) else []

    def require_of_source(self, name: str, dataset: str) -> str:
        """The stored column that a name in the dataset's own declaration means.

        Raises:
            ColumnError: there is no such column, or several are numbered.
        """
        found = self.find_of_source(name)
        if len(found) != 1:
            raise ColumnError(self.say_missing(dataset, [name]))
        return found[0]

    def both(self, name: str) -> set[str]:
        """Each name of the columns that a name in the dataset's own declaration means."""
        stored = self.find_of_source(name)
        return {name, *stored, *(self._sources[one] for one in stored if one in self._sources)}

    def of_columns(self, columns: Sequence[str]) -> dict[str, str]:
        """The stored name of each of a source's columns; as ``stored_names`` where unknown."""
        known = {**stored_names(columns), **(self.renamed or {})}
        if self.renamed is not None:
            known |= {
                column: column for column in columns if self.find_of_source(column) == [column]
            }
        return {column: known[column] for column in columns}

    def rename(self, expression: Expression) -> Expression:
        """An expression over either name of the columns as one over stored names.

        Raises:
            ColumnError: it has a name that means two columns.
        """
        for name in sorted(self._ambiguous & expression.columns):
            raise ColumnError(self._say_ambiguous(name))
        names = {
            column: stored
            for column, stored in (self.renamed or {}).items()
            if column not in self._present and stored in self._present
        }
        if not names:
            return expression
        return expression.renamed({**{stored: stored for stored in self.stored}, **names})

    def say_missing(
        self, dataset: str, names: Sequence[str], *, noun: str = "column ", purpose: str = ""
    ) -> str:
        """A sentence: which columns are missing, and which of the table have a near name."""
        near = list(dict.fromkeys(one for name in names for one in self._near(name)))
        hint = "near names are" if near else "it has"
        shown = near or [self._both(stored) for stored in self.stored]
        told = ", ".join(shown[: _MOST_NEAR if near else _MOST_LISTED])
        return f"{dataset} has no {noun}{', '.join(names)}{purpose}; {hint} {told}"

    @cached_property
    def _present(self) -> frozenset[str]:
        return frozenset(self.stored)

    @cached_property
    def _ambiguous(self) -> frozenset[str]:
        return frozenset(
            column
            for column, stored in (self.renamed or {}).items()
            if column in self._present and stored in self._present and not is_own_column(column)
        )

    @cached_property
    def _sources(self) -> dict[str, str]:
        return {stored: column for column, stored in (self.renamed or {}).items()}

    def _say_ambiguous(self, name: str) -> str:
        mine = (self.renamed or {})[name]
        return (
            f"{name!r} means two columns: the source's {name!r}, which is stored as {mine}, and "
            f"the source's {self._sources.get(name, name)!r}, which is stored as {name}; write "
            f"{mine} or {self._sources.get(name, name)!r}"
        )

    def _near(self, name: str) -> list[str]:
        spellings = {stored: stored for stored in self.stored}
        spellings.update(self.renamed or {})
        folded: dict[str, str] = {}
        for spelling, stored in spellings.items():
            folded.setdefault(spelling.casefold(), stored)
        found = difflib.get_close_matches(name.casefold(), folded, n=_MOST_NEAR, cutoff=0.6)
        return [self._both(folded[one]) for one in found]

    def _both(self, stored: str) -> str:
        column = self._sources.get(stored)
        return stored if column is None else f"{stored} ({column!r} in the source)"

    def _guess(self, name: str) -> list[str]:
        likely = stored_names([name])[name]
        if likely in self._present:
            return [likely]
        numbered = re.compile(re.escape(likely) + r"_\d+", re.IGNORECASE)
        return [stored for stored in self.stored if numbered.fullmatch(stored)]
