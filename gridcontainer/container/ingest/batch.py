"""Several data sets, a few at a time: one that fails does not stop the others."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import (
    SMALL_BYTES,
    Ingested,
    SessionMaker,
    ingest_dataset,
)
from gridcontainer.container.runs import Run, newest_runs
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

    @property
    def notes(self) -> list[str]:
        """Sentences that a person should read, of all datasets."""
        return [note for result in self.results for note in result.notes]

    @property
    def has_changes(self) -> bool:
        """Whether a dataset went in that was not there already."""
        return any(result.changed for result in self.results)

    def emptied(self, declarations: Sequence[Declaration]) -> list[str]:
        """A sentence for each dataset of which no record was sound, and that may not be so."""
        by_name = {one.dataset: one for one in declarations}
        found = (say_emptied(one.run, by_name[one.run.dataset]) for one in self.results)
        return [said for said in found if said]

    def is_well(self, declarations: Sequence[Declaration]) -> bool:
        """Whether every dataset went in, with one sound record at least."""
        return not self.failures and not self.emptied(declarations)

    def lines(self) -> Iterator[str]:
        """A line of plain text for each data set, for the log of a job."""
        for result in self.results:
            run = result.run
            done = f"{run.seconds:.1f} s" if result.changed else "unchanged"
            yield (
                f"{run.department}/{run.dataset}: {run.rows_in} rows in, {run.rows_out} out, "
                f"{run.rows_quarantined} quarantined {run.reasons or ''}, "
                f"{run.deleted} deleted, {run.kept} kept that the source no longer has, {done}"
            )
            yield from result.notes
        for name, failure in self.failures.items():
            yield f"{name}: failed: {failure}"


def say_emptied(run: Run, declaration: Declaration) -> str:
    """A sentence where no record of a run was sound, and that may not be so; else nothing."""
    if not run.rows_in or run.rows_out or declaration.may_be_empty:
        return ""
    return (
        f"{run.dataset}: all {run.rows_in:,} records were quarantined; look at them with "
        f"gridcontainer quarantine show {run.dataset}, or declare may_be_empty: true"
    )


def ingest_datasets(
    session: SessionMaker,
    declarations: Sequence[Declaration],
    *,
    city: CityProfile,
    sources: Path,
    storage: Storage,
    report: Report = lambda dataset, step: None,
    at_once: int = 2,
    small_bytes: int = SMALL_BYTES,
    accepts_removal: bool = False,
) -> Outcome:
    """Bring data sets into the container; the result is in their order.

    Args:
        session: makes the Spark session; asked only for what is large, and for databases.
        declarations: declarations of the datasets.
        city: their profile.
        sources: folder below which their files lie.
        storage: the container.
        report: is told the data set and each of its steps, ``"done"`` or ``"failed"`` the last;
            from several threads.
        at_once: datasets under way at a time.
        small_bytes: size up to which a source is read, and a table changed, in this process.
        accepts_removal: a person agreed to whatever the deliveries take away.

    Raises:
        StorageError: the container cannot be made.
    """
    prepare_container(storage)
    earlier = newest_runs(storage)

    def ingest(declaration: Declaration) -> Ingested | GridContainerError:
        name = declaration.dataset
        try:
            result = ingest_dataset(
                session,
                declaration,
                city=city,
                sources=sources,
                storage=storage,
                report=lambda step: report(name, step),
                small_bytes=small_bytes,
                accepts_removal=accepts_removal,
                earlier=earlier.get(name),
            )
        except GridContainerError as error:
            report(name, "failed")
            return error
        report(name, "done")
        return result

    with ThreadPoolExecutor(at_once, "ingest") as pool:
        ended = list(pool.map(ingest, declarations))
    pairs = zip(declarations, ended, strict=True)
    return Outcome(
        results=tuple(result for result in ended if isinstance(result, Ingested)),
        failures={
            declaration.dataset: str(error)
            for declaration, error in pairs
            if isinstance(error, GridContainerError)
        },
    )
