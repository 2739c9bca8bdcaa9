"""The tables of a container that cells are made of, and the facts that their rows are."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.addresses.placements import placements_path
from gridcontainer.container.query.open_table import column_names_of
from gridcontainer.container.query.record_numbers import PLAIN, Writing, read_column
from gridcontainer.container.storage import Storage, has_table
from gridcontainer.container.tables.frames import read_current, read_properties, read_version
from gridcontainer.identity import IdentityStorage
from gridcontainer.identity.schemas import ACTIVE, MERGE
from gridcontainer.reconstruction.declaration import Reconstruction
from gridcontainer.reconstruction.schemas import LINKS, OBJECTS, READINGS, RECORDS
from gridcontainer.reconstruction.summary import AT, MOST, VALUE, Figures
from gridcontainer.sensors.tables import readings_path, registry_path
from gridcontainer.spark.city_cells import FINEST_LEVEL, to_level

_RULES = 1  # to be raised when the same source is to give other summaries
_AT_ONCE: Final = 8
Facts = Callable[[DataFrame], DataFrame]


@dataclass(frozen=True)
class Source:
    """One table, at one version.

    Attributes:
        name: of the data set, or of the container's own table.
        path: of the table.
        version: of the table.
        facts: its rows, or rows of its feed, as facts; other columns (``_sign``) are kept.
        figures: that are summarised.
        fixed: what else the summaries depend on: of other tables their versions.
        is_confidential: the cells are not for everybody.
    """

    name: str
    path: str
    version: int
    facts: Facts = field(repr=False)
    figures: Figures = field(default_factory=Figures)
    fixed: str = ""
    is_confidential: bool = False

    @property
    def is_own(self) -> bool:
        """Whether it is a table of the container's own, of which not every row counts."""
        return "." in self.name

    @property
    def digest(self) -> str:
        """Changes when the same version would give other summaries."""
        told = f"{_RULES} {self.figures} {self.fixed} {self.is_confidential}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def read(self, spark: SparkSession, *, among: Column | None = None) -> DataFrame:
        """The facts of all rows; of not many others where a condition on ``cell`` is given."""
        rows = read_current(spark, self.path, version=self.version)
        if among is not None and "cell" in rows.columns:
            rows = rows.where(among)
        return self.facts(rows)


def find_sources(
    spark: SparkSession,
    storage: Storage,
    declared: Reconstruction,
    writings: Mapping[str, Writing],
) -> Iterator[Source]:
    """All that the container has, data sets first; each at the version that is newest now.

    Args:
        spark: the session.
        storage: the container.
        declared: the measures.
        writings: how each dataset writes its numbers, by name; plain where it is not named.

    Raises:
        DatasetError: the container is empty.
    """
    with ThreadPoolExecutor(_AT_ONCE, "source") as pool:  # opening a table is waiting, mostly
        yield from pool.map(
            lambda found: _dataset(spark, storage, declared, writings.get(found[1], PLAIN), *found),
            storage.find_datasets(),
        )
    identities = IdentityStorage(storage)
    if DeltaTable.isDeltaTable(spark, identities.objects):
        objects = read_version(spark, identities.objects)
        yield Source("identity.objects", identities.objects, objects, _objects)
        if DeltaTable.isDeltaTable(spark, identities.links):
            yield _links(spark, identities, objects)
    readings, registry = readings_path(storage), registry_path(storage)
    if DeltaTable.isDeltaTable(spark, readings):
        yield _readings(spark, readings, registry)


