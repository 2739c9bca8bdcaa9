"""A small dirty city, made from a seed: what a clone without real data can ingest.

Eight departments, the formats, encodings, datums, keys and faults that city data come with, and
the truth beside them. Every name, place and person in it is invented.
"""

from collections.abc import Callable
from pathlib import Path

from gridcontainer.sample.departments import DATASETS
from gridcontainer.sample.truth import (
    Truth,
    file_truth,
    join_objects,
    links_between,
    object_rows,
    write_truth,
)
from gridcontainer.sample.world import build_world

__all__ = ["Truth", "write_sample"]


def write_sample(
    directory: Path,
    *,
    seed: int = 2026,
    scale: float = 1.0,
    progress: Callable[[str, int], None] | None = None,
) -> Truth:
    """Write the sample city below a directory, with its truth in ``truth/``.

    The same seed and scale give the same bytes. Files of the same names are overwritten; others
    are left alone.

    Args:
        directory: made where it is missing.
        seed: of everything random, >= 0.
        scale: of the number of objects and events, > 0; 1 gives about 234,000 rows. Borders,
            roads, metro and air stations are the same at every scale; air is measured for 40 days
            at most.
        progress: told the name of each data set, such as ``traffic/taxi``, and its rows, once it
            is on disk.

    Returns:
        The truth that is also in ``truth/``: counts, declarations, objects and links.

    Raises:
        ValueError: ``seed`` or ``scale`` is out of range.
    """
    if seed < 0 or not scale > 0:
        raise ValueError(f"seed {seed} must be >= 0 and scale {scale} must be > 0")
    world = build_world(seed, scale)
    files, objects = [], []
    for make in DATASETS:
        dataset = make(world)
        for path, content in dataset.content.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        files.append(file_truth(dataset))
        objects.append(object_rows(dataset))
        if progress is not None:
            progress(dataset.declaration.name, dataset.table.rows)
    shown = join_objects(objects)
    truth = Truth(directory, tuple(files), shown, links_between(shown))
    write_truth(truth, seed=seed, scale=scale)
    return truth
