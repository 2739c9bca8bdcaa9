"""query: what all departments have in an area and a time."""

import json
from pathlib import Path
from typing import Any

import click
import shapely
from rich.console import Console
from rich.table import Table

from gridcontainer.cli.options import container_option, parse_box
from gridcontainer.container.declaration import load_city
from gridcontainer.container.query import (
    Area,
    Explained,
    Found,
    Question,
    explain,
    find,
    in_box,
    in_codes,
    in_place,
    in_polygon,
    parse_time,
    within,
)
from gridcontainer.container.storage import Storage
from gridcontainer.errors import QueryError

_CITY = Path("conf/city/shanghai.yaml")
_NO_SHAPE = (shapely.errors.GEOSException, ValueError, TypeError, LookupError, AttributeError)
_AREAS = ("codes", "bbox", "polygon", "near", "place")
_RESTRICTIONS = ("since", "until", "datasets", "departments", "tags", "as_of")


@click.command("query")
@click.option("--code", "codes", multiple=True, help="A grid code of any level; may be repeated.")
@click.option("--bbox", help="WEST,SOUTH,EAST,NORTH in degrees, WGS 84.")
@click.option("--polygon", help="A GeoJSON or WKT file, or WKT text; degrees, WGS 84.")
@click.option("--near", help="LON,LAT of the middle of a circle; with --radius.")
@click.option("--radius", type=float, help="Metres along the ellipsoid; with --near.")
@click.option("--place", help="A town or district of the city's reference areas.")
@click.option("--from", "since", help="Rows at or after this ISO 8601 time, in the city's zone.")
@click.option("--to", "until", help="Rows before this ISO 8601 time.")
@click.option("--dataset", "datasets", multiple=True, help="Only this data set; may be repeated.")
@click.option("--department", "departments", multiple=True, help="Only its data sets.")
@click.option("--tag", "tags", multiple=True, help="Only data sets with this tag.")
@click.option("--as-of", "as_of", help="Rows of tables with history as they were then.")
@click.option(
    "--rows",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Rows to show of each data set.",
)
@click.option("--json", "as_json", is_flag=True, help="All rows found, one JSON object a line.")
@click.option("--explain", "explained", is_flag=True, help="Files that would be read, and why.")
@click.option("--city", type=click.Path(path_type=Path), default=_CITY, show_default=True)
@container_option
def query_command(rows: int, as_json: bool, explained: bool, container: str, **asked: Any) -> None:
    """Print what all departments have in an area and a time.

    Of a data set with a confidential column only the number of rows is shown, unless it is named
    with --dataset and all rows are asked for with --json.

    Example: gridcontainer query --near 121.4737,31.2304 --radius 500 --department health
    """
    storage = Storage(container)
    question = _question(storage, asked)
    if explained:
        _print_explained(explain(storage, question), Console())
        return
    found = find(storage, question)
    if as_json:
        _print_json([part for part in found if question.datasets or not part.is_confidential])
    else:
        print_found(found, Console(), rows)


def _question(storage: Storage, asked: dict[str, Any]) -> Question:
    given = [name for name in _AREAS if asked[name]]
    restricted = any(asked[name] for name in _RESTRICTIONS)
    if len(given) > 1 or not (given or restricted or asked["radius"]):
        raise click.UsageError(
            "give --code or --bbox or --polygon or --near or --place, one of them"
        )
    if bool(asked["near"]) != (asked["radius"] is not None):
        raise click.UsageError("give --near and --radius together")
    times: dict[str, Any] = {}
    if any(asked[name] for name in ("since", "until", "as_of")):
        zone = load_city(asked["city"]).time_zone
        times = {
            name: parse_time(asked[name], zone)
            for name in ("since", "until", "as_of")
            if asked[name]
        }
    area = _area(storage, asked, given[0]) if given else None
    names = {name: asked[name] for name in ("datasets", "departments", "tags")}
    return Question(area, **times, **names)


def _area(storage: Storage, asked: dict[str, Any], given: str) -> Area:
    if given == "codes":
        return in_codes(asked["codes"])
    if given == "bbox":
        return in_box(parse_box(asked["bbox"]))
    if given == "polygon":
        return in_polygon(_parse_polygon(asked["polygon"]))
    if given == "near":
        return within(*_parse_position(asked["near"]), asked["radius"])
    references = load_city(asked["city"]).references
    if references is None:
        raise QueryError(f"{asked['city']} names no references.areas to look places up in")
    return in_place(storage, asked["place"], areas=references.areas, endings=references.endings)


def _parse_position(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not LON,LAT", param_hint="--near") from None
    return lon, lat


def _parse_polygon(given: str) -> Any:
    """All polygons of a GeoJSON file as one, or what a WKT text or file says."""
    is_text = given.lstrip().upper().startswith(("POLYGON", "MULTIPOLYGON"))
    try:
        text = given if is_text else Path(given).read_text(encoding="utf-8-sig")
        if text.lstrip().startswith("{"):
            return (
                shapely.union_all(list(shapely.from_geojson(text).geoms))
                if ("Collection" in json.loads(text)["type"])
                else shapely.from_geojson(text)
            )
        return shapely.from_wkt(text)
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"--polygon {given}: cannot be read ({error})") from None
    except _NO_SHAPE as error:
        said = str(error).splitlines()[0][:120]
        raise QueryError(f"--polygon {given[:60]}: neither GeoJSON nor WKT ({said})") from None


def _print_explained(parts: list[Explained], console: Console) -> None:
    table = Table()
    for name in ("data set", "files", "KiB"):
        table.add_column(name, no_wrap=True)
    table.add_column("why")
    for part in parts:
        files = f"{part.files_read} of {part.files}"
        size = f"{part.bytes_read / 1024:,.0f} of {part.bytes / 1024:,.0f}"
        table.add_row(part.dataset, files, size, part.why)
    console.print(table)
    read, total = sum(part.files_read for part in parts), sum(part.files for part in parts)
    bytes_read = sum(part.bytes_read for part in parts)
    console.print(f"{read:,} of {total:,} files, {bytes_read:,} bytes")


def _print_json(found: list[Found]) -> None:
    for part in found:
        own = {"department": part.department, "dataset": part.dataset}
        columns = [name for name in part.rows.column_names if name != "geometry"]
        for row in part.rows.select(columns).to_pylist():
            click.echo(json.dumps(own | row, ensure_ascii=False, default=str))


def print_found(found: list[Found], console: Console, most: int) -> None:
    """Print a line for each data set that has rows there."""
    table = Table()
    for name in ("department", "data set"):
        table.add_column(name, no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column(f"the first {most}")
    for part in found:
        if part.rows.num_rows:
            shown = "confidential" if part.is_confidential else " · ".join(part.labels(most))
            table.add_row(part.department, part.dataset, f"{part.rows.num_rows:,}", shown)
    console.print(table)
    departments = {part.department for part in found if part.rows.num_rows}
    total = sum(part.rows.num_rows for part in found)
    console.print(f"{total:,} rows of {len(departments)} departments")
