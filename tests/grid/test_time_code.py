"""Time codes: the vectors, the fields written out in the test, and what must hold."""

import csv
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings, strategies as st

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid.time_code import (
    FIELD_LEVELS,
    INVALID_TIME_CODE,
    contains_time_code,
    is_valid_time_code,
    text_to_time_code,
    time_code_to_interval,
    time_code_to_parent,
    time_code_to_text,
    time_code_to_tree,
    time_to_code,
    tree_to_time_code,
)

with (Path(__file__).parent / "vectors.csv").open(encoding="utf-8", newline="") as file:
    ROWS = [row for row in csv.DictReader(file) if row["kind"] == "time"]
MEANT = {  # what the rows' notes say: the first day or hour, and the first one after
    "140672617169289216:26": ("1999-01-08", "1999-01-09"),
    "140671517657661440:22": ("1999-01-01", "1999-01-16"),
    "140675915704172544:21": ("1999-02-01", "1999-03-01"),
    "140676465459986432:24": ("1999-02-04", "1999-02-08"),
    "140677015215800320:24": ("1999-02-08", "1999-02-12"),
    "140677569266581504:31": ("1999-02-12T01", "1999-02-12T02"),
    "140679214239055872:24": ("1999-02-24", "1999-02-28"),
    "140679763994869760:24": ("1999-02-28", "1999-03-01"),
}
WIDTHS = (17, 4, 5, 5, 6, 6, 10, 10)  # sign and year, month, ... microsecond
UNIT = np.timedelta64(1, "us")
TIME = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999))
LEVEL = st.integers(1, 63)


def exact_code(time: datetime, level: int) -> int:
    """The fields one after the other as binary digits, the rest zeros."""
    milli, micro = divmod(time.microsecond, 1000)
    values = time.year, time.month, time.day, time.hour, time.minute, time.second, milli, micro
    bits = "".join(f"{value:0{width}b}" for value, width in zip(values, WIDTHS, strict=True))
    return int(bits[:level].ljust(63, "0"), 2)


def read_fields(code: int) -> tuple[int, ...]:
    ends = np.cumsum(WIDTHS)
    starts = ends - WIDTHS
    bits = f"{code:063b}"
    return tuple(int(bits[a:b], 2) for a, b in zip(starts, ends, strict=True))


def exists(code: int) -> bool:
    """True where a level-63 integer is a time of the calendar."""
    year, month, day, hour, minute, second, milli, micro = read_fields(code)
    if milli > 999 or micro > 999:
        return False
    try:
        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return False
    return True


# Vectors


def test_every_row_is_looked_at():
    assert [row["code"] for row in ROWS] == list(MEANT)


@pytest.mark.parametrize("text", MEANT)
def test_vectors(text):
    code, level = text_to_time_code(text)
    start, end = time_code_to_interval(code, level)
    assert (start, end) == tuple(np.datetime64(time, "us") for time in MEANT[text])
    assert time_code_to_text(code, level) == text
    for inside in (start, end - UNIT):
        assert time_to_code(inside, level) == code


def test_the_month_and_its_first_half_are_the_same_integer():
    code, _ = text_to_time_code("140671517657661440:22")
    assert time_to_code("1999-01", 21) == code
    assert time_code_to_parent(code, 22) == code


# Properties


@settings(deadline=None)
@given(time=TIME, level=LEVEL)
def test_same_as_the_fields_written_out(time, level):
    assert time_to_code(time, level) == exact_code(time, level)


@settings(deadline=None)
@given(time=TIME, level=LEVEL)
@example(time=datetime(2024, 2, 29, 23, 59, 59, 999_999), level=22)
@example(time=datetime(2023, 12, 31), level=1)
def test_round_trip(time, level):
    code = time_to_code(time, level)
    start, end = time_code_to_interval(code, level)
    assert start <= np.datetime64(time) < end
    assert time_to_code([start, end - UNIT], level).tolist() == [code, code]
    assert text_to_time_code(time_code_to_text(code, level)) == (code, level)
    assert tree_to_time_code(time_code_to_tree(code, level)) == (code, level)
    assert is_valid_time_code(code, level)


@settings(deadline=None)
@given(time=TIME)
def test_a_finest_cell_is_a_microsecond(time):
    start, end = time_code_to_interval(time_to_code(time, 63), 63)
    assert (start, end) == (np.datetime64(time), np.datetime64(time) + UNIT)


@settings(deadline=None)
@given(time=TIME, field=st.sampled_from(["year", "month", "day", "hour", "minute", "second"]))
def test_the_levels_of_fields_are_calendar_units(time, field):
    unit = {"year": "Y", "month": "M", "day": "D", "hour": "h", "minute": "m", "second": "s"}[field]
    level = FIELD_LEVELS[field]
    whole = np.datetime64(time).astype(f"datetime64[{unit}]")
    assert time_code_to_interval(time_to_code(time, level), level) == (whole, whole + 1)


