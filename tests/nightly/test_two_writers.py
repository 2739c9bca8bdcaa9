"""Two ingests of one data set at once, the second whole between any two phases of the first."""

import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
from deltalake import DeltaTable

from gridcontainer.container.declaration import Declaration, load_city
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.errors import ConservationError, StorageError

CITY = load_city(Path(__file__).parents[2] / "conf/city/shanghai.yaml")
PHASES = ("fingerprint", "read", "write", "quarantine")  # as an ingest reports them
HELD = {"a": 121.40, "b": 121.41, "c": 121.42}
ONE = HELD | {"a": 121.43, "one": 121.44, "bad one": 10.0}
TWO = HELD | {"a": 121.45, "two": 121.46, "bad two": 11.0, "bad too": 12.0}


def declare() -> Declaration:
    return Declaration.model_validate(
        {
            "dataset": "homes", "department": "housing", "title": "Homes", "kind": "points",
            "source": {"path": "homes.csv", "format": "csv"}, "datum": "WGS84",
            "position": {"lon": "lon", "lat": "lat"}, "key": ["name"], "absent": "delete",
        }
    )  # fmt: skip


class Writer:
    """Ingests its own version of the source; waits before the phase that it is told."""

    def __init__(self, spark, storage: Storage, folder: Path, rows: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["name,lon,lat", *(f"{name},{lon},31.2" for name, lon in rows.items())]
        (folder / "homes.csv").write_text("\n".join(lines) + "\n")
        self.spark, self.storage, self.folder = spark, storage, folder
        self.sound = {name: lon for name, lon in rows.items() if lon > 100}
        self.aside = sorted(name for name in rows if name.startswith("bad"))
        self.error: Exception | None = None

    def ingest(self, report=lambda step: None) -> None:
        try:
            ingest_dataset(
                lambda: self.spark, declare(), city=CITY, sources=self.folder, storage=self.storage,
                report=report,
            )  # fmt: skip
        except (StorageError, ConservationError) as error:
            self.error = error

    def ingest_around(self, phase: str, other: "Writer") -> None:
        """The other writer's whole ingest happens before this phase of mine."""
        at_phase, may_go_on = threading.Event(), threading.Event()

        def wait(step: str) -> None:
            if step == phase:
                at_phase.set()
                may_go_on.wait(120)

        mine = threading.Thread(target=lambda: (self.ingest(wait), at_phase.set()))
        mine.start()
        at_phase.wait(120)
        other.ingest()
        may_go_on.set()
        mine.join()


def contents(storage: Storage) -> tuple[Counter, list[str]]:
    """Rows of the table, and rows set aside, as another engine reads them."""
    rows = DeltaTable(f"{storage.root}/datasets/housing/homes").to_pandas()
    aside = DeltaTable(storage.quarantine).to_pandas()
    names = sorted(text.split('"name":"')[1].split('"')[0] for text in aside["row"])
    return Counter(zip(rows["name"], rows["lon"], strict=True)), names


@pytest.mark.spark
def test_two_writers_are_serialised_or_one_is_told(spark, tmp_path):
    held = Storage(str(tmp_path / "held"))
    prepare_container(held)
    Writer(spark, held, tmp_path / "0", HELD).ingest()
    for phase in PHASES:
        storage = Storage(str(tmp_path / phase / "container"))
        shutil.copytree(held.root, storage.root)
        one = Writer(spark, storage, tmp_path / phase / "1", ONE)
        two = Writer(spark, storage, tmp_path / phase / "2", TWO)
        one.ingest_around(phase, two)
        assert two.error is None
        rows, _ = contents(storage)
        whole = [Counter(writer.sound.items()) for writer in (one, two)]
        if one.error is None:  # serialised: the last one's rows, all of them, each once
            assert rows == whole[0], phase
        else:  # told, with the remedy; nothing is doubled, and nothing of the other is lost
            assert "again" in str(one.error) or "rows in" in str(one.error)
            assert max(rows.values()) == 1
        one.error = None
        one.ingest()  # run again, as the message says
        assert one.error is None
        assert contents(storage) == (whole[0], one.aside), phase
