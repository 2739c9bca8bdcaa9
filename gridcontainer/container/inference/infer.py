"""A declaration drafted from a file: what is found, with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gridcontainer.container.declaration import CityProfile
from gridcontainer.container.inference.columns import (
    Columns,
    infer_columns,
    infer_key,
    infer_label,
)
from gridcontainer.container.inference.datum import infer_datum
from gridcontainer.container.inference.draft import dataset_name, kind_of, source_keys, write_draft
from gridcontainer.container.inference.file_datum import choose_datum
from gridcontainer.container.inference.findings import Draft, Notes
from gridcontainer.container.inference.missing import infer_missing
from gridcontainer.container.inference.number_formats import infer_numbers
from gridcontainer.container.inference.positions import Located, find_pairs, warn_of_plane
from gridcontainer.container.inference.references import References
from gridcontainer.container.inference.sample import Sample, read_sample
from gridcontainer.container.inference.shape_columns import find_shapes
from gridcontainer.container.inference.times import infer_time
from gridcontainer.container.inference.totals import infer_totals
from gridcontainer.container.inference.trial import try_draft
from gridcontainer.container.inference.written_positions import find_written
from gridcontainer.errors import DeclarationError


@dataclass
class _Drafting:
    """What is drafted of a file.

    Attributes:
        path: path of the file.
        sample: rows of it.
        city: profile of the city.
        references: to measure the datum against.
        content: keys of the draft.
        comments: what the draft says beside a key.
        notes: findings and warnings.
    """

    path: Path
    sample: Sample
    city: CityProfile
    references: References
    content: dict[str, Any] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)


def infer_declaration(
    path: Path,
    *,
    city: CityProfile,
    references: References,
    department: str | None = None,
    sources: Path | None = None,
    layer: str | None = None,
) -> Draft:
    """Draft the declaration of a file.

    Args:
        path: of the file.
        city: whose extent tells which columns are degrees.
        references: to measure the datum against; those read from this file are left out.
        department: whose file it is; left open in the draft where missing.
        sources: the folder that ``source.path`` is relative to; the file's own where missing.
        layer: layer of a vector file, or sheet of a workbook, that the draft is of.

    Returns:
        The draft. With a department it loads as a declaration, of ``kind: table`` where no position
        was found.

    Raises:
        SourceError: the file cannot be read, or holds nothing like rows.
        DeclarationError: the city has no such department.
    """
    if department is not None and department not in city.departments:
        known = ", ".join(city.departments)
        raise DeclarationError(f"{city.city} has no department {department}; it has {known}")
    notes = Notes()
    sample = read_sample(path, notes, layer=layer)
    work = _Drafting(path, sample, city, references.without(path), notes=notes)
    name = dataset_name(path) if layer is None else dataset_name(path.with_name(layer))
    work.content |= {"dataset": name, "department": department, "title": path.name}
    work.comments["title"] = "say what a row is"
    if department is None:
        work.comments["department"] = f"say whose: {', '.join(city.departments)}"
    _describe(work, sources)
    try_draft(path, work.content, city, notes)
    text = write_draft(work.content, work.comments, notes)
    return Draft(text, work.content, notes.findings, notes.warnings)


def _describe(work: _Drafting, sources: Path | None) -> None:
    """Add what the sample tells to the draft."""
    sample, notes, content = work.sample, work.notes, work.content
    frame = sample.frame
    columns = infer_columns(frame, notes)
    positions = _find_positions(work, columns)
    content["kind"] = kind_of(positions)
    names = [str(name) for name in frame.columns]
    content["source"] = source_keys(work.path, sources, sample.source, names, notes)
    if not sample.named:
        notes.warn("the file names no columns: give them names in source.columns")
    taken = positions[0].columns if positions else []
    located = {name for position in positions for name in position.columns}
    free = [name for name in columns.texts if name not in located]
    _add_position(work, positions, free)
    time = infer_time(frame, columns, list(located), work.city.time_zone, notes)
    if time is not None:
        content["time"] = time
        if not str(time.get("format")).startswith("unix"):
            zone = work.city.time_zone
            work.comments["time"] = f"times that name no zone of their own are those of {zone}"
    timed = time["columns"] if time else []
    words = [name for name in free if name not in timed]
    comma = bool(positions) and positions[0].keys.get("decimal") == "comma"
    numbers = infer_numbers(frame, words, decimal_comma=comma, notes=notes)
    texts = [name for name in words if name not in numbers]
    label = infer_label(frame, texts, notes)
    if sample.whole and not positions:
        figures = {n: v for n, v in columns.numbers.items() if n not in timed}
        totals = infer_totals(frame, figures, label, notes)
        content |= {"totals": totals} if totals else {}
    content["key"] = infer_key(frame, columns, label, taken, timed, notes)
    if not content["key"]:
        work.comments["key"] = "none found: a row is known by its number"
    if label is not None:
        content["label"] = label
    if numbers:
        content["numbers"] = numbers
    plain = [name for name in taken if "geometry" not in positions[0].keys]
    missing = infer_missing(frame, [*columns.numbers, *plain, *timed, *numbers], notes)
    if missing is not None:
        content["missing"] = missing


def _find_positions(work: _Drafting, columns: Columns) -> list[Located]:
    """Shapes, and pairs of columns; in another writing than plain degrees where there are none."""
    frame, extent, notes = work.sample.frame, work.city.extent, work.notes
    shape = find_shapes(frame, extent, notes, work.sample.crs)
    doubts = Notes()
    pairs = find_pairs(frame, columns, extent, doubts)
    if not pairs and shape is None:
        written = find_written(frame, columns, extent, notes)
        if written is not None:
            return [written]
    notes.findings += doubts.findings
    notes.warnings += doubts.warnings
    positions = pairs if shape is None else [shape, *pairs]
    if not positions:
        warn_of_plane(columns, notes)
    return positions


def _add_position(work: _Drafting, positions: list[Located], texts: Sequence[str]) -> None:
    content, comments, notes, city = work.content, work.comments, work.notes, work.city
    verdicts = infer_datum(work.sample.frame, texts, positions, work.references, notes)
    if not positions:
        notes.add("position", "none", "no columns of degrees in the city, no shapes")
        notes.warn("no position was found: a table, whose rows are in no cell")
        return
    datum, comment = choose_datum(positions[0], verdicts[0], city.datum, notes)
    if datum is not None:
        content["datum"] = datum
        comments["datum"] = comment
    content["position"] = positions[0].keys
    said = [] if datum is not None else [comment]
    if len(positions) > 1:
        others = [
            f"{other.name} ({found.datum or 'undecided'})"
            for other, found in zip(positions[1:], verdicts[1:], strict=True)
        ]
        said.append(f"also: {'; '.join(others)}")
    if said:
        comments["position"] = "; ".join(said)
