"""Heights to layers and back, and the digits of layers under each reading."""

import math

import exact_height
import numpy as np
import pytest
from exact_height import RANGE, SCHEMES, UNITS
from hypothesis import given, strategies as st

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import height_to_layer, layer_to_height, lonlat_to_code3d
from gridcontainer.grid.height_digits import HeightScheme

LOWEST, HIGHEST = -6_302_106.722602, 528_680_171.125240  # as the standard prints them
LAYERS = st.one_of(
    st.integers(-RANGE, RANGE - 1),
    st.integers(-300_000, 3_000_000),
    st.integers(-257, 256).map(lambda degrees: min(max(degrees * UNITS, -RANGE), RANGE - 1)),
)


@given(layer=LAYERS)
def test_a_face_belongs_to_the_layer_above_it_and_one_double_below_to_the_layer_below(layer):
    face = layer_to_height(layer)
    assert height_to_layer(face) == layer
    if layer > -RANGE:
        assert height_to_layer(math.nextafter(face, -math.inf)) == layer - 1
    assert face < layer_to_height(layer + 1)


@given(height=st.floats(-6.3e6, 5.28e8) | st.floats(-500, 30_000))
def test_a_height_has_the_layer_of_exact_arithmetic(height):
    at = exact_height.layer_position(height)
    layer = height_to_layer(height)
    # Faces are rounded to doubles: a height may be on the other side of one, by less than that.
    near = abs(at - round(at)) < 1e-4
    assert layer in ({round(at) - 1, round(at)} if near else {math.floor(at)})


@given(layer=LAYERS)
def test_a_face_is_that_of_exact_arithmetic_to_a_part_of_a_micrometre(layer):
    error = abs(float(exact_height.face(layer)) - layer_to_height(layer))
    assert error <= 1e-7 + 1e-13 * abs(layer_to_height(layer))


