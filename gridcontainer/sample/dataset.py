"""A data set ready to be written: what is said of it, its rows, and its bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from gridcontainer.sample.declaration import Declaration
from gridcontainer.sample.dirt import Table
from gridcontainer.sample.formats import csv_bytes


@dataclass(frozen=True)
class Dataset:
    """One data set.

    Attributes:
        declaration: what is said of it.
        table: its rows, flat, with their truth.
        content: path relative to the sample -> bytes.
        other_reasons: for each further geometry, by its name: the reason of each row.
    """

    declaration: Declaration
    table: Table
    content: Mapping[str, bytes]
    other_reasons: Mapping[str, "pd.Series[Any]"] = field(default_factory=dict)


def csv_dataset(declaration: Declaration, table: Table) -> Dataset:
    """A data set of one text table, written as declared.

    Raises:
        ValueError: the declaration does not say how the table is written.
    """
    if declaration.csv is None:
        raise ValueError(f"{declaration.name} is not declared as a text table")
    content = csv_bytes(table, declaration.csv, encoding=declaration.encoding)
    return Dataset(declaration, table, {declaration.path: content})
