"""Links between departments: how many are right, how many are found, how fast.

python -m benchmarks.linkage [--container var/demo] [--rows 1000000]

Quality: communities of three real sources, and bus stops with the metro stations that they are at,
against pairs judged by hand (benchmarks/labels, drawn at random by strata); metro stations in
Chinese against English names; and perturbed copies of real records, whose truth is known; each
beside the nearest neighbour within 50 m. Speed: records of
many cities, built like the real one, against their perturbed copies, blocked by the grid and, as
is usual with Splink, by the first two characters of the name; scored alike. The last line is one
JSON object.
"""

import argparse
import functools
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, functions as F
from rich.console import Console
from rich.table import Table

from benchmarks.perturb import other_cities, perturbed
from gridcontainer.container.query import read_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.identity.grouping import group_records
from gridcontainer.linkage import Link, load_links
from gridcontainer.linkage.candidates import find_candidates
from gridcontainer.linkage.model import Settings, scored, train
from gridcontainer.linkage.records import linkage_records
from gridcontainer.linkage.threshold import choose_threshold
from gridcontainer.spark import build_session
from gridcontainer.spark.columns import grid_cell

LABELS: Final = Path(__file__).parent / "labels"
NEAR: Final = 50.0  # metres of the baseline
PREFIX: Final = 2  # characters of the name, of conventional blocking
PAIR: Final = ["record_left", "record_right"]
Quality = tuple[float, float]


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--container", default="var/demo")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    storage = Storage(options.container)
    names = [name for _, name, _ in storage.find_datasets()]
    links = {link.link: link for link in load_links(Path("conf/links"), names)}
    spark = build_session("benchmarks.linkage")
    communities, metro = links["communities"], links["metro_stations"]
    stops = links["stops_of_stations"]
    found = {
        "communities, judged by hand": _judged(spark, storage, communities, "communities.csv"),
        "stops, judged by hand": _judged(spark, storage, stops, "stops.csv"),
        "metro, Chinese against English": _stations(spark, storage, metro),
    }
    for name, column in (("communities", "小区"), ("elderly_care", "agencyName")):
        real = _real_records(storage, name, column)
        found[f"{name}, perturbed"] = _perturbed(spark, real, communities)
    _print_quality(found)
    speed = _speed(spark, _real_records(storage, "communities", "小区"), communities, options.rows)
    spark.stop()
    ratios = {
        f"{kind}_{name.split(',')[0]}_{name.split()[-1]}": value
        for name, (ours, _) in found.items()
        for kind, value in zip(("precision", "recall"), ours, strict=True)
    }
    print(json.dumps({name: round(value, 4) for name, value in (ratios | speed).items()}))


def _linked(
    records: Mapping[str, DataFrame], link: Link, settings: Settings | None = None
) -> pd.DataFrame:
    """Pairs that are links, with the better ones of each record first."""
    candidates = find_candidates(records, link).localCheckpoint()
    with scored(records, candidates, settings or train(records, link)) as pairs:
        threshold = choose_threshold(pairs, link.expected_precision)
        accepted = pairs.where(F.col("probability") >= threshold)
        return accepted.select(*PAIR, "dataset_left", "dataset_right", "probability").toPandas()


def _nearest(records: Mapping[str, DataFrame], link: Link) -> pd.DataFrame:
    """The baseline: of each record the nearest of each other data set, within ``NEAR`` metres."""
    near = link.model_copy(update={"reach": NEAR})
    pairs = find_candidates(records, near)
    place = functools.reduce(DataFrame.unionByName, records.values()).select(
        "record_id", "x", "y", "z"
    )
    for side in ("left", "right"):
        moved = [F.col(name).alias(f"{name}_{side}") for name in "xyz"]
        pairs = pairs.join(
            place.select(F.col("record_id").alias(f"record_{side}"), *moved), f"record_{side}"
        )
    metres = functools.reduce(
        lambda a, b: a + b, [F.pow(F.col(f"{n}_left") - F.col(f"{n}_right"), 2) for n in "xyz"]
    )
    all_pairs = pairs.select(*PAIR, "dataset_right", metres.alias("metres")).toPandas()
    ordered = all_pairs.sort_values(["metres", *PAIR])
    return ordered.drop_duplicates(["record_left", "dataset_right"])


