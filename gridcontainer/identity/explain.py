"""Why two records are one object, or are not: the links between them, each with its weights."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from gridcontainer.errors import IdentityError
from gridcontainer.identity.lookup import Resolved, Row, find_rows, links_of, resolve_one
from gridcontainer.identity.schemas import DIFFERENT, LINKS, MATCH, MERGE
from gridcontainer.identity.storage import IdentityStorage

LINKED: Final = "makes them one"
APART: Final = "keeps them apart"
GOES_WITH: Final = "goes with it, as another object"
REFUSED: Final = "refused"
WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True)
class Step:
    """A link and what it does.

    Attributes:
        effect: ``makes them one``, or why it does not.
        link: a row of the table of links: its name, records, ``probability``, ``weight``,
            ``evidence`` (comparison, level and weight of each part), run and validity.
    """

    effect: str
    link: Row


@dataclass(frozen=True)
class Explanation:
    """Why two records are the same object, or are not.

    Attributes:
        left: what the one stands for.
        right: what the other stands for.
        same: whether they are one object now.
        steps: if they are, the links that lead from the one to the other, in that order; else all
            that is or was known between the records of the two objects, none if nothing is.
    """

    left: Resolved
    right: Resolved
    same: bool
    steps: list[Step]


def explain(storage: IdentityStorage, left: str, right: str) -> Explanation:
    """Say why two keys are the same object, or why they are not.

    Args:
        storage: of the identities.
        left: a key, a record or an object's id; see ``resolve_one``.
        right: another.

    Raises:
        IdentityError: one of them is not known, or cannot be read.
        DatasetError: the container has no such data set.
    """
    found = [resolve_one(storage, reference) for reference in (left, right)]
    ids = []
    for one in found:
        if one.object is None:
            raise IdentityError(f"{one.asked}: {one.reason}")
        ids.append(one.object["object_id"])
    a, b = found
    if ids[0] == ids[1]:
        return Explanation(a, b, True, _path(storage, str(a.record_id), str(b.record_id)))
    return Explanation(a, b, False, _between(storage, _records(a), _records(b)))


def _records(one: Resolved) -> set[str]:
    return {str(one.record_id), *(key["record_id"] for key in one.keys)}


def _path(storage: IdentityStorage, start: str, goal: str) -> list[Step]:
    """The fewest applied links that lead from one record to another, strong ones first."""
    way: dict[str, tuple[str, Row]] = {}
    ring = {start}
    while ring and goal not in ring:
        links = [row for row in links_of(storage, ring) if _effect(row) == LINKED]
        links.sort(key=lambda row: -(row["probability"] or 0.0))
        reached: set[str] = set()
        for row in links:
            ends = (row["record_left"], row["record_right"])
            for here, there in (ends, ends[::-1]):
                if here in ring and there != start and there not in way:
                    way[there] = (here, row)
                    reached.add(there)
        ring = reached
    steps: deque[Step] = deque()
    while goal != start and goal in way:
        goal, row = way[goal]
        steps.appendleft(Step(LINKED, row))
    return list(steps)


def _between(storage: IdentityStorage, left: set[str], right: set[str]) -> list[Step]:
    """The newest row of each link between two sets of records, the open ones first."""
    rows = find_rows(storage.links, LINKS, "record_left", left | right, closed=True)
    newest = {
        tuple(row[name] for name in LINKS.key): row
        for row in rows
        if (row["record_left"] in left and row["record_right"] in right)
        or (row["record_left"] in right and row["record_right"] in left)
    }
    ordered = sorted(newest.values(), key=lambda row: row["valid_to"] is not None)
    return [Step(_effect(row), row) for row in ordered]


def _effect(row: Row) -> str:
    if row["valid_to"] is not None:
        return WITHDRAWN
    if row["status"] == MERGE:
        return REFUSED if row["refused"] else LINKED
    return {MATCH: GOES_WITH, DIFFERENT: APART}[row["status"]]
