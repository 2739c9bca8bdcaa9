"""The steps of a night: for each a function that lists its tasks. Another step is another entry."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.locate import locate_datasets
from gridcontainer.addresses.placements import placements_path
from gridcontainer.container.catalogue.catalogue import write_catalogue
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.batch import say_emptied
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.runs import Run, digest_of
from gridcontainer.container.sources import find_files
from gridcontainer.container.sources.snapshot import take_snapshot
from gridcontainer.errors import DeliveryError, SourceError, StorageError
from gridcontainer.identity import issue, relate
from gridcontainer.linkage import Link, link_all
from gridcontainer.nightly.night import Night
from gridcontainer.nightly.retention import retain
from gridcontainer.nightly.task import Done, Key, Task
from gridcontainer.panel import build_panel, read_versions as read_panel_versions
from gridcontainer.reconstruction import UNCHANGED, read_versions, reconstruct
from gridcontainer.sensors.declaration import Series
from gridcontainer.sensors.load import load_series
from gridcontainer.sensors.tables import readings_path, registry_path

INGEST: Final = "ingest"
IDENTITY: Final = "identity"
Tasks = Callable[[Night], list[Task]]


def ingest_tasks(night: Night) -> list[Task]:
    """One for each data set."""
    return [
        Task(
            INGEST, name, partial(_ingest, night, declaration),
            partial(_state_of_source, night, declaration),
        )
        for name, declaration in night.datasets.items()
    ]  # fmt: skip


def locate_tasks(night: Night) -> list[Task]:
    """One for each declared data set of the address book; it needs the areas too."""
    book = night.book
    if book is None:
        return []
    areas = (book.areas.districts.dataset, book.areas.towns.dataset)
    told = (source.dataset for source in book.gazetteer)
    read = {*areas, *told}
    return [
        Task(
            "locate", name, partial(_locate, night, name),
            partial(night.versions, {name, *read}, book.model_dump_json()),
            _ingested(night, name, *areas),
        )
        for name in (records.dataset for records in book.records)
        if name in night.datasets
    ]  # fmt: skip


def identity_tasks(night: Night) -> list[Task]:
    """One for all data sets that have a class: those that could not be renewed are as they were."""
    of_class = [name for name, one in night.datasets.items() if one.object_class is not None]
    if not of_class:
        return []
    said = (night.datasets[name].fingerprint() for name in of_class)
    return [
        Task(IDENTITY, "objects", partial(_issue, night), partial(night.versions, of_class, *said))
    ]


def link_tasks(night: Night) -> list[Task]:
    """One for each linkage."""
    return [
        Task(
            "link", link.link, partial(_link, night, link),
            partial(night.versions, link.datasets, link.model_dump_json()),
            (*_ingested(night, *link.datasets), (IDENTITY, "objects")),
        )
        for link in night.links
    ]  # fmt: skip


def relate_tasks(night: Night) -> list[Task]:
    """One for all relations."""
    said = [mapping.model_dump_json() for mapping in night.mappings]

    def inputs() -> str:
        tables = (night.identities.keys, night.identities.links)
        versions = (str(night.version_of(table)) for table in tables)
        return night.versions(night.datasets, *versions, *said)

    return [Task("relate", "relations", partial(_relate, night), inputs)]


def sensors_tasks(night: Night) -> list[Task]:
    """One for each series whose data set is declared; it needs the one that places it too."""

    def task(series: Series) -> Task:
        place = series.place.dataset if series.place else None
        read = [series.dataset, *([place] if place else [])]
        return Task(
            "sensors", series.series, partial(_load, night, series),
            partial(night.versions, read, series.fingerprint()), _ingested(night, *read),
        )  # fmt: skip

    return [task(series) for series in night.series if series.dataset in night.datasets]


def reconstruct_tasks(night: Night) -> list[Task]:
    """One for all sources: of those that have not changed nothing is done."""
    return [
        Task(
            "reconstruct", "cells", partial(_reconstruct, night),
            partial(
                _state_of_all, night, night.reconstruction.model_dump_json(),
                *(declaration.fingerprint() for declaration in night.datasets.values()),
            ),
        )
    ]  # fmt: skip


def panel_tasks(night: Night) -> list[Task]:
    """One for all indicators: of those whose sources have not changed nothing is done."""
    if not night.indicators:
        return []
    said = [indicator.digest() for indicator in night.indicators]
    said += [declaration.fingerprint() for declaration in night.datasets.values()]
    return [
        Task("panel", "indicators", partial(_panel, night), partial(_state_of_all, night, *said))
    ]


def catalogue_tasks(night: Night) -> list[Task]:
    """The one of the whole container."""
    said = [declaration.fingerprint() for declaration in night.datasets.values()]
    return [
        Task(
            "catalogue", "datasets", partial(_catalogue, night),
            partial(night.versions, night.datasets, *said),
        )
    ]  # fmt: skip


def retention_tasks(night: Night) -> list[Task]:
    """The one of the whole container; once a night, whatever else is repeated."""
    policy = night.declared.retention
    return [Task("retention", "tables", partial(_retain, night), policy.model_dump_json)]


STEPS: Final[Mapping[str, Tasks]] = {
    INGEST: ingest_tasks,
    "locate": locate_tasks,
    IDENTITY: identity_tasks,
    "link": link_tasks,
    "relate": relate_tasks,
    "sensors": sensors_tasks,
    "reconstruct": reconstruct_tasks,
    "panel": panel_tasks,
    "catalogue": catalogue_tasks,
    "retention": retention_tasks,
}


def _ingested(night: Night, *names: str) -> tuple[Key, ...]:
    return tuple((INGEST, name) for name in names if name in night.datasets)


def _state_of_source(night: Night, declaration: Declaration) -> str | None:
    """By size, time and, of small files, content: enough for one night, and quick."""
    if declaration.source.format == "jdbc":
        return None
    try:
        states = take_snapshot(find_files(night.sources, declaration))
    except SourceError:
        return None  # the work says it in full
    said = (f"{one.path.name} {one.size} {one.modified} {one.digest}" for one in states)
    return digest_of(*said, declaration.fingerprint(), night.city.model_dump_json())


def _state_of_all(night: Night, *said: str) -> str:
    """Changes when a data set, a placement, an identity or a reading does."""
    own = [
        night.identities.objects,
        night.identities.links,
        registry_path(night.storage),
        readings_path(night.storage),
        *(placements_path(night.storage, name) for name in night.datasets),
    ]
    return night.versions(night.datasets, *(f"{night.version_of(path)}" for path in own), *said)


def _of_run(run: Run, message: str) -> Done:
    return Done(
        message, run.run_id, run.rows_in, run.rows_out, run.rows_quarantined, dict(run.reasons)
    )


def _ingest(night: Night, declaration: Declaration) -> Done:
    ingested = ingest_dataset(
        night.session.spark, declaration, city=night.city, sources=night.sources,
        storage=night.storage,
    )  # fmt: skip
    run = ingested.run
    if emptied := say_emptied(run, declaration):
        raise DeliveryError(emptied)
    changed = f"{run.inserted:,} new, {run.updated:,} changed, {run.deleted:,} gone"
    if run.kept:
        changed += f", {run.kept:,} kept that the source no longer has"
    said = changed if ingested.changed else "unchanged"
    return _of_run(run, "; ".join([said, *ingested.notes]))


def _locate(night: Night, name: str) -> Done:
    assert night.book is not None
    spark = night.session.spark()
    city = City(spark, night.storage, night.city, night.datasets, night.book)
    (located,) = locate_datasets(city, [name])
    methods = ", ".join(f"{count:,} by {method}" for method, count in located.methods.items())
    return _of_run(located.run, methods if located.changed else "unchanged")


def _issue(night: Night) -> Done:
    issued = issue(night.session.spark(), night.identities, night.datasets.values())
    reasons: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    for one in issued:
        reasons.update(one.run.reasons)
        changes.update(one.reasons)
    runs = [one.run for one in issued]
    return Done(
        ", ".join(f"{count:,} {why}" for why, count in sorted(changes.items())) or "unchanged",
        next((one.run.run_id for one in issued if one.changed), None),
        sum(run.rows_in for run in runs),
        sum(run.rows_out for run in runs),
        sum(run.rows_quarantined for run in runs),
        dict(reasons),
    )


def _link(night: Night, link: Link) -> Done:
    spark, datasets = night.session.spark(), night.datasets.values()
    ((_, linked),) = link_all(spark, night.identities, [link], datasets)
    replaced = linked.replaced
    message = (
        f"{replaced.links:,} links: {replaced.opened:,} new, {replaced.closed:,} gone; "
        f"{linked.candidates:,} pairs compared"
    )
    if unreadable := sum(sum(counts.values()) for counts in linked.unreadable.values()):
        message += f"; {unreadable:,} values are no number"
    return Done(message, linked.run_id)


def _relate(night: Night) -> Done:
    related = relate(
        night.session.spark(), night.identities, night.datasets.values(), night.mappings
    )
    pairs = sum(one.pairs for one in related)
    return Done(f"{pairs:,} pairs of {len(related)} relations")


def _load(night: Night, series: Series) -> Done:
    loaded = load_series(night.session.spark(), series, city=night.city, storage=night.storage)
    received = loaded.accepted.received
    message = (
        f"{received.added:,} new, {received.corrections:,} corrected; {loaded.sensors:,} sensors, "
        f"{loaded.missing:,} missing"
    )
    return _of_run(loaded.accepted.run, message)


def _reconstruct(night: Night) -> Done:
    outcome = reconstruct(
        night.session.spark(), night.storage, night.reconstruction,
        declarations=night.datasets.values(),
    )  # fmt: skip
    _require_none(outcome.failures)
    ways = Counter(result.way for result in outcome.results)
    rows = sum(result.rows for result in outcome.results if result.way != UNCHANGED)
    message = ", ".join(f"{count} sources {way}" for way, count in sorted(ways.items()))
    if unreadable := sum(sum(result.unreadable.values()) for result in outcome.results):
        message += f"; {unreadable:,} values are no number"
    return Done(message, None, rows, rows)


def _require_none(failures: Mapping[str, str]) -> None:
    """What went well is kept; the task has failed, and says what did not."""
    if failures:
        raise StorageError("; ".join(f"{name}: {why}" for name, why in failures.items()))


def _panel(night: Night) -> Done:
    outcome = build_panel(
        night.session.spark(), night.storage, night.indicators, city=night.city,
        declarations=list(night.datasets.values()),
    )  # fmt: skip
    _require_none(outcome.failures)
    ways = Counter(built.how for built in outcome.results)
    said = ", ".join(f"{count} indicators {how}" for how, count in sorted(ways.items()))
    rejected = sum(built.rejected for built in outcome.results)
    return Done(f"{said}; {rejected:,} records rejected" if rejected else said)


def _catalogue(night: Night) -> Done:
    write_catalogue(night.storage, night.datasets.values())
    return Done(f"{len(night.storage.find_datasets())} data sets")


def _retain(night: Night) -> Done:
    kept = retain(
        night.session.spark, night.files, night.storage, night.declared.retention,
        consumed=_consumed(night),
    )  # fmt: skip
    return Done(
        f"{kept.files:,} files removed from {kept.tables} tables, {kept.bytes / 2**20:,.1f} MiB; "
        f"{kept.logs:,} old files of logs"
    )


def _consumed(night: Night) -> dict[str, int]:
    """By table the version up to which all who read its change feed have done so."""
    paths = {name: night.path(name) for name in night.datasets} | {
        "identity.objects": night.identities.objects,
        "identity.links": night.identities.links,
        "sensors.readings": readings_path(night.storage),
    }
    cells = read_versions(night.storage)
    read = [(paths[name], version) for name, version in cells.items() if name in paths]
    consumed: dict[str, int] = {}
    for path, version in [*read, *read_panel_versions(night.storage)]:
        consumed[path] = min(version, consumed.get(path, version))
    return consumed
