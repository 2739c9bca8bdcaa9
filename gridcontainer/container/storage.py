"""Where the container's tables lie, and what they are made of.

<root>/datasets/<department>/<dataset>   one Delta table a data set
<root>/quarantine                        rows set aside, partitioned by data set
<root>/ops/runs                          one row a run
<root>/ops/catalogue                     one row a data set
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gridcontainer.container.files import Files, LocalFiles
from gridcontainer.errors import DatasetError, StorageError

OWN_COLUMNS = (
    "object_id",
    "cell",
    "grid_code",
    "grid_level",
    "grid_prefix",
    "lon",
    "lat",
    "event_time",
    "event_month",
    "source_file",
    "source_row",
    "run_id",
    "valid_from",
    "valid_to",
    "geometry",
)
# Names that an ingest, Spark or Delta's change feed use beside those of the table itself.
_WORKING_COLUMNS = (
    *("_file", "_row", "_fault", "_text", "_repair", "_geometry", "_metadata", "reason"),
    *("_lon", "_lat", "_cell", "_time", "_key", "_reason", "_detail", "_repaired"),
    *("_first_reason", "_order"),
    *(
        "_point",
        "_lon_text",
        "_lat_text",
        "_lon_read",
        "_lat_read",
        "_rule",
        "_mended",
        "_original",
        "_first",
    ),
    *("_change", "_old_prefix", "_old_cell", "_old_digest", "_new_digest", "_here", "_there"),
    *("_change_type", "_commit_version", "_commit_timestamp"),
)
COMPACTED = "gridcontainer: files written anew, rows as before"  # in a table's history
_FORBIDDEN = str.maketrans(dict.fromkeys(" ,;{}()\n\r\t=`", "_"))


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
        """Spark takes a relative path for a name of a catalog."""
        root = _local_path(self.root)
        root = root if "://" in root else str(Path(root).resolve())
        object.__setattr__(self, "root", root.rstrip("/"))

    @property
    def files(self) -> Files:
        """The port through which files are listed, opened, written and removed.

        Raises:
            StorageError: the root is not on a local file system.
        """
        if "://" in self.root:
            raise StorageError(
                f"{self.root} is no local folder: tables are written to local or mounted folders "
                "only, so far; give --container such a folder"
            )
        return LocalFiles()

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
        folders = sorted(Path(self.root).glob("datasets/*/*"))
        tables = [folder for folder in folders if has_table(str(folder))]
        if not tables:
            raise DatasetError(f"no data sets in {self.root}; run: gridcontainer ingest")
        if unknown := sorted(set(only) - {table.name for table in tables}):
            raise DatasetError(f"no data set {', '.join(unknown)} in {self.root}")
        return [
            (table.parent.name, table.name, str(table))
            for table in tables
            if not only or table.name in only
        ]


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
    """Whether a Delta table is at a local path.

    A log without a commit, as a run leaves it that was killed while it made a table, is none.
    delta-rs tells the same in ten times as long, and each question asks it of all data sets.
    """
    try:
        with os.scandir(f"{path}/_delta_log") as entries:
            return any(entry.name[0].isdigit() for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_own_column(name: str) -> bool:
    """Whether the container itself uses the name, so that no source column is stored under it."""
    return name.lower() in OWN_COLUMNS + _WORKING_COLUMNS


def stored_names(columns: list[str]) -> dict[str, str]:
    """The name under which each source column is stored.

    As it came, but for what a table cannot hold: blanks and ``,;{}()=`` and backticks become ``_``,
    a name that the container itself uses gets ``source_`` before it, and names that differ in case
    only (which Spark takes for one) get a number.
    """
    taken: set[str] = set()
    names: dict[str, str] = {}
    for column in columns:
        plain = column.strip().translate(_FORBIDDEN) or "unnamed"
        base = f"source_{plain}" if is_own_column(plain) else plain
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.lower())
        names[column] = name
    return names
