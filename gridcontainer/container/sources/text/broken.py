"""How many records of a file could not be read as text, and when that is too many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.records import FAULT
from gridcontainer.errors import SourceError

FEW: Final = 10  # records: fewer never refuse a file of which others can be read
_SHOWN: Final = 3
_REASON: Final = r"^line \d+ (is|holds|begins)"
_COMPUTE: Final[Any] = pyarrow.compute  # it has no types


@dataclass
class Broken:
    """A count of records, and of those whose bytes are no text in the declared encoding.

    Attributes:
        records: all records.
        broken: records with such a fault.
        first: the first faults, each with its line.
    """

    records: int = 0
    broken: int = 0
    first: list[str] = field(default_factory=list)

    def count(self, records: int, reasons: Iterable[str]) -> None:
        """Count records, and the reasons of those among them that are no text."""
        found = list(reasons)
        self.records += records
        self.broken += len(found)
        self.first += found[: max(0, _SHOWN - len(self.first))]

    def add(self, batch: pa.RecordBatch) -> None:
        """Count the records of a batch of raw rows."""
        faults = batch.column(batch.schema.get_field_index(FAULT))
        if faults.null_count == len(faults):
            self.records += len(batch)
            return
        of_text = _COMPUTE.match_substring_regex(faults, _REASON)
        found = faults.filter(_COMPUTE.fill_null(of_text, False))
        self.count(len(batch), cast("list[str]", found.to_pylist()))

    def __add__(self, other: "Broken") -> "Broken":
        """The sum over two pieces of a file, in their order."""
        first = [*self.first, *other.first][:_SHOWN]
        return Broken(self.records + other.records, self.broken + other.broken, first)


def require_mostly_text(path: Path, source: Source, counted: Broken) -> None:
    """Refuse a file of which too many records are broken: its encoding is declared wrongly.

    Args:
        path: path of the file.
        source: how it is declared; ``most_broken`` is the share that is too many.
        counted: records of the whole file.

    Raises:
        SourceError: more than that share is broken, and ``FEW`` records or all of them.
    """
    all_of_them = counted.broken == counted.records
    if not counted.broken or not (counted.broken >= FEW or all_of_them):
        return
    if counted.broken > source.most_broken * counted.records:
        said = f"{counted.broken:,} of {counted.records:,} records are broken"
        raise refused_text(path, source, [said, *counted.first])


def refused_text(path: Path, source: Source, reasons: Sequence[str]) -> SourceError:
    """What to raise for a file that is not written as declared."""
    said = "; ".join(reasons)
    if source.format == "jsonlines":
        return SourceError(
            f"{path} is not {source.encoding}: {said}. Set source.encoding or source.most_broken"
        )
    return SourceError(
        f"{path} cannot be read as {source.encoding} text separated by {source.separator!r}: "
        f"{said}. Set source.encoding (gb18030 for Chinese Windows files), source.separator, "
        "source.quote (null where quotes are plain characters) or source.most_broken"
    )
