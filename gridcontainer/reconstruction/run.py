"""All sources of a container into its table of cells: what has not changed is left."""

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from pyspark.sql import Row, SparkSession, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query.record_numbers import writings_of
from gridcontainer.container.runs import Run, last_runs, record_run
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import create_table, read_current
from gridcontainer.errors import ConservationError, DatasetError, GridContainerError
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.reconstruction.declaration import Reconstruction
from gridcontainer.reconstruction.outcome import (
    CHANGES,
    UNCHANGED,
    WHOLE,
    Outcome,
    Reconstructed,
)
from gridcontainer.reconstruction.schemas import (
    CELLS_PARTITION,
    CELLS_PROPERTIES,
    CELLS_SCHEMA,
    DISTINCT,
    NUMBER,
    SOURCE,
    UNREADABLE,
    cells_path,
)
from gridcontainer.reconstruction.sources import Source, find_sources
from gridcontainer.reconstruction.update import write_changes
from gridcontainer.reconstruction.whole import write_whole
from gridcontainer.spark.city_cells import CITY_LEVEL

_JOB: Final = "reconstruct"
Report = Callable[[str, str], None]


def reconstruct(
    spark: SparkSession,
    storage: Storage,
    declared: Reconstruction,
    *,
    declarations: Collection[Declaration] = (),
    only: Collection[str] = (),
    whole: bool = False,
    report: Report = lambda source, step: None,
    at_once: int = 2,
) -> Outcome:
    """Bring the table of cells up to the sources' newest versions.

    Of a source that has changed only the touched cells and their ancestors are written, if its
    change feed tells which; the same sources again write nothing. A source that fails does not stop
    the others. Each source is one commit, which also says what it was made of: killed at any
    moment, the next run goes on where this one stopped.

    Args:
        spark: the session.
        storage: the container.
        declared: the measures.
        declarations: declarations of the datasets, which say how numbers are written; those of a
            dataset without one are plain decimal numbers.
        only: names of sources; all where empty.
        whole: make all anew.
        report: is told the source and the step, ``"done"`` or ``"failed"`` the last; from several
            threads.
        at_once: sources under way at a time.

    Raises:
        DatasetError: the container is empty, or has no source of such a name.
        StorageError: the table of cells cannot be made or read.
    """
    path = cells_path(storage)
    with storage_errors(f"the cells of {storage.root} cannot be made or read"):
        create_table(spark, path, CELLS_SCHEMA, CELLS_PARTITION, CELLS_PROPERTIES)
        sources = list(find_sources(spark, storage, declared, writings_of(declarations)))
        states = _states(spark, path)
        told = last_runs(storage, _JOB)
    names = {source.name for source in sources}
    if unknown := sorted(set(only) - names):
        raise DatasetError(f"no source {', '.join(unknown)} in {storage.root}")
    chosen = [source for source in sources if not only or source.name in only]

    def bring(source: Source) -> Reconstructed | str:
        state = None if whole else states.get(source.name)
        is_told = _is_told(told, source)
        try:
            with storage_errors(f"{source.name}: Spark failed"):
                result = _bring(
                    spark,
                    source,
                    state,
                    path,
                    lambda step: report(source.name, step),
                    is_told=is_told,
                )
        except GridContainerError as error:
            report(source.name, "failed")
            return str(error)
        report(source.name, "done")
        return result

    with ThreadPoolExecutor(at_once, "reconstruct") as pool:
        ended = dict(zip((s.name for s in chosen), pool.map(bring, chosen), strict=True))
    gone = () if only else _remove_gone(spark, path, states.keys() - names)
    unreadable = _unreadable(spark, path)
    results = tuple(
        replace(result, unreadable=unreadable.get(name, {}))
        for name, result in ended.items()
        if isinstance(result, Reconstructed)
    )
    _record(spark, storage, chosen, results, told)
    failures = {name: said for name, said in ended.items() if isinstance(said, str)}
    return Outcome(results, failures, gone)


