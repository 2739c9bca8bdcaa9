"""Two lists of the made-up city's communities in a container, linked once for all tests."""

import pytest
from city import CONF, LinkedCity
from pyspark.sql import SparkSession

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.ingest.batch import ingest_datasets
from gridcontainer.container.storage import Storage
from gridcontainer.identity import IdentityStorage
from gridcontainer.linkage import link_all, load_links
from gridcontainer.sample import Truth


@pytest.fixture(scope="session")
def linked_city(
    spark: SparkSession, sample: Truth, tmp_path_factory: pytest.TempPathFactory
) -> LinkedCity:
    city = load_city(CONF / "city/shanghai.yaml")
    names = ("communities", "community_listings")
    declared = load_declarations(CONF / "sample", city, only=names)
    storage = IdentityStorage(Storage(str(tmp_path_factory.mktemp("linked"))))
    ingest_datasets(
        lambda: spark, declared, city=city, sources=sample.directory, storage=storage.container
    )
    (link,) = load_links(CONF / "sample/links", names)
    ((_, linked),) = link_all(spark, storage, [link], declared)
    return LinkedCity(storage, link, linked)
