"""Files of a container: listed, read, written whole, created once, removed."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from gridcontainer.errors import StorageError


@dataclass(frozen=True)
class FileInfo:
    """A file as its folder lists it.

    Attributes:
        path: of the file.
        bytes: in it.
        written: seconds since 1970.
    """

    path: str
    bytes: int
    written: float


class Files(Protocol):
    """Operations on files; each raises StorageError where the storage refuses it."""

    def create(self, path: str, text: str) -> bool:
        """Make a file, unless it is there: of several that try at once exactly one makes it."""

    def write(self, path: str, text: str) -> None:
        """Make a file, or replace it."""

    def read(self, path: str) -> str | None:
        """What a file says; None where there is none."""

    def delete(self, path: str) -> None:
        """Remove a file, if it is there."""

    def names(self, folder: str) -> list[str]:
        """Of what lies in a folder; none where there is no such folder."""

    def holds(self, folder: str, test: Callable[[str], bool]) -> bool:
        """Whether a test holds for one of the names in a folder; stops at the first."""

    def modified(self, path: str) -> int | None:
        """When a file or folder was last changed, in nanoseconds since 1970; None without it."""

    def listing(self, folder: str) -> list[FileInfo]:
        """All files in a folder and below."""

    def delete_folder(self, path: str) -> None:
        """Remove a folder with all that is in it, if it is there."""

    def open_output(self, path: str) -> pa.NativeFile:
        """A new file of bytes, to be written and closed; its folder is made."""

    def open_input(self, path: str) -> pa.NativeFile:
        """A file of bytes, to be read at any place."""


def files_at(root: str) -> Files:
    """The port to the files of a container, or of one of its tables.

    Args:
        root: path, or URI, of the container or of a table in it.

    Raises:
        StorageError: the path is not on a local file system.
    """
    if "://" in root:
        raise StorageError(
            f"{root} is no local folder: tables are written to local or mounted folders only, so "
            "far; give --container such a folder"
        )
    return _LOCAL


def find_version(files: Files, table: str) -> int | None:
    """The newest version of a Delta table by its log; None where there is no table."""
    names = files.names(f"{table}/_delta_log")
    numbers = [int(name[:20]) for name in names if name[20:] == ".json" and name[:20].isdigit()]
    return max(numbers, default=None)


class LocalFiles:
    """Files of this machine, or of a shared folder that it has mounted."""

    def create(self, path: str, text: str) -> bool:
        """By a hard link, which is there whole or not at all, on network folders too."""
        with _told(path):
            draft = _draft(path, text)
            try:
                os.link(draft, path)
            except FileExistsError:
                return False
            finally:
                draft.unlink()
            return True

    def write(self, path: str, text: str) -> None:
        """By a rename: a reader sees the old text or the new."""
        with _told(path):
            _draft(path, text).replace(path)

    def read(self, path: str) -> str | None:
        """What a file says; None where there is none."""
        with _told(path):
            try:
                return Path(path).read_text(encoding="utf-8")
            except (FileNotFoundError, NotADirectoryError):
                return None

    def delete(self, path: str) -> None:
        """Remove a file, if it is there."""
        with _told(path):
            Path(path).unlink(missing_ok=True)

    def names(self, folder: str) -> list[str]:
        """Of what lies in a folder; none where there is no such folder."""
        with _told(folder):
            try:
                return sorted(os.listdir(folder))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def holds(self, folder: str, test: Callable[[str], bool]) -> bool:
        """Whether a test holds for one of the names in a folder; stops at the first."""
        with _told(folder):
            try:
                with os.scandir(folder) as entries:
                    return any(test(entry.name) for entry in entries)
            except (FileNotFoundError, NotADirectoryError):
                return False

    def modified(self, path: str) -> int | None:
        """When a file or folder was last changed, in nanoseconds since 1970; None without it."""
        with _told(path):
            try:
                return os.stat(path).st_mtime_ns
            except (FileNotFoundError, NotADirectoryError):
                return None

    def listing(self, folder: str) -> list[FileInfo]:
        """All files in a folder and below."""
        with _told(folder):
            paths = (f"{at}/{name}" for at, _, names in os.walk(folder) for name in names)
            states = ((path, os.stat(path)) for path in paths)
            return [FileInfo(path, stat.st_size, stat.st_mtime) for path, stat in states]

    def open_input(self, path: str) -> pa.NativeFile:
        """A file of bytes, mapped into memory: what is not read costs nothing."""
        with _told(path):
            return pa.memory_map(path, "r")

    def open_output(self, path: str) -> pa.NativeFile:
        """A new file of bytes; its folder is made."""
        with _told(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            return pa.OSFile(path, "wb")

    def delete_folder(self, path: str) -> None:
        """Remove a folder with all that is in it, if it is there."""
        with _told(path), contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path)


_LOCAL: Final = LocalFiles()


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror}. Can it be written to, and is there room? The tables are "
            "as they were: their last good versions can be read"
        ) from error


def _draft(path: str, text: str) -> Path:
    folder = Path(path).parent
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{Path(path).name}.{uuid.uuid4().hex}"
    try:
        draft.write_text(text, encoding="utf-8")
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft
