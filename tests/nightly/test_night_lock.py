"""The lock of a container: one holder, whoever dies, sleeps or comes at the same moment."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gridcontainer.container.files import LocalFiles, find_version
from gridcontainer.container.hadoop_files import HadoopFiles
from gridcontainer.errors import LockedError, LostLockError, StorageError
from gridcontainer.nightly.lock import Lock
from gridcontainer.nightly.owner import name_process, this_machine

HOLD = """
import sys, time
from gridcontainer.container.files import LocalFiles
from gridcontainer.nightly.lock import Lock
with Lock(LocalFiles(), sys.argv[1], minutes=15):
    print("held", flush=True)
    time.sleep(60)
"""


def lock(root: Path, minutes: float = 15) -> Lock:
    return Lock(LocalFiles(), str(root), minutes=minutes)


def held_by(root: Path, **said: object) -> None:
    """A lock as somebody else left it."""
    given = {"token": "x", "machine": "elsewhere", "processes": ["1 1"], "signed": time.time()}
    path = root / "ops/lock/0000000007.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(given | {"released": False} | said))


def test_of_many_that_come_at_once_one_has_it(tmp_path):
    """Each round all threads wait for each other, take the lock if they can, and let it go."""
    inside, most, gained = 0, 0, 0
    guard, gate = threading.Lock(), threading.Barrier(8)

    def come() -> None:
        nonlocal inside, most, gained
        for _ in range(15):
            gate.wait()
            try:
                with lock(tmp_path):
                    with guard:
                        inside += 1
                        gained += 1
                        most = max(most, inside)
                    time.sleep(0.002)
                    with guard:
                        inside -= 1
            except LockedError:
                pass

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert gained >= 15


def test_a_lock_is_taken_over_from_a_process_that_was_killed(tmp_path, caplog):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError, match=f"process {holder.pid} on .*, last sign of life 20"):
        lock(tmp_path).__enter__()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with lock(tmp_path):
        assert f"process {holder.pid} on" in caplog.text
        assert "has ended" in caplog.text


def test_a_zombie_and_another_process_of_the_same_number_are_not_the_owner(tmp_path):
    mine = name_process(os.getpid())
    pid, _, started = mine.partition(" ")
    held_by(tmp_path, machine=this_machine(), processes=[f"{pid} {int(started) - 1}"])
    with lock(tmp_path):
        pass
    zombie = subprocess.Popen(["true"])
    name = name_process(zombie.pid)
    time.sleep(0.2)  # it has ended, and nobody has asked how
    held_by(tmp_path / "z", machine=this_machine(), processes=[name])
    with lock(tmp_path / "z"):
        zombie.wait()


def test_a_lock_lives_while_any_process_of_its_owner_does(tmp_path):
    mine = name_process(os.getpid())
    held_by(tmp_path, machine=this_machine(), processes=["1 1", mine], signed=time.time())
    with pytest.raises(LockedError):
        lock(tmp_path).__enter__()


def test_of_another_machine_only_silence_tells(tmp_path, caplog):
    held_by(tmp_path, signed=time.time() - 60)
    with pytest.raises(LockedError, match="another run works on the container"):
        lock(tmp_path, minutes=2).__enter__()
    with lock(tmp_path, minutes=0.5):
        assert "gave no sign for 1 minutes" in caplog.text


def test_the_holder_signs_and_notices_that_it_was_taken_over(tmp_path):
    with lock(tmp_path, minutes=0.01) as mine:  # signs each 0.15 s
        path = tmp_path / "ops/lock/0000000001.json"
        first = json.loads(path.read_text())["signed"]
        time.sleep(0.4)
        assert json.loads(path.read_text())["signed"] > first
        mine.require_mine()
        (tmp_path / "ops/lock/0000000002.json").write_text(path.read_text())
        with pytest.raises(LostLockError, match="taken over"):
            mine.require_mine()
    assert json.loads(path.read_text())["released"] is False


def test_a_lock_let_go_leaves_few_files(tmp_path):
    for _ in range(20):
        with lock(tmp_path):
            pass
    assert len(list((tmp_path / "ops/lock").iterdir())) < 12


def test_a_folder_that_cannot_be_written_to_is_told_in_one_line(tmp_path):
    (tmp_path / "ops").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="Can it be written to, and is there room"):
        lock(tmp_path).__enter__()


@pytest.mark.spark
def test_files_of_hadoop_do_what_local_ones_do(spark, tmp_path):
    for files, root in ((LocalFiles(), f"{tmp_path}/a"), (HadoopFiles(lambda: spark), "b")):
        at = root if root[0] == "/" else f"file://{tmp_path}/b"
        assert files.names(at) == files.listing(at) == []
        assert files.read(f"{at}/x") is None
        assert files.create(f"{at}/x", "徐汇")
        assert not files.create(f"{at}/x", "other")
        assert files.read(f"{at}/x") == "徐汇"
        files.write(f"{at}/x", "two")
        assert files.read(f"{at}/x") == "two"
        assert "x" in files.names(at)
        (size,) = [one.bytes for one in files.listing(at) if one.path.endswith("/x")]
        assert size == 3
        files.write(f"{at}/t/_delta_log/{12:020d}.json", "")
        assert find_version(files, f"{at}/t") == 12
        assert find_version(files, f"{at}/none") is None
        with Lock(files, at, minutes=15), pytest.raises(LockedError):
            Lock(files, at, minutes=15).__enter__()
        files.delete(f"{at}/x")
        files.delete(f"{at}/x")
        assert files.read(f"{at}/x") is None
