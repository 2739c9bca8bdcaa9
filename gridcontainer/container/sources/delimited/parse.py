"""Sound bytes of whole records to columns of text by Arrow, whatever number of fields they have."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.delimited.head import DelimitedHead
from gridcontainer.grid.arrays import Bools, Int64s

_ARROW: Final[Any] = pyarrow.csv  # it has no types
_COMPUTE: Final[Any] = pyarrow.compute
_MOST_EXCESS: Final = 1000  # empty fields more than there are columns


@dataclass(frozen=True)
class Part:
    """Records of one number of fields.

    Attributes:
        table: n rows of the file's columns.
        numbers: n numbers of the records among those parsed, from 0.
    """

    table: pa.Table
    numbers: Int64s


@dataclass(frozen=True)
class _Other:
    """A record of another number of fields than was asked for."""

    number: int
    fields: int
    text: str


class Parser:
    """Parses blocks of one file.

    Records with fewer or more fields than columns are faults, unless only empty fields follow the
    last column, or only columns without a name are missing: those are whole.
    """

    def __init__(self, head: DelimitedHead, source: Source) -> None:
        """Parse blocks of a file.

        Args:
            head: its columns.
            source: its separator and quote.
        """
        self._columns = list(head.columns)
        self._least = len(head.columns) - head.unnamed
        self._source = source
        self._fields = len(head.columns)

    def parse(
        self, data: bytes, *, quoted: bool, multiline: bool
    ) -> tuple[list[Part], dict[int, str]]:
        """Parse whole records.

        Args:
            data: UTF-8.
            quoted: there are quotes in it.
            multiline: there are line ends in quotes.

        Returns:
            The whole records, and the reason of each other record by its number, from 0.
        """
        table, others = self._parse(data, self._fields, quoted=quoted, multiline=multiline)
        count = len(table) + len(others)
        good = np.ones(count, dtype=np.bool_)
        good[[other.number for other in others]] = False
        parts: list[Part] = []
        faults: dict[int, str] = {}
        self._keep(Part(table, np.flatnonzero(good)), self._fields, parts, faults)
        by_fields: dict[int, list[_Other]] = {}
        for other in others:
            by_fields.setdefault(other.fields, []).append(other)
        for fields, same in by_fields.items():
            self._parse_others(fields, same, parts, faults)
        self._remember(len(table), by_fields)
        return parts, faults

    def _parse_others(
        self, fields: int, same: list[_Other], parts: list[Part], faults: dict[int, str]
    ) -> None:
        if not self._least <= fields <= len(self._columns) + _MOST_EXCESS:
            faults |= {other.number: self._reason(fields) for other in same}
            return
        data = "\n".join(other.text for other in same).encode()
        table, _ = self._parse(data, fields, quoted=True, multiline=True)
        numbers = np.array([other.number for other in same], dtype=np.int64)
        self._keep(Part(table, numbers), fields, parts, faults)

    def _keep(self, part: Part, fields: int, parts: list[Part], faults: dict[int, str]) -> None:
        """Keep the records in which no field stands after the last column."""
        table, columns = part.table, self._columns
        whole: Bools = np.ones(len(table), dtype=np.bool_)
        for column in table.columns[len(columns) :]:
            whole &= np.asarray(_COMPUTE.is_null(column))
        table = table.select(range(min(fields, len(columns))))
        if not whole.all():
            faults |= dict.fromkeys(part.numbers[~whole].tolist(), self._reason(fields))
            table = table.filter(pa.array(whole))
        for name in columns[fields:]:
            table = table.append_column(name, pa.nulls(len(table), pa.string()))
        if len(table):
            parts.append(Part(table, part.numbers[whole]))

    def _remember(self, count: int, others: dict[int, list[_Other]]) -> None:
        """Ask in the next block for the number of fields that most records have here."""
        counts = Counter({fields: len(same) for fields, same in others.items()})
        counts[self._fields] = count
        able = {n: c for n, c in counts.items() if self._least <= n <= len(self._columns) + 8}
        if able:
            self._fields = max(able, key=lambda fields: able[fields])

    def _reason(self, fields: int) -> str:
        return f"{fields} columns, not {len(self._columns)}"

    def _parse(
        self, data: bytes, fields: int, *, quoted: bool, multiline: bool
    ) -> tuple[pa.Table, list[_Other]]:
        others: list[_Other] = []

        def note(row: Any) -> str:
            others.append(_Other(row.number - 1, row.actual_columns, row.text))
            return "skip"

        names = [str(number) for number in range(fields)]
        if not data:
            return pa.table({name: pa.nulls(0, pa.string()) for name in names}), others
        table = _ARROW.read_csv(
            pa.BufferReader(data),
            read_options=_ARROW.ReadOptions(
                use_threads=False,  # only so is the handler told the records' numbers
                column_names=names,
                block_size=len(data) + 1,
            ),
            parse_options=_ARROW.ParseOptions(
                delimiter=self._source.separator,
                quote_char=(quoted and self._source.quote) or False,
                newlines_in_values=multiline,
                invalid_row_handler=note,
            ),
            convert_options=_ARROW.ConvertOptions(
                check_utf8=False,  # it was made UTF-8, or found to be
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        return table.rename_columns(self._columns[:fields] + names[len(self._columns) :]), others
