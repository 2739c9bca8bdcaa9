"""A container to be looked at, by another engine than Spark."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from deltalake import DeltaTable

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.dataset import Ingested
from gridcontainer.container.storage import Storage


@dataclass(frozen=True)
class Container:
    """A container and what was put into it."""

    storage: Storage
    sources: Path
    declarations: dict[str, Declaration]
    results: dict[str, Ingested] = field(default_factory=dict)

    def path(self, name: str) -> str:
        """Of a data set's table."""
        return self.storage.dataset(self.declarations[name].department, name)

    def rows(self, name: str) -> pd.DataFrame:
        """Of a data set's table, as another engine than Spark reads them."""
        return DeltaTable(self.path(name)).to_pandas()

    def aside(self, name: str) -> pd.DataFrame:
        """Rows of a data set in quarantine."""
        return DeltaTable(self.storage.quarantine).to_pandas(filters=[("dataset", "=", name)])
