"""Mutated files read, judged and inferred: no crash, no lost row, a reason for each that is out.

    python scripts/fuzz.py --cases 10000 [--seed 1] [--keep DIR]

The seeds are small pieces of the made-up city's files and, where they are there, of the real ones
(they are mutated in a temporary folder and never kept), and small files of the other formats. A
case that breaks a promise is printed with its seed; ``--keep`` saves its bytes.
"""

import argparse
import csv
import gzip
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration import (
    CityProfile,
    Declaration,
    load_city,
    load_declarations,
)
from gridcontainer.container.inference import References, infer_declaration
from gridcontainer.container.ingest.in_memory import (
    RecordJudge,
    is_sound,
    judge_in_memory,
    mark_all,
)
from gridcontainer.container.ingest.rows import RowMaker
from gridcontainer.container.judge.judge import Judge
from gridcontainer.container.quarantine.rows import to_quarantine
from gridcontainer.container.sources import (
    find_files,
    open_source,
    read_batches,
    read_piece,
    source_columns,
    split,
)
from gridcontainer.container.tables.layout import Layout
from gridcontainer.errors import GridContainerError, SourceError
from gridcontainer.sample import write_sample

ROOT = Path(__file__).parents[1]
PIECE_BYTES = 4_000
SMALL_PIECE = 700  # bytes
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
MEMBERS = 6  # of each list or object of a JSON seed
TOKENS = [b"\0", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b'"', b'""', b",", b";", b"\t", b"'",
          b"\\", b"NaN", b"1e999", b"-", "—".encode(), b"inf", b"9" * 5000, b"\xff\xfe", b"\x81",
          b"\\ud800", b"null", b"[", b"{", b"]}", b"0", b"-181", b"\xe2\x80\xa8"]  # fmt: skip
ENCODINGS = ["utf-8-sig", "utf-16", "gb18030", "utf-16-le", "latin-1"]


@dataclass(frozen=True)
class Seed:
    """A small sound file and how it is declared."""

    name: str
    content: bytes
    declaration: Declaration


def seeds(city: CityProfile, folder: Path, real: Path) -> list[Seed]:
    """Small files of every format: of the made-up city, of the real one, and of our own making."""
    sample = write_sample(folder / "city", scale=0.01).directory
    found = [*_declared("sample", sample, city), *_own_formats(folder)]
    return found + list(_declared("datasets", real, city)) if real.is_dir() else found


def _declared(conf: str, sources: Path, city: CityProfile) -> Iterator[Seed]:
    for declaration in load_declarations(ROOT / "conf" / conf, city):
        if declaration.source.format in ("csv", "json", "jsonlines", "geojson"):
            path = find_files(sources, declaration)[0]
            yield Seed(path.name, _piece(path, declaration), declaration)


