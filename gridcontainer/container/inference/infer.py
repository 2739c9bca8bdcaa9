"""A declaration drafted from a file: what is found, with its evidence."""

from pathlib import Path
from typing import Any

from gridcontainer.container.declaration import CityProfile
from gridcontainer.container.inference.columns import infer_columns, infer_key, infer_label
from gridcontainer.container.inference.datum import Verdict, infer_datum
from gridcontainer.container.inference.draft import (
    dataset_name,
    datum_comment,
    kind_of,
    source_keys,
    write_draft,
)
from gridcontainer.container.inference.findings import Draft, Notes
from gridcontainer.container.inference.positions import Located, find_pairs, warn_of_plane
from gridcontainer.container.inference.references import References
from gridcontainer.container.inference.sample import Sample, read_sample
from gridcontainer.container.inference.shape_columns import find_shapes
from gridcontainer.container.inference.totals import warn_of_totals
from gridcontainer.errors import DeclarationError


def infer_declaration(
    path: Path,
    *,
    city: CityProfile,
    references: References,
    department: str | None = None,
    sources: Path | None = None,
) -> Draft:
    """Draft the declaration of a file.

    Args:
        path: of the file.
        city: whose extent tells which columns are degrees.
        references: to measure the datum against; those read from this file are left out.
        department: whose file it is; left open in the draft where missing.
        sources: the folder that ``source.path`` is relative to; the file's own where missing.

    Returns:
        The draft. With a department it loads as a declaration (of ``kind: table`` where no
        position was found), unless it is of Excel, which is not looked into.

    Raises:
        SourceError: the file cannot be read, or holds nothing like rows.
        DeclarationError: the city has no such department.
    """
    if department is not None and department not in city.departments:
        known = ", ".join(city.departments)
        raise DeclarationError(f"{city.city} has no department {department}; it has {known}")
    notes = Notes()
    sample = read_sample(path, notes)
    content: dict[str, Any] = {"dataset": dataset_name(path), "department": department}
    content["title"] = path.name
    comments = {"title": "say what a row is"}
    if department is None:
        comments["department"] = f"say whose: {', '.join(city.departments)}"
    if sample is None:
        content["source"] = source_keys(path, sources, {"format": "excel"}, [], notes)
    else:
        _describe(sample, path, city, references, sources, content, comments, notes)
    text = write_draft(content, comments, notes)
    return Draft(text, content, notes.findings, notes.warnings)


def _describe(
    sample: Sample,
    path: Path,
    city: CityProfile,
    references: References,
    sources: Path | None,
    content: dict[str, Any],
    comments: dict[str, str],
    notes: Notes,
) -> None:
    """Add what the sample tells to the draft."""
    columns = infer_columns(sample.frame, notes)
    positions = find_pairs(sample.frame, columns, city.extent, notes)
    shape = find_shapes(sample.frame, city.extent, notes)
    if shape is not None:
        positions = [shape, *positions]
    if not positions:
        warn_of_plane(columns, notes)
    content["kind"] = kind_of(positions)
    names = [str(name) for name in sample.frame.columns]
    content["source"] = source_keys(path, sources, sample.source, names, notes)
    if not sample.named:
        notes.warn("the file names no columns: give them names in source.columns")
    texts = [name for name in columns.texts if shape is None or name not in shape.columns]
    verdicts = infer_datum(sample.frame, texts, positions, references.without(path), notes)
    _add_position(positions, verdicts, city, content, comments, notes)
    taken = positions[0].columns if positions else []
    if sample.whole:
        others = {n: v for n, v in columns.numbers.items() if n not in taken}
        warn_of_totals(sample.frame, others, notes)
    label = infer_label(sample.frame, texts, notes)
    content["key"] = infer_key(sample.frame, columns, label, taken, notes)
    if not content["key"]:
        comments["key"] = "none found: a row is known by its number"
    if label is not None:
        content["label"] = label


def _add_position(
    positions: list[Located],
    verdicts: list[Verdict],
    city: CityProfile,
    content: dict[str, Any],
    comments: dict[str, str],
    notes: Notes,
) -> None:
    if not positions:
        notes.add("position", "none", "no columns of degrees in the city, no shapes")
        notes.warn("no position was found: a table, whose rows are in no cell")
        return
    verdict = verdicts[0]
    content["datum"] = verdict.datum or city.datum
    comments["datum"] = datum_comment(verdict)
    if verdict.datum is None:
        notes.warn(f"the datum is undecided ({verdict.reason}): {city.datum} is a guess")
    content["position"] = positions[0].keys
    if len(positions) > 1:
        others = [
            f"{other.name} ({found.datum or 'undecided'})"
            for other, found in zip(positions[1:], verdicts[1:], strict=True)
        ]
        comments["position"] = f"also: {'; '.join(others)}"
