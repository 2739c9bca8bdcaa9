"""Two data sets, or a data set and a file, joined by where their rows are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.csv as pa_csv
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query import query_dataset
from gridcontainer.container.query.confidential import hidden_columns
from gridcontainer.container.query.explain import asked_tables
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.query.question import Question
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError, JoinError, QueryError
from gridcontainer.grid.levels import MAX_LEVEL, get_level
from gridcontainer.spark.join import How, JoinPlan, Place, Predicate, plan_join
from gridcontainer.spark.join.place import find_place
from gridcontainer.spark.predicates import PREFIX_LEVELS

_CSV: Final[Any] = pa_csv  # it has no types
_VECTOR: Final = (".geojson", ".json", ".gpkg", ".shp", ".fgb", ".kml")
_TABLES: Final = (".csv", ".parquet")
_OUTPUTS: Final = (".csv", ".parquet")
_WGS84: Final = "EPSG:4326"
_SAME_PLACE: Final = ("EPSG:4326", "OGC:CRS84", "EPSG:4490")  # CGCS2000 differs by centimetres


@dataclass(frozen=True)
class Side:
    """One side of a join.

    Attributes:
        name: of the data set, or the file's.
        frame: its rows that are valid now.
        place: where they are.
        label: the column by which people call a row, if there is one.
        hidden: columns that may not be shown.
        names: both names of the columns of a dataset; only stored ones where None.
    """

    name: str
    frame: DataFrame
    place: Place
    label: str | None
    hidden: tuple[str, ...]
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
        given: the name; or a file: GeoJSON, GeoPackage, Shapefile and what else GDAL reads, CSV
            with columns ``lon`` and ``lat``, Parquet with these or with ``geometry`` as WKB.
        declarations: say which columns are confidential.
        with_confidential: show these too.

    Raises:
        DatasetError: neither a data set nor a file.
        JoinError: no position, or a file that cannot be read.
        QueryError: confidential columns of which no declaration says which they are.
    """
    if Path(given).suffix.lower() in (*_VECTOR, *_TABLES):
        frame = _read_file(spark, Path(given))
        return Side(Path(given).name, frame, find_place(frame), None, ())
    question = Question(datasets=(given,))
    (table,) = asked_tables(storage, question)
    if not table.has("lon"):
        raise JoinError(f"{given} has no position: join it by its keys")
    frame = query_dataset(spark, storage, question, given)
    hidden = () if with_confidential else hidden_columns(table, declarations.get(given))
    label = table.properties.get("gridcontainer.label") or None
    return Side(given, frame, _place(table), label, hidden, table.column_names)


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


def _read_file(spark: SparkSession, path: Path) -> DataFrame:
    if not path.exists():
        raise DatasetError(f"{path}: there is no such file")
    kind = path.suffix.lower()
    if kind == ".parquet":
        return spark.read.parquet(str(path.resolve()))
    if kind == ".csv":
        reader = spark.read.options(header=True, inferSchema=True, encoding="UTF-8")
        return reader.csv(str(path.resolve()))
    try:
        meta, table = pyogrio.read_arrow(path)
    except (DataLayerError, DataSourceError, OSError, ValueError) as error:
        raise JoinError(f"{path} cannot be read as a vector file: {error}") from error
    named = {meta["geometry_name"] or "wkb_geometry": "geometry"}
    table = table.rename_columns([named.get(name, name) for name in table.column_names])
    rows, crs = table.to_pandas(), meta.get("crs")
    if crs is not None and not _is_same(crs):
        rows["geometry"] = _to_wgs84(rows["geometry"].to_numpy(), crs)
    return spark.createDataFrame(rows)


def _is_same(crs: str) -> bool:
    given = pyproj.CRS.from_user_input(crs)
    return any(given.equals(pyproj.CRS.from_user_input(same)) for same in _SAME_PLACE)


def _to_wgs84(shapes: NDArray[np.object_], crs: str) -> list[bytes | None]:
    change = pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True)
    moved = shapely.transform(shapely.from_wkb(shapes), change.transform, interleaved=False)
    return list(shapely.to_wkb(moved))
