"""What a delivery changes in a table that is in memory."""

from dataclasses import dataclass

import pyarrow as pa

from gridcontainer.container.tables.actions import Snapshot
from gridcontainer.container.tables.compare import Comparison
from gridcontainer.container.tables.state import ABSENT, INSERT, UPDATE, Changes


@dataclass(frozen=True)
class Delivery:
    """What a delivery changes in a table.

    Attributes:
        new: rows as the table is to hold them.
        held: all rows that the table holds, file by file.
        found: differences; row numbers are of ``new`` and ``held``.
        deletes: rows that the source no longer has go; else they stay.
        replaces: the table is written anew as a whole, so that these rows go too.
        is_rekeyed: the declaration has another key than the table was written with.
    """

    new: pa.Table
    held: pa.Table
    found: Comparison
    deletes: bool
    replaces: bool
    is_rekeyed: bool

    def removed(self, rows_before: int) -> int:
        """Rows that the delivery takes away of the rows that are valid.

        Without a key, or with another one, no row is known again: then only numbers tell.
        """
        is_known = "object_id" in self.new.column_names and not self.is_rekeyed
        if is_known:
            return len(self.found.absent) if self.deletes else 0
        return max(0, rows_before - int(self.new.num_rows))

    def counted(self, there: Snapshot, *, deletes: bool, rewritten: int = 0) -> Changes:
        """The numbers of changed rows."""
        found = self.found
        counts = {
            INSERT: len(found.inserted), UPDATE: len(found.updated), ABSENT: len(found.absent)
        }  # fmt: skip
        return Changes.of(
            counts, deletes=deletes, before=len(there.files), files_rewritten=rewritten
        )
