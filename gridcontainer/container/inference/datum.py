"""Which datum a file's positions are in: measured, or undecided; never by a name of a column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridcontainer.container.inference.evidence import (
    Converted,
    Evidence,
    compare_names,
    compare_nearest,
    compare_pair,
    compare_texts,
    convert_all,
)
from gridcontainer.container.inference.findings import Confidence, Notes
from gridcontainer.container.inference.positions import Located
from gridcontainer.container.inference.references import Places, References, normalise_name

_MOST_ROWS = 20_000
_FEWEST_ROWS = 10
_MOST_TEXT_COLUMNS = 8
_FEWEST_POINTS = 50  # for points without names
_MANY = 100  # rows that make one kind of evidence enough


@dataclass(frozen=True)
class Verdict:
    """The datum of one position, and what it rests on.

    Attributes:
        datum: None where it is undecided.
        evidence: of every kind that could be measured.
        reason: why it is undecided, else what decided.
    """

    datum: str | None
    evidence: Sequence[Evidence]
    reason: str

    @property
    def confidence(self) -> Confidence:
        """High where two measurements agree, or one is of many rows."""
        if self.datum is None:
            return "none"
        deciding = [e for e in self.evidence if e.datum is not None]
        return "high" if len(deciding) > 1 or deciding[0].rows >= _MANY else "medium"


def infer_datum(
    frame: pd.DataFrame,
    texts: Sequence[str],
    positions: Sequence[Located],
    references: References,
    notes: Notes,
) -> list[Verdict]:
    """The datum of each position of a sample.

    Args:
        frame: the sample.
        texts: its columns of words.
        positions: as found; those of shapes by their centroids.
        references: without the file itself.
        notes: takes a finding for each kind of evidence, and one for each verdict.
    """
    pairs = _pair_evidence(positions)
    verdicts = []
    for position in positions:
        evidence = [*pairs.get(position.name, []), *_measure(frame, texts, position, references)]
        verdict = _decide(evidence, int(position.inside.sum()))
        verdicts.append(verdict)
        _say(position, verdict, notes)
    if references.missing:
        notes.add("references", "not all", "; ".join(references.missing), "none")
    return verdicts


def _say(position: Located, verdict: Verdict, notes: Notes) -> None:
    for evidence in verdict.evidence:
        notes.add(
            f"datum by {evidence.kind}",
            evidence.datum or "undecided",
            f"{position.name}: against {evidence.reference}: {evidence.numbers}",
            "high"
            if evidence.datum and evidence.rows >= _MANY
            else "medium"
            if evidence.datum
            else "none",
        )
    notes.add(
        "datum",
        verdict.datum or "undecided",
        f"{position.name}: {verdict.reason}",
        verdict.confidence,
    )


def _decide(evidence: Sequence[Evidence], rows: int) -> Verdict:
    deciding = [e for e in evidence if e.datum is not None]
    datums = sorted({str(e.datum) for e in deciding})
    if len(datums) == 1:
        kinds = ", ".join(f"{e.kind} ({e.reference})" for e in deciding)
        return Verdict(datums[0], evidence, f"by {kinds}")
    if datums:
        return Verdict(None, evidence, f"the evidence is at odds: {' and '.join(datums)}")
    if rows < _FEWEST_ROWS:
        reason = f"{rows} rows in the city are too few"
    elif evidence:
        reason = "nothing measured has the margin and the rows to decide"
    else:
        reason = "there was nothing to measure it against"
    return Verdict(None, evidence, reason)


def _pair_evidence(positions: Sequence[Located]) -> dict[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    for i, one in enumerate(positions):
        for other in positions[i + 1 :]:
            both = np.flatnonzero(one.inside & other.inside)[:_MOST_ROWS]
            if len(both) < _FEWEST_ROWS:
                continue
            first, second, text, rows = compare_pair(
                convert_all(one.lon[both], one.lat[both]),
                convert_all(other.lon[both], other.lat[both]),
            )
            found.setdefault(one.name, []).append(Evidence("pair", other.name, first, text, rows))
            found.setdefault(other.name, []).append(Evidence("pair", one.name, second, text, rows))
    return found


def _measure(
    frame: pd.DataFrame, texts: Sequence[str], position: Located, references: References
) -> list[Evidence]:
    rows = np.flatnonzero(position.inside)
    rows = rows[:: -(-len(rows) // _MOST_ROWS) or 1]
    if len(rows) < _FEWEST_ROWS:
        return []
    points = convert_all(position.lon[rows], position.lat[rows])
    part = frame.iloc[rows]
    texts = [name for name in texts if name not in position.columns][:_MOST_TEXT_COLUMNS]
    measured = [*_by_names(part, texts, position, points, references)]
    if texts and position.shape != "line":
        joined = part[list(texts)].fillna("").agg(" ".join, axis=1).tolist()
        measured += [compare_texts(joined, points, areas) for areas in references.areas]
    if position.shape == "point" and _count_distinct(position, rows) >= _FEWEST_POINTS:
        measured += [compare_nearest(points, places) for places in references.places]
    return [evidence for evidence in measured if evidence is not None]


def _count_distinct(position: Located, rows: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> int:
    return len(np.unique(np.column_stack([position.lon[rows], position.lat[rows]]), axis=0))


def _by_names(
    part: pd.DataFrame,
    texts: Sequence[str],
    position: Located,
    points: Converted,
    references: References,
) -> list[Evidence | None]:
    """Names in the column that shares most of them; areas are compared with areas."""
    if position.shape == "line":
        return []
    columns = [[normalise_name(text or "") for text in part[name]] for name in texts]
    if position.shape == "area":
        targets = [areas.as_places for areas in references.areas]
    else:
        targets = list(references.places)
    return [compare_names(_best(columns, places), points, places) for places in targets if columns]


def _best(columns: list[list[str]], places: Places) -> list[str]:
    return max(columns, key=lambda names: sum(name in places.by_name for name in names))
