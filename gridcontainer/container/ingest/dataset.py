"""One dataset from its source into the container."""

from pathlib import Path
from typing import Final

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.ingested import Ingested
from gridcontainer.container.ingest.steps import Ingest, Report, SessionMaker
from gridcontainer.container.runs import Run, last_run
from gridcontainer.container.storage import Storage
from gridcontainer.errors import SourceError, StorageError

__all__ = ["SMALL_BYTES", "Ingested", "Report", "SessionMaker", "ingest_dataset"]

SMALL_BYTES: Final = 256 << 20  # of a source's files, and of a table's


def ingest_dataset(
    session: SessionMaker,
    declaration: Declaration,
    *,
    city: CityProfile,
    sources: Path,
    storage: Storage,
    report: Report = lambda step: None,
    small_bytes: int = SMALL_BYTES,
    accepts_removal: bool = False,
    earlier: Run | None = None,
) -> Ingested:
    """Bring one dataset into the container.

    The same content and declaration again change nothing, unless the table has been removed or
    written to since. Records that cannot go in are quarantined with their reason; rows in are rows
    out plus rows quarantined, and that is checked.

    Args:
        session: makes the Spark session; asked only for what is large, and for databases.
        declaration: declaration of the dataset.
        city: the city's profile.
        sources: folder below which ``source.path`` lies.
        storage: the container.
        report: is told each step, for progress.
        small_bytes: size up to which a source is read, and a table changed, in this process.
        accepts_removal: a person agreed to whatever the delivery takes away.
        earlier: newest run of the dataset, where it is known; else the run ledger is read.

    Raises:
        SourceError: a file is missing or not written as declared; nothing is changed then.
        DeliveryError: the delivery would take away too much; nothing is changed then.
        StorageError: the tables cannot be read or written, or somebody else wrote to the dataset's
            meanwhile.
        ConservationError: rows were lost or doubled.
    """
    work = Ingest(
        declaration,
        city,
        sources,
        storage,
        session,
        report,
        small_bytes,
        accepts_removal,
        earlier or last_run(storage, declaration.dataset),
    )
    try:
        return work.run()
    except (SourceError, StorageError) as error:
        if str(error).startswith(f"{declaration.dataset}:"):
            raise
        raise type(error)(f"{declaration.dataset}: {error}") from error
