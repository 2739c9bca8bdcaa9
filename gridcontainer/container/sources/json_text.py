"""JSON texts to values and values to texts, whatever a file puts into them."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from gridcontainer.container.sources.records import distinct

_SURROGATE: Final = re.compile(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Members of one name all stay, the later ones under names of their own. A whole number of more
    digits than Python reads, and half of a pair of UTF-16, which no text in UTF-8 can hold, stay
    as they are written.

    Raises:
        json.JSONDecodeError: it is none.
        RecursionError: it is nested too deeply.
    """
    try:
        value = json.loads(text, object_pairs_hook=_to_object)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more than 4,300 digits
        value = json.loads(text, object_pairs_hook=_to_object, parse_int=_number_or_text)
    return _without_halves(value, text)


def parse_json_at(text: str, start: int) -> tuple[Any, int]:
    """The value that begins there in a text, as ``parse_json`` gives it, and where it ends.

    Raises:
        json.JSONDecodeError: there is none.
        RecursionError: it is nested too deeply.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more than 4,300 digits
        value, end = _LENIENT.raw_decode(text, start)
    return _without_halves(value, text[start:end]), end


def _without_halves(value: Any, text: str) -> Any:
    """The value of a text, with each half of a UTF-16 pair as it is written."""
    return _map_texts(value, _escape_halves) if _SURROGATE.search(text) else value


def json_text(value: Any) -> str | None:
    """A value as the text that the source holds for it; null for null."""
    if value is None or isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    return _ENCODE(value)


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    return dict(zip(distinct([name for name, _ in pairs]), (v for _, v in pairs), strict=True))


def _number_or_text(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def _escape_halves(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _map_texts(value: Any, function: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return function(value)
    if isinstance(value, list):
        return [_map_texts(item, function) for item in value]
    if isinstance(value, dict):
        return {function(name): _map_texts(item, function) for name, item in value.items()}
    return value


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_to_object)
_LENIENT: Final = json.JSONDecoder(object_pairs_hook=_to_object, parse_int=_number_or_text)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, default=str).encode
