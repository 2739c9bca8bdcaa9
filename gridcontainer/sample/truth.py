"""The truth beside the sample: what a first ingest must count, and which rows are one object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from gridcontainer.sample.dataset import Dataset
from gridcontainer.sample.declaration import Declaration
from gridcontainer.sample.dirt import REASONS, REPEATED, REPEATED_ROW
from gridcontainer.sample.formats import json_bytes, parquet_bytes

OBJECT_COLUMNS = (
    "object_id",
    "class",
    "department",
    "dataset",
    "key",
    "lon",
    "lat",
    "reason",
)
SIDE_COLUMNS = ("department", "dataset", "key")


@dataclass(frozen=True)
class Counts:
    """What a first ingest of one data set finds.

    Attributes:
        rows: read in all, broken ones too.
        bad: every reason -> rows that have it; a row has one.
    """

    rows: int
    bad: Mapping[str, int]

    @property
    def valid(self) -> int:
        """Rows that get in."""
        return self.rows - sum(self.bad.values())


@dataclass(frozen=True)
class FileTruth:
    """The truth of one data set: ``other`` counts by the geometries that are not the first."""

    declaration: Declaration
    counts: Counts
    other: Mapping[str, Counts]


@dataclass(frozen=True)
class Truth:
    """The truth of a whole sample.

    Attributes:
        directory: where the sample is.
        files: in the order written.
        objects: ``OBJECT_COLUMNS``; one row for each row of a file that shows an object, without
            repeats. ``lon`` and ``lat`` are where it truly is, degrees WGS 84, even where the file
            is wrong; ``key`` is the business key, its columns joined by ``|``.
        links: pairs of rows of different data sets that show one object.
    """

    directory: Path
    files: tuple[FileTruth, ...]
    objects: pd.DataFrame
    links: pd.DataFrame

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.counts.rows for file in self.files)

    @property
    def bad_rows(self) -> int:
        """Rows of all files that a first ingest sets aside."""
        return sum(sum(file.counts.bad.values()) for file in self.files)


def file_truth(dataset: Dataset) -> FileTruth:
    """The expected counts of one data set."""
    return FileTruth(
        declaration=dataset.declaration,
        counts=_counts(dataset.table.truth["reason"]),
        other={name: _counts(reasons) for name, reasons in dataset.other_reasons.items()},
    )


def object_rows(dataset: Dataset) -> pd.DataFrame:
    """The rows of ``Truth.objects`` that one data set gives; none for events."""
    truth = dataset.table.truth
    shown = truth["object_id"].notna() & ~truth["reason"].isin([REPEATED, REPEATED_ROW])
    rows = truth[shown].copy()
    rows["department"] = dataset.declaration.department
    rows["dataset"] = dataset.declaration.dataset
    keys = dataset.table.cells.loc[shown, list(dataset.declaration.key)].astype(str)
    rows["key"] = keys.agg("|".join, axis=1) if len(keys) else ""
    return rows[list(OBJECT_COLUMNS)]


def links_between(objects: pd.DataFrame) -> pd.DataFrame:
    """Every pair of rows of one object in two data sets, the lower data set at the left.

    Returns:
        ``object_id`` and ``class``, then ``left_`` and ``right_`` department, dataset and key.
        Rows that cannot get in (broken, without position) are left out.
    """
    good = objects.loc[objects["reason"].isna(), ["object_id", "class", *SIDE_COLUMNS]]
    left = good.rename(columns={name: f"left_{name}" for name in SIDE_COLUMNS})
    right = good.drop(columns="class").rename(columns={n: f"right_{n}" for n in SIDE_COLUMNS})
    pairs = left.merge(right, on="object_id", how="inner")
    left_name = pairs["left_department"] + "/" + pairs["left_dataset"]
    right_name = pairs["right_department"] + "/" + pairs["right_dataset"]
    return pairs[left_name < right_name].reset_index(drop=True)


def write_truth(truth: Truth, *, seed: int, scale: float) -> None:
    """Write ``truth/`` with ``counts.json``, ``files.json``, and two Parquet files."""
    folder = truth.directory / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    counts = {file.declaration.path: _counts_entry(file) for file in truth.files}
    head = {"seed": seed, "scale": scale, "rows": truth.rows, "bad": truth.bad_rows}
    (folder / "counts.json").write_bytes(json_bytes(head | {"files": counts}, indent=1))
    files = [file.declaration.to_dict() for file in truth.files]
    (folder / "files.json").write_bytes(json_bytes(files, indent=1))
    for name, frame in (("objects", truth.objects), ("links", truth.links)):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        (folder / f"{name}.parquet").write_bytes(parquet_bytes(table))


def join_objects(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The object rows of all data sets in one frame."""
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _counts(reasons: "pd.Series[Any]") -> Counts:
    found = reasons.value_counts()
    return Counts(len(reasons), {reason: int(found.get(reason, 0)) for reason in REASONS})


def _counts_entry(file: FileTruth) -> dict[str, Any]:
    entry = {
        "department": file.declaration.department,
        "dataset": file.declaration.dataset,
        "rows": file.counts.rows,
        "valid": file.counts.valid,
        "bad": dict(file.counts.bad),
    }
    if file.other:
        entry["by_other_geometry"] = {
            name: {"valid": counts.valid, "bad": dict(counts.bad)}
            for name, counts in file.other.items()
        }
    return entry
