"""Rows of a workbook: every sheet is listed, one of them is looked into."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from gridcontainer.container.declaration import Source
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.sources.records import RawRow, one_line
from gridcontainer.container.sources.workbook import open_excel
from gridcontainer.errors import SourceError

_MOST_ABOVE: Final = 10  # rows of titles above the one with the names
_DAMAGED: Final = (CalamineError, OSError, ValueError, IndexError, OverflowError, RuntimeError)


def read_sheet(
    path: Path, sheet: str | None, rows: int, notes: Notes
) -> tuple[list[RawRow], dict[str, Any], bool]:
    """The first rows of a sheet.

    Args:
        path: path of the workbook.
        sheet: name of the sheet; the first one with rows where None.
        rows: number of rows to read at most.
        notes: takes what is found.

    Returns:
        The rows, the keys of the declaration's ``source``, and whether these are all rows.

    Raises:
        SourceError: the file is no workbook, or has no such sheet, or no sheet has rows.
    """
    names = _sheet_names(path)
    if path.suffix.lower() not in (".xlsx", ".xls", ".xlsm", ".xlsb"):
        notes.warn(f"{path.name} is an Excel file by its bytes, whatever its name says")
    wanted = names if sheet is None else [sheet]
    for name in wanted:
        keys: dict[str, Any] = {"format": "excel"}
        if name != names[0]:
            keys["sheet"] = name
        above = _rows_above(path, keys)
        if above:
            keys["skip_rows"] = above
        taken = _rows(path, keys, rows + 1)
        if taken:
            break
    else:
        raise SourceError(f"{path} has no rows below its header in sheets {', '.join(wanted)}")
    notes.add("format", "excel", f"sheet {name} of {', '.join(names)}")
    if len(names) > 1:
        notes.warn(
            f"{path.name} has sheets {', '.join(names)}: this draft is of {name}; draft "
            "another with --layer"
        )
    if above:
        notes.warn(f"{above} rows above the names of the columns are taken for a title: skip_rows")
    return taken[:rows], keys, len(taken) <= rows


def _sheet_names(path: Path) -> list[str]:
    try:
        return list(CalamineWorkbook.from_path(path).sheet_names)
    except _DAMAGED as error:
        raise SourceError(
            f"{path} is no Excel workbook: {one_line(error)}. Is it whole?"
        ) from error


def _rows(path: Path, keys: dict[str, Any], count: int) -> list[RawRow]:
    source = Source.model_validate({"path": path.name, **keys})
    try:
        return list(islice(open_excel(path, source)[1], count))
    except SourceError:
        return []  # an empty sheet


def _rows_above(path: Path, keys: dict[str, Any]) -> int:
    """Rows of titles: those that fill fewer than half of the columns which most rows fill."""
    rows = _rows(path, keys, 200)
    widths = [sum(value is not None for value in row.values.values()) for row in rows]
    if not widths:
        return 0
    usual = Counter(widths).most_common(1)[0][0]
    named = _named_columns(path, keys)
    above = 0
    while above < _MOST_ABOVE and 2 * named < usual:
        above += 1
        named = _named_columns(path, keys | {"skip_rows": above})
    return above if 2 * named >= usual else 0


def _named_columns(path: Path, keys: dict[str, Any]) -> int:
    """Columns to which the sheet itself gives a name."""
    source = Source.model_validate({"path": path.name, **keys})
    try:
        columns, _ = open_excel(path, source)
    except SourceError:
        return 0
    return sum(name != f"column_{number}" for number, name in enumerate(columns, start=1))