@settings(deadline=None)
@given(time=TIME, level=LEVEL, coarser=LEVEL)
def test_a_code_begins_with_its_ancestors(time, level, coarser):
    assume(coarser <= level)
    code, ancestor = time_to_code(time, level), time_to_code(time, coarser)
    assert time_code_to_parent(code, level, coarser) == ancestor
    assert contains_time_code(ancestor, coarser, code, level)
    assert contains_time_code(code, level, ancestor, coarser) == (coarser == level)
    outer, inner = np.transpose(time_code_to_interval([ancestor, code], [coarser, level]))
    assert outer[0] <= inner[0] < inner[1] <= outer[1]


@settings(deadline=None)
@given(first=TIME, second=TIME, level=LEVEL, other=LEVEL)
def test_containing_is_that_of_the_intervals(first, second, level, other):
    codes, levels = [time_to_code(first, level), time_to_code(second, other)], [level, other]
    start, end = time_code_to_interval(codes, levels)
    inside = contains_time_code(codes[0], level, codes[1], other)
    if inside:
        assert start[0] <= start[1] < end[1] <= end[0]
    elif level <= other:
        assert end[1] <= start[0] or end[0] <= start[1]


@settings(deadline=None)
@given(first=TIME, second=TIME, level=LEVEL)
def test_integers_are_in_the_order_of_time(first, second, level):
    codes = time_to_code([first, second], 63)
    assert (codes[0] < codes[1]) == (first < second)
    coarse = time_to_code(sorted([first, second]), level)
    assert coarse[0] <= coarse[1]


@settings(deadline=None)
@given(first=TIME, second=TIME, levels=st.tuples(LEVEL, LEVEL).map(sorted))
def test_trees_are_in_order_and_hold_their_descendants(first, second, levels):
    level, finer = levels
    outer, inner = time_to_code(first, level), time_to_code(second, finer)
    tree, other = time_code_to_tree(outer, level), time_code_to_tree(inner, finer)
    inside = contains_time_code(outer, level, inner, finer)
    assert inside == (abs(tree - other) < 2 ** (63 - level))
    assert inside or (tree < other) == (first < second)
    # the formula of the specification
    assert tree == ((outer >> (63 - level)) << (64 - level)) | (2 ** (63 - level) - 1)
    assert (tree % 2 == 0) == (level == 63)


@settings(deadline=None)
@given(code=st.integers(1 << 46, 9998 << 46), level=st.integers(18, 63))
def test_gaps_of_the_calendar_are_refused(code, level):
    code = code >> (63 - level) << (63 - level)
    found = _first_time(code) < code + 2 ** (63 - level)
    assert is_valid_time_code(code, level) == found
    if not found:
        with pytest.raises(CodeError, match="exist in the calendar"):
            time_code_to_interval(code, level)


def _first_time(code: int) -> int:
    """The first integer from ``code`` on that is a time, stepping over the bits of one field."""
    while not exists(code):
        values = read_fields(code)
        at = next(at for at in range(8) if not _fits(values[: at + 1]))
        below = sum(WIDTHS[at + 1 :])
        code = (code >> below) + 1 << below
    return code


def _fits(values: tuple[int, ...]) -> bool:
    """True where the first fields are those of some time."""
    filled = (*values, *(2000, 1, 1, 0, 0, 0, 0, 0)[len(values) :])
    return exists(int("".join(f"{v:0{w}b}" for v, w in zip(filled, WIDTHS, strict=True)), 2))


@pytest.mark.parametrize(
    ("fields", "level", "reason"),
    [
        ((1999, 13, 1), 21, "month 13"),
        ((1999, 14, 0), 20, "month 14"),
        ((1999, 0, 0), 21, "month 0"),
        ((1999, 2, 29), 26, "day 29; 1-28"),
        ((1900, 2, 29), 63, "day 29; 1-28"),
        ((1999, 4, 31), 26, "day 31; 1-30"),
        ((1999, 2, 30), 25, "day 30; 1-28"),
        ((1999, 2, 0), 26, "day 0"),
        ((1999, 2, 1, 24), 31, "hour 24"),
        ((1999, 2, 1, 1, 60), 37, "minute 60"),
        ((1999, 2, 1, 1, 1, 60), 43, "second 60"),
        ((1999, 2, 1, 1, 1, 1, 1000), 53, "millisecond 1000"),
        ((1999, 2, 1, 1, 1, 1, 1, 1000), 63, "microsecond 1000"),
    ],
)
def test_gaps_are_explained(fields, level, reason):
    padded = (*fields, *[0] * (8 - len(fields)))
    bits = "".join(f"{value:0{width}b}" for value, width in zip(padded, WIDTHS, strict=True))
    code = int(bits[:level].ljust(63, "0"), 2)
    assert not is_valid_time_code(code, level)
    with pytest.raises(CodeError, match=reason):
        time_code_to_interval([0, code], [1, level])


