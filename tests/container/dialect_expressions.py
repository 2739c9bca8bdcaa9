"""Random rows and random expressions of the dialect, for the tests that compare its two engines."""

import datetime as dt
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

SCHEMA = pa.schema(
    [
        ("名称", pa.string()),
        ("a b", pa.string()),
        ("num", pa.string()),
        ("day.text", pa.string()),
        ("i", pa.int64()),
        ("x", pa.float64()),
        ("yes", pa.bool_()),
        ("d", pa.date32()),
        ("w", pa.timestamp("us", tz="UTC")),
    ]
)
_LETTERS = st.sampled_from(
    [*"aAbzZ019 -_%.,:\\'\"\n\t|(){}[]$^*+?é中文ßİΣςÀＡ１ \u3000\u00a0🤦é\x0b"]
)
WORDS = st.text(_LETTERS, max_size=8)
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.3f}"),
    st.sampled_from(["", " ", "1.", ".5", "+5", " 7 ", "1e3", "1E-2", "NaN", "inf", "1d", "0x10",
                     "1_000", "1,234", "-0", "--1", "9223372036854775807", "9223372036854775808",
                     "3.5万", "１２", "true", "No", "1.5.2", "007", "\t8\n", "2.675", "-2.5"]),
)  # fmt: skip
DAYS = st.one_of(
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat(" ", "seconds")),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.dates(dt.date(1000, 1, 1)).map(lambda day: day.strftime("%Y%m%d")),
    st.dates(dt.date(1000, 1, 1)).map(lambda day: day.strftime("%Y年%m月%d日")),
    st.sampled_from(["", "2024-1-5", "2024-02-30", "2024-13-01", "0000-01-01",
                     "2024-01-01 24:00:00", "2024-01-01 23:59:60", "2024-01-01T01:02:03Z",
                     "2024-01-01 1:2:3.5", "24/5/6",
                     "2024-01-01 01:02:03+08:00", " 2024-01-05 ", "20240230", "12024-01-01"]),
)  # fmt: skip
_MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))


def rows(count: int = 40) -> st.SearchStrategy[pa.Table]:
    """Tables of SCHEMA with nulls in all columns."""
    kinds: list[st.SearchStrategy[Any]] = [
        WORDS, st.one_of(WORDS, NUMBERS), NUMBERS, DAYS,
        st.one_of(st.integers(-10, 10), st.integers(-(2**63), 2**63 - 1),
                  st.sampled_from([0, -1, 2**53 + 1, 2**63 - 1, -(2**63)])),
        st.one_of(st.floats(), st.floats(-100, 100), st.integers(-9, 9).map(lambda i: i / 2)),
        st.booleans(),
        st.dates(dt.date(1, 1, 1), dt.date(9000, 1, 1)),
        _MOMENTS,
    ]  # fmt: skip
    columns = [st.lists(st.none() | kind, min_size=count, max_size=count) for kind in kinds]
    return st.tuples(*columns).map(
        lambda lists: pa.table(
            [pa.array(values, field.type) for values, field in zip(lists, SCHEMA, strict=True)],
            schema=SCHEMA,
        )
    )


