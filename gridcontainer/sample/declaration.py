"""What is said of a file beside its bytes: enough to write the declaration of its data set."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gridcontainer.sample.positions import Datum


@dataclass(frozen=True, kw_only=True)
class Csv:
    """How a text table is written.

    Attributes:
        columns: names in order; the first line holds them where ``header`` is true.
        header: whether there is a first line of names.
        delimiter: one character.
        quoted: whether text stands in double quotes.
        newline: the end of each line.
        bom: whether the file opens with a byte-order mark.
    """

    columns: tuple[str, ...]
    header: bool = True
    delimiter: str = ","
    quoted: bool = False
    newline: Literal["\n", "\r\n"] = "\n"
    bom: bool = False


@dataclass(frozen=True, kw_only=True)
class Json:
    """Where the rows of a JSON document are.

    Attributes:
        rows: JSONPath of one row; ``*`` under an object means its members.
        columns: name of each column -> JSONPath of its value; ``~`` is a member's name.
    """

    rows: str
    columns: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Where the position of a row is.

    Attributes:
        kind: ``point`` has two columns, ``geojson`` and ``rings`` have one, ``none`` has none.
        lon: column of the longitude, degrees.
        lat: column of the latitude, degrees.
        column: column of the shape. The pairs of ``rings`` are [latitude, longitude].
        datum: of the coordinates; None without a position.
    """

    kind: Literal["point", "geojson", "rings", "none"]
    lon: str | None = None
    lat: str | None = None
    column: str | None = None
    datum: Datum | None = None


@dataclass(frozen=True, kw_only=True)
class Time:
    """When a row happened: columns whose texts, joined by a blank, have that strftime pattern."""

    columns: tuple[str, ...]
    pattern: str
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, kw_only=True)
class Relation:
    """Columns of this data set that name a row of another; ``note`` says how they differ."""

    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    note: str = ""


NO_GEOMETRY = Geometry(kind="none")


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One file, or one set of files of a shape, as ``truth/files.json`` lists it.

    Attributes:
        department: owner of the data.
        dataset: name, unique in the department.
        path: relative to the sample; ``*`` stands for many files.
        format: of the content once decompressed.
        key: columns of the business key.
        geometry: the position that a first ingest should use.
        encoding: of the text.
        compression: None or ``gzip``.
        csv: for ``csv``.
        json: for ``json`` and, with the properties as columns, ``geojson``.
        time: None for things that do not happen.
        missing: texts that stand for no value, beside the empty one.
        sensitive: columns that speak of persons.
        relations: columns that name rows elsewhere.
        other_geometries: positions of the same rows in further columns.
        note: what else a reader must know.
    """

    department: str
    dataset: str
    path: str
    format: Literal["csv", "json", "geojson", "parquet"]
    key: tuple[str, ...]
    geometry: Geometry = NO_GEOMETRY
    encoding: str = "utf-8"
    compression: Literal["gzip"] | None = None
    csv: Csv | None = None
    json: Json | None = None
    time: Time | None = None
    missing: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    other_geometries: tuple[Geometry, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """Department and data set, such as ``traffic/taxi``."""
        return f"{self.department}/{self.dataset}"

    def to_dict(self) -> dict[str, Any]:
        """The declaration as plain values, the datum beside the format."""
        return asdict(self) | {"datum": self.geometry.datum}
