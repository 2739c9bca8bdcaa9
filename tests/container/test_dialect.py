"""Expressions of declarations: what is allowed, what each means, and what is refused at once."""

import datetime as dt
import pickle
import re
import threading
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel

from gridcontainer.container.declaration.expression import Engine, Expression, Kind, resolve
from gridcontainer.container.declaration.expression.calls import _CALLS
from gridcontainer.container.declaration.expression.functions import ALLOWED, FIXED, RELATED
from gridcontainer.container.declaration.expression.pattern import portable_pattern
from gridcontainer.container.judge.condition import _connection, evaluate, holds
from gridcontainer.container.judge.texts import double_text
from gridcontainer.errors import DeclarationError

ROWS = pa.table(
    {
        "name": ["合计", "东区", None, " x "],
        "num": ["1", "2.5", "3.5万", None],
        "id": pa.array([1, 2, None, 2**53 + 1], pa.int64()),
        "share": [0.5, float("nan"), None, 2.675],
        "ZIP_CODE": ["200000", "100-1", "", None],
        "t": ["2024-01-05 01:02:03", "20240105", "2024-02-30", None],
        "shape": pa.array([b"x", None, b"", None], pa.binary()),
    }
)


DUCKDB = duckdb.connect()


def values(text: str, rows: pa.Table = ROWS) -> list:
    return evaluate({"it": Expression(text)}, rows)["it"].to_pylist()


def refusal(text: str) -> str:
    with pytest.raises(ValueError) as caught:
        Expression(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "java_method('java.lang.System', 'exit', 0)",
        "reflect('java.lang.Runtime', 'getRuntime')",
        "try_reflect('java.util.UUID', 'randomUUID')",
        "java_method ('java.lang.System', 'exit', 0)",
        "`java_method`('java.lang.System', 'exit', 0)",
        "system.builtin.java_method('java.lang.System', 'exit', 0)",
        "read_text('/etc/passwd')",
        "read_csv('x')",
        "read_files('x')",
        "input_file_name()",
        "getenv('HOME')",
        "current_setting('threads')",
        "assert_true(1 = 1)",
        "raise_error('x')",
        "current_user()",
        "current_date()",
        "now()",
        "rand()",
        "uuid()",
        "monotonically_increasing_id()",
        "sum(num)",
        "count(*)",
        "row_number() OVER (ORDER BY num)",
        "lag(num) OVER (PARTITION BY name ORDER BY num)",
        "(SELECT 1)",
        "SELECT 1",
        "EXISTS (SELECT 1)",
        "num IN (SELECT 1)",
        "num IN (TABLE x)",
        "num = 1; DROP TABLE x",
        "DROP TABLE x",
        "SET x = 1",
        "PRAGMA x",
        "INSTALL httpfs",
        "num = 1 -- and more",
        "num /* a comment */ = 1",
        "transform(array(1), x -> x)",
        "filter(num, x -> true)",
        "x -> 1",
        "*",
        "t.*",
        "num[0]",
        "named_struct('a', 1).a",
        "lower(num).a",
        "INTERVAL 1 DAY",
        "num AS other",
        "num name",
        "num, name",
        ":x",
        "?",
        "@x",
        "${spark.master}",
        "{{ x }}",
        "num ILIKE 'a'",
        "num LIKE name",
        "num LIKE ANY ('a', 'b')",
        "num LIKE 'a' ESCAPE '/'",
        "CAST(num AS BINARY)",
        "CAST(num AS ARRAY<INT>)",
        "num COLLATE UNICODE",
        "x'ab'",
        "r'a'",
        "num ->> 'a'",
        "upper(DISTINCT num)",
        "upper(num) FILTER (WHERE true)",
        "upper(num, 2)",
        "substring(num)",
        "num =",
        "= 1",
        "",
        "  ",
        "(num",
        "'unclosed",
        "CASE WHEN num",
        "num IS 5",
        "a & 1",
        "~a",
    ],
)
def test_what_is_not_in_the_dialect_is_refused_when_it_is_read(text):
    refusal(text)


