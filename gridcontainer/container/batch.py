"""Several data sets one after the other: one that fails does not stop the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest import Ingested, ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError

Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Outcome:
    """What a batch of ingests did.

    Attributes:
        results: of the data sets that went in or were there already.
        failures: of the others, by name: what is wrong and what to do.
    """

    results: tuple[Ingested, ...]
    failures: dict[str, str]

    def lines(self) -> Iterator[str]:
        """A line of plain text for each data set, for the log of a job."""
        for result in self.results:
            run = result.run
            done = f"{run.seconds:.1f} s" if result.changed else "unchanged"
            yield (
                f"{run.department}/{run.dataset}: {run.rows_in} rows in, {run.rows_out} out, "
                f"{run.rows_quarantined} set aside {run.reasons or ''}, {done}"
            )
        for name, failure in self.failures.items():
            yield f"{name}: failed: {failure}"


def ingest_datasets(
    spark: SparkSession,
    declarations: Sequence[Declaration],
    *,
    city: CityProfile,
    sources: Path,
    storage: Storage,
    report: Report = lambda dataset, step: None,
) -> Outcome:
    """Bring data sets into the container, in order.

    Args:
        spark: the session.
        declarations: of the data sets.
        city: their profile.
        sources: folder below which their files lie.
        storage: the container.
        report: is told the data set and each of its steps, ``"done"`` or ``"failed"`` the last.
    """
    results, failures = [], {}
    for declaration in declarations:
        name = declaration.dataset
        try:
            result = ingest_dataset(
                spark,
                declaration,
                city=city,
                sources=sources,
                storage=storage,
                report=lambda step, name=name: report(name, step),  # type: ignore[misc]
            )
            results.append(result)
            report(name, "done")
        except GridContainerError as error:
            failures[name] = str(error)
            report(name, "failed")
    return Outcome(tuple(results), failures)
