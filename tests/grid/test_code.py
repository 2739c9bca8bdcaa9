"""Codes as strings: what is read, what is written, and what is wrong with a faulty one."""

import exact
import numpy as np
import pytest
from differences import differences
from hypothesis import given, strategies as st
from strategies import POLAR_CODES, codes

from gridcontainer.errors import CodeError
from gridcontainer.grid import (
    CODE_LENGTH,
    INVALID_CELL,
    cell_to_code,
    code_problems,
    code_to_bounds,
    code_to_cell,
    explain_code,
    is_valid_code,
    lonlat_to_code,
)
from gridcontainer.grid.code import cell_to_code_bytes

FAULTS = [
    ("N00A", "zone '00'"),
    ("N61A", "zone '61'"),
    ("N99A", "zone '99'"),
    ("NA1A", "zone 'A1'"),
    ("N50W", "row 'W'"),
    ("N500", "row '0'"),
    ("E50J", "begins with 'E', not N or S"),
    ("N50JC7", "'C' in its level-2 group; 0-B fit"),
    ("N50J48", "'8' in its level-2 group; 0-7 fit"),
    ("N50J476", "'6' in its level-3 group; 0-5 fit"),
    ("N50J475F9", "'F' in its level-4 group; 0-E fit"),
    ("N50J4753A", "'A' in its level-4 group; 0-9 fit"),
    ("N50J47539F8", "'F' in its level-5 group; 0-E fit"),
    ("N50J475398F", "'F' in its level-5 group; 0-E fit"),
    ("N50J47539B84", "'4' in its level-6 group; 0-3 fit"),
    ("N50J47539B8285", "'8' in its level-7 group; 0-7 fit"),
    ("N50J47539B825584", "'8' in its level-8 group; 0-7 fit"),
    ("N50J47539B8255340008", "'8' in its level-10 group; 0-7 fit"),
    ("N50J4", "has 5 characters; a code has one of 4, 6, 7"),
    ("N50J47539B82553400000", "has 21 characters"),
    ("N50J " + "x" * 100, "has 105 characters"),
    ("", "has 0 characters"),
    (None, "has 0 characters"),
    ("Ｎ50J", "a character that is not ASCII"),
    ("N5０J", "a character that is not ASCII"),
    ("N50Jé7", "a character that is not ASCII"),
    ("N5İJ", "a character that is not ASCII"),  # its low seven bits are those of 0
    ("N50J4 ", "' ' in its level-2 group"),
    ("N000000", "polar cap, which has levels 1-2 only"),
    ("N00044", "polar cell '44', which is not drawn"),
]


@pytest.mark.parametrize(("code", "reason"), FAULTS, ids=[repr(code) for code, _ in FAULTS])
def test_a_faulty_code_is_refused_and_its_fault_named(code, reason):
    assert reason in code_problems(np.array([code], dtype=object))[0]
    with pytest.raises(CodeError, match="1 of 2 codes are faulty; the first is index 1") as error:
        code_to_cell(["N50J", code])
    assert reason in str(error.value)
    assert not is_valid_code(code)
    assert code_to_cell(["N50J47", code], on_invalid="mark")[0][1] == INVALID_CELL
    assert code_to_cell(["N50J47", code], on_invalid="mark")[1].tolist() == [2, 0]


@given(code=codes() | POLAR_CODES)
def test_every_code_of_the_standard_is_read_and_written_again(code):
    cell, level = code_to_cell(code)
    assert (cell, level) == (exact.code_to_integer(code), exact.level_of(code))
    assert cell_to_code(cell, level) == code
    assert is_valid_code(code)
    assert explain_code(code) == ""


@given(code=codes() | POLAR_CODES, data=st.data())
def test_a_changed_character_is_judged_as_the_pattern_of_all_codes_judges_it(code, data):
    at = data.draw(st.integers(0, len(code) - 1))
    new = data.draw(st.sampled_from("0123456789ABCDEFGNSUVWXZnsabvw ?-ſK０é") | st.just(""))
    text = code[:at] + new + code[at + 1 :]
    valid = text.isascii() and exact.CODE.fullmatch(text.upper()) is not None
    assert is_valid_code(text) == valid
    assert (code_problems(text) == "") == valid
    assert code_to_cell(text, on_invalid="mark")[0] == (
        exact.code_to_integer(text.upper()) if valid else INVALID_CELL
    )


@given(text=st.text(st.characters(exclude_characters="\0"), max_size=24))
def test_text_of_any_kind_is_refused_with_a_reason_unless_it_is_a_code(text):
    valid = text.isascii() and exact.CODE.fullmatch(text.upper()) is not None
    assert is_valid_code(text) == valid
    assert (explain_code(text) == "") == valid


