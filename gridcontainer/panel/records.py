"""Rows of any source to records: where, when and how much.

A record has ``cell`` (of the indicator's finest level; -1 without a place), ``number`` (of its
step), ``value`` (null where nothing was measured, or it is rejected), ``category`` and ``rejected``
(what was measured is no number, or outside the valid range). No row is lost: one without a place
counts for the city, and in the row that is nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.addresses.placements import placements_path
from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration.expression import Expression, Kind
from gridcontainer.container.query.open_table import column_names_of
from gridcontainer.container.query.record_numbers import (
    PLAIN,
    UNREADABLE,
    VALUE,
    Writing,
    add_number,
)
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import read_current
from gridcontainer.errors import DatasetError, DeclarationError
from gridcontainer.panel.axes import Extent
from gridcontainer.panel.cells import Land
from gridcontainer.panel.columns import over_stored
from gridcontainer.panel.declaration import OF_NUMBERS, At, Indicator, Source
from gridcontainer.panel.spread import POLYGON, shares_of
from gridcontainer.panel.steps import about_steps, only_step, step_number
from gridcontainer.sensors.tables import readings_path, registry_path
from gridcontainer.spark.city_cells import about_cells, to_level

_PLACED = ("_placed_cell", "_placed_geometry")


@dataclass(frozen=True)
class Reader:
    """Reads sources of a container as records, all of them at one version of each table.

    Attributes:
        spark: the session.
        storage: the container.
        zone: of indicators that say none.
        land: of the city.
        versions: by path of table.
        writings: how each dataset writes its numbers, by name.
    """

    spark: SparkSession
    storage: Storage
    zone: str
    land: Land
    versions: Mapping[str, int]
    writings: Mapping[str, Writing]

    def zone_of(self, indicator: Indicator) -> str:
        """In which an indicator's steps are."""
        return indicator.time_zone or self.zone

    def path(self, dataset: str) -> str:
        """Of a data set's table.

        Raises:
            DatasetError: the container does not have it.
        """
        ((_, _, path),) = self.storage.find_datasets([dataset])
        return path

    def names(self, dataset: str) -> ColumnNames:
        """Both names of each column of a dataset.

        Raises:
            DatasetError: the container does not have it.
        """
        return column_names_of(self.storage, dataset)

    def main_path(self, source: Source) -> str:
        """Of the table whose rows the records are."""
        if source.readings is not None:
            return readings_path(self.storage)
        return self.path(source.dataset or "")

    def paths(self, source: Source) -> list[str]:
        """Of all tables on which records depend, the main one first.

        Raises:
            DatasetError: one of them is not there; says what to run.
        """
        paths = [self.main_path(source)]
        if source.readings is not None:
            paths.append(registry_path(self.storage))
        if source.place == "located":
            paths.append(placements_path(self.storage, source.dataset or ""))
        paths += [self.path(name) for name in source.others]
        for path in paths:
            if not DeltaTable.isDeltaTable(self.spark, path):
                what = "locate" if "/placements/" in path else "sensors load"
                raise DatasetError(f"{path} is not there; run: gridcontainer {what}")
        return paths

    def read(self, path: str) -> DataFrame:
        """The rows that a table has now, at the version that all read."""
        return read_current(self.spark, path, version=self.versions[path])

    def records(self, indicator: Indicator, near: Extent | None = None) -> DataFrame:
        """All records of an indicator; or all in an extent, and not many others."""
        parts = [
            self.records_of(indicator, source, self.read(self.main_path(source)), near)
            for source in indicator.sources
        ]
        return reduce(DataFrame.unionByName, parts)

    def records_of(
        self, indicator: Indicator, source: Source, rows: DataFrame, near: Extent | None = None
    ) -> DataFrame:
        """The records of some rows of a source's main table."""
        indicator, source = over_stored(indicator, source, self.names)
        rows = self._with_place(source, rows)
        for condition in (source.where, indicator.where):
            if condition is not None:
                place = f"{indicator.indicator}: where"
                sql = condition.to_spark(rows.dtypes, place=place, as_kind=Kind.BOOLEAN)
                rows = rows.where(sql)
        zone, level = self.zone_of(indicator), indicator.finest
        stepped = indicator.step != "static"
        time = _time(source, rows, zone, indicator.indicator) if stepped else F.lit(None)
        if near is not None and stepped:
            rows = rows.where(about_steps(time, near.numbers, indicator.step, zone))
        if near is not None and source.spread is None:
            rows = rows.where(about_cells(F.col(_PLACED[0]), near.cells, level))
        records = self._with_value(indicator, source, rows).withColumns(
            {
                "_number": step_number(time, indicator.step, zone),
                "_category": _category(indicator, rows),
            }
        )
        records = records.where("_number IS NOT NULL")
        if source.spread is not None:
            records = self._spread(source, records, level)
        else:
            records = records.withColumns(
                {"_cell": to_level(F.col(_PLACED[0]), level), "_share": F.lit(1.0)}
            )
        return records.select(
            F.col("_cell").alias("cell"),
            (F.col("_number") if stepped else only_step(F.col("_cell"))).alias("number"),
            (F.col(VALUE) * F.col("_share")).alias("value"),
            F.col("_category").alias("category"), VALUE, UNREADABLE,
        ).transform(_reject, indicator)  # fmt: skip

    def _with_value(self, indicator: Indicator, source: Source, rows: DataFrame) -> DataFrame:
        said = indicator.value or source.value or (Expression("value") if source.readings else None)
        if said is None or indicator.aggregate not in OF_NUMBERS:  # each record counts as one
            return rows.withColumns({VALUE: F.lit(1.0), UNREADABLE: F.lit(False)})
        writing = self._writing(source.dataset)
        valued = add_number(rows, said, writing, place=f"{indicator.indicator}: value")
        return valued.withColumn(VALUE, F.col(VALUE) * F.lit(indicator.factor))

    def _writing(self, dataset: str | None) -> Writing:
        found = self.writings.get(dataset or "")
        return PLAIN if found is None else found.over_stored(self.names(dataset or ""))

    def _with_place(self, source: Source, rows: DataFrame) -> DataFrame:
        if source.readings is not None:
            rows = self._readings(source.readings, rows)
        if source.place == "located":
            places = self.read(self.paths(source)[1]).select(
                "object_id", F.col("cell").alias(_PLACED[0])
            )
            return rows.join(places, "object_id", "left")
        if source.at is not None:
            return rows.transform(_at, at=source.at, places=self.read(self.path(source.at.dataset)))
        own = zip(_PLACED, (("cell", "long"), ("geometry", "binary")), strict=True)
        return rows.withColumns(
            {
                placed: F.col(name) if name in rows.columns else F.lit(None).cast(kind)
                for placed, (name, kind) in own
            }
        )

    def _readings(self, series: str, rows: DataFrame) -> DataFrame:
        sensors = self.read(registry_path(self.storage)).where(F.col("series") == series)
        known = sensors.select("sensor_id", "station", "quantity", "unit", "cell")
        current = rows.where("is_current").withColumn("event_time", F.col("measured_at"))
        return current.join(F.broadcast(known), "sensor_id")

    def _spread(self, source: Source, records: DataFrame, level: int) -> DataFrame:
        named = records.withColumn(POLYGON, F.sha2(F.col(_PLACED[1]), 256))
        polygons = (
            named.where(F.col(POLYGON).isNotNull())
            .select(POLYGON, F.col(_PLACED[1]).alias("geometry"))
            .dropDuplicates([POLYGON])
        )
        weights = None
        if source.spread is not None and source.spread.weight is not None:
            writing = self._writing(source.spread.weight)
            points = self.read(self.path(source.spread.weight))
            place = f"{source.spread.weight}: spread.value"
            said = source.spread.value or Expression("1")
            weighed = add_number(points, said, writing, place=place)
            weights = weighed.select("lon", "lat", F.col(VALUE).alias("weight"))
        land = self.land.cells(level)
        shares = shares_of(polygons, level, land=land, weights=weights)
        placed = named.join(
            shares.select(POLYGON, F.col("cell").alias("_cell"), F.col("share").alias("_share")),
            POLYGON, "left",
        )  # fmt: skip
        return placed.withColumns(
            {"_cell": to_level(F.col("_cell"), level), "_share": F.coalesce("_share", F.lit(1.0))}
        )


