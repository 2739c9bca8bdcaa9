"""A disk that is full, and one that cannot be written to: told, and the last good version stays."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_city import TinyCity

BEFORE = {"red": 121.40, "green": 121.41}
AFTER = {"red": 121.45, "green": 121.41, "blue": 121.42}


def mount(*arguments: str) -> None:
    said = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if said.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {said.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def city(spark, tmp_path: Path, small_disk: Path) -> TinyCity:
    """A city on the small disk, after a good night."""
    made = TinyCity.make(tmp_path / "city", container=small_disk / "container")
    made.write("homes", BEFORE)
    made.write("flats", {"red": 121.4})
    made.write("readings", {"01:00": 1.0})
    assert made.run("--date", "2026-11-01", "--only", "ingest").exit_code == 0
    made.write("homes", AFTER)
    return made


def fill(disk: Path, *, leave: int) -> Path:
    """Use up a disk but for some bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while shutil.disk_usage(disk).free:
            file.write(bytes(4096))
    with filler.open("r+b") as file:
        file.truncate(max(0, filler.stat().st_size - leave))
    return filler


@pytest.mark.spark
def test_a_full_disk_is_told_and_the_last_good_version_stays(city, small_disk):
    homes = "datasets/housing/homes"
    filler = fill(small_disk, leave=0)
    full = city.run("--date", "2026-11-02")
    assert full.exit_code == 2  # not even the lock has room
    assert "No space left on device. Can it be written to, and is there room?" in full.stderr
    assert city.rows(homes, "lon") == BEFORE

    filler.unlink()
    filler = fill(small_disk, leave=48 << 10)  # for the lock and the ledger, not for the work
    nearly = city.run("--date", "2026-11-02", "--only", "ingest")
    assert nearly.exit_code == 1
    assert "No space left" in nearly.output
    assert city.rows(homes, "lon") in (BEFORE, AFTER)  # whole, the one or the other

    filler.unlink()
    assert city.run("--date", "2026-11-02", "--only", "ingest").exit_code == 0
    assert city.rows(homes, "lon") == AFTER


@pytest.mark.spark
def test_read_only_storage_is_told_and_the_last_good_version_stays(city, small_disk):
    mount("-o", "remount,ro", str(small_disk))
    said = city.run("--date", "2026-11-02")
    assert said.exit_code == 2
    assert "Read-only file system. Can it be written to" in said.stderr
    assert len(said.stderr.splitlines()) == 1
    assert city.rows("datasets/housing/homes", "lon") == BEFORE
    mount("-o", "remount,rw", str(small_disk))
    assert city.run("--date", "2026-11-02", "--only", "ingest").exit_code == 0
    assert city.rows("datasets/housing/homes", "lon") == AFTER
