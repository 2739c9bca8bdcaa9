"""Where the container's tables lie, and what they are made of.

<root>/datasets/<department>/<dataset>   one Delta table a data set
<root>/quarantine                        rows set aside, partitioned by data set
<root>/ops/runs                          one row a run
<root>/ops/catalogue                     one row a data set
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gridcontainer.container.files import Files, files_at
from gridcontainer.errors import DatasetError, StorageError

COMPACTED = "gridcontainer: files written anew, rows as before"  # in a table's history


@dataclass(frozen=True)
class Storage:
    """The container's root folder.

    Attributes:
        root: a path, made absolute (``file:///...`` becomes the path that it means); or a URI that
            Spark can write to (``hdfs://...``).

    Raises:
        StorageError: a ``file:`` URI that names another machine.
    """

    root: str

    def __post_init__(self) -> None:
        """Spark takes a relative path for a name of a catalog; ``file:`` is a local folder."""
        root = _local_path(self.root)
        root = root if "://" in root else str(Path(root).resolve())
        object.__setattr__(self, "root", root.rstrip("/"))

    @property
    def files(self) -> Files:
        """The port through which files are listed, opened, written and removed.

        Raises:
            StorageError: the root is not on a local file system.
        """
        return files_at(self.root)

    @property
    def quarantine(self) -> str:
        """Table of the rows that were set aside."""
        return f"{self.root}/quarantine"

    @property
    def runs(self) -> str:
        """Table of the runs."""
        return f"{self.root}/ops/runs"

    @property
    def catalogue(self) -> str:
        """Table that describes the data sets."""
        return f"{self.root}/ops/catalogue"

    @property
    def staging(self) -> str:
        """Folder of what tasks leave for each other during a run."""
        return f"{self.root}/_staging"

    def dataset(self, department: str, dataset: str) -> str:
        """Table of one data set."""
        return f"{self.root}/datasets/{department}/{dataset}"

    def find_datasets(self, only: Collection[str] = ()) -> list[tuple[str, str, str]]:
        """Department, name and path of each data set that is there, in order of department.

        Args:
            only: names of data sets; all where empty.

        Raises:
            DatasetError: the container is empty, or has no data set of such a name.
        """
        files, root = self.files, f"{self.root}/datasets"
        tables = [
            (department, name, path)
            for department in files.names(root)
            for name in files.names(f"{root}/{department}")
            if has_table(path := self.dataset(department, name))
        ]
        if not tables:
            raise DatasetError(f"no data sets in {self.root}; run: gridcontainer ingest")
        if unknown := sorted(set(only) - {name for _, name, _ in tables}):
            there = ", ".join(sorted(name for _, name, _ in tables))
            raise DatasetError(
                f"no data set {', '.join(unknown)} in {self.root}; there are {there}"
            )
        return [table for table in tables if not only or table[1] in only]


def _local_path(root: str) -> str:
    """The path that a ``file:`` URI means; any other root as it is."""
    if not root.lower().startswith("file:"):
        return root
    uri = urlsplit(root)
    if uri.netloc not in ("", "localhost"):
        raise StorageError(
            f"{root}: a file: URI names a path on this machine, such as file:///{uri.netloc}"
            f"{uri.path}"
        )
    return url2pathname(uri.path)


def has_table(path: str) -> bool:
    """Whether a Delta table is at a path.

    A log without a commit, as a run leaves it that was killed while it made a table, is none.
    delta-rs tells the same in ten times as long, and each question asks it of all data sets.
    """
    return files_at(path).holds(f"{path}/_delta_log", lambda name: name[0].isdigit())
