"""Excel workbooks of any age, by what they are and not by how they are called."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.records import (
    UNREADABLE,
    RawRow,
    distinct,
    one_line,
    unreadable,
)
from gridcontainer.errors import SourceError

Cell = int | float | str | bool | time | date | datetime | timedelta
_DAMAGED = (ValueError, IndexError, OverflowError, RuntimeError)


def read_excel(path: Path, source: Source) -> Iterator[RawRow]:
    """Rows below the one with the names; rows without any value do not count.

    A whole number is written without a point, as a person sees it in the sheet; a date in ISO 8601.

    Raises:
        SourceError: the file is no workbook, or has no such sheet.
    """
    rows = _rows(path, source)
    if len(rows) <= source.skip_rows:
        raise SourceError(f"{path} has no row with the names of the columns")
    names = [_as_text(cell) or f"column_{i}" for i, cell in enumerate(rows[source.skip_rows], 1)]
    columns = distinct(names)
    for number, row in enumerate(rows[source.skip_rows + 1 :], start=1):
        values = {name: _as_text(cell) for name, cell in zip(columns, row, strict=False)}
        if any(value is not None for value in values.values()):
            yield RawRow(number, values)


def _rows(path: Path, source: Source) -> list[list[Cell]]:
    try:
        workbook = CalamineWorkbook.from_path(path)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    except (CalamineError, *_DAMAGED) as error:
        raise _no_workbook(path, error) from error
    names = workbook.sheet_names
    if source.sheet is not None and source.sheet not in names:
        raise SourceError(f"{path} has no sheet {source.sheet!r}; there are {', '.join(names)}")
    try:
        sheet = workbook.get_sheet_by_name(source.sheet or names[0])
        return sheet.to_python(skip_empty_area=False)
    except (CalamineError, *_DAMAGED) as error:
        raise _no_workbook(path, error) from error


def _no_workbook(path: Path, error: BaseException) -> SourceError:
    return SourceError(
        f"{path} is no Excel workbook: {one_line(error)}. Is source.format right, and is it whole?"
    )


def _as_text(cell: Cell) -> str | None:
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)
