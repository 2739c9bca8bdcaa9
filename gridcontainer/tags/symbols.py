"""The 32 symbols of identifiers, as the numbers of the field GF(32), and their check symbols.

Two check symbols make the symbols of an identifier, up to 31, a word of a Reed-Solomon code of
distance three: one wrong symbol, any two wrong symbols, and so any two that have changed places are
always found; of all other words one in 1,024 passes.

Source: D. Crockford, "Base 32", for the alphabet; Reed and Solomon 1960 for the code; the field is
built on the primitive polynomial x^5 + x^2 + 1.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from gridcontainer.errors import TagError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U
CHECK_SYMBOLS: Final = 2
_MISREAD: Final = str.maketrans("OIL", "011")
_POLYNOMIAL: Final = 0b100101


def _powers() -> list[int]:
    """The powers of the primitive element 2, twice around: a sum of two logarithms is an index."""
    powers = [1]
    while len(powers) < 62:
        doubled = powers[-1] << 1
        powers.append(doubled ^ _POLYNOMIAL if doubled & 32 else doubled)
    return powers


_POWERS: Final = _powers()
_LOGARITHMS: Final = {power: index for index, power in enumerate(_POWERS[:31])}
# (x - 2)(x - 4) = x^2 + (2 + 4) x + 2 * 4, and in this field + is exclusive or.
_GENERATOR: Final = (2 ^ 4, _POWERS[3])


def to_text(numbers: Iterable[int]) -> str:
    """Numbers from 0 to 31 as symbols."""
    return "".join(ALPHABET[number] for number in numbers)


def to_numbers(text: str) -> list[int]:
    """Symbols as numbers; small letters, and O for 0 and I or L for 1, are taken as meant.

    Raises:
        TagError: names the first character that is no symbol, and where it stands.
    """
    numbers = []
    for place, character in enumerate(text.upper().translate(_MISREAD), start=1):
        if character not in ALPHABET:
            raise TagError(f"{text[place - 1]!r} (character {place} of {text!r}) is in no tag")
        numbers.append(ALPHABET.index(character))
    return numbers


def check_symbols(numbers: Sequence[int]) -> tuple[int, int]:
    """The two numbers that make a word of the code of up to 29 numbers."""
    return _remainder([*numbers, 0, 0])


def is_word(numbers: Sequence[int]) -> bool:
    """Whether numbers, the two check numbers last, are a word of the code."""
    return _remainder(numbers) == (0, 0)


def _remainder(numbers: Sequence[int]) -> tuple[int, int]:
    """Of the polynomial with these coefficients, divided by the generator."""
    high = low = 0
    for number in numbers:
        high, low, out = low, number, high
        high ^= _multiply(out, _GENERATOR[0])
        low ^= _multiply(out, _GENERATOR[1])
    return high, low


def _multiply(left: int, right: int) -> int:
    if left == 0 or right == 0:
        return 0
    return _POWERS[_LOGARITHMS[left] + _LOGARITHMS[right]]
