"""Files on any file system that Spark can reach, through its Java."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from gridcontainer.container.files import FileInfo, Files, LocalFiles
from gridcontainer.container.tables.frames import first_line
from gridcontainer.errors import StorageError


def open_files(root: str, spark: Callable[[], SparkSession]) -> Files:
    """The files of a container; Spark is asked for only where the root is a URI."""
    return HadoopFiles(spark) if "://" in root else LocalFiles()


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

    def holds(self, folder: str, test: Callable[[str], bool]) -> bool:
        """Whether a test holds for one of the names in a folder."""
        return any(test(name) for name in self.names(folder))

    def modified(self, path: str) -> int | None:
        """When a file or folder was last changed, in nanoseconds since 1970; None without it."""
        with _hadoop_told(path):
            system, place = self._at(path)
            if not system.exists(place):
                return None
            return int(system.getFileStatus(place).getModificationTime()) * 1_000_000

    def open_input(self, path: str) -> pa.NativeFile:
        """Not there yet: tables on Hadoop's file systems are read by Spark."""
        raise StorageError(f"{path}: files of tables are read from local folders only, so far")

    def open_output(self, path: str) -> pa.NativeFile:
        """Not there yet: tables on Hadoop's file systems are written by Spark."""
        raise StorageError(f"{path}: files of tables are written to local folders only, so far")

    def delete_folder(self, path: str) -> None:
        """Remove a folder with all that is in it, if it is there."""
        with _hadoop_told(path):
            system, place = self._at(path)
            system.delete(place, True)

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
