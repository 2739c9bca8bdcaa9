"""One linkage from the records of its data sets to the links of the container's identities."""

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.query.record_numbers import PLAIN, REMEDY, Writing, writings_of
from gridcontainer.container.tables.frames import read_current
from gridcontainer.errors import LinkError
from gridcontainer.identity import (
    IdentityStorage,
    Replaced,
    Settled,
    apply_links,
    issue,
    replace_links,
)
from gridcontainer.identity.records import open_dataset
from gridcontainer.identity.schemas import MATCH, MERGE
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.linkage.candidates import find_candidates
from gridcontainer.linkage.declaration import Link, LinkSource
from gridcontainer.linkage.fields import count_unreadable, number_fields
from gridcontainer.linkage.model import Settings, scored, train
from gridcontainer.linkage.models import find_model, keep_model
from gridcontainer.linkage.records import linkage_records
from gridcontainer.linkage.threshold import choose_threshold
from gridcontainer.spark.persisted import persisted

Report = Callable[[str], None]


@dataclass(frozen=True)
class Linked:
    """What a linkage found.

    Attributes:
        run_id: of the run; ``gridcontainer identity undo`` takes it.
        records: of each data set.
        candidates: pairs that were compared.
        settings: the model.
        is_trained: whether this run trained it.
        threshold: probability from which a pair is a link.
        replaced: what became of the links.
        settled: what became of keys and objects.
        seconds: of the whole run.
        unreadable: number of values that are no number, by dataset and column, in fields that are
            compared as numbers. They equal only what is written in the same way.
    """

    run_id: str
    records: dict[str, int]
    candidates: int
    settings: Settings
    is_trained: bool
    threshold: float
    replaced: Replaced
    settled: Settled
    seconds: float
    unreadable: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """A line for each column with values that are no number, and what to do."""
        return [
            f"{dataset}: {count:,} values of {column} are no number and compared as text; {REMEDY}"
            for dataset, counts in self.unreadable.items()
            for column, count in counts.items()
        ]


@dataclass(frozen=True)
class _Records:
    """The records of each dataset, cached, and their values that are no number."""

    rows: dict[str, DataFrame]
    unreadable: dict[str, dict[str, int]]


def link_datasets(
    spark: SparkSession,
    storage: IdentityStorage,
    link: Link,
    declarations: Collection[Declaration] = (),
    *,
    retrain: bool = False,
    report: Report = lambda step: None,
) -> Linked:
    """Find which records of the data sets are one object, and make them so.

    Of a linkage that does not merge, which go together: objects stay as they are.

    Records that have no identity yet need one first: see ``identity.issue``. The same records
    again give the same links and write nothing.

    Args:
        spark: the session.
        storage: of the identities.
        link: what is linked, and how.
        declarations: declarations of the datasets, which say how numbers are written; those of a
            dataset without one are plain decimal numbers.
        retrain: train the model anew though there is one.
        report: is told each step, for progress.

    Raises:
        DatasetError: the container has no such data set.
        IdentityError: a data set has no business key.
        LinkError: a data set cannot be linked so: no position, no such column.
        StorageError: Spark cannot read or write the tables.
    """
    started, run_id = time.monotonic(), uuid.uuid4().hex
    with storage_errors(f"{link.link} cannot be linked"):
        report("records")
        with _open_records(spark, storage, link, writings_of(declarations)) as opened:
            records = opened.rows
            counts = {name: rows.count() for name, rows in records.items()}
            report("candidates")
            with persisted(find_candidates(records, link)) as candidates:
                compared = candidates.count()
                report("model")
                settings = None if retrain else find_model(spark, storage.container, link)
                is_trained = settings is None
                if settings is None:
                    settings = train(records, link)
                    keep_model(spark, storage.container, link, settings, run_id)
                report("scores")
                with scored(records, candidates, settings) as pairs:
                    threshold = choose_threshold(pairs, link.expected_precision)
                    report("links")
                    replaced = _replace(spark, storage, link, pairs, threshold, run_id)
        report("identities")
        settled = apply_links(spark, storage, run_id)
    seconds = time.monotonic() - started
    return Linked(
        run_id, counts, compared, settings, is_trained, threshold, replaced, settled, seconds,
        opened.unreadable,
    )  # fmt: skip


def link_all(
    spark: SparkSession,
    storage: IdentityStorage,
    links: Sequence[Link],
    declarations: Collection[Declaration],
    *,
    retrain: bool = False,
    report: Report = lambda step: None,
) -> Iterator[tuple[Link, Linked]]:
    """Issue what the linkages need, and run one after the other.

    Args:
        spark: the session.
        storage: of the identities.
        links: in their order.
        declarations: of the data sets.
        retrain: train the models anew.
        report: is told each step, for progress.

    Yields:
        Each linkage when it is done.

    Raises:
        See ``issue`` and ``link_datasets``.
    """
    names = sorted({name for link in links for name in link.datasets})
    issue(spark, storage, declarations, names, report=report)
    for link in links:

        def tell(step: str, name: str = link.link) -> None:
            report(f"{name}: {step}")

        yield (
            link,
            link_datasets(spark, storage, link, declarations, retrain=retrain, report=tell),
        )


def _replace(
    spark: SparkSession,
    storage: IdentityStorage,
    link: Link,
    pairs: DataFrame,
    threshold: float,
    run_id: str,
) -> Replaced:
    status = F.lit(MERGE if link.merges else MATCH)
    accepted = pairs.where(F.col("probability") >= threshold).withColumn("status", status)
    many = [source.dataset for source in link.sources if source.many]
    return replace_links(spark, storage, link.link, accepted, run_id, many=many)


@contextmanager
def _open_records(
    spark: SparkSession, storage: IdentityStorage, link: Link, writings: Mapping[str, Writing]
) -> Iterator[_Records]:
    """The records of each data set in the shape in which they are compared, cached."""
    current, written, sources = {}, {}, []
    for source in link.sources:
        table = open_dataset(storage.container, source.dataset)
        sources.append(_over_stored(table, source))
        current[source.dataset] = read_current(spark, table.path, version=table.version)
        writing = writings.get(source.dataset, PLAIN)
        written[source.dataset] = writing.over_stored(table.column_names)
    link = link.model_copy(update={"sources": sources})
    numbers = number_fields(link, current, written)
    records, unreadable = {}, {}
    for source in link.sources:
        rows, writing = current[source.dataset], written[source.dataset]
        columns = [column for name, column in source.fields.items() if name in numbers]
        unreadable[source.dataset] = count_unreadable(rows, columns, writing)
        shaped = linkage_records(rows, source, link, numbers=numbers, writing=writing)
        records[source.dataset] = shaped.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        yield _Records(records, unreadable)
    finally:
        for rows in records.values():
            rows.unpersist()


def _over_stored(table: OpenTable, source: LinkSource) -> LinkSource:
    """The same source over the stored names of its columns."""
    if not table.has("lon"):
        raise LinkError(
            f"{table.dataset} has no positions: place its rows first (gridcontainer locate)"
        )
    named = [source.name, *([source.address] if source.address else []), *source.fields.values()]
    names = table.column_names
    stored = {column: names.find(column) for column in named}
    if unknown := [column for column, found in stored.items() if found is None]:
        raise LinkError(names.say_missing(table.dataset, unknown))
    return source.model_copy(
        update={
            "name": stored[source.name],
            "address": source.address and stored[source.address],
            "fields": {name: stored[column] for name, column in source.fields.items()},
        }
    )
