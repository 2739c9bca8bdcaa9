"""A JSON text read from a file bit by bit: one value at a time, in bounded memory."""

import codecs
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from gridcontainer.container.sources.content_kind import GZIP, read_head
from gridcontainer.container.sources.json_text import parse_json_at
from gridcontainer.container.sources.records import UNREADABLE, unreadable
from gridcontainer.errors import SourceError

_CHUNK: Final = 1 << 20  # bytes
_LONGEST_VALUE: Final = 1 << 28  # characters; a quote that is never closed would take all memory
_BLANK: Final = re.compile(r"[ \t\n\r]*")
# The longest token whose beginning looks wrong until its end is there: -Infinity, \ud83d\ude00.
_LONGEST: Final = 20
_NO_BYTES: Final = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of a bad byte


class UndecodableError(ValueError):
    """A value holds bytes that are not in the file's encoding; its text says which."""


class JsonReader:
    """The tokens of one JSON file in their order.

    Attributes:
        path: path of the file.
        encoding: encoding as declared.
        undecodable: what was wrong with the first bytes that are not in the encoding, or None.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        """Open nothing yet; the first token does."""
        self.path = path
        self.undecodable: str | None = None
        self.encoding = encoding
        self._file: IO[bytes] | None = None
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._text, self._at = "", 0
        self._lines, self._columns, self._bytes = 0, 0, 0  # read and dropped before the text
        self._ended = False

    def peek(self) -> str:
        """The first character of the next token; empty at the end of the file."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def take(self, token: str, otherwise: str) -> None:
        """Pass over a token.

        Raises:
            SourceError: something else stands there; ``otherwise`` says what is wrong.
        """
        if self.peek() != token:
            raise self.error(otherwise)
        self._at += 1

    def value(self) -> Any:
        """The next value.

        Raises:
            SourceError: it is no JSON, or is nested too deeply.
            UndecodableError: it holds bytes that are not in the encoding; it is passed over.
        """
        self.peek()
        while True:
            try:
                value, end = parse_json_at(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or (
                    error.pos > len(self._text) - _LONGEST
                )
                if cut and self._fill():
                    continue
                raise self.error(error.msg, error.pos) from error
            except RecursionError as error:
                raise SourceError(f"{self.path} is JSON nested too deeply to be records") from error
            if len(self._text) - end < _LONGEST and self._fill():
                continue  # a number may go on
            start, self._at = self._at, end
            if self.undecodable and _NO_BYTES.search(self._text, start, end):
                raw = self._text[start:end].encode("utf-8", "surrogateescape")
                raise UndecodableError(raw.decode("utf-8", "backslashreplace"))
            return value

    def items(self) -> Iterator[None]:
        """The items of the list that comes next; each is to be taken before the next one."""
        self.take("[", "Expecting value")
        if self.peek() != "]":
            yield
            while self.peek() == ",":
                self._at += 1
                yield
        self.take("]", "Expecting ',' delimiter")

    def members(self) -> Iterator[str]:
        """The names of the members of the object that comes next; their values are to be taken."""
        self.take("{", "Expecting value")
        if self.peek() != "}":
            yield self._name()
            while self.peek() == ",":
                self._at += 1
                yield self._name()
        self.take("}", "Expecting ',' delimiter")

    def end(self) -> None:
        """The file ends here.

        Raises:
            SourceError: there is more of it.
        """
        if self.peek():
            raise self.error("Extra data")
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def error(self, said: str, at: int | None = None) -> SourceError:
        """What to raise where the text stops being JSON."""
        at = self._at if at is None else at
        line = self._text.count("\n", 0, at)
        last = self._text.rfind("\n", 0, at)
        column = at - last if line else self._columns + at + 1
        return SourceError(
            f"{self.path} is not JSON from line {self._lines + line + 1}, column {column}: {said}. "
            "Is the file cut short? One record a line is source.format: jsonlines"
        )

    def _name(self) -> str:
        if self.peek() != '"':
            raise self.error("Expecting property name enclosed in double quotes")
        try:
            name = str(self.value())
        except UndecodableError as error:
            name = str(error).strip('"')
        self.take(":", "Expecting ':' delimiter")
        return name

    def _fill(self) -> bool:
        """Read on, as much again as is kept, so that a long value is not parsed many times."""
        if self._ended:
            return False
        self._drop()
        if len(self._text) > _LONGEST_VALUE:
            raise self.error(f"a value of more than {_LONGEST_VALUE:,} characters")
        try:
            if self._file is None:
                packed = self.path.suffix == ".gz" or read_head(self.path).startswith(GZIP)
                opened = gzip.open if packed else open
                self._file = opened(self.path, "rb")  # type: ignore[assignment]
            data = self._file.read(max(_CHUNK, len(self._text)))  # type: ignore[union-attr]
        except UNREADABLE as error:
            raise unreadable(self.path, error) from error
        self._ended = not data
        text = self._decode(data)
        if self._bytes == 0:
            text = text.removeprefix("\ufeff")
        self._bytes += len(data)
        self._text += text
        return True

    def _drop(self) -> None:
        """Forget what was taken."""
        taken = self._text[: self._at]
        lines = taken.count("\n")
        self._lines += lines
        self._columns = len(taken) - taken.rfind("\n") - 1 if lines else self._columns + len(taken)
        self._text, self._at = self._text[self._at :], 0

    def _decode(self, data: bytes) -> str:
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(data, self._ended)
        except UnicodeDecodeError as error:
            at = self._bytes - len(state[0]) + error.start
            self.undecodable = self.undecodable or f"{error.reason} at byte {at}"
        except UnicodeError as error:  # UTF-16 without its mark
            raise SourceError(
                f"{self.path} is not {self.encoding}: {error}. Set source.encoding"
            ) from error
        self._decoder = codecs.getincrementaldecoder(self.encoding)("surrogateescape")
        self._decoder.setstate(state)
        return self._decoder.decode(data, self._ended)
