"""What all departments have in a cell or a box, in milliseconds, without a Spark session."""

import functools
import operator
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute
from deltalake import DeltaTable

from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError
from gridcontainer.grid.cell import cell_to_range, lonlat_to_cell
from gridcontainer.grid.code import cell_to_code, code_to_cell
from gridcontainer.grid.levels import INVALID_CELL, MAX_LEVEL
from gridcontainer.grid.ranges import bounds_to_ranges, scan_level, with_ancestors

_ARROW: Final[Any] = pyarrow.compute  # it has no types
Ranges = Sequence[tuple[int, int]]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Found:
    """The rows that one data set has there.

    Attributes:
        department: owner of the data set.
        dataset: its name.
        title: its line for people.
        label: name of the column to show, or ``""``.
        is_confidential: a column of it is declared so; then its cells are not to be shown either.
        rows: all columns of the table.
    """

    department: str
    dataset: str
    title: str
    label: str
    is_confidential: bool
    rows: pa.Table

    def labels(self, most: int) -> list[str]:
        """Up to ``most`` values of the label column (the code where there is none)."""
        column = self.rows.column(self.label or "grid_code").slice(0, most)
        return [str(value) for value in column.to_pylist() if value is not None]


def find_in_codes(
    storage: Storage, codes: Sequence[str], *, datasets: Collection[str] = ()
) -> list[Found]:
    """Rows whose position lies in any of the cells.

    Args:
        storage: the container.
        codes: of any mix of levels, coarser than the data sets' or finer.
        datasets: names; empty for all.

    Raises:
        CodeError: a faulty code.
        DatasetError: the container is empty.
    """
    ranges: list[tuple[int, int]] = []
    for code in codes:
        cell, level = code_to_cell(code)
        first, last = cell_to_range(cell, int(level))
        ranges.append((int(first), int(last)))
    in_cells = functools.partial(_only_in, ranges)
    return list(_find(storage, _in_ranges(ranges), in_cells, datasets))


def find_in_box(storage: Storage, box: Box, *, datasets: Collection[str] = ()) -> list[Found]:
    """Rows whose position lies in a closed box.

    Args:
        storage: the container.
        box: west, south, east, north in degrees, WGS 84; west > east crosses the antimeridian.
        datasets: names; empty for all.

    Raises:
        CoordinateError: no box.
        DatasetError: the container is empty.
    """
    first, last = bounds_to_ranges(*box, scan_level(*box))
    ranges = list(zip(first.tolist(), last.tolist(), strict=True))
    return list(_find(storage, _in_ranges(ranges) & _in_box(box), lambda rows: rows, datasets))


def count_by_cell(storage: Storage, dataset: str, level: int) -> dict[str, int]:
    """Rows of a data set in each cell of a level, coarse or fine, by code, most first.

    Raises:
        DatasetError: the container has no such data set.
    """
    rows = read_dataset(storage, dataset, ["lon", "lat"])
    lon, lat = rows.column("lon").to_numpy(), rows.column("lat").to_numpy()
    cells = lonlat_to_cell(lon, lat, level, on_invalid="mark")
    found, counts = np.unique(cells[cells != INVALID_CELL], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    codes = cell_to_code(found[order], level)
    return dict(zip(codes.tolist(), counts[order].tolist(), strict=True))


def read_dataset(storage: Storage, dataset: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole data set as an Arrow table.

    Raises:
        DatasetError: the container has no such data set.
    """
    return _open(storage, dataset).to_pyarrow_dataset().to_table(columns=columns)


def _open(storage: Storage, dataset: str) -> DeltaTable:
    tables = {name: path for _, name, path in storage.find_datasets()}
    if dataset not in tables:
        raise DatasetError(f"no data set {dataset}; there are {', '.join(sorted(tables))}")
    return DeltaTable(tables[dataset])


def _find(
    storage: Storage,
    predicate: Any,
    choose: Callable[[pa.Table], pa.Table],
    datasets: Collection[str],
) -> Iterator[Found]:
    present = storage.find_datasets()
    if unknown := set(datasets) - {name for _, name, _ in present}:
        raise DatasetError(f"no data set {', '.join(sorted(unknown))} in {storage.root}")
    for department, name, path in present:
        if datasets and name not in datasets:
            continue
        table = DeltaTable(path)
        if not _is_on_grid(table):
            continue
        rows = choose(table.to_pyarrow_dataset().to_table(filter=predicate))
        properties = table.metadata().configuration
        yield Found(
            department=department,
            dataset=name,
            title=properties.get("gridcontainer.title", ""),
            label=properties.get("gridcontainer.label", ""),
            is_confidential=properties.get("gridcontainer.confidential") == "True",
            rows=rows,
        )


def _is_on_grid(table: DeltaTable) -> bool:
    return any(field.name == "cell" for field in table.schema().fields)


def _in_ranges(ranges: Ranges) -> Any:
    """True for cells that are in the ranges, at any level, or have a part of them inside.

    On the bare column, so that the files' own statistics rule out what need not be read.
    """
    cell = _ARROW.field("cell")
    inside = [(cell >= first) & (cell <= last) for first, last in with_ancestors(ranges)]
    return functools.reduce(operator.or_, inside, _ARROW.scalar(False))


def _in_box(box: Box) -> Any:
    west, south, east, north = box
    lon, lat = _ARROW.field("lon"), _ARROW.field("lat")
    above, below = lon >= west, lon <= east
    in_lon = above & below if west <= east else above | below
    return in_lon & (lat >= south) & (lat <= north)


def _only_in(ranges: Ranges, rows: pa.Table) -> pa.Table:
    """Without the rows whose cell reaches into the ranges while their position does not."""
    lon, lat, cells = (rows.column(name).to_numpy() for name in ("lon", "lat", "cell"))
    at = lonlat_to_cell(lon, lat, MAX_LEVEL, on_invalid="mark")
    at = np.where(at == INVALID_CELL, cells, at)  # the polar caps have no fine cells
    inside = np.zeros(len(at), dtype=np.bool_)
    for first, last in ranges:
        inside |= (first <= at) & (at <= last)
    return rows.filter(pa.array(inside))
