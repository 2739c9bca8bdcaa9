"""A container whose communities are linked, and its tables as another engine reads them."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from deltalake import DeltaTable

from gridcontainer.identity import IdentityStorage
from gridcontainer.linkage import Link, Linked

CONF = Path(__file__).parents[2] / "conf"


@dataclass(frozen=True)
class LinkedCity:
    """A container whose communities are linked."""

    storage: IdentityStorage
    link: Link
    linked: Linked

    def table(self, name: str) -> pd.DataFrame:
        """A table of the identities, as another engine than Spark reads it."""
        return DeltaTable(getattr(self.storage, name)).to_pandas()

    def open_rows(self, name: str) -> pd.DataFrame:
        """Of a table of the identities, what holds now."""
        rows = self.table(name)
        return rows[rows["valid_to"].isna()]

    def version(self, name: str) -> int:
        """Of a table of the identities."""
        return DeltaTable(getattr(self.storage, name)).version()
