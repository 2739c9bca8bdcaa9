"""The drafted declaration as YAML, with what it rests on in comments."""

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.positions import Located

_DEFAULTS: Final[dict[str, Any]] = {"separator": ",", "quote": '"', "header": True}
_WIDTH: Final = 10_000  # a value stands in one line


def source_keys(
    path: Path, sources: Path | None, found: dict[str, Any], columns: list[str], notes: Notes
) -> dict[str, Any]:
    """The declaration's ``source``; what is a default is left out."""
    inside = sources is not None and path.resolve().is_relative_to(sources.resolve())
    if sources is not None and not inside:
        notes.warn(f"{path} is not below {sources}: move it there, or correct source.path")
    shown = path.resolve().relative_to(sources.resolve()) if sources and inside else path.name
    keys: dict[str, Any] = {"path": glob.escape(str(shown))}  # it may be a glob
    keys |= {
        key: found[key] for key in found if key not in _DEFAULTS or found[key] != _DEFAULTS[key]
    }
    if found.get("header") is False:
        keys["columns"] = columns
    return keys


def dataset_name(path: Path) -> str:
    """A name for the data set from the file's, or from its folder's where that is Chinese."""
    for text in (path.name.split(".")[0], path.resolve().parent.name):
        name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
        if re.fullmatch(r"[a-z][a-z0-9_]{1,62}", name):
            return name
    return "new_dataset"


def kind_of(positions: Sequence[Located]) -> str:
    """The preset layout."""
    if not positions:
        return "table"
    if positions[0].all_points:
        return "points"
    return "lines" if positions[0].shape == "line" else "polygons"


def write_draft(content: dict[str, Any], comments: dict[str, str], notes: Notes) -> str:
    """The YAML text; a key without a value is left to a person, and its comment says so."""
    lines = ["# Drafted by gridcontainer datasets infer. Look at each line before you use it."]
    lines += [f"# check: {warning}" for warning in notes.warnings]
    for key, value in content.items():
        comment = f" # {comments[key]}" if key in comments else ""
        lines.append(f"{key}: {_inline(value)}{comment}".replace(":  #", ": #"))
    if "position" not in content:
        lines.append("# position: no column of degrees or shapes was found, so a table")
    return "\n".join(lines) + "\n"


def _inline(value: Any) -> str:
    if value is None:
        return ""
    text = yaml.safe_dump(
        value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=_WIDTH
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()
