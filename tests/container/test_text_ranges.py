"""Delimited texts and JSON lines in ranges: however cut, the pieces give the file's own rows."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources import open_source, read_piece, split
from gridcontainer.container.sources.text import blocks, ranges
from gridcontainer.errors import SourceError

CELLS = st.text(st.sampled_from('a1,;"\n\r 浦é😀\u2028\ufeff'), max_size=6)
RECORDS = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12)
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def declaration(kind: str = "csv", **source: Any) -> Declaration:
    given = {"dataset": "places", "department": "planning", "title": "", "kind": "table"}
    return Declaration.model_validate(given | {"source": {"path": "p", "format": kind} | source})


def rows_of(folder: Path, declared: Declaration, target: int) -> tuple[int, list[dict[str, Any]]]:
    source = open_source(folder, declared)
    pieces = split(source, declared, target_bytes=target)
    assert sum(piece.size for piece in pieces) == source.size
    found = [
        row
        for piece in pieces
        for batch in read_piece(piece, source, declared)
        for row in batch.to_pylist()
    ]
    assert [row["_row"] for row in found] == list(range(1, len(found) + 1))
    return len(pieces), found


def write(records: list[list[str]], end: str, quoting: str) -> str:
    """Records as text; without quoting, line ends and quotes in cells break them."""

    def cell(text: str) -> str:
        if quoting == "all" or (quoting == "some" and set(text) & set(',"\r\n')):
            return '"' + text.replace('"', '""') + '"'
        return text

    return "".join(",".join(map(cell, record)) + end for record in records)


def rows_or_error(folder: Path, declared: Declaration, target: int) -> Any:
    try:
        return rows_of(folder, declared, target)[1]
    except SourceError as error:
        return str(error)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranges")


@settings(max_examples=400)
@given(
    records=RECORDS,
    end=LINE_ENDS,
    quoting=st.sampled_from(["some", "all", "none"]),
    blank=st.integers(0, 3),
    skip_rows=st.integers(0, 2),
    header=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5hkscs"]),
    bad=st.none() | st.tuples(st.integers(0, 200), st.sampled_from([b"\xff", b"\0", b'"', b"\r"])),
    target=st.integers(1, 80),
    block=st.integers(1, 90),
    part=st.integers(1, 70),
)
def test_the_pieces_of_any_text_are_the_file(
    folder, records, end, quoting, blank, skip_rows, header, encoding, bad, target, block, part
):
    body = write(records, end, quoting)
    body = body.replace(end, end * (blank + 1), blank)
    text = "a title,\n" * skip_rows + ("x,y,z\n" if header else "") + body
    content = text.encode(encoding, "ignore")
    if bad is not None and bad[0] > 40:
        content = content[: bad[0]] + bad[1] + content[bad[0] :]
    (folder / "p").write_bytes(content)
    keys = {} if header else {"header": False, "columns": ["x", "y", "z"]}
    declared = declaration(encoding=encoding, skip_rows=skip_rows, most_broken=1.0, **keys)
    with pytest.MonkeyPatch.context() as patch:
        whole = rows_or_error(folder, declared, 1 << 30)
        patch.setattr(blocks, "BLOCK_BYTES", block)
        patch.setattr(ranges, "_PART_BYTES", part)
        assert rows_or_error(folder, declared, target) == whole


LINES = st.sampled_from(
    ['{"x": 1}', '{"x": "浦"}', "[1]", "", " ", "\t\x0b", '{"x": "a', "\ufeff{}"]
)


@given(
    lines=st.lists(LINES, max_size=20),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "gb18030", "utf-16-le"]),
    target=st.integers(1, 60),
    block=st.integers(1, 50),
    part=st.integers(1, 30),
)
def test_the_pieces_of_json_lines_are_the_file(folder, lines, end, encoding, target, block, part):
    (folder / "p").write_bytes(end.join(['{"x": 0}', *lines]).encode(encoding))
    declared = declaration("jsonlines", encoding=encoding)
    with pytest.MonkeyPatch.context() as patch:
        _, whole = rows_of(folder, declared, 1 << 30)
        assert len(whole) == 1 + sum(bool(line.strip()) for line in lines)
        patch.setattr(blocks, "BLOCK_BYTES", block)
        patch.setattr(ranges, "_PART_BYTES", part)
        _, found = rows_of(folder, declared, target)
    assert found == whole


def test_a_file_is_many_pieces_of_about_the_target_size(folder):
    body = "".join(f'{n},"a ""b""\n{n}",浦\n' for n in range(2000))
    (folder / "p").write_text("x,y,z\n" + body, encoding="utf-8")
    count, found = rows_of(folder, declaration(), 2000)
    assert count == round(len(body.encode()) / 2000)
    assert [row["y"] for row in found] == [f'a "b"\n{n}' for n in range(2000)]


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (b'x,y\n1,5" pipe\n' * 50, {}),  # quotes in the middle of fields
        ("x|y\n1|\"浦\"\n".encode("gb18030") * 50, {"encoding": "gb18030", "separator": "|"}),
        ("x,y\n1,2\n".encode("utf-16") + "3,4\n".encode("utf-16-le") * 50, {"encoding": "utf-16"}),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_in_its_bytes_is_one_piece(folder, content, keys):
    (folder / "p").write_bytes(content)
    count, found = rows_of(folder, declaration(**keys), 20)
    assert count == 1
    assert len(found) > 49


def test_json_lines_are_many_pieces(folder):
    records = [{"n": n, "text": "a\nb" * (n % 5)} for n in range(500)]
    (folder / "p").write_text("\n".join(map(json.dumps, records)))
    count, found = rows_of(folder, declaration("jsonlines"), 1000)
    assert count > 5
    assert [row["n"] for row in found] == [str(n) for n in range(500)]
