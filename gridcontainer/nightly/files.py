"""Small files beside the tables, on whatever the container lies: a local folder or Hadoop's."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from gridcontainer.container.tables.tables import first_line
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
    """What is done with small files; all raise StorageError where the storage refuses."""

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

    def listing(self, folder: str) -> list[FileInfo]:
        """All files in a folder and below."""


def open_files(root: str, spark: Callable[[], SparkSession]) -> Files:
    """The files of a container; Spark is asked for only where the root is a URI."""
    return HadoopFiles(spark) if "://" in root else LocalFiles()


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

    def listing(self, folder: str) -> list[FileInfo]:
        """All files in a folder and below."""
        with _told(folder):
            paths = (f"{at}/{name}" for at, _, names in os.walk(folder) for name in names)
            states = ((path, os.stat(path)) for path in paths)
            return [FileInfo(path, stat.st_size, stat.st_mtime) for path, stat in states]


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


class HadoopFiles:
    """Files of any file system that Spark can reach."""

    def __init__(self, spark: Callable[[], SparkSession]) -> None:
        """Take what starts the session; it is started when the first file is asked for."""
        self._spark = spark

    def create(self, path: str, text: str) -> bool:
        """Atomic on HDFS and on stores that can create without replacing."""
        with _hadoop_told(path):
            system, place = self._at(path)
            try:
                stream = system.create(place, False)
            except Py4JJavaError as error:
                if system.exists(place):
                    return False
                raise error
            self._fill(stream, text)
            return True

    def write(self, path: str, text: str) -> None:
        """Make a file, or replace it."""
        with _hadoop_told(path):
            system, place = self._at(path)
            self._fill(system.create(place, True), text)

    def read(self, path: str) -> str | None:
        """What a file says; None where there is none."""
        with _hadoop_told(path):
            system, place = self._at(path)
            if not system.exists(place):
                return None
            stream = system.open(place)
            try:
                text: str = self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
            finally:
                stream.close()
            return text

    def delete(self, path: str) -> None:
        """Remove a file, if it is there."""
        with _hadoop_told(path):
            system, place = self._at(path)
            system.delete(place, False)

    def names(self, folder: str) -> list[str]:
        """Of what lies in a folder; none where there is no such folder."""
        with _hadoop_told(folder):
            system, place = self._at(folder)
            if not system.exists(place):
                return []
            return sorted(status.getPath().getName() for status in system.listStatus(place))

    def listing(self, folder: str) -> list[FileInfo]:
        """All files in a folder and below."""
        with _hadoop_told(folder):
            system, place = self._at(folder)
            if not system.exists(place):
                return []
            files, found = system.listFiles(place, True), []
            while files.hasNext():
                status = files.next()
                written = status.getModificationTime() / 1000
                found.append(FileInfo(status.getPath().toString(), status.getLen(), written))
            return found

    @property
    def _jvm(self) -> Any:
        return self._spark()._jvm

    def _at(self, path: str) -> tuple[Any, Any]:
        place = self._jvm.org.apache.hadoop.fs.Path(path)
        return place.getFileSystem(
            self._spark()._jsparkSession.sessionState().newHadoopConf()
        ), place

    def _fill(self, stream: Any, text: str) -> None:
        try:
            stream.write(bytearray(text.encode()))
        finally:
            stream.close()


@contextmanager
def _hadoop_told(path: str) -> Iterator[None]:
    try:
        yield
    except Py4JJavaError as error:
        raise StorageError(
            f"{path}: {first_line(error)}. Can it be written to, and is there room? The tables "
            "are as they were: their last good versions can be read"
        ) from error
