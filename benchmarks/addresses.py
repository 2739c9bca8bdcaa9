"""Addresses: hidden ones placed and compared with where they are, and rows a second.

python -m benchmarks.addresses [--container var/container] [--replicate 20]

Half of the geocoded addresses is hidden, once by single texts and once by whole lanes, numbers and
villages; then half of the bus stops, for crossings. Of what is hidden one half calibrates and the
other is reported. Records whose row tells a district are also placed without it, and the share of
them that lie in it is told. The last line is one JSON object of ratios; above it are the lines of
``calibration`` for ``conf/addresses``.
"""

import argparse
import functools
import json
import time
from pathlib import Path

from pyspark.sql import Column, DataFrame, Row, functions as F
from rich.console import Console
from rich.table import Table

from gridcontainer.addresses.areas import EVERYWHERE, AreaIndex
from gridcontainer.addresses.book import METHODS, load_address_book
from gridcontainer.addresses.gazetteer import add_areas
from gridcontainer.addresses.holdout import Hidden, add_error, split_located, summarise_errors
from gridcontainer.addresses.knowledge import (
    City,
    Knowledge,
    build_knowledge,
    read_areas,
    read_located,
)
from gridcontainer.addresses.normal import normalise
from gridcontainer.addresses.place import find_candidates, place_texts
from gridcontainer.addresses.texts import add_parts, add_text_id, declared_text, distinct_texts
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.spark import build_session

_TRUSTED = 0.8  # of the places are to lie within the stated uncertainty
_LEAST = 30  # errors, to calibrate by
_SPLITS: tuple[tuple[str, Hidden], ...] = (
    ("covid_geocodes", "text"),
    ("covid_geocodes", "group"),
    ("bus_stops", "text"),
    ("bus_stops", "group"),
)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--container", default="var/container")
    parser.add_argument("--replicate", type=int, default=20)
    options = parser.parse_args()
    profile = load_city(Path("conf/city/shanghai.yaml"))
    declared = {d.dataset: d for d in load_declarations(Path("conf/datasets"), profile)}
    book = load_address_book(Path("conf/addresses/shanghai.yaml"))
    spark = build_session("benchmarks.addresses")
    city = City(spark, Storage(options.container), profile, declared, book)
    areas = read_areas(city)
    located = read_located(city, areas).persist()
    console = Console(width=110)
    ratios: dict[str, float] = {}
    errors: list[DataFrame] = []
    chosen: list[DataFrame] = []
    for dataset, hidden in _SPLITS:
        measured, placed, figures = _hide(city, located, areas, dataset, hidden, console)
        errors.append(measured)
        chosen.append(placed)
        ratios |= {f"{dataset}_{hidden}_{name}": value for name, value in figures.items()}
    _print_calibration(
        functools.reduce(DataFrame.unionByName, errors),
        functools.reduce(DataFrame.unionByName, chosen),
    )
    knowledge = build_knowledge(located, areas)
    _without_district(city, knowledge, console)
    ratios |= _speed(city, knowledge, options.replicate)
    print(json.dumps({name: round(value, 3) for name, value in ratios.items()}))


def _hide(
    city: City, located: DataFrame, areas: AreaIndex, dataset: str, hidden: Hidden, console: Console
) -> tuple[DataFrame, DataFrame, dict[str, float]]:
    """Errors of all candidates and of the chosen ones, and how these compare with simpler ways."""
    known, truth = split_located(located, dataset=dataset, areas=areas, hidden=hidden)
    truth = truth.persist()
    texts = _texts(truth, _districts(city, dataset)).transform(add_parts, areas=areas).persist()
    knowledge = build_knowledge(known, areas)
    candidates = _candidates(city, texts, knowledge).persist()
    placed = place_texts(texts, candidates).transform(add_error, truth=truth).persist()
    reported = placed.where(_is_reported())
    _print(f"{dataset}, half hidden by {hidden}", reported, console)
    all_errors = candidates.join(texts.select("text_id", "text"), on="text_id", how="inner")
    measured = all_errors.transform(add_error, truth=truth).persist()
    measured.count()
    return (
        measured,
        placed.select("text", "method", "within"),
        _figures(placed, measured, known, truth),
    )


