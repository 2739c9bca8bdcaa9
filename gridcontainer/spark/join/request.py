"""What is asked of a join, and what it answers with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.errors import JoinError
from gridcontainer.spark.join.position_columns import Place, find_place, require_place

Predicate = Literal["intersects", "within", "contains", "within_distance", "nearest"]
How = Literal["inner", "left", "semi", "anti"]

SPARK_HOW = {"inner": "inner", "left": "left", "semi": "left_semi", "anti": "left_anti"}


class NotForCellsError(Exception):
    """Why cells can't answer: a reason for Sedona's join, not for a message."""


@dataclass(frozen=True)
class JoinRequest:
    """The two sides and the question; see ``grid_join``. ``right`` has no name of ``left``'s."""

    left: DataFrame
    right: DataFrame
    left_place: Place
    right_place: Place
    predicate: Predicate
    how: How
    distance: float | None
    k: int
    measure: str | None

    @property
    def has_pairs(self) -> bool:
        """Whether rows of the result are pairs, with the columns of both sides."""
        return self.how in ("inner", "left")

    @property
    def columns(self) -> list[Column]:
        """Of the result, but for what is measured."""
        names = [*self.left.columns, *(self.right.columns if self.has_pairs else [])]
        return [F.col(f"`{name}`") for name in names]


@dataclass(frozen=True)
class JoinPlan:
    """A join, ready to run.

    Attributes:
        frame: the result, lazy.
        strategy: in a word, how it is found.
        reasons: what was chosen, and why, sentence by sentence.
        problems: rows of a side that can't take part: side, number of the row (from 0, in the order
            of the frame), reason. Of many the first are named.
        unused: number of all such rows.
    """

    frame: DataFrame
    strategy: str
    reasons: list[str]
    problems: list[tuple[str, int, str]] = field(default_factory=list)
    unused: int = 0

    def explain(self) -> str:
        """The strategy and the reasons as text."""
        lines = [f"{self.strategy}:", *(f"  - {reason}" for reason in self.reasons)]
        if self.problems:
            side, row, reason = self.problems[0]
            lines.append(
                f"  - {self.unused:,} rows can't take part; the first is row {row} of the "
                f"{side} side: {reason}"
            )
        return "\n".join(lines)


def make_request(
    left: DataFrame,
    right: DataFrame,
    predicate: Predicate,
    how: How,
    *,
    distance: float | None,
    k: int,
    left_place: Place | None,
    right_place: Place | None,
    measure: str | None,
    suffix: str,
) -> JoinRequest:
    """Check what is asked; rename what both sides have.

    Raises:
        JoinError: says what does not fit and what would.
    """
    _require_choice("predicate", predicate, get_args(Predicate))
    _require_choice("how", how, get_args(How))
    if (predicate == "within_distance") != (distance is not None):
        raise JoinError("predicate within_distance takes distance (metres), and no other does")
    if distance is not None and not 0.0 <= distance < float("inf"):
        raise JoinError(f"distance {distance} is not a number of metres from 0 on")
    if k < 1:
        raise JoinError(f"k={k}: at least one neighbour is to be found")
    if predicate == "nearest" and how in ("semi", "anti"):
        raise JoinError(f"every row has a nearest one, so how={how} has no sense: inner or left")
    if measure is not None and how in ("semi", "anti"):
        raise JoinError(f"how={how} gives no pairs, so there is nothing to measure")
    left_place, right_place = left_place or find_place(left), right_place or find_place(right)
    require_place(left, left_place, "left")
    require_place(right, right_place, "right")
    renamed = {name: f"{name}{suffix}" for name in right.columns if name in left.columns}
    _require_free(renamed.values(), [*left.columns, *right.columns], suffix)
    columns = [F.col(f"`{name}`").alias(renamed.get(name, name)) for name in right.columns]
    return JoinRequest(
        left, right.select(*columns), left_place, _renamed(right_place, renamed),
        predicate, how, distance, k, measure,
    )  # fmt: skip


def _require_choice(name: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise JoinError(f"{name}={given!r}: one of {', '.join(allowed)}")


def _require_free(names: Iterable[str], taken: list[str], suffix: str) -> None:
    for name in names:
        if name in taken:
            raise JoinError(
                f"there is a column {name} already: choose another suffix than {suffix}"
            )


def _renamed(place: Place, names: dict[str, str]) -> Place:
    def name(column: str | None) -> str | None:
        return column if column is None else names.get(column, column)

    return Place(
        name(place.lon) or place.lon, name(place.lat) or place.lat, name(place.geometry),
        name(place.cell), place.cell_level, name(place.prefix), place.prefix_level,
    )  # fmt: skip
