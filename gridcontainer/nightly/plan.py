"""Which tasks of a night are to be run, and why: decided anew before each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gridcontainer.errors import DeclarationError
from gridcontainer.nightly.declaration import Nightly
from gridcontainer.nightly.ledger import Entry
from gridcontainer.nightly.night import Night
from gridcontainer.nightly.steps import STEPS
from gridcontainer.nightly.task import Key, Task


@dataclass(frozen=True)
class Verdict:
    """What is to be done with a task.

    Attributes:
        task: the task.
        runs: whether it is run.
        why: it is, or is not.
        fingerprint: of its inputs.
    """

    task: Task
    runs: bool
    why: str
    fingerprint: str | None


def choose_steps(declared: Nightly, *, only: Sequence[str], since: str | None) -> list[str]:
    """The steps of a night in their order: all, or those asked for.

    Args:
        declared: the city's night.
        only: these steps; all where empty.
        since: this step and those that come after it.

    Raises:
        DeclarationError: a step that is not declared, or that nobody knows.
    """
    order = declared.order()
    if unknown := [name for name in order if name not in STEPS]:
        raise DeclarationError(
            f"no step is called {', '.join(unknown)}; there are {', '.join(STEPS)}"
        )
    if absent := [name for name in (*only, *([since] if since else [])) if name not in order]:
        raise DeclarationError(
            f"the night has no step {', '.join(absent)}; it has {', '.join(order)}"
        )
    chosen = declared.since(since) if since else order
    return [name for name in chosen if not only or name in only]


def list_tasks(night: Night, steps: Sequence[str]) -> dict[str, list[Task]]:
    """The tasks of each step."""
    return {step: STEPS[step](night) for step in steps}


def preview(
    tasks: Mapping[str, Sequence[Task]],
    declared: Nightly,
    last: Mapping[Key, Entry],
    *,
    again: bool,
) -> list[Verdict]:
    """What would be done with each task now; nothing is run or written.

    Args:
        tasks: of each step, in order.
        declared: the city's night.
        last: the last entry of each task of this night.
        again: what is done is done again.
    """
    verdicts: list[Verdict] = []
    running: set[str] = set()
    for step, of_step in tasks.items():
        before = sorted(name for name in running if step in declared.since(name))
        for task in of_step:
            verdict = judge(task, _without_failed(last), again=again)
            if not verdict.runs and before:
                why = f"{verdict.why}; again if {', '.join(before)} changes what it works on"
                verdict = replace(verdict, why=why)
            verdicts.append(verdict)
        if any(verdict.runs for verdict in verdicts if verdict.task.step == step):
            running.add(step)
    return verdicts


def _without_failed(last: Mapping[Key, Entry]) -> dict[Key, Entry]:
    """What failed is tried again, so that nothing is skipped because of it."""
    return {key: entry for key, entry in last.items() if entry.status in ("done", "started")}


def judge(task: Task, last: Mapping[Key, Entry], *, again: bool) -> Verdict:
    """Whether a task is to be run.

    Args:
        task: the task.
        last: the last entry of each task of this night.
        again: what is done is done again.
    """
    stopped = (
        key for key in task.needs if key in last and last[key].status in ("failed", "skipped")
    )
    for step, name in stopped:
        said = "failed" if last[step, name].status == "failed" else "was not run"
        return Verdict(task, False, f"not run since {step} {name} {said}", None)
    fingerprint = task.inputs()
    entry = last.get(task.key)
    why = _why(entry, fingerprint, again=again)
    return Verdict(task, why is not None, why or _done(entry), fingerprint)


def _why(entry: Entry | None, fingerprint: str | None, *, again: bool) -> str | None:
    if entry is None:
        return "not yet run this night"
    if entry.status == "started":
        return "begun, and not finished"
    if entry.status in ("failed", "skipped"):
        return f"{entry.status} before"
    if again:
        return "asked for again"
    if fingerprint == entry.fingerprint is not None:
        return None
    is_known = fingerprint is not None
    return (
        "what it works on has changed since" if is_known else "only the work can tell what is new"
    )


def _done(entry: Entry | None) -> str:
    assert entry is not None
    return f"done at {entry.started:%H:%M} UTC: {entry.message}"
