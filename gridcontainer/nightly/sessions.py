"""The night's Spark session: started when the first task needs it, watched, and ended for good."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Final

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from gridcontainer.spark.session import build_session

_PATIENCE: Final = 20.0  # seconds for Spark to stop by itself


class Session:
    """A Spark session that is not there before it is needed."""

    def __init__(self, on_start: Callable[[SparkSession, int], None]) -> None:
        """Take what is told the session, and the process that it runs in, when it is started."""
        self._spark: SparkSession | None = None
        self._process = 0
        self._starting = threading.Lock()
        self._on_start = on_start

    def spark(self) -> SparkSession:
        """The session; the first call starts it. Each thread that works with it is to ask.

        Raises:
            SparkSetupError: it does not start; says how to mend it.
        """
        with self._starting:
            if self._spark is None:
                started = build_session("gridcontainer nightly")
                handle = started._jvm.java.lang.ProcessHandle.current()  # type: ignore[union-attr]
                self._process = int(handle.pid())
                self._on_start(started, self._process)
                self._spark = started
            # Spark keeps the active session by thread, and native functions look for it there.
            self._spark._jvm.SparkSession.setActiveSession(self._spark._jsparkSession)  # type: ignore[union-attr]
            return self._spark

    def is_lost(self) -> bool:
        """Whether the session was started and is no more: no task can go on."""
        if self._spark is None:
            return False
        try:
            stopped: bool = self._spark.sparkContext._jsc.sc().isStopped()
        except (Py4JError, OSError):
            return True
        return stopped

    def end_now(self) -> None:
        """Break off what Spark does, and see to it that it writes no more.

        From a thread of its own: the connection of a thread that was interrupted is of no use.
        """
        if self._spark is None:
            return
        stopping = threading.Thread(target=self._stop, name="stop Spark", daemon=True)
        stopping.start()
        stopping.join(_PATIENCE)
        if self._process not in (os.getpid(), os.getppid()):  # under spark-submit it is our parent
            try:
                os.kill(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)
            except (ProcessLookupError, ChildProcessError):
                pass

    def _stop(self) -> None:
        try:
            assert self._spark is not None
            self._spark.sparkContext.cancelAllJobs()
            self._spark.stop()
        except (Py4JError, OSError):
            pass  # it is gone
