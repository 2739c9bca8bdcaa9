"""Repaired rows out of quarantine into their dataset, without their source.

The rules are those of the declaration, so the next ingest of the source repairs the same rows. Each
step may be repeated: a run that is killed is run again.
"""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.in_memory import RecordJudge, is_sound, mark_judged
from gridcontainer.container.ingest.repairable import columns_of, find_repairable, to_raw
from gridcontainer.container.ingest.table import DatasetTable
from gridcontainer.container.judge.columns import LAT, LON, ORIGINAL, REPAIRED, has_value
from gridcontainer.container.judge.judge import Judge
from gridcontainer.container.quarantine.replace import (
    read_quarantined,
    replace_quarantined,
    write_quarantine_files,
)
from gridcontainer.container.quarantine.rows import count_reasons
from gridcontainer.container.runs import Run, digest_of, last_run, record_run
from gridcontainer.container.sources.records import FILE, ROW
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.actions import Snapshot
from gridcontainer.container.tables.compare import identity_columns
from gridcontainer.container.tables.layout import layout_of
from gridcontainer.container.tables.log import read_snapshot, require_snapshot
from gridcontainer.container.tables.rows import read_rows
from gridcontainer.container.tables.state import find_state
from gridcontainer.errors import DatasetError
from gridcontainer.grid.arrays import Bools

_ARROW: Final[Any] = pyarrow.compute  # it has no types

_PLACE = ("source_file", "source_row")
_SHOWN = 3


@dataclass(frozen=True)
class Released:
    """What a release did, or would do.

    Attributes:
        aside: rows that were in quarantine for a reason that a rule names.
        released: rows among them that are sound now.
        before: some of the released rows as they came, JSON.
        after: positions of the same rows, as text.
    """

    aside: int
    released: int
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Work:
    """What a release works on.

    Attributes:
        storage: the container.
        table: the dataset's table.
        last: newest run of the dataset.
        waiting: quarantined rows for which there is a rule.
        sound: judged rows among them that go in.
    """

    storage: Storage
    table: DatasetTable
    last: Run
    waiting: pa.Table
    sound: pa.Table


def try_rules(declaration: Declaration, *, city: CityProfile, storage: Storage) -> Released:
    """Tell what the declared rules would release; changes nothing.

    Raises:
        DeclarationError: there is no rule, it is no SQL, or the rows' position is a shape.
        DatasetError: the dataset has never been ingested.
        StorageError: the tables cannot be read.
    """
    work = _prepare(declaration, city, storage)
    shown = work.sound.slice(0, _SHOWN)
    return Released(
        aside=work.waiting.num_rows,
        released=work.sound.num_rows,
        before=tuple(shown.column(ORIGINAL).to_pylist()),
        after=tuple(_position_text(row) for row in shown.to_pylist()),
    )


def release_rows(declaration: Declaration, *, city: CityProfile, storage: Storage) -> Released:
    """Let the rows that the declared rules repair into their dataset.

    A row whose key the dataset has by now stays in quarantine.

    Args:
        declaration: declaration of the dataset, whose ``mend`` holds the rules.
        city: the city's profile.
        storage: the container.

    Raises:
        DeclarationError, DatasetError, StorageError: as ``try_rules``.
    """
    work = _prepare(declaration, city, storage)
    if work.sound.num_rows:
        _let_in(work)
    released = _mark(work)
    _record(work)
    return Released(work.waiting.num_rows, released)


def _prepare(declaration: Declaration, city: CityProfile, storage: Storage) -> _Work:
    waiting = find_repairable(declaration, storage)
    path = storage.dataset(declaration.department, declaration.dataset)
    last, there = last_run(storage, declaration.dataset), read_snapshot(path)
    if last is None or there is None:
        raise DatasetError(f"{declaration.dataset} is not in {storage.root}; ingest it first")
    held = ColumnNames.of(there.metadata.schema.names, there.metadata.properties)
    declaration = declaration.over_source(held.renamed or {})
    columns = columns_of(waiting, declaration, held)
    declaration.require_columns(columns)
    names = held.of_columns(columns)
    datum = there.metadata.properties.get("gridcontainer.datum") or declaration.datum or city.datum
    judge = Judge.create(declaration, city, names, datum)
    table = DatasetTable(
        path=path,
        files=storage.files,
        declaration=judge.declaration,
        names=names,
        level=judge.level,
        prefix_levels=sorted(city.prefix_levels),
        run_id=digest_of("release", last.run_id)[:32],
        started=datetime.now(UTC),
    )
    records = RecordJudge.create(judge, names, declaration)
    batches = list(records.run([to_raw(waiting, names, there.metadata.schema)]))
    judged = mark_judged(batches, records, declaration)
    sound = judged.filter(is_sound(judged))
    sound = sound.filter(pa.array(has_value(sound.column(REPAIRED))))
    return _Work(storage, table, last, waiting, _without_taken(sound, table, there))


