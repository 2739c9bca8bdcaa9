"""What is to get a tag: the rows of a CSV file, or of a data set.

A request has ``tag_class``, ``issuer``, ``dataset``, ``object_id``, ``code`` and ``attributes``;
``source_file``, ``source_row`` and ``row`` (the whole of it, for the quarantine); and ``fault``,
null or why it cannot be read at all.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query.confidential import hidden_columns
from gridcontainer.container.query.explain import asked_tables
from gridcontainer.container.query.question import Question
from gridcontainer.container.storage import Storage
from gridcontainer.errors import SourceError, TagError

_POSITION: Final = ("lon", "lat", "cell", "grid_code")
_COLUMNS: Final = ("class", "issuer", "dataset", "object_id", "code")
_SCHEMA: Final = (
    "tag_class string, issuer string, dataset string, object_id string, code string, "
    "attributes map<string,string>, source_file string, source_row long, row string, fault string"
)


def read_requests(spark: SparkSession, path: Path) -> DataFrame:
    """The rows of a CSV file in UTF-8, one request each.

    Its first line names the columns: ``class`` and ``issuer``; ``dataset`` and ``object_id`` for
    the tag of an object, or ``code`` for that of a cell. All others are attributes.

    Raises:
        SourceError: the file cannot be read, or lacks the columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            _require_columns(path, reader.fieldnames or ())
            rows = list(_requests(reader, path.name))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read as CSV in UTF-8: {error}") from error
    return spark.createDataFrame(rows, _SCHEMA)


def dataset_requests(
    rows: DataFrame, *, dataset: str, tag_class: str, issuer: str, attributes: Sequence[str] = (),
    names: ColumnNames | None = None,
) -> DataFrame:  # fmt: skip
    """A request for each row of a data set.

    Args:
        rows: of its table, those valid now.
        dataset: its name.
        tag_class: of the tags.
        issuer: of the tags.
        attributes: its columns that become attributes, by either of their names.
        names: both names of its columns; only stored ones where None.

    Raises:
        TagError: its rows have no identity, or it lacks a column.
    """
    if "object_id" not in rows.columns:
        raise TagError(f"the rows of {dataset} have no identity: declare its key, and ingest it")
    stored = _stored(names or ColumnNames(tuple(rows.columns), {}), dataset, attributes)
    pairs = [part for name, at in stored.items() for part in (F.lit(name), F.col(f"`{at}`"))]
    named = F.create_map(*(part.cast("string") for part in pairs))
    return rows.select(
        F.lit(tag_class).alias("tag_class"),
        F.lit(issuer).alias("issuer"),
        F.lit(dataset).alias("dataset"),
        "object_id",
        F.lit(None).cast("string").alias("code"),
        F.map_filter(named, lambda _, value: value.isNotNull()).alias("attributes"),
        "source_file",
        "source_row",
        F.to_json(F.struct("object_id")).alias("row"),
        F.lit(None).cast("string").alias("fault"),
    )


def require_public(
    storage: Storage, dataset: str, declaration: Declaration | None, attributes: Sequence[str]
) -> None:
    """A tag is read by whoever stands before it: nothing confidential may go into one.

    Raises:
        DatasetError: the container has no such data set.
        QueryError: the data set has confidential columns, and no declaration says which.
        TagError: its position, or a column that is to become an attribute, is confidential; or it
            lacks a column.
    """
    (table,) = asked_tables(storage, Question(datasets=(dataset,)))
    stored = _stored(table.column_names, dataset, attributes)
    told = {*_POSITION, *stored.values()} & set(hidden_columns(table, declaration))
    if told:
        raise TagError(
            f"{dataset}: {', '.join(sorted(told))} is confidential, and a tag can be read by "
            "anybody; tag the cells instead, by a CSV file of codes"
        )


def _stored(names: ColumnNames, dataset: str, attributes: Sequence[str]) -> dict[str, str]:
    """The stored name of each attribute's column."""
    found = {name: names.find(name) for name in attributes}
    if absent := [name for name, stored in found.items() if stored is None]:
        raise TagError(names.say_missing(dataset, absent, noun=""))
    return {name: stored for name, stored in found.items() if stored is not None}


def _require_columns(path: Path, names: Sequence[str]) -> None:
    needed = {"class", "issuer"} - set(names)
    if needed or not {"object_id", "code"} & set(names):
        raise SourceError(
            f"{path}: its first line names {', '.join(names) or 'no columns'}; needed are class, "
            "issuer, and dataset with object_id, or code"
        )


def _requests(reader: "csv.DictReader[str]", name: str) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(reader, start=1):
        # A row with more fields than names has the rest under None, one with fewer has None values.
        is_broken = None in row or None in row.values()
        plain = {key: (value or "").strip() for key, value in row.items() if key}
        known = [plain.get(column) or None for column in _COLUMNS]
        attributes = {key: value for key, value in plain.items() if key not in _COLUMNS and value}
        content = json.dumps(row, ensure_ascii=False, default=str, skipkeys=True)
        yield (*known, attributes, name, number, content, "broken row" if is_broken else None)
