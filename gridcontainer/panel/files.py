"""Indicators as the city declares them: YAML files in ``conf/panel``.

A file holds the indicators that share a source.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.fields import Name
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import choose, load_folder
from gridcontainer.errors import DeclarationError
from gridcontainer.panel.declaration import (
    Aggregate,
    Cleaning,
    Indicator,
    Level,
    Shared,
    Source,
    Step,
)


class Measure(Model):
    """What an indicator of a file says beside the file; see ``Indicator``."""

    title: str
    unit: str = "1"
    aggregate: Aggregate = "count"
    category: str | None = None
    where: str | None = None
    value: str | None = None
    step: Step | None = None
    levels: list[Level] | None = None
    absent: Literal["zero", "missing"] | None = None
    factor: float | None = None
    cleaning: Cleaning | None = None


class IndicatorFile(Shared):
    """A file of ``conf/panel``.

    Attributes:
        panel: its name.
        department: whose the indicators are.
        sources: whose records are put together; or ``source`` for one.
        indicators: by name.
    """

    panel: Name
    department: Name
    source: Source | None = None
    sources: list[Source] = Field(default=[])
    indicators: Annotated[dict[Name, Measure], Field(min_length=1)]

    @model_validator(mode="after")
    def _some_source(self) -> Self:
        if bool(self.source) == bool(self.sources):
            raise ValueError("needs source or sources, and not both")
        self.flattened()  # each indicator is a sound one
        return self

    def flattened(self) -> list[Indicator]:
        """Its indicators, each with what the file says for all."""
        shared = self.model_dump(include=set(Shared.model_fields))
        sources = [source.model_dump() for source in ([self.source] if self.source else [])]
        sources += [source.model_dump() for source in self.sources]
        return [
            Indicator.model_validate(
                shared
                | {"department": self.department, "sources": sources, "indicator": name}
                | {k: v for k, v in measure.model_dump().items() if v is not None}
            )
            for name, measure in self.indicators.items()
        ]


def load_indicators(
    directory: Path, known_datasets: Collection[str], *, only: Sequence[str] = ()
) -> list[Indicator]:
    """Read all indicators of a directory, in order of file.

    Args:
        directory: of ``*.yaml``.
        known_datasets: names of all that are declared.
        only: names of indicators; empty for all.

    Raises:
        DeclarationError: a faulty file, two indicators of one name, an unknown data set, or a name
            in ``only`` that is not declared.
    """
    found: dict[str, Indicator] = {}
    for path, file in load_folder(directory, IndicatorFile, "panel").values():
        for indicator in file.flattened():
            name = indicator.indicator
            if name in found:
                raise DeclarationError(f"{path}: {name} is declared twice; give one another name")
            named = [dataset for source in indicator.sources for dataset in source.named]
            if unknown := sorted(set(named) - set(known_datasets)):
                raise DeclarationError(
                    f"{path}: {name}: no data set {', '.join(unknown)} is declared; correct the "
                    "name, or declare it"
                )
            found[name] = indicator
    return choose(found, only, directory, "declarations of indicators")
