"""What people decide: a file of pairs that are the same thing, or are not."""

import csv
import uuid
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError, IdentityError
from gridcontainer.identity.apply import apply_links
from gridcontainer.identity.lookup import Row, find_rows
from gridcontainer.identity.manual import Decision, to_links
from gridcontainer.identity.object_ids import to_object_id
from gridcontainer.identity.references import read_reference
from gridcontainer.identity.schemas import LINKS, MANUAL, MERGE
from gridcontainer.identity.state import Settled
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.storage_errors import storage_errors
from gridcontainer.identity.versions import Stamp, find_changes, open_rows, write_changes

COLUMNS: Final = ("left", "right", "decision", "who", "why")
_WORDS: Final = {"same": True, "different": False}
_MOST_TOLD: Final = 5  # faults in one message


@dataclass(frozen=True)
class Decided:
    """What a file of decisions changed.

    Attributes:
        run_id: of the decisions; ``undo_run`` takes them back.
        decisions: in the file.
        changed: of them, those that were not held already.
        settled: what became of keys and objects.
    """

    run_id: str
    decisions: int
    changed: int
    settled: Settled


def read_decisions(storage: Storage, path: Path) -> list[Decision]:
    """The decisions of a CSV file with the columns ``left,right,decision,who,why``.

    ``left`` and ``right`` are references to records; ``decision`` is ``same`` or ``different``.

    Raises:
        IdentityError: the file cannot be read, or names its faulty rows: no reference, a record
            and itself, another word, nobody, no reason.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
                raise IdentityError(f"{path} has no column {', '.join(missing)}")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise IdentityError(f"{path} cannot be read as CSV in UTF-8: {error}") from None
    decisions, faults = [], []
    for number, row in enumerate(rows, 1):
        try:
            decisions.append(_read(storage, row, number))
        except (IdentityError, DatasetError) as error:
            faults.append(f"row {number}: {error}")
    _raise_some(path, faults)
    return decisions


def _read(storage: Storage, row: dict[str, str], number: int) -> Decision:
    if blank := [name for name in COLUMNS if not (row[name] or "").strip()]:
        raise IdentityError(f"no {' and no '.join(blank)}")
    if row["decision"] not in _WORDS:
        raise IdentityError(f"decision {row['decision']!r} is not same or different")
    left, right = (read_reference(storage, row[name]) for name in ("left", "right"))
    if left == right:
        raise IdentityError("left and right are one record")
    return Decision(left, right, _WORDS[row["decision"]], row["who"], row["why"], number)


def _raise_some(path: Path, faults: Sequence[str]) -> None:
    if faults:
        more = f"; and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
        raise IdentityError(f"{path}: {'; '.join(faults[:_MOST_TOLD])}{more}")


def decide(spark: SparkSession, storage: IdentityStorage, path: Path) -> Decided:
    """Take the decisions of a file, all or none, and make keys and objects follow.

    They replace earlier decisions on the same pairs and go before what any linkage finds.

    Args:
        spark: the session.
        storage: of the identities.
        path: of a file, see ``read_decisions``.

    Raises:
        IdentityError: names the faulty rows, and those that contradict each other or an earlier
            decision: directly, or because A is B and B is C but A is not C.
    """
    decisions = read_decisions(storage.container, path)
    records = {record for decision in decisions for record in decision.pair}
    datasets = _datasets(storage, decisions, path)
    pairs = {decision.pair for decision in decisions}
    earlier = [d for d in _held(storage, records) if d.pair not in pairs]
    _raise_some(path, find_contradictions([*decisions, *earlier]))
    stamp = Stamp(uuid.uuid4().hex, datetime.now(UTC))
    with storage_errors("decisions cannot be kept"):
        wanted = to_links(spark, list({d.pair: d for d in decisions}.values()), datasets)
        mine = wanted.select("record_left", "record_right")
        held = open_rows(spark, storage.links, LINKS).where(F.col("link") == MANUAL)
        held = held.join(mine, ["record_left", "record_right"], how="left_semi")
        counts = write_changes(find_changes(wanted, held, LINKS), storage.links, LINKS, stamp)
        settled = apply_links(spark, storage, stamp.run_id)
    changed = sum(row["count"] for row in counts)
    return Decided(stamp.run_id, len(decisions), changed, settled)


def _datasets(
    storage: IdentityStorage, decisions: Sequence[Decision], path: Path
) -> dict[str, str]:
    """The data set of each record that is decided on; refuses what is no record or another class.

    Records that are gone can be decided on too: an object outlives its record so.
    """
    ids = {to_object_id(record) for decision in decisions for record in decision.pair}
    objects = {row["record_id"]: row for row in find_rows(storage.objects, "object_id", ids)}
    faults = []
    for decision in decisions:
        unknown = [record for record in decision.pair if record not in objects]
        if unknown:
            faults.append(f"row {decision.row}: unknown record {' and '.join(unknown)}")
        elif decision.same:
            classes = {objects[record]["object_class"] for record in decision.pair}
            if len(classes) > 1:
                faults.append(
                    f"row {decision.row}: {' and '.join(sorted(classes))} are never the same"
                )
    _raise_some(path, faults)
    return {record: row["dataset"] for record, row in objects.items()}


def _held(storage: IdentityStorage, records: set[str]) -> list[Decision]:
    """Earlier decisions on these records and on all that are the same as they by decision."""
    found: dict[tuple[str, str], Decision] = {}
    new = records
    while new:
        ends = [find_rows(storage.links, f"record_{side}", new) for side in ("left", "right")]
        rows = [row for side in ends for row in side if row["link"] == MANUAL]
        fresh = [d for d in map(_of_row, rows) if d.pair not in found]
        found |= {decision.pair: decision for decision in fresh}
        new = {record for d in fresh if d.same for record in d.pair} - records
        records = records | new
    return list(found.values())


def _of_row(row: Row) -> Decision:
    (said,) = row["evidence"]
    same = row["status"] == MERGE
    return Decision(
        row["record_left"], row["record_right"], same, said["comparison"], said["level"]
    )


def find_contradictions(decisions: Sequence[Decision]) -> list[str]:
    """What decisions say that cannot all be so, in words that name their rows.

    Each pair that is different is looked at: whether it is the same by another decision, or by a
    chain of them.
    """
    same: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.same:
            for record in decision.pair:
                same[record].append(decision)
    faults = []
    for decision in decisions:
        if not decision.same and (chain := _chain(same, *decision.pair)):
            by = " and ".join(map(_name, sorted(chain, key=lambda d: d.row)))
            faults.append(f"{_name(decision)} says different, but by {by} they are the same")
    return faults


def _chain(same: dict[str, list[Decision]], start: str, goal: str) -> Iterable[Decision] | None:
    """The fewest decisions by which two records are the same; None where there are none."""
    way: dict[str, tuple[str, Decision]] = {}
    waiting = deque([start])
    while waiting:
        record = waiting.popleft()
        for decision in same[record]:
            (other,) = set(decision.pair) - {record}
            if other != start and other not in way:
                way[other] = (record, decision)
                waiting.append(other)
    if goal not in way:
        return None
    chain = []
    while goal != start:
        goal, decision = way[goal]
        chain.append(decision)
    return chain


def _name(decision: Decision) -> str:
    if decision.row:
        return f"row {decision.row}"
    return f"the earlier decision of {decision.who} on {' and '.join(decision.pair)}"
