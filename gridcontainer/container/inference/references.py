"""Places and areas whose datum is known, to measure a new file against."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.sources import find_files, read_batches, source_columns
from gridcontainer.container.sources.records import GEOMETRY
from gridcontainer.errors import SourceError
from gridcontainer.grid.arrays import Float64s
from gridcontainer.grid.datum import to_wgs84

Shapes = np.ndarray[Any, np.dtype[np.object_]]

_BRACKETS: Final = re.compile(r"[(\[【〔{<《].*?[)\]】〕}>》]")
_MARKS: Final = re.compile(r"[\s·•\-—_.,、。'\"]")
_AFFIXES: Final = re.compile(r"^(轨道交通|轨交|地铁)|(地铁站|车站|站|小区|station)$")


def normalise_name(name: str) -> str:
    """A name without what its writers vary: width, case, brackets, marks, 站 and 小区."""
    text = unicodedata.normalize("NFKC", name).casefold()
    bare = _MARKS.sub("", _BRACKETS.sub("", text))
    return _AFFIXES.sub("", bare) or bare


@dataclass(frozen=True)
class Places:
    """Named points of one data set.

    Attributes:
        dataset: its name.
        names: n normalised names.
        lon: n longitudes, degrees, WGS 84, all finite.
        lat: n latitudes.
        files: which they were read from.
    """

    dataset: str
    names: list[str]
    lon: Float64s
    lat: Float64s
    files: frozenset[Path] = frozenset()

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """Numbers of the places of each name."""
        index: dict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self.names):
            if len(name) > 1:
                index[name].append(number)
        return dict(index)


@dataclass(frozen=True)
class Areas:
    """Named areas of one data set.

    Attributes:
        dataset: its name.
        names: n names as written.
        shapes: n areas, degrees, WGS 84.
        files: which they were read from.
    """

    dataset: str
    names: list[str]
    shapes: Shapes
    files: frozenset[Path] = frozenset()

    @cached_property
    def as_places(self) -> Places:
        """Their centroids, to compare other areas with."""
        centres = shapely.centroid(self.shapes)
        names = [normalise_name(name) for name in self.names]
        return Places(
            self.dataset, names, shapely.get_x(centres), shapely.get_y(centres), self.files
        )


@dataclass(frozen=True)
class References:
    """What there is to measure against.

    Attributes:
        places: named points.
        areas: named areas.
        missing: why a data set that the city's profile names is not among them.
    """

    places: Sequence[Places] = ()
    areas: Sequence[Areas] = ()
    missing: Sequence[str] = field(default=())

    def without(self, path: Path) -> "References":
        """These references but for those read from this very file: it proves nothing of itself."""
        real = path.resolve()
        every: list[Places | Areas] = [*self.places, *self.areas]
        own = [reference.dataset for reference in every if real in reference.files]
        return References(
            [places for places in self.places if real not in places.files],
            [areas for areas in self.areas if real not in areas.files],
            [*self.missing, *(f"{name} is this very file" for name in own)],
        )


def load_references(
    city: CityProfile, declarations: Sequence[Declaration], sources: Path | None
) -> References:
    """Read the references that the city's profile names, from their source files.

    Args:
        city: its ``references`` name data sets.
        declarations: of the container.
        sources: folder of the source files; None where there is none.

    Returns:
        What could be read; ``missing`` tells of the rest. A set without a declared datum, or
        without a label, is no reference.
    """
    known = {declaration.dataset: declaration for declaration in declarations}
    places, areas, missing = [], [], []
    if city.references is None:
        return References(missing=[f"the profile of {city.city} names no references"])
    wanted = [(n, False) for n in city.references.places]
    wanted += [(n, True) for n in city.references.areas]
    for name, is_area in wanted:
        try:
            declaration = _usable(name, known)
            if is_area:
                areas.append(_read_areas(declaration, sources))
            else:
                places.append(_read_places(declaration, sources))
        except SourceError as error:
            missing.append(str(error))
    return References(places, areas, missing)


def _usable(name: str, known: dict[str, Declaration]) -> Declaration:
    declaration = known.get(name)
    if declaration is None:
        raise SourceError(f"{name} is not declared")
    if None in (declaration.datum, declaration.label, declaration.position):
        raise SourceError(f"{name} is declared without a datum, a label or a position")
    return declaration


def _read_places(declaration: Declaration, sources: Path | None) -> Places:
    position = declaration.position
    columns = [declaration.label, *((position.lon, position.lat) if position else ())]
    rows, files = _read(declaration, sources, columns)
    lon, lat = to_wgs84(_to_floats(rows[1]), _to_floats(rows[2]), str(declaration.datum))
    good = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    names = [normalise_name(rows[0][number] or "") for number in good]
    return Places(declaration.dataset, names, lon[good], lat[good], files)


def _read_areas(declaration: Declaration, sources: Path | None) -> Areas:
    rows, files = _read(declaration, sources, [declaration.label, GEOMETRY])
    shapes = shapely.from_wkb(rows[1])
    good = [n for n, name in enumerate(rows[0]) if name and shapes[n] is not None]
    names = [rows[0][number] for number in good]
    return Areas(declaration.dataset, names, shapes[good], files)


def _read(
    declaration: Declaration, sources: Path | None, wanted: list[str | None]
) -> tuple[list[list[Any]], frozenset[Path]]:
    """Values of some columns of all the data set's files.

    Raises:
        SourceError: a file is missing or cannot be read, or has no such column.
    """
    if sources is None or None in wanted:
        raise SourceError(f"{declaration.dataset} has no files here, or no columns of that kind")
    files = find_files(sources, declaration)
    columns = source_columns(files, declaration)
    values: list[list[Any]] = [[] for _ in wanted]
    for path in files:
        for batch in read_batches(path, path.name, columns, declaration):
            for column, name in zip(values, wanted, strict=True):
                column.extend(batch.column(batch.schema.get_field_index(name)).to_pylist())
    return values, frozenset(path.resolve() for path in files)


def _to_floats(texts: list[str | None]) -> Float64s:
    def read(text: str | None) -> float:
        try:
            return float(text) if text else np.nan
        except ValueError:
            return np.nan

    numbers = np.array([read(text) for text in texts], dtype=np.float64)
    numbers[numbers == 0.0] = np.nan
    return numbers
