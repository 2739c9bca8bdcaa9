"""Rows of many buckets in one file a task, to be read again bucket by bucket.

Tasks that read a source leave here what the tasks that write a table need: only names and places of
parts pass through Spark. A byte that passes through Java to another Python costs eight times what
it costs in a file (decision 10).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from gridcontainer.container.files import Files
from gridcontainer.container.storage import Storage


@dataclass(frozen=True)
class Part:
    """Rows of one bucket in a staged file.

    Attributes:
        path: path of the file.
        start: first byte.
        length: number of bytes.
    """

    path: str
    start: int
    length: int


def stage(cut: Iterable[tuple[int, pa.Table]], path: str, files: Files) -> dict[int, list[Part]]:
    """Write rows to one file; returns the parts of each bucket, in their order.

    Args:
        cut: pairs of a bucket and rows of it.
        path: path of the file.
        files: port to the files.
    """
    parts: dict[int, list[Part]] = {}
    with files.open_output(path) as stream:
        for bucket, rows in cut:
            start = stream.tell()
            with pa.ipc.new_stream(stream, rows.schema) as writer:
                writer.write_table(rows.combine_chunks())
            parts.setdefault(bucket, []).append(Part(path, start, stream.tell() - start))
    return parts


def read_parts(parts: Sequence[Part], files: Files) -> pa.Table:
    """The rows of some parts, one after the other; they stay in the file until they are used."""
    opened: dict[str, pa.NativeFile] = {}
    tables = []
    for part in parts:
        if part.path not in opened:
            opened[part.path] = files.open_input(part.path)
        opened[part.path].seek(part.start)
        tables.append(pa.ipc.open_stream(opened[part.path].read_buffer(part.length)).read_all())
    return pa.concat_tables(tables, promote_options="default")


def gather(staged: Iterable[Mapping[int, Sequence[Part]]]) -> dict[int, list[Part]]:
    """The parts of each bucket of several files, in the order of the files."""
    found: dict[int, list[Part]] = {}
    for one in staged:
        for bucket, parts in one.items():
            found.setdefault(bucket, []).extend(parts)
    return found


@contextmanager
def staging_folder(storage: Storage, dataset: str, run_id: str) -> Iterator[str]:
    """A folder for one run, gone in the end; so is what a killed run of the dataset left.

    Args:
        storage: the container.
        dataset: name of the dataset.
        run_id: identifier of the run.
    """
    folder = f"{storage.staging}/{dataset}"
    storage.files.delete_folder(folder)
    try:
        yield f"{folder}/{run_id}"
    finally:
        storage.files.delete_folder(folder)
