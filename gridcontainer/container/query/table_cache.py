"""Rows of small files kept in memory, the longest unused going first."""

import threading
from collections import OrderedDict

import pyarrow as pa

_MEMORY = 256 << 20  # bytes, decoded


class KeptRows:
    """A bounded memory of tables, by name; threads may share it."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._tables: OrderedDict[str, pa.Table] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()  # questions come from several threads

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
            before = self._tables.pop(name, None)
            self._tables[name] = table
            self._bytes += table.nbytes - (before.nbytes if before is not None else 0)
            while self._bytes > _MEMORY and len(self._tables) > 1:
                _, gone = self._tables.popitem(last=False)
                self._bytes -= gone.nbytes
            return table