def _open(spark: SparkSession, storage: Storage, link: Link) -> dict[str, DataFrame]:
    paths = {name: path for _, name, path in storage.find_datasets()}
    return {
        source.dataset: linkage_records(
            spark.read.format("delta").load(paths[source.dataset]), source, link
        ).localCheckpoint()
        for source in link.sources
    }


def _judged(
    spark: SparkSession, storage: Storage, link: Link, file: str
) -> tuple[Quality, Quality]:
    """Weighted by how many pairs each stratum had when pairs were drawn from it."""
    records = _open(spark, storage, link)
    labels = pd.read_csv(LABELS / file)
    drawn = labels.groupby(["draw", "stratum"])["label"].transform("count")
    weight = (labels["stratum_pairs"] / drawn).to_numpy()
    same = (labels["label"] == "same").to_numpy()

    def quality(pairs: pd.DataFrame) -> Quality:
        got = set(map(frozenset, pairs[PAIR].to_numpy().tolist()))
        is_found = np.array([frozenset(pair) in got for pair in labels[PAIR].to_numpy().tolist()])
        right = (weight * (same & is_found)).sum()
        return right / (weight * is_found).sum(), right / (weight * same).sum()

    return quality(_linked(records, link)), quality(_nearest(records, link))


def _stations(spark: SparkSession, storage: Storage, link: Link) -> tuple[Quality, Quality]:
    """The truth is the English name that the newer source has too, which the linkage never sees."""
    records = _open(spark, storage, link)
    new, old = "metro_stations_2026", "metro_stations_2017"
    english = [
        read_dataset(storage, name, ["object_id", column]).to_pandas()
        for name, column in ((new, "name_latin"), (old, "name"))
    ]
    keys = [
        frame.iloc[:, 1].str.lower().str.replace("[^a-z0-9]", "", regex=True) for frame in english
    ]
    sides = [frame.assign(key=key) for frame, key in zip(english, keys, strict=True)]
    true = sides[0].merge(sides[1], on="key")
    truth = set(zip(true["object_id_x"], true["object_id_y"], strict=True))
    known = [set(true["object_id_x"]), set(true["object_id_y"])]

    def quality(pairs: pd.DataFrame) -> Quality:
        between = pairs[pairs["record_left"].isin(known[0]) | pairs["record_right"].isin(known[1])]
        two = between[between["dataset_right"] == old]
        two = two[two["record_left"].isin(set(sides[0]["object_id"]))]
        return _quality(set(map(tuple, two[PAIR].to_numpy().tolist())), truth)

    return quality(_linked(records, link)), quality(_nearest(records, link))


def _perturbed(spark: SparkSession, real: pd.DataFrame, link: Link) -> tuple[Quality, Quality]:
    """Ours as objects: of each data set the best record."""
    records, truth = _with_copies(spark, real, link)
    pair = _two(link)
    near = set(map(tuple, _nearest(records, pair)[PAIR].to_numpy().tolist()))
    return _quality(_objects(_linked(records, pair)), truth), _quality(near, truth)


def _objects(links: pd.DataFrame) -> set[tuple[str, ...]]:
    """Pairs of records of one object, the one of the data set ``real`` first."""
    sides = [
        links[[f"record_{side}", f"dataset_{side}"]].set_axis(["record_id", "dataset"], axis=1)
        for side in ("left", "right")
    ]
    known = pd.concat(sides).drop_duplicates()
    records = known.assign(object_class="community", is_there=True, issued=range(len(known)))
    edges = pa.Table.from_pandas(links.assign(link="", weight=0.0), preserve_index=False)
    no_lists = pa.array([[]] * len(links), pa.list_(pa.string()))
    edges = edges.append_column("many", no_lists)
    none = edges.slice(0, 0).select(PAIR)
    table = pa.Table.from_pandas(records, preserve_index=False)
    members = group_records(table, edges, none).members.to_pandas()
    members = members.merge(known, on="record_id")
    both = members.pivot_table("record_id", "first", "dataset", aggfunc="first").dropna()
    return set(zip(both["real"], both["copy"], strict=True))


def _quality(found: set[tuple[str, ...]], truth: set[tuple[str, str]]) -> Quality:
    right = len(found & truth)
    return right / max(1, len(found)), right / len(truth)


