"""The answer without a Spark session, in milliseconds: logs and footers are kept open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute
import shapely

from gridcontainer.container.query.area import Area, in_ranges
from gridcontainer.container.query.explain import asked_tables, choose_files, is_answerable
from gridcontainer.container.query.open_table import DataFile, OpenTable
from gridcontainer.container.query.question import Question
from gridcontainer.container.storage import Storage
from gridcontainer.grid.arrays import Bools, Float64s

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_BATCH: Final = 65_536  # rows


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
        """Up to ``most`` values of the label column (else the code, else the identity)."""
        code = "grid_code" if "grid_code" in self.rows.column_names else "object_id"
        column = self.rows.column(self.label or code).slice(0, most)
        return [str(value) for value in column.to_pylist() if value is not None]


def find(storage: Storage, question: Question) -> list[Found]:
    """Rows of every data set that can answer, in order of department and data set.

    Raises:
        DatasetError: the container is empty, or has no data set that is asked for by name.
    """
    tables = asked_tables(storage, question)
    return [_find(table, question) for table in tables if is_answerable(table, question)]


def _find(table: OpenTable, question: Question) -> Found:
    files = choose_files(table, question)
    if question.area is not None and table.has("geometry"):
        files = [file for file in files if _meets_box(file.extent, question.area).any()]
    parts = [_read(table, file, question) for file in files]
    rows = [part for part in parts if part is not None]
    return Found(
        department=table.department,
        dataset=table.dataset,
        title=table.properties.get("gridcontainer.title", ""),
        label=table.properties.get("gridcontainer.label", ""),
        is_confidential=table.properties.get("gridcontainer.confidential") == "True",
        rows=pa.concat_tables(rows) if rows else table.schema.empty_table(),
    )


def read_batches(table: OpenTable, question: Question) -> Iterator[pa.Table]:
    """The rows of one table that are asked for, some at a time: a large table needs no memory."""
    for file in choose_files(table, question):
        for batch in file.parquet.iter_batches(_BATCH, use_threads=False):
            rows = _asked(_conform(pa.Table.from_batches([batch]), table, file), question)
            if rows.num_rows:
                yield rows


def _read(table: OpenTable, file: DataFile, question: Question) -> pa.Table | None:
    """The rows asked for; None where there are none, found by the narrow columns first."""
    candidates = _candidates(table, file, question.area)
    if not candidates.any():
        return None
    rows = _asked(_conform(file.read().filter(pa.array(candidates)), table, file), question)
    return rows if rows.num_rows else None


def _asked(rows: pa.Table, question: Question) -> pa.Table:
    """The rows in the time and, exactly, in the area that are asked for."""
    if rows.num_rows:
        rows = rows.filter(_in_force(rows, question))
    if question.area is not None and rows.num_rows:
        rows = rows.filter(pa.array(_inside(rows, question.area)))
    return rows


def _candidates(table: OpenTable, file: DataFile, area: Area | None) -> Bools:
    """Rows by their cell, or by the bounds of their shape."""
    if area is None:
        return np.ones(file.footer.num_rows, dtype=np.bool_)
    if table.has("geometry"):
        return _meets_box(file.bounds, area)
    return in_ranges(file.read(["cell"]).column("cell").to_numpy(), area.ranges)


def _meets_box(bounds: Float64s, area: Area) -> Bools:
    west, south, east, north = bounds.T
    meets = np.zeros(len(west), dtype=np.bool_)
    for low_x, low_y, high_x, high_y in area.boxes:
        meets |= (west <= high_x) & (east >= low_x) & (south <= high_y) & (north >= low_y)
    return meets


def _conform(rows: pa.Table, table: OpenTable, file: DataFile) -> pa.Table:
    """As the table's schema says: partition values, and nulls for columns that are newer."""
    columns = []
    for column in table.schema:
        if column.name in rows.column_names:
            columns.append(rows.column(column.name).cast(column.type))
        else:
            value = pa.scalar(file.partition.get(column.name), type=column.type)
            columns.append(pa.repeat(value, rows.num_rows))
    return pa.table(columns, schema=table.schema)


def _in_force(rows: pa.Table, question: Question) -> Any:
    """In the time asked for, and valid at the time asked for."""
    chosen = pa.repeat(pa.scalar(True), rows.num_rows)
    if question.since is not None:
        chosen = _ARROW.and_(chosen, _ARROW.greater_equal(rows["event_time"], question.since))
    if question.until is not None:
        chosen = _ARROW.and_(chosen, _ARROW.less(rows["event_time"], question.until))
    if "valid_to" in rows.column_names:
        open_now = _ARROW.is_null(rows["valid_to"])
        if question.as_of is not None:
            later = _ARROW.fill_null(_ARROW.greater(rows["valid_to"], question.as_of), True)
            open_now = _ARROW.and_(later, _ARROW.less_equal(rows["valid_from"], question.as_of))
        chosen = _ARROW.and_(chosen, open_now)
    return chosen


def _inside(rows: pa.Table, area: Area) -> Bools:
    lon, lat, cells = (rows.column(name).to_numpy() for name in ("lon", "lat", "cell"))
    inside = area.holds(lon, lat, cells)
    if "geometry" not in rows.column_names:
        return inside
    return inside | meets_shape(rows.column("geometry").to_numpy(), area)


def meets_shape(shapes: Any, area: Area) -> Bools:
    """True for lines and polygons (WKB) that meet the area, its border included.

    A point is where its position is: the rule of edges of codes holds for it.
    """
    geometries = shapely.from_wkb(shapes)
    shapely.prepare(area.shape)
    meets: Bools = shapely.intersects(area.shape, geometries)
    with_size: Bools = meets & (shapely.get_dimensions(geometries) > 0)
    return with_size