def test_a_refusal_names_what_is_meant():
    assert "(is substring or" in refusal("subtsring(num, 1, 2)")
    assert ", upper, " in refusal("java_method('x')")
    assert refusal("num = 1;").startswith("'num = 1;': may not hold a semicolon")
    assert "write \\\\d for a backslash" in refusal(r"regexp_extract(num, '\d', 0)")
    assert "beyond 64 bits" in refusal("num = 310101199001011234567")
    assert "join them by concat" in refusal("name = 'a' 'b'")
    assert "2 to 3 arguments, not 1" in refusal("substr(num)")
    for depth in (61, 90, 900):
        assert " nested " in refusal("(" * depth + "num" + ")" * depth)
    assert "more than 20,000 characters" in refusal("a" * 30_000)


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_a_refusal(text):
    with suppress(ValueError):
        assert Expression(text).columns >= set()


SOUP = st.sampled_from(
    ["(", ")", ",", "a", "`b c`", "'t'", "1", "2.5", "=", "<", "AND", "OR", "NOT", "IN", "LIKE",
     "IS", "NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "upper", "substring", "CAST", "AS", "INT",
     "BETWEEN", "+", "-", "*", "/", "%", "||", ".", "SELECT", "FROM", "OVER", ";", "->", "[", "]",
     "trim", "BOTH", "coalesce", "RLIKE", "DATE", "date_trunc", "\\", '"', "--", "/*", "DISTINCT"]
)  # fmt: skip


@given(st.lists(SOUP, max_size=14).map(" ".join))
def test_no_order_of_words_raises_anything_but_a_refusal(text):
    test_no_text_raises_anything_but_a_refusal.hypothesis.inner_test(text)


def test_the_allow_list_is_what_is_compiled():
    assert set(_CALLS) == RELATED
    assert not RELATED & set(FIXED)
    engine = duckdb.connect().execute("SELECT DISTINCT function_name FROM duckdb_functions()")
    dangerous = {name for (name,) in engine.fetchall() if name.startswith(("read_", "getenv"))}
    assert not dangerous & set(ALLOWED)


def test_the_documentation_names_every_function():
    page = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text(encoding="utf-8")
    assert not set(ALLOWED) - set(re.findall(r"[a-z_0-9]+", page))


