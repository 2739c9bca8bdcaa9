"""Keys as texts: normalised where declared, digested to ``object_id``, hashed to be compared.

Digests and hashes are made by DuckDB, on all rows of a batch at once. ``object_ids`` is kept in
tables and never changes. The 64-bit hashes are the same in all processes and batches of one run;
they are not kept, because another version of DuckDB may hash otherwise.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridcontainer.container.declaration.characters import BLANKS, INVISIBLE, one_of
from gridcontainer.container.declaration.numbers import KeyStep
from gridcontainer.container.judge.arrow import Array, pc, without
from gridcontainer.container.judge.texts import is_missing, plain_type, text_of, trim

if TYPE_CHECKING:
    import duckdb

Hashes = npt.NDArray[np.uint64]

_SEPARATOR: Final = "\x1f"  # ASCII unit separator: in no business key
_DIGITS: Final = 32  # of the 64 of SHA-256
_FEW: Final = 2_000  # rows for which starting DuckDB takes longer than hashing one by one
_BLANK: Final = one_of(BLANKS) + "+"
_UNSEEN: Final = one_of(INVISIBLE) + "+"


def key_texts(
    column: Array, *, steps: Sequence[KeyStep] = (), missing: Sequence[str] = ()
) -> Array:
    """A key column as the texts that are compared and digested.

    Args:
        column: values of any type without fields; n of them.
        steps: of ``key_normalisation``; none compares texts as they are written.
        missing: texts that mean "no value".

    Returns:
        n strings; null where the key is missing (null, blank or one of ``missing``).

    Raises:
        SourceError: the values are lists, structs or maps.
    """
    absent = is_missing(column, missing)
    texts = _normalised(text_of(column), steps) if steps else text_of(column)
    return without(texts, absent)


def object_ids(dataset: str, keys: Sequence[Array]) -> Array:
    """A digest of each business key: the same on every run, and in every table ever written.

    Args:
        dataset: its name.
        keys: one array a key column, of ``key_texts``; n rows.

    Returns:
        n strings of 32 hexadecimal digits: the first half of the SHA-256 of the dataset's name and
        the key's texts with an ASCII unit separator between them. Nulls are left out.
    """
    rows = len(keys[0])
    named = pa.scalar(dataset)
    whole = pc.binary_join_element_wise(named, *keys, _SEPARATOR, null_handling="skip")
    if rows <= _FEW:
        digests = (hashlib.sha256(text.encode()).hexdigest() for text in whole.to_pylist())
        return pa.array([digest[:_DIGITS] for digest in digests], pa.string())
    return _computed(f"left(sha256(c0), {_DIGITS})", [whole], pa.string())


def key_hash(columns: Sequence[Array]) -> Hashes:
    """A 64-bit hash of each row's key.

    Args:
        columns: of the key, such as those of ``key_texts``; n rows.

    Returns:
        n hashes. Rows of equal keys have equal hashes; a null is not a blank, and ``("ab", "c")``
        is not ``("a", "bc")``.
    """
    names = ", ".join(f"c{i}, c{i} IS NULL" for i in range(len(columns)))
    hashes = _computed(f"hash({names})", [plain_type(c) for c in columns], pa.uint64())
    return cast(Hashes, hashes.to_numpy(zero_copy_only=False))


def content_hash(batch: pa.RecordBatch, columns: Sequence[str]) -> Hashes:
    """A 64-bit hash of the contents of each row.

    Args:
        batch: n rows.
        columns: names of the source's own columns in it.

    Returns:
        n hashes, as of ``key_hash``.
    """
    if not columns:
        return np.zeros(batch.num_rows, dtype=np.uint64)
    return key_hash([batch.column(name) for name in columns])


def _normalised(texts: Array, steps: Sequence[KeyStep]) -> Array:
    """The steps in the order in which they make sense, whatever the order declared."""
    if "nfkc" in steps:
        texts = pc.utf8_normalize(texts, form="NFKC")
    if "blanks" in steps:
        texts = pc.replace_substring_regex(texts, _UNSEEN, "")
        texts = trim(pc.replace_substring_regex(texts, _BLANK, " "))
    return pc.utf8_lower(texts) if "case" in steps else texts


def _computed(expression: str, columns: Sequence[Array], kind: pa.DataType) -> Array:
    """What DuckDB computes of columns ``c0``, ``c1``, …; rows stay in their order."""
    table = pa.table({f"c{i}": column for i, column in enumerate(columns)})
    view = _connection().cursor().from_arrow(table)
    computed = view.project(f"{expression} AS v").to_arrow_table().column("v")
    return pc.cast(computed.combine_chunks(), kind)


@cache
def _connection() -> "duckdb.DuckDBPyConnection":
    """One database in memory for this process; a task has one core, so one thread."""
    import duckdb  # noqa: PLC0415 - a process without many keys does not need it

    return duckdb.connect(":memory:", config={"threads": 1})
