"""Which records are one object: the components of the accepted links, strongest link first.

Links are taken in the order of their strength, as Kruskal's algorithm does, and one that would
bring together what cannot be one object is refused: two records of one data set, two classes, or
two records of which it is known that they are different. Most components hold no such conflict and
are found at once; only the links of the others are looked at one by one.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridcontainer.grid.arrays import Bools, Int64s
from gridcontainer.identity.schemas import ANY, MANUAL

_ENDS: Final = ("record_left", "record_right")
UNKNOWN: Final = "a record of it has no object"
_ARROW: Final[Any] = pyarrow.compute  # it has no types


@dataclass(frozen=True)
class Grouping:
    """What the links make of the records.

    Attributes:
        members: a row for each record that shares its object: ``record_id``; ``first``, the record
            whose object it is; ``is_live``, whether any record of that object is there now; and
            of its strongest link ``link``, ``weight`` and ``probability``.
        refused: why each link was not applied, in the order of the links; null if it was.
    """

    members: pa.Table
    refused: pa.Array


def group_records(records: pa.Table, links: pa.Table, vetoes: pa.Table) -> Grouping:
    """Bring the records together that are one object.

    The outcome depends on no order of rows.

    Args:
        records: that are in a link: ``record_id`` (each once), ``dataset``, ``object_class``,
            ``is_there`` (the data set has it now; one that is gone does not take the place of its
            data set's record) and ``issued`` (time; the object of the earliest stays).
        links: to apply: ``record_left``, ``record_right``, ``link``, ``probability`` (null is the
            weakest), ``weight``, and ``many``: data sets of which an object may hold several
            records, ``*`` for all.
        vetoes: ``record_left``, ``record_right`` of records that are different.
    """
    order = _strongest_first(links)
    left, right = (_numbers(links, name, records)[order] for name in _ENDS)
    known = (left >= 0) & (right >= 0)
    ends = np.stack([left[known], right[known]])
    foes = np.stack([_numbers(vetoes, name, records) for name in _ENDS])
    foes = foes[:, (foes >= 0).all(axis=0)]
    graph = _Records(records, foes)
    suspects = graph.conflicted(_components(ends, len(records)))
    refused: NDArray[np.object_] = np.full(len(left), None, dtype=object)
    refused[~known] = UNKNOWN
    rows = np.flatnonzero(known)[suspects[ends[0]]]
    many = links.column("many").take(pa.array(order[rows])).to_pylist()
    for row, allowed in zip(rows.tolist(), many, strict=True):
        refused[row] = graph.join(int(left[row]), int(right[row]), frozenset(allowed))
    accepted = refused == None  # noqa: E711 - of an array, element by element
    members = _members(records, links, order, left, right, accepted)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Grouping(members, pa.array(refused[back], pa.string()))


def _strongest_first(links: pa.Table) -> Int64s:
    """What people decided goes first, then by probability and weight; ties by the records."""
    judged = links.append_column("_manual", _ARROW.equal(links.column("link"), MANUAL))
    keys = [(name, "descending") for name in ("_manual", "probability", "weight")]
    keys += [(name, "ascending") for name in (*_ENDS, "link")]
    order: Int64s = _ARROW.sort_indices(judged, sort_keys=keys).to_numpy().astype(np.int64)
    return order


def _numbers(table: pa.Table, column: str, records: pa.Table) -> Int64s:
    """The number of each record; -1 for one that is not known."""
    found = _ARROW.index_in(table.column(column), value_set=records.column("record_id"))
    numbers: Int64s = _ARROW.fill_null(found, -1).to_numpy().astype(np.int64)
    return numbers


def _components(ends: NDArray[np.int64], count: int) -> Int64s:
    ones = np.ones(ends.shape[1], dtype=np.int8)
    graph = coo_array((ones, (ends[0], ends[1])), shape=(count, count))
    labels: Int64s = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def _codes(column: pa.ChunkedArray) -> tuple[Int64s, list[str]]:
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


@dataclass
class _Records:
    """The records, and the components into which the suspicious links have brought them so far."""

    records: pa.Table
    foes: NDArray[np.int64]
    parent: list[int] = field(init=False)
    held: dict[int, set[int]] = field(init=False)
    enemies: dict[int, set[tuple[int, int]]] = field(init=False)

    def __post_init__(self) -> None:
        self.dataset, self.datasets = _codes(self.records.column("dataset"))
        self.kind, self.kinds = _codes(self.records.column("object_class"))
        self.there: Bools = self.records.column("is_there").to_numpy().astype(np.bool_)
        self.parent = list(range(len(self.records)))
        self.held = {}
        self.enemies = defaultdict(set)
        for a, b in self.foes.T.tolist():
            self.enemies[a].add((a, b))
            self.enemies[b].add((b, a))

    def conflicted(self, labels: Int64s) -> Bools:
        """The records of components that hold what cannot be one object."""
        doubtful = np.zeros(int(labels.max(initial=-1)) + 1, dtype=np.bool_)
        pairs = np.stack([labels[self.there], self.dataset[self.there]])
        each, counts = np.unique(pairs, axis=1, return_counts=True)
        doubtful[each[0][counts > 1]] = True
        kinds = np.unique(np.stack([labels, self.kind]), axis=1)[0]
        some, counts = np.unique(kinds, return_counts=True)
        doubtful[some[counts > 1]] = True
        together = labels[self.foes[0]] == labels[self.foes[1]]
        doubtful[labels[self.foes[0][together]]] = True
        return doubtful[labels]

    def join(self, left: int, right: int, many: frozenset[str]) -> str | None:
        """Bring two components together, or say why not."""
        a, b = self._root(left), self._root(right)
        if a == b:
            return None
        if self.kind[a] != self.kind[b]:
            names = sorted(self.kinds[self.kind[root]] for root in (a, b))
            return f"would make one object of {' and '.join(names)}"
        if foes := self._foes(a, b):
            return f"would make one object of records that are different: {' and '.join(foes)}"
        if ANY not in many:
            both = (self.datasets[code] for code in self._held(a) & self._held(b))
            if twice := sorted(set(both) - many):
                return f"would give the object a second record of {', '.join(twice)}"
        self.parent[b] = a
        self.held[a] = self._held(a) | self._held(b)
        self.enemies[a] |= self.enemies.pop(b, set())
        return None

    def _root(self, record: int) -> int:
        while self.parent[record] != record:
            self.parent[record] = self.parent[self.parent[record]]
            record = self.parent[record]
        return record

    def _held(self, root: int) -> set[int]:
        """The data sets of a component's records that are there."""
        own = {int(self.dataset[root])} if self.there[root] else set()
        return self.held.setdefault(root, own)

    def _foes(self, a: int, b: int) -> list[str]:
        """Two records, one of each component, that are different."""
        pairs = sorted(pair for pair in self.enemies.get(a, ()) if self._root(pair[1]) == b)
        ids = self.records.column("record_id")
        return sorted(str(ids[record]) for pair in pairs[:1] for record in pair)


def _members(
    records: pa.Table, links: pa.Table, order: Int64s, left: Int64s, right: Int64s, accepted: Bools
) -> pa.Table:
    rows = np.flatnonzero(accepted)
    strongest = np.full(len(records), len(order), dtype=np.int64)
    for ends in (left, right):
        np.minimum.at(strongest, ends[rows], rows)
    members = np.flatnonzero(strongest < len(order))
    labels = _components(np.stack([left[rows], right[rows]]), len(records))[members]
    taken = records.take(pa.array(members))
    by_issue = _ARROW.sort_indices(
        taken, sort_keys=[("issued", "ascending"), ("record_id", "ascending")]
    ).to_numpy()
    groups, group = np.unique(labels, return_inverse=True)
    first = np.zeros(len(groups), dtype=np.int64)
    first[group[by_issue[::-1]]] = by_issue[::-1]  # of several writes the last one stays
    there = np.zeros(len(groups), dtype=np.bool_)
    np.logical_or.at(there, group, taken.column("is_there").to_numpy().astype(np.bool_))
    evidence = links.select(["link", "weight", "probability"]).take(
        pa.array(order[strongest[members]])
    )
    return pa.table(
        {
            "record_id": taken.column("record_id"),
            "first": taken.column("record_id").take(pa.array(first[group])),
            "is_live": pa.array(there[group]),
            **{name: evidence.column(name) for name in evidence.column_names},
        }
    )