def quoted(text: str) -> str:
    """A text as a person writes it in an expression."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_PATTERNS = st.sampled_from(
    [r"^[0-9]+", r"[0-9]+$", "中|文", "[a-zA-Z]{1,3}", r"\\d+\\.?\\d*", r"\\s+", "(a|b)z?", ".",
     "^.*a", "[^0-9]+", r"\\W", "(?:ab)?z", "(.)(.)", "[一-龥]+", r"\\[|\\]", r"\\$|\\^", "a.?",
     r"[\\d,]+", "[a-c&~^-]+", "(Z)|(z)"]
)  # fmt: skip
_LIKES = st.sampled_from(["%", "a%", "%1%", "_", "__%", r"%\\%%", r"\\_%", "", "%中_", r"%\\\\%"])
_FORMATS = st.sampled_from(
    ["yyyy-MM-dd", "yyyyMMdd", "yyyy年MM月dd日", "yyyy-M-d H:m:s", "yy/M/d", "yyyy-MM-dd HH:mm:ss",
     r"yyyy-MM-dd\'T\'HH:mm:ss", "yyyy", "yyyy-MM-dd HH:mm:ss.SSSSSS"]
)  # fmt: skip
_SMALL = st.integers(-4, 6)


def _calls(template: str, *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda values: template.format(*values))


def _texts(deeper: st.SearchStrategy[Any]) -> list[st.SearchStrategy[str]]:
    text = deeper
    return [
        st.sampled_from(["upper", "lower", "trim", "ltrim", "rtrim", "string"]).flatmap(
            lambda name: _calls(f"{name}({{}})", text)
        ),
        _calls("concat({}, {})", text, text),
        _calls("concat_ws({}, {}, {})", WORDS.map(quoted), text, text),
        _calls("({} || {})", text, text),
        _calls("replace({}, {}, {})", text, WORDS.map(quoted), WORDS.map(quoted)),
        _calls("translate({}, {}, {})", text, WORDS.map(quoted), WORDS.map(quoted)),
        _calls("substring({}, {})", text, _SMALL),
        _calls("substr({}, {}, {})", text, _SMALL, _SMALL),
        _calls("left({}, {})", text, _SMALL),
        _calls("right({}, {})", text, _SMALL),
        _calls("lpad({}, {}, {})", text, st.integers(0, 9), st.sampled_from(["'0'", "'中x'"])),
        _calls("rpad({}, {})", text, st.integers(0, 9)),
        _calls("split_part({}, {}, {})", text, st.sampled_from(["'-'", "'a'", "'中'"]),
               st.sampled_from([1, 2, 3, -1, -2])),
        _calls("regexp_replace({}, '{}', {})", text, _PATTERNS,
               st.sampled_from(["''", "'x'", "'<中>'"])),
        _calls("regexp_extract({}, '{}', 0)", text, _PATTERNS),
        _calls("regexp_extract({}, '(.)([0-9]+)?', {})", text, st.sampled_from([1, 2])),
        _calls("trim(BOTH {} FROM {})", WORDS.filter(bool).map(quoted), text),
    ]  # fmt: skip


def _numbers(deeper: st.SearchStrategy[Any]) -> list[st.SearchStrategy[str]]:
    number = deeper
    return [
        st.sampled_from("+-*/%").flatmap(
            lambda sign: _calls(f"({{}} {sign} {{}})", number, number)
        ),
        _calls("({} div {})", number, number),
        _calls("(- {})", number),
        _calls("mod({}, {})", number, number),
        st.sampled_from(["abs", "round", "floor", "ceil", "double", "bigint", "int", "tinyint"])
        .flatmap(lambda name: _calls(f"{name}({{}})", number)),
        _calls("round({}, {})", number, st.integers(0, 4)),
        _calls("length({})", number),
        _calls("instr({}, {})", number, WORDS.map(quoted)),
        _calls("locate({}, {})", WORDS.map(quoted), number),
        _calls("datediff({}, {})", number, number),
        st.sampled_from(["year", "month", "day", "hour", "minute", "second", "dayofweek", "weekday",
                         "quarter", "dayofyear", "weekofyear"])
        .flatmap(lambda name: _calls(f"{name}({{}})", number)),
    ]  # fmt: skip


def _truths(deeper: st.SearchStrategy[Any]) -> list[st.SearchStrategy[str]]:
    return [
        st.sampled_from(["=", "<>", "!=", "==", "<", "<=", ">", ">=", "<=>"]).flatmap(
            lambda sign: _calls(f"({{}} {sign} {{}})", deeper, deeper)
        ),
        st.sampled_from(["AND", "or"]).flatmap(
            lambda word: _calls(f"({{}} {word} {{}})", deeper, deeper)
        ),
        _calls("(NOT {})", deeper),
        _calls("({} IS NULL)", deeper),
        _calls("({} is not TRUE)", deeper),
        _calls("({} IN ({}, {}, NULL))", deeper, deeper, WORDS.map(quoted)),
        _calls("({} NOT IN ({}, {}))", deeper, WORDS.map(quoted), NUMBERS.map(quoted)),
        _calls("({} BETWEEN {} AND {})", deeper, deeper, deeper),
        _calls("({} LIKE '{}')", deeper, _LIKES),
        _calls("({} NOT LIKE '{}')", deeper, _LIKES),
        _calls("({} RLIKE '{}')", deeper, _PATTERNS),
        _calls("startswith({}, {})", deeper, deeper),
        _calls("endswith({}, {})", deeper, deeper),
        _calls("contains({}, {})", deeper, deeper),
        _calls("boolean({})", deeper),
    ]


def _either(deeper: st.SearchStrategy[Any]) -> list[st.SearchStrategy[str]]:
    return [
        _calls("CASE WHEN {} THEN {} ELSE {} END", deeper, deeper, deeper),
        _calls("CASE {} WHEN {} THEN {} END", deeper, deeper, deeper),
        _calls("if({}, {}, {})", deeper, deeper, deeper),
        _calls("coalesce({}, {})", deeper, deeper),
        _calls("nvl2({}, {}, {})", deeper, deeper, deeper),
        _calls("nullif({}, {})", deeper, deeper),
        _calls("greatest({}, {})", deeper, deeper),
        _calls("least({}, {})", deeper, deeper),
        _calls("to_date({})", deeper),
        _calls("try_to_timestamp({}, '{}')", deeper, _FORMATS),
        _calls("to_date({}, '{}')", deeper, _FORMATS),
        _calls("to_timestamp({})", deeper),
        _calls("date_add({}, {})", deeper, _SMALL),
        _calls("date_sub({}, {})", deeper, _SMALL),
        _calls("last_day({})", deeper),
        st.sampled_from(["year", "quarter", "month", "week", "day", "hour", "minute", "second"])
        .flatmap(lambda unit: _calls(f"date_trunc('{unit}', {{}})", deeper)),
    ]  # fmt: skip


LEAVES = st.one_of(
    st.sampled_from(["名称", "`a b`", "num", "`day.text`", "day.text", "i", "x", "yes", "d", "w",
                     "NUM", "NULL", "TRUE", "5", "-3", "0.5", "1e2", "2.675", "DATE '2024-02-29'"]),
    WORDS.map(quoted),
    NUMBERS.map(quoted),
)  # fmt: skip
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda deeper: st.one_of(
        *_texts(deeper), *_numbers(deeper), *_truths(deeper), *_either(deeper)
    ),
    max_leaves=6,
)