def test_halves_of_a_field_next_to_a_gap_are_cut():
    start, end = time_code_to_interval(time_to_code(["1999-02-20", "2024-12-31"], 22), 22)
    assert start.astype("datetime64[D]").astype(str).tolist() == ["1999-02-16", "2024-12-16"]
    assert end.astype("datetime64[D]").astype(str).tolist() == ["1999-03-01", "2025-01-01"]
    assert time_code_to_interval(time_to_code("2024-12", 20), 20) == (
        np.datetime64("2024-12", "us"),
        np.datetime64("2025-01", "us"),
    )


# What goes in


def test_times_of_all_kinds_are_the_same_code():
    east = timezone(timedelta(hours=8))
    want = exact_code(datetime(2024, 2, 28, 16, 30, 1, 250_000), 63)
    for time in (
        "2024-02-28T16:30:01.25",
        "2024-02-28 16:30:01.250Z",
        "2024-02-29T00:30:01.250000+08:00",
        "2024-02-29t00:30:01.250000+0800",
        "2024-02-28T11:30:01.2500009-05",
        np.datetime64("2024-02-28T16:30:01.250", "ms"),
        np.datetime64("2024-02-28T16:30:01.250000999", "ns"),
        datetime(2024, 2, 28, 16, 30, 1, 250_000),
        datetime(2024, 2, 28, 16, 30, 1, 250_000, UTC),
        datetime(2024, 2, 29, 0, 30, 1, 250_000, east),
    ):
        assert time_to_code(time, 63) == want, time
    assert time_to_code(date(2024, 2, 28), 26) == time_to_code("2024-02-28", 26)
    assert time_to_code("2024", 17) == time_to_code(datetime(2024, 7, 1), 17)


def test_shapes_scalars_and_missing():
    times = np.array([["2024-01-01", None], ["2024-02", ""]], dtype=object)
    codes = time_to_code(times, 26, on_invalid="mark")
    assert (codes == INVALID_TIME_CODE).tolist() == [[False, True], [False, True]]
    assert isinstance(time_to_code("2024-01-01", 26), int)
    assert isinstance(time_code_to_interval(codes[0, 0], 26)[0], np.datetime64)
    assert time_code_to_interval(codes[:, :1], [[26], [26]])[1].shape == (2, 1)
    assert time_to_code(np.array([], dtype="datetime64[s]"), 26).shape == (0,)
    assert text_to_time_code([])[0].shape == (0,)
    texts = time_code_to_text(codes[:, :1], 26)
    assert texts.shape == (2, 1)
    assert (text_to_time_code(texts)[0] == codes[:, :1]).all()
    many = np.datetime64("2024-01-01", "us") + np.arange(70_001).astype("timedelta64[h]")
    assert (time_code_to_interval(time_to_code(many, 31), 31)[0] == many).all()


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "now", "today", "NaT", "", "-44", "19990108", "1999-1-8"),
        *("1999-13", "1999-02-30", "1999-01Z", "1999-01-08+08:00", "1999-01-08T10:00+8"),
        *("1998-12-31T23:59:60", "1999-01-08T24:00"),
    ],
)
def test_texts_that_are_no_time(text):
    assert time_to_code(text, 63, on_invalid="mark") == INVALID_TIME_CODE
    with pytest.raises(CoordinateError, match=r"1 of 2 times .* index 1"):
        time_to_code(["1999", text], 63)


def test_years_without_a_code():
    ends = np.array(["0000-01-01", "65535-12-31"], dtype="datetime64[D]")
    assert (time_code_to_interval(time_to_code(ends, 26), 26)[0] == ends).all()
    for time in (ends[0] - 1, ends[1] + 1):
        with pytest.raises(CoordinateError, match="years 0 to 65535"):
            time_to_code(time, 26)
    with pytest.raises(CodeError, match="years 0 to 65535"):
        time_code_to_interval(1 << 62, 1)


@pytest.mark.parametrize("level", [0, 64, 2.5, True, -1])
def test_levels_that_do_not_exist(level):
    with pytest.raises(CodeError, match="1 to 63"):
        time_to_code("1999", level)
    with pytest.raises(CodeError, match="1 to 63"):
        is_valid_time_code(0, level)


def test_what_is_no_code():
    code = time_to_code("1999-01-08", 26)
    for faulty, level in ((code + 1, 26), (-1, 1), (code, 17)):
        with pytest.raises(CodeError):
            time_code_to_parent(faulty, level)
    for wanted in (0, 27):
        with pytest.raises(CodeError, match="ancestor"):
            time_code_to_parent(code, 26, wanted)
    for text in ("", "5", f"{code}:", f"{code}:99", f"-{code}:26", f"{code}:26:1", "9" * 19 + ":1"):
        with pytest.raises(CodeError):
            text_to_time_code([f"{code}:26", text])
    for tree in (-1, 2**63 - 1, 0, 2):
        with pytest.raises(CodeError, match="no time code"):
            tree_to_time_code(tree)
    for wrong in ([1.5], 7):
        with pytest.raises(CoordinateError, match="not "):
            time_to_code(wrong, 26)
    assert re.fullmatch(r"\d+:26", time_code_to_text(code, 26))