def _dataset(
    spark: SparkSession,
    storage: Storage,
    declared: Reconstruction,
    writing: Writing,
    department: str,
    dataset: str,
    path: str,
) -> Source:
    columns = set(spark.read.format("delta").load(path).columns)
    names = column_names_of(storage, dataset)
    numbers, distincts = (
        tuple(dict.fromkeys(names.resolve(name, dataset) for name in named))
        for named in (declared.numbers(dataset), declared.distincts(dataset))
    )
    figures, writing = Figures(numbers, distincts), writing.over_stored(names)
    placements = placements_path(storage, dataset)
    fixed, places = writing.digest() if numbers else "", None
    if "cell" not in columns and has_table(placements):
        version = read_version(spark, placements)
        fixed += f"placements {version}"
        places = spark.read.format("delta").option("versionAsOf", version).load(placements)

    def facts(rows: DataFrame) -> DataFrame:
        cell = F.col("cell") if "cell" in rows.columns else F.lit(None).cast("long")
        if places is not None:
            rows = rows.join(places.select("object_id", "cell"), "object_id", "left")
            cell = F.col("cell")
        taken = _figures_of(rows, figures, writing)
        return _as_facts(rows, F.lit(department), F.lit(RECORDS), F.lit(""), cell, taken)

    confidential = read_properties(spark, path).get("gridcontainer.confidential") == "True"
    return Source(dataset, path, read_version(spark, path), facts, figures, fixed, confidential)


def _objects(rows: DataFrame) -> DataFrame:
    active = rows.where(F.col("status") == ACTIVE)
    cell = F.when(F.col("grid_level") >= FINEST_LEVEL, F.col("cell"))
    return _as_facts(active, F.col("department"), F.lit(OBJECTS), F.col("object_class"), cell)


def _links(spark: SparkSession, identities: IdentityStorage, version: int) -> Source:
    """Where the record is that comes first in the pair; by the departments of both."""
    objects = read_current(spark, identities.objects, version=version)
    sides = [
        objects.select(
            F.col("record_id").alias(f"record_{side}"),
            F.col("department").alias(f"department_{side}"),
            F.when(F.col("grid_level") >= FINEST_LEVEL, F.col("cell")).alias(f"cell_{side}"),
        )
        for side in ("left", "right")
    ]

    def facts(rows: DataFrame) -> DataFrame:
        merging = rows.where((F.col("status") == MERGE) & F.col("refused").isNull())
        pairs = merging.join(sides[0], "record_left").join(sides[1], "record_right")
        both = F.array_sort(F.array("department_left", "department_right"))
        return _as_facts(
            pairs,
            F.col("department_left"),
            F.lit(LINKS),
            F.array_join(both, " - "),
            F.coalesce("cell_left", "cell_right"),
        )

    path = identities.links
    return Source(
        "identity.links", path, read_version(spark, path), facts, fixed=f"objects {version}"
    )


def _readings(spark: SparkSession, path: str, registry: str) -> Source:
    version = read_version(spark, registry)
    sensors = spark.read.format("delta").option("versionAsOf", version).load(registry)
    known = F.broadcast(sensors.select("sensor_id", "department", "quantity", "unit", "cell"))
    figures = Figures(has_value=True)
    taken = [F.col("value").alias(VALUE), F.col("measured_at").alias(AT)]

    def facts(rows: DataFrame) -> DataFrame:
        current = rows.where("is_current").join(known, "sensor_id")
        name = F.concat_ws(", ", "quantity", "unit")
        return _as_facts(current, F.col("department"), F.lit(READINGS), name, F.col("cell"), taken)

    return Source(
        "sensors.readings", path, read_version(spark, path), facts, figures, f"registry {version}"
    )


def _figures_of(rows: DataFrame, figures: Figures, writing: Writing) -> list[Column]:
    """The columns of the facts that ``figures`` are taken from."""
    taken = []
    for i, column in enumerate(figures.numbers):
        number = read_column(rows, column, writing)
        value = F.when(F.abs(number.value) <= MOST, number.value + F.lit(0.0))  # -0.0 is 0.0
        too_large = F.coalesce(F.abs(number.value) > MOST, F.lit(False))
        taken.append(value.alias(f"number_{i}"))
        taken.append((number.is_unreadable | too_large).alias(f"unreadable_{i}"))
    for name, column in figures.counted_apart.items():
        taken.append(F.col(f"`{column}`").alias(name))
    return taken


def _as_facts(
    rows: DataFrame,
    department: Column,
    kind: Column,
    name: Column,
    cell: Column,
    taken: Sequence[Column] = (),
) -> DataFrame:
    kept = [F.col(column) for column in ("_sign",) if column in rows.columns]
    return rows.select(
        department.alias("department"),
        kind.alias("kind"),
        name.alias("name"),
        to_level(cell, FINEST_LEVEL).alias("cell"),
        *taken,
        *kept,
    )
