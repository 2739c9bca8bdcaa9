"""What the tables of identities are made of.

A *record* is a row of a data set that has a business key; its id is what the data set's table calls
``object_id``, a digest of data set and key. An *object* is a thing of the city: each record was
issued one, and records that are the same thing share that of the one issued first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pyspark.sql import types as T

# Status of a link: one object; two objects that go together; two objects.
MERGE, MATCH, DIFFERENT = "merge", "match", "different"
ACTIVE, MERGED, RETIRED = "active", "merged", "retired"  # status of an object
ISSUED: Final = "issued"  # method of a key whose object is its own
MANUAL: Final = "manual"  # name of the link that holds what people decided
ANY: Final = "*"  # in `many` of a link: of every data set

_TEXT, _TIME, _REAL, _LONG = T.StringType(), T.TimestampType(), T.DoubleType(), T.LongType()


def _columns(nullable: bool, **kinds: T.DataType) -> list[T.StructField]:
    return [T.StructField(name, kind, nullable) for name, kind in kinds.items()]


VALIDITY: Final = [
    *_columns(False, run_id=_TEXT, valid_from=_TIME),
    *_columns(True, valid_to=_TIME, closed_by=_TEXT),
]
EVIDENCE: Final = T.ArrayType(
    T.StructType(_columns(True, comparison=_TEXT, level=_TEXT, weight=_REAL))
)
PLACE: Final = [
    *_columns(True, cell=_LONG, grid_level=T.ByteType(), grid_code=_TEXT, height=_REAL),
    *_columns(True, grid_code_3d=_TEXT, lon=_REAL, lat=_REAL),
    *_columns(True, cover=T.ArrayType(_LONG), cover_levels=T.ArrayType(T.ByteType())),
]
RECORD: Final = [
    *_columns(False, record_id=_TEXT, department=_TEXT, dataset=_TEXT, business_key=_TEXT),
    *_columns(False, object_class=_TEXT),
    *_columns(True, name=_TEXT),
    *PLACE,
]


@dataclass(frozen=True)
class VersionedTable:
    """A table whose rows say from when until when they held: open ones hold now.

    Attributes:
        schema: of its rows, the columns of ``VALIDITY`` at the end.
        key: columns of which each combination has one open row at most.
        quiet: columns whose change alone makes no new version.
        skipping: columns by which files are skipped.
        constraints: Spark SQL that holds of each row, by name.
    """

    schema: T.StructType
    key: tuple[str, ...]
    skipping: tuple[str, ...]
    quiet: frozenset[str] = frozenset()
    constraints: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> list[T.StructField]:
        """The columns whose change makes a new version."""
        other = {*self.key, *self.quiet, *(column.name for column in VALIDITY)}
        return [column for column in self.schema if column.name not in other]

    @property
    def properties(self) -> dict[str, str]:
        """What the Delta table is made with."""
        rules = {"validity": "valid_to IS NULL OR valid_to >= valid_from", **self.constraints}
        return {
            "delta.enableChangeDataFeed": "true",
            "delta.dataSkippingStatsColumns": ",".join((*self.skipping, "valid_to")),
            **{f"delta.constraints.{name}": rule for name, rule in rules.items()},
        }


OBJECTS: Final = VersionedTable(
    T.StructType(
        [
            *_columns(False, object_id=_TEXT, record_id=_TEXT, object_class=_TEXT, status=_TEXT),
            *_columns(True, merged_into=_TEXT, name=_TEXT),
            *_columns(False, department=_TEXT, dataset=_TEXT),
            *PLACE,
            *_columns(False, issued=_TIME, reason=_TEXT),
            *VALIDITY,
        ]
    ),
    key=("object_id",),
    skipping=("object_id", "record_id"),
    quiet=frozenset({"reason", "issued", "record_id"}),
    constraints={
        "status": f"status IN ('{ACTIVE}', '{MERGED}', '{RETIRED}')",
        "merged_into": f"(status = '{MERGED}') = (merged_into IS NOT NULL)",
        "position": "lon IS NULL OR (lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90)",
    },
)
KEYS: Final = VersionedTable(
    T.StructType(
        [
            *_columns(False, department=_TEXT, dataset=_TEXT, business_key=_TEXT, record_id=_TEXT),
            *_columns(False, object_id=_TEXT, method=_TEXT),
            *_columns(True, weight=_REAL, probability=_REAL),
            *VALIDITY,
        ]
    ),
    key=("record_id",),
    skipping=("record_id", "object_id"),
)
LINKS: Final = VersionedTable(
    T.StructType(
        [
            *_columns(False, link=_TEXT, record_left=_TEXT, record_right=_TEXT),
            *_columns(False, dataset_left=_TEXT, dataset_right=_TEXT),
            *_columns(True, probability=_REAL, weight=_REAL, evidence=EVIDENCE),
            *_columns(False, status=_TEXT, many=T.ArrayType(_TEXT)),
            *_columns(True, refused=_TEXT),
            *VALIDITY,
        ]
    ),
    key=("record_left", "record_right", "link"),
    skipping=("record_left", "record_right"),
    quiet=frozenset({"refused"}),
    constraints={
        "pair": "record_left < record_right",
        "status": f"status IN ('{MERGE}', '{MATCH}', '{DIFFERENT}')",
        "probability": "probability IS NULL OR probability BETWEEN 0 AND 1",
    },
)
RELATIONS: Final = VersionedTable(
    T.StructType(
        [
            *_columns(False, mapping=_TEXT, kind=_TEXT),
            *_columns(False, dataset_left=_TEXT, record_left=_TEXT),
            *_columns(True, object_left=_TEXT),
            *_columns(False, dataset_right=_TEXT, record_right=_TEXT),
            *_columns(True, object_right=_TEXT),
            *VALIDITY,
        ]
    ),
    key=("record_left", "record_right", "mapping"),
    skipping=("record_left", "record_right"),
    constraints={
        "kind": "kind IN ('declared', 'same_cell', 'within', 'adjacent', 'match', 'same_object')",
    },
)
