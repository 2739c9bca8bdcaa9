"""Hypothesis strategies: levels, codes of any level and quadrant, positions."""

import exact
from hypothesis import strategies as st

LEVELS = st.integers(1, 10)
DEEP_LEVELS = st.integers(3, 10)
POLAR_CODES = st.builds(
    lambda hemisphere, label: f"{hemisphere}000{label}",
    st.sampled_from("NS"),
    st.sampled_from(["", *(f"{a}{b}" for a in "0123" for b in "0123")]),
)


def _near(edges, limit):
    """Units anywhere, and often within a few cells of an edge where the grid turns or ends."""
    close = st.builds(
        lambda edge, cells, size: min(max(edge * exact.UNITS + cells * size, 0), limit - 1),
        st.sampled_from(edges),
        st.integers(-2, 1),
        st.sampled_from([width for width, _ in exact.SIZES.values()]),
    )
    return st.integers(0, limit - 1) | close


X = _near([0, 6, 90, 174, 180], 180 * exact.UNITS)
Y = _near([0, 4, 44, 84, 88], 88 * exact.UNITS)


@st.composite
def codes(draw, levels=LEVELS):
    """Codes of ordinary cells."""
    code = exact.units_to_code(
        draw(X), draw(Y), west=draw(st.booleans()), south=draw(st.booleans())
    )
    return exact.code_at(code, draw(levels))


@st.composite
def close_codes(draw):
    """Two codes of any levels: often one is in the other, or they have an ancestor in common."""
    x, y, (west, south) = draw(X), draw(Y), draw(st.sampled_from([*exact.QUADRANTS.values()]))
    width, height = exact.SIZES[draw(LEVELS)]
    steps = st.integers(-1, 1)
    near = (
        min(max(x + draw(steps) * width, 0), 180 * exact.UNITS - 1),
        min(max(y + draw(steps) * height, 0), 88 * exact.UNITS - 1),
    )
    pair = [exact.units_to_code(*at, west=west, south=south) for at in ((x, y), near)]
    return tuple(exact.code_at(code, draw(LEVELS)) for code in pair)


@st.composite
def boxes(draw, level, most_cells=6):
    """West, south, east and north of a box that spans a few cells of a level above 2.

    Sides lie on edges of cells, beside them and anywhere; some boxes cross the antimeridian, and
    some have sides without length.
    """
    width, height = exact.SIZES[level]
    steps = st.integers(-3, 3) | st.floats(-0.5, 0.5)
    x = draw(st.sampled_from([-180, -6, 0, 6, 120])) * exact.UNITS
    y = draw(st.sampled_from([-84, -4, 0, 4, 60])) * exact.UNITS
    low, left = draw(steps), draw(steps)
    west = (x + left * width) / exact.UNITS
    south = (y + low * height) / exact.UNITS
    sizes = st.integers(0, most_cells) | st.floats(0, most_cells)
    east = (x + (left + draw(sizes)) * width) / exact.UNITS
    north = (y + (low + draw(sizes)) * height) / exact.UNITS
    return _around(west), south, _around(east), north


def _around(lon):
    return lon + 360 if lon < -180 else lon
