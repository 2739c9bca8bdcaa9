"""sample: a small dirty city to try things on."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from gridcontainer.sample import write_sample


@click.command("sample")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=2026,
    show_default=True,
    help="Another seed is another city.",
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="1.0 is about 200,000 rows.",
)
def sample_command(directory: Path, seed: int, scale: float) -> None:
    """Write a made-up city of eight departments to DIRECTORY, dirt and all, with the truth beside.

    Ingest it with: gridcontainer ingest --sources DIRECTORY --datasets conf/sample
    """
    try:
        write_with_progress(directory, seed=seed, scale=scale, console=Console())
    except OSError as error:
        raise click.BadParameter(f"cannot be written to: {error}", param_hint="DIRECTORY") from None


def write_with_progress(directory: Path, *, seed: int, scale: float, console: Console) -> None:
    """Write the sample with a line of progress, and say how many rows there are."""
    rows = 0
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("writing a sample city", total=None)

        def report(name: str, count: int) -> None:
            nonlocal rows
            rows += count
            progress.update(task, description=f"{name}: {count:,} rows")

        write_sample(directory, seed=seed, scale=scale, progress=report)
    console.print(f"{rows:,} rows in {directory}; the truth is in {directory / 'truth'}")
