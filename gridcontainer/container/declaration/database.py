"""A table of a database, read over JDBC."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.fields import DatabaseUrl, VariableName
from gridcontainer.container.declaration.model import Model


class Split(Model):
    """How a big table is read by several tasks at once.

    Attributes:
        column: of whole numbers, days or times.
        low: where the first task's share ends and the others' begin, as the database writes it.
        high: likewise of the last one. No row is left out below or above.
        parts: tasks.
    """

    column: str
    low: str
    high: str
    parts: Annotated[int, Field(ge=2, le=1000)]


class Database(Model):
    """Where the rows of a ``jdbc`` source lie.

    The driver's jar is the user's: ``spark.jars`` or ``spark.jars.packages``.

    Attributes:
        url: ``jdbc:...``, without user and password.
        table: a table or view; or
        query: a query, read as if it were a table.
        order: columns by which rows are numbered; the data set's key where missing. Rows that are
            equal in them are told apart by their whole content.
        driver: class of the driver; the one that the URL finds where missing.
        user_variable: environment variable that holds the user's name.
        password_variable: environment variable that holds the password.
        fetch_rows: rows that the driver fetches at a time.
        split: how a big table is read by several tasks at once.
        version: a query of one value that changes when the rows do, such as
            ``SELECT max(changed) FROM stops``; without it all rows are read to see whether they
            did.
    """

    url: DatabaseUrl
    table: str | None = None
    query: str | None = None
    order: list[str] = []
    driver: str | None = None
    user_variable: VariableName | None = None
    password_variable: VariableName | None = None
    fetch_rows: Annotated[int, Field(ge=1)] = 10_000
    split: Split | None = None
    version: str | None = None

    @model_validator(mode="after")
    def _table_or_query(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give table or query, one of them")
        return self

    @property
    def name(self) -> str:
        """What messages and ``source_file`` call it."""
        return f"{self.url}#{self.table or 'query'}"
