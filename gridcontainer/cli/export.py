"""export: a data set's rows as a file for others."""

from pathlib import Path

import click

from gridcontainer.cli.options import configuration_options, container_option, parse_box
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.export.export import export_dataset
from gridcontainer.container.query import Area, Question, in_box, in_codes
from gridcontainer.container.storage import Storage
from gridcontainer.errors import QueryError


@click.command("export")
@click.argument("name", metavar="DATASET")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--code", "codes", multiple=True, help="Only in this grid code; may be repeated.")
@click.option("--bbox", help="Only in WEST,SOUTH,EAST,NORTH in degrees, WGS 84.")
@click.option("--with-confidential", is_flag=True, help="Confidential columns too.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@configuration_options
@container_option
def export_command(
    name: str,
    file: Path,
    codes: tuple[str, ...],
    bbox: str | None,
    with_confidential: bool,
    overwrite: bool,
    declarations: Path,
    city: Path,
    container: str,
) -> None:
    """Write the rows of DATASET to FILE: .parquet (GeoParquet), .geojson or .csv.

    Confidential columns are left out, and with a confidential position all that tells it.
    """
    if file.exists() and not overwrite:
        raise QueryError(f"{file} is there; add --overwrite to replace it")
    declared = {d.dataset: d for d in load_declarations(declarations, load_city(city))}
    done = export_dataset(
        Storage(container),
        Question(_area(codes, bbox), datasets=(name,)),
        file,
        declaration=declared.get(name),
        with_confidential=with_confidential,
    )
    click.echo(f"{done.rows:,} rows in {file}")
    if done.left_out:
        click.echo(f"left out as confidential: {', '.join(done.left_out)}", err=True)


def _area(codes: tuple[str, ...], bbox: str | None) -> Area | None:
    if codes and bbox:
        raise click.UsageError("give --code or --bbox, one of them")
    if codes:
        return in_codes(codes)
    return None if bbox is None else in_box(parse_box(bbox))
