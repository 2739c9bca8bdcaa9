"""The tables that all datasets of a container share."""

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.actions import TableMetadata
from gridcontainer.container.tables.log import create_table, read_snapshot
from gridcontainer.container.tables.schemas import QUARANTINE, RUNS


def prepare_container(storage: Storage) -> None:
    """Make the tables that all datasets share.

    Raises:
        StorageError: the container cannot be written.
    """
    for path, metadata in (
        (storage.quarantine, TableMetadata(QUARANTINE, ("dataset",))),
        (storage.runs, TableMetadata(RUNS)),
    ):
        if read_snapshot(path) is None:
            create_table(storage.files, path, metadata)