@pytest.mark.parametrize(
    ("units", "metres", "nominal"),
    [  # of the specification, 3.2
        (4 * UNITS, 457071.54, 445.28e3),
        (UNITS // 2, 55418.98, 55.66e3),
        (UNITS // 4, 27649.559, 27.83e3),
        (UNITS // 60, 1839.585, 1.85e3),
        (4 * 2048, 122.6225, 123.69),
        (2 * 2048, 61.3110, 61.84),
        (512, 7.66384, 7.73),
        (64, 0.957979, 0.97),
        (8, 0.119747, 0.121),
        (1, 0.0149684, 0.015),
    ],
)
def test_the_first_layer_of_each_level_is_as_thick_as_the_specification_says(
    units, metres, nominal
):
    digits = len(str(metres).partition(".")[2])
    assert layer_to_height(units) == pytest.approx(metres, abs=0.51 * 10**-digits)
    assert layer_to_height(units) == pytest.approx(nominal, rel=0.03)


def test_layers_grow_thicker_with_height():
    thick = np.diff(layer_to_height(np.arange(-RANGE, RANGE + 1, UNITS)))
    assert (np.diff(thick) > 0).all()
    assert thick[256 - 1] < thick[256] == pytest.approx(6_378_137 * math.pi / 180)


def test_the_range_is_256_degrees_below_to_above():
    assert layer_to_height([-RANGE, RANGE]).tolist() == pytest.approx([LOWEST, HIGHEST], abs=5e-7)
    assert height_to_layer(layer_to_height(-RANGE)) == -RANGE
    assert height_to_layer(math.nextafter(layer_to_height(RANGE), 0)) == RANGE - 1
    with pytest.raises(CoordinateError, match="1 of 1 heights have no layer"):
        height_to_layer(layer_to_height(RANGE))
    for layer in (-RANGE - 1, RANGE + 1):
        with pytest.raises(CoordinateError, match="layers are -1887436800 to 1887436800"):
            layer_to_height(layer)


@pytest.mark.parametrize("height", [np.nan, None, np.inf, -np.inf, -6_302_107.0, 5.3e8])
def test_a_height_without_a_layer_is_refused_with_its_index(height):
    with pytest.raises(CoordinateError, match="1 of 3 heights have no layer; the first is index 1"):
        height_to_layer([0.0, height, 10.0])


def test_shapes_and_scalars_are_kept():
    assert type(height_to_layer(120.5)) is int
    assert height_to_layer(120.5) == 8050
    assert type(layer_to_height(8050)) is float
    for shape in ((0,), (2, 3)):
        assert height_to_layer(np.zeros(shape)).shape == shape
        assert layer_to_height(np.zeros(shape, dtype=np.int64)).shape == shape


@given(layer=LAYERS, scheme=st.sampled_from(SCHEMES))
def test_the_digits_of_a_layer_are_those_of_the_specification_and_lead_back_to_it(layer, scheme):
    writer, layers = HeightScheme(*scheme), np.array([layer])
    if not writer.can_write(layers)[0]:
        assert layer == -RANGE  # 256 degrees exactly: its magnitude needs a digit more
        assert scheme in {("A", "sign-magnitude"), ("C", "sign-magnitude")}
        return
    digits = writer.to_digits(layers)
    assert bytes(digits[0]).decode() == exact_height.to_digits(layer, *scheme)
    sign, word, fits = writer.read_digits(digits)
    first, stop = writer.to_layers(sign, word, 10)
    assert fits[0]
    assert (first[0], stop[0]) == (layer, layer + 1)


@given(layer=LAYERS, scheme=st.sampled_from(SCHEMES), level=st.integers(1, 10))
def test_digits_cut_to_a_level_mean_the_layers_whose_digits_begin_with_them(layer, scheme, level):
    writer = HeightScheme(*scheme)
    if not writer.can_write(np.array([layer]))[0]:
        return
    begin = exact_height.to_digits(layer, *scheme)[: level + 2]
    characters = np.frombuffer(begin.encode(), dtype=np.uint8).reshape(1, -1)
    sign, word, _ = writer.read_digits(characters)
    first, stop = (int(end[0]) for end in writer.to_layers(sign, word, level))
    assert first <= layer < stop
    for inside in (first, stop - 1):
        assert exact_height.to_digits(inside, *scheme).startswith(begin)
    for outside in (first - 1, stop):
        if -RANGE < outside < RANGE:
            assert not exact_height.to_digits(outside, *scheme).startswith(begin)


@given(layer=st.integers(-RANGE + 1, RANGE - 2), level=st.integers(1, 10))
def test_complement_digits_keep_the_lower_face_at_every_level(layer, level):
    """The drawback of sign and magnitude, which this form does not have (specification, 3.4)."""
    size = math.prod(exact_height.RADICES[level:])
    digits = exact_height.to_digits(layer, "A", "complement")[: level + 2]
    characters = np.frombuffer(digits.encode(), dtype=np.uint8).reshape(1, -1)
    writer = HeightScheme("A", "complement")
    sign, word, _ = writer.read_digits(characters)
    first, stop = writer.to_layers(sign, word, level)
    assert (first[0], stop[0]) == (layer // size * size, (layer // size + 1) * size)


@pytest.mark.parametrize(
    ("reading", "negative", "reason"),
    [
        ("D", "sign-magnitude", "reading 'D' is none of A, B, C"),
        ("a", "sign-magnitude", "reading 'a' is none of A, B, C"),
        ("A", "two's", "is none of"),
        ("C", "complement", "sign-magnitude only, no complement"),
    ],
)
def test_a_scheme_that_does_not_exist_is_refused(reading, negative, reason):
    with pytest.raises(CodeError, match=reason):
        lonlat_to_code3d(0, 0, 0, 1, reading=reading, negative=negative)


@pytest.mark.parametrize(
    ("height", "same"),
    [  # the zones of agreement of the specification, 3.3
        (1839.58, "ABC"),
        (1839.59, "AC"),
        (27649.55, "AC"),
        (27649.56, "A"),
    ],
)
def test_readings_agree_as_far_up_as_the_specification_says(height, same):
    codes = {r: lonlat_to_code3d(121, 31, height, 10, reading=r) for r in "ABC"}
    assert "".join(r for r in "ABC" if codes[r] == codes["A"]) == same