@given(code=codes() | POLAR_CODES, data=st.data())
def test_lower_case_is_read_and_upper_case_written(code, data):
    mixed = "".join(data.draw(st.sampled_from([c, c.lower()])) for c in code)
    cell, level = code_to_cell(mixed)
    assert cell_to_code(cell, level) == code
    assert code_problems(mixed) == ""


@pytest.mark.parametrize("group", ["AB", "Ab", "aB", "ab", "e0", "0e"])
def test_each_letter_of_a_pair_may_be_lower_case(group):
    assert code_to_cell(f"n31a00000{group}") == code_to_cell(f"N31A00000{group.upper()}")


def test_the_length_of_a_code_is_that_of_its_level():
    assert [len(lonlat_to_code(121.47, 31.23, level)) for level in exact.LENGTHS] == [
        *exact.LENGTHS.values()
    ]
    assert CODE_LENGTH == 20


@given(many=st.lists(codes() | POLAR_CODES, max_size=12))
def test_codes_of_mixed_levels_are_read_and_written_together(many):
    cells, levels = code_to_cell(many)
    assert cells.tolist() == [exact.code_to_integer(code) for code in many]
    assert levels.tolist() == [exact.level_of(code) for code in many]
    assert cell_to_code(cells, levels).tolist() == many


@pytest.mark.parametrize(
    "values",
    [
        np.array(["N50J47", "S21I85"]),
        np.array(["N50J47", "S21I85"], dtype=object),
        np.array([b"N50J47", b"S21I85"]),
        np.array(["N50J47", "S21I85"], dtype=np.dtypes.StringDType()),
        ["N50J47", "S21I85"],
        ("N50J47", np.str_("S21I85")),
        np.array(["N50J47", "?", "S21I85"])[::2],
    ],
    ids=["U", "object", "bytes", "StringDType", "list", "tuple", "strided"],
)
def test_strings_are_read_from_any_kind_of_array(values):
    cells, levels = code_to_cell(values)
    assert cells.tolist() == [exact.code_to_integer(code) for code in ("N50J47", "S21I85")]
    assert levels.tolist() == [2, 2]


def test_values_that_are_no_strings_are_refused():
    with pytest.raises(CodeError, match="codes are strings, not int64"):
        code_to_cell([1, 2])
    assert code_problems(np.array([b"\xff50J"]))[0] == "has a character that is not ASCII"


def test_scalars_give_python_scalars():
    cell, level = code_to_cell("N50J47")
    assert (type(cell), type(level)) == (int, int)
    assert type(cell_to_code(cell, level)) is str
    assert type(lonlat_to_code(116.3, 39.9, 5)) is str
    assert type(is_valid_code("N50J47")) is bool
    assert type(code_problems("N50J4")) is str
    assert {type(value) for value in code_to_bounds("N50J47")} == {float}


@pytest.mark.parametrize("shape", [(0,), (2, 3), (3, 0, 2)])
def test_arrays_keep_their_shape(shape):
    many = np.full(shape, "N50J47", dtype="U6")
    cells, levels = code_to_cell(many)
    assert cells.shape == levels.shape == is_valid_code(many).shape == shape
    assert code_problems(many).shape == shape
    assert cell_to_code(cells, 2).shape == cell_to_code(cells, levels).shape == shape
    assert lonlat_to_code(np.zeros(shape), 0, 2).shape == shape


def test_a_marked_cell_has_an_empty_code_at_any_level():
    assert cell_to_code(INVALID_CELL, 4) == ""
    cell = exact.code_to_integer("N50J47")
    assert cell_to_code([INVALID_CELL, cell, INVALID_CELL], 2).tolist() == ["", "N50J47", ""]
    for level in (0, 2, 3):
        assert cell_to_code([INVALID_CELL, cell], [level, 2]).tolist() == ["", "N50J47"]


def test_an_integer_of_another_level_has_no_code():
    cell = exact.code_to_integer("N50J475")
    with pytest.raises(CodeError, match=r"1 of 1 integers are no level-2 cells"):
        cell_to_code(cell, 2)
    with pytest.raises(CodeError, match=r"no level-2 cells"):
        cell_to_code([cell, cell], [3, 2])


def test_bytes_of_codes_are_their_ascii_characters():
    many = lonlat_to_code(np.linspace(-179, 179, 40_000), 31.2, 8)
    characters = cell_to_code_bytes(code_to_cell(many)[0], 8)
    assert characters.dtype == np.uint8
    assert differences([bytes(row).decode() for row in characters], many) == []
