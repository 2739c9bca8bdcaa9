"""The sample city in a container, ingested once for all tests, and containers of a test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filled_container import Container
from pyspark.sql import SparkSession

from gridcontainer.container.declaration import (
    CityProfile,
    Declaration,
    load_city,
    load_declarations,
)
from gridcontainer.container.ingest.batch import ingest_datasets
from gridcontainer.container.ingest.dataset import Ingested, ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.sample import Truth

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture(scope="session")
def city() -> CityProfile:
    return load_city(CONF / "city/shanghai.yaml")


@pytest.fixture(scope="session")
def ingest_all(
    spark: SparkSession, city: CityProfile, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Path], Container]:
    """Ingest all data sets declared in a folder of ``conf/`` from a folder of sources."""

    def ingest(folder: str, sources: Path) -> Container:
        storage = Storage(str(tmp_path_factory.mktemp(folder)))
        declared = load_declarations(CONF / folder, city)
        outcome = ingest_datasets(
            lambda: spark, declared, city=city, sources=sources, storage=storage
        )
        assert not outcome.failures
        results = {result.run.dataset: result for result in outcome.results}
        return Container(storage, sources, {d.dataset: d for d in declared}, results)

    return ingest


@pytest.fixture(scope="session")
def ingested(ingest_all: Callable[[str, Path], Container], sample: Truth) -> Container:
    """The whole sample city; tests only read it."""
    return ingest_all("sample", sample.directory)


@pytest.fixture(scope="session")
def declare() -> Callable[..., Declaration]:
    """A declaration of points ``lon``, ``lat`` in ``places.csv``; keys of ``source`` given flat."""

    def make(path: str = "places.csv", **keys: Any) -> Declaration:
        source = {"path": path, "format": keys.pop("format", "csv")}
        for name in ("encoding", "separator", "quote", "header", "columns", "records",
                     "sheet", "skip_rows", "layer"):  # fmt: skip
            if name in keys:
                source[name] = keys.pop(name)
        given = {
            "dataset": "places",
            "department": "planning",
            "title": "Places",
            "kind": "points",
            "datum": "WGS84",
            "position": {"lon": "lon", "lat": "lat"},
        }
        return Declaration.model_validate(given | {"source": source} | keys)

    return make


@pytest.fixture
def ingest(
    spark: SparkSession, city: CityProfile, tmp_path: Path
) -> Callable[[Declaration], Ingested]:
    """Ingest from ``tmp_path`` into a container of the test's own, ``tmp_path / "container"``."""

    def run(declaration: Declaration) -> Ingested:
        storage = Storage(str(tmp_path / "container"))
        return ingest_dataset(
            lambda: spark, declaration, city=city, sources=tmp_path, storage=storage
        )

    return run
