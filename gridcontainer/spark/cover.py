"""Covers of a frame's shapes, by batches of Arrow through ``grid.cover``."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyspark.sql import DataFrame, types as T

from gridcontainer.grid.cover import MAX_CELLS_EACH, cover
from gridcontainer.grid.levels import get_level

COVER_FIELDS: Final = (
    T.StructField("cover_cell", T.LongType()),
    T.StructField("cover_level", T.IntegerType()),
    T.StructField("is_interior", T.BooleanType()),
    T.StructField("chip", T.BinaryType()),
    T.StructField("repair", T.StringType()),
    T.StructField("problem", T.StringType()),
)


def grid_cover(
    frame: DataFrame,
    level: int,
    *,
    geometry: str = "geometry",
    compact: bool = False,
    coarsest: int = 1,
    chips: bool = False,
    include_edges: bool = True,
    max_cells: int = MAX_CELLS_EACH,
) -> DataFrame:
    """Rows of a frame, once for each cell of their shape; ``grid.cover.cover`` on Spark.

    Args:
        frame: with shapes as WKB in degrees, CGCS2000 or WGS 84.
        level: 1-10, of the border cells.
        geometry: column of the shapes.
        compact: interior cells as coarse as they fit.
        coarsest: coarsest level of these.
        chips: give the part of the shape in each border cell, as WKB.
        include_edges: cells that a polygon only touches too.
        max_cells: most cells of one shape.

    Returns:
        The frame's columns and ``cover_cell``, ``cover_level``, ``is_interior``, ``chip``,
        ``repair`` (what was wrong with a shape that was mended) and ``problem``. A shape that
        cannot be covered stands in one row, with the reason as ``problem`` and no cell: no row of
        the frame is lost, ``where("problem is not null")`` are those to set aside.

    Raises:
        CodeError: no such level.
    """
    number = get_level(level).number
    schema = T.StructType([*frame.schema.fields, *COVER_FIELDS])

    def expand(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = cover(
                batch.column(geometry).to_pylist(), number, compact=compact, coarsest=coarsest,
                chips=chips, include_edges=include_edges, on_invalid="mark", max_cells=max_cells,
            )  # fmt: skip
            without = np.setdiff1d(np.arange(batch.num_rows), found.geometry)
            row = np.concatenate([found.geometry, without])
            none = np.arange(len(row)) >= len(found)
            wide = (0, len(without))
            columns = [
                pa.array(np.pad(found.cell, wide), mask=none),
                pa.array(np.pad(found.level.astype(np.int32), wide), mask=none),
                pa.array(np.pad(found.is_interior, wide), mask=none),
                pa.array([*shapely.to_wkb(found.chip), *[None] * len(without)], pa.binary()),
                _texts(found.repairs[row]),
                _texts(found.problems[row]),
            ]
            taken = [column.take(pa.array(row)) for column in batch.columns]
            yield pa.RecordBatch.from_arrays([*taken, *columns], names=schema.names)

    return frame.mapInArrow(expand, schema)


def _texts(values: NDArray[np.object_]) -> pa.Array:
    return pa.array([str(value) if value else None for value in values], pa.string())
