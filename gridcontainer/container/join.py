"""Two data sets, or a data set and a file, joined by where their rows are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.csv as pa_csv
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.file_draft import FILES
from gridcontainer.container.file_frame import read_file
from gridcontainer.container.query import query_dataset
from gridcontainer.container.query.confidential import hidden_columns
from gridcontainer.container.query.explain import asked_tables
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.query.question import Question
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError, JoinError, QueryError
from gridcontainer.grid.levels import MAX_LEVEL, get_level
from gridcontainer.spark.join import How, JoinPlan, Place, Predicate, plan_join
from gridcontainer.spark.predicates import PREFIX_LEVELS

_CSV: Final[Any] = pa_csv  # it has no types
_OUTPUTS: Final = (".csv", ".parquet")


@dataclass(frozen=True)
class Side:
    """One side of a join.

    Attributes:
        name: of the data set, or the file's.
        frame: its rows that are valid now.
        place: where they are.
        label: the column by which people call a row, if there is one.
        hidden: columns that may not be shown.
        notes: what the user should know of how a file was read.
        names: both names of the columns of a dataset; only stored ones where None.
    """

    name: str
    frame: DataFrame
    place: Place
    label: str | None
    hidden: tuple[str, ...]
    notes: tuple[str, ...] = ()
    names: ColumnNames | None = None


@dataclass(frozen=True)
class Joined:
    """A planned join of two sides, without the columns that may not be shown."""

    plan: JoinPlan
    frame: DataFrame
    left: Side
    right: Side
    left_out: tuple[str, ...]


def open_side(
    spark: SparkSession,
    storage: Storage,
    given: str,
    declarations: Mapping[str, Declaration],
    *,
    with_confidential: bool = False,
) -> Side:
    """A data set of the container by its name, or a file by its path.

    Args:
        spark: the session.
        storage: the container.
        given: the name; or a file, which is read as an ingest reads it (``read_file``): delimited
            text, JSON, GeoJSON, Excel, Parquet, GeoPackage, Shapefile and what else GDAL reads.
        declarations: say which columns are confidential, and how a file is read that is theirs.
        with_confidential: show these too.

    Raises:
        DatasetError: neither a data set nor a file.
        JoinError: no position.
        SourceError: a file that cannot be read.
        QueryError: confidential columns of which no declaration says which they are.
    """
    path = Path(given)
    if path.suffix.lower() in FILES:
        if not path.exists():
            raise DatasetError(f"{path}: there is no such file")
        read = read_file(spark, path, declarations)
        place = Place(geometry="geometry") if read.has_shapes else Place()
        hidden = () if with_confidential else read.hidden
        return Side(path.name, read.frame, place, read.label, hidden, read.notes)
    question = Question(datasets=(given,))
    (table,) = asked_tables(storage, question)
    if not table.has("lon"):
        raise JoinError(f"{given} has no position: join it by its keys")
    frame = query_dataset(spark, storage, question, given)
    hidden = () if with_confidential else hidden_columns(table, declarations.get(given))
    label = table.properties.get("gridcontainer.label") or None
    return Side(given, frame, _place(table), label, hidden, names=table.column_names)


def join_sides(
    left: Side,
    right: Side,
    predicate: Predicate = "intersects",
    how: How = "inner",
    *,
    distance: float | None = None,
    k: int = 1,
    measure: str | None = None,
) -> Joined:
    """Join two sides; confidential columns take part, and are left out of the result.

    Raises:
        JoinError: the question does not fit the sides.
    """
    suffix = f"_{Path(right.name).stem}"
    plan = plan_join(
        left.frame, right.frame, predicate, how, distance=distance, k=k, measure=measure,
        left_place=left.place, right_place=right.place, suffix=suffix,
    )  # fmt: skip
    own = set(left.frame.columns)
    others = [name + suffix if name in own else name for name in right.hidden]
    hidden = [name for name in (*left.hidden, *others) if name in plan.frame.columns]
    shown = [F.col(f"`{name}`") for name in plan.frame.columns if name not in hidden]
    return Joined(plan, plan.frame.select(*shown), left, right, tuple(hidden))


def unused_rows(joined: Joined, *, most: int) -> list[str]:
    """Sentences that say which rows were not used and why, the first ``most`` of them."""
    names = {"left": joined.left.name, "right": joined.right.name}
    told = [
        f"not used: row {row + 1} of {names[side]}: {reason}"
        for side, row, reason in joined.plan.problems[:most]
    ]
    if (rest := joined.plan.unused - len(told)) > 0:
        told.append(f"not used: {rest:,} more rows")
    if joined.plan.strategy == "no pairs":
        told.extend(joined.plan.reasons)
    return told


def count_by(joined: Joined, columns: Sequence[str]) -> DataFrame:
    """Rows of the result for each value of columns, most first.

    Raises:
        JoinError: the result has no such column.
    """
    keys = [F.col(f"`{_column_of(joined, name)}`") for name in columns]
    return joined.frame.groupBy(*keys).count().orderBy(F.desc("count"), *keys)


def _column_of(joined: Joined, name: str) -> str:
    """A column of the result by the name that it has there, or that a side's source gives it."""
    there, suffix = joined.frame.columns, f"_{Path(joined.right.name).stem}"
    if name in there:
        return name
    left, right = (side.names for side in (joined.left, joined.right))
    found = [left.find(name) if left else None]
    if right is not None:
        plain = right.find(name)
        found += [plain and plain + suffix, plain]
        if name.endswith(suffix):
            base = right.find(name.removesuffix(suffix))
            found.append(base and base + suffix)
    for column in found:
        if column in there:
            return column
    both = ColumnNames(tuple(there), {**_renamed(right), **_renamed(left)})
    raise JoinError(both.say_missing("the result", [name], purpose=" to count by"))


def _renamed(names: ColumnNames | None) -> Mapping[str, str]:
    return (names.renamed if names else None) or {}


def write_joined(frame: DataFrame, path: Path, *, overwrite: bool = False) -> None:
    """Write a result: ``.parquet`` a folder of files, ``.csv`` one file (without shapes).

    Raises:
        QueryError: another ending, or the path is there already.
    """
    if path.suffix not in _OUTPUTS:
        raise QueryError(f"{path}: its ending must be one of {', '.join(_OUTPUTS)}")
    if path.exists() and not overwrite:
        raise QueryError(f"{path} is there; add --overwrite to replace it")
    if path.suffix == ".parquet":
        frame.write.mode("overwrite").parquet(str(path.resolve()))
        return
    plain = [field.name for field in frame.schema if field.dataType.typeName() != "binary"]
    try:
        _CSV.write_csv(frame.select(*(F.col(f"`{n}`") for n in plain)).toArrow(), path)
    except OSError as error:
        raise QueryError(f"{path} cannot be written: {error.strerror or error}") from None


def _place(table: OpenTable) -> Place:
    level = int(table.properties.get("gridcontainer.level") or MAX_LEVEL)
    if table.has("geometry"):
        return Place(geometry="geometry")
    lengths = {len(file.partition.get("grid_prefix") or "") for file in table.files}
    by_length = {get_level(number).code_length: number for number in PREFIX_LEVELS}
    if len(lengths) != 1 or not lengths <= by_length.keys():
        return Place(cell="cell", cell_level=level)
    prefix_level = by_length[lengths.pop()]
    return Place(cell="cell", cell_level=level, prefix="grid_prefix", prefix_level=prefix_level)
