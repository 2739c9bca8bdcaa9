"""Records of a JSON or GeoJSON file as they come, in bounded memory; rows as of ``read_json``."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.geojson import feature_row
from gridcontainer.container.sources.json_reader import JsonReader, UndecodableError
from gridcontainer.container.sources.json_records import (
    Fields,
    flatten,
    join_fields,
    open_path,
    path_steps,
    record_row,
)
from gridcontainer.container.sources.records import RawRow, distinct
from gridcontainer.container.sources.shape_srid import crs_of_geojson
from gridcontainer.errors import SourceError

_MOST_UNDECODABLE: Final = 0.1  # share of the records; above it the encoding is declared wrongly
_NESTED: Final = object()  # a member that is a list or an object: no field of the records


@dataclass
class JsonFacts:
    """What the end of a file tells of all its records.

    Attributes:
        outer: plain members of each object on the way to the records, by its depth.
        names: names of the members that are the records, where two of them have one name.
        crs: the CRS that a feature collection names, or None.
        is_late: whether rows were made that should have had other fields: read again with these.
    """

    outer: dict[int, dict[str, Any]] = field(default_factory=dict)
    names: list[str] | None = None
    crs: str | None = None
    is_late: bool = False


@dataclass(frozen=True)
class _Broken:
    """The text of a value that holds bytes of another encoding."""

    text: str


_Found = tuple[Any, list[str], Fields, str]  # a value, the steps left, fields met, their prefix


def stream_json(path: Path, source: Source, known: JsonFacts, found: JsonFacts) -> Iterator[RawRow]:
    """Records of one JSON value, as ``read_json`` gives them, one item of a list at a time.

    A record with bytes that are not in the encoding is a fault, unless many are.

    Args:
        path: path of the file.
        source: says where the records are.
        known: what is known of the file; empty facts when it is read first.
        found: filled by the end of the file.

    Raises:
        SourceError: no JSON, or ``source.records`` does not lead to records.
    """
    reader = JsonReader(path, source.encoding)
    steps = path_steps(source, is_list=reader.peek() == "[")
    number = broken = 0
    for value, rest, met, above in _Walk(reader, known, found).values(steps, 0, {}, "outer."):
        if isinstance(value, _Broken):
            number, broken = number + 1, broken + 1
            yield _broken_row(number, value, source)
            continue
        for record, outer in open_path(value, rest, path, met, above):
            number += 1
            yield record_row(number, record, outer, source)
    reader.end()
    _require_few(reader, broken, number)


def stream_geojson(path: Path, source: Source, found: JsonFacts) -> Iterator[RawRow]:
    """Features of a collection, as ``read_geojson`` gives them, one at a time.

    Args:
        path: path of the file.
        source: says its encoding.
        found: gets the CRS that the collection names.

    Raises:
        SourceError: the file holds no feature collection.
    """
    reader = JsonReader(path, source.encoding)
    no_collection = SourceError(f"{path} is no GeoJSON FeatureCollection; is source.format right?")
    number = broken = 0
    has_features = False
    for name in _members_or(reader, no_collection):
        if name != "features" or has_features:
            value = _plain_value(reader)
            found.crs = crs_of_geojson({"crs": value}) if name == "crs" else found.crs
            continue
        has_features = True
        for feature in _items_or(reader, no_collection):
            number += 1
            if isinstance(feature, _Broken):
                broken += 1
                yield _broken_row(number, feature, source)
            else:
                yield feature_row(number, feature)
    if not has_features:
        raise no_collection
    reader.end()
    _require_few(reader, broken, number)


class _Walk:
    """The way through a file to its records."""

    def __init__(self, reader: JsonReader, known: JsonFacts, found: JsonFacts) -> None:
        self.reader, self.known, self.found = reader, known, found

    def values(self, steps: list[str], depth: int, outer: Fields, above: str) -> Iterator[_Found]:
        """The items of the first list or object that the steps open; the rest stays to be gone.

        As ``open_path``: null on the way leads to no value.
        """
        if not steps:
            yield _value(self.reader), [], outer, above
            return
        step, rest, start = steps[0], steps[1:], self.reader.peek()
        if start == "n":
            _plain_value(self.reader)
        elif step == "[]" and start == "[":
            for _ in self.reader.items():
                yield _value(self.reader), rest, outer, above
        elif step.startswith("{") and start == "{":
            prefix = above if rest else ""
            for name in self._named():
                fields = join_fields(outer, {prefix + step[1:-1]: name})
                yield _value(self.reader), rest, fields, above
        elif step[0] not in "[{" and start == "{":
            yield from self._inside(step, rest, depth, outer, above)
        else:  # says what is wrong
            yield from (
                (value, [], met, above)
                for value, met in open_path(
                    _plain_value(self.reader), steps, self.reader.path, outer
                )
            )

    def _named(self) -> Iterator[str]:
        names: list[str] = []
        for name in self.reader.members():
            names.append(name)
            yield self.known.names[len(names) - 1] if self.known.names else name
        if len(set(names)) < len(names):
            self.found.names = distinct(names)
            self.found.is_late |= self.known.names is None

    def _inside(
        self, step: str, rest: list[str], depth: int, outer: Fields, above: str
    ) -> Iterator[_Found]:
        """The values in one member of an object; its other plain members are fields of them."""
        members: list[tuple[str, Any]] = []
        used: dict[str, Any] | None = None
        for name in self.reader.members():
            if name == step and used is None:
                members.append((name, _NESTED))
                used = self.known.outer.get(depth, _plain_members(members))
                met = join_fields(outer, flatten(used, above))
                yield from self.values(rest, depth + 1, met, f"{above}{step}.")
            else:
                value = _plain_value(self.reader)
                members.append((name, _NESTED if isinstance(value, dict | list) else value))
        if used is None:
            raise SourceError(
                f"{self.reader.path} has no {step!r} where source.records leads; see the file"
            )
        self.found.outer[depth] = _plain_members(members)
        is_known = depth in self.known.outer
        self.found.is_late |= not is_known and self.found.outer[depth] != used


def _plain_members(members: list[tuple[str, Any]]) -> dict[str, Any]:
    names = distinct([name for name, _ in members])
    return {n: v for n, (_, v) in zip(names, members, strict=True) if v is not _NESTED}


def _value(reader: JsonReader) -> Any:
    try:
        return reader.value()
    except UndecodableError as error:
        return _Broken(str(error))


def _plain_value(reader: JsonReader) -> Any:
    try:
        return reader.value()
    except UndecodableError as error:
        raise _not_encoded(reader) from error


def _members_or(reader: JsonReader, error: SourceError) -> Iterator[str]:
    if reader.peek() == "{":
        yield from reader.members()
        return
    _plain_value(reader)  # what is no JSON at all is told as that
    raise error


def _items_or(reader: JsonReader, error: SourceError) -> Iterator[Any]:
    if reader.peek() != "[":
        _plain_value(reader)
        raise error
    for _ in reader.items():
        yield _value(reader)


def _broken_row(number: int, value: _Broken, source: Source) -> RawRow:
    return RawRow(number, {}, f"bytes that are not {source.encoding}", value.text)


def _require_few(reader: JsonReader, broken: int, rows: int) -> None:
    if broken > _MOST_UNDECODABLE * rows:
        raise _not_encoded(reader)


def _not_encoded(reader: JsonReader) -> SourceError:
    return SourceError(
        f"{reader.path} is not {reader.encoding}: {reader.undecodable}. Set source.encoding"
    )
