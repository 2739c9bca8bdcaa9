"""Indicators into the panel: what has not changed is left, what has is computed where it changed.

Each indicator is one commit, and carries in it from what it was computed: a run that is killed is
mended by the next.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.feed import read_feed
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import read_version
from gridcontainer.errors import DatasetError, GridContainerError
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.panel.aggregate import KEY
from gridcontainer.panel.axes import all_cells, cross, make_calendar, require_bearable
from gridcontainer.panel.cells import Land
from gridcontainer.panel.compute import compute_all, compute_finest, compute_touched, to_delete
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.describe import describe, described
from gridcontainer.panel.keep import Keep, keeping
from gridcontainer.panel.records import Reader
from gridcontainer.panel.schemas import CITY_LEVEL, MISSING, values_path
from gridcontainer.panel.state import State, read_states
from gridcontainer.panel.steps import step_number, step_start
from gridcontainer.panel.touched import find_touched
from gridcontainer.panel.write import merge_values, replace_values, shape_values

SUPPRESS_BELOW = 5  # of sources with confidential columns, where an indicator says nothing
LAND = "towns"  # the data set whose polygons are the city's land
How = Literal["full", "incremental", "unchanged"]
Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Built:
    """What became of an indicator.

    Attributes:
        indicator: its declaration.
        how: ``full``, ``incremental`` or ``unchanged``.
        rows: that the panel has of it; None where it was unchanged.
        by_status: of them.
        seconds: that it took.
    """

    indicator: Indicator
    how: How
    rows: int | None
    by_status: Mapping[str, int]
    seconds: float

    @property
    def missing_share(self) -> float | None:
        """Share of its rows of which nothing is known."""
        return self.by_status.get(MISSING, 0) / self.rows if self.rows else None


@dataclass(frozen=True)
class Outcome:
    """What a build of the panel did.

    Attributes:
        results: of the indicators that are as their sources say.
        failures: of the others, by name: what is wrong and what to do.
    """

    results: tuple[Built, ...]
    failures: dict[str, str]

    def lines(self) -> Iterator[str]:
        """A line of plain text for each indicator, for the log of a job."""
        for built in self.results:
            rows = "" if built.rows is None else f"{built.rows} rows, "
            share = built.missing_share
            missing = "" if share is None else f"{share:.1%} missing, "
            yield (
                f"{built.indicator.indicator}: {built.how}, {rows}{missing}{built.seconds:.1f} s"
            )
        for name, failure in self.failures.items():
            yield f"{name}: failed: {failure}"


def build_panel(
    spark: SparkSession,
    storage: Storage,
    indicators: Sequence[Indicator],
    *,
    city: CityProfile,
    declarations: Sequence[Declaration],
    land: str = LAND,
    full: bool = False,
    report: Report = lambda indicator, step: None,
) -> Outcome:
    """Bring indicators up to date with their sources; the result is in their order.

    Args:
        spark: the session.
        storage: the container.
        indicators: their declarations.
        city: its profile.
        declarations: of all its data sets; those with confidential columns hide small counts.
        land: the data set whose polygons are the city's land.
        full: compute all anew, changed or not.
        report: is told the indicator and how it is being built, ``"done"`` or ``"failed"`` last.

    Raises:
        DatasetError: the container does not have the data set of the land.
        StorageError: the panel cannot be read.
    """
    with storage_errors("the panel cannot be read"):
        ((_, _, land_path),) = storage.find_datasets([land])
        versions = _Versions(spark, {})
        panel = _Panel(
            spark, storage, city, versions, Land(spark, storage, land, versions[land_path]),
            land_path, _confidential(declarations), read_states(spark, storage),
            described(spark, storage), uuid.uuid4().hex,
        )  # fmt: skip
    results, failures = [], {}
    for indicator in indicators:
        name = indicator.indicator
        try:
            with storage_errors(f"{name}: Spark failed"):
                results.append(panel.bring(indicator, full=full, report=report))
            report(name, "done")
        except GridContainerError as error:
            failures[name] = str(error)
            report(name, "failed")
    return Outcome(tuple(results), failures)


class _Versions(dict[str, int]):
    """Versions of tables by path, each looked up once: all indicators of a run see the same."""

    def __init__(self, spark: SparkSession, known: Mapping[str, int]) -> None:
        super().__init__(known)
        self._spark = spark

    def __missing__(self, path: str) -> int:
        self[path] = read_version(self._spark, path)
        return self[path]


def _confidential(declarations: Sequence[Declaration]) -> frozenset[str]:
    return frozenset(d.dataset for d in declarations if "confidential" in d.sensitivity.values())


@dataclass(frozen=True)
class _Panel:
    """A run: what is known before the first indicator."""

    spark: SparkSession
    storage: Storage
    city: CityProfile
    versions: _Versions
    land: Land
    land_path: str
    confidential: frozenset[str]
    states: Mapping[str, State]
    descriptions: Mapping[str, str]
    run_id: str

    def bring(self, indicator: Indicator, *, full: bool, report: Report) -> Built:
        """Bring one indicator up to date."""
        started, name = time.perf_counter(), indicator.indicator
        with keeping() as keep:
            reader = Reader(
                self.spark, self.storage, self.city.time_zone, self.land, self.versions, keep
            )
            state = self._state(indicator, reader)
            former = None if full else self.states.get(name)
            changed = None if former is None else state.changed_since(former)
            how: How = "unchanged"
            if changed is None or former is None:
                how = "full"
            elif changed:
                how = "incremental"
            report(name, how)
            if how == "incremental" and former is not None:
                feeds = self._feeds(indicator, reader, former, changed or [])
                if feeds is None:
                    how = "full"
                else:
                    self._change(indicator, reader, state, feeds, keep)
            if how == "full":
                self._compute(indicator, reader, state, keep)
        if how == "unchanged" and self.descriptions.get(name) == str(state):
            return Built(indicator, how, None, {}, time.perf_counter() - started)
        row = describe(
            self.spark, self.storage, indicator, state, zone=reader.zone_of(indicator),
            below=self._below(indicator), run_id=self.run_id,
        )  # fmt: skip
        return Built(indicator, how, row["rows"], row["by_status"], time.perf_counter() - started)

    def _state(self, indicator: Indicator, reader: Reader) -> State:
        paths = {path for source in indicator.sources for path in reader.paths(source)}
        root = f"{self.storage.root}/"
        versions = {p.removeprefix(root): self.versions[p] for p in {*paths, self.land_path}}
        below = self._below(indicator)
        return State(versions, f"{indicator.digest()}-{reader.zone_of(indicator)}-{below or 0}")

    def _below(self, indicator: Indicator) -> int | None:
        named = {name for source in indicator.sources for name in source.named}
        hides = not named.isdisjoint(self.confidential)
        return indicator.suppress_below or (SUPPRESS_BELOW if hides else None)

    def _compute(
        self, indicator: Indicator, reader: Reader, state: State, keep: Keep
    ) -> None:
        records = keep(reader.records(indicator))
        zone, land = reader.zone_of(indicator), self.land.cells(indicator.finest)
        calendar = make_calendar(self.spark, indicator, zone, records)
        cells = keep(all_cells(land, records))
        require_bearable(indicator, cells.count(), len(calendar))
        keys = cross(cells, calendar.frame)
        finest = keep(compute_finest(indicator, records, keys))
        values = compute_all(indicator, finest, records, keys, self._below(indicator))
        rows = shape_values(values, indicator, state, self.run_id)
        replace_values(rows, self.storage, indicator.indicator)

    def _feeds(
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

    def _change(
        self, indicator: Indicator, reader: Reader, state: State, feed: DataFrame, keep: Keep
    ) -> None:
        name, zone, below = indicator.indicator, reader.zone_of(indicator), self._below(indicator)
        records = keep(reader.records(indicator))
        calendar = make_calendar(self.spark, indicator, zone, records)
        held = self._held(indicator, zone)
        seen = F.coalesce(F.col("observations") + F.col("rejected"), F.lit(1)) > 0
        steps = held.where(F.col("grid_level") == CITY_LEVEL)
        finest_held = held.where(F.col("grid_level") == indicator.finest)
        touched = find_touched(
            indicator, feed, records, land=self.land.cells(indicator.finest), held=finest_held,
            held_steps=keep(steps.select("number", seen.alias("was_told"))), calendar=calendar,
            is_suppressed=below is not None, keep=keep,
        )  # fmt: skip
        inputs = records.join(touched.inputs, list(KEY), "left_semi")
        computed = compute_finest(indicator, inputs, touched.inputs)
        finest = keep(computed.join(touched.keys, list(KEY), "left_semi"))
        values = compute_touched(indicator, finest, records, finest_held, touched, below)
        rows = shape_values(values, indicator, state, self.run_id)
        ends = (step_start(n, indicator.step, zone) for n in (calendar.first, calendar.last))
        first, last = ends
        span = None if first is None or last is None else (first, last)
        merge_values(rows, to_delete(indicator, touched), self.storage, name, span=span)

    def _held(self, indicator: Indicator, zone: str) -> DataFrame:
        values = DeltaTable.forPath(self.spark, values_path(self.storage)).toDF()
        own = values.where(F.col("indicator") == indicator.indicator)
        return own.withColumn("number", step_number(F.col("time"), indicator.step, zone))


def require_panel(spark: SparkSession, storage: Storage) -> None:
    """Refuse to read a panel that is not there.

    Raises:
        DatasetError: no indicator has been built.
    """
    if not DeltaTable.isDeltaTable(spark, values_path(storage)):
        raise DatasetError(f"{storage.root} has no panel; run: gridcontainer panel build")
