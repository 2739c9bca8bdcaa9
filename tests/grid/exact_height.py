"""Heights and 3D codes by exact arithmetic, written from the specification alone: an oracle.

No code is shared with the package: logarithms have 60 decimal digits, and digits are cut from
strings of bits or by integer division.
"""

import math
from decimal import Decimal, localcontext

RADIUS = 6_378_137
UNITS = 7_372_800
RANGE = 256 * UNITS  # layers above the ellipsoid, and as many below
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
RADICES = (64, 8, 2, 15, 15, 2, 8, 8, 8, 8)
FIELDS = (6, 3, 1, 4, 4, 1, 3, 3, 3, 3)  # bits of the levels in C.14, the highest first
PLAIN = (1, 3, 2, 1, 2, 2, 1, 2, 2, 2, 2)  # characters of the 2D groups, hemisphere first
TALL = (1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1)  # height characters that follow each of them
SCHEMES = [
    ("A", "sign-magnitude"),
    ("B", "sign-magnitude"),
    ("C", "sign-magnitude"),
    ("A", "complement"),
    ("B", "complement"),
]


def layer_position(height: float) -> Decimal:
    """Where a height stands among the layers, with the part of a layer (formula C.3)."""
    with localcontext() as context:
        context.prec = 60
        return (1 + Decimal(height) / RADIUS).ln() / (1 + PI / 180).ln() * UNITS


def face(layer: int) -> Decimal:
    """Lower face of a layer in metres (formula C.8)."""
    with localcontext() as context:
        context.prec = 60
        return RADIUS * ((1 + PI / 180) ** (Decimal(layer) / UNITS) - 1)


def to_digits(layer: int, reading: str = "A", negative: str = "sign-magnitude") -> str:
    """The 12 height characters of a layer."""
    total = math.prod(RADICES) if reading == "A" else 2**31
    number = layer % total if negative == "complement" else abs(layer)
    if reading == "A":
        digits = []
        for radix in reversed(RADICES):
            number, digit = divmod(number, radix)
            digits.insert(0, digit)
    else:
        digits = _cut(f"{number:031b}" if reading == "B" else _packed(number))
    return f"{int(layer < 0)}{digits[0]:02d}" + "".join(f"{digit:X}" for digit in digits[1:])


def interleave(code: str, digits: str) -> str:
    """The 32 characters of a level-10 code and its height."""
    parts = []
    for plain, tall in zip(PLAIN, TALL, strict=True):
        parts += [code[:plain], digits[:tall]]
        code, digits = code[plain:], digits[tall:]
    return "".join(parts)


def _packed(number: int) -> str:
    degree, rest = divmod(number, UNITS)
    minute, rest = divmod(rest, UNITS // 60)
    second, rest = divmod(rest, 2048)
    return f"{degree:08b}{minute:06b}{second:06b}{rest:011b}"


def _cut(bits: str) -> list[int]:
    digits = []
    for width in FIELDS:
        digits.append(int(bits[:width], 2))
        bits = bits[width:]
    return digits
