"""Names in parts: what departments write differently, and what tells two things apart."""

import unicodedata

import hypothesis.strategies as st
import opencc
import pytest
from hypothesis import given

from gridcontainer.linkage.names import NameRules, fold, latin_key, split_name
from gridcontainer.linkage.names.numbers import read_numbers

RULES = NameRules(
    generic=("小区", "住宅小区"),
    endings=("花园", "公寓", "新村", "苑", "大厦"),
    types=("公寓", "别墅"),
)
NAMES = st.text("东南西北中春江花月夜苑村路弄号期区0123456789()（）a", min_size=1, max_size=14)


@given(NAMES)
def test_script_width_and_case_do_not_matter(name: str) -> None:
    traditional = opencc.OpenCC("s2t").convert(name)
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in traditional)
    assert fold(wide) == fold(name)
    assert unicodedata.normalize("NFKC", wide) == traditional.translate({0xFF08: "(", 0xFF09: ")"})


@given(NAMES)
def test_splitting_takes_any_name_and_loses_no_core(name: str) -> None:
    parts = split_name(name, RULES)
    assert parts.core or not any(character.isalnum() for character in parts.full)
    assert set(parts.mark_kinds) == {mark.split(":")[0] for mark in parts.marks}
    assert split_name(parts.full, RULES) == parts  # a folded name says the same


@pytest.mark.parametrize(
    ("name", "core", "marks"),
    [
        ("月夜花园(二期)", "月夜", ("期:2",)),
        ("月夜花园二期", "月夜", ("期:2",)),
        ("月夜花园（一至三期）", "月夜", ("期:1", "期:2", "期:3")),
        ("月夜一二村", "月夜", ("村:1", "村:2")),
        ("月夜十二村", "月夜", ("村:12",)),
        ("月夜苑(东区别墅)", "月夜", ("区:东", "类:别墅")),
        ("月夜B区", "月夜", ("区:b",)),
        ("月夜路12弄小区", "月夜路", ("弄:12",)),
        ("月夜路4-8号小区", "月夜路", ("弄:4", "弄:6", "弄:8")),
    ],
)
def test_core_and_marks(name: str, core: str, marks: tuple[str, ...]) -> None:
    parts = split_name(name, RULES)
    assert (parts.core, parts.marks) == (core, marks)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("春江路", {"春江路"}),
        ("春江路地铁站", {"春江路"}),
        ("月夜大道春江公路（花月站地铁站）", {"月夜大道", "春江路", "花月"}),
        ("春江铁路新村", {"春江铁路新村"}),
        ("春江(南广场)", {"春江", "南广场"}),
        ("大道站路月夜街", {"大道站路", "月夜街"}),
    ],
)
def test_the_places_that_a_name_names(name: str, places: set[str]) -> None:
    assert set(split_name(name, NameRules(generic=("地铁站", "站"))).places) == places


def test_an_address_is_told_from_a_name() -> None:
    address, named = split_name("月夜路12弄小区", RULES), split_name("春江苑(月夜路12弄)", RULES)
    assert (address.is_address, named.is_address) == (True, False)
    assert address.addresses == named.addresses == ("月夜路:12",)
    assert named.core == "春江"


def test_a_generic_word_says_nothing_and_an_ending_says_the_kind() -> None:
    assert split_name("春江小区", RULES).ending == ""
    assert split_name("春江大厦", RULES).ending == "大厦"
    assert split_name("春江二村", RULES).ending == "村"
    assert split_name("苑小区", RULES).core == "苑小区"  # nothing else would remain


def test_names_that_sound_the_same() -> None:
    assert split_name("旭辉苑", RULES).sound == split_name("旭晖苑", RULES).sound


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("人民广场", "People's Square"),
        ("延安西路", "West Yan'an Road"),
        ("世纪公园站", "Shiji Park"),
        ("上海动物园", "Shanghai Zoo"),
        ("淮海中路", "Middle Huaihai Road"),
    ],
)
def test_chinese_and_english_of_one_name(chinese: str, english: str) -> None:
    assert latin_key(chinese) == latin_key(english)


@given(st.integers(0, 999))
def test_chinese_numbers(number: int) -> None:
    digits = "零一二三四五六七八九"
    hundreds, tens, units = number // 100, number // 10 % 10, number % 10
    text = f"{digits[hundreds]}百" if hundreds else ""
    text += f"{digits[tens]}十" if tens else "零" if hundreds and units else ""
    text += digits[units] if units or not number else ""
    assert read_numbers(text) == [number]
