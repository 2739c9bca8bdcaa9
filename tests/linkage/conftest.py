"""Two lists of the made-up city's communities in a container, linked once for all tests."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from gridcontainer.container.batch import ingest_datasets
from gridcontainer.container.declaration import Declaration, load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.identity import IdentityStorage
from gridcontainer.linkage import Link, Linked, link_all, load_links
from gridcontainer.sample import Truth

CONF = Path(__file__).parents[2] / "conf"


@dataclass(frozen=True)
class LinkedCity:
    """A container whose communities are linked."""

    storage: IdentityStorage
    link: Link
    linked: Linked
    declarations: list[Declaration]

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


@pytest.fixture(scope="session")
def linked_city(
    spark: SparkSession, sample: Truth, tmp_path_factory: pytest.TempPathFactory
) -> LinkedCity:
    city = load_city(CONF / "city/shanghai.yaml")
    names = ("communities", "community_listings")
    declared = load_declarations(CONF / "sample", city, only=names)
    storage = IdentityStorage(Storage(str(tmp_path_factory.mktemp("linked"))))
    ingest_datasets(spark, declared, city=city, sources=sample.directory, storage=storage.container)
    (link,) = load_links(CONF / "sample/links", names)
    ((_, linked),) = link_all(spark, storage, [link], declared)
    return LinkedCity(storage, link, linked, declared)