def test_the_connection_opens_nothing_and_keeps_its_settings(tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n")
    for sql in (
        f"SELECT * FROM '{tmp_path}/x.csv'",
        f"COPY (SELECT 1) TO '{tmp_path}/y.csv'",
        f"ATTACH '{tmp_path}/z.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error):
            _connection().execute(sql)
    assert not (tmp_path / "y.csv").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = '合计'", [True, False, None, False]),
        ("num > 1", [False, True, None, None]),
        ("num + 1", [2.0, 3.5, None, None]),
        ("id + 1", [2, 3, None, 2**53 + 2]),
        ("id = '9007199254740993'", [False, False, None, True]),
        ("id * 4611686018427387904", [2**62, None, None, None]),
        ("id / 0", [None] * 4),
        ("id % 2", [1, 0, None, 1]),
        ("-7 div 2", [-3] * 4),
        ("-7 % 3", [-1] * 4),
        ("10 / 4", [2.5] * 4),
        ("round(2.5)", [3.0] * 4),
        ("round(-2.5)", [-3.0] * 4),
        ("round(2.675, 2)", [2.68] * 4),
        ("upper('straße')", ["STRASSE"] * 4),
        ("lower('ΑΣ')", ["ας"] * 4),
        ("length('中🤦')", [2] * 4),
        ("substring('abcdef', -3, 2)", ["de"] * 4),
        ("substring('abcdef', 0, 2)", ["ab"] * 4),
        ("substring('ab', -5, 4)", ["a"] * 4),
        ("trim(name)", ["合计", "东区", None, "x"]),
        ("trim('\u3000x ')", ["\u3000x"] * 4),
        ("concat(name, 1)", ["合计1", "东区1", None, " x 1"]),
        ("concat_ws('-', name, num)", ["合计-1", "东区-2.5", "3.5万", " x "]),
        ("coalesce(num, 0)", ["1", "2.5", "3.5万", "0"]),
        ("if(num > 1, 'a', 'b')", ["b", "a", "b", "b"]),
        ("CASE name WHEN '合计' THEN 1 ELSE id END", [1, 2, None, 2**53 + 1]),
        ("num IN ('1', 2.5)", [True, True, None, None]),
        ("num IN (1, NULL)", [True, None, None, None]),
        ("name LIKE '%区'", [False, True, None, False]),
        ("'100%' LIKE '100\\%'", [True] * 4),
        ("'100x' LIKE '100\\%'", [False] * 4),
        ("num RLIKE '^[0-9.]+$'", [True, True, False, None]),
        ("'a\\n' RLIKE 'a$'", [False] * 4),
        ("regexp_replace(`ZIP_CODE`, '-(\\\\d)', '/$1')", ["200000", "100/1", "", None]),
        ("regexp_extract(num, '([0-9]+)', 1)", ["1", "2", "3", None]),
        ("to_timestamp(t)", [dt.datetime(2024, 1, 5, 1, 2, 3), None, None, None]),
        ("to_date(t, 'yyyyMMdd')", [None, dt.date(2024, 1, 5), None, None]),
        ("try_to_timestamp(t, 'yyyy-MM-dd HH:mm:ss')",
         [dt.datetime(2024, 1, 5, 1, 2, 3), None, None, None]),
        ("to_timestamp('2024-01-05 01:02:03+08:00')", [None] * 4),  # it says another zone
        ("to_timestamp('2024-01-05 24:00:00')", [None] * 4),
        ("to_date('05/01/24', 'dd/MM/yy')", [dt.date(2024, 1, 5)] * 4),
        ("year(t)", [2024, None, None, None]),
        ("dayofweek(DATE '2024-01-07')", [1] * 4),
        ("date_trunc('month', t)", [dt.datetime(2024, 1, 1), None, None, None]),
        ("name IS NULL OR NOT name = 'x'", [True, True, True, True]),
        ("name <=> NULL", [False, False, True, False]),
        ("shape IS NULL", [False, True, False, True]),
        ("CAST('12.7' AS INT)", [None] * 4),
        ("CAST(12.7 AS INT)", [12] * 4),
        ("CAST(' 12 ' AS TINYINT)", [12] * 4),
        ("tinyint(300)", [None] * 4),
        ("double('1,234')", [None] * 4),
        ("double('NaN')", [None] * 4),
        ("boolean('Yes')", [True] * 4),
        ("'it''s'", ["it's"] * 4),
        ("greatest(1, NULL, 2.5)", [2.5] * 4),
        ("nullif(num, '1')", [None, "2.5", "3.5万", None]),
        ("NULL", [None] * 4),
    ],
)  # fmt: skip
def test_what_expressions_mean(text, expected):
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmae = 'x'", "no column nmae; the nearest are name"),
        ("shape = 'x'", "column shape is nested or binary"),
        ("num = id", "would round long codes"),
        ("concat(share, 'x')", "written in many ways"),
        ("share = TRUE", "cannot be compared"),
        ("coalesce(share, name)", "number and text are mixed"),
        ("share > 9007199254740993", "write a code in quotes"),
    ],
)
def test_what_does_not_fit_the_columns_is_told_with_its_place(text, said):
    with pytest.raises(DeclarationError, match=f"^stops: totals: .*{said}") as caught:
        holds(Expression(text), ROWS, place="stops: totals")
    assert repr(text) in str(caught.value)


def test_a_condition_that_is_null_does_not_hold():
    assert holds(Expression("num > 1"), ROWS).to_pylist() == [False, True, False, False]
    assert holds(Expression("num"), ROWS).to_pylist() == [True, False, False, False]  # '1' is true
    assert holds(Expression("id"), ROWS.to_batches()[0]).to_pylist() == [True, True, False, True]
    assert len(holds(Expression("TRUE"), ROWS.slice(0, 0))) == 0


def test_columns_are_found_by_their_names():
    expression = Expression("`a b` > 1 AND 名称 = \"lon\" OR a.b IS NULL AND upper(lon) = 'c'")
    assert expression.columns == {"a b", "名称", "a.b", "lon"}
    renamed = expression.renamed({"a b": "a_b", "lon": "source_lon", "a.b": "a.b", "名称": "名`称"})
    assert renamed.text == (
        "`a_b` > 1 AND `名``称` = \"lon\" OR a.b IS NULL AND upper(`source_lon`) = 'c'"
    )
    assert renamed.columns == {"a_b", "名`称", "a.b", "source_lon"}
    assert resolve(["ZIP CODE", "zip_code", "none"], ["ZIP_CODE"]) == {
        "ZIP CODE": "ZIP_CODE", "zip_code": "ZIP_CODE"
    }  # fmt: skip
    assert resolve(["a"], ["A", "Ａ"]) == {"a": "A"}
    assert resolve(["ab"], ["AB", "Ab"]) == {}  # either could be meant
    assert values("`ZIP CODE` = ''") == [False, False, True, None]
    both = pa.table({"A": ["1"], "a": ["2"]})
    assert values("concat(A, a)", both) == ["12"]