def _figures(
    placed: DataFrame, measured: DataFrame, known: DataFrame, truth: DataFrame
) -> dict[str, float]:
    fine = ~F.col("method").isin("town", "district")
    rows = truth.count()
    share = placed.where(fine).count() / rows
    exact = F.udf(normalise, "string")
    same = known.select(exact("text").alias("same")).distinct()
    by_text = truth.select(exact("text").alias("same")).join(same, "same", "left_semi").count()
    middle = F.percentile("error", 0.5)
    (ours,) = placed.where("error IS NOT NULL").agg(middle).collect()[0]
    (district,) = measured.where("method = 'district'").agg(middle).collect()[0]
    return {
        "placed": placed.where("lon IS NOT NULL").count() / rows,
        "placed_finer_than_town": share,
        "exact_text": by_text / rows,
        "median_metres": ours,
        "district_median_over_ours": (district or 0.0) / ours,
    }


def _texts(truth: DataFrame, districts: DataFrame | None) -> DataFrame:
    nothing = F.lit(None).cast("string").alias("district")
    told = (
        truth.select("text", nothing)
        if districts is None
        else truth.select("text").join(districts, on="text", how="left")
    )
    return told.transform(add_text_id).transform(distinct_texts)


def _districts(city: City, dataset: str) -> DataFrame | None:
    """The district that is reported with a text; it is known of a record that is to be placed."""
    report = next(s.reported_in for s in city.book.gazetteer if s.dataset == dataset)
    if report is None:
        return None
    rows = city.rows(report.dataset)
    told = rows.select(
        declared_text(rows, report.text, place=report.dataset).alias("text"),
        declared_text(rows, report.district, place=report.dataset).alias("district"),
    )
    return told.groupBy("text").agg(F.min("district").alias("district"))


def _candidates(city: City, texts: DataFrame, knowledge: Knowledge) -> DataFrame:
    return find_candidates(
        texts, gazetteer=knowledge.gazetteer, areas=knowledge.areas, book=city.book
    )


def _is_reported() -> Column:
    """Half of the hidden texts; by the other half is calibrated."""
    return F.pmod(F.xxhash64("text", F.lit("reported")), F.lit(2)) == 0


def _print(title: str, placed: DataFrame, console: Console) -> None:
    total = placed.count()
    table = Table(title=f"{title}: {total:,} reported", title_justify="left")
    for name in ("method", "share", "median m", "p90 m", "stated m", "within", "weight"):
        table.add_column(name, justify="left" if name == "method" else "right")
    summary = placed.transform(summarise_errors).collect()
    weights: dict[str, float] = dict(placed.groupBy("method").agg(F.first("weight")).collect())
    for row in sorted(summary, key=lambda row: -row["rows"]):
        if row["method"] is None:
            table.add_row("not placed", f"{row['rows'] / total:.1%}")
            continue
        numbers = (f"{row[name]:,.0f}" for name in ("median", "p90", "stated"))
        table.add_row(
            row["method"], f"{row['rows'] / total:.1%}", *numbers, f"{row['within']:.0%}",
            f"{weights[row['method']]:.2f}",
        )  # fmt: skip
    overall = placed.agg(
        F.percentile("error", 0.5), F.percentile("error", 0.9),
        F.avg(F.col("within").cast("double")), F.avg("weight"),
    ).collect()[0]  # fmt: skip
    table.add_row("all", "", f"{overall[0]:,.0f}", f"{overall[1]:,.0f}", "",
                  f"{overall[2]:.0%}", f"{overall[3]:.2f}")  # fmt: skip
    console.print(table)


