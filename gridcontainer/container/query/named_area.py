"""Places by name: the polygon that a reference area of the city gives them."""

import difflib
from collections.abc import Sequence

import shapely

from gridcontainer.container.query.area import Area, in_polygon
from gridcontainer.container.query.question import Question
from gridcontainer.container.query.read_cells import find
from gridcontainer.container.storage import Storage
from gridcontainer.errors import QueryError


def in_place(
    storage: Storage, name: str, *, areas: Sequence[str], endings: Sequence[str] = ()
) -> Area:
    """The polygon of a town or district, its border included.

    Args:
        storage: the container.
        name: as its label has it, or without its ending (``真如`` for ``真如镇街道``).
        areas: data sets to look in; those that the container lacks are passed over.
        endings: of names, that may be left out; longest first.

    Raises:
        QueryError: no such place, or several.
    """
    shapes = _shapes(storage, areas)
    bare = _bare(name, endings)
    chosen = [name] if name in shapes else [n for n in shapes if _bare(n, endings) == bare]
    if not chosen:
        near = difflib.get_close_matches(name, shapes, n=5, cutoff=0.3)
        raise QueryError(
            f"no place {name!r} in {', '.join(areas)}; nearest: {', '.join(near) or 'none'}"
        )
    if len(chosen) > 1 or len(shapes[chosen[0]]) > 1:
        raise QueryError(f"{name!r} is several places ({', '.join(chosen)}): ask by --polygon")
    geometry = shapely.make_valid(shapely.from_wkb(shapes[chosen[0]][0]))
    return in_polygon(geometry, text=f"place {chosen[0]}")


def _shapes(storage: Storage, areas: Sequence[str]) -> dict[str, list[bytes]]:
    """Shapes by name; names of an earlier data set go first."""
    there = {dataset for _, dataset, _ in storage.find_datasets()}
    wanted = tuple(area for area in areas if area in there)
    if not wanted:
        raise QueryError(f"the container has none of {', '.join(areas)}, which name the places")
    shapes: dict[str, list[bytes]] = {}
    for part in find(storage, Question(datasets=wanted)):
        own: dict[str, list[bytes]] = {}
        columns = (part.rows.column(name).to_pylist() for name in (part.label, "geometry"))
        for label, shape in zip(*columns, strict=True):
            own.setdefault(str(label), []).append(shape)
        shapes = own | shapes
    return shapes


def _bare(name: str, endings: Sequence[str]) -> str:
    for ending in endings:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name
