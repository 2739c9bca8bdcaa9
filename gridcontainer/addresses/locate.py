"""Data sets without positions: each row placed on the grid, or the reason why not."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, functions as F

from gridcontainer import __version__
from gridcontainer.addresses.areas import AreaIndex
from gridcontainer.addresses.book import AddressBook, Records
from gridcontainer.addresses.keyed import by_relation
from gridcontainer.addresses.knowledge import (
    City,
    Knowledge,
    build_knowledge,
    read_areas,
    read_located,
)
from gridcontainer.addresses.place import find_candidates, place_texts
from gridcontainer.addresses.placements import (
    count_placements,
    placements_path,
    write_placements,
)
from gridcontainer.addresses.texts import add_parts, add_text_id, declared_text, distinct_texts
from gridcontainer.container.declaration.rules import Relation
from gridcontainer.container.runs import Run, digest_of, last_run, record_run
from gridcontainer.container.tables.frames import first_line, read_version
from gridcontainer.errors import AddressError, StorageError
from gridcontainer.spark.columns import grid_cell, grid_cell_code

Report = Callable[[str, str], None]

_PLACE: Final = ("lon", "lat", "method", "weight", "uncertainty_metres", "evidence")


@dataclass(frozen=True)
class Located:
    """What a run placed.

    Attributes:
        run: the ledger's row: ``rows_out`` are placed, ``rows_quarantined`` are not, by reason.
        changed: False where the same rows had been placed with the same knowledge before.
        methods: rows by the method that placed them.
    """

    run: Run
    changed: bool
    methods: dict[str, int]


def locate_datasets(
    city: City, names: Sequence[str] = (), *, report: Report = lambda dataset, step: None
) -> list[Located]:
    """Place the rows of data sets that have an address or a key instead of a position.

    The same rows, knowledge and address book again change nothing. Rows are placed rows plus rows
    that have no place, and that is checked.

    Args:
        city: the container and its declarations.
        names: of data sets among the book's records; all of them that the container holds where
            empty.
        report: is told the data set and each step.

    Raises:
        AddressError: a name that the book does not have, or a data set without a business key.
        DatasetError: the container does not hold a data set, or the areas.
        StorageError: Spark cannot read or write the tables.
        ConservationError: rows were lost or doubled.
    """
    wanted = choose_records(city, names)
    results: list[Located] = []
    with _knowledge(city) as knowledge:
        for records in wanted:
            report(records.dataset, "looking for changes")
            try:
                results.append(_locate(city, records, knowledge, report))
            except (PySparkException, Py4JJavaError) as error:
                raise StorageError(f"{records.dataset}: {first_line(error)}") from error
            report(records.dataset, "done")
    return results


def choose_records(city: City, names: Sequence[str]) -> list[Records]:
    """The book's records of these data sets; all that the container holds where none is named.

    Raises:
        AddressError: the book has none of such a name.
    """
    known = {records.dataset: records for records in city.book.records}
    if unknown := [name for name in names if name not in known]:
        raise AddressError(
            f"not among the records of the address book: {', '.join(unknown)}; there are "
            f"{', '.join(known)}"
        )
    return [known[name] for name in names or known if names or city.has(name)]


@contextmanager
def _kept(frame: DataFrame) -> Iterator[DataFrame]:
    """A frame that is computed once while it is in use."""
    frame.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        yield frame
    finally:
        frame.unpersist()


@contextmanager
def _knowledge(city: City) -> Iterator[Callable[[], Knowledge]]:
    """Builds the knowledge when it is first asked for, and lets it go at the end."""
    built: list[Knowledge] = []

    @cache
    def build() -> Knowledge:
        areas = read_areas(city)
        built.append(build_knowledge(read_located(city, areas), areas))
        return built[0]

    try:
        yield build
    finally:
        for knowledge in built:
            knowledge.gazetteer.entries.unpersist()
            knowledge.gazetteer.anchors.unpersist()


def _locate(
    city: City, records: Records, knowledge: Callable[[], Knowledge], report: Report
) -> Located:
    started, clock, name = datetime.now(UTC), time.perf_counter(), records.dataset
    fingerprint = _fingerprint(city, records)
    if (there := _find_unchanged(city, name, fingerprint)) is not None:
        return there
    report(name, "reading what is located")
    run_id, known = uuid.uuid4().hex, knowledge()
    report(name, "placing")
    rows = read_records(city, records)
    with _kept(read_texts(rows, known)) as texts:
        placed = locate_rows(city, records, rows, texts, known)
        whole = placed.transform(to_placements, city=city, dataset=name, run_id=run_id)
        with _kept(whole) as placements:  # it is read twice: sampled for its order, and written
            write_placements(placements, city, name)
    methods, reasons = count_placements(city, name)
    run = Run(
        run_id=run_id,
        job="locate",
        dataset=ledger_name(name),
        department=city.declarations[name].department,
        started=started,
        seconds=time.perf_counter() - clock,
        fingerprint=fingerprint,
        table_version=read_version(city.spark, placements_path(city.storage, name)),
        rows_in=rows.count(),
        rows_out=sum(methods.values()),
        rows_quarantined=sum(reasons.values()),
        reasons=reasons,
    )
    run.require_conservation()
    record_run(city.storage, run)
    return Located(run, changed=True, methods=methods)


def read_records(city: City, records: Records) -> DataFrame:
    """Rows to be placed: ``text``, ``district`` and ``text_id`` beside the table's columns.

    Raises:
        AddressError: rows without a business key cannot be found again.
    """
    rows = city.rows(records.dataset)
    if "object_id" not in rows.columns:
        raise AddressError(f"{records.dataset} has no key: declare one, and ingest it again")
    names = city.names(records.dataset)
    said = {"text": records.text, "district": records.district}
    texts = {
        key: declared_text(
            rows, expression and names.rename(expression), place=f"{records.dataset}: {key}"
        )
        for key, expression in said.items()
    }
    return rows.withColumns(texts).transform(add_text_id)


def read_texts(rows: DataFrame, knowledge: Knowledge) -> DataFrame:
    """The different texts of rows, and what they say."""
    return rows.transform(distinct_texts).transform(add_parts, areas=knowledge.areas)


def locate_rows(
    city: City, records: Records, rows: DataFrame, texts: DataFrame, knowledge: Knowledge
) -> DataFrame:
    """Each row with its place, by key first, then by text, or with the reason why it has none.

    Args:
        city: the container.
        records: how the rows are declared.
        rows: see ``read_records``.
        texts: of the rows; see ``read_texts``.
        knowledge: of the city's addresses.
    """
    areas, book = knowledge.areas, city.book
    candidates = find_candidates(texts, gazetteer=knowledge.gazetteer, areas=areas, book=book)
    by_text = place_texts(texts, candidates).select("text_id", "areas", *_PLACE, "reason")
    told = rows.join(by_text, on="text_id", how="left")
    return told.transform(_with_keys, city=city, records=records, areas=areas)


def _with_keys(rows: DataFrame, *, city: City, records: Records, areas: AreaIndex) -> DataFrame:
    """Where a key leads to a position, that instead of the one by text."""
    trusted = city.book.calibrated("key")
    uncertainty = {s.dataset: s.uncertainty_metres for s in city.book.gazetteer}
    for declared in city.declarations[records.dataset].relations:
        if not city.has(declared.dataset) or "lon" not in city.rows(declared.dataset).columns:
            continue
        relation = _over_stored(city, records.dataset, declared)
        keyed = by_relation(
            rows, city.rows(relation.dataset), relation=relation, areas=areas,
            metres=uncertainty.get(relation.dataset, 100.0),
        ).select(
            "object_id",
            F.struct(
                "lon", "lat", F.lit("key").alias("method"), F.lit(trusted.weight).alias("weight"),
                (F.col("metres") * trusted.scale).alias("uncertainty_metres"), "evidence",
            ).alias("keyed"),
        )  # fmt: skip
        own = [name for name in rows.columns if name not in (*_PLACE, "reason")]
        joined = rows.join(keyed, on="object_id", how="left")
        place = [
            F.when(F.col("keyed").isNotNull(), F.col(f"keyed.{name}"))
            .otherwise(F.col(name))
            .alias(name)
            for name in _PLACE
        ]
        reason = F.when(F.col("keyed").isNull(), F.col("reason")).alias("reason")
        rows = joined.select(*(f"`{name}`" for name in own), *place, reason)
    return rows


def _over_stored(city: City, dataset: str, relation: Relation) -> Relation:
    """The same relation over the stored names of both datasets' columns."""
    ours, theirs = city.names(dataset), city.names(relation.dataset)
    columns = [ours.require_of_source(name, dataset) for name in relation.columns]
    to = [theirs.require_of_source(name, relation.dataset) for name in relation.to]
    return relation.model_copy(update={"columns": columns, "to": to})


