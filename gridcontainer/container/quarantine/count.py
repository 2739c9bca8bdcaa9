"""Numbers of quarantined rows by dataset and reason."""

from gridcontainer.container.quarantine.replace import read_quarantined
from gridcontainer.container.storage import Storage

Counts = dict[str, tuple[int, int]]


def count_quarantined(storage: Storage) -> dict[str, Counts]:
    """Rows still in quarantine and repaired rows, by dataset and by reason."""
    rows = read_quarantined(storage, columns=["dataset", "reason", "mended"])
    counted = rows.group_by(["dataset", "reason"]).aggregate(
        [([], "count_all"), ("mended", "count")]
    )
    found: dict[str, Counts] = {}
    for row in counted.to_pylist():
        repaired = row["mended_count"]
        counts = (row["count_all"] - repaired, repaired)
        found.setdefault(row["dataset"], {})[row["reason"]] = counts
    return found
