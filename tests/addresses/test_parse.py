"""The grammar: texts of every shape that the real sets have, made up, and what they say."""

import csv
import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gridcontainer.addresses.address import Address, format_address
from gridcontainer.addresses.normal import is_readable, normalise
from gridcontainer.addresses.numerals import int_to_numeral, numeral_to_int
from gridcontainer.addresses.parse import parse_address

NAMES = st.text("青山白云松竹梅兰", min_size=2, max_size=3)
ROADS = st.builds("{}{}".format, NAMES, st.sampled_from(["路", "公路", "大道", "高速", "街"]))
NUMBERS = st.integers(1, 9999)

TEXTS: list[tuple[str, dict[str, Any]]] = [
    ("嘉松中路出华隆路南约3000米", {"road": "嘉松中路", "cross": "华隆路", "direction": "南",
                         "offset_metres": 3000.0}),
    ("青松路进白云公路西北约20米", {"road": "青松路", "cross": "白云公路", "direction": "西北",
                        "offset_metres": 20.0}),
    ("青松路白云路路口", {"road": "青松路", "cross": "白云路"}),
    ("青松路与白云路交叉口工地生活区", {"road": "青松路", "cross": "白云路"}),
    ("青松路和白云路交界口", {"road": "青松路", "cross": "白云路"}),
    ("青松路和云路", {"road": "青松路", "cross": "和云路"}),  # here 和 begins the name
    ("青松路(白云路)", {"road": "青松路", "cross": "白云路"}),
    ("青松路进青松路竹园路西约1米", {"road": "青松路", "cross": "竹园路", "direction": "西",
                        "offset_metres": 1.0}),
    ("青松公路出白云路南约2KM", {"road": "青松公路", "cross": "白云路", "direction": "南",
                        "offset_metres": 2000.0}),
    ("青白高速公路东侧36km约900米", {"road": "青白高速", "chainage_metres": 36900.0}),
    ("青白高速往白山方向12.5KM", {"road": "青白高速", "chainage_metres": 12500.0}),
    ("内环高架路外侧NW0937约5米", {"road": "内环高架", "offset_metres": 5.0}),
    ("G1503白云公路", {"road": "G1503", "cross": "白云公路"}),
    ("青松路１２３弄", {"road": "青松路", "lane": 123}),
    ("青松路三十五弄二支弄6号", {"road": "青松路", "lane": 35, "sublane": 2, "number": 6}),
    ("青松2路12号3号楼", {"road": "青松二路", "number": 12, "building": 3}),
    ("青松路106-110号", {"road": "青松路", "number": 106, "number_to": 110}),
    ("青松路l5号,", {"road": "青松路", "number": 15}),
    ("竹家弄11号", {"road": "竹家弄", "number": 11}),
    ("白鎮路500弄（住宅）", {"road": "白镇路", "lane": 500}),
    ("浦东新区青山镇白云村竹家宅",
     {"district": "浦东", "town": "青山镇", "village": "白云村", "part": "竹家宅"}),
    ("白云村2队竹家宅", {"village": "白云村", "part": "竹家宅"}),
    ("青松路村梅家桥", {"village": "青松路村", "part": "梅家桥"}),
    ("青村镇白云三村", {"town": "青村镇", "village": "白云三村"}),
    ("石青路街道松竹小区", {"town": "石青路街道", "place": "松竹小区"}),
    ("松竹家苑", {"place": "松竹家苑"}),
    ("其他路白云村", {"village": "白云村"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), TEXTS, ids=[text for text, _ in TEXTS])
def test_each_shape_is_understood(text: str, parts: dict[str, Any]):
    assert parse_address(text) == Address(**parts)


@given(
    st.one_of(
        st.builds(Address, road=ROADS, lane=NUMBERS, number=st.none() | NUMBERS),
        st.builds(Address, road=ROADS, number=NUMBERS, building=st.none() | NUMBERS),
        st.builds(
            Address,
            road=ROADS,
            cross=ROADS,
            direction=st.sampled_from(["东", "西", "南", "北", "东北"]),
            offset_metres=st.integers(0, 5000).map(float),
        ).filter(lambda address: address.road != address.cross),
        st.builds(Address, road=ROADS, chainage_metres=st.integers(1, 99_999).map(float)),
        st.builds(
            Address,
            town=st.none() | NAMES.map("{}镇".format),
            village=NAMES.map("{}村".format),
            part=st.none() | NAMES.map("{}宅".format),
        ),
    )
)
def test_what_is_written_is_read_back(address: Address):
    assert parse_address(format_address(address)) == address


@given(
    st.text("路弄号镇村东南西北约米出进与一十百0123456789Kkm()（），\ufffd青松白云 ", max_size=30)
)
def test_any_text_is_read_to_the_end_without_an_error(text: str):
    address = parse_address(text)
    assert address.rest == "" or normalise(text).endswith(address.rest)
    assert address.shape != "unknown" or not address.to_keys()


@given(st.text("路弄号镇村東南约米0123456789０５Ａaｍ()（）【】·， \u3000é", max_size=40))
def test_a_normal_text_stays_as_it_is(text: str):
    once = normalise(text)
    assert normalise(once) == once


def test_a_lost_character_ends_the_text_before_the_name_that_it_broke():
    assert not is_readable("青松路出白\ufffd路南约5米")
    assert parse_address("青松路出白\ufffd路南约5米") == Address(road="青松路")
    assert parse_address("\ufffd松路竹园路路口").shape == "unknown"


@given(st.integers(1, 99))
def test_numerals_are_read_as_they_are_written(number: int):
    assert numeral_to_int(int_to_numeral(number)) == number


@pytest.mark.parametrize("text", ["", "甲", "1", "三a"])
def test_what_is_no_numeral_is_refused(text: str):
    with pytest.raises(ValueError, match="no Chinese numeral"):
        numeral_to_int(text)


@pytest.mark.parametrize("number", [0, 100])
def test_numerals_of_roads_are_below_a_hundred(number: int):
    with pytest.raises(ValueError, match="1-99"):
        int_to_numeral(number)


def test_a_crossing_has_one_key_whichever_road_comes_first():
    one, other = Address(road="青路", cross="白路"), Address(road="白路", cross="青路")
    assert one.to_keys()[0] == other.to_keys()[0]


@pytest.mark.real_data
def test_nearly_all_real_texts_are_understood(real_data: Path):
    with (real_data / "soda_shanghai_2015/accident.txt").open(encoding="utf-8-sig") as rows:
        accidents = {row["SGDD"] for row in csv.DictReader(rows)}
    with gzip.open(real_data / "shanghai_covid_2022/geo_cached.json.gz") as content:
        addresses = set(json.load(content))
    assert len(accidents) > 900
    assert len(addresses) > 37_000
    assert understood(text for text in accidents if is_readable(text)) > 0.99
    assert understood(addresses) > 0.99


def understood(texts: Iterable[str]) -> float:
    parsed = [parse_address(text) for text in texts]
    whole = [address for address in parsed if address.shape != "unknown" and not address.rest]
    return len(whole) / len(parsed)
