"""Hypothesis strategies for 3D codes, made by the oracle."""

import exact_height
from exact_height import RANGE, SCHEMES
from hypothesis import strategies as st
from strategies import codes

LENGTHS = {1: 7, 2: 10, 3: 12, 4: 15, 5: 18, 6: 20, 7: 23, 8: 26, 9: 29, 10: 32}
LEVELS = st.sampled_from([*LENGTHS])
FULL = codes(st.just(10))
LAYERS = st.one_of(
    st.integers(-RANGE + 1, RANGE - 1),
    st.integers(-3_000_000, 3_000_000),
    st.sampled_from([-RANGE + 1, -1, 0, 1, RANGE - 1, -122_880, 122_879]),
)


@st.composite
def tall_codes(draw, levels=LEVELS):
    """A 3D code and the scheme of its height as keywords."""
    reading, negative = draw(st.sampled_from(SCHEMES))
    digits = exact_height.to_digits(draw(LAYERS), reading, negative)
    code = exact_height.interleave(draw(FULL), digits)[: LENGTHS[draw(levels)]]
    return code, {"reading": reading, "negative": negative}


def level_of(code):
    """The level that the length of a 3D code tells."""
    return {length: level for level, length in LENGTHS.items()}[len(code)]