def _bring(
    spark: SparkSession,
    source: Source,
    state: Row | None,
    path: str,
    report: Callable[[str], None],
    *,
    is_told: bool,
) -> Reconstructed:
    """``is_told``: the ledger has the run that made the cells of this version."""
    clock = time.perf_counter()
    way, cells = CHANGES, None
    if state is not None and state["settings"] == source.digest:
        if state["source_version"] == source.version:
            # Else a run was killed between its cells and the ledger.
            rows = 0 if is_told else _require_conservation(spark, source, path)
            return Reconstructed(source.name, UNCHANGED, rows)
        report(CHANGES)
        cells = write_changes(spark, source, state, path)
    if cells is None:
        report(WHOLE)
        way, cells = WHOLE, write_whole(spark, source, path)
    rows = _require_conservation(spark, source, path)
    return Reconstructed(source.name, way, rows, cells, time.perf_counter() - clock)


def _require_conservation(spark: SparkSession, source: Source, path: str) -> int:
    """Records of the whole city are the rows of the data set; tells how many there are."""
    held = spark.read.format("delta").load(path).where(F.col("source") == source.name)
    city = held.where(f"part = 0 AND grid_level = {CITY_LEVEL}").where(F.col("kind") != SOURCE)
    own = city.where(~F.col("kind").isin(NUMBER, UNREADABLE, DISTINCT))
    told = int(own.agg(F.coalesce(F.sum("count"), F.lit(0))).collect()[0][0])
    if source.is_own:
        return told
    rows = read_current(spark, source.path, version=source.version).count()
    if told != rows:
        raise ConservationError(
            f"{source.name}: {rows} rows, but the cells of the city have {told}; make them anew: "
            f"gridcontainer reconstruct {source.name} --whole"
        )
    return rows


def _states(spark: SparkSession, path: str) -> dict[str, Row]:
    cells = spark.read.format("delta").load(path)
    city = cells.where(f"part = 0 AND grid_level = {CITY_LEVEL}")
    rows = city.where(F.col("kind") == SOURCE).collect()
    return {row["source"]: row for row in rows}


def _unreadable(spark: SparkSession, path: str) -> dict[str, dict[str, int]]:
    """Number of values that are no number, by source and column."""
    cells = spark.read.format("delta").load(path)
    city = cells.where(f"part = 0 AND grid_level = {CITY_LEVEL}")
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in city.where(F.col("kind") == UNREADABLE).collect():
        found[row["source"]][row["name"]] = row["count"]
    return found


def _remove_gone(spark: SparkSession, path: str, gone: Collection[str]) -> tuple[str, ...]:
    for name in gone:
        spark.sql(f"DELETE FROM delta.`{path}` WHERE source = '{name}'")
    return tuple(sorted(gone))


def _record(
    spark: SparkSession,
    storage: Storage,
    sources: Sequence[Source],
    results: Sequence[Reconstructed],
    told: Mapping[str, Run],
) -> None:
    by_name = {source.name: source for source in sources}
    runs = [
        Run(
            run_id=uuid.uuid4().hex,
            job=_JOB,
            dataset=_entry(result.source),
            department="",
            started=datetime.now(UTC),
            seconds=result.seconds,
            fingerprint=by_name[result.source].digest,
            table_version=by_name[result.source].version,
            rows_in=result.rows,
            rows_out=result.rows,
            rows_quarantined=0,
            mended={f"{column} is no number": n for column, n in result.unreadable.items()},
            updated=result.cells,
        )
        for result in results
        if result.way != UNCHANGED or not _is_told(told, by_name[result.source])
    ]
    if runs:
        record_run(storage, *runs)


def _is_told(told: Mapping[str, Run], source: Source) -> bool:
    run = told.get(_entry(source.name))
    return (
        run is not None and run.table_version == source.version and run.fingerprint == source.digest
    )


def _entry(source: str) -> str:
    """The name of a source in the ledger of runs."""
    return f"reconstruction.{source}"