def _without_taken(sound: pa.Table, table: DatasetTable, there: Snapshot) -> pa.Table:
    """Without the rows whose key the table has from another run."""
    if not sound.num_rows:
        return sound
    maker = dataclasses.replace(table.maker(layout_of(there)), columns=())
    made = maker.make(sound)
    identity = identity_columns(made.column_names)
    more = ["valid_to"] if "valid_to" in there.metadata.schema.names else []
    held = read_rows(table.path, there, columns=[*identity, "run_id", *more])
    if more:
        held = held.filter(held.column("valid_to").is_null())
    others = held.filter(_ARROW.not_equal(held.column("run_id"), table.run_id))
    taken = made.filter(pa.array(_is_in(made, others, identity)))
    return sound.filter(pa.array(~_is_in(sound, taken, (FILE, ROW), _PLACE)))


def _is_in(
    rows: pa.Table, others: pa.Table, names: list[str] | tuple[str, ...],
    other_names: tuple[str, ...] | None = None,
) -> Bools:  # fmt: skip
    """Whether each row is among others by some columns."""
    known = set(zip(*(others.column(n).to_pylist() for n in other_names or names), strict=True))
    wanted = zip(*(rows.column(name).to_pylist() for name in names), strict=True)
    return np.array([one in known for one in wanted], bool)


def _let_in(work: _Work) -> None:
    """Append the rows that a killed run has not appended already."""
    there = require_snapshot(work.table.path)
    held = read_rows(work.table.path, there, columns=[*_PLACE, "run_id"])
    mine = held.filter(_ARROW.equal(held.column("run_id"), work.table.run_id))
    new = work.sound.filter(pa.array(~_is_in(work.sound, mine, (FILE, ROW), _PLACE)))
    if new.num_rows:
        work.table.append(new, there)


def _mark(work: _Work) -> int:
    """Say of the rows that are in the table now that they were repaired, and how; count them."""
    there = require_snapshot(work.table.path)
    held = read_rows(work.table.path, there, columns=[*_PLACE, "run_id"])
    mine = held.filter(_ARROW.equal(held.column("run_id"), work.table.run_id))
    done = work.sound.filter(pa.array(_is_in(work.sound, mine, (FILE, ROW), _PLACE)))
    if not done.num_rows:
        return 0
    places = zip(done.column(FILE).to_pylist(), done.column(ROW).to_pylist(), strict=True)
    said = dict(zip(places, done.column(REPAIRED).to_pylist(), strict=True))
    rows = read_quarantined(work.storage, work.last.dataset)
    mended = [
        row["mended"] or said.get((row["source_file"], row["source_row"]))
        for row in rows.select(["mended", *_PLACE]).to_pylist()
    ]
    at = rows.schema.get_field_index("mended")
    marked = rows.set_column(at, rows.schema.field(at), pa.array(mended, pa.string()))
    files = write_quarantine_files(marked, work.storage)
    replace_quarantined(work.storage, work.last.dataset, files)
    return int(done.num_rows)


def _record(work: _Work) -> None:
    """A row of the run ledger with the last run's fingerprint: its source is still known.

    Also where an earlier release was killed before it could write it.
    """
    last, table = work.last, find_state(work.table.path)
    reasons, repaired = count_reasons(read_quarantined(work.storage, last.dataset))
    aside = sum(reasons.values())
    if aside == last.rows_quarantined or table is None:
        return
    run = dataclasses.replace(
        last,
        run_id=work.table.run_id,
        job="release",
        started=datetime.now(UTC),
        table_version=table.version,
        rows_out=table.rows - last.kept,
        rows_quarantined=aside,
        reasons=reasons,
        mended=repaired,
        inserted=last.rows_quarantined - aside,
        updated=0,
        deleted=0,
    )
    run.require_conservation()
    record_run(work.storage, run)


def _position_text(row: dict[str, object]) -> str:
    """Where a row is now; nothing for one without position."""
    return "no position" if row[LON] is None else f"{row[LON]}, {row[LAT]}"
