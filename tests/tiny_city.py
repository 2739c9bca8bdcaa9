"""A city of two lists of homes and one of readings, a few rows each, and its night."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result
from deltalake import DeltaTable

from gridcontainer.cli.main import cli

ROOT = Path(__file__).parents[1]
_POINTS = """
dataset: {name}
department: housing
title: {name}
kind: points
source: {{path: "{path}", format: csv}}
datum: WGS84
position: {{lon: lon, lat: lat}}
key: [name]
label: name
object_class: community
"""
_READINGS = """
dataset: readings
department: environment
title: Readings
kind: table
source: {path: readings.csv, format: csv}
time: {columns: [at], format: "yyyy-MM-dd HH:mm"}
key: [at]
"""
_SERIES = """
series: air
title: Air
dataset: readings
interval_seconds: 3600
measures: [{column: pm25, station: roof, quantity: pm25, unit: ug/m3, valid: [0, 500]}]
"""
_NIGHT = f"""
title: Tiny
city: {ROOT}/conf/city/shanghai.yaml
datasets: datasets
sensors: sensors
steps:
  - {{step: retention, after: [identity, sensors, catalogue]}}
  - {{step: ingest}}
  - {{step: identity, after: [ingest]}}
  - {{step: sensors, after: [ingest]}}
  - {{step: catalogue, after: [ingest]}}
"""


@dataclass(frozen=True)
class TinyCity:
    """Declarations, sources and container below one folder."""

    folder: Path
    container: Path

    @classmethod
    def make(cls, folder: Path, *, homes: str = "homes.csv", container: Path | None = None):
        for name in ("datasets", "sensors", "sources"):
            (folder / name).mkdir(parents=True)
        for name, path in (("homes", homes), ("flats", "flats.csv")):
            text = _POINTS.format(name=name, path=path)
            (folder / f"datasets/{name}.yaml").write_text(text)
        (folder / "datasets/readings.yaml").write_text(_READINGS)
        (folder / "sensors/air.yaml").write_text(_SERIES)
        (folder / "night.yaml").write_text(_NIGHT)
        return cls(folder, container or folder / "container")

    def write(self, name: str, rows: Mapping[str, float]) -> None:
        """The file of a data set: names and longitudes of homes; hours and values of readings."""
        if name == "readings":
            lines = ["at,pm25", *(f"2026-11-01 {hour},{value}" for hour, value in rows.items())]
        else:
            lines = ["name,lon,lat", *(f"{name},{lon},31.2" for name, lon in rows.items())]
        (self.folder / f"sources/{name}.csv").write_text("\n".join(lines) + "\n")

    def arguments(self, *more: str) -> list[str]:
        """Of the command."""
        given = ("--config", self.folder / "night.yaml", "--sources", self.folder / "sources")
        return ["nightly", *map(str, given), "--container", str(self.container), *more]

    def run(self, *more: str) -> Result:
        """The night, as a person starts it."""
        return CliRunner().invoke(cli, self.arguments(*more))

    def rows(self, table: str, column: str) -> dict[str, float]:
        """A column of a table by name, as another engine reads it."""
        frame = DeltaTable(f"{self.container}/{table}").to_pandas()
        return dict(zip(frame[frame.columns[0]] if "name" not in frame else frame["name"],
                        frame[column], strict=True))  # fmt: skip


def begun(result: Result) -> set[str]:
    """The tasks that a night ran."""
    return {line.split(":")[0] for line in result.stdout.splitlines() if ": begun (" in line}
