"""Indicators into the panel: what has not changed is left, what has is computed where it changed.

Each indicator is one commit, and carries in it from what it was computed: a run that is killed is
mended by the next.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import SparkSession

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.query.record_numbers import REMEDY, writings_of
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.panel.cells import Land
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.describe import Counted, Description, describe, described
from gridcontainer.panel.run import How, PanelRun, Versions, confidential_datasets
from gridcontainer.panel.schemas import MISSING
from gridcontainer.panel.state import read_states

LAND: Final = "towns"  # the data set whose polygons are the city's land
Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Built:
    """What became of an indicator.

    Attributes:
        indicator: its declaration.
        how: ``full``, ``incremental`` or ``unchanged``.
        seconds: that it took.
        by_status: rows that the panel has of it; empty where it was unchanged.
        rejected: records that its values leave out, because they are no number or not valid; 0
            where it was unchanged.
    """

    indicator: Indicator
    how: How
    seconds: float
    by_status: Mapping[str, int]
    rejected: int = 0

    @property
    def rows(self) -> int:
        """That the panel has of it, where it was not unchanged."""
        return sum(self.by_status.values())

    @property
    def missing_share(self) -> float:
        """Share of its rows of which nothing is known."""
        return self.by_status.get(MISSING, 0) / max(1, self.rows)

    @property
    def warning(self) -> str | None:
        """What its values leave out, and what to do; None where they leave out nothing."""
        if not self.rejected:
            return None
        left_out = "are no number"
        if self.indicator.cleaning.valid is not None:
            left_out += " or outside cleaning.valid"
        return f"{self.rejected:,} records {left_out} and not in its values; {REMEDY}"


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
            name = built.indicator.indicator
            if built.how == "unchanged":
                yield f"{name}: unchanged"
            else:
                yield (
                    f"{name}: {built.how}, {built.rows} rows, {built.missing_share:.1%} missing, "
                    f"{built.seconds:.1f} s"
                )
            if built.warning is not None:
                yield f"{name}: warning: {built.warning}"
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
        report: is told the indicator and what becomes of it: ``"begun"``, then ``"failed"``,
            ``"full"``, ``"incremental"`` or ``"unchanged"``.

    Raises:
        DatasetError: the container does not have the data set of the land.
        StorageError: the panel cannot be read, or its indicators cannot be described.
    """
    with storage_errors("the panel cannot be read"):
        ((_, _, land_path),) = storage.find_datasets([land])
        versions = Versions(spark)
        run = PanelRun(
            spark, storage, city, versions, Land(spark, storage, land, versions[land_path]),
            land_path, confidential_datasets(declarations), writings_of(declarations),
            read_states(spark, storage), uuid.uuid4().hex,
        )  # fmt: skip
    done: list[tuple[Indicator, How, float]] = []
    failures: dict[str, str] = {}
    for indicator in indicators:
        name, started = indicator.indicator, time.perf_counter()
        report(name, "begun")
        try:
            with storage_errors(f"{name}: Spark failed"):
                how = run.bring(indicator, full=full)
            done.append((indicator, how, time.perf_counter() - started))
            report(name, how)
        except GridContainerError as error:
            failures[name] = str(error)
            report(name, "failed")
    with storage_errors("the indicators cannot be described"):
        counted = _describe(run, done)
    built = tuple(
        Built(indicator, how, seconds, told.by_status, told.rejected or 0)
        for indicator, how, seconds in done
        for told in [counted.get(indicator.indicator, Counted({}, 0))]
    )
    return Outcome(built, failures)


def _describe(run: PanelRun, done: Sequence[tuple[Indicator, How, float]]) -> dict[str, Counted]:
    """Describe what was built, and what an earlier run had built when it was killed."""
    known = described(run.spark, run.storage)
    states = {indicator.indicator: run.state(indicator) for indicator, _, _ in done}
    changed = [
        Description(i, states[i.indicator], run.zone(i), run.below(i), run.run_id)
        for i, how, _ in done
        if how != "unchanged" or known.get(i.indicator) != str(states[i.indicator])
    ]
    return describe(run.spark, run.storage, changed)
