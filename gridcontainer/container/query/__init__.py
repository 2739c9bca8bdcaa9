"""Questions to the container: where, when and of whom; with Spark, or in milliseconds without."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from gridcontainer.container.query.area import Area, Box, in_box, in_codes, in_polygon, within
from gridcontainer.container.query.counts import count_by_cell, read_dataset
from gridcontainer.container.query.explain import Explained, explain
from gridcontainer.container.query.named_area import in_place
from gridcontainer.container.query.open_table import OpenTable, column_names_of, open_tables
from gridcontainer.container.query.question import Question, parse_time
from gridcontainer.container.query.read_cells import Found, find
from gridcontainer.container.storage import Storage

if TYPE_CHECKING:
    from gridcontainer.container.query.frame import query_dataset

__all__ = [
    "Area",
    "Box",
    "Explained",
    "Found",
    "OpenTable",
    "Question",
    "column_names_of",
    "count_by_cell",
    "explain",
    "find",
    "find_in_box",
    "find_in_codes",
    "in_box",
    "in_codes",
    "in_place",
    "in_polygon",
    "open_tables",
    "parse_time",
    "query_dataset",
    "read_dataset",
    "within",
]


def __getattr__(name: str) -> Any:
    if name != "query_dataset":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # When it is asked for: all other questions are answered without Spark.
    from gridcontainer.container.query.frame import query_dataset  # noqa: PLC0415

    return query_dataset


def find_in_codes(
    storage: Storage, codes: Sequence[str], *, datasets: Collection[str] = ()
) -> list[Found]:
    """Rows in any of the cells; ``find`` for all other questions.

    Raises:
        CodeError: a faulty code.
        DatasetError: the container is empty, or has no such data set.
    """
    return find(storage, Question(in_codes(codes), datasets=tuple(datasets)))


def find_in_box(storage: Storage, box: Box, *, datasets: Collection[str] = ()) -> list[Found]:
    """Rows in a closed box: west, south, east, north; ``find`` for all other questions.

    Raises:
        CoordinateError: no box.
        DatasetError: the container is empty, or has no such data set.
    """
    return find(storage, Question(in_box(box), datasets=tuple(datasets)))
