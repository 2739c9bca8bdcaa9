"""Which files a question reads, and why no others: from the log alone, no data are read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gridcontainer.container.query.area import Ranges
from gridcontainer.container.query.open_table import DataFile, OpenTable, open_tables
from gridcontainer.container.query.question import Question, tags_of
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError


@dataclass(frozen=True)
class Explained:
    """What a question reads of one data set.

    Attributes:
        department: owner of the data set.
        dataset: its name.
        files: of the table.
        bytes: of the table.
        files_read: that the question opens.
        bytes_read: their size; the most that is read.
        why: one line for people.
    """

    department: str
    dataset: str
    files: int
    bytes: int
    files_read: int
    bytes_read: int
    why: str


def explain(storage: Storage, question: Question) -> list[Explained]:
    """Files and bytes that a question reads, of each data set that it asks for.

    Raises:
        DatasetError: the container is empty, or has no data set that is asked for by name.
    """
    return [_explain(table, question) for table in asked_tables(storage, question)]


def asked_tables(storage: Storage, question: Question) -> list[OpenTable]:
    """The data sets that are asked for.

    Raises:
        DatasetError: there is no data set of such a name, department or tag.
    """
    tables = open_tables(storage, question.datasets)
    _require("department", question.departments, (table.department for table in tables))
    _require("tag", question.tags, (tag for t in tables for tag in tags_of(t.properties)))
    return [t for t in tables if question.wants(t.department, t.dataset, t.properties)]


def _require(what: str, asked: Sequence[str], there: Iterable[str]) -> None:
    if not asked:
        return
    known = sorted(set(there))
    if unknown := [name for name in asked if name not in known]:
        raise DatasetError(
            f"no data set of {what} {', '.join(unknown)}; there are: {', '.join(known)}"
        )


def is_answerable(table: OpenTable, question: Question) -> bool:
    """Whether the table has the columns that the question needs."""
    placed = question.area is None or table.has("cell")
    return placed and (not question.asks_time or table.has("event_time"))


def choose_files(table: OpenTable, question: Question) -> list[DataFile]:
    """Files that may have rows that are asked for.

    A line or polygon can reach far from its cell: of tables with shapes all partitions are read.
    """
    if not is_answerable(table, question):
        return []
    files = [file for file in table.files if _in_time(file, question)]
    if question.area is None or table.has("geometry"):
        return files
    ranges = question.area.ranges
    prefixes = set(choose_prefixes(table, ranges))
    there = [file for file in files if file.partition.get("grid_prefix") in prefixes]
    return [file for file in there if file.cells is None or _meet(ranges, *file.cells)]


def choose_prefixes(table: OpenTable, ranges: Ranges) -> list[str | None]:
    """Partitions that may have rows in the ranges; None among them if a file is in none."""
    found: list[str | None] = [
        prefix for prefix, ends in table.prefix_ranges.items() if _meet(ranges, *ends)
    ]
    if any(file.partition.get("grid_prefix") is None for file in table.files):
        found.append(None)
    return found


def _meet(ranges: Ranges, low: int, high: int) -> bool:
    return any(first <= high and low <= last for first, last in ranges)


def _in_time(file: DataFile, question: Question) -> bool:
    if file.times is None:
        return True
    low, high = file.times
    too_early = question.since is not None and high < question.since
    return not too_early and (question.until is None or low < question.until)


def _explain(table: OpenTable, question: Question) -> Explained:
    read = choose_files(table, question)
    return Explained(
        department=table.department,
        dataset=table.dataset,
        files=len(table.files),
        bytes=_bytes(table.files),
        files_read=len(read),
        bytes_read=_bytes(read),
        why=_why(table, question, len(read)),
    )


def _why(table: OpenTable, question: Question, read: int) -> str:
    if question.area is not None and not table.has("cell"):
        return "left out: it has no position"
    if question.asks_time and not table.has("event_time"):
        return "left out: it has no time"
    in_time = [file for file in table.files if _in_time(file, question)]
    reasons = []
    if question.asks_time:
        reasons.append(f"time range rules out {len(table.files) - len(in_time)} files")
    if question.area is None:
        return "; ".join(reasons) or "no area asked: all files"
    if table.has("geometry"):
        return "; ".join([*reasons, "lines and polygons may reach from any cell: all partitions"])
    prefixes = set(choose_prefixes(table, question.area.ranges))
    pruned = sum(file.partition.get("grid_prefix") not in prefixes for file in in_time)
    reasons.append(f"partitions rule out {pruned} files")
    reasons.append(f"cell range rules out {len(in_time) - pruned - read} files")
    return "; ".join(reasons)


def _bytes(files: Sequence[DataFile]) -> int:
    return sum(file.bytes for file in files)
