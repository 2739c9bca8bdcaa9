"""How common the characters of a text are: text in a wrong encoding is full of rare ones."""

from typing import Final

_PUNCTUATION: Final = frozenset("，。、：；（）《》“”—！？【】　")


def is_everyday(character: str) -> bool:
    """Whether it is Chinese punctuation, or one of the 3,755 everyday characters of GB 2312."""
    if character in _PUNCTUATION:
        return True
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7


def everyday_share(text: str) -> float:
    """Share of everyday characters among those beyond ASCII; 0 where there are none."""
    beyond = [character for character in text if not character.isascii()]
    return sum(map(is_everyday, beyond)) / len(beyond) if beyond else 0.0
