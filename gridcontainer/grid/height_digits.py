"""Layers to the height characters of the 3D code and back, under three readings of the standard.

Annex C of the standard contradicts itself on how a layer number becomes digits:

- A: mixed radix 64, 8, 2, 15, 15, 2, 8, 8, 8, 8, so that each digit counts layers of exactly the
  size that clause 6.1 gives for its level. The default.
- B: formula C.14 to the letter: the bits of the number, cut in fields.
- C: the number as degrees (8 bits), minutes (6), seconds (6) and 1/2048 seconds (11), the bits cut
  in the same fields, as GeoSOT does. Minutes and seconds of 60-63 do not exist.

All three agree from 0 to 1839 m; A and C to 27649 m. Below the ellipsoid the first character is 1,
and the digits are those of the magnitude (``"sign-magnitude"``, what running systems write) or of
the number plus the range of the digits (``"complement"``, what the arithmetic of Annex C implies).

Source: GB/T 39409-2020, clauses 6.1-6.2, Fig. 12, Annex C.5-C.14.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Bools, Int64s
from gridcontainer.grid.characters import Bytes, digit_table
from gridcontainer.grid.coordinates import pack_degrees
from gridcontainer.grid.height import MAX_LAYERS
from gridcontainer.grid.levels import MAX_LEVEL

Reading = Literal["A", "B", "C"]
Negative = Literal["sign-magnitude", "complement"]

HEIGHT_DIGITS: Final = "0123456789ABCDEF"
HEIGHT_LENGTH: Final = 12  # a0, a1 a2 (decimal), a3 ... a11
_RADICES: Final = (64, 8, 2, 15, 15, 2, 8, 8, 8, 8)  # of levels 1-10
_BIT_RADICES: Final = (64, 8, 2, 16, 16, 2, 8, 8, 8, 8)
_CHARACTERS = np.frombuffer(HEIGHT_DIGITS.encode(), dtype=np.uint8)
_VALUES = digit_table(HEIGHT_DIGITS)
_MINUTE, _DEGREE = 60 * 2048, 3600 * 2048


@dataclass(frozen=True)
class HeightScheme:
    """One way to write layers as digits.

    Attributes:
        reading: ``"A"``, ``"B"`` or ``"C"``.
        negative: ``"sign-magnitude"`` or ``"complement"``.
    """

    reading: Reading = "A"
    negative: Negative = "sign-magnitude"

    def __post_init__(self) -> None:
        """Refuse what is no scheme."""
        if self.reading not in get_args(Reading):
            raise CodeError(f"reading {self.reading!r} is none of A, B, C")
        if self.negative not in get_args(Negative):
            raise CodeError(f"negative {self.negative!r} is none of {get_args(Negative)}")
        if self.reading == "C" and self.negative == "complement":
            raise CodeError("reading C packs magnitudes: it has sign-magnitude only, no complement")

    @property
    def radices(self) -> tuple[int, ...]:
        """Values of the digit of each level, 1-10."""
        return _RADICES if self.reading == "A" else _BIT_RADICES

    def unit(self, level: int) -> int:
        """What one step of a level's digit adds to a word."""
        return math.prod(self.radices[level:])

    def can_write(self, layers: Int64s) -> Bools:
        """True for layers that the digits can hold."""
        exists = (layers >= -MAX_LAYERS) & (layers < MAX_LAYERS)
        return exists & (self.to_words(layers) < math.prod(self.radices))

    def to_words(self, layers: Int64s) -> Int64s:
        """The number, 0 or more, whose digits in ``radices`` are written."""
        if self.negative == "complement":
            return np.where(layers < 0, layers + math.prod(self.radices), layers)
        magnitudes: Int64s = np.abs(layers)
        return pack_degrees(magnitudes) if self.reading == "C" else magnitudes

    def to_digits(self, layers: Int64s) -> Bytes:
        """(n, 12) height characters of layers that can be written."""
        rest = self.to_words(layers)
        out = np.empty((len(layers), HEIGHT_LENGTH), dtype=np.uint8)
        out[:, 0] = np.where(layers < 0, ord("1"), ord("0"))
        for level in range(MAX_LEVEL, 1, -1):
            rest, digit = np.divmod(rest, self.radices[level - 1])
            out[:, level + 1] = _CHARACTERS[digit]
        tens, ones = np.divmod(rest, 10)
        out[:, 1], out[:, 2] = _CHARACTERS[tens], _CHARACTERS[ones]
        return out

    def read_digits(self, characters: Bytes) -> tuple[Int64s, Int64s, Bools]:
        """Signs (0 or 1) and words of (n, level + 2) characters; False where one does not fit."""
        values = _VALUES[characters]
        sign, tens, ones = values[:, 0], values[:, 1], values[:, 2]
        word = tens * 10 + ones
        fits = (sign >= 0) & (sign <= 1) & (tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9)
        fits &= word < self.radices[0]
        for digit, radix in zip(values.T[3:], self.radices[1:], strict=False):
            fits &= (digit >= 0) & (digit < radix)
            word = word * radix + digit
        return sign, word * self.unit(characters.shape[1] - 2), fits

    def to_layers(self, sign: Int64s, word: Int64s, level: int) -> tuple[Int64s, Int64s]:
        """First layer of a code and the one after its last; equal or crossed where it has none."""
        low, high = word, word + self.unit(level)
        if self.reading == "C":
            low, high = _unpack(low), _unpack(high)
        if self.negative == "complement":
            below = low - math.prod(self.radices), high - math.prod(self.radices)
        else:
            below = 1 - high, 1 - np.maximum(low, 1)
        first = np.where(sign == 1, below[0], low)
        stop = np.where(sign == 1, below[1], high)
        return np.maximum(first, -MAX_LAYERS), np.minimum(stop, MAX_LAYERS)


def _unpack(words: Int64s) -> Int64s:
    """The layer of a packed word, or the first one after it where minute or second is above 59."""
    degree, minute, rest = words >> 23, (words >> 17) & 0x3F, words & 0x1FFFF
    below_degree = minute * _MINUTE + np.minimum(rest, _MINUTE)
    layers: Int64s = degree * _DEGREE + np.minimum(below_degree, _DEGREE)
    return layers
