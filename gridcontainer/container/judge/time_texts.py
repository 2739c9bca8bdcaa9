"""Texts of times to local times and instants."""

from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.declaration.fields import NUMBER_FORMATS
from gridcontainer.container.judge.time_calendar import DAY, SECOND, FieldReader, LocalTimes
from gridcontainer.container.judge.time_faults import Fault
from gridcontainer.container.judge.time_forms import Form
from gridcontainer.container.judge.time_numbers import (
    UNITS,
    Counts,
    counts_of_texts,
    excel_days,
    unix_instants,
)
from gridcontainer.container.judge.time_settle import Reading
from gridcontainer.container.judge.time_shapes import Rows, ShapedRows, shaped_rows
from gridcontainer.container.judge.time_words import named_zone
from gridcontainer.container.judge.time_zones import to_instants
from gridcontainer.grid.arrays import Int64s

_ARROW = cast(Any, pyarrow.compute)
_BLANKS = r"[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]+"
_FULL_WIDTH = r"[\x{FF01}-\x{FF5E}]"
# What is left to be changed in a text without blanks around it.
_ODD = r"\s\s|[\t\n\v\f\r]|[^\x00-\x7F\x{4E00}-\x{9FFF}]"
# Of these characters the form NFKC changes the full-width ones only.
_PLAIN = r"^[\x00-\x7F\x{FF01}-\x{FF5E}\x{4E00}-\x{9FFF}]*$"
_LONGEST_OFFSET = 18 * 3600


@dataclass(frozen=True)
class TextRules:
    """What a declaration says of texts of times.

    Attributes:
        format: pattern, ``unix...``, ``excel``, or None for ISO 8601.
        zone: of texts that name none.
        hours: ``clock``, ``past_midnight`` or ``service_day``.
        ambiguous: ``earlier``, ``later`` or ``quarantine``.
        form: form of the texts.
        plain_form: form of normalized texts.
    """

    format: str | None
    zone: str
    hours: str
    ambiguous: str
    form: Form
    plain_form: Form


def normalized(texts: pa.Array) -> pa.Array:
    """The texts with full-width characters as plain ones, and single blanks between words only."""
    trimmed = _ARROW.utf8_trim_whitespace(texts)
    odd = _ARROW.match_substring_regex(trimmed, pattern=_ODD)
    if not _ARROW.any(odd).as_py():
        return trimmed
    trimmed = _ARROW.replace_substring_regex(trimmed, pattern=_BLANKS, replacement=" ")
    wide = _ARROW.match_substring_regex(trimmed, pattern=_FULL_WIDTH)
    wide = _ARROW.and_(wide, _ARROW.match_substring_regex(trimmed, pattern=_PLAIN))
    if not _ARROW.any(wide).as_py():
        return trimmed
    return _ARROW.if_else(wide, _ARROW.utf8_normalize(trimmed, form="NFKC"), trimmed)


def read_texts(texts: pa.Array, rows: Rows, rules: TextRules, into: Reading) -> None:
    """Read texts as they came, and normalized where that fails.

    Args:
        texts: strings or large strings.
        rows: numbers of the rows to read, none of them null.
        rules: how to read them.
        into: gets the times.
    """
    for found in shaped_rows(texts, rows, rules.form):
        _read_shape(found, found.rows, rules, into)
    failed = rows[into.faults[rows] == Fault.NO_MATCH]
    if len(failed):
        came = texts.take(pa.array(failed))
        plain = normalized(came)
        again = np.arange(len(failed))
        if rules.plain_form.expression == rules.form.expression:
            again = np.flatnonzero(_ARROW.not_equal(plain, came).to_numpy(zero_copy_only=False))
        for found in shaped_rows(plain, again, rules.plain_form):
            _read_shape(found, failed[found.rows], rules, into)


def _read_shape(texts: ShapedRows, rows: Rows, rules: TextRules, into: Reading) -> None:
    if rules.format in NUMBER_FORMATS:
        read_counts(counts_of_texts(texts), rows, rules.format, into)
        return
    read = FieldReader(texts, past_midnight=rules.hours != "clock")
    times = read.read()
    offset = _offset(texts, read)
    region = texts.word("region")
    name = None if region is None else named_zone(region, rules.zone)
    if region is not None and name is None:
        read.fault(read.faults == 0, Fault.NO_ZONE)
    local = times.days + times.clock
    if offset is None and isinstance(name, int):
        offset = np.full(len(rows), name * SECOND)
    elif offset is not None and name is not None:
        _check_zone(local, offset, name, read)
    if offset is not None:
        into.put_instants(rows, local - offset, times.faults)
        return
    zone = name.key if isinstance(name, ZoneInfo) else rules.zone
    if rules.hours == "service_day":
        into.put_instants(rows, _since_noon(times, zone), times.faults)
        return
    into.put_local(rows, local, times.faults)
    if isinstance(name, ZoneInfo):
        sound = times.faults == 0
        into.settle_rows(rows[sound], local[sound], zone, rules.ambiguous, in_order=False)


def read_counts(counts: Counts, rows: Rows, form: str, into: Reading) -> None:
    """Read numbers by ``unix...`` or ``excel``."""
    if form == "excel":
        into.put_local(rows, *excel_days(counts))
    else:
        into.put_instants(rows, *unix_instants(counts, UNITS[form]))


def _offset(texts: ShapedRows, read: FieldReader) -> Int64s | None:
    """The texts' own offset in microseconds east of UTC; None where they name none."""
    sign = texts.word("sign")
    if sign is None:
        return np.zeros(len(texts.rows), np.int64) if texts.word("utc") else None
    seconds = np.zeros(len(texts.rows), np.int64)
    for name, length in (("offsethour", 3600), ("offsetminute", 60), ("offsetsecond", 1)):
        number = read.number(name)
        if number is not None:
            seconds += number * length
            if length < 3600:
                read.fault(number > 59, Fault.NO_OFFSET)
    if texts.word("utc"):  # +08:00[UTC]
        read.fault(seconds != 0, Fault.OFFSET_AND_ZONE)
    read.fault(seconds > _LONGEST_OFFSET, Fault.NO_OFFSET)
    return seconds * (-SECOND if sign == "-" else SECOND)


def _check_zone(local: Int64s, offset: Int64s, name: ZoneInfo | int, read: FieldReader) -> None:
    """A text with an offset and a zone: the zone must have had this offset then."""
    if isinstance(name, int):
        read.fault(offset != name * SECOND, Fault.OFFSET_AND_ZONE)
        return
    found = to_instants(local, name.key)
    instants = local - offset
    fits = ((instants == found.earlier) | (instants == found.later)) & ~found.is_skipped
    read.fault(~fits, Fault.OFFSET_AND_ZONE)


def _since_noon(times: LocalTimes, zone: str) -> Int64s:
    """Instants of clocks that started twelve hours before noon of their day, as GTFS counts."""
    return to_instants(times.days + DAY // 2, zone).earlier - DAY // 2 + times.clock
