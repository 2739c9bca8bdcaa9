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

    A whole number is written without a point, as a person sees it in the sheet; a date and a time
    in ISO 8601; a duration in hours, minutes and seconds.

    Raises:
        SourceError: the file is no workbook, or has no such sheet.
    """
    yield from open_excel(path, source)[1]


def open_excel(path: Path, source: Source) -> tuple[list[str], Iterator[RawRow]]:
    """The names of a sheet's columns, and its rows as of ``read_excel``.

    Raises:
        SourceError: the file is no workbook, or has no such sheet.
    """
    cells = _cells(path, source)
    for _ in range(source.skip_rows):
        next(cells, None)
    header = next(cells, None)
    if header is None:
        raise SourceError(f"{path} has no row with the names of the columns")
    columns = distinct([_as_text(cell) or f"column_{i}" for i, cell in enumerate(header, 1)])

    def rows() -> Iterator[RawRow]:
        for number, row in enumerate(cells, start=1):
            values = {name: _as_text(cell) for name, cell in zip(columns, row, strict=False)}
            if any(value is not None for value in values.values()):
                yield RawRow(number, values)

    return columns, rows()


def _cells(path: Path, source: Source) -> Iterator[list[Cell]]:
    """The rows of the sheet, from its first one, also where the first ones are empty."""
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
        # iter_rows has the empty rows above the first cell, and not the columns left of it.
        left: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
        for row in sheet.iter_rows() if sheet.start else ():
            yield left + row
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
    if isinstance(cell, timedelta):
        return _duration_text(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)


def _duration_text(duration: timedelta) -> str:
    """Hours, minutes and seconds, such as ``25:30:00``; a fraction of a second after a point."""
    total = duration // timedelta(microseconds=1)
    seconds, micros = divmod(abs(total), 1_000_000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{'-' if total < 0 else ''}{text}" + (f".{micros:06}" if micros else "")
