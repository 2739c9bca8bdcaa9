"""Where the records of a JSON value are: the path that ``source.records`` takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import is_latitude_name, is_longitude_name

_DEPTH = 6
_LOOKED_AT = 40  # members of each list or object
_MANY_TEXTS = 10  # a list of texts is a list of records where it is this much the longer


@dataclass(frozen=True)
class _Candidate:
    """A path, how many records it leads to, whether they are objects and have a position."""

    path: str
    count: int
    objects: bool
    position: bool


def infer_records_path(value: Any, notes: Notes) -> str | None:
    """The path to the records of a JSON value.

    Returns:
        ``"[]"`` for a list of records at the top; None where there are none.
    """
    candidates: dict[str, _Candidate] = {}
    for found in _candidates(value, "", 0):
        known = candidates.get(found.path)
        count = found.count + (known.count if known else 0)
        position = found.position or bool(known and known.position)
        candidates[found.path] = _Candidate(found.path, count, found.objects, position)
    objects = [c for c in candidates.values() if c.objects]
    best = max(objects, key=lambda c: (c.position, c.count), default=None)
    texts = max(
        (c for c in candidates.values() if not c.objects), key=lambda c: c.count, default=None
    )
    if texts and (best is None or (not best.position and texts.count > _MANY_TEXTS * best.count)):
        best = texts
    if best is None:
        return None
    others = [c for c in candidates.values() if c is not best]
    others.sort(key=lambda c: -c.count)
    listed = ", ".join(f"{c.path} {c.count:,}" for c in others[:3])
    evidence = f"{best.count:,} records there" + (" with a position" if best.position else "")
    evidence += f"; others: {listed}" if listed else ""
    notes.add("records", best.path, evidence, "high" if not others or best.position else "medium")
    return best.path


def _candidates(value: Any, path: str, depth: int) -> Iterator[_Candidate]:
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        yield from _in_list(value, _join(path, "[]"), depth)
    elif isinstance(value, dict):
        name = _member_name(value)
        if name is not None:
            yield from _in_list(list(value.values()), _join(path, "{" + name + "}"), depth)
            return
        for key, inner in value.items():
            if isinstance(inner, list | dict) and not set(key) & set(".[]{}*$"):
                yield from _candidates(inner, _join(path, key), depth + 1)


def _join(path: str, step: str) -> str:
    if step == "[]" and path and not path.endswith(("]", "}")):
        return path + step
    return f"{path}.{step}" if path else step


def _in_list(items: list[Any], path: str, depth: int) -> Iterator[_Candidate]:
    """The list itself, and lists in its items; what is beyond the first items is estimated."""
    present = [item for item in items if item is not None]
    objects = [item for item in present if isinstance(item, dict)]
    if objects and len(objects) >= 0.5 * len(present):
        yield _Candidate(path, len(objects), True, any(map(_has_position, objects[:_LOOKED_AT])))
    elif present and all(isinstance(item, str) for item in present[:_LOOKED_AT]):
        yield _Candidate(path, len(present), False, False)
    step = max(1, len(present) // _LOOKED_AT)
    for item in present[::step]:
        for found in _candidates(item, path, depth + 1):
            yield _Candidate(found.path, found.count * step, found.objects, found.position)


def _member_name(value: dict[str, Any]) -> str | None:
    """A name for the members' names where an object holds records by name, else None."""
    members = list(value.values())
    if len(members) < 3 or not all(isinstance(member, dict) and member for member in members):
        return None
    shared = set(members[0])
    for member in members:
        shared &= set(member)
    if not shared:
        return None
    return next(name for name in ("name", "key", "member", "object") if name not in shared)


def _has_position(record: dict[str, Any], depth: int = 0) -> bool:
    names = [name for name, value in record.items() if not isinstance(value, dict | list)]
    if any(map(is_longitude_name, names)) and any(map(is_latitude_name, names)):
        return True
    inner = [value for value in record.values() if isinstance(value, dict)]
    return depth < 3 and any(_has_position(value, depth + 1) for value in inner)
