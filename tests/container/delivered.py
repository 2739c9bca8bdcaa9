"""A dataset that is delivered several times to a container of the test's own, without Spark."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from deltalake import DeltaTable

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.dataset import SMALL_BYTES, Ingested, ingest_dataset
from gridcontainer.container.quarantine.replace import read_quarantined
from gridcontainer.container.storage import Storage

COLUMNS = ("id", "lon", "lat")


def no_session() -> NoReturn:
    """A small source starts no Spark."""
    raise AssertionError("Spark was asked for")


@dataclass(frozen=True)
class Deliveries:
    """A folder of sources and a container.

    Attributes:
        folder: folder of the sources; the container lies in it.
        city: the city's profile.
        given: keys that all declarations have, beside those of ``declaration``.
    """

    folder: Path
    city: CityProfile
    given: Mapping[str, Any]

    @property
    def storage(self) -> Storage:
        """The container."""
        return Storage(str(self.folder / "container"))

    def declaration(self, **keys: Any) -> Declaration:
        """The declaration of ``places``, points in ``places.csv``."""
        source = {"path": "places.csv", "format": "csv"}
        base = {
            "dataset": "places",
            "department": "planning",
            "title": "Places",
            "kind": "points",
            "position": {"lon": "lon", "lat": "lat"},
        }
        keys = {**self.given, **keys}
        source |= keys.pop("source", {})
        if source["format"] == "jdbc":
            del source["path"]
        base |= keys
        if base["kind"] == "table":
            del base["position"]
        return Declaration.model_validate(base | {"source": source})

    def write(self, text: str | bytes, name: str = "places.csv") -> None:
        """Write a file of the source."""
        data = text.encode() if isinstance(text, str) else text
        (self.folder / name).write_bytes(data)

    def ingest(
        self, *, accepts: bool = False, small_bytes: int = SMALL_BYTES, session: Any = no_session,
        **keys: Any,
    ) -> Ingested:  # fmt: skip
        """Ingest what is there."""
        return ingest_dataset(
            session, self.declaration(**keys), city=self.city, sources=self.folder,
            storage=self.storage, accepts_removal=accepts, small_bytes=small_bytes,
        )  # fmt: skip

    @property
    def path(self) -> str:
        """Path of the table."""
        return self.storage.dataset("planning", "places")

    def rows(self) -> pd.DataFrame:
        """Rows of the table, in order of file and row."""
        found = DeltaTable(self.path).to_pandas()
        return found.sort_values(["source_file", "source_row"]).reset_index(drop=True)

    def column(self, name: str) -> list[Any]:
        """One column of ``rows``."""
        found: list[Any] = self.rows()[name].tolist()
        return found

    def times(self) -> list[str]:
        """Event times of ``rows``."""
        return [f"{time:%Y-%m-%d %H:%M:%S}" for time in self.rows()["event_time"]]

    def quarantined(self) -> list[dict[str, Any]]:
        """Rows in quarantine, in order of file and row."""
        rows = read_quarantined(self.storage, "places").to_pylist()
        return sorted(rows, key=lambda row: (row["source_file"], row["source_row"]))

    def reasons(self) -> dict[int, str]:
        """Reason of each row that is still in quarantine, by row number."""
        return {
            row["source_row"]: row["reason"] for row in self.quarantined() if row["mended"] is None
        }

    def state(self) -> str:
        """All that the container holds: versions and files of every table."""
        logs = sorted((self.folder / "container").rglob("_delta_log/*.json"))
        kept = [log for log in logs if "catalogue" not in log.parts]  # it is renewed each time
        return json.dumps([[str(log), log.read_text()] for log in kept])


def points(count: int, *, first: int = 1, step: float = 0.001) -> str:
    """CSV of points with a key."""
    lines = [
        f"{i},{121.40 + step * i:.6f},{31.20 + step * i:.6f}" for i in range(first, first + count)
    ]
    return "\n".join(["id,lon,lat", *lines]) + "\n"
