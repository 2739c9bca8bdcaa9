"""JSON: a list of records, or records inside records."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.json_text import json_text, parse_json
from gridcontainer.container.sources.records import UNREADABLE, RawRow, distinct, unreadable
from gridcontainer.errors import SourceError

Fields = dict[str, str | None]
_STEP = re.compile(r"\[\]|\{.+?\}|[^.\[\]{}]+")


def read_text(path: Path, encoding: str) -> str:
    """The whole text of a file, unzipped if it ends in ``.gz``, without a byte-order mark.

    Raises:
        SourceError: the file is not in that encoding, or cannot be read at all.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        said = str(error)
        if isinstance(error, UnicodeDecodeError):
            said = f"{error.reason} at byte {error.start}"
        raise SourceError(f"{path} is not {encoding}: {said}. Set source.encoding") from error


def load_json(path: Path, encoding: str) -> Any:
    """The file's one JSON value.

    Raises:
        SourceError: names the line and column where it stops being JSON.
    """
    return parse_value(path, read_text(path, encoding))


def parse_value(path: Path, text: str) -> Any:
    """The one JSON value of a file's text.

    Raises:
        SourceError: names the line and column where it stops being JSON.
    """
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{path} is not JSON from line {error.lineno}, column {error.colno}: {error.msg}. "
            "Is the file cut short? One record a line is source.format: jsonlines"
        ) from error
    except RecursionError as error:
        raise SourceError(f"{path} is JSON nested too deeply to be records") from error


def read_json(path: Path, source: Source) -> Iterator[RawRow]:
    """Records of one JSON value; an object in a record becomes columns such as ``place.lon``.

    Raises:
        SourceError: no JSON, or ``source.records`` does not lead to records.
    """
    value = load_json(path, source.encoding)
    steps = path_steps(source, is_list=isinstance(value, list))
    for number, (record, outer) in enumerate(open_path(value, steps, path, {}), start=1):
        yield record_row(number, record, outer, source)


def path_steps(source: Source, *, is_list: bool) -> list[str]:
    """The steps of ``source.records``; where it says none, into a list or nowhere."""
    return _STEP.findall(source.records or ("[]" if is_list else ""))


def record_row(number: int, record: Any, outer: Fields, source: Source) -> RawRow:
    """A value at the end of ``source.records`` as a row, with the fields met on the way."""
    if isinstance(record, dict):
        return RawRow(number, join_fields(outer, flatten(record)))
    if source.records:
        return RawRow(number, join_fields(outer, {"value": json_text(record)}))
    return RawRow(number, outer, "not an object", json_text(record))


def flatten(record: dict[str, Any], prefix: str = "") -> Fields:
    """Fields of nested objects by dotted names; lists stay as their JSON text.

    Where a plain name has the dots of an inner one, both stay: ``a.b`` and ``a.b_2``.
    """
    flat: Fields = {}
    for name, value in record.items():
        if not isinstance(value, dict) or not value:
            own = {prefix + name: json_text(value)}
        else:
            own = flatten(value, f"{prefix}{name}.")
        if flat.keys().isdisjoint(own):
            flat |= own
        else:
            flat = join_fields(flat, own)
    return flat


def join_fields(first: Fields, second: Fields) -> Fields:
    """The fields of both; where names meet, the second's gets a number."""
    if not first or not second:
        return first or second
    names = distinct([*first, *second])
    return dict(zip(names, [*first.values(), *second.values()], strict=True))


def open_path(
    value: Any, steps: list[str], path: Path, outer: Fields, above: str = "outer."
) -> Iterator[tuple[Any, Fields]]:
    """The values at the end of the steps, each with the fields met on the way.

    Null on the way leads to no value. ``above`` is put before the names of the fields met.
    """
    if not steps:
        yield value, outer
        return
    step, rest = steps[0], steps[1:]
    if value is None:
        return
    if step == "[]" or step.startswith("{"):
        for item, own in _open_members(value, step, above if rest else "", path):
            yield from open_path(item, rest, path, join_fields(outer, own), above)
        return
    if not isinstance(value, dict) or step not in value:
        raise SourceError(f"{path} has no {step!r} where source.records leads; see the file")
    here = {k: v for k, v in value.items() if k != step and not isinstance(v, dict | list)}
    outer = join_fields(outer, flatten(here, above))
    yield from open_path(value[step], rest, path, outer, f"{above}{step}.")


def _open_members(value: Any, step: str, above: str, path: Path) -> Iterator[tuple[Any, Fields]]:
    """The items of a list, or the members of an object, each with its name as a field."""
    if step == "[]" and isinstance(value, list):
        yield from ((item, {}) for item in value)
    elif step != "[]" and isinstance(value, dict):
        yield from ((item, {above + step[1:-1]: name}) for name, item in value.items())
    else:
        kind = "list" if step == "[]" else "object"
        raise SourceError(f"{path} has no {kind} where source.records says {step}; see the file")
