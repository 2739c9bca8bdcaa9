"""JSON, GeoJSON and Excel files, parsed once: rows of files whose columns only their end tells."""

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.json_stream import JsonFacts, stream_geojson, stream_json
from gridcontainer.container.sources.pieces import Piece, whole_files
from gridcontainer.container.sources.records import RawRow, raw_schema, to_batches
from gridcontainer.container.sources.snapshot import require_stable
from gridcontainer.container.sources.workbook import open_excel

PARSED_FORMATS: Final = frozenset({"json", "geojson", "excel"})
_IN_MEMORY: Final = 64 << 20  # bytes of batches; what is more goes to a temporary file
_BATCH_ROWS: Final = 20_000

_Place = tuple[int, int]  # offset and length in the temporary file


@dataclass
class ParsedFiles:
    """Batches of files that were parsed, in memory or, where they are large, on the local disk.

    The disk's copy goes with this object. Another process on the machine can read it; one that
    cannot parses the file again.

    Attributes:
        columns: names of the source's columns, in the order in which they are met.
        facts: what the end of each file told, such as the CRS that it names, by its path.
        rows: rows of each batch, by the path of the file.
    """

    columns: dict[str, None] = field(default_factory=dict)
    facts: dict[Path, JsonFacts] = field(default_factory=dict)
    rows: dict[Path, list[int]] = field(default_factory=dict)
    _memory: dict[Path, list[pa.RecordBatch]] = field(default_factory=dict, repr=False)
    _places: dict[Path, list[_Place]] = field(default_factory=dict, repr=False)
    _spool: str | None = None
    _out: IO[bytes] | None = field(default=None, repr=False)
    _bytes: int = 0

    @property
    def is_shared(self) -> bool:
        """Whether another process of this machine can read the batches."""
        return self._spool is not None

    def add(self, path: Path, batches: Iterable[pa.RecordBatch]) -> None:
        """Keep the batches of a file, instead of those that it had."""
        self.rows[path] = []
        self._memory.pop(path, None)
        self._places.pop(path, None)
        for batch in batches:
            self.rows[path].append(len(batch))
            self._bytes += batch.nbytes
            if self._spool is None and self._bytes <= _IN_MEMORY:
                self._memory.setdefault(path, []).append(batch)
            else:
                self._write(path, batch)

    def finish(self) -> None:
        """Write what is buffered; nothing is added any more."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def batches(
        self, path: Path, start: int = 0, stop: int | None = None
    ) -> Iterator[pa.RecordBatch] | None:
        """The batches of a file, from number ``start``; None where this process has them not."""
        if path not in self.rows:
            return None
        if path in self._memory or not self.rows[path]:
            return iter(self._memory.get(path, [])[start:stop])
        if self._spool is None or not Path(self._spool).is_file():
            return None
        return self._read(self._places[path][start:stop])

    def __getstate__(self) -> dict[str, Any]:
        """What another process gets: not the batches in memory."""
        return self.__dict__ | {"_memory": {}, "_out": None}

    def _write(self, path: Path, batch: pa.RecordBatch) -> None:
        if self._out is None:
            # Not deleted by itself: other processes read it as long as this object lives.
            self._out = tempfile.NamedTemporaryFile(  # noqa: SIM115
                prefix="gridcontainer-", suffix=".arrows", delete=False
            )
            self._spool = self._out.name
            weakref.finalize(self, Path(self._spool).unlink, missing_ok=True)
            early, self._memory = self._memory, {}
            for other, kept in early.items():
                for one in kept:
                    self._write(other, one)
        offset = self._out.tell()
        with pa.ipc.new_stream(self._out, batch.schema) as writer:
            writer.write_batch(batch)
        self._places.setdefault(path, []).append((offset, self._out.tell() - offset))

    def _read(self, places: Sequence[_Place]) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(self._spool)) as spool:
            for offset, length in places:
                spool.seek(offset)
                yield from pa.ipc.open_stream(spool.read_buffer(length))


def parse_files(files: Mapping[Path, str], source: Source) -> ParsedFiles:
    """Parse all files, once.

    Args:
        files: what ``_file`` should say of each.
        source: says how they are written.

    Raises:
        SourceError: one cannot be read as declared, or changed while it was read.
    """
    parsed = ParsedFiles()
    for path, name in files.items():
        known = JsonFacts()
        while True:
            found, columns = JsonFacts(), dict[str, None]()
            batches = parse_file(path, name, source, known, found, columns)
            parsed.add(path, require_stable(path, batches))
            if not found.is_late:
                break
            known = found
        parsed.columns |= columns
        parsed.facts[path] = found
    parsed.finish()
    return parsed


def parse_file(
    path: Path,
    file: str,
    source: Source,
    known: JsonFacts,
    found: JsonFacts,
    columns: dict[str, None],
) -> Iterator[pa.RecordBatch]:
    """The batches of one file, each with the columns of its own rows.

    Args:
        path: path of the file.
        file: what ``_file`` should say.
        source: says how it is written.
        known: facts that an earlier reading found, or empty ones.
        found: gets what the end of the file tells.
        columns: gets the names of the columns, in the order in which they are met.
    """
    rows: Iterator[RawRow]
    if source.format == "json":
        rows = stream_json(path, source, known, found)
    elif source.format == "geojson":
        rows = stream_geojson(path, source, found)
    else:
        names, rows = open_excel(path, source)
        columns |= dict.fromkeys(names)
    while chunk := list(islice(rows, _BATCH_ROWS)):
        own = dict.fromkeys(name for row in chunk for name in row.values)
        columns |= own
        yield from to_batches(iter(chunk), raw_schema(list(own)), file)


def read_parsed(piece: Piece, parsed: ParsedFiles, source: Source) -> Iterator[pa.RecordBatch]:
    """The batches of a piece of a parsed file; parsed again where this process has them not."""
    kept = parsed.batches(piece.path, piece.start, piece.stop)
    if kept is not None:
        return kept
    facts = parsed.facts.get(piece.path, JsonFacts())
    again = parse_file(piece.path, piece.file, source, facts, JsonFacts(), {})
    return islice(again, piece.start, piece.stop)


def split_parsed(
    root: Path, files: Iterable[Path], parsed: ParsedFiles, target_bytes: int
) -> list[Piece]:
    """Pieces of whole batches where other processes can read them; else one piece a file."""
    pieces: list[Piece] = []
    for whole in whole_files(root, files):
        counts = parsed.rows[whole.path]
        parts = max(1, min(len(counts), -(-whole.size // target_bytes)))
        if parts == 1 or not parsed.is_shared:
            pieces.append(whole)
            continue
        edges = [number * len(counts) // parts for number in range(parts + 1)]
        pieces += [
            replace(
                whole, size=whole.size // parts, start=start, stop=stop,
                first_row=sum(counts[:start]) + 1,
            )
            for start, stop in pairwise(edges)
        ]  # fmt: skip
    return pieces