def _piece(path: Path, declaration: Declaration) -> bytes:
    """The beginning of a text, or the first members of everything in a JSON value."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        if declaration.source.format in ("csv", "jsonlines"):
            return bytes(stream.read(PIECE_BYTES)).rpartition(b"\n")[0]
        value = json.loads(stream.read().decode(declaration.source.encoding))
    return json.dumps(_first_members(value), ensure_ascii=False).encode()


def _first_members(value: Any) -> Any:
    if isinstance(value, list):
        pairs = len(value) > MEMBERS and isinstance(value[0], list)  # a ring stays closed
        return [_first_members(v) for v in (value if pairs else value[:MEMBERS])][:60]
    if isinstance(value, dict):
        return {k: _first_members(v) for k, v in list(value.items())[: 4 * MEMBERS]}
    return value


def _own_formats(folder: Path) -> Iterator[Seed]:
    """Parquet, Excel and vector files of a few rows."""
    import geopandas as gpd  # noqa: PLC0415 - of the test group

    frame = pd.DataFrame(
        {"id": range(9), "lon": [121.4] * 9, "lat": [31.2] * 9, "name": ["名"] * 9}
    )
    shapes = gpd.GeoDataFrame(frame, geometry=[shapely.box(121, 31, 122, 32)] * 9, crs="EPSG:4326")
    frame.to_parquet(folder / "places.parquet")
    frame.to_excel(folder / "places.xlsx", index=False)
    shapes.to_file(folder / "places.gpkg")
    shapes.to_file(folder / "places.fgb")
    pairs = {"lon": "lon", "lat": "lat"}
    wkb = {"geometry": "geometry", "geometry_format": "wkb"}
    for name, kind, position in [
        ("places.parquet", "parquet", pairs),
        ("places.xlsx", "excel", pairs),
        ("places.gpkg", "vector", wkb),
        ("places.fgb", "vector", wkb),
    ]:
        given = {"dataset": "places", "department": "planning", "title": "", "kind": "points"}
        source = {"path": name, "format": kind}
        declaration = Declaration.model_validate(given | {"source": source, "position": position})
        yield Seed(name, (folder / name).read_bytes(), declaration)


def mutate(content: bytes, chance: random.Random) -> bytes:
    """One to four mishaps, each anywhere."""
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        content = chance.choice(MISHAPS)(content, chance)
    return content


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 8])):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(content: bytes, chance: random.Random) -> bytes:
    where = chance.randrange(len(content) + 1)
    return content[:where] if chance.random() < 0.8 else content[where:]


def _insert(content: bytes, chance: random.Random) -> bytes:
    where = chance.randrange(len(content) + 1)
    return content[:where] + chance.choice(TOKENS) + content[where:]


def _drop_or_double(content: bytes, chance: random.Random) -> bytes:
    """A separator, a quote or a line end less or more."""
    mark = chance.choice([b",", b"\n", b'"', b"\t", b":", b"]", b" ", b"\r"])
    places = [i for i, byte in enumerate(content) if byte == mark[0]]
    if not places:
        return content
    where = chance.choice(places)
    return content[:where] + chance.choice([b"", mark * 2]) + content[where + 1 :]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    """A piece again, elsewhere: rows and members repeat, or are swapped."""
    start, where = (chance.randrange(len(content) + 1) for _ in range(2))
    return content[:where] + content[start : start + 80] + content[where:]


def _swap_columns(content: bytes, chance: random.Random) -> bytes:
    lines = [line.split(b",") for line in content.split(b"\n")]
    width = max(map(len, lines))
    a, b = chance.randrange(width), chance.randrange(width)
    for line in lines if chance.random() < 0.5 else lines[: len(lines) // 2]:
        if max(a, b) < len(line):
            line[a], line[b] = line[b], line[a]
    return b"\n".join(b",".join(line) for line in lines)


def _other_encoding(content: bytes, chance: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace")


def _other_line_ends(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n"]))


def _nothing(content: bytes, chance: random.Random) -> bytes:
    return chance.choice([b"", b" ", b"\n", b"[]", b"{}", b"\0" * 9, content[:1]])


def _nest(content: bytes, chance: random.Random) -> bytes:
    return b"[" * 30_000 if chance.random() < 0.1 else b'{"a":[' + content + b"]}"


Mishap = Callable[[bytes, random.Random], bytes]
MISHAPS: list[Mishap] = [
    *(_flip, _cut, _insert, _drop_or_double) * 3,
    *(_repeat, _swap_columns, _other_encoding, _other_line_ends, _nothing, _nest),
]


class BrokenPromiseError(AssertionError):
    """What the readers promise and did not keep."""


def examine(path: Path, declaration: Declaration, city: CityProfile | None = None) -> str:
    """Read a file, and judge its records, as an ingest does; the promises must hold.

    Args:
        path: path of the file.
        declaration: declaration of the dataset.
        city: profile of the city to judge by; the records are only read where None.

    Returns:
        What came of it: ``refused``, ``faults`` or ``sound``.

    Raises:
        BrokenPromiseError: says which promise.
    """
    try:
        columns = source_columns([path], declaration)
        rows = [
            row
            for batch in read_batches(path, path.name, columns, declaration)
            for row in batch.to_pylist()
        ]
    except SourceError as error:
        _promise_named(error, path, declaration)
        return "refused"
    numbers = sorted(row["_row"] for row in rows)
    if declaration.source.format != "excel":  # blank rows of a sheet have a number
        _promise(numbers == list(range(1, len(rows) + 1)), f"numbers with gaps: {numbers[:20]}")
    _promise(len(set(numbers)) == len(numbers), "a number twice")
    expected = count_rows(path, declaration)
    _promise(expected in (None, len(rows)), f"{len(rows)} rows, but counted are {expected}")
    faulty = [row for row in rows if row["_fault"] is not None]
    _promise(all(row["_fault"].strip() for row in faulty), "a fault without a text")
    for row in faulty:
        kept = [v for k, v in row.items() if k not in ("_file", "_row", "_fault", "_repair")]
        _promise(any(v is not None for v in kept) or row["_fault"] == "not an object",
                 f"a faulty row without its content: {row}")  # fmt: skip
    if city is not None:
        try:
            examine_judgement(path, declaration, city, numbers)
        except SourceError as error:
            _promise_named(error, path, declaration)
            return "refused"
    return "faults" if faulty else "sound"


def _promise_named(error: SourceError, path: Path, declaration: Declaration) -> None:
    _promise("\n" not in str(error), f"an error of several lines: {str(error)[:200]!r}")
    named = path.name in str(error) or declaration.source.path in str(error)
    _promise(named, f"an error without the file: {str(error)[:200]!r}")


def examine_judgement(
    path: Path, declaration: Declaration, city: CityProfile, numbers: list[int]
) -> None:
    """Judge the records of a file: each is in the table or has a reason, in pieces and as a whole.

    Args:
        path: path of the file.
        declaration: declaration of the dataset.
        city: profile of the city.
        numbers: row numbers that the readers gave, sorted.

    Raises:
        SourceError: the file cannot be read as declared.
        BrokenPromiseError: says which promise.
    """
    own = declaration.source.model_copy(update={"path": path.name})
    declared = declaration.model_copy(update={"source": own})
    source = open_source(path.parent, declared, extent=city.extent.bounds, default_datum=city.datum)
    names = stored_names(list(source.columns))
    declared = declared.over_source(names)
    judge = Judge.create(declared, city, names, source.datum or city.datum)
    records = RecordJudge.create(judge, names, declared)
    judged = judge_in_memory(source, declared, records)
    pieces = split(source, declared, target_bytes=SMALL_PIECE)
    batches = [b for piece in pieces for b in records.run(read_piece(piece, source, declared))]
    again = mark_all(batches, source, records, declared)
    # A batch gives its broken records last; NaN is NaN.
    whole, cut = (str(table.sort_by("_row").to_pylist()) for table in (judged, again))
    same = whole == cut
    _promise(same, f"{len(pieces)} pieces are judged otherwise than the whole")
    _promise(sorted(judged.column("_row").to_pylist()) == numbers, "judging lost or made rows")
    out = to_quarantine(judged, dataset="fuzz", names=names, run_id="").to_pylist()
    sound = judged.filter(is_sound(judged))
    still = [row for row in out if row["mended"] is None]
    _promise(sound.num_rows + len(still) == len(numbers), "rows in are not rows out plus the rest")
    for row in out:
        _promise(bool(row["reason"].strip()), f"a row without a reason: {row}")
        _promise(row["row"] is not None, f"a quarantined row without its content: {row}")
    layout = Layout(None if judge.level is None else min(2, judge.level))
    maker = RowMaker(judge.declaration, list(names.values()), judge.level, layout, "", MOMENT)
    _promise(maker.make(sound).num_rows == sound.num_rows, "the table has other rows")


def count_rows(path: Path, declaration: Declaration) -> int | None:
    """Rows of a file as another reader counts them; None where there is none to ask."""
    source = declaration.source
    data = path.read_bytes()
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    if source.format == "csv":
        text = data.decode(source.encoding, "replace").removeprefix("\ufeff")
        csv.field_size_limit(1 << 27)
        quoting = csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=source.separator,
                          quotechar=source.quote or '"', quoting=quoting)  # fmt: skip
        lines = list(rows)[source.skip_rows :]
        return sum(bool(line) for line in lines[int(source.header) :])
    if source.format == "jsonlines":
        text = data.decode(source.encoding, "replace").removeprefix("\ufeff")
        return sum(bool(line.strip(" \t\r\x0b\x0c")) for line in text.split("\n"))
    if source.format == "geojson":
        return len(json.loads(data.decode(source.encoding).removeprefix("\ufeff"))["features"])
    return None


def examine_inference(path: Path, city: CityProfile) -> None:
    """Draft a declaration of a file: a draft, or an error of one line."""
    try:
        infer_declaration(path, city=city, references=References(), department="planning")
    except GridContainerError as error:
        _promise("\n" not in str(error), f"an error of several lines: {str(error)[:200]!r}")


def _promise(kept: bool, otherwise: str) -> None:
    if not kept:
        raise BrokenPromiseError(otherwise)


@dataclass
class Outcome:
    """What came of all cases.

    Attributes:
        counts: cases by what came of them.
        broken: what was promised and not kept, with the seed's name, number and bytes.
    """

    counts: Counter[str]
    broken: list[tuple[str, int, str, bytes]]


def run(cases: int, seed: int, folder: Path, real: Path, *, infer_every: int = 4) -> Outcome:
    """Examine that many mutated files; every ``infer_every``-th by the inference too."""
    city = load_city(ROOT / "conf/city/shanghai.yaml")
    sound = seeds(city, folder, real)
    outcome = Outcome(Counter(), [])
    for number in range(cases):
        chance = random.Random(f"{seed}-{number}")
        origin = chance.choice(sound)
        content = mutate(origin.content, chance)
        path = folder / origin.name
        zipped = path.suffix == ".gz" and chance.random() < 0.95
        path.write_bytes(gzip.compress(content, 1) if zipped else content)
        try:
            outcome.counts[examine(path, origin.declaration, city)] += 1
            if number % infer_every == 0:
                examine_inference(path, city)
        except BaseException as error:  # a panic of a library is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            outcome.broken.append(
                (f"{origin.declaration.dataset}/{origin.name}", number, said, content)
            )
        path.unlink()
    return outcome


def main() -> int:
    """Run, print, and fail if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--real", type=Path, default=ROOT.parent / "shared/data")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(options.cases, options.seed, Path(folder), options.real)
    for name, number, said, content in outcome.broken:
        print(f"{number} {name}: {said}")
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{number}_{Path(name).name}").write_bytes(content)
    took = time.perf_counter() - started
    print(
        f"{options.cases} cases, {dict(outcome.counts)}, {len(outcome.broken)} broken, {took:.0f} s"
    )
    return bool(outcome.broken)


if __name__ == "__main__":
    sys.exit(main())
