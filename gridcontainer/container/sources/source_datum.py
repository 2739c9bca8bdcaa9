"""The datum of a source: the declaration's, else the CRS that its files say."""

from collections.abc import Mapping
from pathlib import Path

from gridcontainer.container.declaration import Declaration
from gridcontainer.errors import CoordinateError, SourceError
from gridcontainer.grid.crs import crs_to_datum, read_crs
from gridcontainer.grid.crs_transform import Extent
from gridcontainer.grid.datum import find_datum_guess, is_same_datum


def find_source_datum(
    crs: Mapping[Path, str | None],
    declaration: Declaration,
    *,
    default_datum: str,
    extent: Extent | None,
) -> tuple[str | None, tuple[str, ...]]:
    """The datum that holds for a source, and what a person should read of it.

    Args:
        crs: CRS that each file says, as the file writes it; None where it says none.
        declaration: declaration of the dataset.
        default_datum: datum that holds where neither the declaration nor a file says one.
        extent: area of the data, degrees; the CRS's own where None.

    Returns:
        The declared datum, else that of the files, else None; and notes.

    Raises:
        SourceError: files say different CRS and none is declared; PROJ does not know a CRS, or can
            only guess its transformation and that is not accepted.
    """
    if declaration.position is None:
        return None, ()
    found = _datums(crs, declaration)
    datum = declaration.datum or next(iter(found), None)
    notes = [_contradiction(found, declaration)] if declaration.datum else []
    if declaration.datum is None and len(found) > 1:
        said = "; ".join(f"{_name(each)} in {path.name}" for each, path in list(found.items())[:4])
        raise SourceError(
            f"{declaration.dataset}: the files of {declaration.source.name} say different CRS: "
            f"{said}. Declare each as a dataset of its own, or one datum for all"
        )
    if declaration.datum is None and datum is not None and None in crs.values():
        silent = next(path.name for path, text in crs.items() if text is None)
        notes.append(f"{silent} says no CRS; it is taken to be in {_name(datum)} as the others are")
    notes.append(_guess(datum or default_datum, declaration, extent))
    return datum, tuple(note for note in notes if note)


def _datums(crs: Mapping[Path, str | None], declaration: Declaration) -> dict[str, Path]:
    """The different datums that files say, each with the first file that says it."""
    found: dict[str, Path] = {}
    for path, text in crs.items():
        try:
            datum = None if text is None else crs_to_datum(text)
        except CoordinateError as error:
            if declaration.datum is not None:
                continue  # what is declared holds
            raise SourceError(f"{path} names its CRS, but {error}; declare the datum") from error
        if datum is not None and not any(is_same_datum(datum, other) for other in found):
            found[datum] = path
    return found


def _contradiction(found: Mapping[str, Path], declaration: Declaration) -> str | None:
    declared = str(declaration.datum)
    for datum, path in found.items():
        if not is_same_datum(datum, declared):
            return (
                f"{path.name} says that its CRS is {_name(datum)}, and the declaration says "
                f"{declared}: the declaration holds"
            )
    return None


def _guess(datum: str, declaration: Declaration, extent: Extent | None) -> str | None:
    """The note of a transformation that is only a guess, where that is accepted.

    Raises:
        SourceError: it is not accepted.
    """
    try:
        guess = find_datum_guess(datum, extent)
    except CoordinateError as error:
        raise SourceError(f"{declaration.dataset}: {error}") from error
    if guess is None:
        return None
    said = f"{declaration.dataset}: datum {_name(datum)}: {guess}"
    if not declaration.accept_ballpark:
        raise SourceError(said)
    return f"accepted by accept_ballpark: {said}"


def _name(datum: str) -> str:
    """The datum as a person calls it: WKT by its name."""
    return datum if len(datum) < 40 else f"{read_crs(datum).name!r}"
