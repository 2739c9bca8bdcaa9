"""The declarations of a folder, checked against each other and against the city."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gridcontainer.container.declaration.city import CityProfile
from gridcontainer.container.declaration.dataset import Declaration
from gridcontainer.container.declaration.yaml_file import choose, load_folder
from gridcontainer.errors import DeclarationError


def load_declarations(
    directory: Path, city: CityProfile, *, only: Sequence[str] = ()
) -> list[Declaration]:
    """Read all declarations of a directory, in order of name.

    Args:
        directory: of ``*.yaml`` and ``*.yml``.
        city: whose departments the declarations must name.
        only: names of data sets; empty for all.

    Raises:
        DeclarationError: a faulty file, two data sets of one name, an unknown department or class,
            or a name in ``only`` that is not declared.
    """
    declared = load_folder(directory, Declaration, "dataset", suffixes=(".yaml", ".yml"))
    for path, declaration in declared.values():
        if declaration.department not in city.departments:
            known = ", ".join(city.departments)
            raise DeclarationError(
                f"{path}: department: {declaration.department} is not in the profile of "
                f"{city.city} ({known}); add it there, or correct it"
            )
        _require_class(declaration, city, path)
    found = {name: declaration for name, (_, declaration) in declared.items()}
    _require_related(found, directory)
    return choose(found, only, directory, "data set declarations")


def _require_class(declaration: Declaration, city: CityProfile, path: Path) -> None:
    named = declaration.object_class
    if named is not None and named not in city.classes:
        known = ", ".join(city.classes) or "it has none"
        raise DeclarationError(
            f"{path}: object_class: {named} is not among the classes of {city.city} ({known}); add "
            "it there, or correct it"
        )


def _require_related(found: Mapping[str, Declaration], directory: Path) -> None:
    for name, declaration in found.items():
        related = [relation.dataset for relation in declaration.relations]
        if unknown := [other for other in related if other not in found]:
            raise DeclarationError(
                f"{directory}: {name}: relations: {', '.join(unknown)} is not declared there; "
                "declare it, or correct the name"
            )
