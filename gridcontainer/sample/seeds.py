"""Generators that do not know of each other: one per name, all from one seed."""

import hashlib

import numpy as np


def child_generator(seed: int, name: str) -> np.random.Generator:
    """The random generator of one data set.

    The stream depends on the seed and the name alone, so a data set that is added, left out or
    drawn in another order changes no other.

    Args:
        seed: of the whole sample, >= 0.
        name: of the data set or shared thing, such as ``traffic/taxi``.
    """
    words = np.frombuffer(hashlib.sha256(name.encode("utf-8")).digest(), dtype="<u4")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words.tolist()])))


def scaled(rows: int, scale: float, *, at_least: int = 1) -> int:
    """``rows`` times ``scale``, rounded, and never fewer than ``at_least``."""
    return max(at_least, round(rows * scale))
