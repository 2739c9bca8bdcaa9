"""A task: the least part of a night that is done, fails, is skipped or repeated as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Key = tuple[str, str]  # step and task


@dataclass(frozen=True)
class Done:
    """What a task did.

    Attributes:
        message: in a few words.
        run_id: of the run that the container's own ledgers know.
        rows_in: rows it was given; None where it is none that brings rows in.
        rows_out: of them in the container.
        rows_aside: of them set aside.
        reasons: rows set aside by reason.
    """

    message: str
    run_id: str | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    rows_aside: int | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """Something to do.

    Attributes:
        step: of the graph.
        name: of the task, unique in its step.
        work: does it; done again it leaves what it left the first time.
        inputs: a text that changes when what it works on does; None where only the work can tell.
        needs: tasks without which it is not run.
    """

    step: str
    name: str
    work: Callable[[], Done]
    inputs: Callable[[], str | None]
    needs: tuple[Key, ...] = ()

    @property
    def key(self) -> Key:
        """Step and task."""
        return self.step, self.name
