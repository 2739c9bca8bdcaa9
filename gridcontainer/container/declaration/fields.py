"""What a key of a declaration may hold, and what to say where it holds something else."""

import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field

from gridcontainer.container.declaration.time_pattern import parse_pattern
from gridcontainer.grid.levels import MAX_LEVEL

# Times that are numbers: counts since 1970, days of Excel.
NUMBER_FORMATS = ("unix", "unix_ms", "unix_us", "unix_ns", "excel")
_STEP = r"([^.\[\]{}*$]+(\[\])?|\[\]|\{[^.{}]+\})"
_LAST_STEP = r"([^.\[\]{}*$]*\[\]|\{[^.{}]+\})"


def _below_root(path: str) -> str:
    if not path or Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError("must be a path or glob below the folder of the sources")
    return path


def _known_datum(name: str) -> str:
    if name.startswith("EPSG"):
        from gridcontainer.grid.datum import require_datum  # noqa: PLC0415 - loads pyproj

        require_datum(name)  # its error is a ValueError
    return name


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise ValueError("is no encoding that Python knows; try utf-8, gbk or gb18030") from None
    return name


def _one_character(text: str) -> str:
    if len(text) != 1 or not text.isascii() or text in "\0\r\n":
        raise ValueError('must be one ASCII character, such as "," or ";" or "\\t"')
    return text


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("is the name of an environment variable, not the secret itself")
    return name


def _without_secret(url: str) -> str:
    if not url.startswith("jdbc:"):
        raise ValueError("begins with jdbc:, such as jdbc:postgresql://host/database")
    if re.search(r"(?i)\b(user|username|password|pwd)=|//[^/]*:[^/]*@", url):
        raise ValueError(
            "holds a user or a password: name environment variables instead, in user_variable "
            "and password_variable"
        )
    return url


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        if not available_timezones():
            raise ValueError(
                "cannot be looked up: this machine has no database of time zones; install the "
                "Python package tzdata"
            ) from None
        raise ValueError("is no time zone; write it as Asia/Shanghai or UTC") from None
    return name


def _readable_format(form: str) -> str:
    if form in NUMBER_FORMATS:
        return form
    if re.match("(?i)(unix|epoch|excel|iso)", form):
        numbers = ", ".join(NUMBER_FORMATS)
        raise ValueError(f"{form!r} is no format; write {numbers}, or no format for ISO 8601")
    parse_pattern(form)
    return form


def _leads_to_records(path: str) -> str:
    if not re.fullmatch(rf"({_STEP}\.)*{_LAST_STEP}", path):
        raise ValueError("is no path to records such as stops[], lines[].stops[] or {address}")
    return path


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
LevelNumber = Annotated[int, Field(ge=1, le=MAX_LEVEL)]
Format = Literal["csv", "json", "jsonlines", "geojson", "excel", "parquet", "vector", "jdbc"]
Kind = Literal["points", "lines", "polygons", "events", "trajectories", "series", "table"]
Sensitivity = Literal["public", "internal", "confidential"]
Encoding = Annotated[str, AfterValidator(_known_encoding)]
SourcePath = Annotated[str, AfterValidator(_below_root)]
RecordsPath = Annotated[str, AfterValidator(_leads_to_records)]
Character = Annotated[str, AfterValidator(_one_character)]
VariableName = Annotated[str, AfterValidator(_variable)]
DatabaseUrl = Annotated[str, AfterValidator(_without_secret)]
TimeFormat = Annotated[str, AfterValidator(_readable_format)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Datum = Annotated[
    str,
    Field(pattern=r"^(WGS84|CGCS2000|GCJ02|BD09|EPSG:\d{4,6})$"),
    AfterValidator(_known_datum),
]
