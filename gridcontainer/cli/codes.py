"""encode, decode, inspect: grid codes at the terminal, without Spark."""

import sys
from collections.abc import Iterable, Iterator

import click
import numpy as np

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.cell import cell_to_center
from gridcontainer.grid.code import code_to_cell, lonlat_to_code
from gridcontainer.grid.levels import LEVELS, get_level

_LEVEL = click.IntRange(1, len(LEVELS))
_METRES_PER_DEGREE = 111_319.49  # along the equator of CGCS2000


@click.command("encode", context_settings={"ignore_unknown_options": True})
@click.argument("position", nargs=-1, metavar="[LON LAT [HEIGHT]]", type=float)
@click.option(
    "-l",
    "--level",
    type=_LEVEL,
    default=10,
    show_default=True,
    help="1 (6x4 degrees) to 10 (1.5 cm).",
)
@click.option("--datum", default="WGS84", show_default=True, help="WGS84, GCJ02, BD09 or EPSG:n.")
def encode_command(position: tuple[float, ...], level: int, datum: str) -> None:
    """Print the grid code of LON LAT (degrees), or the 3D code where a HEIGHT (metres) is given.

    Without a position, read "lon,lat" or "lon lat" lines from standard input, and print a code a
    line; a line without a code prints an empty line and is counted on standard error.
    """
    if not position:
        _encode_lines(sys.stdin, level, datum)
        return
    if len(position) not in (2, 3):
        raise click.UsageError("give LON LAT, or LON LAT HEIGHT")
    lon, lat = _to_wgs84(position[0], position[1], datum)
    if len(position) == 3:
        from gridcontainer.grid.code3d import lonlat_to_code3d  # noqa: PLC0415

        click.echo(lonlat_to_code3d(lon, lat, position[2], level))
    else:
        click.echo(lonlat_to_code(lon, lat, level))


def _to_wgs84(lon: float, lat: float, datum: str) -> tuple[float, float]:
    if datum in ("WGS84", "CGCS2000"):
        return lon, lat
    from gridcontainer.grid.datum import to_wgs84  # noqa: PLC0415

    converted = to_wgs84(lon, lat, datum)
    return float(converted[0]), float(converted[1])


def _encode_lines(lines: Iterable[str], level: int, datum: str) -> None:
    _to_wgs84(0.0, 0.0, datum)  # an unknown datum is one mistake, not one a line
    failed = 0
    for lon, lat in _read_positions(lines):
        try:
            click.echo(lonlat_to_code(*_to_wgs84(lon, lat, datum), level))
        except CoordinateError:
            failed += 1
            click.echo("")
    if failed:
        click.echo(f"{failed} lines have no level-{level} cell", err=True)


def _read_positions(lines: Iterable[str]) -> Iterator[tuple[float, float]]:
    for line in lines:
        try:
            lon, lat = map(float, line.replace(",", " ").split()[:2])
        except ValueError:
            lon = lat = np.nan
        yield lon, lat


@click.command("decode")
@click.argument("codes", nargs=-1, required=True)
@click.option("--3d", "is_3d", is_flag=True, help="The codes are 3D: the length does not tell.")
def decode_command(codes: tuple[str, ...], is_3d: bool) -> None:
    """Print west, south, east, north (and bottom, top in metres) of each code, tab-separated."""
    from gridcontainer.grid import code3d_to_bounds, code_to_bounds  # noqa: PLC0415

    for code in codes:
        bounds = code3d_to_bounds(code) if is_3d else code_to_bounds(code)
        click.echo("\t".join([code.upper(), *(repr(float(value)) for value in bounds)]))


@click.command("inspect")
@click.argument("code")
def inspect_command(code: str) -> None:
    """Print everything that a code says of its cell."""
    from gridcontainer.grid import code_to_bounds, code_to_neighbors  # noqa: PLC0415

    cell, level = (int(value) for value in code_to_cell(code))
    west, south, east, north = code_to_bounds(code)
    lon, lat = cell_to_center(cell, level)
    width = (east - west) % 360.0 * _METRES_PER_DEGREE * np.cos(np.radians(lat))
    lines = {
        "code": code.upper(),
        "level": f"{level} of {len(LEVELS)}",
        "integer": f"{cell}, descendants to {cell | ~get_level(level).mask}",
        "bounds": f"west {west!r}, south {south!r}, east {east!r}, north {north!r}",
        "centre": f"lon {lon!r}, lat {lat!r}",
        "size": f"{width:,.2f} m x {(north - south) * _METRES_PER_DEGREE:,.2f} m, about",
        "ancestors": " ".join(code.upper()[: upper.code_length] for upper in LEVELS[: level - 1]),
        "neighbours": " ".join(map(str, np.atleast_1d(code_to_neighbors(code)))),
    }
    for name, text in lines.items():
        click.echo(f"{name:<11}{text}")
