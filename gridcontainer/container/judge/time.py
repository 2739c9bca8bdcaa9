"""Times of records: texts, timestamps, days and numbers to instants in UTC, or a reason.

A time that names its own offset or zone keeps it. The declared zone is for times that name none;
their hours that the clock skipped are quarantined, and those that it showed twice are told apart by
the order of the records, else by the declared rule. What cannot be read has a reason and a detail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.declaration.fields import NUMBER_FORMATS
from gridcontainer.container.declaration.source import Time
from gridcontainer.container.judge.reasons import NO_TIME, NOT_A_TIME
from gridcontainer.container.judge.time_faults import DETAILS, Fault
from gridcontainer.container.judge.time_forms import iso_form, number_form, pattern_form
from gridcontainer.container.judge.time_missing import MissingTexts
from gridcontainer.container.judge.time_settle import Reading
from gridcontainer.container.judge.time_texts import TextRules, read_texts
from gridcontainer.container.judge.time_typed import (
    holds_numbers,
    holds_times,
    read_numbers,
    read_typed,
    texts_of,
)
from gridcontainer.container.tables.schemas import INSTANT
from gridcontainer.grid.arrays import Bools

_ARROW = cast(Any, pyarrow.compute)


@dataclass(frozen=True)
class Times:
    """Times of n records.

    Attributes:
        event_time: n timestamps in microseconds, UTC; null where a time is missing or unreadable.
        reason: n texts: ``NO_TIME``, ``NOT_A_TIME``, or null.
        detail: n texts that say in which way a time cannot be read, or null.
        has_repeated: whether a local time is one that the clock showed twice.
    """

    event_time: pa.Array
    reason: pa.Array
    detail: pa.Array
    has_repeated: bool = False


@dataclass(frozen=True)
class TimeReader:
    """Reads times as one declaration says; can be sent to another process.

    Attributes:
        rules: what the declaration says of texts.
        missing: texts that mean no value.
    """

    rules: TextRules
    missing: MissingTexts

    @classmethod
    def create(cls, time: Time, zone: str, missing: Sequence[str] = ()) -> Self:
        """Make a reader.

        Args:
            time: declaration of the time.
            zone: zone of times that name none, where ``time`` has none either.
            missing: texts that mean no value, beside blank ones.
        """
        form = time.format
        if form is None:
            forms = [iso_form()] * 2
        elif form in NUMBER_FORMATS:
            forms = [number_form()] * 2
        else:
            forms = [pattern_form(form, normalized=plain) for plain in (False, True)]
        rules = TextRules(form, time.zone or zone, time.hours, time.ambiguous, *forms)
        return cls(rules, MissingTexts.of(missing))

    def read(
        self, columns: Sequence[pa.Array | pa.ChunkedArray], *, in_order: bool = True
    ) -> Times:
        """Read the times of records.

        Fractions below a microsecond are cut downwards; the source's column stays as it came.

        Args:
            columns: columns of the time in the declared order, n values each. Timestamps and days
                are read as what they are, whatever the format.
            in_order: whether the values stand in the order of one file, without a gap: then it may
                tell a repeated hour's first pass from its second (``passes_by_order``).
        """
        arrays = [_whole(column) for column in columns]
        kind = arrays[0].type
        is_typed = len(arrays) == 1 and (
            holds_times(kind) or (holds_numbers(kind) and self._reads_numbers)
        )
        reading = Reading.of(len(arrays[0]))
        is_missing = self.missing.exactly(arrays) | ~_all_valid(arrays)
        rows = np.flatnonzero(~is_missing)
        if is_typed and holds_times(kind):
            read_typed(arrays[0], rows, reading)
        elif is_typed:
            read_numbers(arrays[0], rows, str(self.rules.format), reading)
        else:
            texts = [texts_of(array) for array in arrays]
            rows = np.flatnonzero(~is_missing & _all_valid(texts))
            read_texts(_joined(texts), rows, self.rules, reading)
            failed = rows[reading.faults[rows] == Fault.NO_MATCH]
            is_missing[failed] = self.missing.trimmed(texts, failed)
        reading.faults[is_missing] = Fault.MISSING
        reading.settle(self.rules.zone, self.rules.ambiguous, in_order=in_order)
        return self._times(reading)

    @property
    def _reads_numbers(self) -> bool:
        return self.rules.format in NUMBER_FORMATS

    def _times(self, reading: Reading) -> Times:
        faults = reading.faults
        instants = pa.array(reading.instants, mask=faults != Fault.NONE).view(INSTANT)
        if not faults.any():
            none = pa.nulls(len(faults), pa.string())
            return Times(instants, none, none, reading.has_repeated)
        names = np.array([None, NO_TIME, NOT_A_TIME], object)
        reason = pa.array(names, pa.string()).take(pa.array(np.minimum(faults, 2)))
        details = [self._detail(fault) for fault in Fault]
        detail = pa.array(details, pa.string()).take(pa.array(faults))
        return Times(instants, reason, _with_notes(detail, reading), reading.has_repeated)

    def _detail(self, fault: Fault) -> str | None:
        """What is said of a fault; skipped and repeated hours have a note for each record."""
        if fault != Fault.NO_MATCH:
            return DETAILS.get(fault)
        if self.rules.format is None:
            return DETAILS[Fault.NEEDS_FORMAT]
        what = "a plain decimal number" if self._reads_numbers else "a text"
        return f"not {what} of format {self.rules.format}"


def reads_all(form: str | None, texts: Sequence[str], *, hours: str = "clock") -> bool:
    """Whether a format reads each of some texts as a time.

    Args:
        form: as a declaration's ``format``.
        texts: texts of one column.
        hours: as a declaration's ``hours``.

    Raises:
        pydantic.ValidationError: the format, or it with ``hours``, is none that can be declared.
    """
    time = Time.model_validate({"columns": ["time"], "format": form, "hours": hours})
    times = TimeReader.create(time, "UTC").read([pa.array(texts, pa.string())])
    return bool(times.reason.null_count == len(texts))


def _all_valid(arrays: list[pa.Array]) -> Bools:
    """Records that have a value in each column."""
    valid = np.ones(len(arrays[0]), bool)
    for array in arrays:
        if array.null_count:
            valid &= array.is_valid().to_numpy(zero_copy_only=False)
    return valid


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one plain array."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # of no chunks
            column = pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column


def _joined(texts: list[pa.Array]) -> pa.Array:
    if len(texts) == 1:
        return texts[0]
    return _ARROW.binary_join_element_wise(*texts, " ")


def _with_notes(detail: pa.Array, reading: Reading) -> pa.Array:
    for rows, texts in reading.notes:
        mask: Bools = np.zeros(len(detail), bool)
        mask[rows] = True
        order = np.argsort(rows, kind="stable")
        detail = _ARROW.replace_with_mask(detail, pa.array(mask), pa.array(texts).take(order))
    return detail