def test_columns_of_any_arrow_type_come_down_to_a_kind():
    rows = pa.table(
        {
            "small": pa.array([1, None], pa.int8()),
            "huge": pa.array([2**64 - 1, 0], pa.uint64()),
            "half": pa.array([0.5, None], pa.float32()),
            "money": pa.array(["1.10", None]).cast(pa.decimal128(30, 2)),
            "word": pa.array(["a", None]).dictionary_encode(),
            "large": pa.array(["a", None], pa.large_string()),
            "nothing": pa.nulls(2),
            "zoned": pa.array(
                [1_700_000_000_123_456_789, None], pa.timestamp("ns", "Asia/Shanghai")
            ),
            "list": pa.array([[1], None]),
        }
    )
    texts = ["small + 1", "huge > 1", "half", "money = 1.1", "word", "large", "nothing", "zoned",
             "list IS NULL"]  # fmt: skip
    assert [values(text, rows)[0] for text in texts] == [
        2, True, 0.5, True, "a", "a", None, dt.datetime(2023, 11, 14, 22, 13, 20, 123456), False,
    ]  # fmt: skip


def test_values_keep_their_order_and_their_number():
    many = pa.table({"i": pa.array(range(300_000))})
    assert values("i + 0", many) == list(range(300_000))
    assert evaluate({}, ROWS).num_columns == 0
    found: list[list] = []
    threads = [
        threading.Thread(target=lambda: found.append(values("i % 7", many))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one == found[0] for one in found)
    assert len(found) == 4


def test_values_as_another_kind():
    made = evaluate({"lon": Expression("num / 2")}, ROWS, kinds={"lon": Kind.TEXT})
    assert made["lon"].to_pylist() == ["0.5", "1.25", None, None]


@given(st.floats())
def test_the_text_of_a_number_reads_as_the_same_number(number):
    assert str(float(double_text(number))) == str(number)


class Model(BaseModel):
    where: Expression | None = None
    by: dict[Expression, str] = {}


def test_in_a_model_an_expression_is_its_text():
    model = Model.model_validate({"where": "lon > 0", "by": {"`区县`": "district"}})
    assert model.where == Expression("lon > 0")
    assert model.model_dump() == {"where": "lon > 0", "by": {"`区县`": "district"}}
    assert model.model_dump_json() == '{"where":"lon > 0","by":{"`区县`":"district"}}'
    assert Model.model_validate_json(model.model_dump_json()) == model
    assert pickle.loads(pickle.dumps(model.where)) == model.where


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a)*", "(?:a|b)*", "a++", "(?i)a", "(?=a)", r"(a)\1", r"\bword", r"\p{L}",
     "[[:alpha:]]", "[a&&b[c]]", "[a--b]",
     "a{2000}", "a**", "(a", "[", r"\x41", r"\Z", "[]a]", "(?P<x>a)", "a{,3}x{"],
)  # fmt: skip
def test_patterns_that_engines_read_differently_are_refused(pattern):
    with pytest.raises(ValueError):
        portable_pattern(pattern)


@given(st.text("ab1 _-.\n\r\t中é🤦&~^]", max_size=12))
def test_portable_patterns_match_as_before(text):
    for pattern in (
        r"^\d+",
        r"\s",
        "[a-b]+$",
        "a.b",
        "[^1 ]",
        r"[\w-]+",
        r"a|b$",
        r"(?:ab){2}",
        "[&~^]",
    ):
        written, _ = portable_pattern(pattern)
        python = re.search(re.sub(r"\$$", r"\\Z", pattern), text, re.ASCII)
        (found,) = DUCKDB.execute("SELECT regexp_extract(?, ?, 0)", [text, written]).fetchone()
        assert found == (python[0] if python else "")


def test_literals_are_written_for_each_engine():
    assert Engine.SPARK.text("a'b\\\n") == r"'a\'b\\\n'"
    assert Engine.DUCKDB.text("a'b\\") == "'a''b\\'"
    assert Engine.DUCKDB.column('a"b') == '"a""b"'
