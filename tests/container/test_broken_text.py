"""Texts as the field sends them: stray quotes, bad bytes, two encodings, wrong names, odd ends."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources import open_source, read_batches, read_piece, split
from gridcontainer.container.sources.text.broken import Broken, require_mostly_text
from gridcontainer.errors import SourceError

HEAD = "id,lon,lat,name\n"
FIVE = [f"{n},121.4{n},31.2{n},Tower {name}\n" for n, name in enumerate("ABCDE", start=1)]


@pytest.fixture
def read(tmp_path: Path, declare):
    """Rows of a file of these bytes, by their number."""

    def rows(content: bytes | str, name: str = "places.csv", **keys: Any) -> dict[int, dict]:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        declared = declare(name, **keys)
        source = open_source(tmp_path, declared)
        found = [
            row
            for piece in split(source, declared, target_bytes=1 << 30)
            for batch in read_piece(piece, source, declared)
            for row in batch.to_pylist()
        ]
        assert [row["_row"] for row in found] == list(range(1, len(found) + 1))
        return {row["_row"]: row for row in found}

    return rows


def faults(rows: dict[int, dict]) -> dict[int, str]:
    return {number: row["_fault"] for number, row in rows.items() if row["_fault"]}


# Quotes that swallow rows


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_stray_quote_is_a_fault_with_its_lines_and_nothing_is_lost(read, separator, end):
    lines = [FIVE[0].replace("T", '"T'), FIVE[1], FIVE[2].replace("T", '"T'), FIVE[3],
             FIVE[4].replace("Tower E", '"Tower E"')]  # fmt: skip
    text = (HEAD + "".join(lines)).replace(",", separator).replace("\n", end)
    rows = read(text, separator=separator)
    assert list(faults(rows)) == [1]
    assert rows[1]["_fault"].startswith("a quote opened in line 2 runs on to line 4")
    assert (
        rows[1]["_text"] == "".join(lines[:3]).replace(",", separator).replace("\n", end).rstrip()
    )
    assert [rows[n]["name"] for n in (2, 3)] == ["Tower D", "Tower E"]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("swallowed", [1, 2, 3])
def test_a_quote_that_closes_at_the_end_of_a_field_below(read, separator, swallowed):
    lines = list(FIVE)
    lines[0] = lines[0].replace("T", '"T')
    lines[swallowed] = lines[swallowed].replace("\n", '"\n')
    rows = read((HEAD + "".join(lines)).replace(",", separator), separator=separator)
    said = f"a quote opened in line 2 swallows {swallowed} lines that look like records"
    assert faults(rows) == {1: said}
    assert len(rows) == 5 - swallowed


@pytest.mark.parametrize("closing", ['Tower 4"', '"Tower 4"'])
def test_a_quote_in_a_middle_column(read, closing):
    lines = [f"{n},Tower {n},121.4,31.{n}\n" for n in range(1, 6)]
    lines[1] = lines[1].replace("T", '"T')
    lines[3] = lines[3].replace("Tower 4", closing)
    rows = read("id,name,lon,lat\n" + "".join(lines))
    assert list(faults(rows)) == [2]
    assert "quote opened in line 3" in rows[2]["_fault"]
    assert all(f"Tower {n}" in rows[2]["_text"] for n in (2, 3, 4))


def test_texts_of_several_lines_stay_as_they_are(read):
    notes = [
        "Room 5, Building 3,\nRoad 7, Shanghai, China",
        "two\nlines",
        "a\n\nb",
        "1,2\n3",
        "x\n",
    ]
    lines = [f'{n},121.4,31.2,"{note}"\n' for n, note in enumerate(notes)]
    rows = read(HEAD + "".join(lines))
    assert faults(rows) == {}
    assert [row["name"] for row in rows.values()] == notes


def test_addresses_beside_names_stay_as_they_are(read):
    rows = read('name,address\na,"Road 7, Pudong\nShanghai, China"\nb,c\n', kind="table",
                position=None)  # fmt: skip
    assert faults(rows) == {}
    assert rows[1]["address"] == "Road 7, Pudong\nShanghai, China"


def test_a_file_to_join_has_a_line_end_in_a_name(read):
    rows = read('code,name,lon,lat\n00123,"two\nlines",121.415,31.215\n00124,plain,121.425,31.2\n')
    assert [(row["code"], row["name"]) for row in rows.values()] == [
        ("00123", "two\nlines"),
        ("00124", "plain"),
    ]


def test_a_quote_that_is_never_closed_takes_a_record_or_the_file(read):
    many = "".join(f"{n},121.4,31.2,Tower {n}\n" for n in range(100))
    rows = read(HEAD + many + '100,121.4,31.2,"Tower\n101,121.4,31.2,x\n')
    assert list(faults(rows)) == [101]
    assert rows[101]["_fault"].startswith("a quote opened in line 102 is never closed")
    assert "101,121.4" in rows[101]["_text"]
    assert list(faults(read(HEAD + '1,121.4,31.2,"Tow'))) == [1]  # cut short in its last line
    with pytest.raises(SourceError, match=r"places\.csv .*a quote is not closed.* line 3 "):
        read(HEAD + FIVE[0] + '2,121.4,31.2,"Tower\n' + many)


# Bytes that are no text


def test_one_bad_byte_costs_its_line(read):
    lines = [HEAD, "1,121.41,31.21,人民广场\n", "2,121.42,31.22,徐家汇\n", "3,121.43,31.23,外滩\n"]
    data = [line.encode("gb18030") for line in lines]
    data[2] = data[2].replace("家".encode("gb18030"), b"\xff\xff")
    rows = read(b"".join(data), encoding="gb18030")
    assert faults(rows) == {2: "line 3 is not gb18030: 0xff at byte 18"}
    assert rows[2]["_text"].startswith(r"2,121.42,31.22,徐\xff\xff")
    assert [rows[n]["name"] for n in (1, 3)] == ["人民广场", "外滩"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk", "big5", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("kind", ["csv", "jsonlines"])
def test_bad_bytes_in_any_encoding(read, encoding, kind):
    lines = [f'{{"id": {n}, "lon": 1, "lat": 2, "name": "上"}}\n' for n in range(1, 31)]
    if kind == "csv":
        lines = [HEAD, *(f"{n},1,2,上\n" for n in range(1, 31))]
    data = [line.encode(encoding.removesuffix("-be")) if n == 0 else
            line.encode(encoding if encoding != "utf-16" else "utf-16-le")
            for n, line in enumerate(lines)]  # fmt: skip
    if encoding == "utf-16-be":
        data[0] = lines[0].encode(encoding)
    bad = b"\xdc\x00" if encoding == "utf-16-be" else b"\x00\xdc" if "16" in encoding else b"\xff"
    where = data[9].index("上".encode("utf-16-le" if encoding == "utf-16" else encoding))
    data[9] = data[9][:where] + bad + data[9][where:]
    rows = read(b"".join(data), format=kind, encoding=encoding)
    (number,) = faults(rows)
    assert rows[number]["_fault"].startswith(f"line 10 is not {encoding}")
    assert rows[number]["_fault"].endswith(f"at byte {where + 1}")
    assert len(rows) == 30
    assert {row["name"] for n, row in rows.items() if n != number} == {"上"}


def test_beyond_a_share_the_file_is_refused_with_the_first_lines(read, declare, tmp_path):
    data = HEAD.encode() + b"1,1,2,\xff\n" * 12 + b"1,1,2,a\n" * 60
    with pytest.raises(
        SourceError, match=r"12 of 72 records are broken; line 2 .*; line 4 .* byte"
    ):
        read(data)
    declared = declare().model_dump()
    declared["source"] |= {"most_broken": 0.2}
    (tmp_path / "places.csv").write_bytes(data)
    batches = list(
        read_batches(tmp_path / "places.csv", "p", HEAD.strip().split(","),
                     Declaration.model_validate(declared))
    )  # fmt: skip
    counted = Broken()
    for batch in batches:
        counted.add(batch)
    assert (counted.records, counted.broken, len(counted.first)) == (72, 12, 3)
    twice = counted + counted
    assert (twice.records, twice.broken, twice.first) == (144, 24, counted.first)
    with pytest.raises(SourceError, match="24 of 144"):
        require_mostly_text(tmp_path / "places.csv", declare().source, twice)


def test_nine_bad_lines_of_many_kinds_do_not_refuse_a_small_file(read):
    rows = read(HEAD.encode() + b"1,1,2,\xff\n" * 9 + b"1,1,2,a\n")
    assert len(faults(rows)) == 9


def test_zero_bytes_and_marks_in_the_middle_are_named(read):
    rows = read(HEAD + "1,1,2,a\n2,1\0,2,b\n\ufeffid,lon,lat,name\n3,1,2,c\ufeff\n")
    assert faults(rows) == {
        2: "line 3 holds a NUL byte at byte 4",
        3: "line 4 begins with a byte-order mark: the file is several files joined",
    }
    assert rows[4]["name"] == "c\ufeff"


# Two encodings in one file


@pytest.mark.parametrize("separator", [",", "|"])
def test_lines_of_utf8_in_another_encoding_are_faults(read, separator):
    gbk = ["南京西路", "联通", "人民广场地铁站", "浦东新区世纪大道", "ABC"]
    utf8 = ["徐家汇", "上海", "世纪大道100号", "浦东新区"]
    lines = [(n, name, "gb18030") for n, name in enumerate(gbk)]
    lines += [(n + 10, name, "utf-8") for n, name in enumerate(utf8)]
    data = b"".join(f"{n},1,2,{name}\n".replace(",", separator).encode(e) for n, name, e in lines)
    rows = read(HEAD.replace(",", separator).encode() + data, encoding="gb18030",
                separator=separator)  # fmt: skip
    assert set(faults(rows)) == {6, 7, 8, 9}
    assert all("line" in said and "utf-8" in said.lower() for said in faults(rows).values())
    assert [rows[n]["name"] for n in range(1, 6)] == gbk


def test_a_field_of_utf8_in_a_line_of_gb18030_is_a_fault(read):
    good = "1,1,2,人民广场\n".encode("gb18030")
    mixed = b"2,1," + "南京路".encode("gb18030") + b"," + "徐家汇站".encode()
    rows = read(b"id,lon,lat,name\n" + good + mixed + b"\n", encoding="gb18030")
    assert list(faults(rows)) == [2]


def test_lines_of_gbk_in_utf8_are_faults_that_say_so(read):
    rows = read((HEAD + "1,1,2,上海\n").encode() + "2,1,2,徐家汇\n".encode("gbk"))
    assert faults(rows) == {2: "line 3 is not utf-8 but gb18030: 0xd0 at byte 7"}


def test_a_whole_file_of_utf8_declared_as_gb18030_is_refused(read):
    text = HEAD + "".join(f"{n},1,2,上海市人民广场\n" for n in range(40))
    with pytest.raises(SourceError, match=r"as gb18030 .*40 of 40 records are broken; line 2 "):
        read(text, encoding="gb18030")
    with pytest.raises(SourceError, match=r"gb18030 .*the line of names is UTF-8"):
        read("名称,lon,lat\na,1,2\n", encoding="gb18030")


# Files under wrong names


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, HEAD)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"), io.BytesIO())
    return buffer.getvalue()


PAGE = b"\xef\xbb\xbf\n<!DOCTYPE html><table><tr><td>1</td></tr></table>"
TEXT = HEAD + "".join(FIVE)


@pytest.mark.parametrize("kind", ["csv", "jsonlines"])
@pytest.mark.parametrize("name", ["places.csv", "places.csv.gz"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped("a.csv", "b.csv"), r"a ZIP archive of a\.csv, b\.csv, not text; unpack"),
        (zipped("xl/workbook.xml"), r"an Excel workbook, not text; set source.format: excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "an Excel workbook"),
        (PAGE, "an HTML page, not text"),
        (b"PAR1" + b"\0" * 20, "a Parquet file, not text; set source.format"),
        (b"SQLite format 3\0" + b"\0" * 20, "a GeoPackage"),
        (b"%PDF-1.4", "a PDF"),
        (tarred(), "a tar archive, not text"),
    ],
    ids=["zip", "xlsx", "xls", "html", "parquet", "sqlite", "pdf", "tar"],
)  # fmt: skip
def test_what_is_no_text_is_named(read, kind, name, content, said):
    with pytest.raises(SourceError, match=rf"{name} is {said}"):
        read(content, name, format=kind)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("kind", ["csv", "jsonlines"])
@pytest.mark.parametrize("packed", [False, True])
def test_wide_text_is_named_and_read_when_declared(read, encoding, kind, packed):
    text = TEXT if kind == "csv" else '{"lon": 1, "lat": 2}\n' * 5
    data = gzip.compress(text.encode(encoding)) if packed else text.encode(encoding)
    with pytest.raises(SourceError, match=rf"is {encoding} text, not utf-8: set source.encoding"):
        read(data, format=kind)
    assert len(read(data, format=kind, encoding=encoding)) == 5
    with pytest.raises(SourceError, match=rf"places.csv is not {encoding}: none of its first"):
        read(text, format=kind, encoding=encoding)


@pytest.mark.parametrize("kind", ["csv", "jsonlines"])
def test_gzip_is_read_whatever_its_name(read, kind):
    text = TEXT if kind == "csv" else '{"lon": 1, "lat": 2}\n' * 5
    assert len(read(gzip.compress(text.encode()), format=kind)) == 5
    with pytest.raises(SourceError, match=r"places\.csv\.gz cannot be read: it is no gzip file"):
        read(text, "places.csv.gz", format=kind)


# A separator at the end of each record


@pytest.mark.parametrize("excess", [1, 3])
@pytest.mark.parametrize("in_header", [False, True])
def test_empty_fields_after_the_last_column_are_no_fault(read, excess, in_header):
    lines = [line.replace("\n", "," * excess + "\n") for line in FIVE]
    lines[3] = lines[3].replace(",\n", ",more\n")
    lines[4] = FIVE[4]
    head = HEAD.replace("\n", "," * excess + "\n") if in_header else HEAD
    rows = read(head + "".join(lines))
    expected = {} if in_header else {4: f"{4 + excess} columns, not 4"}
    assert faults(rows) == expected
    assert [rows[n]["name"] for n in (1, 2, 3, 5)] == [f"Tower {x}" for x in "ABCE"]


def test_faults_of_a_large_file_are_not_held(tmp_path, declare):
    path = tmp_path / "places.csv"
    path.write_text(HEAD + "1,121.4,31.2,a,\n2,121.4\n" * 400_000)
    declared = declare()
    tracemalloc.start()
    count = broken = 0
    for batch in read_batches(path, "places.csv", HEAD.strip().split(","), declared):
        count += len(batch)
        broken += len(batch) - batch.column("_fault").null_count
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, broken) == (800_000, 400_000)
    assert peak < 200 << 20


def test_blank_lines_among_those_that_are_skipped_count(read):
    rows = read("A title\n\n" + HEAD + "".join(FIVE), skip_rows=2)
    assert len(rows) == 5
