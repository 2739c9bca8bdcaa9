"""Errors of Spark as our own, in one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from gridcontainer.container.ingest.bring import Work
from gridcontainer.container.tables.frames import first_line
from gridcontainer.errors import SourceError, StorageError


@contextmanager
def told_in_one_line(work: Work) -> Iterator[None]:
    """Errors of Spark as our own; what a reader said in a task is raised as it meant it.

    Args:
        work: what the run works with.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        if said := re.search(r"SourceError: (.*)", str(error)):
            raise SourceError(said.group(1)) from None
        raise StorageError(
            f"{work.declaration.dataset}: Spark failed: {first_line(error)}. Can "
            f"{work.storage.root} be written to? The next run does again what this one left undone"
        ) from error
