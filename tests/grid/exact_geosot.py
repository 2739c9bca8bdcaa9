"""GeoSOT by exact arithmetic, written from the specification alone: an oracle for the tests.

No code is shared with the package; the only rounding is that of the edges: edge k is the double
nearest to k / 7372800 degrees.
"""

from fractions import Fraction

UNITS = 7_372_800  # of 1/2048 arc-second in a degree


def coordinate_word(degrees: float, limit: int) -> str:
    """Sign, degrees, minutes, seconds and 1/2048 seconds as 32 binary digits."""
    size = abs(Fraction(degrees))
    units = int(size * UNITS)
    units += float(Fraction(units + 1, UNITS)) == abs(degrees)  # an edge is a rounded double
    left = Fraction(min(units, limit * UNITS - 1), UNITS)
    bits = str(int(degrees < 0))
    for width, finer in ((8, 60), (6, 60), (6, 2048), (11, 1)):
        whole, left = int(left), (left - int(left)) * finer
        bits += f"{whole:0{width}b}"
    return bits


def encode(lon: float, lat: float, level: int) -> str:
    pairs = zip(coordinate_word(lat, 90), coordinate_word(lon, 180), strict=True)
    return "G" + "".join(str(2 * int(a) + int(b)) for a, b in pairs)[:level]


def has_no_place(digits: str) -> bool:
    """True where a code's cell holds no place: 60-63, or outside the Earth."""
    bits = [f"{int(digit):02b}" for digit in digits.ljust(32, "0")]
    for at, limit in ((0, 90), (1, 180)):
        word = "".join(pair[at] for pair in bits)
        degree, minute, second = int(word[1:9], 2), int(word[9:15], 2), int(word[15:21], 2)
        if degree >= limit or minute > 59 or second > 59:
            return True
    return False


def plain_digits(text: str) -> str:
    return text.replace("-", "").replace(".", "")


def cell_size(level: int) -> Fraction:
    """Degrees of a cell."""
    if level <= 9:
        return Fraction(2) ** (9 - level)
    return Fraction(2) ** (15 - level) / 60 if level <= 15 else Fraction(2) ** (21 - level) / 3600


def height_digits(layer: int, level: int, convention: str) -> str:
    """The binary digits of a layer of 1/2048", by the definitions."""
    if convention == "plain":
        number = Fraction(layer, UNITS) // cell_size(level)
        digits = f"{abs(number):0{level - 1}b}" if level > 1 else ""
        return f"{int(number < 0)}{digits}"
    degree, rest = divmod(abs(layer), UNITS)
    minute, rest = divmod(rest, 60 * 2048)
    second, rest = divmod(rest, 2048)
    return f"{int(layer < 0)}{degree:08b}{minute:06b}{second:06b}{rest:011b}"[:level]


def height_has_no_layer(digits: str, convention: str) -> bool:
    """True where a height code's cell holds no layer."""
    magnitude, below = int(digits[1:] or "0", 2), digits[0] == "1"
    if convention == "packed":
        word = digits.ljust(32, "0")
        minus_zero = below and len(digits) == 32 and magnitude == 0
        return int(word[9:15], 2) > 59 or int(word[15:21], 2) > 59 or minus_zero
    if below and magnitude == 0:
        return len(digits) > 1
    return (magnitude - below) * cell_size(len(digits)) >= 256
