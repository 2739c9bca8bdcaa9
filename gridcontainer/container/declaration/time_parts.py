"""Parts of a time pattern: fields, literals, and parts that may be missing."""

from collections.abc import Iterator
from dataclasses import dataclass

_SAME = {"u": "y", "L": "M", "x": "X", "Z": "X", "O": "X", "V": "X", "z": "X"}


@dataclass(frozen=True)
class Field:
    """A letter of the pattern and how often it stands."""

    letter: str
    count: int

    @property
    def what(self) -> str:
        """Its letter; the same one for letters that mean the same."""
        return _SAME.get(self.letter, self.letter)

    @property
    def digits(self) -> tuple[int, int] | None:
        """Least and most digits; None for a field that is no number."""
        if self.what == "y":
            return (2, 2) if self.count == 2 else (4, 4)
        if self.what in "EaX" or (self.what == "M" and self.count > 2):
            return None
        if self.what == "S":
            return (1, self.count)
        longest = 3 if self.what == "D" else 2
        return (longest if self.count == longest else 1, longest)


@dataclass(frozen=True)
class Literal:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True)
class Maybe:
    """Parts that may be missing, all together."""

    parts: tuple["Part", ...]


Part = Field | Literal | Maybe


def fields_of(parts: tuple[Part, ...]) -> Iterator[Field]:
    """The fields in their order, those that may be missing among them."""
    for part in flat(parts):
        if isinstance(part, Field):
            yield part


def flat(parts: tuple[Part, ...]) -> Iterator[Field | Literal]:
    """Fields and literals in their order; an empty literal is between two alternatives."""
    after_maybe = False
    for part in parts:
        if isinstance(part, Maybe):
            if after_maybe:
                yield Literal("")
            yield from flat(part.parts)
        else:
            yield part
        after_maybe = isinstance(part, Maybe)
