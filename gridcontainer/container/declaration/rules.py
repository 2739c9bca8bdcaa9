"""What a declaration says of its rows beside their place: how to mend them, what they refer to."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.fields import Name
from gridcontainer.container.declaration.model import Model


class MendingRule(Model):
    """What to do with rows that were set aside: a rule, so that it holds for the next run too.

    Attributes:
        reason: for which the rows were set aside.
        where: a condition on the source's columns; all rows of the reason where missing.
        set: expressions on the source's columns as they came, by the column to set.
    """

    reason: str
    where: Expression | None = None
    set: Annotated[dict[str, Expression], Field(min_length=1)]

    @property
    def expressions(self) -> list[tuple[str, Expression]]:
        """All its expressions, each with its key."""
        where = [("where", self.where)] if self.where else []
        return [*where, *((f"set.{column}", value) for column, value in self.set.items())]

    def with_columns(self, names: Mapping[str, str]) -> Self:
        """The same rule over a frame whose columns have other names."""
        mended = {names[c]: text.renamed(names) for c, text in self.set.items()}
        where = self.where and self.where.renamed(names)
        return self.model_copy(update={"where": where, "set": mended})


class Relation(Model):
    """A foreign key: the values of ``columns`` are a key of another data set.

    Attributes:
        columns: of this data set.
        dataset: the other.
        to: its columns, in the same order.
    """

    columns: Annotated[list[str], Field(min_length=1)]
    dataset: Name
    to: Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.columns) != len(self.to):
            raise ValueError("columns and to name as many columns")
        return self