def to_placements(rows: DataFrame, *, city: City, dataset: str, run_id: str) -> DataFrame:
    """Placed and unplaced rows as the table holds them; see ``PLACEMENTS_SCHEMA``."""
    level = city.profile.levels["points"]
    cell = grid_cell("lon", "lat", level)
    return rows.select(
        F.lit(city.declarations[dataset].department).alias("department"),
        F.lit(dataset).alias("dataset"),
        "object_id", "lon", "lat",
        cell.alias("cell"),
        F.when(F.col("lon").isNotNull(), F.lit(level).cast("byte")).alias("grid_level"),
        grid_cell_code(cell, level).alias("grid_code"),
        "method", "weight", "uncertainty_metres", "evidence", "reason",
        F.lit(run_id).alias("run_id"),
    )  # fmt: skip


def ledger_name(dataset: str) -> str:
    """Under which the runs of a data set's placements are kept, apart from its ingests."""
    return f"placements/{dataset}"


def _fingerprint(city: City, records: Records) -> str:
    """Of all that a placement follows from."""
    book: AddressBook = city.book
    declaration = city.declarations[records.dataset]
    used = {
        records.dataset,
        book.areas.districts.dataset,
        book.areas.towns.dataset,
        *(source.dataset for source in book.gazetteer),
        *(source.reported_in.dataset for source in book.gazetteer if source.reported_in),
        *(relation.dataset for relation in declaration.relations),
    }
    versions = [city.version(name) for name in sorted(used)]
    return digest_of(
        __version__, book.model_dump_json(), declaration.fingerprint(),
        city.profile.model_dump_json(), *versions,
    )  # fmt: skip


def _find_unchanged(city: City, name: str, fingerprint: str) -> Located | None:
    """The last run, if it followed from the same and the table is as it left it."""
    path = placements_path(city.storage, name)
    earlier = last_run(city.storage, ledger_name(name))
    if earlier is None or earlier.fingerprint != fingerprint:
        return None
    if not DeltaTable.isDeltaTable(city.spark, path):
        return None
    if read_version(city.spark, path) != earlier.table_version:
        return None
    return Located(earlier, changed=False, methods=count_placements(city, name)[0])