def _at(rows: DataFrame, *, at: At, places: DataFrame) -> DataFrame:
    """Rows with the place of the first row of another data set that has their key."""
    columns = list(at.by.values())
    keys = [f"_key_{number}" for number in range(len(columns))]
    has_shape = "geometry" in places.columns
    shape = F.col("geometry") if has_shape else F.lit(None).cast("binary")
    place = F.struct(F.col("cell").alias(_PLACED[0]), shape.alias(_PLACED[1]))
    first = (
        places.groupBy(*(F.col(f"`{c}`").alias(k) for c, k in zip(columns, keys, strict=True)))
        .agg(F.min_by(place, "object_id").alias("_place"))
        .select(*keys, *(F.col(f"_place.{name}").alias(name) for name in _PLACED))
    )
    keyed = rows.withColumns(
        {
            key: F.expr(expression.to_spark(rows.dtypes, place=f"{at.dataset}: at.by"))
            for key, expression in zip(keys, at.by, strict=True)
        }
    )
    return keyed.join(F.broadcast(first), keys, "left").drop(*keys)


def _time(source: Source, rows: DataFrame, zone: str, name: str) -> Column:
    if source.time is not None:
        time = source.time.to_spark(rows.dtypes, place=f"{name}: time", as_kind=Kind.TIMESTAMP)
        return F.to_utc_timestamp(F.expr(time), zone)
    if "event_time" not in rows.columns:
        raise DeclarationError(
            f"{name}: {source.dataset} has no times; declare its time, or time of the source, or "
            "step: static"
        )
    return F.col("event_time")


def _category(indicator: Indicator, rows: DataFrame) -> Column:
    if indicator.category is None:
        return F.lit(None).cast("string")
    place = f"{indicator.indicator}: category"
    return F.expr(indicator.category.to_spark(rows.dtypes, place=place, as_kind=Kind.TEXT))


def _reject(records: DataFrame, indicator: Indicator) -> DataFrame:
    """The whole value, not its share in a cell, is what the valid range is about."""
    valid = indicator.cleaning.valid
    outside = F.lit(False) if valid is None else ~F.col(VALUE).between(*valid)
    rejected = F.col(UNREADABLE) | F.coalesce(outside, F.lit(False))
    return records.select(
        "cell", "number", F.when(~rejected, F.col("value")).alias("value"), "category",
        rejected.alias("rejected"),
    )  # fmt: skip
