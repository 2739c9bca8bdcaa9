"""nightly: all that a city's container needs each night."""

from datetime import datetime
from pathlib import Path

import click

from gridcontainer.cli.options import container_option, path_option, real_data, sources_option
from gridcontainer.errors import SourceError


@click.command("nightly")
@path_option("--config", default="conf/nightly.yaml", help="The city's night.")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="That names the night, and replaces {date} in source.path. [default: today]",
)
@click.option("--only", multiple=True, metavar="STEP", help="Only this step; may be given often.")
@click.option(
    "--from", "since", metavar="STEP", help="Only this step and those that come after it."
)
@click.option("--again", is_flag=True, help="Do again what is done already this night.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done, and why.")
@sources_option
@container_option
@click.pass_context
def nightly_command(
    ctx: click.Context, config: Path, day: datetime | None, only: tuple[str, ...],
    since: str | None, again: bool, dry_run: bool, sources: Path | None, container: str,
) -> None:  # fmt: skip
    """Run the steps of the night: ingest, locate, identities, links, relations, sensors, ...

    What is done is not repeated, so start it again after whatever happened. A data set that fails
    stops only what needs it. The report is printed, and kept in ops/reports of the container.

    \b
    Exit codes:
      0    all is done
      1    something failed, the others are done
      2    nothing was tried: a mistake in the configuration or the call, or no way to write
      75   another run works on the container: try later
      143  stopped by SIGTERM; start it again

    Example: gridcontainer nightly --dry-run

    Example: gridcontainer nightly --date 2026-11-27 --from link
    """
    from gridcontainer.nightly import Request, preview_job, run_job  # noqa: PLC0415

    folder = sources or real_data()
    if folder is None:
        raise SourceError("no folder of sources ../shared/data; name one with --sources")
    named = (day or datetime.now()).date()
    request = Request(config, folder, container, named, only, since, again)
    if dry_run:
        for verdict in preview_job(request):
            does = "run " if verdict.runs else "keep"
            click.echo(f"{does}  {verdict.task.step} {verdict.task.name}: {verdict.why}")
        return
    ctx.exit(run_job(request, tell=click.echo, warn=lambda line: click.echo(line, err=True)))
