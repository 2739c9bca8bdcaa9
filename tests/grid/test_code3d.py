"""3D codes: how height and plane interleave, what is read, and what is refused."""

import exact
import exact_height
import numpy as np
import pytest
from exact_height import RANGE, SCHEMES, interleave, to_digits
from hypothesis import assume, given, strategies as st
from strategies import POLAR_CODES
from strategies3d import FULL, LAYERS, LENGTHS, LEVELS, level_of, tall_codes

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import (
    CODE3D_LENGTH,
    code3d_problems,
    code3d_to_bounds,
    code3d_to_children,
    code3d_to_code,
    code3d_to_neighbors,
    code3d_to_parent,
    code_to_center,
    code_to_children,
    code_to_neighbors,
    height_to_layer,
    is_valid_code3d,
    layer_to_height,
    lonlat_to_code,
    lonlat_to_code3d,
)

HIGHEST = layer_to_height(RANGE)


@given(code=FULL, layer=LAYERS, scheme=st.sampled_from(SCHEMES), level=LEVELS)
def test_height_and_plane_interleave_as_the_specification_lays_them_out(code, layer, scheme, level):
    reading, negative = scheme
    low, high = layer_to_height([layer, layer + 1])
    height = low + (high - low) / 2
    assume(height_to_layer(height) == layer)
    got = lonlat_to_code3d(*code_to_center(code), height, level, reading=reading, negative=negative)
    assert got == interleave(code, to_digits(layer, reading, negative))[: LENGTHS[level]]


