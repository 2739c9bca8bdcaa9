"""Rows of small files kept in memory, the longest unused going first."""

from collections import OrderedDict
from threading import Lock

import pyarrow as pa

_MEMORY = 256 << 20  # bytes, decoded


class KeptRows:
    """A bounded memory of tables, by name."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._tables: OrderedDict[str, pa.Table] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()  # questions come from several threads

    def get(self, name: str) -> pa.Table | None:
        """The table, if it is kept."""
        with self._lock:
            table = self._tables.get(name)
            if table is not None:
                self._tables.move_to_end(name)
            return table

    def keep(self, name: str, table: pa.Table) -> pa.Table:
        """Keep a table, and let go of others if they are too many bytes."""
        with self._lock:
            former = self._tables.pop(name, None)
            self._bytes += table.nbytes - (former.nbytes if former is not None else 0)
            self._tables[name] = table
            while self._bytes > _MEMORY and len(self._tables) > 1:
                _, gone = self._tables.popitem(last=False)
                self._bytes -= gone.nbytes
            return table
