"""A lock on a container: one night at a time, wherever the container lies.

Like the log of a Delta table: ``<root>/ops/lock/<number>.json``, of which the greatest counts. It
is taken by making the next number, which only one can; so a lock whose owner is dead is taken over
by one of those who find it dead, however many there are. The owner signs it again and again, and
finds out by a greater number that it was taken over.
"""

import json
import logging
import os
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from gridcontainer.container.files import Files
from gridcontainer.errors import LockedError, LostLockError, StorageError
from gridcontainer.nightly.owner import is_alive, name_process, this_machine

_LOG = logging.getLogger(__name__)
_KEPT: Final = 8  # former numbers, so that a slow one still meets those it knew
_SIGNED_EACH: Final = 30.0  # seconds


@dataclass(frozen=True)
class Holder:
    """Who has the lock.

    Attributes:
        token: unique.
        machine: see ``this_machine``.
        processes: that write for it; all of them must have ended.
        signed: seconds since 1970 of the last sign of life.
        released: it is free.
    """

    token: str
    machine: str
    processes: list[str] = field(default_factory=list)
    signed: float = 0.0
    released: bool = False

    def find_free(self, minutes: float) -> str | None:
        """Why the lock can be taken; None where it cannot.

        Args:
            minutes: without a sign of life, after which an owner counts as dead.
        """
        if self.released:
            return "released"
        if self.machine == this_machine() and not any(map(is_alive, self.processes)):
            return f"its owner, process {self._name()}, has ended"
        silent = (time.time() - self.signed) / 60
        if silent > minutes:
            return f"its owner, {self._name()}, gave no sign for {silent:.0f} minutes"
        return None

    def _name(self) -> str:
        pids = " and ".join(process.partition(" ")[0] for process in self.processes)
        return f"{pids} on {self.machine.partition(' ')[0]}"

    def __str__(self) -> str:
        """For people."""
        signed = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.signed))
        return f"process {self._name()}, last sign of life {signed}"


class Lock:
    """The lock of a container, for a ``with`` statement."""

    def __init__(self, files: Files, root: str, *, minutes: float) -> None:
        """Prepare; nothing is read yet.

        Args:
            files: of the container.
            root: of the container.
            minutes: without a sign of life, after which another owner counts as dead.
        """
        self._files, self._folder, self._minutes = files, f"{root}/ops/lock", minutes
        self._holder = Holder(uuid.uuid4().hex, this_machine(), [name_process(os.getpid())])
        self._number = 0
        self._is_lost = False
        self._ended = threading.Event()
        self._signing = threading.Lock()

    def __enter__(self) -> "Lock":
        """Take the lock.

        Raises:
            LockedError: somebody has it.
            StorageError: the storage refuses.
        """
        greatest = self._greatest()
        if (holder := self._read(greatest)) is not None:
            self._require_free(holder)
        self._number = greatest + 1  # of the very holder that was looked at, not of a later one
        mine = json.dumps(asdict(replace(self._holder, signed=time.time())))
        created = self._files.create(self._path(self._number), mine)
        now = self._read(self._greatest())
        if not created or now is None or now.token != self._holder.token:
            raise LockedError(f"{self._folder} was taken at this moment by {now}; try again later")
        for number in self._numbers()[:-_KEPT]:
            self._files.delete(self._path(number))
        threading.Thread(target=self._sign_until_ended, name="lock", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Release it, unless somebody else has it.

        Where the work was broken off and a process still writes for it, the end of that process
        frees the lock.
        """
        self._ended.set()
        is_broken_off = kind is not None and not issubclass(kind, Exception)
        still_writing = is_broken_off and any(map(is_alive, self._holder.processes[1:]))
        if not self._is_lost and not still_writing:
            self._release()

    def add_process(self, pid: int) -> None:
        """Another process of this machine writes for the owner; the lock lives while it does."""
        processes = [*self._holder.processes, name_process(pid)]
        self._holder = replace(self._holder, processes=processes)
        self._sign()

    def require_mine(self) -> None:
        """Nobody has taken the lock over.

        Raises:
            LostLockError: somebody has; what is under way must not go on.
        """
        if self._is_lost or self._greatest() != self._number:
            self._is_lost = True
            taker = self._read(self._greatest())
            raise LostLockError(
                f"{self._folder}: the lock was taken over by {taker}, since this run gave no sign "
                f"of life for {self._minutes:g} minutes. That one does the rest"
            )

    def _require_free(self, holder: Holder) -> None:
        why = holder.find_free(self._minutes)
        if why is None:
            raise LockedError(
                f"{self._folder}: another run works on the container: {holder}. Try again later; "
                f"if it is dead, it is taken over {self._minutes:g} minutes after that sign"
            )
        if not holder.released:
            _LOG.warning("the lock %s is taken over: %s", self._folder, why)

    def _sign_until_ended(self) -> None:
        each = min(_SIGNED_EACH, self._minutes * 60 / 4)
        while not self._ended.wait(each):
            try:
                if self._greatest() != self._number:
                    self._is_lost = True
                    return
                self._sign()
            except StorageError as error:  # the storage may come back; the lock may be lost by then
                _LOG.warning("the lock could not be signed: %s", error)

    def _release(self) -> None:
        try:
            try:
                self._sign(released=True)
            except StorageError:  # a full disk has room for less, not for more
                self._files.delete(self._path(self._number))
        except StorageError as error:
            _LOG.warning("the lock is free when this process has ended, not before: %s", error)

    def _sign(self, *, released: bool = False) -> None:
        with self._signing:
            signed = replace(self._holder, signed=time.time(), released=released)
            self._files.write(self._path(self._number), json.dumps(asdict(signed)))

    def _read(self, number: int) -> Holder | None:
        if not number:
            return None
        text = self._files.read(self._path(number))
        if not text:  # being written at this moment, on storage that shows files before their end
            return Holder("", "", signed=time.time())
        return Holder(**json.loads(text))

    def _numbers(self) -> list[int]:
        names = self._files.names(self._folder)
        return sorted(int(n[:-5]) for n in names if n.endswith(".json") and n[:-5].isdigit())

    def _greatest(self) -> int:
        return max(self._numbers(), default=0)

    def _path(self, number: int) -> str:
        return f"{self._folder}/{number:010d}.json"
