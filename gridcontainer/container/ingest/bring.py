"""Judged records into the tables: what one run works with, and what it brought."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.column_names import OWN_COLUMNS
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.delivery import Delivery
from gridcontainer.container.ingest.guard import Guard
from gridcontainer.container.ingest.in_memory import RecordJudge, is_sound
from gridcontainer.container.ingest.properties import note_renamed
from gridcontainer.container.ingest.table import DatasetTable
from gridcontainer.container.judge.columns import KEY, REASON
from gridcontainer.container.judge.reasons import REPEATED, REPEATED_ROW
from gridcontainer.container.quarantine.replace import write_quarantine_files
from gridcontainer.container.quarantine.rows import count_reasons, to_quarantine
from gridcontainer.container.sources import OpenSource
from gridcontainer.container.sources.records import FILE
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.actions import DataFile
from gridcontainer.container.tables.log import read_snapshot
from gridcontainer.container.tables.rows import read_rows
from gridcontainer.container.tables.state import Changes, TableState

_ARROW: Final[Any] = pyarrow.compute  # it has no types

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Work:
    """What one run works with.

    Attributes:
        source: the open source.
        declaration: declaration of the dataset, over the source's names.
        judge: judge of the dataset.
        table: table of the dataset.
        storage: the container.
        guard: what the delivery may take away.
        session: makes the Spark session.
        small_bytes: size up to which a table is changed in this process.
    """

    source: OpenSource
    declaration: Declaration
    judge: RecordJudge
    table: DatasetTable
    storage: Storage
    guard: Guard
    session: "Callable[[], SparkSession]"
    small_bytes: int


@dataclass(frozen=True)
class Brought:
    """What a run brought into the tables.

    Attributes:
        rows_in: number of records of the source.
        changes: numbers of rows that changed in the dataset's table.
        version: version of that table.
        quarantined: files of the quarantine, not committed yet.
        reasons: quarantined rows by reason.
        repaired: repaired rows by their first reason.
        notes: sentences that a person should read.
    """

    rows_in: int
    changes: Changes
    version: int
    quarantined: Sequence[DataFile]
    reasons: Mapping[str, int]
    repaired: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def numbers(self, table: TableState) -> dict[str, Any]:
        """What the run ledger says of the rows, by attribute of ``Run``.

        Args:
            table: what the table holds after the run.
        """
        changes = self.changes
        return {
            "table_version": table.version,
            "rows_in": self.rows_in,
            "rows_out": table.rows - changes.kept,
            "rows_quarantined": sum(self.reasons.values()),
            "reasons": dict(self.reasons),
            "mended": dict(self.repaired),
            "inserted": changes.inserted,
            "updated": changes.updated,
            "deleted": changes.deleted,
            "kept": changes.kept,
            "files_before": changes.files_before,
            "files_rewritten": changes.files_rewritten,
        }


def bring_in_memory(work: Work, judged: pa.Table) -> Brought:
    """Bring judged rows that are in memory into the tables.

    Args:
        work: what the run works with.
        judged: all judged rows, in order of file and row.

    Raises:
        DeliveryError: the delivery would take away too much; nothing is changed then.
        ConflictError: somebody else wrote the table meanwhile.
    """
    table, there = work.table, read_snapshot(work.table.path)
    sound = judged.filter(is_sound(judged))
    if there is None:
        changes, version = table.create(sound)
    elif sum(file.bytes for file in there.files) <= work.small_bytes:
        held = read_rows(table.path, there)
        delivery = table.compare(sound, there, held)
        require_plausible(work, delivery)
        changes, version = table.change(there, delivery, sound)
    else:
        from gridcontainer.container.ingest.large import change_large  # noqa: PLC0415 - Spark

        staged = table.stage(sound, there)
        changes, version = change_large(work, work.session(), there, staged, sound.num_rows)
    quarantined = to_quarantine(
        judged, dataset=work.declaration.dataset, names=work.judge.names, run_id=table.run_id
    )
    reasons, repaired = count_reasons(quarantined)
    return Brought(
        rows_in=judged.num_rows,
        changes=changes,
        version=version,
        quarantined=write_quarantine_files(quarantined, work.storage),
        reasons=reasons,
        repaired=repaired,
        notes=(
            *work.source.notes,
            *note_renamed(work.declaration.dataset, work.judge.names, there),
            *note_repeated(work, judged),
        ),
    )


def require_plausible(work: Work, delivery: Delivery) -> None:
    """The delivery does not take away more than is allowed.

    Raises:
        DeliveryError: it does.
    """
    held = delivery.held
    if "valid_to" in held.column_names:
        held = held.filter(held.column("valid_to").is_null())
    vanished = vanished_columns(held.column_names, work.table.columns)
    filled = {name: held.num_rows - held.column(name).null_count for name in vanished}
    work.guard.require_columns(filled, rows=held.num_rows)
    work.guard.require_removal(removed=delivery.removed(held.num_rows), rows_before=held.num_rows)


def vanished_columns(held: Sequence[str], delivered: Sequence[str]) -> list[str]:
    """Columns of the source that the table has and a delivery has not."""
    there = set(delivered)
    return [name for name in held if name not in there and name not in OWN_COLUMNS]


def note_repeated(work: Work, judged: pa.Table) -> list[str]:
    """A sentence where several files have a key, and the declaration does not say which counts."""
    if work.declaration.keep is not None or len(work.source.files) < 2:
        return []
    reasons = judged.column(REASON)
    repeated = _ARROW.is_in(reasons, value_set=pa.array([REPEATED, REPEATED_ROW]))
    keys = judged.filter(repeated).column(KEY)
    if not len(keys):
        return []
    is_of_key = _ARROW.is_in(judged.column(KEY), value_set=keys.combine_chunks())
    of_keys = judged.filter(_ARROW.and_(is_of_key, _ARROW.or_(reasons.is_null(), repeated)))
    pairs = of_keys.select([KEY, FILE]).group_by(KEY).aggregate([(FILE, "count_distinct")])
    several = int(np.sum(pairs.column(f"{FILE}_count_distinct").to_numpy() > 1))
    return [say_repeated(work.declaration.dataset, several)] if several else []


def say_repeated(dataset: str, keys: int) -> str:
    """The sentence of ``note_repeated``."""
    return (
        f"{dataset}: {keys:,} keys are in several files, and the row of the first file stays: "
        "declare keep: last if a later file counts, or source.deliveries: newest if the newest "
        "file is the whole state"
    )
