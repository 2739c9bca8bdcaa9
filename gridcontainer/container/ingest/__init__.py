"""A dataset from its source into the container."""

from gridcontainer.container.ingest.batch import Outcome, ingest_datasets
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import Ingested, ingest_dataset
from gridcontainer.container.ingest.release import Released, release_rows, try_rules

__all__ = [
    "Ingested",
    "Outcome",
    "Released",
    "ingest_dataset",
    "ingest_datasets",
    "prepare_container",
    "release_rows",
    "try_rules",
]
