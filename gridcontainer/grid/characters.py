"""Arrays of strings as matrices of ASCII characters and back, and the digits of the standard."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Int64s, Strings

Bytes = NDArray[np.uint8]

DIGITS: Final = "0123456789ABCDE"  # of the longest group of the standard
ROWS: Final = "ABCDEFGHIJKLMNOPQRSTUV"


def flat_texts(codes: ArrayLike, longest: int) -> tuple[Strings, Int64s, tuple[int, ...]]:
    """A flat array of strings, their lengths and the former shape.

    ``None`` becomes ``""``; of a string with more than ``longest`` characters only the length is
    kept.

    Raises:
        CodeError: ``codes`` are no strings.
    """
    texts = np.asarray(codes)
    shape = texts.shape
    if texts.dtype.kind not in "UOST" and texts.size:
        raise CodeError(f"codes are strings, not {texts.dtype}")
    if texts.dtype.kind == "U":
        texts = np.ascontiguousarray(texts).reshape(-1)
        lengths = np.strings.str_len(texts).astype(np.int64)
    else:
        values = [text_of(value) for value in texts.reshape(-1)]
        lengths = np.array([len(value) for value in values], dtype=np.int64)
        texts = np.array([value if len(value) <= longest else "" for value in values], dtype="U")
    return texts.astype(f"U{longest}", copy=False), lengths, shape


def text_of(value: object) -> str:
    """One element of an array of codes as a string; ``None`` becomes ``""``."""
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return "" if value is None else str(value)


def texts_to_bytes(texts: Strings) -> Bytes:
    """(n, width) characters of a flat array of strings; what is not ASCII becomes 0, as padding."""
    width = texts.dtype.itemsize // 4
    wide = texts.view(np.uint32).reshape(len(texts), width)
    return np.where(wide < 128, wide, 0).astype(np.uint8)


def bytes_to_texts(characters: Bytes) -> Strings:
    """Strings of the rows of an (n, width) matrix; a row of zeros is ``""``."""
    wide = np.ascontiguousarray(characters.astype(np.uint32))
    return wide.view(f"U{characters.shape[1]}").reshape(-1)


def digit_table(characters: str) -> Int64s:
    """Value of each of 256 characters, either case; -1 where it is none of ``characters``."""
    table = np.full(256, -1, dtype=np.int64)
    for value, character in enumerate(characters):
        table[[ord(character.lower()), ord(character)]] = value
    return table
