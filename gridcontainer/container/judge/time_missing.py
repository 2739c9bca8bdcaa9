"""Texts that mean "no value" in columns of times."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.judge.texts import numbers_among
from gridcontainer.container.judge.time_shapes import Rows
from gridcontainer.container.judge.time_texts import normalized
from gridcontainer.grid.arrays import Bools

_ARROW = cast(Any, pyarrow.compute)


@dataclass(frozen=True)
class MissingTexts:
    """Texts that mean "no value", without blanks around them; the empty one is among them.

    Attributes:
        texts: the texts.
    """

    texts: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """The declared texts and the empty one."""
        return cls(tuple(sorted({"", *(text.strip() for text in texts)})))

    def exactly(self, columns: Sequence[pa.Array]) -> Bools:
        """Records that hold such a text in one of the columns, letter by letter.

        It is asked before texts are read: a time may be declared to mean that there is none, such
        as 1900-01-01, and a number, such as -9999.
        """
        found = np.zeros(len(columns[0]), bool)
        for column in columns:
            found |= self._holds(column)
        return found

    def trimmed(self, texts: Sequence[pa.Array], rows: Rows) -> Bools:
        """Whether records that could not be read hold such a text among blanks."""
        found = np.zeros(len(rows), bool)
        for column in texts:
            found |= self._holds(normalized(column.take(pa.array(rows))))
        return found

    def _holds(self, column: pa.Array) -> Bools:
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            values = pa.array(self.texts, kind)
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
            # The number that a text means, where the type can hold it.
            column = column.cast(pa.float64(), safe=False)
            values = pa.array(numbers_among(self.texts), pa.float64())
        else:
            return np.zeros(len(column), bool)
        found = _ARROW.is_in(column, value_set=values)
        return cast(Bools, found.to_numpy(zero_copy_only=False))