def _print_calibration(errors: DataFrame, chosen: DataFrame) -> None:
    """Lines for the address book, from the halves that are not reported.

    The scale is of all candidates; the weight of the chosen ones, with the scales of the book:
    what is chosen as least uncertain is more often too sure.
    """
    ratio = F.percentile(F.col("error") / F.col("metres"), _TRUSTED).alias("scale")
    scales = errors.where(~_is_reported()).groupBy("method").agg(ratio).collect()
    within = F.avg(F.col("within").cast("double")).alias("weight")
    held = chosen.where(~_is_reported()).groupBy("method").agg(within, F.count("*").alias("rows"))
    weights = {row["method"]: row for row in held.collect()}
    print("calibration:")
    for row in sorted(scales, key=lambda row: METHODS.index(row["method"])):
        weight = weights.get(row["method"])
        if weight is not None and weight["rows"] >= _LEAST:
            line = f"scale: {row['scale']:.2f}, weight: {weight['weight']:.2f}"
            print(f"  {row['method']}: {{{line}}} # {weight['rows']:,} places")


def _without_district(city: City, knowledge: Knowledge, console: Console) -> None:
    """Of records that have no key to a position, but tell a district: placed without it."""
    table = Table(title="Placed without the row's district", title_justify="left")
    for name in ("records", "method", "rows", "in the district told"):
        table.add_column(name, justify="left" if name in ("records", "method") else "right")
    for records in city.book.records:
        if records.district is None or city.declarations[records.dataset].relations:
            continue
        rows = city.rows(records.dataset)
        told = rows.select(
            declared_text(rows, records.text, place=records.dataset).alias("text"),
            declared_text(rows, records.district, place=records.dataset).alias("told"),
            F.lit(None).cast("string").alias("district"),
        )
        for row in _by_method(city, told.transform(add_text_id), knowledge):
            table.add_row(
                records.dataset, row["method"], f"{row['rows']:,}", f"{row['inside']:.1%}"
            )
    console.print(table)


def _by_method(city: City, told: DataFrame, knowledge: Knowledge) -> list[Row]:
    """Rows by method, and the share of them in the district told, where that is known."""
    areas = knowledge.areas
    texts = told.transform(distinct_texts).transform(add_parts, areas=areas).persist()
    placed = place_texts(texts, _candidates(city, texts, knowledge))
    named = F.udf(lambda text: areas.named(text, None)[0], "string")
    rows = told.select("text_id", named("told").alias("area")).join(placed, on="text_id")
    inside = F.array_contains("areas_there", F.col("area")).cast("double")
    return (
        rows.where(f"area <> '{EVERYWHERE}' AND lon IS NOT NULL")
        .select("method", "area", "lon", "lat")
        .transform(add_areas, areas=areas)
        .withColumnRenamed("areas", "areas_there")
        .groupBy("method")
        .agg(F.count("*").alias("rows"), F.avg(inside).alias("inside"))
        .orderBy(F.desc("rows"))
        .collect()
    )


def _speed(city: City, knowledge: Knowledge, times: int) -> dict[str, float]:
    """Different texts placed in a second: those of the records, with other house numbers too."""
    number = F.concat(F.lit("$1"), (F.col("id") % 10).cast("string"), F.lit("$2"))
    many = (
        _record_texts(city)
        .crossJoin(city.spark.range(times))
        .select(F.regexp_replace("text", F.lit(r"(\d+)(弄|号)"), number).alias("text"), "district")
        .transform(add_text_id)
        .transform(distinct_texts)
        .repartition(city.spark.sparkContext.defaultParallelism)
    )
    start = time.perf_counter()
    texts = many.transform(add_parts, areas=knowledge.areas).persist()
    count = texts.count()
    read = time.perf_counter() - start
    placed = place_texts(texts, _candidates(city, texts, knowledge))
    placed.write.format("noop").mode("overwrite").save()
    whole = time.perf_counter() - start
    print(f"{count:,} different texts: read in {read:.1f} s, read and placed in {whole:.1f} s")
    return {"texts_a_second": count / whole, "texts_read_a_second": count / read}


def _record_texts(city: City) -> DataFrame:
    """``text`` and ``district`` of all records."""
    parts = [
        rows.select(
            declared_text(rows, records.text, place=records.dataset).alias("text"),
            declared_text(rows, records.district, place=records.dataset).alias("district"),
        )
        for records in city.book.records
        if records.text is not None
        for rows in [city.rows(records.dataset)]
    ]
    return functools.reduce(DataFrame.unionByName, parts).distinct()


if __name__ == "__main__":
    main()
