"""The 2D code by exact arithmetic, written from the specification alone: an oracle for the tests.

No code is shared with the package, and no rounded sum or product is taken: a double is a ratio of
integers, and all the rest is integer division. The only rounding is that of the edges, which the
specification asks for: edge k is the double nearest to k / 7372800, and a coordinate x >= 0 has
index k when ``edge(k) <= x < edge(k + 1)``.
"""

import re

UNITS = 7_372_800  # of 1/2048 arc-second in a degree
LENGTHS = {1: 4, 2: 6, 3: 7, 4: 9, 5: 11, 6: 12, 7: 14, 8: 16, 9: 18, 10: 20}
SIZES = {  # width and height of a cell in units
    1: (44_236_800, 29_491_200),
    2: (3_686_400, 3_686_400),
    3: (1_843_200, 1_228_800),
    4: (122_880, 122_880),
    5: (8_192, 8_192),
    6: (4_096, 4_096),
    7: (512, 512),
    8: (64, 64),
    9: (8, 8),
    10: (1, 1),
}
QUADRANTS = {"NE": (False, False), "NW": (True, False), "SE": (False, True), "SW": (True, True)}
DIGITS = "0123456789ABCDE"
ROWS = "ABCDEFGHIJKLMNOPQRSTUV"

_OCTAL = r"(?:[0-7]{2}"
CODE = re.compile(
    r"[NS](?:000(?:0[0-3]|1[0-3]|2[0-3]|3[0-3])?"
    r"|(?:0[1-9]|[1-5][0-9]|60)[A-V](?:[0-9AB][0-7](?:[0-5](?:[0-9A-E][0-9](?:[0-9A-E]{2}"
    rf"(?:[0-3]{_OCTAL}{_OCTAL}{_OCTAL}{_OCTAL})?)?)?)?)?)?)?)?)?)",
    re.ASCII,
)
"""Every code of the standard and no other string (``fullmatch``)."""


def edge(k: int) -> float:
    """The double nearest to k / 7372800: Python divides integers with one exact rounding."""
    return k / UNITS


def to_units(degrees: float) -> int:
    """Index of a coordinate of 0 or more."""
    numerator, denominator = degrees.as_integer_ratio()
    below = numerator * UNITS // denominator
    # The coordinate lies below k + 1 units, but may be the double to which that edge is rounded.
    return below + (edge(below + 1) == degrees)


def encode(lon: float, lat: float) -> str:
    """The level-10 code of a position, or the level-2 code of one in a polar cap."""
    if abs(lat) >= 88:
        return _encode_polar(lon, lat)
    x = min(to_units(abs(lon)), 180 * UNITS - 1)
    return units_to_code(x, to_units(abs(lat)), west=lon < 0, south=lat < 0)


def code_at(code: str, level: int) -> str:
    """What is left of ``encode`` at a level; nothing of a polar code below level 2."""
    return code[: LENGTHS[level]] if len(code) == LENGTHS[10] or level <= 2 else ""


def units_to_code(x: int, y: int, *, west: bool, south: bool) -> str:
    """The level-10 code at absolute coordinates in units."""
    zone, x = divmod(x, 44_236_800)
    row, y = divmod(y, 29_491_200)
    parts = [f"{'S' if south else 'N'}{30 - zone if west else 31 + zone:02d}{ROWS[row]}"]
    for level in range(2, 11):
        width, height = SIZES[level]
        a, x = divmod(x, width)
        b, y = divmod(y, height)
        parts.append(DIGITS[a + 2 * b] if level in (3, 6) else DIGITS[a] + DIGITS[b])
    return "".join(parts)


def code_to_units(code: str) -> tuple[int, int, bool, bool]:
    """Absolute x and y of the corner nearest to Greenwich and the equator; west and south."""
    zone, west, south = int(code[1:3]), int(code[1:3]) <= 30, code[0] == "S"
    x = (30 - zone if west else zone - 31) * 44_236_800
    y = ROWS.index(code[3]) * 29_491_200
    for level in range(2, level_of(code) + 1):
        group = [DIGITS.index(c) for c in code[LENGTHS[level - 1] : LENGTHS[level]]]
        a, b = group if len(group) == 2 else (group[0] % 2, group[0] // 2)
        x, y = x + a * SIZES[level][0], y + b * SIZES[level][1]
    return x, y, west, south


def level_of(code: str) -> int:
    """The level that the length of a code tells."""
    return {length: level for level, length in LENGTHS.items()}[len(code)]


def code_to_bounds(code: str) -> tuple[float, float, float, float]:
    """West, south, east and north of an ordinary cell, each the nearest double."""
    x, y, west, south = code_to_units(code)
    width, height = SIZES[level_of(code)]
    lon = (-x - width, -x) if west else (x, x + width)
    lat = (-y - height, -y) if south else (y, y + height)
    return edge(lon[0]), edge(lat[0]), edge(lon[1]), edge(lat[1])


def code_to_integer(code: str) -> int:
    """The 64-bit integer as the project lays it out, as a signed number; bits of level 10 last."""
    bits = f"{'NS'.index(code[0])}{int(code[1:3]):06b}"
    bits += f"{0 if code[3] == '0' else ROWS.index(code[3]):05b}"
    for level, (rows, width) in _FIELDS.items():
        group = [DIGITS.index(c) for c in code[LENGTHS[level - 1] : LENGTHS[level]]]
        value = group[0] * rows + group[1] if len(group) == 2 else sum(group)
        bits += f"{value:0{width}b}"
    unsigned = int(bits, 2)
    return unsigned - 2**64 if unsigned >= 2**63 else unsigned


# level: rows of the parent cell, bits of the group
_FIELDS = {2: (8, 7), 3: (0, 3), 4: (10, 8), 5: (15, 8), 6: (0, 2)}
_FIELDS |= dict.fromkeys((7, 8, 9, 10), (8, 6))

_OUTER_RINGS = {  # west end of the sector: labels of the rings from 88 and from 88.5 degrees
    0: ("10", "12"),
    60: ("11", "13"),
    120: ("20", "22"),
    -180: ("21", "23"),
    -120: ("31", "33"),
    -60: ("30", "32"),
}


def _encode_polar(lon: float, lat: float) -> str:
    """By Fig. 10; its edges are whole halves of degrees, so that doubles compare exactly."""
    hemisphere, distance, west = "S" if lat < 0 else "N", abs(lat), lon < 0
    # An edge belongs to the sector farther from Greenwich, and +-180 to the last one.
    third = 2 if abs(lon) >= 120 else 1 if abs(lon) >= 60 else 0
    if distance >= 89.5:
        label = "00"
    elif distance >= 89:
        label = "02" if third == 2 else "03" if west else "01"
    else:
        label = _OUTER_RINGS[-60 * (third + 1) if west else 60 * third][distance >= 88.5]
    return f"{hemisphere}000{label}"
