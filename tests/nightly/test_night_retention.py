"""Old files go, and none that somebody may still read."""

import json
import os
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from gridcontainer.container.files import LocalFiles
from gridcontainer.container.storage import Storage
from gridcontainer.nightly.declaration import Retention
from gridcontainer.nightly.retention import find_tables, retain

DAYS = 24 * 3600
_FEED = {"delta.enableChangeDataFeed": "true"}


def table_of(root: Path, name: str, versions: int) -> Path:
    """A table of which each version replaces the one before, written a day after it.

    The last version is ten days old.
    """
    path = root / name
    for version in range(versions):
        rows = pa.table({"value": [version]})
        write_deltalake(str(path), rows, mode="overwrite", configuration=_FEED)
        written = time.time() - (10 + versions - 1 - version) * DAYS
        log = path / f"_delta_log/{version:020d}.json"
        # Delta counts from the time at which a file went out of use, as its log says it.
        log.write_text(_dated(log.read_text(), written))
        for file in (*path.glob("*.parquet"), log):
            if file.stat().st_mtime > time.time() - DAYS:
                os.utime(file, (written, written))
    return path


def _dated(log: str, written: float) -> str:
    actions = [json.loads(line) for line in log.splitlines()]
    for action in actions:
        if "remove" in action:
            action["remove"]["deletionTimestamp"] = int(written * 1000)
        if "commitInfo" in action:
            action["commitInfo"]["timestamp"] = int(written * 1000)
    return "\n".join(map(json.dumps, actions))


def values(path: Path, version: int | None = None) -> list[int]:
    return DeltaTable(str(path), version=version).to_pandas()["value"].tolist()


@pytest.mark.spark
def test_files_go_when_they_are_old_and_stay_for_who_has_not_read_their_feed(spark, tmp_path):
    long = table_of(tmp_path, "datasets/a/long", 3)
    kept = retain(lambda: spark, LocalFiles(), Storage(str(tmp_path)), Retention(hours=720))
    assert (kept.files, values(long, 0)) == (0, [0])
    shutil.rmtree(long)
    free, read = table_of(tmp_path, "datasets/a/free", 3), table_of(tmp_path, "datasets/a/read", 3)
    young = tmp_path / "quarantine"
    for value in (1, 2):
        write_deltalake(str(young), pa.table({"value": [value]}), mode="overwrite")
    (tmp_path / "datasets/a/begun/_delta_log").mkdir(parents=True)  # by a run that was killed
    storage = Storage(str(tmp_path))
    assert sorted(find_tables(LocalFiles(), storage.root)) == sorted(map(str, (free, read, young)))
    before = {path: DeltaTable(str(path)).version() for path in (free, read, young)}

    policy = Retention()
    consumed = {str(read): 1}  # somebody has not yet read what version 2 changed
    removed = retain(lambda: spark, LocalFiles(), storage, policy, consumed=consumed)
    assert (removed.tables, removed.files, removed.logs) == (1, 2, 0)
    assert len(list(free.glob("*.parquet"))) == 1  # of versions 0 and 1 nobody can ask any more
    assert len(list(read.glob("*.parquet"))) == 3
    assert len(list(young.glob("*.parquet"))) == 2
    assert (values(free), values(read), values(read, 1), values(young, 0)) == ([2], [2], [1], [1])
    # No new version: an ingest would take the table for changed by somebody else.
    assert before == {path: DeltaTable(str(path)).version() for path in (free, read, young)}

    again = retain(lambda: spark, LocalFiles(), storage, policy, consumed=consumed)
    assert again.files == 0
    assert retain(lambda: spark, LocalFiles(), storage, policy).files == 2
