"""Files as they were before they were read, so that a change while they are read is noticed."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from gridcontainer.errors import SourceError

_DIGESTED_BYTES = 1 << 20  # below this a digest costs less than opening the file


@dataclass(frozen=True)
class FileState:
    """A file at one moment.

    Attributes:
        path: of the file.
        size: bytes.
        modified: nanoseconds since 1970.
        digest: of the content of a file up to 1 MiB; None for a bigger one.
    """

    path: Path
    size: int
    modified: int
    digest: str | None = None


def take_snapshot(files: Iterable[Path]) -> tuple[FileState, ...]:
    """The state of each file.

    Raises:
        SourceError: a file is gone or may not be read.
    """
    return tuple(_state(path, with_digest=True) for path in files)


def require_unchanged(before: Iterable[FileState]) -> None:
    """All files are as they were.

    Raises:
        SourceError: names each file (up to four) that was changed, cut, replaced or removed.
    """
    changed = [state.path for state in before if not _is_unchanged(state)]
    if changed:
        listed = ", ".join(map(str, changed[:4])) + (", ..." if len(changed) > 4 else "")
        raise SourceError(
            f"{listed} changed while it was read: nothing of it is to be trusted. Wait until it "
            "is written, then run again"
        )


def require_stable(path: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches of a file; after the last one the file must be as it was before the first.

    Raises:
        SourceError: the file changed meanwhile.
    """
    before = _state(path, with_digest=False)
    yield from batches
    require_unchanged([before])


def _state(path: Path, *, with_digest: bool) -> FileState:
    try:
        stat = path.stat()
        small = with_digest and stat.st_size <= _DIGESTED_BYTES
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if small else None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; is it being moved?") from error
    return FileState(path, stat.st_size, stat.st_mtime_ns, digest)


def _is_unchanged(before: FileState) -> bool:
    try:
        return _state(before.path, with_digest=before.digest is not None) == before
    except SourceError:
        return False


def digest_of_files(files: Iterable[Path]) -> str:
    """A digest of the files' names and bytes."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
