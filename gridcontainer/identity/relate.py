"""Relations between records: declared by departments, of place, going together, being the same.

What a department declares stands on its own keys and is never replaced: linkage adds to it only of
which objects both sides are records.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query.open_table import OpenTable, open_tables
from gridcontainer.container.storage import Storage
from gridcontainer.identity.by_place import place_pairs
from gridcontainer.identity.declared import declared_pairs, name_of
from gridcontainer.identity.mappings import PlaceMapping, choose_mappings
from gridcontainer.identity.records import key_columns
from gridcontainer.identity.schemas import KEYS, LINKS, MATCH, RELATIONS
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.identity.versions import Stamp, find_changes, open_rows, write_changes

DECLARED: Final = "declared"
SAME_OBJECT: Final = "same_object"


@dataclass(frozen=True)
class Related:
    """One relation and how far it goes.

    Attributes:
        mapping: its name.
        kind: ``declared``, ``same_cell``, ``within``, ``adjacent``, ``match`` or ``same_object``.
        pairs: of records.
        resolved: records of the left side that have a partner.
        with_objects: pairs of which both sides have an object.
    """

    mapping: str
    kind: str
    pairs: int
    resolved: int
    with_objects: int


def relate(
    spark: SparkSession,
    storage: IdentityStorage,
    declarations: Collection[Declaration],
    mappings: Sequence[PlaceMapping] = (),
) -> list[Related]:
    """Make the relations those that there are now; nothing new writes nothing.

    Args:
        spark: the session.
        storage: of the identities.
        declarations: whose ``relations`` are looked up; those of data sets that the container does
            not have, or that have no key, are left out.
        mappings: by place, likewise.

    Returns:
        All relations, in order of kind and name; one without any pair too. A linkage that does not
        merge relates the records that it matched, under its name.

    Raises:
        IdentityError, JoinError: a relation or mapping cannot be had so.
        StorageError: Spark cannot read or write the tables.
    """
    tables = {t.dataset: t for t in open_tables(storage.container) if key_columns(t)}
    with storage_errors("relations cannot be found"):
        keys = open_rows(spark, storage.keys, KEYS).select("record_id", "dataset", "object_id")
        sources = [
            *_declared(spark, tables, declarations),
            *_mapped(spark, storage.container, choose_mappings(mappings, tables)),
            *_matched(open_rows(spark, storage.links, LINKS).where(F.col("status") == MATCH)),
            _Source(SAME_OBJECT, SAME_OBJECT, _same_object(keys)),
        ]
        rows = _union([source.rows() for source in sources])
        wanted = rows.transform(_with_objects, keys=keys).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            held = open_rows(spark, storage.relations, RELATIONS)
            stamp = Stamp(uuid.uuid4().hex, datetime.now(UTC))
            changes = find_changes(wanted, held, RELATIONS)
            write_changes(changes, storage.relations, RELATIONS, stamp)
            return _measure(wanted, sources)
        finally:
            wanted.unpersist()


@dataclass(frozen=True)
class _Source:
    """A relation and its pairs: ``record_left``, ``record_right`` and the data sets of both."""

    mapping: str
    kind: str
    pairs: DataFrame

    def rows(self) -> DataFrame:
        """The pairs with the relation's name and kind."""
        named = {"mapping": F.lit(self.mapping), "kind": F.lit(self.kind)}
        return self.pairs.withColumns(named)


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    """All rows; halves first, since Spark analyses the whole of each union that is made."""
    if len(frames) == 1:
        return frames[0]
    half = len(frames) // 2
    return _union(frames[:half]).unionByName(_union(frames[half:]))


def _declared(
    spark: SparkSession, tables: Mapping[str, OpenTable], declarations: Collection[Declaration]
) -> Iterator[_Source]:
    for declaration in declarations:
        for relation in declaration.relations:
            left, right = tables.get(declaration.dataset), tables.get(relation.dataset)
            if left is not None and right is not None:
                pairs = declared_pairs(spark, left, right, relation)
                name = name_of(declaration.dataset, relation)
                yield _Source(name, DECLARED, _of(pairs, left.dataset, right.dataset))


def _mapped(
    spark: SparkSession, storage: Storage, mappings: Sequence[PlaceMapping]
) -> Iterator[_Source]:
    for mapping in mappings:
        pairs = _of(place_pairs(spark, storage, mapping), mapping.left, mapping.right)
        yield _Source(mapping.mapping, mapping.kind, pairs)


def _of(pairs: DataFrame, left: str, right: str) -> DataFrame:
    return pairs.withColumns({"dataset_left": F.lit(left), "dataset_right": F.lit(right)})


def _matched(links: DataFrame) -> Iterator[_Source]:
    """The links of each linkage that does not merge; left is the data set of the smaller name."""
    turned = F.col("dataset_left") > F.col("dataset_right")
    ends = [
        F.when(turned, F.col(f"{name}_{there}")).otherwise(F.col(f"{name}_{here}")).alias(
            f"{name}_{here}"
        )
        for name in ("record", "dataset")
        for here, there in (("left", "right"), ("right", "left"))
    ]  # fmt: skip
    for (name,) in links.select("link").distinct().orderBy("link").collect():
        yield _Source(name, MATCH, links.where(F.col("link") == name).select(*ends))


def _same_object(keys: DataFrame) -> DataFrame:
    """Each pair of records that are one object, one order only."""
    left, right = (
        keys.select(
            "object_id",
            F.col("record_id").alias(f"record_{side}"),
            F.col("dataset").alias(f"dataset_{side}"),
        )
        for side in ("left", "right")
    )
    both = left.join(right, "object_id", how="inner").where("record_left < record_right")
    return both.drop("object_id")


def _with_objects(pairs: DataFrame, *, keys: DataFrame) -> DataFrame:
    """Add the objects of both sides, null where a record has none."""
    for side in ("left", "right"):
        named = keys.select(
            F.col("record_id").alias(f"record_{side}"), F.col("object_id").alias(f"object_{side}")
        )
        pairs = pairs.join(named, f"record_{side}", how="left")
    return pairs


def _measure(wanted: DataFrame, sources: Sequence[_Source]) -> list[Related]:
    both = F.col("object_left").isNotNull() & F.col("object_right").isNotNull()
    rows = wanted.groupBy("mapping").agg(
        F.count("*"), F.count_distinct("record_left"), F.count_if(both)
    )
    counts = {row[0]: tuple(row[1:]) for row in rows.collect()}
    none = (0, 0, 0)
    found = [Related(s.mapping, s.kind, *counts.get(s.mapping, none)) for s in sources]
    return sorted(found, key=lambda related: (related.kind, related.mapping))
