"""One run over the panel: how each indicator is brought up to date."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.query.record_numbers import Writing
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.feed import read_feed
from gridcontainer.container.tables.frames import read_version
from gridcontainer.panel.axes import (
    Calendar,
    Extent,
    all_cells,
    cross,
    make_calendar,
    require_bearable,
)
from gridcontainer.panel.cells import Land
from gridcontainer.panel.columns import say_stored
from gridcontainer.panel.compute import compute_all, compute_finest, compute_touched, to_delete
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.records import Reader
from gridcontainer.panel.schemas import values_path
from gridcontainer.panel.state import State
from gridcontainer.panel.steps import only_step, step_number, step_start
from gridcontainer.panel.touched import find_touched
from gridcontainer.panel.write import merge_values, replace_values, shape_values
from gridcontainer.spark.city_cells import CITY_LEVEL
from gridcontainer.spark.persisted import checkpoint

SUPPRESS_BELOW: Final = 5  # of sources with confidential columns, where an indicator says nothing
_MOST_SENT: Final = 2_000_000  # keys
How = Literal["full", "incremental", "unchanged"]


class Versions(dict[str, int]):
    """Versions of tables by path, each looked up once: all indicators of a run see the same."""

    def __init__(self, spark: SparkSession) -> None:
        """None is known yet."""
        super().__init__()
        self._spark = spark

    def __missing__(self, path: str) -> int:
        """Look it up."""
        self[path] = read_version(self._spark, path)
        return self[path]


def confidential_datasets(declarations: Sequence[Declaration]) -> frozenset[str]:
    """Names of the data sets that have confidential columns."""
    return frozenset(d.dataset for d in declarations if "confidential" in d.sensitivity.values())


@dataclass(frozen=True)
class PanelRun:
    """What a run knows before the first indicator.

    Attributes:
        spark: the session.
        storage: the container.
        city: its profile.
        versions: of all tables.
        land: of the city.
        land_path: of its table.
        confidential: data sets with such columns.
        writings: how each dataset writes its numbers, by name.
        states: of the indicators that the panel has.
        run_id: unique.
    """

    spark: SparkSession
    storage: Storage
    city: CityProfile
    versions: Versions
    land: Land
    land_path: str
    confidential: frozenset[str]
    writings: Mapping[str, Writing]
    states: Mapping[str, State]
    run_id: str

    def bring(self, indicator: Indicator, *, full: bool) -> How:
        """Bring one indicator up to date, and tell how."""
        former = None if full else self.states.get(indicator.indicator)
        reader, state = self._reader(), self.state(indicator)
        changed = None if former is None else state.changed_since(former)
        if changed == []:
            return "unchanged"
        if former is not None and changed is not None:
            feed = self._feed(indicator, reader, former, changed)
            if feed is not None:
                self._change(indicator, reader, state, feed)
                return "incremental"
        self._compute(indicator, reader, state)
        return "full"

    def zone(self, indicator: Indicator) -> str:
        """In which an indicator's steps are."""
        return indicator.time_zone or self.city.time_zone

    def below(self, indicator: Indicator) -> int | None:
        """Counts of an indicator that are hidden; None for none."""
        named = {name for source in indicator.sources for name in source.named}
        hides = not named.isdisjoint(self.confidential)
        return indicator.suppress_below or (SUPPRESS_BELOW if hides else None)

    def state(self, indicator: Indicator) -> State:
        """From what an indicator is to be computed."""
        reader = self._reader()
        paths = {path for source in indicator.sources for path in reader.paths(source)}
        root = f"{self.storage.root}/"
        versions = {p.removeprefix(root): self.versions[p] for p in {*paths, self.land_path}}
        named = sorted({name for source in indicator.sources for name in source.named})
        written = "".join(self.writings[name].digest() for name in named if name in self.writings)
        written += say_stored(indicator, reader.names)
        parts = (indicator.digest(), self.zone(indicator), self.below(indicator) or 0)
        digest = hashlib.sha256(written.encode()).hexdigest()[:8]
        return State(versions, "-".join(map(str, (*parts, digest))))

    def _reader(self) -> Reader:
        return Reader(
            self.spark, self.storage, self.city.time_zone, self.land, self.versions, self.writings
        )  # fmt: skip

    def _compute(self, indicator: Indicator, reader: Reader, state: State) -> None:
        records = checkpoint(reader.records(indicator))
        zone, land = self.zone(indicator), self.land.cells(indicator.finest)
        calendar = make_calendar(self.spark, indicator, zone, records)
        cells = checkpoint(all_cells(land, records))
        count = cells.count()
        require_bearable(indicator, count, calendar.steps)
        keys = cross(cells, calendar.frame)
        finest = checkpoint(compute_finest(indicator, records, keys))
        values = compute_all(indicator, finest, records, keys, self.below(indicator))
        rows = shape_values(values, indicator, state, self.run_id)
        replace_values(rows, self.storage, indicator.indicator, expected=count * calendar.steps)

    def _feed(
        self, indicator: Indicator, reader: Reader, former: State, changed: Sequence[str]
    ) -> DataFrame | None:
        """Records that came or went; None where that cannot be told."""
        main = {reader.main_path(source) for source in indicator.sources}
        others = {path for source in indicator.sources for path in reader.paths(source)[1:]}
        paths = {f"{self.storage.root}/{table}" for table in changed}
        if not paths <= main - others - {self.land_path}:
            return None
        records: DataFrame | None = None
        for source in indicator.sources:
            path = reader.main_path(source)
            if path not in paths:
                continue
            since = former.versions[path.removeprefix(f"{self.storage.root}/")]
            feed = read_feed(self.spark, path, since, self.versions[path])
            if feed is None:
                return None
            part = reader.records_of(indicator, source, feed)
            records = part if records is None else records.unionByName(part)
        return records

    def _change(self, indicator: Indicator, reader: Reader, state: State, feed: DataFrame) -> None:
        name, zone, below = indicator.indicator, self.zone(indicator), self.below(indicator)
        records = reader.records(indicator)
        if indicator.is_costly:
            records = checkpoint(records)
        present = checkpoint(records.select("cell", "number").distinct())
        calendar = make_calendar(self.spark, indicator, zone, present)
        held = self._held(indicator, zone)
        seen = F.coalesce(F.col("observations") + F.col("rejected"), F.lit(1)) > 0
        steps = held.where(F.col("grid_level") == CITY_LEVEL)
        held_steps = checkpoint(steps.select("number", seen.alias("was_told")))
        finest_held = held.where(F.col("grid_level") == indicator.finest)
        touched = find_touched(
            indicator, feed, present, land=self.land.cells(indicator.finest), held=finest_held,
            held_steps=held_steps, calendar=calendar,
            is_suppressed=below is not None,
        )  # fmt: skip
        inputs = _records_of(touched.inputs, indicator, reader, records)
        computed = compute_finest(indicator, inputs, touched.inputs)
        finest = checkpoint(computed.join(touched.keys, ["cell", "number"], "left_semi"))
        values = compute_touched(indicator, finest, records, finest_held, touched, below)
        rows = shape_values(values, indicator, state, self.run_id)
        span = _span(indicator, zone, calendar, held_steps)
        merge_values(rows, to_delete(indicator, touched), self.storage, name, span=span)

    def _held(self, indicator: Indicator, zone: str) -> DataFrame:
        values = DeltaTable.forPath(self.spark, values_path(self.storage)).toDF()
        own = values.where(F.col("indicator") == indicator.indicator)
        if indicator.step == "static":
            return own.withColumn("number", only_step(F.col("cell")))
        return own.withColumn("number", step_number(F.col("time"), indicator.step, zone))


def _records_of(
    keys: DataFrame, indicator: Indicator, reader: Reader, records: DataFrame
) -> DataFrame:
    """The records of some keys: not all are read to find them, if they can be read twice."""
    extent = Extent.of(keys)
    if extent is None:
        return records.limit(0)
    near = records if indicator.is_costly else reader.records(indicator, extent)
    # Of the size of a frame that is kept Spark knows nothing.
    sent = F.broadcast(keys) if extent.keys <= _MOST_SENT else keys
    return near.join(sent, ["cell", "number"], "left_semi")


def _span(
    indicator: Indicator, zone: str, calendar: Calendar, held_steps: DataFrame
) -> tuple[datetime, datetime] | None:
    """The first and last step of a calendar; None where the panel has no others."""
    others = held_steps.where(~F.col("number").between(calendar.first, calendar.last))
    first, last = (
        step_start(number, indicator.step, zone) for number in (calendar.first, calendar.last)
    )
    return None if first is None or last is None or others.isEmpty() else (first, last)