def _two(link: Link) -> Link:
    """The same comparisons between a data set and its copy."""
    sources = [
        link.sources[0].model_copy(update={"dataset": name, "name": "name"})
        for name in ("real", "copy")
    ]
    return link.model_copy(update={"sources": sources})


def _with_copies(
    spark: SparkSession, real: pd.DataFrame, link: Link
) -> tuple[dict[str, DataFrame], set[tuple[str, str]]]:
    copies = perturbed(real)
    truth = set(zip(copies["truth"], copies["record_id"], strict=True))
    pair = _two(link)
    records = {}
    for source, frame in zip(pair.sources, (real, copies.drop(columns="truth")), strict=True):
        rows = spark.createDataFrame(frame.rename(columns={"record_id": "object_id"}))
        rows = rows.repartition(8).withColumn("cell", grid_cell("lon", "lat", 8))
        records[source.dataset] = linkage_records(rows, source, pair).localCheckpoint()
    return records, truth


def _real_records(storage: Storage, dataset: str, column: str) -> pd.DataFrame:
    table: pd.DataFrame = read_dataset(
        storage, dataset, ["object_id", column, "lon", "lat"]
    ).to_pandas()
    return table.rename(columns={"object_id": "record_id", column: "name"})


def _speed(spark: SparkSession, real: pd.DataFrame, link: Link, rows: int) -> dict[str, float]:
    """Records of many cities against their copies: seconds, pairs and recall of both blockings."""
    records, truth = _with_copies(spark, other_cities(real, rows), link)
    pair = _two(link).model_copy(update={"reach": 300.0})
    settings = train(records, pair)
    true = spark.createDataFrame(pd.DataFrame(sorted(truth), columns=PAIR)).localCheckpoint()
    blockings: dict[str, Callable[[], DataFrame]] = {
        "grid": lambda: find_candidates(records, pair),
        "name prefix": lambda: _by_prefix(records),
    }
    console, results = Console(), {}
    table = Table(title=f"{rows:,} records x {len(truth):,} copies", title_justify="left")
    for name in ("blocked by", "pairs", "recall of pairs", "recall of links", "seconds"):
        table.add_column(name, justify="left" if name == "blocked by" else "right")
    for name, block in blockings.items():
        start = time.perf_counter()
        candidates = block().persist()
        pairs = candidates.count()
        with scored(records, candidates, settings) as judged:
            links = judged.where("probability >= 0.5").select(*PAIR).persist()
            links.count()
            seconds = time.perf_counter() - start
            recalls = [frame.join(true, PAIR).count() / len(truth) for frame in (candidates, links)]
        links.unpersist()
        candidates.unpersist()
        results[name] = (pairs, *recalls, seconds)
        table.add_row(name, f"{pairs:,}", *(f"{r:.3f}" for r in recalls), f"{seconds:.1f}")
    console.print(table)
    ours, theirs = results["grid"], results["name prefix"]
    return {
        "time_vs_prefix": theirs[3] / ours[3],
        "pairs_vs_prefix": theirs[0] / ours[0],
        "recall_grid": ours[2],
        "recall_prefix": theirs[2],
    }


def _by_prefix(records: Mapping[str, DataFrame]) -> DataFrame:
    """As a deterministic rule of blocking: the first characters of the folded name."""
    start = F.substring("full", 1, PREFIX).alias("start")
    here = records["real"].select(F.col("record_id").alias("record_left"), start)
    there = records["copy"].select(F.col("record_id").alias("record_right"), start)
    names = {"dataset_left": F.lit("real"), "dataset_right": F.lit("copy")}
    pairs = here.join(there, "start")
    return pairs.select(*PAIR, *(value.alias(name) for name, value in names.items()))


def _print_quality(found: Mapping[str, tuple[Quality, Quality]]) -> None:
    table = Table(title="Links that are right, and right ones that are found", title_justify="left")
    table.add_column("records")
    for name in ("precision", "recall", "nearest in 50 m: precision", "recall"):
        table.add_column(name, justify="right")
    for name, (ours, theirs) in found.items():
        table.add_row(name, *(f"{value:.3f}" for value in (*ours, *theirs)))
    Console().print(table)


if __name__ == "__main__":
    main()
