"""Columns of texts to columns of their parts; each different text is read once."""

from collections.abc import Iterable
from typing import Final

import pandas as pd
from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.addresses.address import Address
from gridcontainer.addresses.areas import AreaIndex
from gridcontainer.addresses.normal import is_readable
from gridcontainer.addresses.parse import parse_address
from gridcontainer.container.declaration.expression import Expression, Kind

KEY_TYPE: Final = T.StructType(
    [T.StructField("kind", T.StringType(), False), T.StructField("name", T.StringType(), False)]
)
PARTS: Final = T.StructType(
    [
        T.StructField("readable", T.BooleanType(), False),
        T.StructField("shape", T.StringType(), False),
        T.StructField("understood", T.BooleanType(), False),
        T.StructField("keys", T.ArrayType(KEY_TYPE, False), False),
        T.StructField("areas", T.ArrayType(T.StringType(), False), False),
        T.StructField("road", T.StringType()),
        T.StructField("road_number", T.LongType()),
        T.StructField("cross", T.StringType()),
        T.StructField("direction", T.StringType()),
        T.StructField("offset_metres", T.DoubleType()),
    ]
)


def add_parts(texts: DataFrame, *, areas: AreaIndex) -> DataFrame:
    """Add what each text says.

    Args:
        texts: with ``text``, and ``district``, what the row itself says of it; both may be null.
            Each pair should come once.
        areas: that names of districts and towns mean.

    Returns:
        The same rows with ``PARTS``: ``keys`` from fine to coarse; ``areas`` in which the place
        must be, the finest first.
    """
    schema = T.StructType([*texts.schema.fields, *PARTS.fields])

    def read(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        for batch in batches:
            parts = [
                _parts(text, district, areas)
                for text, district in zip(batch["text"], batch["district"], strict=True)
            ]
            columns = pd.DataFrame(parts, columns=PARTS.names, dtype=object, index=batch.index)
            yield pd.concat([batch, columns], axis=1)

    return texts.mapInPandas(read, schema)


def _parts(text: str | None, district: str | None, areas: AreaIndex) -> tuple[object, ...]:
    address = parse_address(text or "")
    return (
        is_readable(text or ""),
        address.shape,
        address.shape != "unknown" and not address.rest,
        [(key.kind, key.name) for key in address.to_keys()],
        areas.named(district or address.district, address.town),
        address.road,
        _number_along(address),
        address.cross,
        address.direction,
        address.offset_metres,
    )


def _number_along(address: Address) -> int | None:
    """A number that belongs to the road and not to a crossing's second road."""
    return None if address.cross is not None else address.road_number


def declared_text(rows: DataFrame, expression: Expression | None, *, place: str) -> Column:
    """The text that an expression gives for each row; null where none is declared.

    Args:
        rows: with the columns that the expression reads.
        expression: as the address book has it.
        place: dataset and key, for the message.

    Raises:
        DeclarationError: the expression does not fit the columns.
    """
    if expression is None:
        return F.lit(None).cast("string")
    return F.expr(expression.to_spark(rows.dtypes, place=place, as_kind=Kind.TEXT))


def add_text_id(rows: DataFrame) -> DataFrame:
    """Add ``text_id``, a digest of ``text`` and ``district``."""
    whole = F.concat_ws("\x1f", F.coalesce("text", F.lit("")), F.coalesce("district", F.lit("")))
    return rows.withColumn("text_id", F.xxhash64(whole))


def distinct_texts(rows: DataFrame) -> DataFrame:
    """``text_id``, ``text`` and ``district`` of rows, each once."""
    return rows.select("text_id", "text", "district").dropDuplicates(["text_id"])
