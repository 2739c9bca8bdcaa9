"""What is told of cells beside counts, as ``conf/reconstruction.yaml`` declares it."""

from collections.abc import Collection
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.fields import Name
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import load_model
from gridcontainer.errors import DeclarationError


class Measure(Model):
    """A column of a data set that is summarised in each cell.

    Attributes:
        dataset: its name.
        number: column of numbers, by its name in the source or the stored one, written as the
            dataset declares; values that are no number are counted as unreadable.
        distinct: column whose different values are counted, by either name.
    """

    dataset: Name
    number: str | None = None
    distinct: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.number is None) == (self.distinct is None):
            raise ValueError("needs number or distinct, one of them")
        return self


class Reconstruction(Model):
    """All measures."""

    measures: list[Measure] = Field(default=[])

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [measure.model_dump_json() for measure in self.measures]
        if len(set(named)) < len(named):
            raise ValueError("a measure is declared twice")
        return self

    def numbers(self, dataset: str) -> tuple[str, ...]:
        """Columns of a data set whose numbers are summarised."""
        return tuple(m.number for m in self.measures if m.dataset == dataset and m.number)

    def distincts(self, dataset: str) -> tuple[str, ...]:
        """Columns of a data set whose different values are counted."""
        return tuple(m.distinct for m in self.measures if m.dataset == dataset and m.distinct)


def load_reconstruction(path: Path, datasets: Collection[str]) -> Reconstruction:
    """Read the declaration.

    Args:
        path: of the file.
        datasets: names of the data sets that are declared.

    Raises:
        DeclarationError: it is faulty, or names a data set that is not declared.
    """
    declared = load_model(path, Reconstruction)
    named = {measure.dataset for measure in declared.measures}
    if unknown := sorted(named - set(datasets)):
        raise DeclarationError(f"{path}: no data set {', '.join(unknown)} is declared")
    return declared
