"""Questions to the container: where, when and of whom; with Spark, or in milliseconds without."""

from collections.abc import Collection, Sequence

from gridcontainer.container.query.area import Area, Box, in_box, in_codes, in_polygon, within
from gridcontainer.container.query.counts import count_by_cell, read_dataset
from gridcontainer.container.query.explain import Explained, explain
from gridcontainer.container.query.frame import query_dataset
from gridcontainer.container.query.named_area import in_place
from gridcontainer.container.query.question import Question, parse_time
from gridcontainer.container.query.read_cells import Found, find
from gridcontainer.container.storage import Storage

__all__ = [
    "Area",
    "Box",
    "Explained",
    "Found",
    "Question",
    "count_by_cell",
    "explain",
    "find",
    "find_in_box",
    "find_in_codes",
    "in_box",
    "in_codes",
    "in_place",
    "in_polygon",
    "parse_time",
    "query_dataset",
    "read_dataset",
    "within",
]


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
