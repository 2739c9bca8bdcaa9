"""Tags by identifier, cell or object, in milliseconds: no Spark session is started."""

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.log import open_log
from gridcontainer.errors import TagError
from gridcontainer.grid import cell_to_range, code_to_cell
from gridcontainer.tags.identifier import read_tag_id
from gridcontainer.tags.tables import registry_path

_ARROW: Final[Any] = pyarrow.compute  # it has no types


def find_tags(
    storage: Storage,
    *,
    tag_ids: Sequence[str] = (),
    codes: Sequence[str] = (),
    objects: Sequence[str] = (),
    classes: Sequence[str] = (),
    with_former: bool = False,
) -> pa.Table:
    """Tags that meet all that is given; all where nothing is.

    Files whose cells lie elsewhere are not opened.

    Args:
        storage: the container.
        tag_ids: as somebody wrote or scanned them.
        codes: of cells of any level, in one of which the tag's object or cell lies.
        objects: identities.
        classes: of tags.
        with_former: their former states too.

    Returns:
        All columns of the registry, in order of cell, identifier and time.

    Raises:
        TagError: an identifier cannot be read, or there is no registry.
        CodeError: a faulty code.
    """
    table = open_log(registry_path(storage))
    if table is None:
        raise TagError(f"no tags in {storage.root}; run: gridcontainer tags issue")
    field = _ARROW.field
    wanted = [] if with_former else [field("valid_to").is_null()]
    if tag_ids:
        wanted.append(field("tag_id").isin([read_tag_id(text) for text in tag_ids]))
    if codes:
        wanted.append(_in_cells(codes))
    if objects:
        wanted.append(field("object_id").isin(list(objects)))
    if classes:
        wanted.append(field("tag_class").isin(list(classes)))
    condition = reduce(and_, wanted) if wanted else None
    rows = table.to_pyarrow_dataset().to_table(filter=condition, use_threads=False)
    order = [(name, "ascending") for name in ("cell", "tag_id", "valid_from")]
    return rows.sort_by(order)


def _in_cells(codes: Sequence[str]) -> Any:
    cells, levels = code_to_cell(list(codes))
    parts = []
    for cell, level in zip(cells.tolist(), levels.tolist(), strict=True):
        first, last = (int(end) for end in cell_to_range(cell, level))
        inside = (_ARROW.field("cell") >= first) & (_ARROW.field("cell") <= last)
        # A coarser cell has the number of its first small one, and is not in it.
        parts.append(inside & (_ARROW.field("grid_level") >= level))
    return reduce(or_, parts)