@given(tall=tall_codes())
def test_the_middle_of_the_bounds_encodes_to_the_code(tall):
    code, scheme = tall
    west, south, east, north, bottom, top = code3d_to_bounds(code, **scheme)
    plane = code3d_to_code(code)
    assert (west, south, east, north) == exact.code_to_bounds(plane)
    layers = height_to_layer(bottom), height_to_layer(top) if top < HIGHEST else RANGE
    assert (layer_to_height(layers[0]), layer_to_height(layers[1])) == (bottom, top)
    at = layer_to_height(sum(layers) // 2)
    assert lonlat_to_code3d(*code_to_center(plane), at, level_of(code), **scheme) == code
    assert is_valid_code3d(code, **scheme)
    assert code3d_problems(code, **scheme) == ""


@given(tall=tall_codes())
def test_a_cell_owns_its_bottom_and_not_its_top(tall):
    code, scheme = tall
    lon, lat = code_to_center(code3d_to_code(code))
    *_, bottom, top = code3d_to_bounds(code, **scheme)
    level = level_of(code)
    assert lonlat_to_code3d(lon, lat, bottom, level, **scheme) == code
    assert lonlat_to_code3d(lon, lat, np.nextafter(top, -np.inf), level, **scheme) == code
    assert lonlat_to_code3d(lon, lat, top, level, **scheme, on_invalid="mark") != code


def test_the_published_code_is_the_interleaved_one():
    assert interleave("N36J93078B3101524314", "0" * 12) == "N036J0093000780B3010010520430140"
    assert code3d_to_code("N036J0093000780B3010010520430140") == "N36J93078B3101524314"
    assert CODE3D_LENGTH == 32


@given(tall=tall_codes(), data=st.data())
def test_plane_and_parents_are_told_by_the_characters_alone(tall, data):
    code, _ = tall
    level = level_of(code)
    above = data.draw(st.integers(1, level))
    assert code3d_to_parent(code, above) == code[: LENGTHS[above]]
    assert code3d_to_parent(code.lower(), above) == code[: LENGTHS[above]]
    if level > 1:
        assert code3d_to_parent([code, code]).tolist() == [code[: LENGTHS[level - 1]]] * 2
    assert len(code3d_to_code(code)) == exact.LENGTHS[level]
    assert code3d_to_code(code.lower()) == code3d_to_code(code)


@given(tall=tall_codes(), data=st.data())
def test_a_changed_character_is_judged_by_the_2d_pattern_and_the_digits(tall, data):
    code, scheme = tall
    at = data.draw(st.integers(0, len(code) - 1))
    new = data.draw(st.sampled_from("0123456789ABCDEFGNSVW na?０é") | st.just(""))
    text = code[:at] + new + code[at + 1 :]
    valid = is_code3d(text, **scheme)
    assert is_valid_code3d(text, **scheme) == valid
    assert (code3d_problems(text, **scheme) == "") == valid


def is_code3d(text, reading, negative):
    """Valid where the 2D part is and some layer has digits that begin as the height does."""
    if not text.isascii() or len(text) not in LENGTHS.values():
        return False
    level, plain, tall, rest = level_of(text), "", "", text.upper()
    for many, few in list(zip(exact_height.PLAIN, exact_height.TALL, strict=True))[: level + 1]:
        plain, tall, rest = plain + rest[:many], tall + rest[many : many + few], rest[many + few :]
    if not exact.CODE.fullmatch(plain) or tall[0] not in "01" or not tall[1:3].isdigit():
        return False
    # If any layer begins so, then one of its first, its second or its last ones does.
    for fill in ("000000000", "000000001", "71EE17777"):
        digits = tall + fill[len(tall) - 3 :]
        layer = _layer(digits, reading, negative)
        if layer is not None and to_digits(layer, reading, negative).startswith(tall):
            return True
    return False


def _layer(digits, reading, negative):
    """The layer of 12 digits; ``None`` where a digit does not fit or there is no such layer."""
    radices = exact_height.RADICES if reading == "A" else (64, 8, 2, 16, 16, 2, 8, 8, 8, 8)
    values = [int(digits[1:3]), *("0123456789ABCDEF".find(digit) for digit in digits[3:])]
    number = 0
    for value, radix in zip(values, radices, strict=True):
        if not 0 <= value < radix:
            return None
        number = number * radix + value
    if reading == "C":
        degree, rest = divmod(number, 1 << 23)
        minute, rest = divmod(rest, 1 << 17)
        number = (degree * 60 + minute) * 122_880 + rest
    below = digits[0] == "1"
    if negative == "complement":
        total = RANGE if reading == "A" else 2**31
        number -= total if below else 0
    elif below:
        number = -number
    return number if -RANGE <= number < RANGE else None


@pytest.mark.parametrize(
    ("code", "scheme", "reason"),
    [
        ("N050J004705084FC70", {}, "height digit 'F' at level 4; 0-E fit; it may be of reading B"),
        ("N050J0047050840C7F", {}, "height digit 'F' at level 5; 0-E fit; it may be of reading B"),
        ("N250J00", {}, "height sign '2', not 0 or 1"),
        ("N050J64", {}, "height digits '64' at level 1; 00-63 fit"),
        ("N050J0A", {}, "height digits '0A' at level 1"),
        ("N050J00478", {}, "height digit '8' at level 2; 0-7 fit"),
        ("N061J00", {}, "the 2D part 'N61J', which has zone '61'"),
        ("N050W00", {}, "the 2D part 'N50W', which has row 'W'"),
        ("N050J0", {}, "has 6 characters; a 3D code has one of 7, 10, 12"),
        (None, {}, "has 0 characters"),
        ("Ｎ050J00", {}, "a character that is not ASCII"),
        ("N150J0047050840C7030350240140720", {}, "the height minus zero, which does not exist"),
        ("N050J004705184CC7", {"reading": "B"}, "has 17 characters"),
        ("N050J004715184C", {"reading": "C"}, "a height minute or second above 59"),
        ("N050J0047050840C7F", {"reading": "C"}, "a height minute or second above 59"),
        ("N050J0047050840C7F30350", {"reading": "C"}, "a height minute or second above 59"),
        ("N050J0İ", {}, "a character that is not ASCII"),
        ("N050J57", {"reading": "B"}, "beyond 1887436800 layers"),
        ("N0000000" + "0" * 4, {}, "polar cap, which has levels 1-2 only"),
    ],
)
def test_a_faulty_code_is_refused_and_its_fault_named(code, scheme, reason):
    assert reason in code3d_problems(np.array([code], dtype=object), **scheme)[0]
    assert not is_valid_code3d(code, **scheme)
    with pytest.raises(
        CodeError, match="1 of 2 3D codes are faulty; the first is index 1"
    ) as error:
        code3d_to_bounds(["N050J00", code], **scheme)
    assert reason in str(error.value)


@given(code=POLAR_CODES, layer=LAYERS)
def test_polar_cells_have_heights_too(code, layer):
    digits = to_digits(layer)
    level = exact.level_of(code)
    tall = code[0] + digits[0] + code[1:4] + digits[1:3]
    tall += code[4:] + digits[3] if level == 2 else ""
    assert code3d_to_code(tall) == code
    *_, bottom, _ = code3d_to_bounds(tall)
    assert lonlat_to_code3d(*code_to_center(code), bottom, level) == tall
    found = set(code3d_to_code(code3d_to_neighbors(tall)).tolist())
    assert found == {code, *code_to_neighbors(code).tolist()}
    if level == 1:
        assert set(code3d_to_code(code3d_to_children(tall))) == set(code_to_children(code))


@pytest.mark.parametrize(
    ("lon", "lat", "height", "reason"),
    [
        (0.0, 0.0, np.nan, "height missing, or no layer of the standard"),
        (0.0, 0.0, None, "height missing, or no layer of the standard"),
        (0.0, 0.0, 6e8, "height missing, or no layer of the standard"),
        (0.0, 89.0, 0.0, "polar cap"),
        (181.0, 0.0, 0.0, "longitude outside"),
        (None, 0.0, 0.0, "coordinate missing or not finite"),
    ],
)
def test_a_position_without_a_3d_cell_is_refused_with_index_and_reason_or_marked(
    lon, lat, height, reason
):
    lons, lats, heights = [121.0, lon], [31.0, lat], [10.0, height]
    with pytest.raises(CoordinateError, match=f"1 of 2 positions .* index 1, .*{reason}"):
        lonlat_to_code3d(lons, lats, heights, 5)
    marked = lonlat_to_code3d(lons, lats, heights, 5, on_invalid="mark")
    assert marked.tolist() == [lonlat_to_code3d(121, 31, 10, 5), ""]


def test_scalars_give_python_scalars_and_arrays_keep_their_shape():
    code = lonlat_to_code3d(121, 31, 10, 5)
    for value in (code, code3d_to_code(code), code3d_to_parent(code), code3d_problems(code)):
        assert type(value) is str
    assert type(is_valid_code3d(code)) is bool
    assert {type(value) for value in code3d_to_bounds(code)} == {float}
    for shape in ((0,), (2, 3)):
        many = lonlat_to_code3d(np.full(shape, 121.0), 31.0, 10.0, 5)
        assert many.shape == code3d_to_code(many).shape == code3d_to_parent(many).shape == shape
        assert is_valid_code3d(many).shape == code3d_problems(many).shape == shape
        assert {edge.shape for edge in code3d_to_bounds(many)} == {shape}
        assert code3d_to_neighbors(many).shape == (*shape, 26)
    assert code3d_to_children(many).shape == (2, 3, 4 * 2)
    assert code3d_to_children(many[:0, 0]).shape[0] == 0


def test_2d_and_3d_codes_of_one_length_are_not_guessed():
    assert len(lonlat_to_code(121, 31, 6)) == len(lonlat_to_code3d(121, 31, 10, 3)) == 12
    with pytest.raises(CodeError, match="3D codes are faulty"):
        code3d_to_code(lonlat_to_code(121, 31, 6))


def test_where_no_reading_is_asked_for_the_digits_of_all_are_taken():
    code = lonlat_to_code3d(121, 31, 1845, 5, reading="B")
    assert "F" in code
    assert not is_valid_code3d(code)
    assert code3d_to_code(code) == lonlat_to_code(121, 31, 5)
    assert code3d_to_parent(code, 4) == code[: LENGTHS[4]]
    with pytest.raises(CodeError, match="height digits '64' at level 1; 00-63 fit"):
        code3d_to_code("N050J64")
