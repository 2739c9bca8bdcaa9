"""Mappings between data sets by place, as the city declares them: files of ``conf/mappings``."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from gridcontainer.container.declaration.fields import LevelNumber, Name
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import load_folder
from gridcontainer.errors import DeclarationError


class PlaceMapping(Model):
    """Which records of two data sets are related by their places.

    Attributes:
        mapping: its name.
        left: a data set.
        right: another, or the same.
        kind: ``same_cell``: they lie in one cell of the level; ``adjacent``: in cells that touch,
            or, without a level, their shapes meet; ``within``: left lies in the shape right.
        level: of the cells, 1-10.
        title: a line for people.
    """

    mapping: Name
    left: Name
    right: Name
    kind: Literal["same_cell", "within", "adjacent"]
    level: LevelNumber | None = None
    title: str = ""

    @model_validator(mode="after")
    def _level_of_cells(self) -> Self:
        if self.kind == "same_cell" and self.level is None:
            raise ValueError("level is what same_cell needs: of the cells, 1-10")
        if self.kind == "within" and self.level is not None:
            raise ValueError("level is of cells, and within compares shapes")
        return self


def load_mappings(directory: Path, datasets: Collection[str]) -> list[PlaceMapping]:
    """Read all mappings of a directory, in order of name; none if it is not there.

    Args:
        directory: of ``*.yaml``.
        datasets: that are declared.

    Raises:
        DeclarationError: a faulty file, two mappings of one name, or an unknown data set.
    """
    found = load_folder(directory, PlaceMapping, "mapping")
    for path, mapping in found.values():
        if unknown := {mapping.left, mapping.right} - set(datasets):
            raise DeclarationError(f"{path}: {', '.join(sorted(unknown))} is not declared")
    return [mapping for _, mapping in found.values()]


def choose_mappings(
    mappings: Sequence[PlaceMapping], datasets: Collection[str]
) -> list[PlaceMapping]:
    """Those of which both data sets are there."""
    return [m for m in mappings if {m.left, m.right} <= set(datasets)]
