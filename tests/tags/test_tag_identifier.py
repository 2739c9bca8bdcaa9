"""Identifiers: what a person can get wrong is found; what it cannot get wrong is taken as meant."""

import itertools

import pytest
from hypothesis import given, strategies as st

from gridcontainer.errors import TagError
from gridcontainer.tags.identifier import SYMBOLS, make_tag_id, read_tag_id
from gridcontainer.tags.symbols import ALPHABET, check_symbols, is_word, to_numbers

NAMES = st.text(min_size=1, max_size=12)
TAGS = st.builds(make_tag_id, NAMES, NAMES, NAMES, st.integers(1, 99))


def plain(tag: str) -> str:
    return tag.removeprefix("GT-").replace("-", "")


def product(left: int, right: int) -> int:
    """In GF(32) by the school method, without a table: x^5 = x^2 + 1."""
    result = 0
    for bit in range(5):
        if right >> bit & 1:
            result ^= left << bit
    for bit in range(9, 4, -1):
        if result >> bit & 1:
            result ^= 0b100101 << (bit - 5)
    return result


def syndromes(numbers: list[int]) -> tuple[int, int]:
    """The word as a polynomial, at the two roots of the generator."""
    values = []
    for root in (2, 4):
        value = 0
        for number in numbers:
            value = product(value, root) ^ number
        values.append(value)
    return values[0], values[1]


@given(st.lists(st.integers(0, 31), min_size=1, max_size=29))
def test_the_check_symbols_are_those_of_the_code(numbers):
    word = [*numbers, *check_symbols(numbers)]
    assert syndromes(word) == (0, 0)
    assert is_word(word)


def test_every_wrong_symbol_and_every_two_are_found():
    """The code is linear: that no difference of one or two symbols is a word says it of all."""
    assert is_word([0] * SYMBOLS)
    for place in range(SYMBOLS):
        for error in range(1, 32):
            assert not is_word([error if at == place else 0 for at in range(SYMBOLS)])
    for first, second in itertools.combinations(range(SYMBOLS), 2):
        for one, other in itertools.product(range(1, 32), repeat=2):
            word = [0] * SYMBOLS
            word[first], word[second] = one, other
            assert not is_word(word)


@given(TAGS, st.data())
def test_any_two_symbols_that_changed_places_are_found(tag, data):
    symbols = list(plain(tag))
    first, second = data.draw(st.sampled_from(list(itertools.combinations(range(SYMBOLS), 2))))
    if symbols[first] == symbols[second]:
        return
    symbols[first], symbols[second] = symbols[second], symbols[first]
    with pytest.raises(TagError, match="was misread"):
        read_tag_id("".join(symbols))


@given(TAGS)
def test_it_is_read_however_it_is_written(tag):
    assert read_tag_id(tag) == tag
    assert read_tag_id(tag.lower().replace("-", " ")) == tag
    assert read_tag_id(plain(tag)) == tag
    assert read_tag_id(tag.replace("0", "o").replace("1", "l")) == tag
    assert read_tag_id(tag.replace("0", "O").replace("1", "I")) == tag


def test_it_is_the_same_for_the_same_facts_and_for_no_others():
    issuers, subjects, classes = ("traffic", "planning"), ("a", "b", "ab"), ("stop", "area")
    facts = list(itertools.product(issuers, subjects, classes, (1, 2)))
    assert len({make_tag_id(*fact) for fact in facts}) == len(facts)
    assert make_tag_id("traffic", "a", "stop") == make_tag_id("traffic", "a", "stop", 1)
    # Printed tags stay readable: the way to make them may never change.
    assert make_tag_id("traffic", "abc", "stop") == "GT-WEKP-PFB0-DQRV-SPCZ"


def test_a_misread_says_what_is_wrong():
    with pytest.raises(TagError, match=r"'U' \(character 1 of"):
        read_tag_id("GT-UEKP-PFB0-DQRV-SPCZ")
    with pytest.raises(TagError, match="has 15 characters after GT-, and a tag has 16"):
        read_tag_id("GT-WEKP-PFB0-DQRV-SPC")
    with pytest.raises(TagError, match="was misread"):
        read_tag_id("GT-WEKP-PFB0-DQRV-SPZC")
    with pytest.raises(TagError, match="has 0 characters"):
        read_tag_id("")


def test_the_alphabet_is_crockfords():
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("ILOU")
    assert to_numbers("0Zz") == [0, 31, 31]
