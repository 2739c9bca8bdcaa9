"""A delivery that would take away too much is refused until a person agrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from gridcontainer.container.declaration import Declaration
from gridcontainer.errors import DeliveryError

# A record of these formats need not have all members.
_SPARSE_FORMATS: Final = frozenset({"json", "jsonlines", "geojson"})


@dataclass(frozen=True)
class Guard:
    """What a delivery may take away.

    Attributes:
        dataset: name of the dataset.
        most_removed: share of rows that a delivery may take away, in [0, 1].
        is_accepted: a person agreed to whatever this delivery takes away.
        all_name_columns: every delivery names all its columns; else only those of which a record
            has a value, so that a column with few values may be missing.
    """

    dataset: str
    most_removed: float
    is_accepted: bool = False
    all_name_columns: bool = True

    @classmethod
    def of(cls, declaration: Declaration, *, is_accepted: bool) -> Self:
        """The guard of a dataset.

        Args:
            declaration: declaration of the dataset.
            is_accepted: a person agreed to whatever the delivery takes away.
        """
        names_all = declaration.source.format not in _SPARSE_FORMATS
        return cls(declaration.dataset, declaration.most_removed, is_accepted, names_all)

    def require_rows(self, *, rows_in: int, rows_before: int) -> None:
        """Refuse an empty delivery where the last one had records.

        A delivery that is only shorter is judged by what it would remove: where absent rows are
        kept, it removes nothing.

        Args:
            rows_in: records of this delivery.
            rows_before: records of the last delivery.

        Raises:
            DeliveryError: the delivery is empty; says how to agree.
        """
        if rows_in == 0:
            self._require(rows_before, rows_before, "the delivery lacks", "records")

    def require_removal(self, *, removed: int, rows_before: int) -> None:
        """Refuse a delivery that would remove many rows of the table.

        Args:
            removed: rows that would be removed or closed.
            rows_before: rows of the table.

        Raises:
            DeliveryError: says how many rows would go, and how to agree.
        """
        self._require(removed, rows_before, "would remove", "rows")

    def require_columns(self, vanished: Mapping[str, int], *, rows: int) -> None:
        """Refuse a delivery that lacks a column in which the table has values.

        How few they are does not matter where every delivery names all its columns.

        Args:
            vanished: number of values that the table has in each column that vanished.
            rows: rows of the table.

        Raises:
            DeliveryError: names the columns.
        """
        allowed = 0 if self.all_name_columns else self.most_removed * rows
        missed = [name for name, values in vanished.items() if values > allowed]
        if missed and not self.is_accepted and self.most_removed < 1:
            raise DeliveryError(
                f"{self.dataset}: the delivery has no column {', '.join(sorted(missed))} any "
                f"more; the table stays as it is. {self._remedy}"
            )

    def _require(self, gone: int, before: int, what: str, unit: str) -> None:
        # One row that went is no short delivery, however small the table.
        allowed = max(1.0, self.most_removed * before) if self.most_removed else 0.0
        is_all = gone >= before > 0 and self.most_removed < 1
        if self.is_accepted or not (is_all or gone > allowed):
            return
        raise DeliveryError(
            f"{self.dataset}: {what} {gone:,} of {before:,} {unit}, more than most_removed: "
            f"{self.most_removed:g} allows; the table stays as it is. {self._remedy}"
        )

    @property
    def _remedy(self) -> str:
        return (
            "If that is right, agree to it once: gridcontainer ingest "
            f"{self.dataset} --accept-removal"
        )
